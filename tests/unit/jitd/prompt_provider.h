// A provider in memory that signs in one person as soon as he is asked for, with tokens that are
// good now, by the device flow.
#pragma once

#include <openssl/core_names.h>

#include <functional>
#include <string>
#include <vector>

#include "lib/net/http.h"
#include "lib/oidc/base64url.h"
#include "lib/oidc/provider.h"
#include "tests/unit/oidc/made_key.h"

namespace jit::daemon::test {

class PromptProvider final : public net::HttpClient
{
  public:
    explicit PromptProvider(std::string person) : person_(std::move(person)) {}

    static oidc::Expectations expected()
    {
        oidc::Expectations expected;
        expected.is_entra = false;
        expected.issuer = "https://id.example.org";
        expected.authority_host = "id.example.org";
        expected.discovery_url = "https://id.example.org/discovery";
        expected.verification_hosts = {"id.example.org"};
        expected.client_id = "client";
        expected.scopes = {"openid"};
        return expected;
    }

    Transfer send(oidc::HttpRequest request, Done done) override
    {
        if (on_sent)
            on_sent(request.url);
        sent_.push_back({++last_, std::move(request.url), std::move(done)});
        return last_;
    }
    void cancel(Transfer transfer) override
    {
        std::erase_if(sent_, [&](const Sent &sent) { return sent.transfer == transfer; });
    }

    bool is_asked(std::string_view what) const
    {
        return std::any_of(sent_.begin(), sent_.end(),
                           [&](const Sent &sent) { return sent.url.ends_with(what); });
    }
    // All there is to answer, and what is asked then; but nothing of that name.
    void answer(std::string_view but)
    {
        for (std::size_t i = 0; i < sent_.size();) {
            if (!but.empty() && sent_[i].url.ends_with(but)) {
                ++i;
                continue;
            }
            const Sent sent = std::move(sent_[i]);
            sent_.erase(sent_.begin() + static_cast<std::ptrdiff_t>(i));
            oidc::HttpReply reply;
            reply.outcome = oidc::HttpReply::Outcome::received;
            reply.status = 200;
            reply.body = SecretString{body_of(sent.url)};
            sent.done(std::move(reply));
            i = 0;
        }
    }

    std::string more_claims; // of each token, such as "a":1,"b":2
    std::string graph_answer;
    std::function<void(std::string_view url)> on_sent;

  private:
    struct Sent {
        Transfer transfer;
        std::string url;
        Done done;
    };

    std::string body_of(const std::string &url) const
    {
        const std::string site = "https://id.example.org/";
        if (url.ends_with("/discovery"))
            return R"({"issuer":"https://id.example.org","device_authorization_endpoint":")" +
                   site + R"(device","token_endpoint":")" + site + R"(token","jwks_uri":")" + site +
                   R"(keys"})";
        if (url.ends_with("/device"))
            return R"({"device_code":"dev","user_code":"ABCD-1234","expires_in":600,)"
                   R"("interval":1,"verification_uri":"https://id.example.org/code"})";
        if (url.ends_with("/keys"))
            return R"({"keys":[{"kty":"RSA","use":"sig","kid":"main","n":")" +
                   number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" + number(OSSL_PKEY_PARAM_RSA_E) +
                   R"("}]})";
        if (url.starts_with("https://graph."))
            return graph_answer;
        return R"({"access_token":"at","token_type":"Bearer","id_token":")" + token() + R"("})";
    }
    std::string number(const char *name) const
    {
        BIGNUM *read = nullptr;
        EVP_PKEY_get_bn_param(key().get(), name, &read);
        const Handle<BIGNUM, &BN_free> number{read};
        std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
        BN_bn2bin(number.get(), reinterpret_cast<unsigned char *>(bytes.data()));
        return oidc::encode_base64url(bytes);
    }
    std::string token() const
    {
        const auto now = wall_time().time_since_epoch().count();
        const std::string claims = R"({"iss":"https://id.example.org","aud":"client","sub":")" +
                                   person_ + R"(","iat":)" + std::to_string(now) + R"(,"exp":)" +
                                   std::to_string(now + 600) + (more_claims.empty() ? "" : ",") +
                                   more_claims + "}";
        const std::string text =
            oidc::encode_base64url(R"({"typ":"JWT","alg":"RS256","kid":"main"})") + "." +
            oidc::encode_base64url(claims);
        const Handle<EVP_MD_CTX, &EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
        std::string signature(512, '\0');
        std::size_t size = signature.size();
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key().get());
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char *>(signature.data()), &size,
                       reinterpret_cast<const unsigned char *>(text.data()), text.size());
        signature.resize(size);
        return text + "." + oidc::encode_base64url(signature);
    }
    // One for all: it takes a while to make.
    static const oidc::EvpKey &key()
    {
        static const oidc::EvpKey made = oidc::make_rsa_key();
        return made;
    }

    std::string person_;
    std::vector<Sent> sent_;
    Transfer last_ = 0;
};

} // namespace jit::daemon::test
