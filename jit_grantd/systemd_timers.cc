#include "jit_grantd/systemd_timers.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <deque>
#include <systemd/sd-bus.h>

#include "lib/base/handle.h"
#include "lib/base/text.h"

namespace jit::grantd {

namespace {

using Bus = Handle<sd_bus, &sd_bus_flush_close_unref>;
using Message = Handle<sd_bus_message, &sd_bus_message_unref>;

constexpr const char *destination = "org.freedesktop.systemd1";
constexpr const char *manager_path = "/org/freedesktop/systemd1";
constexpr const char *manager = "org.freedesktop.systemd1.Manager";
constexpr const char *unit_interface = "org.freedesktop.systemd1.Unit";
constexpr std::uint64_t call_timeout_us = 10'000'000;

class BusError
{
  public:
    BusError() = default;
    BusError(const BusError &) = delete;
    BusError &operator=(const BusError &) = delete;
    ~BusError() { sd_bus_error_free(&error_); }
    sd_bus_error *get() { return &error_; }
    bool is(const char *name) const { return sd_bus_error_has_name(&error_, name) != 0; }

  private:
    sd_bus_error error_{}; // SD_BUS_ERROR_NULL, whose macro is C alone
};

std::string unit_of(const std::string &id)
{
    return "jit-expire@" + id + ".timer";
}

// The manager's own socket first, as systemctl does it: an end needs no message bus to be alive.
// It is no bus: no Hello, one peer.
Result<Bus> open_bus()
{
    sd_bus *raw = nullptr;
    if (sd_bus_new(&raw) >= 0) {
        Bus direct{raw};
        if (sd_bus_set_address(raw, "unix:path=/run/systemd/private") >= 0 &&
            sd_bus_start(raw) >= 0) {
            (void)sd_bus_set_method_call_timeout(raw, call_timeout_us);
            return direct;
        }
    }
    raw = nullptr;
    if (const int r = sd_bus_open_system(&raw); r < 0)
        return Error{Code::unavailable, "neither systemd nor the system bus answers", -r};
    Bus bus{raw};
    (void)sd_bus_set_method_call_timeout(raw, call_timeout_us);
    return bus;
}

// StartTransientUnit(name, mode, properties, auxiliary units), org.freedesktop.systemd1(5). The
// base of a monotonic timer has the name it has in a unit file.
int append_timer(sd_bus_message *call, const std::string &id, WallTime until,
                 BootTime::duration remaining)
{
    const std::string calendar = "@" + std::to_string(until.time_since_epoch().count());
    const std::string description = "End of grant " + id;
    const auto left = static_cast<std::uint64_t>(remaining.count());
    int r = sd_bus_message_append(call, "ss", unit_of(id).c_str(), "fail");
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'a', "(sv)");
    if (r >= 0)
        r = sd_bus_message_append(call, "(sv)", "Description", "s", description.c_str());
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
    if (r >= 0)
        r = sd_bus_message_close_container(call);
    if (r >= 0)
        r = sd_bus_message_append(call, "a(sa(sv))", 0);
    return r;
}

// "active", "inactive", ...; empty: there is no such unit.
Result<std::string> active_state(sd_bus *bus, const std::string &unit)
{
    BusError error;
    sd_bus_message *raw = nullptr;
    int r = sd_bus_call_method(bus, destination, manager_path, manager, "GetUnit", error.get(),
                               &raw, "s", unit.c_str());
    const Message reply{raw};
    if (r < 0 && error.is("org.freedesktop.systemd1.NoSuchUnit"))
        return std::string{};
    const char *path = nullptr;
    if (r < 0 || (r = sd_bus_message_read(reply.get(), "o", &path)) < 0)
        return Error{Code::unavailable, "systemd does not tell of the timer", -r};
    char *state = nullptr;
    BusError other;
    r = sd_bus_get_property_string(bus, destination, path, unit_interface, "ActiveState",
                                   other.get(), &state);
    if (r < 0 && other.is(SD_BUS_ERROR_UNKNOWN_OBJECT))
        return std::string{}; // collected meanwhile
    if (r < 0)
        return Error{Code::unavailable, "systemd does not tell of the timer", -r};
    std::string text{state};
    free(state);
    return text;
}

// So many may be on their way; systemd and the library have queues that end somewhere.
constexpr std::size_t max_calls_at_once = 64;

// One StopUnit, and what is answered.
class Stopping
{
  public:
    explicit Stopping(Result<void> &done) : done_(done) {}
    Stopping(const Stopping &) = delete;
    Stopping &operator=(const Stopping &) = delete;
    ~Stopping() = default;

    void ask(sd_bus *bus, const std::string &unit)
    {
        sd_bus_slot *raw = nullptr;
        const int r =
            sd_bus_call_method_async(bus, &raw, destination, manager_path, manager, "StopUnit",
                                     &Stopping::on_answer, this, "ss", unit.c_str(), "replace");
        slot_.reset(raw);
        if (r < 0)
            settle(-r);
    }
    void wait(sd_bus *bus)
    {
        while (!is_settled_) {
            int r = sd_bus_process(bus, nullptr);
            if (r == 0)
                r = sd_bus_wait(bus, call_timeout_us); // each call has its own end
            if (r < 0 && r != -EINTR)
                settle(-r);
        }
    }

  private:
    static int on_answer(sd_bus_message *reply, void *self, sd_bus_error *) noexcept
    {
        const sd_bus_error *const error = sd_bus_message_get_error(reply);
        const bool is_absent =
            sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit") != 0;
        static_cast<Stopping *>(self)->settle(
            error == nullptr || is_absent ? 0 : sd_bus_error_get_errno(error));
        return 1;
    }
    void settle(int error)
    {
        is_settled_ = true;
        if (error != 0)
            done_ = Error{Code::unavailable, "systemd does not stop the timer", error};
    }

    Result<void> &done_;
    Handle<sd_bus_slot, &sd_bus_slot_unref> slot_;
    bool is_settled_ = false;
};

} // namespace

Result<void> SystemdTimers::arm(const std::string &id, WallTime until, BootTime::duration remaining)
{
    if (!is_id(id) || remaining <= BootTime::duration::zero())
        return Error{Code::internal, "not an id, or no time left"};
    const Bus bus = TRY(open_bus());
    sd_bus_message *raw = nullptr;
    int r = sd_bus_message_new_method_call(bus.get(), &raw, destination, manager_path, manager,
                                           "StartTransientUnit");
    const Message call{raw};
    if (r >= 0)
        r = append_timer(raw, id, until, remaining);
    if (r < 0)
        return Error{Code::internal, "cannot compose the call to systemd", -r};
    BusError error;
    r = sd_bus_call(bus.get(), raw, call_timeout_us, error.get(), nullptr);
    if (r < 0)
        return Error{Code::unavailable, "systemd does not start the timer", -r};
    // The reply says that a job is queued. The timer may still be refused, say for want of
    // jit-expire@.service: look until it runs.
    for (int i = 0; i < 500; ++i) {
        const std::string state = TRY(active_state(bus.get(), unit_of(id)));
        if (state == "active")
            return {};
        if (state.empty() || state == "failed")
            break;
        const timespec pause{0, 2'000'000};
        (void)nanosleep(&pause, nullptr);
    }
    return Error{Code::unavailable,
                 "systemd did not start the timer; is jit-expire@.service there?"};
}

Result<void> SystemdTimers::rearm(const std::string &id, WallTime until,
                                  BootTime::duration remaining)
{
    TRY(disarm(id));
    // The name is free once the job is done and the unit collected: a few milliseconds.
    const Bus bus = TRY(open_bus());
    for (int i = 0; i < 500; ++i) {
        const std::string state = TRY(active_state(bus.get(), unit_of(id)));
        if (state.empty())
            break;
        const timespec pause{0, 2'000'000};
        (void)nanosleep(&pause, nullptr);
    }
    return arm(id, until, remaining);
}

Result<void> SystemdTimers::disarm(const std::string &id)
{
    return disarm_each({id}).front();
}

// Over one connection, some calls at a time: on a busy host one waits long for each answer, and
// late timers would fire meanwhile.
std::vector<Result<void>> SystemdTimers::disarm_each(const std::vector<std::string> &ids)
{
    if (ids.empty())
        return {};
    const auto bus = open_bus();
    if (!bus)
        return std::vector<Result<void>>(ids.size(), bus.error());
    std::vector<Result<void>> done(ids.size());
    for (std::size_t first = 0; first < ids.size(); first += max_calls_at_once) {
        const std::size_t end = std::min(first + max_calls_at_once, ids.size());
        std::deque<Stopping> calls;
        for (std::size_t i = first; i < end; ++i)
            if (!is_id(ids[i]))
                done[i] = Error{Code::internal, "not an id"};
            else
                calls.emplace_back(done[i]).ask(bus->get(), unit_of(ids[i]));
        for (Stopping &call : calls)
            call.wait(bus->get());
    }
    return done;
}

// ListUnitsByPatterns(states, patterns): name, description, load state, active state, ...
Result<std::vector<std::string>> SystemdTimers::armed()
{
    const Bus bus = TRY(open_bus());
    BusError error;
    sd_bus_message *raw = nullptr;
    int r = sd_bus_call_method(bus.get(), destination, manager_path, manager, "ListUnitsByPatterns",
                               error.get(), &raw, "asas", 0, 1, unit_of("*").c_str());
    const Message reply{raw};
    std::vector<std::string> ids;
    const char *unit = nullptr;
    const char *state = nullptr;
    if (r >= 0)
        r = sd_bus_message_enter_container(reply.get(), 'a', "(ssssssouso)");
    while (r >= 0 && (r = sd_bus_message_enter_container(reply.get(), 'r', "ssssssouso")) > 0) {
        r = sd_bus_message_read(reply.get(), "ssss", &unit, nullptr, nullptr, &state);
        if (r >= 0 && std::string_view{state} == "active") {
            const std::string_view name{unit};
            const std::size_t at = name.find('@') + 1;
            std::string id{name.substr(at, name.rfind('.') - at)};
            if (is_id(id)) // another's unit, by hand
                ids.push_back(std::move(id));
        }
        if (r >= 0)
            r = sd_bus_message_skip(reply.get(), "ssouso");
        if (r >= 0)
            r = sd_bus_message_exit_container(reply.get());
    }
    if (r < 0)
        return Error{Code::unavailable, "systemd does not list the timers", -r};
    return ids;
}

} // namespace jit::grantd
