#include "jitd/sign_ins.h"

#include <utility>
#include <vector>

#include "jitd/words.h"
#include "lib/sys/random.h"

namespace jit::daemon {

namespace {

BootTime tell_clocks(SigningIn &who)
{
    const Now now = read_clocks();
    who.note_clocks(now);
    return now.boot;
}

} // namespace

void SignIns::set_provider(net::HttpClient *http, ProviderCache::WakeAt wake_at)
{
    http_ = http;
    provider_.reset();
    if (http)
        provider_ = std::make_unique<ProviderCache>(
            *http, settings_.expected, settings_.config->approver_client_id, std::move(wake_at),
            sys::make_guid().value_or(""));
}

bool SignIns::perform(Owner &owner, const std::string &key, Action &action)
{
    if (auto *sent = std::get_if<SendHttp>(&action))
        send(owner, key, std::move(sent->request));
    else if (const auto *party = std::get_if<FindParty>(&action))
        find_party(owner, key, party->purpose);
    else if (const auto *keys = std::get_if<FindKeys>(&action))
        find_keys(owner, key, keys->refresh);
    else if (auto *kept = std::get_if<KeepPin>(&action))
        keep_pin(owner, key, std::move(*kept));
    else if (std::holds_alternative<AskRules>(action))
        with_rules(owner, key, [&](const Rules &rules) {
            const auto seat = owner.find_seat(key);
            return seat ? seat->who.on_rules(rules) : Actions{};
        });
    else
        return false;
    return true;
}

void SignIns::wake(Owner &owner, const std::string &key)
{
    if (const auto seat = owner.find_seat(key))
        owner.perform(key, seat->who.on_time(tell_clocks(seat->who)));
}

void SignIns::hurry(Owner &owner, const std::string &key)
{
    if (const auto seat = owner.find_seat(key))
        owner.perform(key, seat->who.hurry(tell_clocks(seat->who)));
}

void SignIns::cancel(Transfer &transfer)
{
    if (transfer != 0 && http_)
        http_->cancel(std::exchange(transfer, 0));
}

void SignIns::send(Owner &owner, const std::string &key, oidc::HttpRequest request)
{
    const auto seat = owner.find_seat(key);
    if (!seat || seat->who.is_closed())
        return;
    seat->transfer = http_->send(std::move(request), [&owner, key](const oidc::HttpReply &reply) {
        if (owner.has_passed_on(key, reply))
            return;
        const auto asking = owner.find_seat(key);
        if (!asking)
            return;
        asking->transfer = 0;
        owner.perform(key, asking->who.on_reply(reply, tell_clocks(asking->who)));
    });
}

void SignIns::find_party(Owner &owner, const std::string &key, Purpose purpose)
{
    provider_->find_party(
        boot_time(), purpose,
        [this, &owner, key](std::shared_ptr<const oidc::Party> party, oidc::Failure failure,
                            const char *why) {
            const auto seat = owner.find_seat(key);
            if (!seat)
                return;
            auto flow_id = sys::make_guid();
            if (!party || !flow_id)
                return owner.perform(key, seat->who.on_provider_failed(
                                              party ? oidc::Failure::broken : failure, why));
            owner.perform(key,
                          seat->who.on_party(std::move(party), *std::move(flow_id), boot_time()));
            // While the person signs in, the keys are fetched, so that nobody waits for them after.
            provider_->find_keys(boot_time(), false, [](const oidc::KeySet *, oidc::Failure) {});
        },
        owner.patience_of(key));
}

void SignIns::find_keys(Owner &owner, const std::string &key, bool refresh)
{
    provider_->find_keys(
        boot_time(), refresh,
        [this, &owner, key](const oidc::KeySet *keys, oidc::Failure failure) {
            const auto seat = owner.find_seat(key);
            if (!seat)
                return;
            if (!keys)
                return owner.perform(key, seat->who.on_provider_failed(failure, ""));
            with_rules(owner, key, [&](const Rules &rules) {
                return seat->who.on_keys(*keys, rules, wall_time());
            });
        },
        owner.patience_of(key));
}

void SignIns::with_rules(Owner &owner, const std::string &key, const Judge &judge)
{
    const auto seat = owner.find_seat(key);
    if (!seat)
        return;
    if (!settings_.policy || !settings_.config)
        return owner.perform(
            key, seat->who.cancel(ipc::Cause::policy_changed, std::string{words::no_policy}));
    const std::string user = seat->who.user();
    std::vector<std::string> groups;
    if (seat->who.has_local_groups()) {
        if (found_ != nullptr && found_->user == user)
            groups = found_->groups;
        else if (auto read = grants_.local_groups(user))
            groups = *std::move(read);
    }
    Actions actions =
        judge(Rules{*settings_.policy, settings_.host, settings_.config->skew, groups, seen_,
                    pins_.find(user), settings_.config->pin == policy::Config::Pin::root,
                    wall_time(), boot_time(), &*settings_.config});
    const Found found{user, groups};
    const Found *const before =
        std::exchange(found_, seat->who.has_local_groups() ? &found : nullptr);
    owner.perform(key, std::move(actions));
    found_ = before;
}

void SignIns::keep_pin(Owner &owner, const std::string &key, KeepPin kept)
{
    Pin &pin = kept.pin;
    pin.since = wall_time();
    const auto put = kept.may_wait ? pins_.put_soon(pin) : pins_.put(pin);
    // Two requests of one user may both find him; a third may have found somebody else.
    const Pin *const there = pins_.find(pin.user);
    const bool is_kept = put || (there != nullptr && there->oid == pin.oid);
    with_rules(owner, key, [&](const Rules &rules) {
        const auto seat = owner.find_seat(key);
        return seat ? seat->who.on_pinned(is_kept, rules) : Actions{};
    });
}

} // namespace jit::daemon
