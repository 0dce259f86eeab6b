#include "tests/unit/cmocka_cpp.h"

#include "jitd/leftovers.h"
#include "lib/sys/users.h"
#include "tests/unit/jitd/service.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;

namespace {

const std::string id = "00000000000000aa";
constexpr WallTime until{1'800'000'000s};

std::string report_of(const std::string &grant)
{
    ipc::LeftoversReport report;
    report.grant = grant;
    report.leftovers.look = ipc::Look::done;
    report.leftovers.looked = until + 10s;
    report.leftovers.found = {{ipc::LeftoverKind::cron, "/etc/cron.d/x", until - 10s}};
    return *ipc::encode_leftovers_report(report);
}

void a_report_is_read(void **)
{
    const Folder folder;
    folder.put(id + ".json", report_of(id));
    const auto read = read_leftovers(folder.path, id, until, until + 20s);
    assert_true(read.look == ipc::Look::done);
    assert_text(read.found[0].what, "/etc/cron.d/x");
}

void without_a_report_it_is_to_come_for_two_days_and_then_forgotten(void **)
{
    const Folder folder;
    for (const std::string &where : {folder.path, folder.path + "/none"}) {
        assert_true(read_leftovers(where, id, until, until).look == ipc::Look::waits);
        assert_true(read_leftovers(where, id, until, until + 48h - 1s).look == ipc::Look::waits);
        assert_true(read_leftovers(where, id, until, until + 48h).look == ipc::Look::forgotten);
    }
}

void a_report_that_is_none_is_not_taken_for_nothing_found(void **)
{
    const Folder folder;
    for (const std::string &text : {std::string{}, std::string{"{}"}, std::string(70'000, ' '),
                                    report_of("00000000000000bb")}) {
        folder.put(id + ".json", text);
        assert_true(read_leftovers(folder.path, id, until, until).look == ipc::Look::unreadable);
    }
    assert_int_equal(unlink((folder.path + "/" + id + ".json").c_str()), 0);
    assert_int_equal(symlink("/etc/passwd", (folder.path + "/" + id + ".json").c_str()), 0);
    assert_true(read_leftovers(folder.path, id, until, until).look == ipc::Look::unreadable);
}

StoredRequest stored(const std::string &user, ipc::State state)
{
    StoredRequest request;
    request.id = id;
    request.role = "web";
    request.user = user;
    request.groups = {"jit-web"};
    request.state = state;
    request.host = "web01";
    request.began = request.deadline = until - 60s;
    request.since = until - 50s;
    request.until = until;
    return request;
}

std::optional<ipc::GrantRecord> asked_for(Service &service, const ipc::ListCall &call, uid_t uid)
{
    const auto replies = service.ask_all(ipc::method::list, ipc::encode_list_call(call), uid);
    assert_int_equal(replies.size(), 1);
    const auto record = ipc::decode_list_reply(replies[0].parameters.get());
    if (!replies[0].error.empty() || !record)
        return std::nullopt;
    return record->grant;
}

void it_is_shown_for_an_ended_grant_that_is_asked_for_by_its_id(void **)
{
    if (!is_root_here())
        return;
    Service service;
    assert_true(service.store->put(stored("alice", ipc::State::ended)).has_value());
    const auto waiting = asked_for(service, {id, false, false, std::nullopt}, 0);
    assert_true(waiting && waiting->leftovers);
    service.folder.make("leftovers");
    service.folder.put("leftovers/" + id + ".json", report_of(id));
    const auto grant = asked_for(service, {id, false, false, std::nullopt}, 0);
    assert_true(grant && grant->leftovers && grant->leftovers->look == ipc::Look::done);
    assert_text(grant->leftovers->found[0].what, "/etc/cron.d/x");
    const auto listed = asked_for(service, {{}, true, true, std::nullopt}, 0);
    assert_true(listed && !listed->leftovers);
}

void it_is_for_root_and_the_requester_alone(void **)
{
    if (!is_root_here())
        return;
    Service service;
    assert_true(service.store->put(stored("alice", ipc::State::ended)).has_value());
    service.folder.make("leftovers");
    service.folder.put("leftovers/" + id + ".json", report_of(id));
    const auto reply = service.ask_all(ipc::method::list,
                                       ipc::encode_list_call({id, false, false, std::nullopt}), 1);
    assert_text(reply.back().error, "io.jitd.Elevation.NotPermitted");
    const std::string who = *sys::read_user_name(1);
    assert_true(service.store->put(stored(who, ipc::State::ended)).has_value());
    const auto own = asked_for(service, {id, false, false, std::nullopt}, 1);
    assert_true(own && own->leftovers && own->leftovers->found.size() == 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_read),
        cmocka_unit_test(without_a_report_it_is_to_come_for_two_days_and_then_forgotten),
        cmocka_unit_test(a_report_that_is_none_is_not_taken_for_nothing_found),
        cmocka_unit_test(it_is_shown_for_an_ended_grant_that_is_asked_for_by_its_id),
        cmocka_unit_test(it_is_for_root_and_the_requester_alone),
    };
    return cmocka_run_group_tests_name("jitd/leftovers", tests, nullptr, nullptr);
}
