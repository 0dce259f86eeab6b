// A request that is to let a live grant go on: what it records, and what it leaves alone.
#include "tests/unit/cmocka_cpp.h"

#include "lib/ipc/extend.h"
#include "policy/parse.h"
#include "tests/unit/jitd/service.h"
#include "tests/unit/jitd/session_script.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;

namespace {

constexpr const char *grant_id = "0000000000000001";

World extending()
{
    World world;
    world.facts.extends = grant_id;
    return world;
}

void it_is_approved_anew_and_recorded_as_the_grants_extension(void **)
{
    const World world = extending();
    Session session = walk(world, Stage::granting);
    const WallTime until = world.now + seconds{3600};
    const Actions granted = session.on_granted(world.now, until, {"jit-web"});
    assert_text(shape_of(granted), "record-grant");
    const AuditRecord &record = std::get<RecordGrant>(granted.back()).record;
    assert_true(record.event == Event::extended);
    assert_text(record.extends, grant_id);
    assert_text(record.request, world.facts.id);
    assert_true(record.has_grant && record.until == until);
    // The grant's id is what the journal has, and a reader of the ledger gets it back.
    const auto read = decode_record(encode_record(record, world.now));
    assert_true(read.has_value());
    assert_text(read->extends, grant_id);
    assert_text(shape_of(session.on_recorded(true)), "close:granted");
}

void nothing_of_what_was_there_before_is_taken_back(void **)
{
    const World world = extending();
    Session gone = walk(world, Stage::granting);
    (void)gone.cancel(ipc::Cause::cancelled, "gone");
    assert_text(shape_of(gone.on_granted(world.now, world.now + seconds{60}, {"jit-web"})),
                "record-grant");
    Session unrecorded = walk(world, Stage::recording);
    assert_text(shape_of(unrecorded.on_recorded(false)), "record:denied close:failed");
}

void its_limits_are_asked_before_anybody_signs_in(void **)
{
    World world = extending();
    world.facts.is_limited = true;
    Session session{world.facts};
    assert_text(shape_of(session.start()), "record:requested wake trial");
    const Actions refused = session.on_trial_failed(ipc::Cause::refused, "no more today");
    assert_text(shape_of(refused), "record:denied close:refused");
}

void nobody_is_asked_for_longer_than_the_grant_lasts(void **)
{
    World world = extending();
    world.config = nullptr;
    policy::Approval &approval = world.policy.roles[0].approval;
    approval.mode = policy::Approval::Mode::approver;
    approval.timeout = std::chrono::hours{2};
    world.facts.mode = approval.mode;
    world.facts.extended_end = Now{world.now + seconds{600}, boot_at(610)};
    Session session = walk(world, Stage::granting);
    assert_true(session.is_approving());
    assert_true(session.facts().deadline == boot_at(615));
    assert_true(session.facts().deadline_wall == world.now + seconds{605});
    assert_text(shape_of(session.cancel(ipc::Cause::expired, "over")),
                "record:timed-out close:expired");

    // It ended while she signed in, by either clock, and it does not matter who would approve.
    for (const Now end : {Now{world.now + seconds{600}, world.boot}, Now{world.now, boot_at(610)}})
        for (const auto mode : {policy::Approval::Mode::approver, policy::Approval::Mode::self}) {
            approval.mode = world.facts.mode = mode;
            world.facts.extended_end = end;
            Session late = walk(world, Stage::judging);
            assert_text(shape_of(late.on_keys(world.keys, world.rules(), world.now)),
                        "record:signed-in record:timed-out close:expired");
        }
    // And goes on by another extension.
    world.facts.extended_end = Now{world.now, world.boot};
    Session longer = walk(world, Stage::judging);
    longer.note_extended({world.now + seconds{600}, boot_at(610)});
    assert_text(shape_of(longer.on_keys(world.keys, world.rules(), world.now)),
                "record:signed-in grant:approved");
}

// A live grant of alice's that began when it is told.
void put_grant(Service &service, seconds ago, seconds left)
{
    const std::vector<policy::SourceFile> files{
        {"a.toml", std::string{"[role.web]\ngroups = [\"jit-web\"]\nrequesters = [\"user:"} +
                       alice_oid + "\"]\nmax_duration = \"1h\"\ndefault_duration = \"10m\"\n"}};
    service.settings.policy = policy::parse_policy(files).policy;
    service.settings.config->users["alice"] = alice_oid;
    StoredRequest row;
    row.id = grant_id;
    row.role = "web";
    row.user = "alice";
    row.uid = 1000;
    row.oid = alice_oid;
    row.groups = {"jit-web"};
    row.state = ipc::State::live;
    row.asked_helper = true;
    row.began = wall_time() - ago;
    row.since = row.began;
    row.until = wall_time() + left;
    row.until_boot = boot_time() + left;
    row.boot_id = "boot";
    assert_true(service.store->put(row).has_value());
    service.grants->add(make_grant(row));
}

ipc::Reply extend(Service &service, const ipc::ExtendCall &call, uid_t uid = 0)
{
    return std::move(
        service.ask_all(ipc::method::extend, ipc::encode_extend_call(call), uid).back());
}

ipc::ExtendCall by_id(const char *id)
{
    ipc::ExtendCall call;
    call.id = id;
    return call;
}

void only_a_live_grant_and_only_ones_own(void **)
{
    if (!is_root_here())
        return;
    Service service;
    put_grant(service, seconds{60}, seconds{600});
    assert_text(extend(service, by_id("0000000000000002")).error, "io.jitd.Elevation.NotFound");
    assert_text(extend(service, by_id(grant_id), 65534).error, "io.jitd.Elevation.NotPermitted");
    ipc::ExtendCall role;
    role.role = "web";
    assert_text(extend(service, role, 65534).error, "io.jitd.Elevation.NotFound");
    role.id = grant_id;
    assert_text(extend(service, role).error, "org.varlink.service.InvalidParameter");
}

void what_has_all_that_the_role_gives_is_refused_before_anybody_signs_in(void **)
{
    if (!is_root_here())
        return;
    Service service;
    put_grant(service, seconds{600}, seconds{3000});
    const ipc::Reply reply = extend(service, by_id(grant_id));
    assert_text(reply.error, "io.jitd.Elevation.Refused");
    const std::string message =
        json_string_value(json_object_get(reply.parameters.get(), "message"));
    assert_true(message.find("at most 1h") != message.npos);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(it_is_approved_anew_and_recorded_as_the_grants_extension),
        cmocka_unit_test(nothing_of_what_was_there_before_is_taken_back),
        cmocka_unit_test(its_limits_are_asked_before_anybody_signs_in),
        cmocka_unit_test(nobody_is_asked_for_longer_than_the_grant_lasts),
        cmocka_unit_test(only_a_live_grant_and_only_ones_own),
        cmocka_unit_test(what_has_all_that_the_role_gives_is_refused_before_anybody_signs_in),
    };
    return cmocka_run_group_tests_name("jitd/extend", tests, nullptr, nullptr);
}
