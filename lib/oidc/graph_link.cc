#include "lib/oidc/graph_link.h"

#include <algorithm>

#include "lib/oidc/json.h"
#include "lib/oidc/pace.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;
using Fate = GraphVerdict::Fate;

constexpr unsigned max_distrusts = 2;
constexpr unsigned max_pages = 16;
constexpr std::size_t max_entries = 500;
constexpr std::size_t max_page_bytes = 2048;

constexpr const char *no_sense = "Microsoft Graph's answer makes no sense. Run it again, and ask "
                                 "the administrator if it recurs.";
constexpr const char *away = "Microsoft Graph can't be reached. Run it again later.";
constexpr const char *not_trusted =
    "Microsoft Graph's certificate is not trusted here. Ask the administrator.";
constexpr const char *token_ran_out =
    "The sign-in ran out while Entra was waited for. Run it again: what is active or asked for in "
    "Entra is taken up.";
constexpr const char *token_refused =
    "Microsoft Graph does not accept the sign-in. The administrator has to check scopes in "
    "jitd.toml.";

} // namespace

bool is_visible(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_page_of(std::string_view uri, std::string_view host)
{
    const std::string prefix = "https://" + std::string{host} + "/";
    return uri.size() <= max_page_bytes && uri.starts_with(prefix) && is_visible(uri);
}

GraphLink::GraphLink(std::string host, SecretString token, std::string request_id,
                     BootTime deadline, bool is_known)
    : host_(std::move(host)), token_(std::move(token)), request_id_(std::move(request_id)),
      deadline_(deadline), was_answered_(is_known), jitter_(request_id_)
{
}

bool GraphLink::is_usable() const
{
    return !host_.empty() && is_visible(host_) &&
           host_.find_first_of("/\\@?#") == std::string::npos && !token_.empty() &&
           is_visible(token_.reveal());
}

HttpRequest GraphLink::get(std::string_view target) const
{
    HttpRequest request;
    request.url = "https://" + host_ + std::string{target};
    request.bearer = SecretString{token_.reveal()};
    request.client_request_id = request_id_;
    return request;
}

HttpRequest GraphLink::post(std::string_view target, std::string json) const
{
    HttpRequest request = get(target);
    request.method = HttpRequest::Method::post;
    request.json = std::move(json);
    return request;
}

HttpRequest GraphLink::list(std::string_view target) const
{
    HttpRequest request = get(target);
    if (has_more())
        request.url = next_page_;
    return request;
}

GraphVerdict GraphLink::judge(const HttpReply &reply, BootTime now)
{
    switch (reply.outcome) {
    case HttpReply::Outcome::received:
        break;
    case HttpReply::Outcome::unreachable:
    case HttpReply::Outcome::timed_out:
        return put_off(reply, now);
    case HttpReply::Outcome::not_trusted:
        // Nothing was sent. One broken handshake should not cost what somebody else has approved.
        if (was_answered_ && ++distrusts_ <= max_distrusts)
            return put_off(reply, now);
        return {Fate::ended, {}, failure_of(reply.distrust), not_trusted};
    case HttpReply::Outcome::too_large:
        return {Fate::ended, {}, Failure::broken, no_sense};
    }
    if (is_put_off(reply))
        return put_off(reply, now);
    if (reply.status == 401)
        return was_answered_ ? GraphVerdict{Fate::ended, {}, Failure::expired, token_ran_out}
                             : GraphVerdict{Fate::ended, {}, Failure::misconfigured, token_refused};
    // A redirect would carry the token to wherever it points.
    const bool is_answer = (reply.status >= 200 && reply.status <= 299) ||
                           (reply.status >= 400 && reply.status <= 499);
    if (!is_answer)
        return {Fate::ended, {}, Failure::broken, no_sense};
    was_answered_ = true;
    failures_ = 0;
    distrusts_ = 0;
    return {};
}

GraphVerdict GraphLink::put_off(const HttpReply &reply, BootTime now)
{
    const unsigned before = failures_++;
    const auto pause = jitter_.spread(std::max(
        back_off(seconds{1}, before), read_retry_after(reply.retry_after).value_or(seconds{0})));
    if (now + pause >= deadline_)
        return {Fate::ended, {}, Failure::unreachable, away};
    return {Fate::later, now + pause, Failure::none, ""};
}

bool GraphLink::read_page(const HttpReply &reply,
                          const std::function<bool(const json_t *entry)> &take)
{
    next_page_.clear();
    has_overrun_ = false;
    const Json parsed = parse_object(reply.body.reveal());
    const json_t *entries = json_object_get(parsed.get(), "value");
    if (!json_is_array(entries) || json_array_size(entries) > max_entries)
        return false;
    for (std::size_t i = 0; i < json_array_size(entries); ++i)
        if (!json_is_object(json_array_get(entries, i)) || !take(json_array_get(entries, i)))
            return false;
    if (json_object_get(parsed.get(), "@odata.nextLink") == nullptr) {
        pages_ = 0;
        return true;
    }
    const auto next = text_member(parsed.get(), "@odata.nextLink");
    if (!next || !is_page_of(*next, host_))
        return false;
    if (++pages_ >= max_pages) {
        has_overrun_ = true;
        return false;
    }
    next_page_ = *next;
    return true;
}

void GraphLink::forget_list()
{
    next_page_.clear();
    pages_ = 0;
}

} // namespace jit::oidc
