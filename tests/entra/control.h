// The control endpoint: plain HTTP on loopback, by which scripts decide flows and order faults.
//
// Every verb takes a form, a JSON object or a query, and answers a JSON object with `ok`.
//   approve  code=CODE|latest user=UPN|NAME|OID [wait=SECONDS]
//   decline  code=CODE|latest [user=...] [wait=SECONDS]
//   block, consent, unassigned        as decline: Conditional Access (53003), consent missing
//                                     (65001), not assigned to the application (50105)
//   fail     code=CODE|latest error=NAME [aadsts=NUMBER] [claims=JSON] [suberror=NAME]
//                                     with `claims`, a challenge, the suberror is basic_action
//   state                             flows, requests by endpoint, faults that wait; of each flow
//                                     `claims` as it came, `token_claims` of the last poll, and
//                                     `polls_since` it was decided on or a fault ordered for it
//   fault    endpoint=discovery|keys|devicecode|token|graph|pim|pim_*|host_token|imds|arc
//            kind=KIND [count=N] [code=CODE] [user=WHO]
//                                     faults.h has the kinds, pim_graph.h the endpoints of PIM; a
//                                     token fault with a code is for that flow alone, one of PIM's
//                                     with a user for that person
//   secrets                           all device codes and tokens that were ever handed out
//   rotate   [keep_old=true|false]    the signing key is replaced; the old one is published no
//                                     more, or still, until the next time
//   lifetime [code_lifetime=S] [interval=S] [slow_down_early=true|false] [access_token=S]
//                                     for new flows, and for new access tokens (0: as Entra's)
//   register client_id=ID certificate_file=PATH|certificate=PEM [keep_old=true|false]
//                                     what the application proves itself with; outlives `reset`
//   identity permissions=NAME,NAME|none   what the managed identity may do in Graph
//   pim_...                           pim_control.h
//   reset                             no flows, tokens, faults, counts; lifetimes and PIM as
//                                     configured
//   quit                              ends the program
// `wait` waits so long for a flow to appear where `latest` finds none.
#pragma once

#include <string>

#include "tests/entra/encode.h"
#include "tests/entra/reply.h"
#include "tests/entra/world.h"

namespace jit::entra {

// The fields of a body that is a form or a JSON object; JSON numbers and booleans become texts.
Form parse_control_body(const std::string &body);

//   quit   set where the program is to end
Reply answer_control(World &world, const std::string &verb, const Form &form, bool &quit);

} // namespace jit::entra
