// What the module writes is what the daemon's decoder takes, and what the daemon's encoder writes
// is what the module understands.
#include "tests/unit/cmocka_cpp.h"

#include <array>
#include <deque>

#include "lib/ipc/call_writer.h"
#include "lib/ipc/elevation.h"
#include "lib/ipc/message.h"
#include "pam_jit/flow.h"

namespace ipc = jit::ipc;
using namespace jit::pam;

namespace {

constexpr const char *id = "0123456789abcdef";

class Daemon final : public Outside
{
  public:
    std::deque<std::string> replies; // with their NUL
    std::vector<ipc::Call> calls;
    std::string shown;

    Heard send(std::string_view frame, jit::BootTime) override
    {
        assert_int_equal(frame.back(), 0);
        auto call = ipc::decode_call(frame.substr(0, frame.size() - 1));
        assert_true(call.has_value());
        calls.push_back(*std::move(call));
        return {Event::ready, 0, {}};
    }
    Heard receive(jit::BootTime) override
    {
        assert_false(replies.empty());
        held_ = replies.front();
        replies.pop_front();
        held_.pop_back();
        return {Event::ready, 0, held_};
    }
    Event tell(Tone, const Text &text) override
    {
        shown += text.c_str();
        return Event::ready;
    }

    void will_say(const ipc::Json &parameters, bool continues)
    {
        auto frame = ipc::encode_reply(parameters.get(), continues);
        assert_true(frame.has_value());
        replies.push_back(*std::move(frame));
    }

  private:
    std::string held_;
};

const std::array<std::string_view, 2> names{"alice", "al"};

Door door(Phase phase)
{
    Door made;
    made.phase = phase;
    made.requester = "alice";
    made.account = "alice";
    made.account_names = names;
    made.service = "sudo";
    made.tty = "/dev/pts/0";
    made.rhost = "192.0.2.7";
    made.command = "sudo id";
    made.session = 4711;
    made.timeout = std::chrono::minutes{10};
    made.is_proven = true;
    made.may_start = true;
    return made;
}

void every_verdict_is_understood(void **)
{
    const struct {
        ipc::Verdict verdict;
        Outcome account;
    } table[] = {
        {ipc::Verdict::live, Outcome::allowed},     {ipc::Verdict::request, Outcome::denied},
        {ipc::Verdict::choose, Outcome::denied},    {ipc::Verdict::denied, Outcome::denied},
        {ipc::Verdict::ignore, Outcome::ignored},   {ipc::Verdict::exempt, Outcome::ignored},
        {ipc::Verdict::observed, Outcome::ignored},
    };
    for (const auto &row : table) {
        ipc::CheckReply reply;
        reply.verdict = row.verdict;
        reply.role = "web";
        reply.roles = std::vector<std::string>{"dba", "web"};
        reply.grant = id;
        reply.until = jit::WallTime{std::chrono::seconds{1773740465}};
        reply.message = "a \"reason\"";
        reply.carry = std::vector<std::uint32_t>(ipc::max_carried_groups, 4294967294);
        Daemon daemon;
        daemon.will_say(ipc::encode_check_reply(reply), false);
        const Passage passage = run_flow(door(Phase::account), daemon);
        assert_true(passage.outcome == row.account);
        assert_int_equal(passage.carry.count, row.account == Outcome::allowed ? 16 : 0);
        if (passage.carry.count > 0)
            assert_int_equal(passage.carry.gids[15], 4294967294);

        const auto call = ipc::decode_check_call(daemon.calls.at(0).parameters.get());
        assert_true(call.has_value());
        assert_text(daemon.calls[0].method, ipc::method::check);
        assert_text(call->requester, "alice");
        assert_int_equal(call->account_names.size(), 2);
        assert_true(call->phase == ipc::Phase::account);
        assert_text(*call->command, "sudo id");
    }
}

void a_request_is_understood_from_its_call_to_its_grant(void **)
{
    ipc::CheckReply check;
    check.verdict = ipc::Verdict::request;
    check.role = "web";
    ipc::RequestReply reply;
    reply.state = ipc::Progress::pending;
    reply.id = id;
    reply.role = "web";
    reply.host = "web01";
    reply.duration = std::chrono::minutes{30};
    Daemon daemon;
    daemon.will_say(ipc::encode_check_reply(check), false);
    daemon.will_say(ipc::encode_request_reply(reply), true);
    reply.state = ipc::Progress::code;
    reply.uri = "https://microsoft.com/devicelogin";
    reply.code = "K7QF2MZ9R";
    reply.expires = std::chrono::minutes{15};
    daemon.will_say(ipc::encode_request_reply(reply), true);
    ipc::RequestReply granted;
    granted.state = ipc::Progress::granted;
    granted.id = id;
    granted.role = "web";
    granted.until = jit::WallTime{std::chrono::seconds{1773740465}};
    granted.groups = std::vector<std::string>{"jit-web"};
    daemon.will_say(ipc::encode_request_reply(granted), false);

    const Passage passage = run_flow(door(Phase::auth), daemon);
    assert_true(passage.outcome == Outcome::allowed);
    assert_text(passage.grant.view(), id);
    assert_true(daemon.shown.find("until 09:41 UTC (30m)") != std::string::npos);

    assert_int_equal(daemon.calls.size(), 2);
    assert_true(daemon.calls[1].more);
    const auto call = ipc::decode_request_call(daemon.calls[1].parameters.get());
    assert_true(call.has_value());
    assert_text(call->role, "web");
    assert_text(*call->user, "alice");
    assert_int_equal(*call->session, 4711);
    assert_int_equal(call->timeout->count(), 600);
}

void an_error_of_the_daemon_is_shown(void **)
{
    const ipc::Json message = ipc::make_message("jitd.toml has errors");
    auto frame = ipc::encode_error(ipc::name_of(ipc::Fault::misconfigured), message.get());
    Daemon daemon;
    daemon.replies.push_back(*std::move(frame));
    assert_true(run_flow(door(Phase::auth), daemon).outcome == Outcome::denied);
    assert_text(daemon.shown, "jit: jitd.toml has errors");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_verdict_is_understood),
        cmocka_unit_test(a_request_is_understood_from_its_call_to_its_grant),
        cmocka_unit_test(an_error_of_the_daemon_is_shown),
    };
    return cmocka_run_group_tests_name("pam_jit/agreement", tests, nullptr, nullptr);
}
