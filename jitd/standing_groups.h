// Which groups of a user are his own: on a host whose memberships are kept in the group file, what
// jit has put there never counts for `local-group:`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"

namespace jit::daemon {

class StandingGroups
{
  public:
    // From now on the root helper may have made the user a member of these for this grant: it has
    // been asked to, or has said so. Replaces what was said of the grant before.
    void hold(const std::string &grant, const std::string &user, std::vector<std::string> groups);
    // It has made none, or none in the group file.
    void forget(const std::string &grant);
    // The grant has ended. For two minutes the groups are not his own yet, should another program
    // have written the member back (jit_grantd/remnants.cc).
    void release(const std::string &grant, BootTime now);

    // Those of the groups in the file that the user has without jit.
    std::vector<std::string> of(std::string_view user, std::vector<std::string> groups,
                                BootTime now);

    std::size_t size() const { return held_.size(); }

  private:
    struct Held {
        std::string user;
        std::vector<std::string> groups;
        BootTime until = BootTime::max(); // of a grant that has ended: forgotten then
    };

    void sweep(BootTime now);

    std::map<std::string, Held>
        held_; // by the grant's id; as many as wait, live and have just ended
};

} // namespace jit::daemon
