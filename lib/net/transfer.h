// One request on its way through curl: the easy handle, what it sends and what came back so far.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>

#include "lib/base/handle.h"
#include "lib/base/secret.h"
#include "lib/net/http.h"
#include "lib/oidc/http_message.h"

namespace jit::net {

using Easy = Handle<CURL, &curl_easy_cleanup>;
// One of them may carry a token.
void wipe_and_free(curl_slist *headers);
using HeaderList = Handle<curl_slist, &wipe_and_free>;

// A reply's body. It may hold tokens, so each block is wiped when it is outgrown, and at the end.
class ReplyBuffer
{
  public:
    static constexpr std::size_t max_bytes = std::size_t{1024} * 1024;

    ReplyBuffer() = default;
    ReplyBuffer(const ReplyBuffer &) = delete;
    ReplyBuffer &operator=(const ReplyBuffer &) = delete;
    ~ReplyBuffer() { wipe(); }

    // False, and nothing is kept, when the whole would be larger than max_bytes.
    bool append(std::string_view bytes);
    // The whole, at once; the buffer is empty and wiped afterwards.
    SecretString take();

  private:
    void wipe();

    std::unique_ptr<char[]> block_;
    std::size_t room_ = 0;
    std::size_t used_ = 0;
};

class Exchange
{
  public:
    // Sets up the handle, which may be a used one after curl_easy_reset(). Ask is_ready() then.
    Exchange(HttpClient::Transfer id, Easy easy, oidc::HttpRequest request, HttpClient::Done done,
             const HttpOptions &options);
    Exchange(const Exchange &) = delete;
    Exchange &operator=(const Exchange &) = delete;

    // Not when curl refused an option: then the request must not be sent.
    bool is_ready() const { return ready_; }
    // Over plain http, to one of the two that are asked so.
    bool is_plain() const { return is_plain_; }
    HttpClient::Transfer id() const { return id_; }
    CURL *easy() const { return easy_.get(); }

    // What curl's result means. Once, when curl is done with the handle.
    oidc::HttpReply finish(CURLcode result);
    HttpClient::Done take_done() { return std::move(done_); }
    // For the next request.
    Easy take_easy() { return std::move(easy_); }

  private:
    template <typename Value> void set(CURLoption option, Value value)
    {
        ready_ = ready_ && curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
    }
    void set_transport(const HttpOptions &options);
    void set_content();
    void add_header(const std::string &line);
    void add_credentials(std::string_view scheme, const SecretString &credentials);
    static std::size_t on_body(char *bytes, std::size_t one, std::size_t count,
                               void *self) noexcept;
    static std::size_t on_header(char *bytes, std::size_t one, std::size_t count,
                                 void *self) noexcept;
    oidc::HttpReply::Outcome outcome_of(CURLcode result) const;
    oidc::HttpReply::Distrust distrust_of(CURLcode result) const;

    HttpClient::Transfer id_;
    oidc::HttpRequest request_; // curl reads the form from here
    HttpClient::Done done_;
    HeaderList headers_;
    ReplyBuffer body_;
    std::string retry_after_;
    std::string www_authenticate_;
    std::size_t header_bytes_ = 0;
    bool is_plain_;
    bool too_large_ = false;
    bool ready_ = true;
    char error_[CURL_ERROR_SIZE] = {};
    Easy easy_; // last: it borrows the rest
};

} // namespace jit::net
