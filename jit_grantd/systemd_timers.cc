#include "jit_grantd/systemd_timers.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>

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
    // Without the usual ones: a timer by the calendar waits for time-sync.target, and systemd tells
    // everybody of each unit that is named, some twenty for each grant. What is left is that it
    // stops with the host.
    if (r >= 0)
        r = sd_bus_message_append(call, "(sv)", "DefaultDependencies", "b", 0);
    for (const char *kind : {"Conflicts", "Before"})
        if (r >= 0)
            r = sd_bus_message_append(call, "(sv)", kind, "as", 1, "shutdown.target");
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

    void ask(sd_bus *manager, const std::string &unit)
    {
        sd_bus_slot *raw = nullptr;
        const int r = sd_bus_call_method_async(manager, &raw, bus::destination, bus::manager_path,
                                               bus::manager, "StopUnit", &Stopping::on_answer, this,
                                               "ss", unit.c_str(), "replace");
        slot_.reset(raw);
        if (r < 0)
            settle(-r);
    }
    void wait(sd_bus *manager)
    {
        while (!is_settled_) {
            int r = sd_bus_process(manager, nullptr);
            if (r == 0)
                r = sd_bus_wait(manager, bus::call_timeout_us); // each call has its own end
            if (r < 0 && r != -EINTR)
                settle(-r);
        }
    }

  private:
    static int on_answer(sd_bus_message *reply, void *self, sd_bus_error *) noexcept
    {
        const sd_bus_error *const error = sd_bus_message_get_error(reply);
        const bool is_absent = sd_bus_error_has_name(error, bus::no_such_unit) != 0;
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

// Who waited for a lock for so long connects anew: systemd tells everybody of all that happens
// meanwhile, and may have started anew itself.
constexpr std::chrono::milliseconds max_connection_age{500};

// One timer, over a connection of its own.
class OneArming final : public Timers::Arming
{
  public:
    Result<void> ask(const std::string &id, WallTime until, BootTime::duration remaining) override
    {
        if (!is_id(id) || remaining <= BootTime::duration::zero())
            return Error{Code::internal, "not an id, or no time left"};
        if (!bus_ || std::chrono::steady_clock::now() - opened_ > max_connection_age)
            bus_ = bus::open();
        if (!bus_)
            return bus_.error();
        starting_.emplace(bus_->get(), unit_of(id));
        return starting_->begin(
            [&](sd_bus_message *call) { return append_timer(call, id, until, remaining); });
    }
    Result<void> await_accepted() override { return explain(starting_->await_accepted()); }
    Result<void> await_running() override { return explain(starting_->await_running()); }

  private:
    // It may be refused, say for want of jit-expire@.service.
    static Result<void> explain(const Result<void> &started)
    {
        if (!started && started.error().sys == 0)
            return Error{Code::unavailable,
                         "systemd did not start the timer; is jit-expire@.service there?"};
        return started;
    }

    std::chrono::steady_clock::time_point opened_ = std::chrono::steady_clock::now();
    Result<bus::Connection> bus_ = bus::open();
    std::optional<bus::Starting> starting_; // ends before its connection
};

} // namespace

std::unique_ptr<Timers::Arming> SystemdTimers::prepare()
{
    return std::make_unique<OneArming>();
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

// Over one connection, some calls at a time: on a busy host one waits long for each answer, and
// late timers would fire meanwhile.
std::vector<Result<void>> SystemdTimers::disarm_each(const std::vector<std::string> &ids)
{
    if (ids.empty())
        return {};
    const auto bus = bus::open();
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
