// HTTPS on the event loop: curl's multi interface under sd-event, so nothing ever blocks.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <systemd/sd-event.h>

#include "lib/base/result.h"
#include "lib/oidc/http_message.h"

namespace jit::net {

struct HttpOptions {
    std::string ca_pem;               // certificates that replace the system's roots; empty: those
    std::string proxy;                // empty: none, and the environment is not asked
    std::chrono::seconds timeout{10}; // one request, from start to end
};

// Owns all transfers. TLS 1.2 or later, always verified; no redirect is followed, no cookie kept,
// no other scheme than https spoken but to the two of plain_origin.h, and to those never through
// the proxy; a body ends at 1 MiB.
class HttpClient
{
  public:
    using Done = std::function<void(oidc::HttpReply)>;
    // Identifies a transfer for cancel(); never 0, never used twice.
    using Transfer = unsigned long;

    // Borrows the loop, which must outlive it. Must not be destroyed from within a `done`.
    //   timeout  of the options, bounded to 1 to 120 s; a connection is given up after 10 s
    //   errors   internal
    static Result<std::unique_ptr<HttpClient>> make(sd_event *loop, HttpOptions options);
    virtual ~HttpClient() = default;

    // Starts a request, or lets it wait for those before it: where those are more than go at once,
    // and for no longer than a request may take. `done` is called once, later, from the loop,
    // unless cancelled; at once too many, past ten thousand, with `unreachable`.
    virtual Transfer send(oidc::HttpRequest request, Done done) = 0;
    // Forgets a transfer: `done` will not be called. Unknown ones are ignored.
    virtual void cancel(Transfer transfer) = 0;
};

} // namespace jit::net
