// A request that waits for others, as the ledger keeps it over a restart of jitd: what was asked,
// what the requester's sign-in said of him, and who has approved. No token, no code.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jitd/given_approvals.h"
#include "jitd/request_facts.h"
#include "lib/base/result.h"
#include "lib/oidc/token.h"
#include "policy/model.h"

namespace jit::daemon {

// In the place of Graph's id of an activation that ran before it was asked for, where Graph does
// not say it.
inline constexpr std::string_view unknown_activation = "-";

// What a request waits for by the mode of its role, and what has come of it.
struct Awaited {
    std::vector<GivenApproval> given; // mode approver
    std::string watch_token;          // mode watch: what has to stand in the justification
    std::string activation;           // modes pim and watch: what has come, as Graph calls it
    std::optional<WallTime> until;    // and until when it is
    bool is_met = false;              // by what was there when it was asked last
    std::string counted; // of given, who counted by the policy when it was looked at last; not
                         // kept, since it is looked at anew
};

struct KeptRequest {
    RequestFacts facts;
    // What the rules want of a sign-in; absent: nobody signs in for the role.
    std::optional<oidc::Claims> claims;
    std::string signed_in_oid;
    std::string person; // as a shared account
    std::string correlation;
    Awaited awaited;
    std::string boot_id;
    std::string provider; // issuer and client that the sign-in was with
};

std::string encode_kept(const KeptRequest &kept);
// What encode_kept() made. Times since boot are of the boot that it names.
//   errors  bad_input
Result<KeptRequest> decode_kept(const std::string &text);

} // namespace jit::daemon
