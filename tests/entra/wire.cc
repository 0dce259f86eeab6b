#include "tests/entra/wire.h"

#include <cstdlib>

#include <sys/socket.h>

#include <httplib.h>

#include "tests/entra/spoil.h"

namespace jit::entra {

namespace {

constexpr std::size_t big_body_bytes = 100U << 20U;

// Ends the connection before a byte of the reply is sent.
void cut_connection(const httplib::Request &request)
{
    (void)shutdown(SSL_get_fd(request.ssl), SHUT_RDWR);
}

// The same over plain HTTP, as near as the library lets it come: a head, and no body.
void write_nothing(httplib::Response &response)
{
    response.set_content_provider(
        1, "application/json", [](std::size_t, std::size_t, httplib::DataSink &) { return false; });
}

// Says how long the body is, and sends half of it.
void write_half(const Reply &reply, httplib::Response &response)
{
    response.status = reply.status;
    const std::string half = reply.body.substr(0, reply.body.size() / 2);
    response.set_content_provider(reply.body.size(), reply.type,
                                  [half](std::size_t, std::size_t, httplib::DataSink &sink) {
                                      (void)sink.write(half.data(), half.size());
                                      return false;
                                  });
}

std::string big_piece()
{
    return std::string(std::size_t{64} << 10U, ' ');
}

void write_big_body(httplib::Response &response)
{
    response.set_content_provider(
        big_body_bytes, "application/json",
        [piece = big_piece()](std::size_t, std::size_t left, httplib::DataSink &sink) {
            return sink.write(piece.data(), std::min(left, piece.size()));
        });
}

// Compressed by the library for a client that says it accepts that: then a bomb as well.
void write_endless_body(httplib::Response &response)
{
    response.set_chunked_content_provider(
        "application/json", [piece = big_piece()](std::size_t, httplib::DataSink &sink) {
            return sink.write(piece.data(), piece.size());
        });
}

} // namespace

void write_reply(const Reply &reply, httplib::Response &response)
{
    response.status = reply.status;
    for (const auto &[name, value] : reply.headers)
        response.set_header(name, value);
    response.set_content(reply.body, reply.type);
}

void answer_with_faults(World &world, const Asked &asked, const httplib::Request &request,
                        httplib::Response &response, const std::function<void()> &set_headers,
                        const std::function<Reply(const std::optional<Kind> &)> &answer)
{
    const auto fault = world.faults.take(asked.endpoint, asked.user_code, asked.user_oid);
    const std::string kind = fault ? fault->name : "";
    if (kind == "close")
        return request.ssl != nullptr ? cut_connection(request) : write_nothing(response);
    if (kind == "hang")
        world.faults.hang(std::chrono::seconds{std::strtol(fault->first.c_str(), nullptr, 10)});
    set_headers();
    if (kind == "bigbody")
        return write_big_body(response);
    if (kind == "endless")
        return write_endless_body(response);

    std::optional<Reply> reply;
    if (fault)
        reply = reply_instead(world, asked.correlation_id, *fault);
    if (!reply)
        reply = answer(fault);
    if (fault)
        spoil_reply(*reply, *fault);
    if (kind == "truncated")
        return write_half(*reply, response);
    write_reply(*reply, response);
}

} // namespace jit::entra
