#include "lib/oidc/group_lookup.h"

#include <algorithm>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/oidc/graph_link.h"
#include "lib/oidc/json.h"
#include "lib/oidc/pace.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;

constexpr std::size_t max_groups = 500;
constexpr std::size_t groups_at_once = 20; // Graph's own cap
constexpr unsigned max_pages = 16;
constexpr const char *no_sense =
    "Microsoft Graph's answer about the groups makes no sense. Run it again.";
constexpr const char *away = "Microsoft Graph, which knows the groups, can't be reached. Run it "
                             "again later.";

std::string make_body(const std::vector<std::string> &groups, std::size_t from)
{
    const Json ids{json_array()};
    for (std::size_t i = from; i < std::min(groups.size(), from + groups_at_once); ++i)
        json_array_append_new(ids.get(), json_stringn(groups[i].data(), groups[i].size()));
    const Json body{json_pack("{s:O}", "groupIds", ids.get())};
    const Handle<char, &free> text{json_dumps(body.get(), JSON_COMPACT)};
    return text ? text.get() : std::string{};
}

} // namespace

GroupLookup::GroupLookup(std::string graph_host, SecretString token,
                         std::vector<std::string> groups, std::string request_id, BootTime deadline)
    : host_(std::move(graph_host)), token_(std::move(token)), groups_(std::move(groups)),
      request_id_(std::move(request_id)), deadline_(deadline), jitter_(request_id_)
{
}

LookupStep GroupLookup::start()
{
    if (host_.empty() || token_.empty())
        return give_up(Failure::misconfigured,
                       "The sign-in gave no token for Microsoft Graph. The administrator has to "
                       "check scopes in jitd.toml.");
    if (!is_visible(token_.reveal()))
        return give_up(Failure::broken, no_sense);
    if (groups_.size() > max_groups)
        return give_up(Failure::misconfigured,
                       "The role names more groups than can be asked for. The administrator has to "
                       "use fewer, or app roles.");
    return ask();
}

LookupStep GroupLookup::ask()
{
    if (next_page_.empty() && asked_ >= groups_.size()) {
        token_.wipe();
        return GroupsFound{std::move(found_)};
    }
    HttpRequest request;
    request.bearer = SecretString{token_.reveal()};
    request.client_request_id = request_id_;
    if (!next_page_.empty()) {
        request.url = next_page_;
        return SendRequest{std::move(request)};
    }
    request.method = HttpRequest::Method::post;
    request.url = "https://" + host_ + "/v1.0/me/checkMemberGroups";
    request.json = make_body(groups_, asked_);
    return SendRequest{std::move(request)};
}

LookupStep GroupLookup::on_reply(const HttpReply &reply, BootTime now)
{
    if (now >= deadline_)
        return give_up(Failure::unreachable, away);
    switch (reply.outcome) {
    case HttpReply::Outcome::received:
        break;
    case HttpReply::Outcome::unreachable:
    case HttpReply::Outcome::timed_out:
        return retry(reply, now);
    case HttpReply::Outcome::not_trusted:
        return give_up(Failure::not_trusted, "Microsoft Graph's certificate is not trusted here. "
                                             "Ask the administrator.");
    case HttpReply::Outcome::too_large:
        return give_up(Failure::broken, no_sense);
    }
    if (is_put_off(reply))
        return retry(reply, now);
    if (reply.status == 401 || reply.status == 403)
        return give_up(Failure::misconfigured,
                       "Microsoft Graph does not tell the groups. The administrator has to grant "
                       "User.Read and GroupMember.Read.All to the application.");
    if (reply.status != 200)
        return give_up(Failure::broken, no_sense);
    failures_ = 0;
    return read_page(reply);
}

LookupStep GroupLookup::on_time(BootTime now)
{
    if (now >= deadline_)
        return give_up(Failure::unreachable, away);
    return now < again_at_ ? LookupStep{WaitUntil{again_at_}} : ask();
}

LookupStep GroupLookup::read_page(const HttpReply &reply)
{
    const Json parsed = parse_object(reply.body.reveal());
    const json_t *value = json_object_get(parsed.get(), "value");
    if (!json_is_array(value) || json_array_size(value) > max_groups)
        return give_up(Failure::broken, no_sense);
    for (std::size_t i = 0; i < json_array_size(value); ++i) {
        const json_t *one = json_array_get(value, i);
        if (!json_is_string(one))
            return give_up(Failure::broken, no_sense);
        std::string id = to_lower({json_string_value(one), json_string_length(one)});
        // What was not asked for is nobody's business.
        if (std::find(groups_.begin(), groups_.end(), id) != groups_.end() &&
            std::find(found_.begin(), found_.end(), id) == found_.end())
            found_.push_back(std::move(id));
    }
    const json_t *next = json_object_get(parsed.get(), "@odata.nextLink");
    if (next == nullptr) {
        next_page_.clear();
        asked_ = std::min(groups_.size(), asked_ + groups_at_once);
        return ask();
    }
    const auto uri = text_member(parsed.get(), "@odata.nextLink");
    if (!uri || !is_page_of(*uri, host_) || ++pages_ > max_pages)
        return give_up(Failure::broken, no_sense);
    next_page_ = *uri;
    return ask();
}

LookupStep GroupLookup::retry(const HttpReply &reply, BootTime now)
{
    const unsigned before = failures_++;
    const auto pause = jitter_.spread(std::max(
        back_off(seconds{1}, before), read_retry_after(reply.retry_after).value_or(seconds{0})));
    if (now + pause >= deadline_)
        return give_up(Failure::unreachable, away);
    again_at_ = now + pause;
    return WaitUntil{again_at_};
}

LookupStep GroupLookup::give_up(Failure failure, std::string advice)
{
    token_.wipe();
    return GroupsUnknown{failure, std::move(advice)};
}

} // namespace jit::oidc
