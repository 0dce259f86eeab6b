// What would have come of earlier requests under another policy. Pure: the audit's records in, what
// changes out.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "policy/decide.h"

namespace jit::ctl {

// A record of the audit, as far as it matters here.
struct PastEvent {
    std::string event;   // "requested"
    std::string request; // its id; empty for who was refused at once
    std::string role;
    std::string user;
    std::string oid;
    std::string tty;
    std::string rhost;
    std::string reason;
    std::string rule;
    WallTime at;
    std::optional<WallTime> until;
    std::optional<std::chrono::seconds> asked; // absent: nobody said how long, or it is not known
};

// Reads a line of the audit. Errors: bad_input.
Result<PastEvent> read_past_event(const std::string &line);

// One request of the past.
struct Replayed {
    enum class Outcome {
        same,
        refused, // was granted
        shorter, // was granted for longer
        allowed  // was refused by the policy that was in force
    };
    std::string user;
    std::string role;
    WallTime at;
    Outcome outcome = Outcome::same;
    std::string text; // what was, and what would be
};

std::string_view name_of(Replayed::Outcome outcome);

// Plays the events again, in their order. What only a sign-in shows (groups, contexts) is taken to
// be as it was; budgets, cooldowns and places are counted over what would have been granted, until
// it was over then at the latest. Who is in which local group the audit does not tell.
class Simulation
{
  public:
    // The local groups of a user, memberships made by jit left out.
    using GroupsOf = std::function<std::vector<std::string>(const std::string &user)>;

    // Borrows the policy. Without `groups_of` nobody is in a local group.
    Simulation(const policy::Policy &policy, policy::Host host, GroupsOf groups_of = {})
        : policy_(policy), host_(std::move(host)), groups_of_(std::move(groups_of))
    {
    }

    void play(const PastEvent &event);

    // In the order in which they were made; what has not come to an end yet is left out.
    const std::vector<Replayed> &replayed() const { return replayed_; }

  private:
    struct Spell {
        std::string request;
        std::string role;
        std::string oid;
        policy::Spell time;
    };

    policy::Person make_person(const PastEvent &request) const;
    policy::Decision decide(const PastEvent &request,
                            std::optional<std::chrono::seconds> asked) const;
    bool is_lifted(const PastEvent &refused, bool has_signed_in, const policy::Decision &now) const;
    policy::Use count_use(const PastEvent &request) const;
    void end_early(const PastEvent &event);
    void settle_granted(const PastEvent &request, const PastEvent &granted);
    void settle_refused(const PastEvent &refused, bool has_signed_in);

    const policy::Policy &policy_;
    policy::Host host_;
    GroupsOf groups_of_;
    std::map<std::string, PastEvent> waiting_; // by the request's id
    std::vector<Spell> spells_;
    std::vector<Replayed> replayed_;
};

} // namespace jit::ctl
