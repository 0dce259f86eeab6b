// The grants that this daemon believes to be live, and whether they are.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "jitd/request_facts.h"
#include "lib/base/clock.h"

namespace jit::daemon {

struct Grant {
    std::string id;
    std::string role;
    std::string user;
    uid_t uid = 0;
    std::string oid;
    std::vector<std::string> groups;
    // On a host whose memberships are in the group file: the groups made for the grant; the user
    // has the others by right. Absent: all are files of the user database.
    std::optional<std::vector<std::string>> made;
    WallTime since{};
    WallTime until{};
    BootTime until_boot{}; // the same end by the other clock
    std::string host;
    std::string service;
    std::string tty;
    std::string reason;
    std::string approver_oid;
    std::string activation;   // what it stands on in Entra: StoredRequest
    bool is_of_login = false; // to a shared account: it serves the login that it was made for,
    std::string key;          // and later ones with this key (origins.h); empty: no others
    bool is_used = false;     // the one session that it was for has been opened (limits.single_use)
};

// Whether a user is a member of a group through jit now.
class HasMembership
{
  public:
    using Look = std::function<bool(std::string_view user, std::string_view group)>;

    // in_userdb      the file is there, and no mask over it
    // in_group_file  the file lists the user
    HasMembership(Look in_userdb, Look in_group_file)
        : in_userdb_(std::move(in_userdb)), in_group_file_(std::move(in_group_file))
    {
    }
    // One answer for both.
    template <typename One>
    requires std::is_invocable_r_v<bool, One, std::string_view, std::string_view>
    HasMembership(One look) : in_userdb_(look), in_group_file_(std::move(look))
    {
    }

    // Whether everything that was made for the grant is there; whether anything is.
    bool all(const Grant &grant) const;
    bool any(const Grant &grant) const;

  private:
    Look in_userdb_;
    Look in_group_file_;
};

// What "live" means. Grants of an earlier boot never get into the table; for the rest all must
// hold: before its end by wall clock and by time since boot, and every membership there now.
bool is_live(const Grant &grant, Now now, const HasMembership &has_membership);

bool is_due(const Grant &grant, Now now);

class GrantTable
{
  public:
    void add(Grant grant);
    // The grant that was there; absent: none.
    std::optional<Grant> take(std::string_view id);
    //   activation, approvers  what it stands on from now on; empty: as before
    void extend(std::string_view id, WallTime until, BootTime until_boot,
                std::string_view activation = {}, std::string_view approvers = {});
    void note_used(std::string_view id);

    const Grant *find(std::string_view id) const;
    // All of one user, the one that ends last first. Borrowed until the table changes.
    std::vector<const Grant *> of_user(std::string_view user) const;
    std::vector<const Grant *> all() const;
    std::size_t size() const { return grants_.size(); }
    bool has_any_in_group_file() const;

    // The earliest end by time since boot; absent: no grant.
    std::optional<BootTime> next_end() const;

  private:
    std::map<std::string, Grant, std::less<>> grants_;
    std::multimap<std::string, std::string, std::less<>> ids_by_user_;
};

} // namespace jit::daemon
