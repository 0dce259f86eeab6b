#include "tests/unit/cmocka_cpp.h"

#include "lib/oidc/pim_look.h"
#include "tests/unit/oidc/pim_graph.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

using Outcome = HttpReply::Outcome;

PimLookStep look(const HttpReply &reply)
{
    PimLook machine{pim_who()};
    assert_text(purpose_of(machine.start(pim_began())), "instances");
    return machine.on_reply(reply, pim_began());
}

void assert_refused(const PimLookStep &step, Failure failure)
{
    const auto *found = std::get_if<PimRefused>(&step);
    assert_non_null(found);
    assert_int_equal(static_cast<int>(found->failure), static_cast<int>(failure));
    assert_false(found->advice.empty() || found->correlation_id.empty());
}

void what_runs_stands_until_its_end(void **)
{
    const PimLookStep step = look(reply_of(
        200, pim_list({pim_instance("2026-03-17T12:00:00Z", pim_other),
                       pim_instance("2026-03-17T10:41:00.9Z"),
                       pim_instance("2026-03-17T12:00:00Z", pim_group, pim_oid, "owner")})));
    assert_text(format_time(std::get<PimStands>(step).until), "2026-03-17T10:41:00Z");
}

void what_is_not_listed_or_past_its_end_has_ended(void **)
{
    for (const std::string &list :
         {pim_list({}), pim_list({pim_instance("2026-03-17T09:41:00Z")}),
          pim_list({pim_instance("2026-03-17T10:41:00Z", pim_other)}),
          pim_list({pim_instance("null", pim_group, pim_oid, "member", "assigned")})})
        assert_true(std::holds_alternative<PimEnded>(look(reply_of(200, list))));
}

void what_can_not_be_seen_has_not_ended(void **)
{
    assert_refused(look(reply_of(401, "{}")), Failure::expired);
    assert_refused(look(reply_of(403, "{}")), Failure::misconfigured);
    assert_refused(look(reply_of(404, "{}")), Failure::broken);
    assert_refused(look(reply_of(200, "<html>")), Failure::broken);
    assert_refused(look(reply_of(200, "{}")), Failure::broken);
    assert_refused(look(reply_of(200, pim_list({pim_instance("null")}))), Failure::broken);
    assert_refused(
        look(reply_of(200, pim_list({pim_instance("2026-03-17T10:41:00Z", pim_group, pim_other)}))),
        Failure::broken);
    assert_refused(look(no_reply(Outcome::too_large)), Failure::broken);
    assert_true(std::holds_alternative<WaitUntil>(look(no_reply(Outcome::timed_out))));
    assert_true(std::holds_alternative<WaitUntil>(look(reply_of(503, ""))));
    assert_refused(look(reply_of(503, "", "3600")), Failure::unreachable);
}

void it_is_asked_again_and_page_after_page(void **)
{
    PimLook machine{pim_who()};
    Now now = pim_began();
    (void)machine.start(now);
    assert_true(std::holds_alternative<WaitUntil>(machine.on_time(now)));
    (void)machine.on_reply(no_reply(Outcome::unreachable), now);
    now = later(now, seconds{2});
    assert_text(purpose_of(machine.on_time(now)), "instances");
    const std::string next = "https://graph.microsoft.com/v1.0/x";
    assert_text(purpose_of(machine.on_reply(reply_of(200, pim_list({}, next)), now)), next);
    const PimLookStep step =
        machine.on_reply(reply_of(200, pim_list({pim_instance("2026-03-17T10:41:00Z")})), now);
    assert_true(std::holds_alternative<PimStands>(step));
    assert_refused(machine.on_time(now), Failure::broken);

    PimLook late{pim_who(seconds{5})};
    (void)late.start(pim_began());
    assert_refused(late.on_time(later(pim_began(), seconds{5})), Failure::unreachable);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_runs_stands_until_its_end),
        cmocka_unit_test(what_is_not_listed_or_past_its_end_has_ended),
        cmocka_unit_test(what_can_not_be_seen_has_not_ended),
        cmocka_unit_test(it_is_asked_again_and_page_after_page),
    };
    return cmocka_run_group_tests_name("oidc/pim_look", tests, nullptr, nullptr);
}
