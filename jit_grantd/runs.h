// What runs under a grant, and its end. A session that was opened under a grant whose role ends
// what runs (jit-policy(5), end.action) is put into a scope of its own, with all that it starts;
// the service manager ends that at the grant's end though everything of ours is dead. It may have
// left the scope since: pam_systemd(8) of some releases gives su -l and sudo -i a session, which is
// a scope of the session's own. By its pid and start it is found there.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "jit_grantd/outside.h"

namespace jit::grantd {

class Runs
{
  public:
    // Borrows all three.
    Runs(Processes &processes, Scopes &scopes, Records &records)
        : processes_(processes), scopes_(scopes), records_(records)
    {
    }

    // Puts a process into a scope of the grant's.
    Result<void> confine(const Entry &entry, const Process &process, std::chrono::seconds left);

    // Gives all that runs under the grant a later end. What fails of it ends at the old one.
    Result<void> carry_on(const Entry &entry, std::chrono::seconds left);

    // What an end finds.
    struct Found {
        std::vector<std::string> lines; // "PID NAME" each, for records; at most max_processes_said
        Result<void> done;              // all of it that must end is being ended
    };
    // The processes are listed once for all ends until this is called.
    void look_anew() { processes_of_now_.reset(); }
    // Ends what runs under the grant, where its role says so, and finds what still holds its
    // groups.
    //   gone  the groups that its user no longer has
    Found end(const Entry &entry, const std::vector<gid_t> &gone);

    // Ends scopes of grants that are over.
    Result<void> end_strays(const std::function<bool(std::string_view id)> &is_over);

  private:
    Result<std::vector<std::string>> scopes_of(const std::string &id);
    // The units of the grant's runs that are no scopes of ours, each with what of it is the run's.
    Result<std::vector<pid_t>> find_outsiders(const Entry &entry);
    // Moves processes into a new scope, those that are gone left out; nothing to move is fine.
    Result<void> move(Scopes::Scope scope);
    std::string line_of(pid_t pid);

    Processes &processes_;
    Scopes &scopes_;
    Records &records_;
    std::optional<std::vector<Process>> processes_of_now_;
};

} // namespace jit::grantd
