// What a sign-in needs from outside of its session: the provider, its keys, the rules of now, and a
// place for whom it finds.
#include "jitd/requests.h"

#include "jitd/request_replies.h"
#include "jitd/words.h"
#include "lib/sys/random.h"

namespace jit::daemon {

void Requests::find_party(const std::string &id, Purpose purpose)
{
    provider_->find_party(
        boot_time(), purpose,
        [this, id](std::shared_ptr<const oidc::Party> party, oidc::Failure failure,
                   const char *why) {
            const auto found = waiting_.find(id);
            if (found == waiting_.end())
                return;
            Session &session = *found->second.session;
            auto flow_id = sys::make_guid();
            if (!party || !flow_id)
                return perform(
                    id, session.on_provider_failed(party ? oidc::Failure::broken : failure, why));
            perform(id, session.on_party(std::move(party), *std::move(flow_id), boot_time()));
            // While the person signs in, the keys are fetched, so that nobody waits for them after.
            provider_->find_keys(boot_time(), false, [](const oidc::KeySet *, oidc::Failure) {});
        },
        patience_of(id));
}

void Requests::find_keys(const std::string &id, bool refresh)
{
    provider_->find_keys(
        boot_time(), refresh,
        [this, id](const oidc::KeySet *keys, oidc::Failure failure) {
            const auto found = waiting_.find(id);
            if (found == waiting_.end())
                return;
            if (keys)
                with_rules(id, [&](const Rules &rules) {
                    return found->second.session->on_keys(*keys, rules, wall_time());
                });
            else
                perform(id, found->second.session->on_provider_failed(failure, ""));
        },
        patience_of(id));
}

Patience Requests::patience_of(const std::string &id)
{
    const auto put_off = [this, id](BootTime again) {
        const auto found = waiting_.find(id);
        if (found == waiting_.end() || found->second.session->is_closed())
            return;
        ipc::RequestReply reply =
            make_reply(ipc::Progress::pending, found->second.session->facts());
        reply.message =
            words::provider_silent(std::chrono::ceil<std::chrono::seconds>(again - boot_time()));
        const auto told = ipc::encode_request_reply(reply);
        for (const Watcher &watcher : found->second.watchers)
            watcher->reply_and_continue(told);
    };
    return {waiting_.at(id).session->facts().deadline, put_off};
}

void Requests::with_rules(const std::string &id, const std::function<Actions(const Rules &)> &judge)
{
    Session &session = *waiting_.at(id).session;
    const RequestFacts &facts = session.facts();
    const Settings &settings = parts_.settings;
    if (!settings.policy || !settings.config)
        return perform(id,
                       session.cancel(ipc::Cause::policy_changed, std::string{words::no_policy}));
    const auto local_groups = parts_.grants.local_groups(facts.user);
    const std::vector<std::string> none;
    perform(id,
            judge(Rules{*settings.policy, settings.host, settings.config->skew,
                        local_groups ? *local_groups : none, seen_, parts_.pins.find(facts.user),
                        settings.config->pin == policy::Config::Pin::root, wall_time(), boot_time(),
                        &*settings.config}));
}

void Requests::keep_pin(const std::string &id, Pin pin)
{
    pin.since = wall_time();
    const auto kept = parts_.pins.put(pin);
    // Two requests of one user may both find him; a third may have found somebody else.
    const Pin *const there = parts_.pins.find(pin.user);
    const bool is_kept = kept || (there != nullptr && there->oid == pin.oid);
    with_rules(
        id, [&](const Rules &rules) { return waiting_.at(id).session->on_pinned(is_kept, rules); });
}

} // namespace jit::daemon
