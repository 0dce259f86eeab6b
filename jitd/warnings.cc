#include "jitd/warnings.h"

#include <algorithm>

#include "jitd/records.h"
#include "lib/base/text.h"

namespace jit::daemon {

namespace {

// Calls with each moment at which a grant's user is to be warned.
template <typename Use>
void each_warning(const GrantTable &grants, const policy::Policy &policy, Use use)
{
    for (const Grant *grant : grants.all()) {
        const policy::Role *const role = policy.find(grant->role);
        if (role == nullptr)
            continue;
        for (const std::chrono::seconds before : role->end.warn)
            // Nobody is warned before he has it.
            if (grant->until - before > grant->since)
                use(*grant, grant->until - before);
    }
}

} // namespace

std::vector<std::string> due_warnings(const GrantTable &grants, const policy::Policy &policy,
                                      WallTime after, WallTime now)
{
    std::vector<std::string> ids;
    each_warning(grants, policy, [&](const Grant &grant, WallTime at) {
        // Of several that are due at once, one is said; of a grant that is over, none.
        if (at > after && at <= now && now < grant.until && (ids.empty() || ids.back() != grant.id))
            ids.push_back(grant.id);
    });
    return ids;
}

std::optional<WallTime> next_warning(const GrantTable &grants, const policy::Policy &policy,
                                     WallTime after)
{
    std::optional<WallTime> next;
    each_warning(grants, policy, [&](const Grant &, WallTime at) {
        if (at > after && (!next || at < *next))
            next = at;
    });
    return next;
}

Warnings::Warnings(Grants &grants, Audit &audit, GrantClient &helper, const Settings &settings)
    : grants_(grants), audit_(audit), helper_(helper), settings_(settings), looked_(wall_time())
{
}

Result<std::unique_ptr<Warnings>> Warnings::make(sd_event *loop, Grants &grants, Audit &audit,
                                                 GrantClient &helper, const Settings &settings)
{
    std::unique_ptr<Warnings> made{new Warnings(grants, audit, helper, settings)};
    Warnings *const self = made.get();
    made->timer_ = TRY(sys::Timer::make(loop, [self] { self->warn(); }));
    grants.on_change([self] { self->arm(); });
    return made;
}

void Warnings::arm()
{
    const Now now = read_clocks();
    // A clock that was set back would have all of them said again, or none for long.
    looked_ = std::min(looked_, now.wall);
    const auto next =
        settings_.policy ? next_warning(grants_.table(), *settings_.policy, looked_) : std::nullopt;
    if (!next)
        return timer_->stop();
    timer_->set(now.boot + std::max(*next - now.wall, std::chrono::seconds{0}));
}

void Warnings::warn()
{
    const WallTime now = wall_time();
    std::vector<std::string> ids;
    if (settings_.policy)
        ids = due_warnings(grants_.table(), *settings_.policy, looked_, now);
    looked_ = now;
    for (const std::string &id : ids) {
        const Grant *const grant = grants_.table().find(id);
        if (grant == nullptr)
            continue;
        helper_.warn({id});
        AuditRecord record = record_of(*grant, Event::warned);
        record.message = grant->user + " is told that role " + grant->role + " ends at " +
                         format_time(grant->until);
        (void)audit_.write(record);
    }
    arm();
}

} // namespace jit::daemon
