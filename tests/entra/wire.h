// How a reply goes on the wire, and the faults that happen there.
#pragma once

#include <functional>
#include <optional>

#include "tests/entra/reply.h"
#include "tests/entra/world.h"

namespace httplib {
struct Request;
struct Response;
} // namespace httplib

namespace jit::entra {

void write_reply(const Reply &reply, httplib::Response &response);

// Answers with what the endpoint says, or with what the oldest fault ordered for it makes of that.
//   set_headers   the headers that the endpoint has in any case
//   answer        the endpoint's reply; given the fault, which it may heed itself
void answer_with_faults(World &world, const std::string &endpoint, const std::string &user_code,
                        const std::string &correlation_id, const httplib::Request &request,
                        httplib::Response &response, const std::function<void()> &set_headers,
                        const std::function<Reply(const std::optional<Kind> &)> &answer);

} // namespace jit::entra
