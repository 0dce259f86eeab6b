#include "jitd/request_facts.h"

#include <algorithm>

#include "jitd/limits.h"

namespace jit::daemon {

void bound_by_extended(RequestFacts &facts)
{
    if (!facts.extended_end)
        return;
    facts.deadline = std::min(facts.deadline, facts.extended_end->boot + limits::after_extended);
    facts.deadline_wall =
        std::min(facts.deadline_wall, facts.extended_end->wall + limits::after_extended);
}

} // namespace jit::daemon
