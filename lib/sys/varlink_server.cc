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

// Connections that are accepted in one turn, so that a flood of them does not starve those that are
// open; and how long users then wait for the next: some 5000 a second, which take about a twentieth
// of a processor, and half a second for a queue of 2048 to pass.
constexpr int accepted_in_a_turn = 64;
constexpr std::chrono::milliseconds between_turns{10};
constexpr std::chrono::milliseconds out_of_descriptors{100};
// Sockets that wait for their last close, past which users are not served: no child can be made.
constexpr std::size_t most_unburied = 1024;

std::string_view interface_of(std::string_view method)
{
    const std::size_t dot = method.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : method.substr(0, dot);
}

} // namespace

VarlinkServer::VarlinkServer(sd_event *loop, Description description, Limits limits,
                             Handler handler)
    : loop_(loop), description_(std::move(description)), limits_(limits),
      handler_(std::move(handler)),
      shares_({limits.connections_of_one_user, limits.work_at_once, limits.work_a_second})
{
}

Result<std::unique_ptr<VarlinkServer>> VarlinkServer::make(sd_event *loop, Fd listening,
                                                           Description description, Limits limits,
                                                           Handler handler)
{
    std::unique_ptr<VarlinkServer> made{
        new VarlinkServer(loop, std::move(description), limits, std::move(handler))};
    VarlinkServer *const self = made.get();
    made->too_many_ = TRY(ipc::encode_error(
        made->description_.interface_name + ".TooMany",
        ipc::make_message("too many connections are open; close some and try again").get()));
    made->release_ = TRY(Timer::make(loop, [self] { self->release_some(); }));
    made->burial_ = TRY(Timer::make(loop, [self] { self->bury(); }));
    made->graveyard_ = TRY(Graveyard::make(loop));
    TRY(made->listen(std::move(listening), false));
    return made;
}

Result<void> VarlinkServer::listen_for_root(Fd listening)
{
    return listen(std::move(listening), true);
}

Result<void> VarlinkServer::listen(Fd listening, bool is_for_root)
{
    // systemd hands over a blocking socket (NonBlocking= in systemd.service(5)), on which the last
    // accept of a round would wait.
    const int flags = fcntl(listening.get(), F_GETFL);
    if (flags < 0 || fcntl(listening.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return Error{Code::internal, "the listening socket can't be made non-blocking", errno};
    auto made = std::make_unique<Listener>();
    Listener *const listener = made.get();
    listener->socket = std::move(listening);
    listener->is_for_root = is_for_root;
    listener->watch = TRY(Watch::make(
        loop_, listener->socket.get(), EPOLLIN,
        [this, listener](std::uint32_t) { accept_some(*listener); },
        is_for_root ? Turn::first : Turn::last));
    listener->again = TRY(Timer::make(loop_, [listener] { listener->watch->set_events(EPOLLIN); }));
    listeners_.push_back(std::move(made));
    return {};
}

void VarlinkServer::accept_some(Listener &listener)
{
    bury();
    const auto pause = [&](std::chrono::milliseconds length) {
        listener.watch->set_events(0);
        listener.again->set(boot_time() + length);
    };
    for (int i = 0; i < accepted_in_a_turn; ++i) {
        const int fd =
            accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            // The socket stays readable: without a pause the loop would spin.
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
                pause(out_of_descriptors);
            return;
        }
        admit(Fd{fd}, listener);
    }
    // More than that at once is a flood: its pace is ours, not that of who makes it.
    if (!listener.is_for_root)
        pause(between_turns);
}

bool VarlinkServer::has_room_for(const Peer &peer) const
{
    if (peer.uid == 0)
        return clients_.size() < limits_.connections;
    return clients_.size() < limits_.connections && shares_.may_connect(peer.uid) &&
           shares_.connections() + limits_.connections_for_root < limits_.connections &&
           graveyard_->size() < most_unburied;
}

void VarlinkServer::admit(Fd socket, const Listener &listener)
{
    const auto peer = read_peer(socket.get());
    const bool is_root = peer && peer->uid == 0;
    if (!peer || (listener.is_for_root && !is_root) || !has_room_for(*peer)) {
        if (peer)
            (void)::send(socket.get(), too_many_.data(), too_many_.size(),
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        graveyard_->take(std::move(socket));
        return;
    }
    if (is_root)
        return begin(std::move(socket), *peer);
    const auto before = thread_time();
    // Who has left without a word needs no place.
    char byte = 0;
    if (recv(socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
        graveyard_->take(std::move(socket));
    else
        begin(std::move(socket), *peer);
    charge(peer->uid, thread_time() - before);
}

void VarlinkServer::begin(Fd socket, const Peer &peer)
{
    const bool is_root = peer.uid == 0;
    const unsigned long id = next_id_++;
    Connection::Handlers handlers;
    handlers.frame = [this, id](const std::string &frame) { on_frame(id, frame); };
    handlers.closed = [this, id](Error why) { on_closed(id, why); };
    if (!is_root)
        handlers.worked = [this, uid = peer.uid](std::chrono::microseconds work) {
            charge(uid, work);
        };
    auto connection =
        is_root ? Connection::make_unwatched(loop_, std::move(socket), std::move(handlers),
                                             {limits_.patience, Turn::first, nullptr})
                : Connection::make(loop_, std::move(socket), std::move(handlers),
                                   {limits_.patience, Turn::last, graveyard_.get()});
    if (!connection)
        return;
    Client &client =
        clients_.emplace(id, Client{peer, *std::move(connection), nullptr}).first->second;
    if (!is_root) {
        shares_.add_connection(peer.uid);
        of_users_.emplace(peer.uid, id);
        return;
    }
    // sudo's question has come with its connection, and with the answer all is over.
    beginning_ = id;
    client.connection->begin();
    beginning_ = 0;
    if (!client.connection->is_open())
        bury();
}

void VarlinkServer::charge(uid_t uid, Shares::Work work)
{
    const bool owes_too_much = shares_.charge(uid, work, boot_time());
    if (!shares_.is_held(uid) &&
        (owes_too_much || unread_of(uid) > limits_.unread_bytes_of_one_user))
        hold(uid, true);
    if (!release_->is_set())
        release_->set(boot_time() + between_turns);
}

void VarlinkServer::charge_fault(const Peer &peer)
{
    if (peer.uid != 0)
        charge(peer.uid, limits_.work_of_a_fault);
}

std::size_t VarlinkServer::unread_of(uid_t uid) const
{
    std::size_t bytes = 0;
    const auto [begin, end] = of_users_.equal_range(uid);
    for (auto one = begin; one != end; ++one)
        bytes += clients_.at(one->second).connection->queued_bytes();
    return bytes;
}

void VarlinkServer::hold(uid_t uid, bool held)
{
    shares_.set_held(uid, held);
    const auto [begin, end] = of_users_.equal_range(uid);
    for (auto one = begin; one != end; ++one)
        clients_.at(one->second).connection->set_held(held);
}

void VarlinkServer::release_some()
{
    const BootTime now = boot_time();
    for (const uid_t uid : shares_.held())
        if (shares_.has_paid(uid, now) && unread_of(uid) <= limits_.unread_bytes_of_one_user)
            hold(uid, false);
    if (shares_.forget(now) || !shares_.held().empty())
        release_->set(now + between_turns);
}

void VarlinkServer::on_frame(unsigned long id, const std::string &frame)
{
    Client &client = clients_.at(id);
    auto call = ipc::decode_call(frame);
    const bool decoded = call.has_value();
    const char *const wrong = decoded ? "" : call.error().what;
    auto exchange = std::make_shared<Exchange>(client.connection.get(), client.peer,
                                               decoded ? *std::move(call) : ipc::Call{});
    client.exchange = exchange;
    client.connection->set_reading(false);

    if (!decoded)
        charge_fault(client.peer);
    const std::string_view interface = interface_of(exchange->call().method);
    if (!decoded)
        exchange->fail_and_close(description_.interface_name + ".BadMessage",
                                 ipc::make_message(wrong));
    else if (interface == service_interface)
        answer_service(*exchange);
    else if (interface == description_.interface_name)
        handler_(exchange);
    else
        exchange->fail_and_close("org.varlink.service.InterfaceNotFound",
                                 make_text_member("interface", interface));
    exchange->forget_question();
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
        charge_fault(client.peer);
    }
    ended_.push_back(id);
    if (id != beginning_)
        burial_->set(BootTime{});
}

void VarlinkServer::forget(std::map<unsigned long, Client>::iterator client)
{
    if (const uid_t uid = client->second.peer.uid; uid != 0) {
        shares_.remove_connection(uid);
        auto one = of_users_.lower_bound(uid);
        while (one->second != client->first)
            ++one;
        of_users_.erase(one);
    }
    clients_.erase(client);
}

void VarlinkServer::bury()
{
    std::size_t users_gone = 0;
    std::size_t gone = 0;
    // One whose last words are still to be sent stays; it may stand here twice.
    std::erase_if(ended_, [&](unsigned long id) {
        const auto client = clients_.find(id);
        if (client == clients_.end())
            return true;
        if (client->second.connection->is_open())
            return false;
        users_gone += client->second.peer.uid != 0;
        ++gone;
        forget(client);
        return true;
    });
    // Those of them who owe nothing are forgotten.
    if (users_gone > 0 && !release_->is_set())
        release_->set(boot_time() + between_turns);
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
