// Requests that others approve, over the daemon's socket: who sees them, who may say something of
// them, who may leave one and come back, and what another daemon finds of them.
#include "tests/unit/cmocka_cpp.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/wait.h>

#include "jitd/limits.h"
#include "jitd/words.h"
#include "lib/ipc/approving.h"
#include "lib/ipc/granting.h"
#include "tests/unit/jitd/approving_host.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;

namespace {

std::vector<ipc::Reply> ask_pending(Host &host, uid_t uid, const ipc::PendingCall &call = {})
{
    return host.ask_all(ipc::method::pending, ipc::encode_pending_call(call), uid);
}

// "web" for one that is shown, "" for none, else the error.
std::string seen_by(Host &host, uid_t uid, bool by_id = false)
{
    ipc::PendingCall call;
    if (by_id)
        call.id = some_id;
    const auto replies = ask_pending(host, uid, call);
    assert_int_equal(replies.size(), 1);
    if (!replies[0].error.empty())
        return fault_name(replies[0]);
    const auto reply = ipc::decode_pending_reply(replies[0].parameters.get());
    assert_true(reply.has_value());
    return reply->request ? reply->request->role : "";
}

// --- who may
// -------------------------------------------------------------------------------------

void who_sees_a_request_and_who_may_say_something_of_it(void **)
{
    if (!is_root_here())
        return;
    // "asked": a sign-in was begun, which ends at once since nobody reaches the provider.
    const struct {
        const char *name;
        std::string approvers;
        uid_t uid;
        const char *listed; // by jitctl pending
        const char *by_id;
        const char *approves;
        const char *rule; // of the record that is written
    } rows[] = {
        {"an approver", users({approver_oid}), approver, "web", "web", "denied not-trusted",
         "not-trusted"},
        {"a stranger", users({approver_oid}), stranger, "", "NotPermitted", "NotPermitted",
         "not-approver"},
        {"the requester", users({approver_oid, requester_oid}), requester, "", "NotPermitted",
         "NotPermitted", "own-request"},
        {"the requester as another user", users({approver_oid, requester_oid}), again, "",
         "NotPermitted", "NotPermitted", "own-request"},
        {"somebody whom nobody knows", users({approver_oid}), unknown, "", "NotPermitted",
         "NotPermitted", "not-approver"},
        // Root sees all, and has no person of his own.
        {"root", users({approver_oid}), 0, "web", "web", "NotPermitted", ""},
        // Whether he is in the group his sign-in will tell: it is not listed to all the world.
        {"perhaps by a group", "\"group:" + std::string{group_oid} + "\"", stranger, "", "web",
         "denied not-trusted", "not-trusted"},
        {"the requester, perhaps by a group", "\"group:" + std::string{group_oid} + "\"", requester,
         "", "NotPermitted", "NotPermitted", "own-request"},
        {"unknown, perhaps by a group", "\"group:" + std::string{group_oid} + "\"", unknown, "",
         "NotPermitted", "NotPermitted", "not-approver"},
    };
    for (const auto &row : rows) {
        Host host{policy_of(row.approvers)};
        assert_true(host.is_waiting());
        const std::string listed = seen_by(host, row.uid);
        if (listed != row.listed)
            print_error("%s\n", row.name);
        assert_text(listed, row.listed);
        assert_true(host.records().empty()); // who only looks leaves none
        assert_text(seen_by(host, row.uid, true), row.by_id);
        // Who is refused it leaves one, and no more is asked for him.
        const bool is_refused = std::string_view{row.by_id} == "NotPermitted";
        assert_int_equal(host.records().size(), is_refused ? 1 : 0);
        assert_text(approve_as(host, row.uid), row.approves);
        const auto records = host.records();
        assert_int_equal(records.size(), *row.rule == '\0' ? 0 : is_refused ? 2 : 1);
        for (const AuditRecord &record : records) {
            assert_true(record.event == Event::refused);
            assert_text(std::string{record.rule}, row.rule);
            assert_text(record.request, some_id);
        }
        const bool is_asked = std::string_view{row.approves}.starts_with("denied");
        assert_text(deny_as(host, row.uid), is_asked ? "asked" : "NotPermitted");
        assert_true(host.is_waiting()); // whatever went wrong
    }
}

void a_request_that_is_not_there_is_not_found_by_anybody(void **)
{
    if (!is_root_here())
        return;
    Host host;
    for (const uid_t uid : {uid_t{0}, requester, approver, stranger}) {
        assert_text(approve_as(host, uid, "00000000000000aa"), "NotFound");
        ipc::PendingCall call;
        call.id = "00000000000000aa";
        assert_text(fault_name(ask_pending(host, uid, call)[0]), "NotFound");
    }
    assert_true(host.records().empty());
    // One that has ended is none, though its row is there.
    assert_true(host.requests->cancel(some_id, ipc::Cause::cancelled, "x").has_value());
    assert_text(approve_as(host, approver), "NotFound");
    assert_text(seen_by(host, approver), "");
}

void without_a_policy_or_a_configuration_nothing_is_said(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.settings.policy.reset();
    assert_text(seen_by(host, approver), "Misconfigured");
    assert_text(approve_as(host, approver), "Misconfigured");
    host.settings.config.reset();
    assert_text(approve_as(host, approver), "Misconfigured");
}

void an_approver_sees_all_that_he_needs(void **)
{
    if (!is_root_here())
        return;
    KeptRequest kept = make_kept(some_id);
    kept.facts.reason = "INC-1";
    kept.facts.origin.service = "sudo";
    Host host{policy_of(users({approver_oid, other_oid}), 2), {kept}};
    host.yes(other_oid);
    const auto replies = ask_pending(host, approver);
    const auto reply = ipc::decode_pending_reply(replies[0].parameters.get());
    assert_true(reply.has_value() && reply->request);
    const ipc::PendingRecord &shown = *reply->request;
    assert_text(shown.id, some_id);
    assert_text(shown.user, "nobody");
    assert_text(shown.host, "web01");
    assert_text(shown.description, "the web");
    assert_text(shown.command.value_or(""), "/usr/bin/id");
    assert_text(shown.reason.value_or(""), "INC-1");
    assert_text(shown.service.value_or(""), "sudo");
    assert_text(shown.tty.value_or(""), "pts/9");
    assert_true(shown.duration == 3600s);
    assert_true(shown.deadline == kept.facts.deadline_wall);
    assert_int_equal(shown.needed, 2);
    assert_true(shown.approvers == std::vector<std::string>{other_oid});
    // The ledger has it for jitctl list, too.
    assert_text(host.store->read(some_id)->approver_oid, other_oid);
}

// A grant that is to go on longer.
StoredRequest make_live(std::chrono::seconds left)
{
    StoredRequest row = make_row(make_kept("00000000000000ee"));
    row.kept.clear();
    row.state = ipc::State::live;
    row.since = row.began;
    row.until = wall_time() + left;
    row.until_boot = boot_time() + left;
    row.boot_id = "boot";
    return row;
}

void an_approver_sees_how_much_longer_a_grant_is_to_last(void **)
{
    if (!is_root_here())
        return;
    const StoredRequest live = make_live(400s);
    KeptRequest kept = make_kept(some_id);
    kept.facts.extends = live.id;
    kept.facts.extends_until = *live.until + 1200s;
    kept.facts.duration = 1600s;
    Host host{policy_of(users({approver_oid})), {kept}, {live}};
    const auto replies = ask_pending(host, approver);
    const auto reply = ipc::decode_pending_reply(replies[0].parameters.get());
    assert_true(reply.has_value() && reply->request);
    assert_text(reply->request->extends.value_or(""), kept.facts.extends);
    assert_true(reply->request->duration == 1200s);
}

// Two terminals have asked for more time, and the longer one was granted.
void what_lasts_long_enough_already_is_asked_of_nobody(void **)
{
    if (!is_root_here())
        return;
    const StoredRequest live = make_live(400s);
    KeptRequest kept = make_kept(some_id);
    kept.facts.extends = live.id;
    kept.facts.extends_until = *live.until + 600s;
    Host host{policy_of(users({approver_oid})), {kept}, {live}};
    assert_true(host.is_waiting());
    host.grants->extend(live.id, kept.facts.extends_until);
    const auto replies = ask_pending(host, approver); // a second at least, or nothing
    assert_true(ipc::decode_pending_reply(replies[0].parameters.get()).has_value());
    for (int i = 0; i < 20 && host.is_waiting(); ++i)
        (void)sd_event_run(host.loop.get(), 2000);
    assert_false(host.is_waiting());
    assert_true(host.store->read(some_id)->state == ipc::State::cancelled);
}

void many_come_in_pages_each_once(void **)
{
    if (!is_root_here())
        return;
    std::vector<KeptRequest> kept;
    const std::size_t count = limits::listed_records + 7;
    for (std::size_t i = 0; i < count; ++i) {
        char id[17];
        (void)snprintf(id, sizeof id, "%016zx", i + 1);
        kept.push_back(make_kept(id, "pts/" + std::to_string(i)));
    }
    Host host{policy_of(users({approver_oid})), kept};
    std::vector<std::string> seen;
    ipc::PendingCall call;
    int pages = 0;
    do {
        std::optional<std::string> next;
        for (const ipc::Reply &one : ask_pending(host, approver, call)) {
            const auto reply = ipc::decode_pending_reply(one.parameters.get());
            assert_true(reply.has_value() && reply->request);
            seen.push_back(reply->request->id);
            next = reply->next;
        }
        call.after = next;
    } while (++pages < 5 && call.after);
    assert_int_equal(pages, 2);
    assert_int_equal(seen.size(), count);
    for (std::size_t i = 0; i < count; ++i)
        assert_text(seen[i], kept[i].facts.id);
}

void who_asked_first_comes_first(void **)
{
    if (!is_root_here())
        return;
    KeptRequest second = make_kept("0000000000000001", "pts/1");
    KeptRequest first = make_kept("0000000000000002", "pts/2");
    first.facts.began.boot -= 60s;
    Host host{policy_of(users({approver_oid})), {second, first}};
    const auto waiting = host.requests->all_approving();
    assert_int_equal(waiting.size(), 2);
    assert_text(waiting[0]->facts().id, "0000000000000002");
    assert_text(waiting[1]->facts().id, "0000000000000001");
}

// He hears at once that jitd is there, each time that it asks again, and then that it was in vain.
void a_provider_that_nobody_reaches_is_told_after_some_tries(void **)
{
    if (!is_root_here())
        return;
    Host host{policy_of(users({approver_oid})), {make_kept(some_id)}, {}, "https://127.0.0.1:1/"};
    const auto replies = host.ask_all(ipc::method::approve,
                                      ipc::encode_approve_call({some_id, std::nullopt}), approver);
    assert_int_equal(replies.size(), 1 + limits::fetch_tries);
    for (std::size_t i = 0; i < limits::fetch_tries; ++i) {
        const auto reply = ipc::decode_request_reply(replies[i].parameters.get());
        assert_true(reply.has_value() && reply->state == ipc::Progress::pending);
        assert_int_equal(reply->message.has_value(), i > 0);
    }
    const auto last = ipc::decode_request_reply(replies.back().parameters.get());
    assert_true(last.has_value() && last->state == ipc::Progress::denied);
    assert_true(last->cause == ipc::Cause::unreachable);
    assert_true(host.is_waiting());
}

void one_person_signs_in_for_few_at_a_time(void **)
{
    if (!is_root_here())
        return;
    // A provider that takes calls and says nothing.
    const Fd silent{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(listen(silent.get(), 8), 0);
    sockaddr_in at{};
    socklen_t size = sizeof at;
    assert_int_equal(getsockname(silent.get(), reinterpret_cast<sockaddr *>(&at), &size), 0);
    Host host{policy_of(users({approver_oid, other_oid})),
              {make_kept("00000000000000bb")},
              {},
              "https://127.0.0.1:" + std::to_string(ntohs(at.sin_port)) + "/"};
    assert_true(host.is_waiting("00000000000000bb"));
    std::vector<Fd> open;
    const std::string frame = *ipc::encode_call(
        ipc::method::approve, ipc::encode_approve_call({"00000000000000bb", std::nullopt}).get(),
        true, false);
    for (std::size_t i = 0; i < limits::approvals_of_one_user; ++i) {
        assert_int_equal(seteuid(approver), 0);
        open.push_back(*sys::connect_unix(host.path));
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(send(open.back().get(), frame.data(), frame.size(), 0), frame.size());
    }
    for (int i = 0; i < 50; ++i)
        (void)sd_event_run(host.loop.get(), 2000);
    assert_text(approve_as(host, approver, "00000000000000bb"), "TooMany");
    open.pop_back(); // he goes away, and has a place again
    for (int i = 0; i < 20; ++i)
        (void)sd_event_run(host.loop.get(), 2000);
    open.push_back(*sys::connect_unix(host.path));
    host.approvals->cancel_all("over");
}

// --- what is said
// --------------------------------------------------------------------------------

void enough_have_said_yes_and_the_helper_is_asked(void **)
{
    if (!is_root_here())
        return;
    Host host{policy_of(users({approver_oid, other_oid}), 2)};
    host.yes(approver_oid);
    assert_true(host.is_waiting());
    host.yes(approver_oid);
    assert_true(host.is_waiting());
    host.yes(other_oid);
    assert_false(host.is_waiting());
    const auto row = *host.store->read(some_id);
    assert_true(row.asked_helper);
    assert_text(row.kept, ""); // what may be granted is mended at the next start, not gone on with
    assert_text(row.approver_oid, std::string{approver_oid} + " " + other_oid);
    // Nobody may say anything any more.
    assert_text(approve_as(host, approver), "NotFound");
    assert_true(host.requests->approve(some_id, {other_oid, "x", {}, {}}).error().code ==
                Code::not_found);
}

void a_no_ends_it_with_its_reason(void **)
{
    if (!is_root_here())
        return;
    Host host;
    assert_true(
        host.requests->deny(some_id, {approver_oid, "daemon", {}, {}}, "not now").has_value());
    assert_false(host.is_waiting());
    const auto row = *host.store->read(some_id);
    assert_true(row.state == ipc::State::denied);
    assert_text(row.cause, "declined");
    assert_text(row.kept, "");
    const AuditRecord last = host.newest();
    assert_true(last.event == Event::denied);
    assert_text(last.approver_oid, approver_oid);
    assert_true(last.message.find("not now") != std::string::npos);
}

void a_new_policy_says_who_has_approved_and_whether_that_is_enough(void **)
{
    if (!is_root_here())
        return;
    Host host{policy_of(users({approver_oid, stranger_oid, other_oid}), 3)};
    host.yes(approver_oid);
    host.yes(stranger_oid);
    const auto named = [&] {
        const auto reply = ipc::decode_pending_reply(ask_pending(host, 0).front().parameters.get());
        return reply->request ? name_approvers(reply->request->approvers) : "-";
    };
    const std::string both = std::string{approver_oid} + " " + stranger_oid;
    assert_text(named(), both);
    assert_text(host.store->read(some_id)->approver_oid, both);
    host.take_policy(policy_of(users({approver_oid, other_oid}), 2));
    host.requests->look_again();
    assert_true(host.is_waiting());
    assert_text(named(), approver_oid);
    assert_text(host.store->read(some_id)->approver_oid, approver_oid);
    host.take_policy(policy_of(users({approver_oid, other_oid})));
    host.requests->look_again();
    assert_false(host.is_waiting());
    const auto row = *host.store->read(some_id);
    assert_true(row.asked_helper);
    assert_text(row.approver_oid, approver_oid);
}

void what_waits_ends_with_its_provider(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.requests->set_provider(nullptr);
    assert_false(host.is_waiting());
}

void a_new_policy_without_the_role_ends_what_waits_for_it(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.requests->look_again();
    assert_true(host.is_waiting());
    host.take_policy("[role.other]\ngroups = [\"jit-other\"]\nrequesters = [\"user:" +
                     std::string{requester_oid} + "\"]\nmax_duration = \"1h\"\n");
    host.requests->look_again();
    assert_false(host.is_waiting());
    assert_true(host.store->read(some_id)->state == ipc::State::denied);
    assert_text(approve_as(host, approver), "NotFound");
}

void what_was_to_go_on_longer_has_ended_and_nobody_is_asked_any_more(void **)
{
    if (!is_root_here())
        return;
    KeptRequest kept = make_kept(some_id);
    kept.facts.extends = "00000000000000ee";
    kept.facts.extends_until = wall_time() + 1200s;
    Host host{policy_of(users({approver_oid})), {kept}, {make_live(600s)}};
    assert_true(host.is_waiting());
    const auto helper =
        *sys::VarlinkServer::make(host.loop.get(), sys::test::listen_at(host.folder.path + "/none"),
                                  {"test", "io.jitd.Grant", ""}, {16, 16, 16, 2s},
                                  [](const std::shared_ptr<sys::Exchange> &exchange) {
                                      exchange->reply(ipc::encode(ipc::EndReply{true}));
                                  });
    host.grants->end("00000000000000ee", {Event::dropped, "dropped", "his own hand"},
                     [](const HelperFault *) {});
    for (int i = 0; i < 100 && host.is_waiting(); ++i)
        (void)sd_event_run(host.loop.get(), 5000);
    assert_false(host.is_waiting());
    assert_true(host.store->read(some_id)->state == ipc::State::timed_out);
    assert_text(host.store->read(some_id)->cause, "expired");

    // It is over, and that is not in the ledger yet: a yes is none.
    Host late{policy_of(users({approver_oid})), {kept}, {make_live(1s)}};
    assert_true(late.is_waiting());
    for (const BootTime until = boot_time() + 1s; boot_time() < until;)
        (void)usleep(10'000);
    assert_true(late.requests->approve(some_id, {approver_oid, "x", {}, {}}).error().code ==
                Code::not_found);
    assert_false(late.is_waiting());
    assert_false(late.store->read(some_id)->asked_helper);

    // It ended while jitd was away.
    Host gone{policy_of(users({approver_oid})), {kept}};
    assert_false(gone.is_waiting());
    assert_text(gone.store->read(some_id)->cause, "expired");
}

// --- leaving, and coming back
// --------------------------------------------------------------------

// A requester at his terminal.
class Terminal
{
  public:
    Terminal(Host &host, uid_t uid, const std::string &tty = "pts/9") : host_(host)
    {
        assert_int_equal(seteuid(uid), 0);
        fd_ = *sys::connect_unix(host.path);
        assert_int_equal(seteuid(0), 0);
        ipc::RequestCall call;
        call.role = "web";
        call.tty = tty;
        call.session = 77;
        const std::string frame = *ipc::encode_call(
            ipc::method::request, ipc::encode_request_call(call).get(), true, false);
        assert_int_equal(send(fd_.get(), frame.data(), frame.size(), MSG_NOSIGNAL), frame.size());
    }
    // What comes in a while, in its order: "pending approval".
    std::string read()
    {
        std::string seen;
        for (int quiet = 0; quiet < 20;) {
            quiet = sd_event_run(host_.loop.get(), 1000) > 0 ? 0 : quiet + 1;
            char chunk[65536];
            const ssize_t got = recv(fd_.get(), chunk, sizeof chunk, MSG_DONTWAIT);
            if (got > 0)
                assert_true(reader_.add({chunk, static_cast<std::size_t>(got)}).has_value());
            while (const auto whole = reader_.next()) {
                const auto reply = *ipc::decode_reply(*whole);
                const auto said = ipc::decode_request_reply(reply.parameters.get());
                if (reply.error.empty() && !said)
                    print_error("not a reply: %s\n", std::string{*whole}.c_str());
                seen += seen.empty() ? "" : " ";
                seen += reply.error.empty() ? std::string{name_of(said->state)} : reply.error;
                if (said)
                    last_ = *said;
                is_over_ = !reply.continues;
            }
        }
        return seen;
    }
    void hang_up()
    {
        fd_ = Fd{};
        for (int quiet = 0; quiet < 20;)
            quiet = sd_event_run(host_.loop.get(), 1000) > 0 ? 0 : quiet + 1;
    }
    const ipc::RequestReply &last() const { return last_; }
    bool is_over() const { return is_over_; }

  private:
    Host &host_;
    Fd fd_;
    ipc::FrameReader reader_;
    ipc::RequestReply last_;
    bool is_over_ = false;
};

std::string leave_as(Host &host, uid_t uid, const std::string &id = some_id)
{
    const ipc::Reply reply = host.ask(ipc::method::leave, ipc::encode_request_id_call({id}), uid);
    return reply.error.empty() ? "left" : fault_name(reply);
}

void who_comes_back_follows_his_request_and_sees_each_approval(void **)
{
    if (!is_root_here())
        return;
    Host host{policy_of(users({approver_oid, other_oid}), 2)};
    Terminal terminal{host, requester};
    assert_text(terminal.read(), "pending approval");
    assert_text(terminal.last().id, some_id);
    assert_text(terminal.last().message.value_or(""), words::waits_for_approval(some_id, 0, 2));
    assert_true(*terminal.last().expires > 800s && *terminal.last().expires <= 900s);
    host.yes(approver_oid);
    assert_text(terminal.read(), "approval");
    assert_text(terminal.last().message.value_or(""), words::waits_for_approval(some_id, 1, 2));
    assert_true(host.requests->deny(some_id, {other_oid, "x", {}, {}}, "no").has_value());
    assert_text(terminal.read(), "denied");
    assert_true(terminal.is_over());
    assert_true(terminal.last().cause == ipc::Cause::declined);
}

void a_request_ends_with_its_terminal_unless_he_leaves_it(void **)
{
    if (!is_root_here())
        return;
    Host host;
    {
        Terminal terminal{host, requester};
        assert_text(terminal.read(), "pending approval");
        for (const uid_t uid : {approver, stranger, again})
            assert_text(leave_as(host, uid), "NotPermitted");
        assert_text(leave_as(host, requester, "00000000000000aa"), "NotFound");
        assert_text(leave_as(host, requester), "left");
        terminal.hang_up();
        assert_true(host.is_waiting());
        // So it does without: who followed it when jitd was started anew may say it once more.
        assert_text(leave_as(host, requester), "left");
        assert_text(leave_as(host, stranger), "NotPermitted");
    }
    {
        // From another terminal it is another request; from this one it is the same.
        Terminal other{host, requester, "pts/10"};
        assert_text(other.read(), "pending denied"); // a new one, and no provider
        Terminal terminal{host, requester};
        assert_text(terminal.read(), "pending approval");
        assert_text(terminal.last().id, some_id);
        terminal.hang_up(); // this time he has not said that it is to wait
        assert_false(host.is_waiting());
    }
    assert_true(host.store->read(some_id)->state == ipc::State::cancelled);
    assert_text(leave_as(host, requester), "NotFound");
}

void of_several_who_follow_it_the_last_to_go_decides(void **)
{
    if (!is_root_here())
        return;
    // A terminal with two sudos: one is left to wait, and the other is stopped. A process is known
    // by its pid, so the one that says that it leaves is another than this.
    Host host;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const auto follow_and_leave = [&] {
        const pid_t child = fork();
        if (child == 0) {
            char byte = 0;
            const bool is_asked = setresuid(requester, requester, requester) == 0;
            auto fd = sys::connect_unix(host.path);
            auto beside = sys::connect_unix(host.path);
            ipc::RequestCall call;
            call.role = "web";
            call.tty = "pts/9";
            call.session = 77;
            const auto send_call = [](const Fd &to, std::string_view method,
                                      const ipc::Json &parameters, bool more) {
                const std::string frame = *ipc::encode_call(method, parameters.get(), more, false);
                return send(to.get(), frame.data(), frame.size(), MSG_NOSIGNAL) > 0;
            };
            const auto hear = [&byte](const Fd &from) {
                pollfd one{from.get(), POLLIN, 0};
                return poll(&one, 1, 5000) == 1 && recv(from.get(), &byte, 1, 0) == 1;
            };
            const bool is_done =
                is_asked && fd && beside &&
                send_call(*fd, ipc::method::request, ipc::encode_request_call(call), true) &&
                hear(*fd) &&
                send_call(*beside, ipc::method::leave, ipc::encode_request_id_call({some_id}),
                          false) &&
                hear(*beside);
            (void)!write(ends[1], is_done ? "y" : "n", 1);
            _exit(0);
        }
        char said = 0;
        assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
        for (int i = 0; i < 500 && read(ends[0], &said, 1) != 1; ++i)
            (void)sd_event_run(host.loop.get(), 5000);
        assert_int_equal(said, 'y');
        assert_int_equal(waitpid(child, nullptr, 0), child);
        for (int quiet = 0; quiet < 20;)
            quiet = sd_event_run(host.loop.get(), 1000) > 0 ? 0 : quiet + 1;
    };
    Terminal other{host, requester};
    assert_text(other.read(), "pending approval");
    follow_and_leave();
    assert_true(host.is_waiting());
    other.hang_up(); // he is told that it is cancelled
    assert_false(host.is_waiting());
    assert_true(host.store->read(some_id)->state == ipc::State::cancelled);

    // Whoever has gone before does not take it away from him who leaves it.
    Host left;
    close(ends[0]);
    close(ends[1]);
    Terminal stays{left, requester};
    assert_text(stays.read(), "pending approval");
    assert_text(leave_as(left, requester), "left");
    Terminal goes{left, requester};
    assert_text(goes.read(), "pending approval");
    goes.hang_up();
    stays.hang_up();
    assert_true(left.is_waiting());
}

// --- another daemon
// ------------------------------------------------------------------------------

void another_daemon_goes_on_with_the_approvals_so_far(void **)
{
    if (!is_root_here())
        return;
    const std::string text = policy_of(users({approver_oid, other_oid}), 2);
    auto first = std::make_unique<Host>(text);
    first->yes(approver_oid);
    Terminal terminal{*first, requester};
    assert_text(terminal.read(), "pending approval");
    first->requests->stop();
    assert_text(terminal.read(), "approval"); // not an end: he asks again
    assert_true(terminal.is_over());
    assert_text(terminal.last().message.value_or(""), std::string{words::goes_on});
    const auto folder = std::move(first->own);
    const auto text_on_disk = first->store->read(some_id)->kept;
    assert_false(text_on_disk.empty());
    first->requests->stop(); // nothing is cancelled by its end
    first.reset();

    Host second{folder.get(), text};
    assert_true(second.is_waiting());
    assert_int_equal(second.requests->find_approving(some_id)->awaited()->given.size(), 1);
    Terminal back{second, requester};
    assert_text(back.read(), "pending approval");
    assert_text(back.last().message.value_or(""), words::waits_for_approval(some_id, 1, 2));
    second.yes(approver_oid);
    assert_true(second.is_waiting());
    second.yes(other_oid);
    assert_false(second.is_waiting());
    assert_text(second.store->read(some_id)->approver_oid,
                std::string{approver_oid} + " " + other_oid);
}

void what_another_daemon_cannot_go_on_with_is_ended_with_a_record(void **)
{
    if (!is_root_here())
        return;
    const struct {
        const char *name;
        void (*change)(KeptRequest &, StoredRequest &);
    } rows[] = {
        {"another boot",
         [](KeptRequest &kept, StoredRequest &row) {
             kept.boot_id = "earlier";
             row.kept = encode_kept(kept);
         }},
        {"another provider",
         [](KeptRequest &kept, StoredRequest &row) {
             kept.provider = "https://login.example other";
             row.kept = encode_kept(kept);
         }},
        {"of another row",
         [](KeptRequest &kept, StoredRequest &row) {
             kept.facts.id = "00000000000000aa";
             row.kept = encode_kept(kept);
         }},
        {"cut", [](KeptRequest &, StoredRequest &row) { row.kept.resize(row.kept.size() / 2); }},
    };
    for (const auto &row : rows) {
        Service left;
        KeptRequest kept = make_kept(some_id);
        StoredRequest stored = make_row(kept);
        row.change(kept, stored);
        assert_true(left.store->put(stored).has_value());
        Host host{left.own.get(), policy_of(users({approver_oid}))};
        assert_false(host.is_waiting());
        const auto now = *host.store->read(some_id);
        assert_true(now.state == ipc::State::cancelled);
        assert_text(now.kept, "");
        assert_true(host.newest().event == Event::cancelled);
        assert_text(host.newest().request, some_id);
    }
}

void without_a_provider_or_a_policy_it_is_left_until_there_is_one(void **)
{
    if (!is_root_here())
        return;
    Service left;
    assert_true(left.store->put(make_row(make_kept(some_id))).has_value());
    KeptRequest earlier = make_kept("00000000000000bb", "pts/8");
    earlier.boot_id = "earlier";
    assert_true(left.store->put(make_row(earlier)).has_value());
    left.requests->resume(); // jitd.toml is faulty: no provider
    assert_true(left.store->read(some_id)->state == ipc::State::pending_approval);
    assert_false(left.store->read(some_id)->kept.empty());
    // That one is lost, whatever becomes of jitd.toml.
    assert_true(left.store->read("00000000000000bb")->state == ipc::State::cancelled);
    left.requests->stop();

    Host host{left.own.get(), policy_of(users({approver_oid}))};
    assert_true(host.is_waiting());
    // Once: what has ended does not come back with the next configuration.
    assert_true(host.requests->cancel(some_id, ipc::Cause::cancelled, "x").has_value());
    assert_true(host.store->put(make_row(make_kept(some_id))).has_value());
    host.requests->resume();
    assert_false(host.is_waiting());
}

void one_whose_time_ran_out_meanwhile_times_out(void **)
{
    if (!is_root_here())
        return;
    KeptRequest kept = make_kept(some_id);
    kept.facts.deadline = boot_time() - 1s;
    kept.facts.deadline_wall = wall_time() - 1s;
    Host host{policy_of(users({approver_oid})), {kept}};
    for (int i = 0; i < 50 && host.is_waiting(); ++i)
        (void)sd_event_run(host.loop.get(), 5000);
    assert_false(host.is_waiting());
    assert_true(host.store->read(some_id)->state == ipc::State::timed_out);
    assert_true(host.newest().event == Event::timed_out);
}

void one_that_enough_had_approved_is_decided_by_the_policy_of_now(void **)
{
    if (!is_root_here())
        return;
    KeptRequest kept = make_kept(some_id);
    kept.awaited.is_met = true;
    kept.awaited.given = {{approver_oid, "daemon", {}, wall_time()}};
    {
        Host host{policy_of(users({approver_oid})), {kept}};
        assert_false(host.is_waiting());
        assert_true(host.store->read(some_id)->asked_helper);
    }
    Host other{policy_of(users({other_oid})), {kept}};
    assert_false(other.is_waiting());
    assert_true(other.store->read(some_id)->state == ipc::State::denied);
    assert_text(std::string{other.newest().rule}, "approvers-gone");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(who_sees_a_request_and_who_may_say_something_of_it),
        cmocka_unit_test(a_request_that_is_not_there_is_not_found_by_anybody),
        cmocka_unit_test(without_a_policy_or_a_configuration_nothing_is_said),
        cmocka_unit_test(an_approver_sees_all_that_he_needs),
        cmocka_unit_test(an_approver_sees_how_much_longer_a_grant_is_to_last),
        cmocka_unit_test(what_lasts_long_enough_already_is_asked_of_nobody),
        cmocka_unit_test(many_come_in_pages_each_once),
        cmocka_unit_test(who_asked_first_comes_first),
        cmocka_unit_test(a_provider_that_nobody_reaches_is_told_after_some_tries),
        cmocka_unit_test(one_person_signs_in_for_few_at_a_time),
        cmocka_unit_test(enough_have_said_yes_and_the_helper_is_asked),
        cmocka_unit_test(a_no_ends_it_with_its_reason),
        cmocka_unit_test(a_new_policy_says_who_has_approved_and_whether_that_is_enough),
        cmocka_unit_test(what_waits_ends_with_its_provider),
        cmocka_unit_test(a_new_policy_without_the_role_ends_what_waits_for_it),
        cmocka_unit_test(what_was_to_go_on_longer_has_ended_and_nobody_is_asked_any_more),
        cmocka_unit_test(who_comes_back_follows_his_request_and_sees_each_approval),
        cmocka_unit_test(a_request_ends_with_its_terminal_unless_he_leaves_it),
        cmocka_unit_test(of_several_who_follow_it_the_last_to_go_decides),
        cmocka_unit_test(another_daemon_goes_on_with_the_approvals_so_far),
        cmocka_unit_test(what_another_daemon_cannot_go_on_with_is_ended_with_a_record),
        cmocka_unit_test(without_a_provider_or_a_policy_it_is_left_until_there_is_one),
        cmocka_unit_test(one_whose_time_ran_out_meanwhile_times_out),
        cmocka_unit_test(one_that_enough_had_approved_is_decided_by_the_policy_of_now),
    };
    return cmocka_run_group_tests_name("jitd/api_approvals", tests, nullptr, nullptr);
}
