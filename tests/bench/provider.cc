#include "tests/bench/provider.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <ctime>

namespace jit::bench {

namespace {

constexpr const char *tenant = "6f1c0000-0000-4000-8000-000000000001";
constexpr const char *client = "c1a50000-0000-4000-8000-000000000001";
const std::string base = std::string{"https://login.microsoftonline.com/"} + tenant;

std::string base64url(const unsigned char *bytes, std::size_t count)
{
    std::string text(4 * ((count + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()), bytes,
                                     static_cast<int>(count));
    text.resize(static_cast<std::size_t>(size));
    for (char &c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    text.resize(text.find_last_not_of('=') + 1);
    return text;
}

std::string base64url(std::string_view text)
{
    return base64url(reinterpret_cast<const unsigned char *>(text.data()), text.size());
}

std::string number_of(EVP_PKEY *key, const char *name)
{
    BIGNUM *number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
        die("a key's number can't be read");
    std::vector<unsigned char> bytes(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, bytes.data());
    BN_free(number);
    return base64url(bytes.data(), bytes.size());
}

std::string http(int status, const std::string &body)
{
    return std::string{"HTTP/1.1 "} + (status == 200 ? "200 OK" : "400 Bad Request") +
           "\r\nCache-Control: no-store, no-cache\r\nPragma: no-cache\r\n"
           "Content-Type: application/json; charset=utf-8\r\nExpires: -1\r\n"
           "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
           "X-Content-Type-Options: nosniff\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A device code as long as Entra's, with the flow's number in front.
std::string device_code_of(std::size_t flow)
{
    std::string code = std::to_string(flow) + "-";
    code.resize(200, 'A');
    return code;
}

std::string user_code_of(std::size_t flow)
{
    std::string number = std::to_string(flow);
    return "B" + std::string(8 - number.size(), '0') + number;
}

std::string_view header_of(std::string_view head, std::string_view name)
{
    for (std::size_t at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at + 2)) {
        const std::string_view line = head.substr(at + 2);
        if (line.size() > name.size() && strncasecmp(line.data(), name.data(), name.size()) == 0 &&
            line[name.size()] == ':') {
            const std::size_t begin = line.find_first_not_of(' ', name.size() + 1);
            return line.substr(begin, line.find("\r\n") - begin);
        }
    }
    return {};
}

std::size_t number_in(std::string_view text)
{
    std::size_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

} // namespace

double Flow::due_ms() const
{
    return answered_ms + interval_ms;
}

class Provider::Connection final : public Watched
{
  public:
    Connection(Provider &provider, int fd)
        : provider_(provider), fd_(fd), tls_(SSL_new(provider.tls_))
    {
        SSL_set_fd(tls_, fd);
        SSL_set_accept_state(tls_);
        provider_.loop_.add(fd, EPOLLIN, this);
    }
    ~Connection() override { end(); }

    void on_ready(std::uint32_t) override
    {
        std::array<char, 16384> chunk;
        while (fd_ >= 0) {
            const int got = SSL_read(tls_, chunk.data(), static_cast<int>(chunk.size()));
            if (got <= 0) {
                const int error = SSL_get_error(tls_, got);
                if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
                    return;
                return end();
            }
            in_.append(chunk.data(), static_cast<std::size_t>(got));
            answer_all();
        }
    }

    bool is_open() const { return fd_ >= 0; }

  private:
    void answer_all()
    {
        for (;;) {
            const std::size_t end_of_head = in_.find("\r\n\r\n");
            if (end_of_head == in_.npos)
                return;
            const std::string_view head = std::string_view{in_}.substr(0, end_of_head);
            const std::size_t size = number_in(header_of(head, "content-length"));
            if (in_.size() < end_of_head + 4 + size)
                return;
            const std::string reply =
                provider_.answer(head, std::string_view{in_}.substr(end_of_head + 4, size));
            in_.erase(0, end_of_head + 4 + size);
            // A few hundred bytes: a socket's buffer has room for what one connection asks.
            if (SSL_write(tls_, reply.data(), static_cast<int>(reply.size())) <= 0)
                return end();
        }
    }

    void end()
    {
        if (fd_ < 0)
            return;
        SSL_free(tls_);
        close(fd_);
        fd_ = -1;
    }

    Provider &provider_;
    int fd_;
    SSL *tls_;
    std::string in_;
};

class Provider::Listener final : public Watched
{
  public:
    explicit Listener(Provider &provider)
        : provider_(provider), fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
    {
        const int on = 1;
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(443);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (fd_ < 0 || setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
            bind(fd_, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 ||
            listen(fd_, 1024) != 0)
            die("127.0.0.1:443 can't be listened on");
        provider_.loop_.add(fd_, EPOLLIN, this);
    }
    ~Listener() override { close(fd_); }

    void on_ready(std::uint32_t) override
    {
        const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        const int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ++provider_.connections_;
        provider_.open_.push_back(std::make_unique<Connection>(provider_, fd));
    }

  private:
    Provider &provider_;
    int fd_;
};

Provider::Provider(Loop &loop, const std::string &certificate_file, const std::string &key_file)
    : loop_(loop), tls_(SSL_CTX_new(TLS_server_method())), signing_key_(EVP_RSA_gen(2048))
{
    if (!tls_ || !signing_key_ ||
        SSL_CTX_use_certificate_chain_file(tls_, certificate_file.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls_, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
        die("the certificate or its key can't be read");
    keys_ = R"({"keys":[{"kty":"RSA","use":"sig","kid":"bench","n":")" +
            number_of(signing_key_, OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
            number_of(signing_key_, OSSL_PKEY_PARAM_RSA_E) + R"("}]})";
    listener_ = std::make_unique<Listener>(*this);
}

Provider::~Provider()
{
    open_.clear();
    listener_.reset();
    EVP_PKEY_free(signing_key_);
    SSL_CTX_free(tls_);
}

std::size_t Provider::open_connections() const
{
    return static_cast<std::size_t>(std::count_if(
        open_.begin(), open_.end(), [](const auto &connection) { return connection->is_open(); }));
}

Flow *Provider::find(std::string_view user_code)
{
    const std::size_t flow = number_in(user_code.substr(user_code.empty() ? 0 : 1));
    return flow < flows_.size() ? &flows_[flow] : nullptr;
}

std::string Provider::answer(std::string_view head, std::string_view body)
{
    const std::string_view path = head.substr(0, head.find("\r\n"));
    if (path.find("/openid-configuration ") != path.npos)
        return http(200, R"({"issuer":")" + base + R"(/v2.0","device_authorization_endpoint":")" +
                             base + R"(/oauth2/v2.0/devicecode","token_endpoint":")" + base +
                             R"(/oauth2/v2.0/token","jwks_uri":")" + base +
                             R"(/discovery/v2.0/keys"})");
    if (path.find("/keys ") != path.npos)
        return http(200, keys_);
    if (path.find("/token ") != path.npos)
        return answer_poll(body);
    if (path.find("/devicecode ") == path.npos)
        return http(400, R"({"error":"invalid_request"})");
    const std::size_t flow = flows_.size();
    flows_.push_back({std::string{header_of(head, "client-request-id")}, now_ms(), 0, "", 0});
    return http(200,
                R"({"user_code":")" + user_code_of(flow) + R"(","device_code":")" +
                    device_code_of(flow) +
                    R"(","verification_uri":"https://login.microsoft.com/device",)"
                    R"("expires_in":900,"interval":5,"message":"To sign in, use a web browser )"
                    R"(to open the page https://login.microsoft.com/device and enter the code.")"
                    R"(})");
}

std::string Provider::answer_poll(std::string_view body)
{
    constexpr std::string_view name = "device_code=";
    const std::size_t at = body.find(name);
    const std::size_t number =
        at == body.npos ? flows_.size() : number_in(body.substr(at + name.size()));
    if (number >= flows_.size())
        return http(400, R"({"error":"invalid_request"})");
    Flow &flow = flows_[number];
    const double now = now_ms();
    ++flow.polls;
    polls_.late_ms.push_back(now - flow.due_ms());
    if (now < flow.answered_ms + interval_ms)
        ++polls_.early;
    flow.answered_ms = now;
    if (!flow.token.empty()) {
        flow.token_sent_ms = now;
        return http(200, R"({"token_type":"Bearer","scope":"openid profile","expires_in":4000,)"
                         R"("id_token":")" +
                             flow.token + R"("})");
    }
    return http(400,
                R"({"error":"authorization_pending","error_description":"AADSTS70016: OAuth 2.0 )"
                R"(device flow error. Authorization is pending. Continue polling. Trace ID: )"
                R"(b7a1f4a5-0000-4000-8000-000000000000 Correlation ID: )" +
                    flow.request_id +
                    R"( Timestamp: 2026-11-01 12:00:00Z","error_codes":[70016],"timestamp":)"
                    R"("2026-11-01 12:00:00Z","trace_id":"b7a1f4a5-0000-4000-8000-000000000000",)"
                    R"("correlation_id":")" +
                    flow.request_id +
                    R"(","error_uri":"https://login.microsoftonline.com/error?code=70016"})");
}

// Signed now: what that takes is no part of an answer.
void Provider::approve(Flow &flow, const std::string &upn)
{
    const std::string now = std::to_string(time(nullptr));
    const std::string later = std::to_string(time(nullptr) + 3600);
    const std::string number = std::to_string(100'000'000'000 + (&flow - flows_.data()));
    const std::string person = std::to_string(100'000'000'000 + number_in(upn.substr(1)));
    const std::string claims = R"({"ver":"2.0","iss":")" + base + R"(/v2.0","tid":")" + tenant +
                               R"(","aud":")" + client + R"(","iat":)" + now + R"(,"nbf":)" + now +
                               R"(,"exp":)" + later + R"(,"oid":"00000000-0000-4000-8000-)" +
                               person + R"(","sub":"s","uti":"u)" + number +
                               R"(","preferred_username":")" + upn + R"("})";
    std::string token =
        base64url(R"({"alg":"RS256","typ":"JWT","kid":"bench"})") + "." + base64url(claims);
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    std::array<unsigned char, 256> signature;
    std::size_t size = signature.size();
    if (EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, signing_key_) != 1 ||
        EVP_DigestSign(context, signature.data(), &size,
                       reinterpret_cast<const unsigned char *>(token.data()), token.size()) != 1)
        die("a token can't be signed");
    EVP_MD_CTX_free(context);
    flow.token = token + "." + base64url(signature.data(), size);
}

} // namespace jit::bench
