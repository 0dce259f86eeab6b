#include "jitd/host_credential.h"

#include <utility>

#include "jitd/words.h"
#include "lib/oidc/host_advice.h"
#include "lib/sys/challenge_file.h"
#include "lib/sys/random.h"

namespace jit::daemon {

namespace {

using namespace std::chrono_literals;

// What fails before the token's own machine could be asked.
constexpr std::chrono::seconds ask_again = 30s;

oidc::HostCredential way_of(policy::Config::Credential way)
{
    switch (way) {
    case policy::Config::Credential::imds:
        return oidc::HostCredential::imds;
    case policy::Config::Credential::arc:
        return oidc::HostCredential::arc;
    case policy::Config::Credential::none:
    case policy::Config::Credential::certificate:
        break;
    }
    return oidc::HostCredential::certificate;
}

} // namespace

Result<std::unique_ptr<HostCredential>> HostCredential::make(Parts parts)
{
    std::unique_ptr<HostCredential> made{new HostCredential(std::move(parts))};
    HostCredential *const self = made.get();
    made->timer_ = TRY(sys::Timer::make(self->parts_.loop, [self] {
        auto guid = sys::make_guid();
        if (!guid)
            return self->timer_->set(boot_time() + 1s);
        if (self->token_)
            self->follow(self->token_->on_time({read_clocks(), *std::move(guid)}));
    }));
    return made;
}

HostCredential::~HostCredential()
{
    if (transfer_ != 0)
        parts_.http.cancel(transfer_);
}

void HostCredential::ask(Ready ready)
{
    waiting_.push_back(std::move(ready));
    parts_.cache.find_party(boot_time(), Purpose::request,
                            [this, alive = std::weak_ptr<const bool>(alive_)](
                                const std::shared_ptr<const oidc::Party> &party,
                                oidc::Failure failure, const char *why) {
                                if (alive.expired())
                                    return;
                                if (party) {
                                    use(*party);
                                    return go();
                                }
                                const oidc::TokenFailed failed{failure,
                                                               words::explain(failure, why, ""),
                                                               boot_time() + ask_again, 0};
                                answer(&failed);
                            });
}

// A provider that says that it is elsewhere now is asked there, for another token.
void HostCredential::use(const oidc::Party &party)
{
    const oidc::Provider &provider = party.provider;
    if (token_ && endpoint_ == provider.token_endpoint && graph_host_ == provider.graph_host)
        return;
    if (transfer_ != 0)
        parts_.http.cancel(std::exchange(transfer_, 0));
    timer_->stop();
    endpoint_ = provider.token_endpoint;
    graph_host_ = provider.graph_host;
    token_.emplace(oidc::HostIdentity{way_of(parts_.way), graph_host_, endpoint_, parts_.client_id,
                                      parts_.key});
}

void HostCredential::go()
{
    auto guid = sys::make_guid();
    if (guid)
        return follow(token_->ask({read_clocks(), *std::move(guid)}));
    const oidc::TokenFailed failed{oidc::Failure::broken, guid.error().what,
                                   boot_time() + ask_again, 0};
    answer(&failed);
}

void HostCredential::follow(oidc::TokenStep step)
{
    // Each turn has asked for a file.
    while (const auto *read = std::get_if<oidc::ReadChallenge>(&step)) {
        const auto held = sys::read_challenge_file(read->path, parts_.arc_folder);
        step = token_->on_challenge(held, boot_time());
    }
    if (auto *send = std::get_if<oidc::SendRequest>(&step))
        transfer_ =
            parts_.http.send(std::move(send->request), [this](const oidc::HttpReply &reply) {
                transfer_ = 0;
                follow(token_->on_reply(reply, boot_time()));
            });
    else if (const auto *wait = std::get_if<oidc::WaitUntil>(&step))
        timer_->set(wait->at);
    else if (std::holds_alternative<oidc::TokenReady>(step))
        answer(nullptr);
    else if (const auto *failed = std::get_if<oidc::TokenFailed>(&step))
        answer(failed);
}

void HostCredential::answer(const oidc::TokenFailed *failed)
{
    const oidc::TokenFailed none{oidc::Failure::none, {}, {}, 0};
    const oidc::TokenFailed why = failed != nullptr ? *failed : none;
    const std::weak_ptr<const bool> alive{alive_};
    for (const Ready &ready : std::exchange(waiting_, {})) {
        if (alive.expired())
            return;
        ready(failed != nullptr ? nullptr : &token_->token(), graph_host_, why);
    }
}

void HostCredential::drop()
{
    if (token_)
        token_->drop();
}

} // namespace jit::daemon
