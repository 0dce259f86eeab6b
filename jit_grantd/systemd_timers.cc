#include "jit_grantd/systemd_timers.h"

#include "jit_grantd/systemd_bus.h"
#include "lib/base/text.h"

namespace jit::grantd {

namespace {

std::string unit_of(const std::string &id)
{
    return "jit-expire@" + id + ".timer";
}

// The base of a monotonic timer has the name it has in a unit file.
int append_timer(sd_bus_message *call, const std::string &id, WallTime until,
                 BootTime::duration remaining)
{
    const std::string calendar = "@" + std::to_string(until.time_since_epoch().count());
    const std::string description = "End of grant " + id;
    const auto left = static_cast<std::uint64_t>(remaining.count());
    int r = sd_bus_message_append(call, "(sv)", "Description", "s", description.c_str());
    if (r >= 0)
        r = sd_bus_message_append(call, "(sv)", "CollectMode", "s", "inactive-or-failed");
    if (r >= 0)
        r = sd_bus_message_append(call, "(sv)", "TimersCalendar", "a(ss)", 1, "OnCalendar",
                                  calendar.c_str());
    if (r >= 0)
        r = sd_bus_message_append(call, "(sv)", "TimersMonotonic", "a(st)", 1, "OnActiveSec", left);
    if (r >= 0)
        r = sd_bus_message_append(call, "(sv)", "AccuracyUSec", "t", std::uint64_t{50'000});
    if (r >= 0)
        r = sd_bus_message_append(call, "(sv)", "RemainAfterElapse", "b", 0);
    return r;
}

} // namespace

Result<void> SystemdTimers::arm(const std::string &id, WallTime until, BootTime::duration remaining)
{
    if (!is_id(id) || remaining <= BootTime::duration::zero())
        return Error{Code::internal, "not an id, or no time left"};
    const bus::Connection bus = TRY(bus::open());
    const auto started = bus::start_transient(bus.get(), unit_of(id), [&](sd_bus_message *call) {
        return append_timer(call, id, until, remaining);
    });
    // It may be refused, say for want of jit-expire@.service.
    if (!started && started.error().sys == 0)
        return Error{Code::unavailable,
                     "systemd did not start the timer; is jit-expire@.service there?"};
    return started;
}

Result<void> SystemdTimers::rearm(const std::string &id, WallTime until,
                                  BootTime::duration remaining)
{
    TRY(disarm(id));
    // The name is free once the job is done and the unit collected: a few milliseconds.
    const bus::Connection bus = TRY(bus::open());
    TRY(bus::await_gone(bus.get(), unit_of(id)));
    return arm(id, until, remaining);
}

Result<void> SystemdTimers::disarm(const std::string &id)
{
    return disarm_each({id}).front();
}

// Over one connection; each call is answered before the next one, which keeps systemd's queue
// short.
std::vector<Result<void>> SystemdTimers::disarm_each(const std::vector<std::string> &ids)
{
    if (ids.empty())
        return {};
    const auto bus = bus::open();
    if (!bus)
        return std::vector<Result<void>>(ids.size(), bus.error());
    std::vector<Result<void>> done;
    for (const std::string &id : ids)
        done.push_back(is_id(id) ? bus::stop_unit(bus->get(), unit_of(id))
                                 : Result<void>{Error{Code::internal, "not an id"}});
    return done;
}

Result<std::vector<std::string>> SystemdTimers::armed()
{
    const bus::Connection bus = TRY(bus::open());
    std::vector<std::string> ids;
    for (const std::string &name : TRY(bus::list_active(bus.get(), unit_of("*")))) {
        const std::size_t at = name.find('@') + 1;
        std::string id = name.substr(at, name.rfind('.') - at);
        if (is_id(id)) // another's unit, by hand
            ids.push_back(std::move(id));
    }
    return ids;
}

} // namespace jit::grantd
