#include "lib/sys/varlink_server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/text.h"

namespace jit::sys {

namespace {

constexpr std::string_view service_interface = "org.varlink.service";

// https://varlink.org/Service
constexpr const char *service_interface_text = R"(# What a Varlink service tells about itself.
interface org.varlink.service

method GetInfo() -> (
  vendor: string,
  product: string,
  version: string,
  url: string,
  interfaces: []string
)

method GetInterfaceDescription(interface: string) -> (description: string)

error InterfaceNotFound (interface: string)
error MethodNotFound (method: string)
error MethodNotImplemented (method: string)
error InvalidParameter (parameter: string)
error PermissionDenied ()
error ExpectedMore ()
)";

ipc::Json make_text_member(const char *member, std::string_view text)
{
    ipc::Json object{json_object()};
    const std::string safe = safe_text(text, 256);
    if (!object || json_object_set_new(object.get(), member, json_string(safe.c_str())) != 0)
        return nullptr;
    return object;
}

std::string_view interface_of(std::string_view method)
{
    const std::size_t dot = method.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : method.substr(0, dot);
}

} // namespace

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
    if (text && !call_.oneway)
        connection->send(*text);
    if (!text || close)
        connection->finish();
    else
        connection->set_reading(true);
}

void Exchange::caller_has_gone()
{
    connection_ = nullptr;
    if (const auto gone = std::exchange(gone_, nullptr))
        gone();
}

VarlinkServer::VarlinkServer(sd_event *loop, Fd listening, Description description, Limits limits,
                             Handler handler)
    : loop_(loop), listening_(std::move(listening)), description_(std::move(description)),
      limits_(limits), handler_(std::move(handler))
{
}

Result<std::unique_ptr<VarlinkServer>> VarlinkServer::make(sd_event *loop, Fd listening,
                                                           Description description, Limits limits,
                                                           Handler handler)
{
    std::unique_ptr<VarlinkServer> made{new VarlinkServer(
        loop, std::move(listening), std::move(description), limits, std::move(handler))};
    VarlinkServer *const self = made.get();
    // systemd hands over a blocking socket (NonBlocking= in systemd.service(5)), on which the last
    // accept of a round would wait.
    const int flags = fcntl(self->listening_.get(), F_GETFL);
    if (flags < 0 || fcntl(self->listening_.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return Error{Code::internal, "the listening socket can't be made non-blocking", errno};
    made->watch_ = TRY(Watch::make(loop, self->listening_.get(), EPOLLIN,
                                   [self](std::uint32_t) { self->accept_some(); }));
    made->accept_again_ = TRY(Timer::make(loop, [self] { self->watch_->set_events(EPOLLIN); }));
    made->burial_ = TRY(Timer::make(loop, [self] { self->bury(); }));
    return made;
}

void VarlinkServer::accept_some()
{
    bury();
    // A few at a time, so that a flood of connections does not starve those that are open.
    for (int i = 0; i < 16; ++i) {
        const int fd = accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                // The socket stays readable: without a pause the loop would spin.
                watch_->set_events(0);
                accept_again_->set(boot_time() + std::chrono::milliseconds{100});
            }
            return;
        }
        admit(Fd{fd});
    }
}

bool VarlinkServer::has_room_for(const Peer &peer) const
{
    if (peer.uid == 0)
        return clients_.size() < limits_.connections;
    const auto same = std::count_if(clients_.begin(), clients_.end(), [&](const auto &entry) {
        return entry.second.peer.uid == peer.uid;
    });
    return clients_.size() + limits_.connections_for_root < limits_.connections &&
           static_cast<std::size_t>(same) < limits_.connections_of_one_user;
}

void VarlinkServer::admit(Fd socket)
{
    const auto peer = read_peer(socket.get());
    if (!peer)
        return;
    if (!has_room_for(*peer)) {
        const auto text = ipc::encode_error(
            description_.interface_name + ".TooMany",
            ipc::make_message("too many connections are open; close some and try again").get());
        if (text)
            (void)::send(socket.get(), text->data(), text->size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return;
    }
    const unsigned long id = next_id_++;
    auto connection =
        Connection::make(loop_, std::move(socket),
                         {[this, id](std::string frame) { on_frame(id, std::move(frame)); },
                          [this, id](Error why) { on_closed(id, why); }},
                         limits_.patience);
    if (connection)
        clients_.emplace(id, Client{*peer, *std::move(connection), nullptr});
}

void VarlinkServer::on_frame(unsigned long id, std::string frame)
{
    Client &client = clients_.at(id);
    auto call = ipc::decode_call(frame);
    const bool decoded = call.has_value();
    auto exchange = std::make_shared<Exchange>(client.connection.get(), client.peer,
                                               decoded ? *std::move(call) : ipc::Call{});
    client.exchange = exchange;
    client.connection->set_reading(false);

    const std::string_view interface = interface_of(exchange->call().method);
    if (!decoded)
        exchange->fail_and_close(description_.interface_name + ".BadMessage",
                                 ipc::make_message(call.error().what));
    else if (interface == service_interface)
        answer_service(*exchange);
    else if (interface == description_.interface_name)
        handler_(exchange);
    else
        exchange->fail_and_close("org.varlink.service.InterfaceNotFound",
                                 make_text_member("interface", interface));
}

void VarlinkServer::on_closed(unsigned long id, Error why)
{
    Client &client = clients_.at(id);
    if (client.exchange)
        client.exchange->caller_has_gone();
    if (why.code != Code::unavailable) {
        const auto text = ipc::encode_error(description_.interface_name + ".BadMessage",
                                            ipc::make_message(why.what).get());
        if (text)
            client.connection->send(*text);
        client.connection->finish();
    }
    burial_->set(BootTime{});
}

void VarlinkServer::bury()
{
    const auto gone = std::erase_if(
        clients_, [](const auto &entry) { return !entry.second.connection->is_open(); });
    if (gone > 0 && clients_.empty() && idle_)
        idle_();
}

void VarlinkServer::answer_service(Exchange &exchange)
{
    const std::string &method = exchange.call().method;
    if (method == "org.varlink.service.GetInfo") {
        exchange.reply(ipc::Json{json_pack("{s:s,s:s,s:s,s:s,s:[s,s]}", "vendor", "jit", "product",
                                           description_.product.c_str(), "version", JIT_VERSION,
                                           "url", "man:jit(7)", "interfaces", "org.varlink.service",
                                           description_.interface_name.c_str())});
    } else if (method == "org.varlink.service.GetInterfaceDescription") {
        const json_t *const wanted = json_object_get(exchange.call().parameters.get(), "interface");
        const std::string name = json_is_string(wanted) ? json_string_value(wanted) : "";
        if (name == description_.interface_name || name == service_interface)
            exchange.reply(ipc::Json{json_pack(
                "{s:s}", "description",
                name == service_interface ? service_interface_text : description_.interface_text)});
        else
            exchange.fail_and_close("org.varlink.service.InterfaceNotFound",
                                    make_text_member("interface", name));
    } else {
        exchange.fail_and_close("org.varlink.service.MethodNotFound",
                                make_text_member("method", method));
    }
}

} // namespace jit::sys
