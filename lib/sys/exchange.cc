#include "lib/sys/exchange.h"

#include <utility>

namespace jit::sys {

void Exchange::reply_and_continue(const ipc::Json &parameters)
{
    if (!connection_)
        return;
    const auto text = ipc::encode_reply(parameters.get(), true);
    if (text)
        connection_->send(*text);
}

void Exchange::reply(const ipc::Json &parameters)
{
    answer(ipc::encode_reply(parameters.get(), false), false);
}

void Exchange::reply_and_close(const ipc::Json &parameters)
{
    answer(ipc::encode_reply(parameters.get(), false), true);
}

void Exchange::fail(std::string_view error, std::string_view message)
{
    answer(ipc::encode_error(error, ipc::make_message(message).get()), false);
}

void Exchange::fail_and_close(std::string_view error, const ipc::Json &parameters)
{
    answer(ipc::encode_error(error, parameters.get()), true);
}

void Exchange::answer(Result<std::string> text, bool close)
{
    Connection *const connection = std::exchange(connection_, nullptr);
    gone_ = nullptr;
    if (!connection)
        return;
    if (text && !is_oneway_)
        connection->send(*text);
    if (!text || close)
        connection->finish();
    else
        connection->set_reading(true);
}

void Exchange::forget_question()
{
    call_ = {};
}

void Exchange::caller_has_gone()
{
    connection_ = nullptr;
    if (const auto gone = std::exchange(gone_, nullptr))
        gone();
}

} // namespace jit::sys
