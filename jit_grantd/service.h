// Answers io.jitd.Grant: who may call, which method, and what a refusal is called on the wire.
#pragma once

#include <memory>
#include <optional>
#include <sys/types.h>

#include "jit_grantd/grants.h"
#include "lib/base/fd.h"
#include "lib/sys/varlink_server.h"

namespace jit::grantd {

class Service
{
  public:
    // Borrows loop and grants.
    //   daemon  the uid that may call besides root; absent: there is no such user
    static Result<std::unique_ptr<Service>> make(sd_event *loop, Fd listening, Grants &grants,
                                                 std::optional<uid_t> daemon);

  private:
    Service(sd_event *loop, Grants &grants, std::optional<uid_t> daemon)
        : loop_(loop), grants_(grants), daemon_(daemon)
    {
    }

    void answer(sys::Exchange &exchange);
    void answer_grant(sys::Exchange &exchange);
    void answer_use(sys::Exchange &exchange);
    void answer_extend(sys::Exchange &exchange);
    void answer_end(sys::Exchange &exchange);
    void answer_confine(sys::Exchange &exchange);
    void answer_warn(sys::Exchange &exchange);
    void answer_list(sys::Exchange &exchange);
    void begin_idling();
    void leave();

    sd_event *loop_;
    Grants &grants_;
    std::optional<uid_t> daemon_;
    std::unique_ptr<sys::Timer> idle_;
    std::unique_ptr<sys::VarlinkServer> server_;
};

} // namespace jit::grantd
