#include "jitd/answers.h"

namespace jit::daemon {

void fail(const Exchange &exchange, ipc::Fault fault, std::string_view message)
{
    // A PAM program asks once a connection. Its user may make it hang while it prints what it was
    // told, and would hold one of root's places with each.
    if (exchange->peer().uid == 0)
        exchange->fail_and_close(ipc::name_of(fault), ipc::make_message(message));
    else
        exchange->fail(ipc::name_of(fault), message);
}

void refuse_parameters(const Exchange &exchange, const Error &error)
{
    const ipc::Json parameters{json_pack("{s:s}", "parameter", error.what)};
    exchange->fail_and_close("org.varlink.service.InvalidParameter", parameters);
}

void refuse_caller(const Exchange &exchange, std::string_view message)
{
    exchange->fail_and_close(ipc::name_of(ipc::Fault::not_permitted), ipc::make_message(message));
}

} // namespace jit::daemon
