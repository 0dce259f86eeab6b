#include "lib/net/transfer.h"

#include <strings.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>

#include "lib/base/text.h"
#include "lib/net/plain_origin.h"

namespace jit::net {

namespace {

using Outcome = oidc::HttpReply::Outcome;
using Distrust = oidc::HttpReply::Distrust;
using std::chrono::milliseconds;

constexpr std::size_t first_block_bytes = std::size_t{8} * 1024;
constexpr std::size_t max_header_bytes = std::size_t{64} * 1024;
constexpr std::size_t max_retry_after_bytes = 64;
constexpr std::size_t max_www_authenticate_bytes = 512;
constexpr std::size_t max_extra_header_bytes = 1024;
constexpr milliseconds max_timeout = std::chrono::seconds{120};
constexpr milliseconds max_connect_timeout = std::chrono::seconds{10};

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blank = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blank);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

// One whole header and nothing that ends it, none that says where the request goes or where its
// body ends, and none with credentials: those have members that are wiped.
bool is_extra_header(std::string_view line)
{
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos || colon == 0 || colon + 2 == line.size() ||
        line.size() > max_extra_header_bytes)
        return false;
    const std::string name = to_lower(line.substr(0, colon));
    for (const char *ours : {"authorization", "connection", "content-length", "cookie", "host",
                             "proxy-authorization", "transfer-encoding"})
        if (name == ours)
            return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                       }) &&
           std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
}

// The value of such a header.
std::optional<std::string_view> header_value(std::string_view line, std::string_view name)
{
    if (line.size() <= name.size() || strncasecmp(line.data(), name.data(), name.size()) != 0)
        return std::nullopt;
    return trimmed(line.substr(name.size()));
}

} // namespace

void wipe_and_free(curl_slist *headers)
{
    for (const curl_slist *each = headers; each != nullptr; each = each->next)
        explicit_bzero(each->data, std::strlen(each->data));
    curl_slist_free_all(headers);
}

bool ReplyBuffer::append(std::string_view bytes)
{
    if (bytes.size() > max_bytes - used_) {
        wipe();
        return false;
    }
    if (used_ + bytes.size() > room_) {
        const std::size_t room = std::max({first_block_bytes, 2 * room_, used_ + bytes.size()});
        auto block = std::make_unique<char[]>(room);
        if (used_ != 0)
            std::memcpy(block.get(), block_.get(), used_);
        const std::size_t used = used_;
        wipe();
        block_ = std::move(block);
        room_ = room;
        used_ = used;
    }
    if (!bytes.empty())
        std::memcpy(block_.get() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
    return true;
}

SecretString ReplyBuffer::take()
{
    SecretString whole{std::string_view{block_.get(), used_}};
    wipe();
    return whole;
}

void ReplyBuffer::wipe()
{
    if (block_)
        explicit_bzero(block_.get(), room_);
    block_.reset();
    room_ = 0;
    used_ = 0;
}

Exchange::Exchange(HttpClient::Transfer id, Easy easy, oidc::HttpRequest request,
                   HttpClient::Done done, const HttpOptions &options)
    : id_(id), request_(std::move(request)), done_(std::move(done)),
      is_plain_(is_plain_origin(request_.url)), easy_(std::move(easy))
{
    if (!easy_) {
        ready_ = false;
        return;
    }
    set_transport(options);
    set_content();
}

// Whom we talk to and how we know: nothing here is taken from the environment or from a reply.
void Exchange::set_transport(const HttpOptions &options)
{
    const milliseconds timeout =
        std::clamp<milliseconds>(options.timeout, std::chrono::seconds{1}, max_timeout);
    set(CURLOPT_PROTOCOLS_STR, is_plain_ ? "http" : "https");
    // Arc's agent listens there and nowhere else: at ::1 its port would be anybody's to take.
    if (is_plain_)
        set(CURLOPT_IPRESOLVE, long{CURL_IPRESOLVE_V4});
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options.ca_pem.empty()) {
        // The options outlive every transfer, so curl need not copy.
        curl_blob roots{const_cast<char *>(options.ca_pem.data()), options.ca_pem.size(),
                        CURL_BLOB_NOCOPY};
        set(CURLOPT_CAINFO_BLOB, &roots);
        // Else the system's file and folder of roots would count as well.
        set(CURLOPT_CAINFO, static_cast<const char *>(nullptr));
        set(CURLOPT_CAPATH, static_cast<const char *>(nullptr));
    }
    // An empty proxy, unlike none, keeps curl from asking the environment; so does no_proxy.
    set(CURLOPT_PROXY, is_plain_ ? "" : options.proxy.c_str());
    set(CURLOPT_NOPROXY, "");
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
    set(CURLOPT_NOSIGNAL, 1L);
    // A form is a few hundred bytes, a reply a few thousand; usual are 64 and 16 kB for each
    // handle.
    set(CURLOPT_UPLOAD_BUFFERSIZE, 16'384L);
    set(CURLOPT_BUFFERSIZE, 4096L);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    set(CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(std::min(timeout, max_connect_timeout).count()));
    // Else a cancelled transfer would wait here for its resolver thread.
    set(CURLOPT_QUICK_EXIT, 1L);
    // One connection for all polls: wait for it rather than open another.
    set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
    set(CURLOPT_PIPEWAIT, 1L);
    set(CURLOPT_MAXFILESIZE, static_cast<long>(ReplyBuffer::max_bytes));
    set(CURLOPT_ERRORBUFFER, &error_[0]);
    set(CURLOPT_PRIVATE, static_cast<void *>(this));
    set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    set(CURLOPT_WRITEDATA, static_cast<void *>(this));
    set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    set(CURLOPT_HEADERDATA, static_cast<void *>(this));
}

void Exchange::set_content()
{
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_USERAGENT, "jit/" JIT_VERSION);
    add_header("Accept: application/json");
    // A GUID and nothing else: no other text gets into the header.
    if (is_guid(request_.client_request_id)) {
        add_header("client-request-id: " + request_.client_request_id);
        add_header("return-client-request-id: true");
    }
    add_credentials("Bearer", request_.bearer);
    add_credentials("Basic", request_.basic);
    for (const std::string &line : request_.headers) {
        ready_ = ready_ && is_extra_header(line);
        add_header(line);
    }
    if (request_.method == oidc::HttpRequest::Method::post) {
        const bool is_json = !request_.json.empty();
        const std::string_view body = is_json ? request_.json : request_.form.reveal();
        add_header(is_json ? "Content-Type: application/json"
                           : "Content-Type: application/x-www-form-urlencoded");
        add_header("Expect:"); // no round trip before the body
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        set(CURLOPT_POSTFIELDS, body.data());
    } else {
        set(CURLOPT_HTTPGET, 1L);
    }
    set(CURLOPT_HTTPHEADER, headers_.get());
}

void Exchange::add_header(const std::string &line)
{
    curl_slist *longer = curl_slist_append(headers_.get(), line.c_str());
    ready_ = ready_ && longer != nullptr;
    if (longer != nullptr) {
        (void)headers_.release(); // the same list, or the head of the first
        headers_.reset(longer);
    }
}

void Exchange::add_credentials(std::string_view scheme, const SecretString &credentials)
{
    if (credentials.empty())
        return;
    const std::string_view text = credentials.reveal();
    std::string line = "Authorization: ";
    line.reserve(line.size() + scheme.size() + 1 + text.size());
    line += scheme;
    line += ' ';
    line += text;
    // Visible characters and nothing else: no other header comes in with it.
    ready_ = ready_ &&
             std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    add_header(line);
    explicit_bzero(line.data(), line.size());
}

std::size_t Exchange::on_body(char *bytes, std::size_t, std::size_t count, void *self) noexcept
{
    auto *exchange = static_cast<Exchange *>(self);
    if (exchange->body_.append({bytes, count}))
        return count;
    exchange->too_large_ = true;
    return count == 0 ? 1 : 0; // ends the transfer
}

std::size_t Exchange::on_header(char *bytes, std::size_t, std::size_t count, void *self) noexcept
{
    auto *exchange = static_cast<Exchange *>(self);
    const std::string_view line{bytes, count};
    exchange->header_bytes_ += count;
    if (exchange->header_bytes_ > max_header_bytes) {
        exchange->too_large_ = true;
        return 0;
    }
    if (line.starts_with("HTTP/")) { // an interim reply's headers do not count
        exchange->retry_after_.clear();
        exchange->www_authenticate_.clear();
    } else if (const auto retry_after = header_value(line, "retry-after:")) {
        exchange->retry_after_ = retry_after->substr(0, max_retry_after_bytes);
    } else if (const auto challenge = header_value(line, "www-authenticate:")) {
        exchange->www_authenticate_ = challenge->substr(0, max_www_authenticate_bytes);
    }
    return count;
}

oidc::HttpReply Exchange::finish(CURLcode result)
{
    oidc::HttpReply reply;
    reply.outcome = outcome_of(result);
    if (reply.outcome == Outcome::received) {
        curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &reply.status);
        reply.body = body_.take();
        reply.retry_after = std::move(retry_after_);
        reply.www_authenticate = std::move(www_authenticate_);
    } else if (reply.outcome == Outcome::too_large) {
        curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &reply.status);
    } else if (reply.outcome == Outcome::not_trusted) {
        reply.distrust = distrust_of(result);
    }
    // What the handle borrowed ends with this object; it may live on in the pool.
    curl_easy_reset(easy_.get());
    return reply;
}

Outcome Exchange::outcome_of(CURLcode result) const
{
    if (too_large_)
        return Outcome::too_large;
    switch (result) {
    case CURLE_OK:
        return Outcome::received;
    case CURLE_OPERATION_TIMEDOUT:
        return Outcome::timed_out;
    case CURLE_FILESIZE_EXCEEDED:
        return Outcome::too_large;
    case CURLE_SSL_CONNECT_ERROR:
        // Also what a connection that broke during the handshake gives: that is no distrust.
        for (const char *broken : {"reset by peer", "SYSCALL", "unexpected eof", "Broken pipe"})
            if (std::strstr(error_, broken) != nullptr)
                return Outcome::unreachable;
        return Outcome::not_trusted;
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION: // 51 too, since curl 7.62
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
        return Outcome::not_trusted;
    default:
        return Outcome::unreachable;
    }
}

// For the message alone: the connection is given up, whatever is found here.
Distrust Exchange::distrust_of(CURLcode result) const
{
    if (result == CURLE_SSL_CONNECT_ERROR)
        return std::strstr(error_, "protocol") != nullptr ||
                       std::strstr(error_, "version") != nullptr
                   ? Distrust::version
                   : Distrust::other;
    if (result != CURLE_PEER_FAILED_VERIFICATION)
        return Distrust::other;
    // curl looks at the name itself, and before it takes down what was found of the chain.
    if (std::strstr(error_, "subject name") != nullptr)
        return Distrust::name;
    long verdict = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_SSL_VERIFYRESULT, &verdict);
    switch (verdict) { // X509_V_... of <openssl/x509_vfy.h>
    case 9:            // CERT_NOT_YET_VALID
    case 10:           // CERT_HAS_EXPIRED
        return Distrust::dates;
    case 2:  // UNABLE_TO_GET_ISSUER_CERT
    case 18: // DEPTH_ZERO_SELF_SIGNED_CERT
    case 19: // SELF_SIGNED_CERT_IN_CHAIN
    case 20: // UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    case 21: // UNABLE_TO_VERIFY_LEAF_SIGNATURE
        return Distrust::authority;
    default:
        return Distrust::other;
    }
}

} // namespace jit::net
