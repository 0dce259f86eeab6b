// What a host asks of Entra, of Graph and of the machine's own metadata service, answered by a
// test.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/net/http.h"

namespace jit::daemon::test {

class GraphWire final : public net::HttpClient
{
  public:
    struct Sent {
        Transfer transfer = 0;
        oidc::HttpRequest request;
        Done done;
    };

    Transfer send(oidc::HttpRequest request, Done done) override
    {
        urls.push_back(request.url);
        open.push_back({++last_, std::move(request), std::move(done)});
        return last_;
    }
    void cancel(Transfer transfer) override
    {
        std::erase_if(open, [&](const Sent &sent) { return sent.transfer == transfer; });
    }

    // Answers what waits, and what comes of that, until nothing does.
    void answer_all(const std::function<oidc::HttpReply(const oidc::HttpRequest &)> &answer)
    {
        while (!open.empty()) {
            Sent first = std::move(open.front());
            open.erase(open.begin());
            first.done(answer(first.request));
        }
    }
    std::size_t count(std::string_view part) const
    {
        std::size_t found = 0;
        for (const std::string &url : urls)
            found += url.find(part) != std::string::npos ? 1 : 0;
        return found;
    }

    std::vector<std::string> urls; // all that was ever asked
    std::vector<Sent> open;

  private:
    Transfer last_ = 0;
};

// The provider's own document.
inline std::string document_of(const std::string &issuer)
{
    const std::string site = "https://login.microsoftonline.com/";
    return "{\"issuer\":\"" + issuer + "\",\"device_authorization_endpoint\":\"" + site +
           "device\",\"token_endpoint\":\"" + site + "token\",\"jwks_uri\":\"" + site + "keys\"}";
}

} // namespace jit::daemon::test
