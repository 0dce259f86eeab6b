#include "jit_grantd/systemd_scopes.h"

#include <cstdlib>

#include "jit_grantd/systemd_bus.h"
#include "lib/base/text.h"

namespace jit::grantd {

namespace {

std::uint64_t to_us(std::chrono::seconds time)
{
    return static_cast<std::uint64_t>(std::chrono::microseconds{time}.count());
}

// SendSIGHUP: an interactive shell takes no notice of SIGTERM, and would live until SIGKILL
// (systemd.kill(5)).
int append_scope(sd_bus_message *call, const Scopes::Scope &scope)
{
    int r =
        sd_bus_message_append(call, "(sv)", "Description", "s", "What runs under a grant of jit");
    if (r >= 0)
        r = sd_bus_message_append(call, "(sv)", "CollectMode", "s", "inactive-or-failed");
    if (r >= 0)
        r = sd_bus_message_append(call, "(sv)", "SendSIGHUP", "b", 1);
    if (r >= 0)
        r = sd_bus_message_append(call, "(sv)", "TimeoutStopUSec", "t", to_us(scope.grace));
    if (r >= 0 && scope.left)
        r = sd_bus_message_append(call, "(sv)", "RuntimeMaxUSec", "t", to_us(*scope.left));
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'r', "sv");
    if (r >= 0)
        r = sd_bus_message_append(call, "s", "PIDs");
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'v', "au");
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'a', "u");
    for (const pid_t pid : scope.pids)
        if (r >= 0)
            r = sd_bus_message_append(call, "u", static_cast<std::uint32_t>(pid));
    for (int i = 0; i < 3; ++i)
        if (r >= 0)
            r = sd_bus_message_close_container(call);
    return r;
}

} // namespace

Result<std::vector<std::string>> SystemdScopes::active()
{
    const bus::Connection bus = TRY(bus::open());
    return bus::list_active(bus.get(), "jit-run-*.scope");
}

Result<void> SystemdScopes::start(const Scope &scope)
{
    const bus::Connection bus = TRY(bus::open());
    return bus::start_transient(bus.get(), scope.name,
                                [&](sd_bus_message *call) { return append_scope(call, scope); });
}

Result<void> SystemdScopes::stop(const std::string &name)
{
    const bus::Connection bus = TRY(bus::open());
    return bus::stop_unit(bus.get(), name);
}

Result<std::string> SystemdScopes::unit_of(pid_t pid)
{
    const bus::Connection bus = TRY(bus::open());
    bus::Fault fault;
    sd_bus_message *raw = nullptr;
    int r =
        sd_bus_call_method(bus.get(), bus::destination, bus::manager_path, bus::manager,
                           "GetUnitByPID", fault.get(), &raw, "u", static_cast<std::uint32_t>(pid));
    const bus::Message reply{raw};
    if (r < 0 && (fault.is("org.freedesktop.systemd1.NoUnitForPID") || r == -ESRCH))
        return Error{Code::not_found, "the process is in no unit"};
    const char *path = nullptr;
    if (r < 0 || (r = sd_bus_message_read(reply.get(), "o", &path)) < 0)
        return Error{Code::unavailable, "systemd does not tell of a process", -r};
    char *name = nullptr;
    bus::Fault other;
    r = sd_bus_get_property_string(bus.get(), bus::destination, path,
                                   "org.freedesktop.systemd1.Unit", "Id", other.get(), &name);
    if (r < 0)
        return Error{Code::unavailable, "systemd does not tell of a process", -r};
    std::string text{name};
    free(name);
    return text;
}

// GetUnitProcesses(unit): the cgroup, the pid, the command line of each.
Result<std::vector<pid_t>> SystemdScopes::processes_of(const std::string &unit)
{
    const bus::Connection bus = TRY(bus::open());
    bus::Fault fault;
    sd_bus_message *raw = nullptr;
    int r = sd_bus_call_method(bus.get(), bus::destination, bus::manager_path, bus::manager,
                               "GetUnitProcesses", fault.get(), &raw, "s", unit.c_str());
    const bus::Message reply{raw};
    std::vector<pid_t> pids;
    if (r < 0 && fault.is(bus::no_such_unit))
        return pids;
    if (r >= 0)
        r = sd_bus_message_enter_container(reply.get(), 'a', "(sus)");
    const char *group = nullptr;
    const char *command = nullptr;
    std::uint32_t pid = 0;
    while (r >= 0 && (r = sd_bus_message_read(reply.get(), "(sus)", &group, &pid, &command)) > 0)
        pids.push_back(static_cast<pid_t>(pid));
    if (r < 0)
        return Error{Code::unavailable, "systemd does not list the processes of a unit", -r};
    return pids;
}

Result<void> SystemdScopes::tell(const std::string &id)
{
    if (!is_id(id))
        return Error{Code::internal, "not an id"};
    const bus::Connection bus = TRY(bus::open());
    return bus::start_unit(bus.get(), "jit-tell@" + id + ".service");
}

} // namespace jit::grantd
