// A provider that does nothing but the device grant, for ten thousand sign-ins at once: HTTP/1.1
// over TLS, in one thread, on the bench's own loop. It answers for the tenant of
// tests/entra/users.toml, and notes when each poll comes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bench/loop.h"

struct evp_pkey_st;
struct ssl_ctx_st;

namespace jit::bench {

inline constexpr double interval_ms = 5000;

// One sign-in.
struct Flow {
    std::string request_id; // client-request-id: what the spread of the polls follows
    double answered_ms = 0; // when the last answer was sent
    unsigned polls = 0;
    std::string token;        // of who has signed in; empty: nobody has yet
    double token_sent_ms = 0; // 0: not yet
    // When the next poll is due, told by jitd's own rule from the last answer.
    double due_ms() const;
};

struct Polls {
    std::vector<double> late_ms; // behind the time that they were due, each poll
    std::size_t early = 0;       // before the provider's interval was over
};

class Provider
{
  public:
    // Listens on port 443 of 127.0.0.1. Dies without it.
    Provider(Loop &loop, const std::string &certificate_file, const std::string &key_file);
    Provider(const Provider &) = delete;
    Provider &operator=(const Provider &) = delete;
    ~Provider();

    std::vector<Flow> &flows() { return flows_; }
    // The flow whose code a person was shown; null: none.
    Flow *find(std::string_view user_code);
    // Somebody signs in for it.
    void approve(Flow &flow, const std::string &upn);
    // Takes what was noted since the last time.
    Polls take_polls() { return std::exchange(polls_, {}); }
    // TLS connections that were made so far, and those that are open.
    std::size_t connections() const { return connections_; }
    std::size_t open_connections() const;

  private:
    class Listener;
    class Connection;
    std::string answer(std::string_view head, std::string_view body);
    std::string answer_poll(std::string_view body);

    Loop &loop_;
    ssl_ctx_st *tls_ = nullptr;
    evp_pkey_st *signing_key_ = nullptr;
    std::string keys_; // the JWKS
    std::unique_ptr<Listener> listener_;
    std::vector<std::unique_ptr<Connection>> open_; // ended ones stay until the end: few are made
    std::vector<Flow> flows_;
    Polls polls_;
    std::size_t connections_ = 0;
};

} // namespace jit::bench
