#include "jit_grantd/systemd_bus.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>

namespace jit::grantd::bus {

namespace {

constexpr const char *unit_interface = "org.freedesktop.systemd1.Unit";

// Looked at after 0.2 ms, 0.4 ms, ... and then each 2 ms: most jobs are done in one.
constexpr long first_pause_ns = 200'000;
constexpr long longest_pause_ns = 2'000'000;
constexpr int most_looks = 500;

// The word of a job's end comes by itself, but for who is told nothing.
constexpr std::chrono::seconds word_patience{1};

// "active", "inactive", ...; empty: there is no such unit.
Result<std::string> active_state(sd_bus *bus, const std::string &unit)
{
    Fault fault;
    sd_bus_message *raw = nullptr;
    int r = sd_bus_call_method(bus, destination, manager_path, manager, "GetUnit", fault.get(),
                               &raw, "s", unit.c_str());
    const Message reply{raw};
    if (r < 0 && fault.is(no_such_unit))
        return std::string{};
    const char *path = nullptr;
    if (r < 0 || (r = sd_bus_message_read(reply.get(), "o", &path)) < 0)
        return Error{Code::unavailable, "systemd does not tell of a unit", -r};
    char *state = nullptr;
    Fault other;
    r = sd_bus_get_property_string(bus, destination, path, unit_interface, "ActiveState",
                                   other.get(), &state);
    if (r < 0 && other.is(SD_BUS_ERROR_UNKNOWN_OBJECT))
        return std::string{}; // collected meanwhile
    if (r < 0)
        return Error{Code::unavailable, "systemd does not tell of a unit", -r};
    std::string text{state};
    free(state);
    return text;
}

// Looks at a unit until it is in a state that ends the wait; the last state.
template <typename IsOver>
Result<std::string> await(sd_bus *bus, const std::string &unit, IsOver is_over)
{
    std::string state;
    long pause_ns = first_pause_ns;
    for (int i = 0; i < most_looks; ++i) {
        state = TRY(active_state(bus, unit));
        if (is_over(state))
            break;
        const timespec pause{0, pause_ns};
        (void)nanosleep(&pause, nullptr);
        pause_ns = std::min(2 * pause_ns, longest_pause_ns);
    }
    return state;
}

Result<void> call_unit(sd_bus *bus, const char *method, const std::string &unit, Fault &fault)
{
    const int r = sd_bus_call_method(bus, destination, manager_path, manager, method, fault.get(),
                                     nullptr, "ss", unit.c_str(), "replace");
    if (r < 0)
        return Error{Code::unavailable, "systemd does not start or stop a unit", -r};
    return {};
}

} // namespace

// The manager's own socket first, as systemctl does it: an end needs no message bus to be alive.
// It is no bus: no Hello, one peer.
Result<Connection> open()
{
    sd_bus *raw = nullptr;
    if (sd_bus_new(&raw) >= 0) {
        Connection direct{raw};
        if (sd_bus_set_address(raw, "unix:path=/run/systemd/private") >= 0 &&
            sd_bus_start(raw) >= 0) {
            (void)sd_bus_set_method_call_timeout(raw, call_timeout_us);
            return direct;
        }
    }
    raw = nullptr;
    if (const int r = sd_bus_open_system(&raw); r < 0)
        return Error{Code::unavailable, "neither systemd nor the system bus answers", -r};
    Connection bus{raw};
    (void)sd_bus_set_method_call_timeout(raw, call_timeout_us);
    return bus;
}

// StartTransientUnit(name, mode, properties, auxiliary units), org.freedesktop.systemd1(5).
Result<void> Starting::begin(const Properties &properties)
{
    sd_bus_message *raw = nullptr;
    int r = sd_bus_message_new_method_call(bus_, &raw, destination, manager_path, manager,
                                           "StartTransientUnit");
    const Message call{raw};
    if (r >= 0)
        r = sd_bus_message_append(raw, "ss", unit_.c_str(), "fail");
    if (r >= 0)
        r = sd_bus_message_open_container(raw, 'a', "(sv)");
    if (r >= 0)
        r = properties(raw);
    if (r >= 0)
        r = sd_bus_message_close_container(raw);
    if (r >= 0)
        r = sd_bus_message_append(raw, "a(sa(sv))", 0);
    if (r < 0)
        return Error{Code::internal, "cannot compose the call to systemd", -r};
    sd_bus_slot *slot = nullptr;
    // Over the manager's own socket every signal comes, and from nobody else.
    if (sd_bus_is_bus_client(bus_) == 0) {
        r = sd_bus_add_filter(bus_, &slot, &Starting::on_message, this);
        messages_.reset(slot);
    }
    slot = nullptr;
    if (r >= 0)
        r = sd_bus_call_async(bus_, &slot, raw, &Starting::on_answer, this, call_timeout_us);
    answer_.reset(slot);
    // The call is only queued so far, and is until the connection has been agreed upon.
    if (r >= 0)
        do
            r = sd_bus_flush(bus_);
        while (r == -EINTR);
    if (r < 0)
        return Error{Code::unavailable, "systemd does not start a unit", -r};
    return {};
}

int Starting::on_answer(sd_bus_message *reply, void *self, sd_bus_error *) noexcept
{
    Starting &starting = *static_cast<Starting *>(self);
    starting.is_answered_ = true;
    starting.error_ = sd_bus_error_get_errno(sd_bus_message_get_error(reply));
    const char *job = nullptr;
    if (starting.error_ == 0 && sd_bus_message_read(reply, "o", &job) >= 0)
        starting.job_ = job;
    return 1;
}

// JobRemoved(id, job, unit, result), which comes after the answer.
int Starting::on_message(sd_bus_message *message, void *self, sd_bus_error *) noexcept
{
    Starting &starting = *static_cast<Starting *>(self);
    const char *job = nullptr;
    const char *result = nullptr;
    if (sd_bus_message_is_signal(message, manager, "JobRemoved") > 0 &&
        sd_bus_message_read(message, "uoss", nullptr, &job, nullptr, &result) >= 0 &&
        starting.job_ == job)
        starting.is_done_ = std::string_view{result} == "done";
    return 0; // others may want it
}

Result<void> Starting::await_accepted()
{
    while (!is_answered_) {
        int r = sd_bus_process(bus_, nullptr);
        if (r == 0)
            r = sd_bus_wait(bus_, call_timeout_us); // the call has an end of its own
        if (r < 0 && r != -EINTR)
            return Error{Code::unavailable, "systemd does not start a unit", -r};
    }
    if (error_ != 0)
        return Error{Code::unavailable, "systemd does not start a unit", error_};
    return {};
}

// Not by a property of the unit: systemd would load one by that name, if there were none any more.
Result<void> Starting::await_word()
{
    using std::chrono::microseconds;
    using std::chrono::steady_clock;
    const auto end = steady_clock::now() + word_patience;
    while (!is_done_) {
        const auto left = std::chrono::duration_cast<microseconds>(end - steady_clock::now());
        if (left <= microseconds::zero())
            break;
        int r = sd_bus_process(bus_, nullptr);
        if (r == 0)
            r = sd_bus_wait(bus_, static_cast<std::uint64_t>(left.count()));
        if (r < 0 && r != -EINTR)
            return Error{Code::unavailable, "systemd does not tell of a unit", -r};
    }
    return {};
}

Result<void> Starting::await_running()
{
    if (messages_)
        TRY(await_word());
    if (is_done_)
        return *is_done_ ? Result<void>{}
                         : Error{Code::unavailable, "systemd did not start a unit"};
    const std::string state = TRY(await(bus_, unit_, [](const std::string &now) {
        return now == "active" || now.empty() || now == "failed";
    }));
    if (state != "active")
        return Error{Code::unavailable, "systemd did not start a unit"};
    return {};
}

Result<void> start_transient(sd_bus *bus, const std::string &unit, const Properties &properties)
{
    Starting starting{bus, unit};
    TRY(starting.begin(properties));
    TRY(starting.await_accepted());
    return starting.await_running();
}

Result<void> await_gone(sd_bus *bus, const std::string &unit)
{
    if (!TRY(await(bus, unit, [](const std::string &now) { return now.empty(); })).empty())
        return Error{Code::unavailable, "systemd does not forget a unit"};
    return {};
}

Result<void> start_unit(sd_bus *bus, const std::string &unit)
{
    Fault fault;
    return call_unit(bus, "StartUnit", unit, fault);
}

Result<void> stop_unit(sd_bus *bus, const std::string &unit)
{
    Fault fault;
    const auto done = call_unit(bus, "StopUnit", unit, fault);
    if (!done && fault.is(no_such_unit))
        return {};
    return done;
}

// ListUnitsByPatterns(states, patterns): name, description, load state, active state, ...
Result<std::vector<std::string>> list_active(sd_bus *bus, const std::string &pattern)
{
    Fault fault;
    sd_bus_message *raw = nullptr;
    int r = sd_bus_call_method(bus, destination, manager_path, manager, "ListUnitsByPatterns",
                               fault.get(), &raw, "asas", 0, 1, pattern.c_str());
    const Message reply{raw};
    std::vector<std::string> names;
    const char *unit = nullptr;
    const char *state = nullptr;
    if (r >= 0)
        r = sd_bus_message_enter_container(reply.get(), 'a', "(ssssssouso)");
    while (r >= 0 && (r = sd_bus_message_enter_container(reply.get(), 'r', "ssssssouso")) > 0) {
        r = sd_bus_message_read(reply.get(), "ssss", &unit, nullptr, nullptr, &state);
        if (r >= 0 && std::string_view{state} == "active")
            names.emplace_back(unit);
        if (r >= 0)
            r = sd_bus_message_skip(reply.get(), "ssouso");
        if (r >= 0)
            r = sd_bus_message_exit_container(reply.get());
    }
    if (r < 0)
        return Error{Code::unavailable, "systemd does not list units", -r};
    return names;
}

} // namespace jit::grantd::bus
