#include "jitd/daemon.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>

#include <array>

#include "jitd/limits.h"
#include "jitd/words.h"
#include "lib/base/text.h"
#include "lib/ipc/interface_texts.h"
#include "lib/sys/boot.h"
#include "lib/sys/journal.h"
#include "lib/sys/memberships.h"

namespace jit::daemon {

namespace {

constexpr const char *ledger_path = "/var/lib/jit/jit.db";
// Written by jit-grantd --reconcile: the boot id, when this boot's grants have been checked.
constexpr const char *reconciled_path = "/run/jit-grantd/reconciled";

// Editors write a file in several steps; what is read in between would be half of it.
constexpr std::chrono::milliseconds settle_time{300};

// What the host proves itself to the provider with.
bool is_same_credential(const Settings &a, const Settings &b)
{
    if (!a.config || !b.config)
        return !a.config && !b.config;
    const auto print_of = [](const Settings &one) {
        return one.host_key ? one.host_key->thumbprint() : std::string{};
    };
    return a.config->credential == b.config->credential && print_of(a) == print_of(b);
}

bool is_same_provider(const Settings &a, const Settings &b)
{
    if (!a.config || !b.config)
        return !a.config && !b.config;
    const policy::Config &x = *a.config;
    const policy::Config &y = *b.config;
    return x.discovery_url == y.discovery_url && x.client_id == y.client_id &&
           x.approver_client_id == y.approver_client_id && x.scopes == y.scopes &&
           a.ca_pem == b.ca_pem && x.proxy == y.proxy && x.timeout == y.timeout;
}

AuditRecord make_record(Event event, std::string message, std::string rule = {})
{
    AuditRecord record;
    record.event = event;
    record.message = std::move(message);
    record.rule = std::move(rule);
    return record;
}

void write_faults(const std::vector<policy::Diagnostic> &faults)
{
    for (const policy::Diagnostic &fault : faults)
        sys::write_journal(fault.kind == policy::Diagnostic::Kind::error ? LOG_ERR : LOG_WARNING,
                           policy::format_diagnostic(fault));
}

} // namespace

Result<std::unique_ptr<Daemon>> Daemon::make(sd_event *loop, Sockets sockets)
{
    std::unique_ptr<Daemon> made{new Daemon(loop)};
    TRY(made->begin(std::move(sockets)));
    return made;
}

Daemon::~Daemon()
{
    // Transfers call back into the requests.
    server_.reset();
    watch_.reset();
    approvals_.reset();
    requests_.reset();
    http_.reset();
}

Result<void> Daemon::begin(Sockets sockets)
{
    boot_id_ = TRY(sys::read_boot_id());
    store_ = TRY(Store::open(ledger_path, limits::ledger_pages));
    notices_ = TRY(Notices::make(loop_, *store_, [this](net::HttpOptions options) {
        return net::HttpClient::make(loop_, std::move(options));
    }));
    audit_ = std::make_unique<Audit>(*store_, notices_.get());
    audit_->tell_untold();
    log_tidying_ =
        TRY(LogTidying::make(loop_, *store_, *audit_, [this] { return helper_.is_asking(); }));
    pins_ = std::make_unique<Pins>(*store_);
    if (pins_->fault())
        return *pins_->fault();
    grants_ = TRY(Grants::make(loop_, *store_, *audit_, helper_, boot_id_,
                               {[](std::string_view user, std::string_view group) {
                                    return sys::has_membership(user, group);
                                },
                                [this](std::string_view user, std::string_view group) {
                                    return group_file_.has(user, group);
                                }}));
    requests_ = TRY(Requests::make({loop_, *store_, *audit_, *grants_, helper_, settings_, *pins_,
                                    [this] { reload_stale(); }, notices_.get()}));
    approvals_ = TRY(Approvals::make({loop_, *audit_, *requests_, settings_, notices_.get()}));
    requests_->on_over([this](const std::string &id) { approvals_->end_for(id); });
    watch_ = TRY(ActivationWatch::make({loop_, *store_, *audit_, *grants_, *requests_, settings_}));
    requests_->activations().on_other_eyes(
        [this](const Grant &grant) { return watch_ && watch_->sees(grant); });
    requests_->on_waits([this](const Session &session) { approvals_->plead(session); });
    watch_memberships();
    // What is mended is told to webhooks, too.
    if (const char *const credentials = getenv("CREDENTIALS_DIRECTORY"))
        places_.credentials = credentials;
    Settings settings = load_settings(places_);
    notices_->use(settings);
    TRY(grants_->mend());

    warnings_ = TRY(Warnings::make(loop_, *grants_, *audit_, helper_, settings_));
    reload_soon_ = TRY(sys::Timer::make(loop_, [this] { reload(); }));
    adopt(std::move(settings), true);
    watch_files();

    api_ = std::make_unique<Api>(
        Api::Parts{*store_, *audit_, *grants_, *pins_, *requests_, *approvals_, helper_, settings_,
                   [this] { return is_reconciled(); },
                   [this](const std::string &user) { return grants_->local_groups(user); }});
    server_ = TRY(sys::VarlinkServer::make(
        loop_, std::move(sockets.for_all),
        {"jitd", "io.jitd.Elevation", ipc::elevation_interface_text},
        {limits::connections, limits::connections_for_root, limits::connections_of_one_user,
         limits::patience, limits::work_at_once, limits::work_a_second, limits::work_of_a_fault,
         limits::unread_bytes_of_one_user},
        [this](const std::shared_ptr<sys::Exchange> &exchange) { api_->answer(exchange); }));
    if (sockets.for_root)
        TRY(server_->listen_for_root(std::move(sockets.for_root)));
    return {};
}

void Daemon::adopt(Settings settings, bool at_start)
{
    const bool is_same = !at_start && is_same_provider(settings_, settings);
    const bool is_other_credential = !is_same_credential(settings_, settings);
    const bool is_new_policy = at_start || settings.policy_digest != settings_.policy_digest ||
                               settings.is_last_good != settings_.is_last_good ||
                               settings.policy.has_value() != settings_.policy.has_value();
    settings_ = std::move(settings);
    notices_->use(settings_); // before the records of what has changed
    if (!notices_->has_codes())
        approvals_->end_by_notice();

    write_faults(settings_.config_faults);
    write_faults(settings_.policy_faults);
    if (!settings_.config)
        (void)audit_->write(make_record(Event::config_changed,
                                        "the configuration is faulty, everything is denied: " +
                                            summarize(settings_.config_faults),
                                        "faulty"));
    else if (at_start || !is_same)
        (void)audit_->write(
            make_record(Event::config_changed, "the configuration is in force", "loaded"));

    if (policy::has_error(settings_.policy_faults))
        (void)audit_->write(make_record(Event::policy_rejected,
                                        std::string{"the policy is rejected, "} +
                                            (settings_.is_last_good ? "the last good one stays: "
                                                                    : "and nothing is granted: ") +
                                            summarize(settings_.policy_faults),
                                        settings_.is_last_good ? "last-good" : "none"));
    else if (is_new_policy)
        (void)audit_->write(make_record(Event::policy_loaded,
                                        std::to_string(settings_.policy->roles.size()) +
                                            " roles are in force, policy " +
                                            settings_.policy_digest,
                                        settings_.policy_digest));

    if (!is_same)
        use_provider();
    if (settings_.policy && is_new_policy)
        requests_->look_again();
    if (!is_same || is_other_credential)
        watch_->use(http_.get());
    else
        watch_->on_new_policy();
    requests_->resume();
    if (settings_.policy && !settings_.is_last_good)
        grants_->end_without_role(*settings_.policy);
    warnings_->arm();
    tell_status();
}

void Daemon::use_provider()
{
    approvals_->cancel_all(std::string{words::config_changed});
    watch_->use(nullptr);
    requests_->set_provider(nullptr);
    http_.reset();
    if (!settings_.config)
        return;
    const policy::Config &config = *settings_.config;
    auto made = net::HttpClient::make(loop_, {settings_.ca_pem, config.proxy, config.timeout});
    if (!made) {
        sys::write_journal(LOG_ERR, std::string{"no HTTPS client: "} + made.error().what);
        return;
    }
    http_ = *std::move(made);
    requests_->set_provider(http_.get());
}

void Daemon::reload()
{
    reload_soon_->stop();
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
                     static_cast<long long>(std::chrono::duration_cast<std::chrono::microseconds>(
                                                std::chrono::steady_clock::now().time_since_epoch())
                                                .count()));
    adopt(load_settings(places_), false);
    watch_files();
    (void)sd_notify(0, "READY=1");
}

// jit-grantd has read other files than these.
void Daemon::reload_stale()
{
    const BootTime now = boot_time();
    if (now < stale_until_)
        return;
    stale_until_ = now + limits::stale_reload;
    reload();
}

void Daemon::stop()
{
    (void)sd_notify(0, "STOPPING=1");
    approvals_->cancel_all(std::string{words::stopping});
    requests_->stop();
    audit_->say_left_out(boot_time(), true);
    grants_->write_late();
    audit_->note_told();
    notices_->stop();
}

void Daemon::tell_status() const
{
    std::string status;
    if (!settings_.config)
        status = "denying everything: " + summarize(settings_.config_faults);
    else if (!settings_.policy)
        status = "granting nothing: " + summarize(settings_.policy_faults);
    else if (settings_.is_last_good)
        status = "the last good policy is in force: " + summarize(settings_.policy_faults);
    else
        status = std::to_string(settings_.policy->roles.size()) + " roles" +
                 (settings_.config->observe ? ", observing only" : "");
    (void)sd_notify(0, ("STATUS=" + safe_text(status, 400)).c_str());
}

void Daemon::watch_files()
{
    file_watches_.clear();
    constexpr std::uint32_t changes = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                      IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
    for (const char *path : {"/etc/jit", "/etc/jit/policy.d"}) {
        sd_event_source *source = nullptr;
        // An absent folder can't be watched; when it is made, its parent tells.
        if (sd_event_add_inotify(loop_, &source, path, changes, &Daemon::on_file_event, this) >= 0)
            file_watches_.emplace_back(source);
    }
}

int Daemon::on_file_event(sd_event_source *, const inotify_event *, void *self) noexcept
{
    static_cast<Daemon *>(self)->reload_soon_->set(boot_time() + settle_time);
    return 0;
}

// A membership that goes, by whatever hands, ends its grant in the ledger at once, and nothing
// wakes to look for it.
void Daemon::watch_memberships()
{
    constexpr std::uint32_t goings = IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF;
    sd_event_source *source = nullptr;
    const bool is_watched = sd_event_add_inotify(loop_, &source, sys::run_userdb, goings,
                                                 &Daemon::on_membership_event, this) >= 0;
    membership_watch_.reset(source);
    grants_->be_told(is_watched);
}

int Daemon::on_membership_event(sd_event_source *, const inotify_event *event, void *self) noexcept
{
    auto *const daemon = static_cast<Daemon *>(self);
    if ((event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) != 0)
        daemon->grants_->be_told(false);
    daemon->grants_->close_ended();
    return 0;
}

bool Daemon::is_reconciled()
{
    if (reconciled_)
        return true;
    const Fd file{open(reconciled_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    std::array<char, 64> text{};
    const ssize_t size = file ? read(file.get(), text.data(), text.size()) : -1;
    reconciled_ = size >= static_cast<ssize_t>(boot_id_.size()) &&
                  std::string_view{text.data(), boot_id_.size()} == boot_id_;
    return reconciled_;
}

} // namespace jit::daemon
