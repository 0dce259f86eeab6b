// The verbs of the control endpoint (control.h) about PIM. No host is needed for any of them.
//
// A person, at the portal or the phone, held to eligibility and policy as by Graph:
//   pim_activate    user=WHO group=ID [justification=TEXT] [ticket=TEXT] [duration=SECONDS|PT1H]
//                   [ago=SECONDS: it began so long ago] [status=STATUS [then=STATUS]: what becomes
//                   of it] [force=true: policy and eligibility do not matter]
//   pim_deactivate  user=WHO group=ID
//   pim_extend      user=WHO group=ID seconds=S      it ends so long from now; sooner, too
// An administrator or approver:
//   pim_approve     as=WHO [request=ID|latest] [justification=TEXT] [wait=SECONDS]
//   pim_deny        the same
//   pim_status      status=STATUS [request=ID|latest]     the request becomes that
//   pim_revoke      user=WHO group=ID                the activation is taken away
//   pim_assign      user=WHO group=ID [duration=S]   a membership that is no activation
//   pim_eligible    user=WHO group=ID [remove=true]
//   pim_group       group=ID [name=TEXT] [approval=true|false] [longest=SECONDS]
//                   [justification=true|false] [ticket=...] [mfa=...] [context=ID|none]
//                   [approvers=WHO,WHO|none] [remove=true]
//   pim_settings    [floor=SECONDS] [provisioning=MILLISECONDS] [page_size=N] [pascal=true|false]
//                   [acrs=named|unknown]             until `reset`
//   pim_state       groups, eligibilities, requests, instances, as Graph has them
//
// WHO is a UPN, a shown name or an object id; ID may be a group's name. access=owner asks for
// ownership instead of membership. A refusal has PIM's code as `error` and its text as `message`.
#pragma once

#include <optional>

#include "tests/entra/control.h"

namespace jit::entra {

// Nothing where the verb is none of these.
std::optional<Reply> answer_pim_control(World &world, const std::string &verb, const Form &form);

} // namespace jit::entra
