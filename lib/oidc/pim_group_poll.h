// Reads again and again, with the host's own token, who has activated the membership of one group:
// one poll for all who wait for it and for all grants that stand on it. A pure state machine like
// GroupLookup, that goes on as long as somebody wants it.
//
//   on_time() ──> need token ── begin() ──> who is active ──> how that was asked for ──> seen
//       ^                                        │                     │                   │
//       └────────────────────── failed, for now <┴─────────────────────┘<── next_at ───────┘
//
// An activation that has been matched with its request is not looked for again: while nobody
// activates anything, a round is one list.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/secret.h"
#include "lib/oidc/device_grant.h"
#include "lib/oidc/graph_link.h"
#include "lib/oidc/http_message.h"
#include "lib/oidc/pim_answers.h"
#include "lib/oidc/pim_watch.h"

namespace jit::oidc {

// Call begin() when there is a token; until then on_time() says the same.
struct NeedToken {
};
// All who are in the group now. What is not in here is not active.
struct GroupSeen {
    std::vector<Activation> activations;
    BootTime next_at{}; // call on_time() then
};
// Nothing is known this time.
struct PollFailed {
    Failure failure = Failure::broken;
    std::string advice;            // one line
    bool is_token_refused = false; // HostToken::drop()
    BootTime next_at{};            // call on_time() then
};
using PollStep = std::variant<SendRequest, WaitUntil, NeedToken, GroupSeen, PollFailed>;

class PimGroupPoll
{
  public:
    // How often a group is read: at first, and once nobody new has come for a while; a tenth more
    // or less, so that hosts part.
    static constexpr std::chrono::seconds least_interval{10};
    static constexpr std::chrono::seconds most_interval{30};
    // A round that takes longer has failed.
    static constexpr std::chrono::seconds patience{60};
    static constexpr std::size_t max_activations = 2000;

    //   group  object id, in lower case
    PimGroupPoll(std::string graph_host, std::string group);

    // The time has come that the last step named; at first any. While a request is out that is the
    // end of the round: it has failed then, and the request is to be cancelled.
    PollStep on_time(BootTime now);
    // Begins a round, after NeedToken.
    //   request_id  sent as client-request-id
    //   random      spreads the rounds of many hosts
    PollStep begin(SecretString token, std::string request_id, std::uint32_t random, BootTime now);
    // What can't be had now (no answer, 429, 5xx) is asked for again inside the round, and then the
    // round has failed; the next ones come later and later, and not before Retry-After. An answer
    // that makes no sense, is of another group or of more than max_activations fails as a whole.
    PollStep on_reply(const HttpReply &reply, BootTime now);

    // Somebody new waits: the next round comes soon, if the last one did not fail.
    //   returns  when to call on_time()
    WaitUntil hurry(BootTime now);

  private:
    enum class State {
        resting,
        due, // for a token
        reading_instances,
        reading_requests,
    };
    // What a schedule was made from; ambiguous when two requests say that it was they.
    struct Origin {
        ActivationRequest request;
        bool is_ambiguous = false;
    };

    HttpRequest ask() const;
    PollStep read(const HttpReply &reply, BootTime now);
    PollStep go_on(BootTime now);
    bool take_instance(const json_t *entry);
    bool take_request(const json_t *entry);
    void look_for_origins();
    PollStep finish(BootTime now);
    PollStep refuse(const HttpReply &reply, BootTime now);
    PollStep fail(Failure failure, std::string advice, BootTime now,
                  std::chrono::seconds at_least = {});
    void rest(std::chrono::seconds pause, BootTime now);

    std::string host_;
    std::string group_;
    State state_ = State::resting;
    std::optional<GraphLink> link_; // while a round is on
    bool is_retrying_ = false;
    std::uint32_t random_ = 0;
    BootTime next_at_{};
    BootTime round_began_{};
    std::chrono::seconds interval_ = least_interval;
    unsigned failures_ = 0; // rounds in a row
    std::vector<Activation> seen_;
    std::map<std::string, std::size_t> by_schedule_; // of seen_
    std::vector<std::string> targets_;               // lists of requests still to be read
    std::map<std::string, Origin> origins_;          // by schedule, of what was active last
    std::vector<std::string> fresh_;                 // of these, from the list that is being read
};

} // namespace jit::oidc
