// The way of one sign-in to Microsoft Graph, for the machines that ask it more than one thing: to
// one host, with one token, until one deadline; what an answer is before anybody reads it; and
// lists that come in pages.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <jansson.h>

#include "lib/base/clock.h"
#include "lib/base/secret.h"
#include "lib/oidc/failure.h"
#include "lib/oidc/http_message.h"
#include "lib/oidc/pace.h"

namespace jit::oidc {

// What can stand in a header or a request line, and nothing that ends one.
bool is_visible(std::string_view text);

// A page of a list on the same host and nowhere else: the token goes there.
bool is_page_of(std::string_view uri, std::string_view host);

struct GraphVerdict {
    enum class Fate {
        answered, // by Graph, yes or no: 2xx or 4xx
        later,    // ask again at `at`
        ended,    // with `failure` and `advice`
    };
    Fate fate = Fate::answered;
    BootTime at{};
    Failure failure = Failure::none;
    const char *advice = ""; // for people
};

class GraphLink
{
  public:
    //   request_id  sent as client-request-id; and what spreads the pauses
    //   is_known    Graph has accepted the token before
    GraphLink(std::string host, SecretString token, std::string request_id, BootTime deadline,
              bool is_known = false);

    // Whether there is a host and a token, and nothing in them that leads elsewhere.
    bool is_usable() const;
    BootTime deadline() const { return deadline_; }
    const std::string &request_id() const { return request_id_; }

    //   target  path and query, "/v1.0/..."
    HttpRequest get(std::string_view target) const;
    HttpRequest post(std::string_view target, std::string json) const;

    // No answer, 429 and 5xx mean later, with growing pauses and what Retry-After asks for, inside
    // the deadline. 401 ends: before the first answer the token is not for Graph (misconfigured),
    // after it the token has run out (expired). TLS that is not trusted ends at once before the
    // first answer, afterwards at the third time in a row.
    GraphVerdict judge(const HttpReply &reply, BootTime now);

    // The next page of a list, or its first.
    HttpRequest list(std::string_view target) const;
    // A page with status 200, each of its entries given to `take`, until that says false. Whether
    // more is to be had, has_more() says then; 16 pages of 500 entries are read at most.
    //   returns  false: it makes no sense, or `take` says so
    bool read_page(const HttpReply &reply, const std::function<bool(const json_t *entry)> &take);
    bool has_more() const { return !next_page_.empty(); }
    // The page that was read last made sense, and there were too many before it.
    bool has_overrun() const { return has_overrun_; }
    void forget_list();

    // The token is needed no more.
    void close() { token_.wipe(); }

  private:
    GraphVerdict put_off(const HttpReply &reply, BootTime now);

    std::string host_;
    SecretString token_;
    std::string request_id_;
    BootTime deadline_;
    bool was_answered_;
    Jitter jitter_;
    unsigned failures_ = 0; // in a row
    unsigned distrusts_ = 0;
    unsigned pages_ = 0;
    bool has_overrun_ = false;
    std::string next_page_;
};

} // namespace jit::oidc
