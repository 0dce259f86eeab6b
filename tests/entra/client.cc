#include "tests/entra/client.h"

#include <cstdio>

#include <httplib.h>

namespace jit::entra {

int ask_control(const Address &address, const std::string &verb,
                const std::vector<std::string> &fields)
{
    httplib::Params params;
    for (const std::string &field : fields) {
        const std::size_t equals = field.find('=');
        if (equals == std::string::npos || equals == 0) {
            std::fprintf(stderr, "entra-emulator: not name=value: %s\n", field.c_str());
            return 2;
        }
        params.emplace(field.substr(0, equals), field.substr(equals + 1));
    }
    httplib::Client client{address.host, address.port};
    client.set_connection_timeout(5);
    client.set_read_timeout(610); // a verb may wait for ten minutes
    client.set_tcp_nodelay(true);
    const httplib::Result result = client.Post("/control/" + verb, params);
    if (!result) {
        std::fprintf(stderr, "entra-emulator: nobody answers at %s:%d (%s)\n", address.host.c_str(),
                     address.port, httplib::to_string(result.error()).c_str());
        return 3;
    }
    std::fputs(result->body.c_str(), stdout);
    return result->status == 200 ? 0 : 1;
}

} // namespace jit::entra
