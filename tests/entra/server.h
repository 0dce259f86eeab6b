// The HTTP servers: Microsoft's host names over TLS, the control endpoint, a machine's own
// endpoints.
#pragma once

#include <memory>
#include <string>

#include "tests/entra/world.h"

namespace httplib {
class Server;
}

namespace jit::entra {

struct Address {
    std::string host;
    int port = 0;
};

// "127.0.0.1:443"; false where it is not of that shape.
bool parse_address(const std::string &text, Address &address);

class Server
{
  public:
    Server();
    ~Server();

    // Binds and listens; connections are answered once run() is called. False: `fault` says why.
    // The world must outlive the server.
    bool open_provider(World &world, const Address &address, const std::string &chain_file,
                       const std::string &key_file, std::string &fault);
    bool open_control(World &world, const Address &address, std::string &fault);
    // A machine's own endpoint, over plain HTTP: "imds" or "arc".
    bool open_machine(World &world, const std::string &endpoint, const Address &address,
                      std::string &fault);
    // Answers for as long as the program lives, from the calling thread.
    void run();

  private:
    bool listen(const Address &address, std::string &fault);

    std::unique_ptr<httplib::Server> http_;
};

} // namespace jit::entra
