// What is said of a request to those who follow it, and what the ledger is told when it begins.
#pragma once

#include <string>
#include <string_view>

#include "jitd/session.h"
#include "jitd/store.h"
#include "lib/ipc/elevation.h"

namespace jit::daemon {

ipc::RequestReply make_reply(ipc::Progress state, const RequestFacts &facts);
// With the time that is left of the code, 1 s at least.
ipc::RequestReply make_code_reply(const RequestFacts &facts, const ShowCode &code);
// The same members, set in a reply that is about something else.
void show_code(ipc::RequestReply &reply, const ShowCode &code);
// Where people activate their groups in Entra: "My roles", "Groups" of the portal of that cloud.
//   authority_host  of the configuration
std::string activation_page(std::string_view authority_host);
// Of a request that waits for an activation.
void show_activation(ipc::RequestReply &reply, const Session &session,
                     std::string_view authority_host);
StoredRequest make_stored(const RequestFacts &facts);

} // namespace jit::daemon
