// A look-up of groups driven by bytes: what Graph answers and when. It always comes to an end, in
// time; the token goes to Graph's host alone; only groups that were asked for are found, and only
// where an answer says so.
//
// The first byte is the deadline in units of 4 s from 4 s on, the second how many groups are asked
// for. Then one record for each step, parted by form feeds: a digit for what came back, a character
// for the time that passed (1 s each from '0'), Retry-After up to a '|', the body.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "lib/base/text.h"
#include "lib/oidc/group_lookup.h"
#include "lib/oidc/json.h"
#include "tests/fuzz/expect.h"
#include "tests/unit/oidc/flow.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

constexpr BootTime start_time{seconds{1000}};
constexpr std::string_view host = "https://graph.microsoft.com/";

// The first of them is short, so that a fuzzer soon finds it.
std::vector<std::string> make_groups(std::size_t count)
{
    std::vector<std::string> made;
    for (std::size_t i = 0; i < count; ++i)
        made.push_back("g" + std::to_string(i));
    return made;
}

HttpReply read_reply(char kind, std::string_view rest)
{
    const std::size_t bar = std::min(rest.find('|'), rest.size());
    const std::string_view retry_after = rest.substr(0, std::min<std::size_t>(bar, 64));
    const std::string_view body = rest.substr(std::min(bar + 1, rest.size()));
    using Outcome = HttpReply::Outcome;
    constexpr long statuses[] = {200, 401, 429, 503, 302, 400};
    constexpr Outcome outcomes[] = {Outcome::unreachable, Outcome::timed_out, Outcome::not_trusted,
                                    Outcome::too_large};
    if (kind >= '6' && kind <= '9')
        return no_reply(outcomes[kind - '6']);
    return reply_of(kind >= '0' && kind <= '5' ? statuses[kind - '0'] : 200, body, retry_after);
}

struct Run {
    std::vector<std::string> groups;
    BootTime deadline;
    GroupLookup lookup;
    BootTime now = start_time;
    BootTime wakes = BootTime::max();
    bool asked = false;         // a request is out
    std::set<std::string> told; // texts in answers, in lower case
    int requests = 0;

    Run(std::size_t count, BootTime end)
        : groups(make_groups(count)), deadline(end),
          lookup("graph.microsoft.com", SecretString{"at.at"}, groups, "id", end)
    {
    }

    void check_request(const HttpRequest &request)
    {
        expect(!asked && now < deadline && ++requests <= 1000);
        expect(request.url.starts_with(host) && request.url.size() <= 2048);
        expect(std::all_of(request.url.begin(), request.url.end(),
                           [](char c) { return c > ' ' && c < '\x7f'; }));
        expect(request.bearer.reveal() == "at.at" && request.client_request_id == "id");
        expect(request.form.empty());
        const bool is_post = request.method == HttpRequest::Method::post;
        expect(is_post == !request.json.empty());
        expect(!is_post || request.url == std::string{host} + "v1.0/me/checkMemberGroups");
    }

    // True: it has ended.
    bool take(const LookupStep &step)
    {
        if (const auto *send = std::get_if<SendRequest>(&step)) {
            check_request(send->request);
            asked = true;
            return false;
        }
        if (const auto *wait = std::get_if<WaitUntil>(&step)) {
            expect(!asked && wait->at > now && wait->at < deadline);
            wakes = wait->at;
            return false;
        }
        if (const auto *found = std::get_if<GroupsFound>(&step)) {
            std::set<std::string> once;
            for (const std::string &group : found->groups)
                expect(once.insert(group).second && told.contains(group) &&
                       std::find(groups.begin(), groups.end(), group) != groups.end());
            return true;
        }
        const auto &unknown = std::get<GroupsUnknown>(step);
        expect(!unknown.advice.empty() && safe_text(unknown.advice, 1024) == unknown.advice);
        return true;
    }

    void note(const HttpReply &reply)
    {
        if (reply.status != 200)
            return;
        const std::string_view body = reply.body.reveal();
        const Json tree{json_loadb(body.data(), body.size(), 0, nullptr)};
        std::size_t i = 0;
        const json_t *one = nullptr;
        json_array_foreach(json_object_get(tree.get(), "value"), i, one)
        {
            if (json_is_string(one))
                told.insert(to_lower(json_string_value(one)));
        }
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size < 2)
        return 0;
    Run run{data[1], start_time + seconds{4} * (data[0] + 1)};
    std::string_view left{reinterpret_cast<const char *>(data) + 2, size - 2};
    bool has_ended = run.take(run.lookup.start());
    while (!has_ended) {
        const std::size_t end = std::min(left.find('\f'), left.size());
        const std::string_view record = left.substr(0, end);
        left.remove_prefix(std::min(end + 1, left.size()));
        if (run.asked && record.size() >= 2) {
            run.now += seconds{std::clamp(record[1] - '0', 0, 90)};
            const HttpReply reply = read_reply(record[0], record.substr(2));
            run.asked = false;
            run.note(reply);
            has_ended = run.take(run.lookup.on_reply(reply, run.now));
        } else {
            // Nothing comes any more, or it is the time to wait for: the clock goes on.
            run.now = std::max(run.now, run.asked ? run.deadline : run.wakes);
            const bool is_late = run.now >= run.deadline;
            run.asked = run.asked && !is_late;
            has_ended = run.take(run.lookup.on_time(run.now));
            expect(has_ended || !is_late);
        }
    }
    return 0;
}
