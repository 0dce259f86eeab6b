#include "jitd/notices.h"

#include <syslog.h>

#include <algorithm>

#include "jitd/limits.h"
#include "jitd/notice_text.h"
#include "lib/sys/digest.h"
#include "lib/sys/journal.h"
#include "lib/sys/random.h"

namespace jit::daemon {

namespace {

using namespace std::chrono_literals;

// Whoever waits for the record goes on first.
constexpr auto before_looking = 50ms;
// What was sent leaves the ledger together: each transaction is a wait for the disk.
constexpr auto before_forgetting = 1s;

bool is_same_webhook(const policy::Webhook &a, const policy::Webhook &b)
{
    return a.url == b.url && a.format == b.format && a.events == b.events && a.codes == b.codes;
}

// What may come with every record is said once an hour.
bool is_to_be_said(std::optional<BootTime> &said)
{
    const BootTime now = boot_time();
    if (said && now - *said < 1h)
        return false;
    said = now;
    return true;
}

bool is_same_key(const SecretString *a, const SecretString *b)
{
    return a != nullptr && b != nullptr ? *a == *b : a == b;
}

} // namespace

struct Notices::Target {
    Target(policy::Webhook webhook_, std::shared_ptr<const SecretString> key_, std::string digest_,
           std::string name)
        : webhook(std::move(webhook_)), key(std::move(key_)), digest(std::move(digest_)),
          delivery(std::move(name))
    {
    }

    policy::Webhook webhook;
    std::shared_ptr<const SecretString> key; // null: nothing is signed
    std::string digest;
    NoticeDelivery delivery;
    std::unique_ptr<sys::Timer> wake;
};

Notices::Notices(sd_event *loop, Store &store, MakeClient make_client)
    : loop_(loop), store_(store), make_client_(std::move(make_client))
{
}

Notices::~Notices()
{
    client_.reset(); // its transfers call back into the targets
}

Result<std::unique_ptr<Notices>> Notices::make(sd_event *loop, Store &store, MakeClient make_client)
{
    std::unique_ptr<Notices> made{new Notices(loop, store, std::move(make_client))};
    Notices *const self = made.get();
    made->look_ = TRY(sys::Timer::make(loop, [self] { self->look(); }));
    made->forget_ = TRY(sys::Timer::make(loop, [self] { self->write_forgotten(); }));
    return made;
}

bool Notices::is_same(const Settings &settings) const
{
    const policy::Config &config = *settings.config;
    if (config.webhooks.size() != targets_.size() || settings.ca_pem != options_.ca_pem ||
        config.proxy != options_.proxy || config.timeout != options_.timeout)
        return false;
    for (std::size_t i = 0; i < targets_.size(); ++i)
        if (!is_same_webhook(config.webhooks[i], targets_[i]->webhook) ||
            !is_same_key(settings.webhook_keys[i].get(), targets_[i]->key.get()))
            return false;
    return true;
}

void Notices::use(const Settings &settings)
{
    if (!settings.config)
        return;
    const policy::Config &config = *settings.config;
    host_ = settings.host.name;
    if (is_same(settings) && (client_ || targets_.empty()))
        return;
    client_.reset();
    targets_.clear();
    write_forgotten();
    options_ = {settings.ca_pem, config.proxy, config.timeout};
    std::vector<std::string> digests;
    for (std::size_t i = 0; i < config.webhooks.size(); ++i) {
        const policy::Webhook &webhook = config.webhooks[i];
        auto digest = sys::sha256_hex(std::string{name_of(webhook.format)} + "\n" + webhook.url);
        if (!digest)
            continue; // the library has made many by then
        digests.push_back(*digest);
        auto target = std::make_unique<Target>(
            webhook, settings.webhook_keys[i], *std::move(digest),
            "webhook " + std::to_string(i + 1) + " (" + webhook.host + ")");
        auto wake = sys::Timer::make(
            loop_, [this, one = target.get()] { perform(*one, one->delivery.on_time()); });
        if (!wake)
            continue;
        target->wake = *std::move(wake);
        targets_.push_back(std::move(target));
    }
    if (const auto kept = store_.keep_notices_of(digests); !kept)
        sys::write_journal(LOG_WARNING, std::string{"notices of webhooks that are gone stay: "} +
                                            kept.error().what);
    if (targets_.empty())
        return;
    auto made = make_client_(options_);
    if (!made) {
        sys::write_journal(LOG_ERR,
                           std::string{"no HTTPS client for webhooks: "} + made.error().what);
        return;
    }
    client_ = *std::move(made);
    look_->set(boot_time() + before_looking);
}

std::vector<StoredNotice> Notices::of_record(const AuditRecord &record, WallTime at,
                                             const StoredRequest *row)
{
    // Nobody is asked to approve what its own requester has not signed in for.
    if (record.event == Event::requested && record.needs_approval)
        return {};
    return make(record, at, row, Whom::all);
}

bool Notices::has_codes() const
{
    return std::any_of(targets_.begin(), targets_.end(), [](const auto &target) {
        const auto &events = target->webhook.events;
        return target->webhook.codes &&
               std::find(events.begin(), events.end(), "requested") != events.end();
    });
}

Result<void> Notices::put_waiting(const AuditRecord &requested, const StoredRequest &row)
{
    const auto notices = make(requested, wall_time(), &row, Whom::without_codes);
    if (!notices.empty() && store_.add_notices(notices, &row)) {
        on_kept();
        return {};
    }
    // A ledger that is nearly full is for requests and their records.
    TRY(store_.put(row));
    if (!notices.empty())
        on_lost();
    return {};
}

void Notices::tell_with_codes(const AuditRecord &requested, const StoredRequest &row)
{
    const auto notices = make(requested, wall_time(), &row, Whom::with_codes);
    if (notices.empty())
        return;
    if (store_.add_notices(notices))
        on_kept();
    else
        on_lost();
}

std::vector<StoredNotice> Notices::make(const AuditRecord &record, WallTime at,
                                        const StoredRequest *row, Whom whom)
{
    std::vector<StoredNotice> made;
    const std::string_view event = notice_event_of(record.event);
    std::string text;
    for (const auto &target : targets_) {
        const auto &events = target->webhook.events;
        if (whom != Whom::all && target->webhook.codes != (whom == Whom::with_codes))
            continue;
        if (event.empty() || std::find(events.begin(), events.end(), event) == events.end())
            continue;
        if (text.empty()) {
            std::optional<StoredRequest> found;
            if (row == nullptr && !record.request.empty())
                if (auto read = store_.read(record.request))
                    found = *std::move(read);
            auto id = sys::make_id();
            if (!id)
                return {};
            text = encode_notice(
                make_notice(record, at, found ? &*found : row, host_, *std::move(id)));
        }
        made.push_back({0, target->digest, record.at.value_or(at), text});
    }
    return made;
}

void Notices::on_kept()
{
    if (store_.take_dropped_notices() > 0 && is_to_be_said(said_dropped_))
        sys::write_journal(LOG_WARNING, "more than " +
                                            std::to_string(limits::notices_of_one_webhook) +
                                            " notices wait for a webhook; the oldest are dropped "
                                            "until it takes them again");
    if (!look_->is_set())
        look_->set(boot_time() + before_looking);
}

void Notices::on_lost()
{
    if (is_to_be_said(said_lost_))
        sys::write_journal(LOG_WARNING,
                           "webhooks are not told: the ledger has room for the record, "
                           "and not for its notices");
}

void Notices::keep_code(const std::string &request, NoticeCode code)
{
    if (codes_.contains(request) || codes_.size() < limits::notice_codes)
        codes_.insert_or_assign(request, std::move(code));
}

void Notices::forget_code(const std::string &request)
{
    codes_.erase(request);
}

void Notices::look()
{
    look_->stop();
    if (!client_) // it could not be made: the journal says so, and the next reload tries again
        return;
    for (const auto &target : targets_)
        perform(*target, target->delivery.on_added());
}

void Notices::perform(Target &target, NoticeDelivery::Actions actions)
{
    while (!actions.empty()) {
        NoticeDelivery::Actions next;
        for (NoticeDelivery::Action &action : actions) {
            if (const auto *read = std::get_if<NoticeDelivery::ReadNext>(&action)) {
                // What can't be read now is read when the next record is kept, or at the next
                // start.
                auto found = store_.next_notice(target.digest, read->after);
                next =
                    target.delivery.on_next(found ? *std::move(found) : std::nullopt, wall_time());
            } else if (const auto *notice = std::get_if<NoticeDelivery::Send>(&action)) {
                next = send(target, notice->notice);
            } else if (const auto *wake = std::get_if<NoticeDelivery::WakeAt>(&action)) {
                target.wake->set(wake->at);
            } else if (const auto *done = std::get_if<NoticeDelivery::Forget>(&action)) {
                forgotten_.push_back(done->seq);
                if (!forget_->is_set())
                    forget_->set(boot_time() + before_forgetting);
            } else if (const auto *say = std::get_if<NoticeDelivery::Say>(&action)) {
                sys::write_journal(say->is_warning ? LOG_WARNING : LOG_INFO, say->text);
            }
        }
        actions = std::move(next);
    }
}

NoticeDelivery::Actions Notices::send(Target &target, const StoredNotice &stored)
{
    const auto notice = decode_notice(stored.text);
    oidc::HttpRequest request;
    request.method = oidc::HttpRequest::Method::post;
    request.url = target.webhook.url;
    if (notice) {
        const NoticeCode *code = nullptr;
        if (target.webhook.codes && notice->event == "requested")
            if (const auto found = codes_.find(notice->request); found != codes_.end())
                code = &found->second;
        request.json = write_notice(target.webhook.format, *notice, code);
    }
    if (target.key) {
        const std::string at = std::to_string(wall_time().time_since_epoch().count());
        std::string text = at + ".";
        text += request.json;
        const auto hmac = sys::hmac_sha256_hex(target.key->reveal(), text);
        if (hmac)
            request.headers.push_back("X-Jit-Signature: t=" + at + ",v1=" + *hmac);
        if (!hmac)
            request.json.clear();
    }
    if (request.json.empty()) {
        // Nothing that can be sent: never tried again, and what comes after it is.
        sys::write_journal(LOG_ERR, "notice " + std::to_string(stored.seq) +
                                        " can't be written as a message, and is given up");
        oidc::HttpReply reply;
        reply.outcome = oidc::HttpReply::Outcome::received;
        reply.status = 400;
        return target.delivery.on_reply(reply, boot_time());
    }
    (void)client_->send(std::move(request), [this, &target](const oidc::HttpReply &reply) {
        perform(target, target.delivery.on_reply(reply, boot_time()));
    });
    return {};
}

void Notices::write_forgotten()
{
    forget_->stop();
    if (forgotten_.empty())
        return;
    // A ledger that can't be written: they are sent once more after a restart.
    if (store_.forget_notices(forgotten_) || forgotten_.size() > limits::notices_of_one_webhook)
        forgotten_.clear();
    else
        forget_->set(boot_time() + 30s);
}

void Notices::stop()
{
    write_forgotten();
}

} // namespace jit::daemon
