// The service manager over D-Bus (org.freedesktop.systemd1(5)): the few calls that timers and
// scopes have in common.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <systemd/sd-bus.h>
#include <vector>

#include "lib/base/handle.h"
#include "lib/base/result.h"

namespace jit::grantd::bus {

// Whoever has something sent sees to it that it is: nothing is waited for at the end.
using Connection = Handle<sd_bus, &sd_bus_close_unref>;
using Message = Handle<sd_bus_message, &sd_bus_message_unref>;

class Fault
{
  public:
    Fault() = default;
    Fault(const Fault &) = delete;
    Fault &operator=(const Fault &) = delete;
    ~Fault() { sd_bus_error_free(&error_); }
    sd_bus_error *get() { return &error_; }
    bool is(const char *name) const { return sd_bus_error_has_name(&error_, name) != 0; }

  private:
    sd_bus_error error_{}; // SD_BUS_ERROR_NULL, whose macro is C alone
};

inline constexpr const char *destination = "org.freedesktop.systemd1";
inline constexpr const char *manager_path = "/org/freedesktop/systemd1";
inline constexpr const char *manager = "org.freedesktop.systemd1.Manager";
inline constexpr const char *no_such_unit = "org.freedesktop.systemd1.NoSuchUnit";
inline constexpr std::uint64_t call_timeout_us = 10'000'000;

// Begins a connection; the greeting goes on while it is not looked at. Errors, here and below:
// unavailable.
Result<Connection> open();

// Appends (sv) after (sv) to the message; below zero is an errno.
using Properties = std::function<int(sd_bus_message *)>;

// StartTransientUnit(). The reply only says that the unit is loaded and a job queued; what became
// of the job is told by a signal, or the unit is looked at.
class Starting
{
  public:
    // Borrows the connection.
    Starting(sd_bus *bus, std::string unit) : bus_(bus), unit_(std::move(unit)) {}
    Starting(const Starting &) = delete;
    Starting &operator=(const Starting &) = delete;
    ~Starting() = default;

    // When this returns the call is with systemd, which carries it out whatever becomes of us.
    Result<void> begin(const Properties &properties);
    // After that, each without an error of what comes before: until it is answered, and until the
    // unit runs.
    Result<void> await_accepted();
    Result<void> await_running();

  private:
    using Slot = Handle<sd_bus_slot, &sd_bus_slot_unref>;

    static int on_answer(sd_bus_message *reply, void *self, sd_bus_error *) noexcept;
    static int on_message(sd_bus_message *message, void *self, sd_bus_error *) noexcept;
    Result<void> await_word();

    sd_bus *bus_;
    std::string unit_;
    Slot answer_;
    Slot messages_;
    bool is_answered_ = false;
    int error_ = 0;
    std::string job_; // the path of the one that was queued
    std::optional<bool> is_done_;
};

// The same at one go.
Result<void> start_transient(sd_bus *bus, const std::string &unit, const Properties &properties);

// Waits until nothing has the unit's name any more.
Result<void> await_gone(sd_bus *bus, const std::string &unit);

// Without waiting for the job. For stop_unit() an absent one is fine.
Result<void> start_unit(sd_bus *bus, const std::string &unit);
Result<void> stop_unit(sd_bus *bus, const std::string &unit);

// The names of all units that match the pattern and are active.
Result<std::vector<std::string>> list_active(sd_bus *bus, const std::string &pattern);

} // namespace jit::grantd::bus
