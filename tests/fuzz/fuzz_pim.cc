// The machines for Privileged Identity Management driven by bytes: what Graph answers and when.
// Each comes to an end, in time; the token goes to Graph's host alone; no two activations are asked
// for without the person's requests being read in between; and active, standing or ended is only
// what an answer says of this group and person.
//
// The first byte is the deadline in units of 8 s from 8 s on; the second the machine and the
// wishes: in its lowest two bits 0 and 1 an activation, 2 an end, 3 a look, then whether there is a
// reason, a context, and whether more may be demanded; above that, after how many steps the person
// leaves (0: never). Then one record for each step, parted by form feeds: a digit for what came
// back, a character for the time that passed (1 s each from '0'), Retry-After up to a '|', the
// body, in which short words stand for long ones: see expand().
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <variant>

#include "lib/oidc/claims_request.h"
#include "lib/oidc/graph_time.h"
#include "lib/oidc/json.h"
#include "lib/oidc/pim_answers.h"
#include "lib/oidc/pim_deactivation.h"
#include "lib/oidc/pim_look.h"
#include "tests/fuzz/expect.h"
#include "tests/unit/oidc/pim_graph.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

constexpr std::string_view host = "https://graph.microsoft.com/";
constexpr std::string_view pim_base =
    "https://graph.microsoft.com/v1.0/identityGovernance/privilegedAccess/group/";

// So that a fuzzer need not find GUIDs: $G the group, $O the person, $X somebody else, $T a time
// ahead, $P one past, $H the host, $M the members of an entry that is ours.
std::string expand(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size() && out.size() < 65'536; ++i) {
        const char word = text[i] == '$' && i + 1 < text.size() ? text[i + 1] : '\0';
        switch (word) {
        case 'G':
            out += pim_group;
            break;
        case 'O':
            out += pim_oid;
            break;
        case 'X':
            out += pim_other;
            break;
        case 'T':
            out += "2026-03-17T18:41:00Z";
            break;
        case 'P':
            out += "2026-03-17T09:40:00Z";
            break;
        case 'H':
            out += host;
            break;
        case 'M':
            out += std::string{R"("accessId":"member","groupId":")"} + pim_group +
                   R"(","principalId":")" + pim_oid + "\"";
            break;
        default:
            out += text[i];
            continue;
        }
        ++i;
    }
    return out;
}

HttpReply read_reply(char kind, std::string_view rest)
{
    const std::size_t bar = std::min(rest.find('|'), rest.size());
    const std::string_view retry_after = rest.substr(0, std::min<std::size_t>(bar, 64));
    const std::string_view body = rest.substr(std::min(bar + 1, rest.size()));
    using Outcome = HttpReply::Outcome;
    constexpr long statuses[] = {200, 201, 400, 401, 403, 404, 429, 503, 302, 204};
    constexpr Outcome outcomes[] = {Outcome::unreachable, Outcome::timed_out, Outcome::not_trusted,
                                    Outcome::too_large};
    if (kind >= 'a' && kind <= 'd')
        return no_reply(outcomes[kind - 'a']);
    return reply_of(kind >= '0' && kind <= '9' ? statuses[kind - '0'] : 200, expand(body),
                    retry_after);
}

bool is_word(const json_t *object, const char *name, std::string_view expected)
{
    const json_t *member = json_object_get(object, name);
    return json_is_string(member) && to_lower(json_string_value(member)) == expected;
}

bool is_ours(const json_t *object)
{
    return is_word(object, "groupId", pim_group) && is_word(object, "principalId", pim_oid) &&
           is_word(object, "accessId", "member");
}

// What a step of any of the machines is.
template <class... Cases> struct Match : Cases... {
    using Cases::operator()...;
};
template <class... Cases> Match(Cases...) -> Match<Cases...>;

struct Run {
    BootTime deadline;
    Now now = pim_began();
    BootTime wakes = BootTime::max();
    bool is_out = false;
    bool has_left = false;
    bool was_listed = true; // the person's requests, since the last POST
    bool may_demand = false;
    std::set<WallTime> ends; // of activations of ours that an answer had
    std::set<std::string> schedules;
    bool was_told_gone = false; // an answer may mean that nothing is active
    int requests = 0;
    int posts = 0;
    std::string url;

    explicit Run(BootTime end) : deadline(end) {}

    void check_request(const HttpRequest &request)
    {
        expect((!is_out || has_left) && now.boot < deadline && ++requests <= 2000);
        expect(request.url.starts_with(host) && request.url.size() <= 2048 &&
               is_visible(request.url));
        expect(request.bearer.reveal() == "at.at" && request.client_request_id == pim_call);
        expect(request.form.empty());
        url = request.url;
        if (request.method == HttpRequest::Method::get) {
            expect(request.json.empty());
            return;
        }
        const Json body = parse_object(request.json);
        expect(body != nullptr);
        if (request.url != std::string{pim_base} + "assignmentScheduleRequests") {
            // Taken back, of a request whose id is one.
            expect(has_left && request.json == "{}" && request.url.starts_with(pim_base) &&
                   request.url.ends_with("/cancel"));
            return;
        }
        expect(is_ours(body.get()));
        if (is_word(body.get(), "action", "selfactivate")) {
            expect(!has_left && was_listed && ++posts <= 4);
            was_listed = false;
        } else {
            expect(is_word(body.get(), "action", "selfdeactivate") && ++posts <= 20);
        }
    }

    // Only what this group's and person's entries say.
    void note(const HttpReply &reply)
    {
        const std::string_view body = reply.body.reveal();
        const Json tree{json_loadb(body.data(), body.size(), 0, nullptr)};
        was_told_gone =
            was_told_gone ||
            is_word(json_object_get(tree.get(), "error"), "code", "roleassignmentdoesnotexist") ||
            (is_ours(tree.get()) && is_word(tree.get(), "status", "revoked"));
        if (reply.status != 200)
            return;
        const bool is_list = json_is_array(json_object_get(tree.get(), "value"));
        was_listed =
            was_listed ||
            (is_list && url.find("assignmentScheduleRequests/filterBy") != std::string::npos) ||
            (is_list && url.find("v1.0/identity") == std::string::npos);
        was_told_gone = was_told_gone || is_list;
        std::size_t i = 0;
        const json_t *one = nullptr;
        json_array_foreach(json_object_get(tree.get(), "value"), i, one)
        {
            const json_t *end = json_object_get(one, "endDateTime");
            const auto at = parse_graph_time(json_is_string(end) ? json_string_value(end) : "");
            if (at && *at > now.wall && is_ours(one) && is_word(one, "assignmentType", "activated"))
                note_active(one, *at);
        }
    }

    void note_active(const json_t *instance, WallTime until)
    {
        ends.insert(until);
        if (const auto schedule = read_pim_id(instance, "assignmentScheduleId"))
            schedules.insert(*schedule);
    }

    // True: it has ended.
    template <typename Step> bool take(const Step &step)
    {
        const auto wait = [this](BootTime at) {
            expect(at > now.boot && at <= deadline && (!is_out || has_left));
            wakes = at;
            return false;
        };
        return std::visit(
            Match{[this](const SendRequest &send) {
                      check_request(send.request);
                      is_out = true;
                      return false;
                  },
                  [&](const WaitUntil &until) { return wait(until.at); },
                  [&](const PimWaits &waits) { return wait(waits.at); },
                  [this](const PimActive &active) {
                      expect(!has_left && ends.contains(active.until) && active.until > now.wall);
                      expect(active.schedule.empty() || schedules.contains(active.schedule));
                      return true;
                  },
                  [this](const PimStands &stands) {
                      expect(ends.contains(stands.until));
                      return true;
                  },
                  [this](const PimEnded &) {
                      expect(was_told_gone);
                      return true;
                  },
                  [this](const PimDropped &) {
                      expect(was_told_gone);
                      return true;
                  },
                  [this](const PimDemands &demands) {
                      expect(may_demand && !has_left && parse_object(demands.claims) != nullptr &&
                             !make_claims_request("c1", demands.claims).empty());
                      return true;
                  },
                  [](const PimRefused &refused) {
                      expect(refused.failure != Failure::none && !refused.advice.empty() &&
                             safe_text(refused.advice, 1024) == refused.advice &&
                             is_guid(refused.correlation_id));
                      return true;
                  },
                  [this](const PimGone &) {
                      expect(has_left);
                      return true;
                  }},
            step);
    }
};

template <typename Machine>
void drive(Machine machine, Run &run, std::string_view left, unsigned leaves_at)
{
    bool has_ended = run.take(machine.start(run.now));
    for (unsigned steps = 1; !has_ended; ++steps) {
        if constexpr (std::is_same_v<Machine, PimActivation>) {
            if (steps == leaves_at) {
                run.has_left = true;
                const PimStep step = machine.cancel(run.now);
                has_ended = run.take(step);
                continue;
            }
        }
        const std::size_t end = std::min(left.find('\f'), left.size());
        const std::string_view record = left.substr(0, end);
        left.remove_prefix(std::min(end + 1, left.size()));
        if constexpr (std::is_same_v<Machine, PimActivation>) {
            if (!run.is_out && record == "hurry") {
                has_ended = run.take(machine.hurry(run.now));
                continue;
            }
        }
        if (run.is_out && record.size() >= 2) {
            run.now = later(run.now, seconds{std::clamp(record[1] - '0', 0, 90)});
            const HttpReply reply = read_reply(record[0], record.substr(2));
            run.is_out = false;
            run.note(reply);
            has_ended = run.take(machine.on_reply(reply, run.now));
        } else {
            // Nothing comes any more, or it is the time to wait for: the clock goes on.
            const BootTime next = std::max(run.now.boot, run.is_out ? run.deadline : run.wakes);
            run.now = later(run.now, std::chrono::ceil<seconds>(next - run.now.boot));
            const bool is_late = run.now.boot >= run.deadline;
            run.is_out = run.is_out && !is_late;
            has_ended = run.take(machine.on_time(run.now));
            expect(has_ended || !is_late);
        }
    }
    // Whatever comes after the end is refused.
    expect(std::holds_alternative<PimRefused>(machine.on_time(run.now)));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size < 2)
        return 0;
    const seconds deadline = seconds{8} * (data[0] + 1);
    const unsigned wishes = data[1];
    const std::string_view left{reinterpret_cast<const char *>(data) + 2, size - 2};
    Run run{pim_began().boot + deadline};
    if ((wishes & 3U) == 2) {
        drive(PimDeactivation{pim_who(deadline)}, run, left, 0);
    } else if ((wishes & 3U) == 3) {
        drive(PimLook{pim_who(deadline)}, run, left, 0);
    } else {
        PimAsk ask;
        ask.who = pim_who(deadline);
        ask.duration = std::chrono::hours{1};
        if ((wishes & 4U) != 0)
            ask.reason = "INC-1 x";
        if ((wishes & 8U) != 0)
            ask.contexts = {"c1"};
        ask.may_demand = run.may_demand = (wishes & 16U) != 0;
        drive(PimActivation{std::move(ask)}, run, left, wishes >> 5U);
    }
    return 0;
}
