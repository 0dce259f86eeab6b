// The daemon put together: what is read at the start, what is served, and what a reload changes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "jitd/activation_watch.h"
#include "jitd/api.h"
#include "jitd/audit.h"
#include "jitd/grant_client.h"
#include "jitd/grants.h"
#include "jitd/log_tidying.h"
#include "jitd/notices.h"
#include "jitd/pins.h"
#include "jitd/requests.h"
#include "jitd/settings.h"
#include "jitd/store.h"
#include "jitd/warnings.h"
#include "lib/base/fd.h"
#include "lib/net/http.h"
#include "lib/sys/event.h"
#include "lib/sys/group_members.h"
#include "lib/sys/varlink_server.h"

namespace jit::daemon {

class Daemon
{
  public:
    struct Sockets {
        Fd for_all;
        Fd for_root; // perhaps none: root then comes with all others
    };

    // Opens the ledger, mends it, reads the settings and begins to serve.
    //   loop       borrowed
    //   sockets    listening ones, that systemd made
    static Result<std::unique_ptr<Daemon>> make(sd_event *loop, Sockets sockets);
    ~Daemon();

    // Reads /etc/jit anew.
    void reload();
    void reload_stale();
    // Withdraws what waits, so that nothing is left half done.
    void stop();

  private:
    explicit Daemon(sd_event *loop) : loop_(loop), helper_(loop, "/run/jit-grantd/io.jitd.Grant") {}

    Result<void> begin(Sockets sockets);
    void adopt(Settings settings, bool at_start);
    void use_provider();
    void watch_files();
    void watch_memberships();
    void tell_status() const;
    bool is_reconciled();
    static int on_file_event(sd_event_source *source, const struct inotify_event *event,
                             void *self) noexcept;
    static int on_membership_event(sd_event_source *source, const struct inotify_event *event,
                                   void *self) noexcept;

    // In the order of their making; what comes later borrows what comes before.
    sd_event *loop_;
    Places places_;
    Settings settings_;
    std::unique_ptr<Store> store_;
    BootTime stale_until_{};
    std::unique_ptr<Notices> notices_;
    std::unique_ptr<Audit> audit_;
    std::unique_ptr<Pins> pins_;
    GrantClient helper_;
    std::unique_ptr<LogTidying> log_tidying_;
    sys::GroupMembers group_file_;
    std::unique_ptr<Grants> grants_;
    std::unique_ptr<Warnings> warnings_;
    std::unique_ptr<net::HttpClient> http_;
    std::unique_ptr<Requests> requests_;
    std::unique_ptr<Approvals> approvals_;
    std::unique_ptr<ActivationWatch> watch_;
    std::unique_ptr<Api> api_;
    std::unique_ptr<sys::VarlinkServer> server_;
    std::unique_ptr<sys::Timer> reload_soon_;
    std::vector<sys::Source> file_watches_;
    sys::Source membership_watch_;
    std::string boot_id_;
    bool reconciled_ = false;
};

} // namespace jit::daemon
