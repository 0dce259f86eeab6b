#include "tests/entra/server.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include <sys/socket.h>
#include <unistd.h>

#include <httplib.h>

#include "lib/base/text.h"
#include "tests/entra/control.h"
#include "tests/entra/provider.h"

namespace jit::entra {

namespace {

// A connection that is kept open holds a thread, and so does a reply that hangs on purpose.
constexpr std::size_t threads = 96;

// The library would share the port with another emulator, and each would get half the requests.
void set_socket_options(int socket)
{
    const int on = 1;
    (void)setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

void answer_control_request(World &world, const httplib::Request &request,
                            httplib::Response &response)
{
    constexpr std::string_view prefix = "/control/";
    const std::string_view path = request.path;
    const bool is_ours = path.substr(0, prefix.size()) == prefix;
    Form form = parse_control_body(request.body);
    for (const auto &[name, value] : request.params) // a query; a form's fields come here as well
        form.fields.emplace(name, value);
    bool quit = false;
    const Reply reply = answer_control(
        world, is_ours ? std::string{path.substr(prefix.size())} : std::string{}, form, quit);
    response.status = reply.status;
    response.set_content(reply.body, "application/json");
    if (quit)
        (void)kill(getpid(), SIGTERM);
}

} // namespace

bool parse_address(const std::string &text, Address &address)
{
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0)
        return false;
    address.host = text.substr(0, colon);
    const char *end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data() + colon + 1, end, address.port);
    return fault == std::errc{} && stop == end && address.port > 0 && address.port < 65536;
}

Server::Server() = default;
Server::~Server() = default;

bool Server::listen(const Address &address, std::string &fault)
{
    http_->set_tcp_nodelay(true); // otherwise each request takes 40 ms
    http_->set_keep_alive_max_count(10000);
    http_->set_socket_options(set_socket_options);
    http_->new_task_queue = [] { return new httplib::ThreadPool(threads); };
    errno = 0;
    if (http_->bind_to_port(address.host, address.port))
        return true;
    fault = "cannot listen on " + address.host + ":" + std::to_string(address.port) + ": " +
            (errno == 0 ? "no such address" : std::strerror(errno));
    return false;
}

bool Server::open_provider(World &world, const Address &address, const std::string &chain_file,
                           const std::string &key_file, std::string &fault)
{
    for (const std::string &file : {chain_file, key_file}) {
        if (access(file.c_str(), R_OK) != 0) {
            fault = file + ": " + std::strerror(errno);
            return false;
        }
    }
    http_ = std::make_unique<httplib::SSLServer>(chain_file.c_str(), key_file.c_str());
    if (!http_->is_valid()) {
        fault = "certificate and key cannot be used: " + chain_file + ", " + key_file;
        return false;
    }
    const auto answer = [&world](const httplib::Request &request, httplib::Response &response) {
        answer_provider_request(world, request, response);
    };
    http_->Get(".*", answer);
    http_->Post(".*", answer);
    http_->Put(".*", answer);
    http_->Patch(".*", answer);
    http_->Delete(".*", answer);
    return listen(address, fault);
}

bool Server::open_control(World &world, const Address &address, std::string &fault)
{
    http_ = std::make_unique<httplib::Server>();
    const auto answer = [&world](const httplib::Request &request, httplib::Response &response) {
        answer_control_request(world, request, response);
    };
    http_->Get("/control/state", answer); // the one verb that changes nothing
    http_->Post(".*", answer);
    return listen(address, fault);
}

bool Server::open_machine(World &world, const std::string &endpoint, const Address &address,
                          std::string &fault)
{
    http_ = std::make_unique<httplib::Server>();
    const auto answer = [&world, endpoint](const httplib::Request &request,
                                           httplib::Response &response) {
        answer_machine_request(world, endpoint, request, response);
    };
    http_->Get(".*", answer);
    http_->Post(".*", answer);
    return listen(address, fault);
}

void Server::run()
{
    (void)http_->listen_after_bind(); // comes back only where the socket itself broke
}

} // namespace jit::entra
