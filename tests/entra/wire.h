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

// What a request is about: what faults are ordered by.
struct Asked {
    std::string endpoint;
    std::string user_code;
    std::string user_oid;
    std::string correlation_id;
};

// Answers with what the endpoint says, or with what the oldest fault ordered for it makes of that.
//   set_headers   the headers that the endpoint has in any case
//   answer        the endpoint's reply; given the fault, which it may heed itself
void answer_with_faults(World &world, const Asked &asked, const httplib::Request &request,
                        httplib::Response &response, const std::function<void()> &set_headers,
                        const std::function<Reply(const std::optional<Kind> &)> &answer);

} // namespace jit::entra
