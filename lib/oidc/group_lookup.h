// Asks Microsoft Graph which of some groups a person is in, for the sign-ins whose token leaves the
// groups out: a pure state machine like DeviceGrant. (Graph v1.0, "directoryObject:
// checkMemberGroups": transitive, 20 groups at a time.) What a token names as the place to ask is
// never followed.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/secret.h"
#include "lib/oidc/device_grant.h"
#include "lib/oidc/http_message.h"
#include "lib/oidc/pace.h"

namespace jit::oidc {

struct GroupsFound {
    std::vector<std::string> groups; // those of the asked ones, in lower case
};
struct GroupsUnknown {
    Failure failure = Failure::broken;
    std::string advice; // for people
};
using LookupStep = std::variant<SendRequest, WaitUntil, GroupsFound, GroupsUnknown>;

class GroupLookup
{
  public:
    //   token       for Graph, of the person who signed in
    //   groups      object ids, in lower case; at most 500 are asked for, more are `misconfigured`
    //   request_id  sent as client-request-id; and what spreads the pauses
    //   deadline    it never outlives it
    GroupLookup(std::string graph_host, SecretString token, std::vector<std::string> groups,
                std::string request_id, BootTime deadline);

    LookupStep start();
    // What could not be had now (no answer, 429, 5xx) is asked for again inside the deadline.
    // Answers in several pages are followed on the same host, 16 at most.
    LookupStep on_reply(const HttpReply &reply, BootTime now);
    LookupStep on_time(BootTime now);

  private:
    LookupStep ask();
    LookupStep read_page(const HttpReply &reply);
    LookupStep retry(const HttpReply &reply, BootTime now);
    LookupStep give_up(Failure failure, std::string advice);

    std::string host_;
    SecretString token_;
    std::vector<std::string> groups_;
    std::string request_id_;
    BootTime deadline_;
    std::size_t asked_ = 0; // of groups_, answered in full
    std::string next_page_; // empty: the next groups are to be asked for
    unsigned pages_ = 0;
    Jitter jitter_;
    unsigned failures_ = 0; // in a row
    BootTime again_at_{};
    std::vector<std::string> found_;
};

} // namespace jit::oidc
