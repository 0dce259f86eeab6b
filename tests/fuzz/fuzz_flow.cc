// Any bytes as what jitd answers the module, which runs as root in sudo: the exchange ends, lets
// nobody through without a reply that says so, and shows nothing that is unsafe on a terminal.
//
// The first byte chooses the door, bit by bit: 1 account phase, 2 unproven, 4 no flow possible,
// 8 role=web on the line, 16 a timeout, 32 observed, 64 quiet, 128 a large screen. Then records,
// parted by form feeds, that answer in turn what the flow asks of the outside:
//   a digit     what comes instead of a frame: Event's values, from '1', timed out; '0' instead of
//               an answer beside the connection: yes
//   '?'         what a person types next
//   else        a frame
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <string>

#include "lib/base/text.h"
#include "lib/ipc/message.h"
#include "pam_jit/flow.h"
#include "tests/fuzz/expect.h"

using namespace jit;
using namespace jit::pam;

namespace {

void expect_shown(std::string_view text)
{
    std::string lines{text};
    for (char &c : lines)
        if (c == '\n')
            c = ' ';
    expect(safe_text(lines, lines.size()) == lines);
}

class Script final : public Outside
{
  public:
    Script(std::string_view records, const Door &door) : left_(records), door_(door) {}

    std::deque<std::string> calls; // methods
    bool was_dropped = false;      // before the first answer
    bool said_live = false;        // as jansson reads the frames that were given out
    bool said_granted = false;
    bool said_ignore = false;
    bool said_approval = false;
    std::string request; // the last; where others are waited for, all are the same
    unsigned reasons_wanted = 0;

    BootTime now() override { return now_; }
    Heard send(std::string_view frame, BootTime until) override
    {
        expect(!frame.empty() && frame.back() == '\0' && until > now_);
        const auto call = ipc::decode_call(frame.substr(0, frame.size() - 1));
        expect(call.has_value());
        calls.push_back(call->method);
        if (call->method == "io.jitd.Elevation.Request") {
            if (request.empty() || !said_approval)
                request = frame;
            expect(frame == request);
        }
        return {Event::ready, 0, {}};
    }
    Heard receive(BootTime until) override
    {
        expect(++receives_ < 20000);
        if (until <= now_ || left_.empty()) {
            now_ = std::max(until, now_);
            if (until == BootTime::max())
                return {Event::lost, 0, {}};
            if (left_.empty()) // a wait of a year has a line each minute
                now_ += std::chrono::hours{1};
            return {Event::timed_out, 0, {}};
        }
        std::string_view record = take();
        now_ += std::chrono::seconds{1};
        if (record.size() == 1 && record[0] >= '1' && record[0] <= '7') {
            const auto event = static_cast<Event>(record[0] - '0');
            if (event == Event::timed_out)
                now_ = std::max(until, now_);
            was_dropped |= event == Event::lost && receives_ == 1;
            return {event, 0, {}};
        }
        // A copy of exactly the size, so that reading past the end is seen.
        frame_ = std::make_unique<char[]>(record.size());
        if (!record.empty())
            std::memcpy(frame_.get(), record.data(), record.size());
        note(record);
        return {Event::ready, 0, {frame_.get(), record.size()}};
    }
    Event pause(BootTime until) override
    {
        expect(said_approval && door_.is_proven);
        now_ = std::max(until, now_);
        if (left_ == "4" || left_.starts_with("4\f")) {
            take();
            return Event::interrupted;
        }
        return Event::timed_out;
    }
    void send_beside(std::string_view frame) override
    {
        expect(!frame.empty() && ipc::decode_call(frame.substr(0, frame.size() - 1)));
    }
    bool ask_beside(std::string_view frame, BootTime until) override
    {
        expect(said_approval && door_.is_proven && until > now_ && !frame.empty());
        const auto call = ipc::decode_call(frame.substr(0, frame.size() - 1));
        expect(call && call->method == "io.jitd.Elevation.Leave");
        return take() == "0";
    }
    Event ask_at_interrupt(const Text &text, Typed &answer) override
    {
        expect(said_approval && door_.is_proven);
        return ask(text, answer);
    }
    Event tell(Tone, const Text &text) override
    {
        expect(!door_.is_observed);
        expect_shown(text.view());
        return Event::ready;
    }
    Event ask(const Text &text, Typed &answer) override
    {
        expect_shown(text.view());
        std::string_view typed = take();
        if (!typed.starts_with('?'))
            return Event::interrupted;
        typed.remove_prefix(1);
        (void)answer.set(typed);
        return Event::ready;
    }

  private:
    std::string_view take()
    {
        const std::size_t end = std::min(left_.find('\f'), left_.size());
        const std::string_view record = left_.substr(0, end);
        left_.remove_prefix(std::min(end + 1, left_.size()));
        return record;
    }
    void note(std::string_view frame)
    {
        // The module passes over members that it does not know.
        const ipc::Json reply{
            json_loadb(frame.data(), frame.size(), JSON_REJECT_DUPLICATES, nullptr)};
        const char *const error = json_string_value(json_object_get(reply.get(), "error"));
        if (error != nullptr && std::string_view{error} == "io.jitd.Elevation.ReasonWanted")
            ++reasons_wanted;
        if (!json_is_object(reply.get()) || json_object_get(reply.get(), "error") != nullptr)
            return;
        const auto is = [&](const char *member, std::string_view value) {
            const json_t *parameters = json_object_get(reply.get(), "parameters");
            const json_t *text = json_object_get(parameters, member);
            return json_is_string(text) && json_string_value(text) == value;
        };
        const bool is_role = door_.role.empty() || is("role", door_.role);
        said_live |= is("verdict", "live") && is_role;
        said_granted |= is("state", "granted") && is_role;
        said_approval |=
            is("state", "approval") && is_role && calls.back() == "io.jitd.Elevation.Request";
        said_ignore |=
            is("verdict", "ignore") || is("verdict", "exempt") || is("verdict", "observed");
    }

    std::string_view left_;
    const Door &door_;
    std::unique_ptr<char[]> frame_;
    BootTime now_{std::chrono::seconds{1000}};
    int receives_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size == 0)
        return 0;
    const unsigned bits = data[0];
    Door door;
    door.phase = (bits & 1U) != 0 ? Phase::account : Phase::auth;
    door.requester = door.account = "alice";
    const std::string_view names[] = {"alice"};
    door.account_names = names;
    door.service = "sudo";
    door.command = "id";
    door.socket = "/run/jit/io.jitd.Elevation";
    door.is_proven = (bits & 2U) == 0;
    door.may_start = (bits & 4U) == 0;
    if ((bits & 8U) != 0)
        door.role = "web";
    if ((bits & 16U) != 0)
        door.timeout = std::chrono::seconds{300};
    // The module observes without a flow, and shows nothing: phases.cc.
    door.is_observed = (bits & 32U) != 0;
    door.may_start = door.may_start && !door.is_observed;
    door.is_quiet = (bits & 64U) != 0;
    if ((bits & 128U) != 0)
        door.screen = {true, 120, 40};
    Script script{{reinterpret_cast<const char *>(data) + 1, size - 1}, door};

    const Passage passage = run_flow(door, script);

    // A check that was dropped is asked once more; a request only with a reason that was wanted, or
    // where others are waited for, each time after a check.
    const std::size_t checks = script.was_dropped ? 2 : 1;
    const bool has_asked = script.calls.size() > checks;
    expect(script.calls.size() >= checks);
    const std::size_t first =
        std::min(script.calls.size(), checks + 1 + std::min(script.reasons_wanted, 3U));
    expect(script.said_approval || script.calls.size() == first);
    for (std::size_t i = 0; i < script.calls.size(); ++i) {
        const bool is_request = script.calls[i] == "io.jitd.Elevation.Request";
        expect(is_request || script.calls[i] == "io.jitd.Elevation.Check");
        if (!script.said_approval)
            expect(is_request == (i >= checks));
        expect(!is_request || i < first || script.calls[i - 1] == "io.jitd.Elevation.Check");
    }
    // Whether who has proven nothing may ask is for jitd to say; a live grant lets him in never.
    expect(!has_asked || (door.phase == Phase::auth && door.may_start));
    if (passage.outcome == Outcome::allowed) {
        expect(has_asked ? script.said_granted || (script.said_approval && script.said_live)
                         : script.said_live);
        expect(door.phase == Phase::account || door.is_proven || script.said_granted);
        expect(passage.grant.empty() || is_id(passage.grant.view()));
    } else {
        expect(passage.grant.empty());
        expect(passage.outcome != Outcome::ignored || (script.said_ignore && !has_asked));
    }
    return 0;
}
