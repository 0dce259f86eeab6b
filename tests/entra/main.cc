// entra-emulator: plays Microsoft Entra's device authorization flow for tests on one machine.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>

#include "tests/entra/client.h"
#include "tests/entra/server.h"

namespace {

using namespace jit::entra;

constexpr const char *usage =
    "usage: entra-emulator --config users.toml --cert chain.pem --key key.pem\n"
    "                      [--listen 127.0.0.1:443] [--control 127.0.0.1:8444]\n"
    "                      [--imds ADDRESS:PORT] [--arc ADDRESS:PORT --arc-keys DIR]\n"
    "       entra-emulator [--control 127.0.0.1:8444] --do VERB [name=value]...\n"
    "\n"
    "The first form serves until SIGTERM; the second asks a running one and prints its reply:\n"
    "  approve code=latest user=alice@contoso.com [wait=30]   decline, block, consent, unassigned\n"
    "  fail code=latest error=NAME [aadsts=NUMBER] [claims=JSON] [suberror=NAME]\n"
    "  fault endpoint=NAME kind=KIND [count=N] [code=CODE] [user=NAME]\n"
    "  lifetime [code_lifetime=S] [interval=S] [slow_down_early=true|false] [access_token=S]\n"
    "  rotate [keep_old=true|false]                           state, secrets, reset, quit\n"
    "  pim_activate, pim_deactivate, pim_extend, pim_revoke, pim_assign, pim_approve, pim_deny,\n"
    "  pim_status, pim_eligible, pim_group, pim_settings, pim_state; register, identity\n"
    "The DIR is a folder of the machine that asks; it says it as /var/opt/azcmagent/tokens.\n";

struct Arguments {
    std::string config;
    std::string cert;
    std::string key;
    std::string listen = "127.0.0.1:443";
    std::string control = "127.0.0.1:8444";
    std::string imds;
    std::string arc;
    std::string arc_keys;
    std::string verb;
    std::vector<std::string> fields;
    bool help = false;
};

bool parse_arguments(int argc, char **argv, Arguments &arguments)
{
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--help" || name == "-h") {
            arguments.help = true;
            continue;
        }
        std::string *value = name == "--config"     ? &arguments.config
                             : name == "--cert"     ? &arguments.cert
                             : name == "--key"      ? &arguments.key
                             : name == "--listen"   ? &arguments.listen
                             : name == "--control"  ? &arguments.control
                             : name == "--imds"     ? &arguments.imds
                             : name == "--arc"      ? &arguments.arc
                             : name == "--arc-keys" ? &arguments.arc_keys
                             : name == "--do"       ? &arguments.verb
                                                    : nullptr;
        if (value != nullptr && i + 1 < argc)
            *value = argv[++i];
        else if (value == nullptr && !arguments.verb.empty() && !name.starts_with('-'))
            arguments.fields.emplace_back(name);
        else
            return false;
    }
    return true;
}

int complain(const std::string &what)
{
    std::fprintf(stderr, "entra-emulator: %s\n", what.c_str());
    return 1;
}

// The files that the configuration names.
bool register_certificates(World &world, std::string &fault)
{
    for (const App &app : world.config.apps) {
        std::ifstream file{app.certificate};
        const std::string pem{std::istreambuf_iterator<char>{file}, {}};
        if (!app.certificate.empty() && !world.host_credentials.add(app.client_id, pem, false)) {
            fault = app.certificate + " is no certificate in PEM";
            return false;
        }
    }
    return true;
}

// The machine's own endpoints, those that are asked for.
bool open_machine(World &world, const char *endpoint, const std::string &text, std::string &fault)
{
    if (text.empty())
        return true;
    Address address;
    if (!parse_address(text, address)) {
        fault = text + " is not ADDRESS:PORT";
        return false;
    }
    static std::vector<std::unique_ptr<Server>> servers; // they live as long as the program
    Server &server = *servers.emplace_back(std::make_unique<Server>());
    if (!server.open_machine(world, endpoint, address, fault))
        return false;
    std::thread{[&server] { server.run(); }}.detach();
    return true;
}

int serve(const Arguments &arguments, const Address &provider_address,
          const Address &control_address)
{
    std::string fault;
    std::optional<Config> config = read_config(arguments.config, fault);
    if (!config)
        return complain(arguments.config + ": " + fault);

    // Before any thread is made, so that the signals come to sigwait() below and nowhere else.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    static World world; // outlives the threads that are not waited for
    world.config = *std::move(config);
    world.restore_pace();
    world.restore_directory();
    world.arc_keys.set_folders(arguments.arc_keys, "/var/opt/azcmagent/tokens");
    if (!register_certificates(world, fault))
        return complain(fault);
    if (provider_address.port != 443)
        world.port = ":" + std::to_string(provider_address.port);
    if (const auto made = world.keys.make(world.config.tenant); !made)
        return complain(made.error().what);

    static Server provider;
    static Server control;
    if (!provider.open_provider(world, provider_address, arguments.cert, arguments.key, fault) ||
        !control.open_control(world, control_address, fault) ||
        !open_machine(world, "imds", arguments.imds, fault) ||
        !open_machine(world, "arc", arguments.arc, fault))
        return complain(fault);
    std::thread{[] { provider.run(); }}.detach();
    std::thread{[] { control.run(); }}.detach();
    std::printf("entra-emulator: ready, provider on %s, control on %s, tenant %s\n",
                arguments.listen.c_str(), arguments.control.c_str(), world.config.tenant.c_str());
    std::fflush(stdout);

    int received = 0;
    (void)sigwait(&signals, &received);
    // A moment for the reply to /control/quit; replies that hang are not waited for.
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    std::fflush(stdout);
    std::_Exit(0);
}

} // namespace

int main(int argc, char **argv)
{
    Arguments arguments;
    const bool understood = parse_arguments(argc, argv, arguments);
    if (understood && arguments.help) {
        std::fputs(usage, stdout);
        return 0;
    }
    Address provider;
    Address control;
    const bool is_client = !arguments.verb.empty();
    if (!understood || !parse_address(arguments.listen, provider) ||
        !parse_address(arguments.control, control) ||
        (!is_client &&
         (arguments.config.empty() || arguments.cert.empty() || arguments.key.empty()))) {
        std::fputs(usage, stderr);
        return 2;
    }
    return is_client ? ask_control(control, arguments.verb, arguments.fields)
                     : serve(arguments, provider, control);
}
