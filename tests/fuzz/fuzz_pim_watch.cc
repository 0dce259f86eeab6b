// A poll of a group's activations driven by bytes: what Graph answers and when. Each round comes to
// an end in time; the token goes to Graph's host alone; who is seen as active was told so, of this
// group, and what he asked for was told of him and of nobody else; nothing counts for a request
// without the token in a justification, nor twice.
//
// The first byte is the random number of the first round. Then one record for each step, parted by
// form feeds: a digit for what came back, a character for the time that passed (1 s each from '0'),
// Retry-After up to a '|', the body.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>

#include "lib/base/text.h"
#include "lib/oidc/json.h"
#include "lib/oidc/pim_group_poll.h"
#include "tests/fuzz/expect.h"
#include "tests/unit/oidc/flow.h"
#include "tests/unit/oidc/pim_texts.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

constexpr BootTime start_time{seconds{1000}};
constexpr std::string_view host = "https://graph.microsoft.com/";
constexpr const char *token = "BCDFGHJKM";

HttpReply read_reply(char kind, std::string_view rest)
{
    const std::size_t bar = std::min(rest.find('|'), rest.size());
    const std::string_view retry_after = rest.substr(0, std::min<std::size_t>(bar, 64));
    const std::string_view body = rest.substr(std::min(bar + 1, rest.size()));
    using Outcome = HttpReply::Outcome;
    constexpr long statuses[] = {200, 401, 429, 503, 302, 403};
    constexpr Outcome outcomes[] = {Outcome::unreachable, Outcome::timed_out, Outcome::not_trusted,
                                    Outcome::too_large};
    if (kind >= '6' && kind <= '9')
        return no_reply(outcomes[kind - '6']);
    return reply_of(kind >= '0' && kind <= '5' ? statuses[kind - '0'] : 200, body, retry_after);
}

std::string word(const json_t *entry, const char *name)
{
    return to_lower(text_member(entry, name).value_or(""));
}

struct Run {
    PimGroupPoll poll{"graph.microsoft.com", pim_group};
    BootTime now = start_time;
    BootTime wakes = start_time;
    BootTime round_began{};
    bool asked = false;
    std::uint32_t random = 0;
    int requests = 0; // of this round
    // What was told: who is active by which schedule, and who asked for it.
    std::set<std::tuple<std::string, std::string>> active;
    std::set<std::tuple<std::string, std::string, std::string>> origins;

    void check_request(const HttpRequest &request)
    {
        expect(!asked && ++requests <= 1000 && now < round_began + PimGroupPoll::patience);
        expect(request.method == HttpRequest::Method::get && request.form.empty());
        expect(request.url.starts_with(host) && request.url.size() <= 2048);
        expect(std::all_of(request.url.begin(), request.url.end(),
                           [](char c) { return c > ' ' && c < '\x7f'; }));
        expect(request.bearer.reveal() == "at.at" && request.client_request_id == "id");
        asked = true;
    }

    void check_seen(const std::vector<Activation> &seen)
    {
        expect(seen.size() <= PimGroupPoll::max_activations);
        for (const Activation &one : seen) {
            expect(is_guid(one.principal));
            expect(one.is_activated == !one.schedule.empty());
            expect(!one.is_activated || active.contains({one.principal, one.schedule}));
            expect(one.request.empty() ||
                   origins.contains({one.principal, one.schedule, one.request}));
            expect(one.justification.size() <= 4096 && one.began <= one.until);
        }
        WatchAsk ask;
        ask.oid = pim_alice;
        ask.now = WallTime{seconds{1'773'740'000}}; // 2026-03-17T09:33:20Z
        ask.request_began = ask.now;
        ask.window = ask.skew = seconds{86'400};
        ask.token = token;
        const WatchVerdict verdict = find_activation(seen, ask);
        expect(verdict.found.has_value() == (verdict.why == WatchRefusal::none));
        // With a shorter window nothing counts that did not, and without a token what did.
        WatchAsk other = ask;
        other.window = seconds{0};
        expect(verdict.found || !find_activation(seen, other).found);
        other = ask;
        other.token.clear();
        expect(!verdict.found || find_activation(seen, other).found);
        if (!verdict.found)
            return;
        const Activation &found = *verdict.found;
        expect(found.principal == pim_alice && found.is_activated && !found.request.empty() &&
               found.until > ask.now &&
               to_lower(found.justification).find(to_lower(token)) != std::string::npos);
        expect(is_still_there(seen, pim_alice, found.schedule).has_value());
        ask.used = {found.schedule, found.request};
        const WatchVerdict again = find_activation(seen, ask);
        expect(!again.found || again.found->schedule != found.schedule);
    }

    void take(const PollStep &step)
    {
        if (const auto *send = std::get_if<SendRequest>(&step)) {
            check_request(send->request);
            wakes = round_began + PimGroupPoll::patience;
        } else if (const auto *wait = std::get_if<WaitUntil>(&step)) {
            expect(!asked && wait->at > now);
            wakes = wait->at;
        } else if (const auto *seen = std::get_if<GroupSeen>(&step)) {
            check_seen(seen->activations);
            expect(seen->next_at >= now + seconds{9} && seen->next_at <= now + seconds{33});
            wakes = seen->next_at;
        } else if (const auto *failed = std::get_if<PollFailed>(&step)) {
            expect(!failed->advice.empty() && safe_text(failed->advice, 1024) == failed->advice);
            expect(failed->next_at >= now + seconds{9} && failed->next_at <= now + seconds{3960});
            asked = false;
            wakes = failed->next_at;
        } else {
            expect(!asked && std::holds_alternative<NeedToken>(step));
            round_began = now;
            requests = 0;
            take(poll.begin(SecretString{"at.at"}, "id", random++, now));
        }
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
            const std::string principal = word(one, "principalId");
            if (word(one, "groupId") != pim_group || word(one, "accessId") != "member")
                continue;
            if (word(one, "assignmentType") == "activated")
                active.insert({principal, word(one, "assignmentScheduleId")});
            if (word(one, "action") == "selfactivate")
                origins.insert({principal, word(one, "targetScheduleId"), word(one, "id")});
        }
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size < 1)
        return 0;
    Run run;
    run.random = data[0];
    std::string_view left{reinterpret_cast<const char *>(data) + 1, size - 1};
    run.take(run.poll.on_time(run.now));
    while (!left.empty() || run.asked) {
        const std::size_t end = std::min(left.find('\f'), left.size());
        const std::string_view record = left.substr(0, end);
        left.remove_prefix(std::min(end + 1, left.size()));
        if (run.asked && record.size() >= 2) {
            run.now += seconds{std::clamp(record[1] - '0', 0, 90)};
            const HttpReply reply = read_reply(record[0], record.substr(2));
            run.asked = false;
            run.note(reply);
            run.take(run.poll.on_reply(reply, run.now));
        } else {
            // Nothing comes any more, or it is the time to wait for: the clock goes on.
            run.now = std::max(run.now, run.wakes);
            if (left.empty() && !run.asked)
                break;
            run.take(run.poll.on_time(run.now));
        }
    }
    return 0;
}
