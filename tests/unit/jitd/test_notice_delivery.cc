// One webhook and its notices: what is sent when, and what a target can do about it.
#include "tests/unit/cmocka_cpp.h"

#include <deque>

#include "jitd/limits.h"
#include "jitd/notice_delivery.h"

using namespace jit;
using namespace jit::daemon;
using namespace std::chrono_literals;
using oidc::HttpReply;
using Outcome = HttpReply::Outcome;
using Delivery = NoticeDelivery;

namespace {

HttpReply answer(long status, std::string retry_after = {})
{
    HttpReply reply;
    reply.outcome = Outcome::received;
    reply.status = status;
    reply.retry_after = std::move(retry_after);
    return reply;
}
HttpReply no_answer(Outcome outcome, long status = 0)
{
    HttpReply reply;
    reply.outcome = outcome;
    reply.status = status;
    return reply;
}

// The ledger and the clocks around a delivery; what was done is kept.
struct World {
    Delivery delivery{"webhook 1 (hooks.example.org)"};
    std::deque<StoredNotice> ledger;
    WallTime wall{1'800'000'000s};
    BootTime boot{1000s};
    std::vector<std::int64_t> sent;
    std::vector<std::int64_t> forgotten;
    std::vector<std::string> said;
    std::optional<BootTime> wake;

    void add(int count)
    {
        for (int i = 0; i < count; ++i) {
            const std::int64_t seq = ledger.empty() ? 1 : ledger.back().seq + 1;
            ledger.push_back({seq, "digest", wall, "text"});
        }
        perform(delivery.on_added());
    }
    void perform(const Delivery::Actions &actions)
    {
        for (const Delivery::Action &action : actions) {
            if (const auto *read = std::get_if<Delivery::ReadNext>(&action)) {
                std::optional<StoredNotice> next;
                for (const StoredNotice &notice : ledger)
                    if (!next && notice.seq > read->after)
                        next = notice;
                perform(delivery.on_next(next, wall));
            } else if (const auto *send = std::get_if<Delivery::Send>(&action)) {
                sent.push_back(send->notice.seq);
            } else if (const auto *at = std::get_if<Delivery::WakeAt>(&action)) {
                wake = at->at;
            } else if (const auto *done = std::get_if<Delivery::Forget>(&action)) {
                forgotten.push_back(done->seq);
            } else if (const auto *say = std::get_if<Delivery::Say>(&action)) {
                said.push_back(say->text);
            }
        }
    }
    void reply(const HttpReply &reply) { perform(delivery.on_reply(reply, boot)); }
    // The pause that it asks for; then it is over.
    BootTime::duration wait()
    {
        assert_true(wake.has_value());
        const auto pause = *wake - boot;
        boot = *wake;
        wall += std::chrono::duration_cast<std::chrono::seconds>(pause);
        wake.reset();
        perform(delivery.on_time());
        return pause;
    }
};

using Seqs = std::vector<std::int64_t>;

void notices_go_one_at_a_time_and_in_their_order(void **)
{
    World world;
    world.add(0);
    assert_true(world.delivery.is_idle() && world.sent.empty());
    world.add(3);
    assert_true(world.sent == Seqs({1}));
    world.add(1); // while the first is on its way
    assert_true(world.sent == Seqs({1}));
    for (const long status : {200, 202, 204, 299})
        world.reply(answer(status));
    assert_true(world.sent == Seqs({1, 2, 3, 4}) && world.forgotten == world.sent);
    assert_true(world.delivery.is_idle() && world.said.empty() && !world.wake);
    world.add(1);
    assert_true(world.sent.back() == 5);
}

void what_may_go_better_later_is_tried_again_and_holds_the_order(void **)
{
    for (const HttpReply &bad :
         {no_answer(Outcome::unreachable), no_answer(Outcome::timed_out),
          no_answer(Outcome::not_trusted), no_answer(Outcome::too_large), answer(500), answer(503),
          answer(429), answer(408), answer(425), no_answer(Outcome::too_large, 502)}) {
        World world;
        world.add(2);
        for (int i = 0; i < 3; ++i) {
            HttpReply copy = no_answer(bad.outcome, bad.status);
            world.reply(copy);
            assert_true(world.sent.back() == 1 && world.forgotten.empty());
            world.add(1); // wakes nobody
            assert_true(world.sent.size() == static_cast<std::size_t>(i) + 1);
            (void)world.wait();
        }
        assert_int_equal(world.said.size(), 1);
        world.reply(answer(200));
        assert_true(world.sent == Seqs({1, 1, 1, 1, 2}));
        assert_int_equal(world.said.size(), 2);
        assert_text(world.said[1], "webhook 1 (hooks.example.org) takes notices again");
    }
}

void pauses_grow_to_a_quarter_of_an_hour_and_differ_a_little(void **)
{
    World world;
    world.add(1);
    for (const auto least : {2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 512s, 900s, 900s, 900s}) {
        world.boot += 123us;
        world.reply(no_answer(Outcome::unreachable));
        const auto pause = world.wait();
        assert_true(pause >= least && pause <= least + least / 4 + 1s);
    }
    World other;
    other.boot += 999us;
    world = World{};
    for (World *one : {&world, &other}) {
        one->add(1);
        one->reply(answer(500));
    }
    assert_true(*other.wake - other.boot > *world.wake - world.boot);
}

void retry_after_is_heeded_within_reason(void **)
{
    const std::pair<const char *, std::chrono::seconds> table[] = {
        {"120", 120s},
        {"1", 2s},
        {"999999999999", 3600s},
        {"-5", 5s},
        {"Wed, 21 Oct 2026 07:28:00 GMT", 5s}};
    for (const auto &[header, pause] : table) {
        World world;
        world.add(1);
        world.reply(answer(429, header));
        assert_true(*world.wake - world.boot == pause);
    }
}

void a_refusal_or_a_redirect_is_the_end_of_that_notice_alone(void **)
{
    for (const long status : {400, 401, 403, 404, 410, 413, 301, 302, 307, 308, 100}) {
        World world;
        world.add(2);
        world.reply(answer(status));
        assert_true(world.sent == Seqs({1, 2}) && world.forgotten == Seqs({1}));
        assert_int_equal(world.said.size(), 1);
        assert_true(world.said[0].find("webhook 1 (hooks.example.org) refuses notice 1") == 0);
        assert_true(world.said[0].find(std::to_string(status)) != std::string::npos);
        assert_true((world.said[0].find("redirect") != std::string::npos) ==
                    (status >= 300 && status < 400));
        world.reply(answer(200));
        assert_true(world.delivery.is_idle());
        assert_int_equal(world.said.size(), 1);
    }
}

void an_answer_without_end_counts_by_its_status(void **)
{
    World world;
    world.add(2);
    world.reply(no_answer(Outcome::too_large, 200));
    assert_true(world.forgotten == Seqs({1}));
    world.reply(no_answer(Outcome::too_large, 404));
    assert_true(world.forgotten == Seqs({1, 2}));
    assert_int_equal(world.said.size(), 1);
}

void a_notice_of_yesterday_is_given_up_and_the_next_one_goes(void **)
{
    World world;
    world.add(2);
    world.reply(no_answer(Outcome::unreachable));
    world.wall += 23h;
    world.add(1);
    world.wall += 2h;
    (void)world.wait();
    assert_true(world.forgotten == Seqs({1, 2}));
    assert_true(world.sent == Seqs({1, 3}));
    assert_int_equal(world.said.size(), 3);
    assert_true(world.said[1].find("notice 1 is given up: it is more than a day old") !=
                std::string::npos);
    // A clock that was set back makes nothing older.
    world.reply(answer(500));
    world.wall -= 48h;
    (void)world.wait();
    assert_true(world.sent == Seqs({1, 3, 3}));
}

void a_notice_that_is_always_put_off_does_not_hold_up_the_others_for_ever(void **)
{
    World world;
    world.add(2);
    unsigned tries = 0;
    for (; world.sent.back() == 1 && tries < 1000; ++tries) {
        world.reply(answer(500));
        (void)world.wait();
    }
    assert_int_equal(tries, limits::notice_tries);
    assert_true(world.boot - BootTime{1000s} > 12h && world.boot - BootTime{1000s} < 24h);
    assert_true(world.forgotten == Seqs({1}));
    world.reply(answer(200));
    assert_true(world.delivery.is_idle());
}

void what_does_not_belong_to_its_state_changes_nothing(void **)
{
    World world;
    world.perform(world.delivery.on_time());
    world.reply(answer(200));
    world.perform(world.delivery.on_next(StoredNotice{1, "d", world.wall, "t"}, world.wall));
    assert_true(world.delivery.is_idle() && world.sent.empty());
    world.add(1);
    world.perform(world.delivery.on_time());
    assert_true(world.sent == Seqs({1}));
    world.reply(answer(500));
    world.reply(answer(200)); // of nothing
    assert_true(world.forgotten.empty());
    // What the ledger has dropped meanwhile is not missed.
    world.ledger.pop_front();
    world.ledger.push_back({7, "digest", world.wall, "text"});
    (void)world.wait();
    assert_true(world.sent == Seqs({1, 7}));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(notices_go_one_at_a_time_and_in_their_order),
        cmocka_unit_test(what_may_go_better_later_is_tried_again_and_holds_the_order),
        cmocka_unit_test(pauses_grow_to_a_quarter_of_an_hour_and_differ_a_little),
        cmocka_unit_test(retry_after_is_heeded_within_reason),
        cmocka_unit_test(a_refusal_or_a_redirect_is_the_end_of_that_notice_alone),
        cmocka_unit_test(an_answer_without_end_counts_by_its_status),
        cmocka_unit_test(a_notice_of_yesterday_is_given_up_and_the_next_one_goes),
        cmocka_unit_test(a_notice_that_is_always_put_off_does_not_hold_up_the_others_for_ever),
        cmocka_unit_test(what_does_not_belong_to_its_state_changes_nothing),
    };
    return cmocka_run_group_tests_name("jitd/notice_delivery", tests, nullptr, nullptr);
}
