// Roles, Health and Audit on the wire.
#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "lib/ipc/audit.h"
#include "lib/ipc/health.h"
#include "lib/ipc/roles.h"

using namespace jit;
using namespace jit::ipc;
using namespace std::chrono_literals;

namespace {

Json parse(const std::string &text)
{
    return Json{json_loads(text.c_str(), JSON_DECODE_ANY, nullptr)};
}

const WallTime until{1'800'000'000s}; // 2027-01-15T08:00:00Z

RolesReply a_reply()
{
    RolesReply reply;
    reply.roles.push_back({"web", "the web server", {"jit-web"}, {"sudo"}, 30min, 1h, {}, {}});
    reply.roles.push_back(
        {"dba", "", {"jit-dba", "jit-db"}, {}, 5min, 5min, "0123456789abcdef", until});
    reply.others.push_back({"ops", "hours", "role \"ops\" is closed now"});
    reply.next = "dba";
    return reply;
}

void a_list_of_roles_survives_the_wire(void **)
{
    const auto again = decode_roles_reply(encode_roles_reply(a_reply()).get());
    assert_true(again.has_value());
    assert_int_equal(again->roles.size(), 2);
    const RoleRecord &web = again->roles[0];
    assert_text(web.name, "web");
    assert_text(web.description, "the web server");
    assert_true(web.groups == std::vector<std::string>{"jit-web"});
    assert_true(web.services == std::vector<std::string>{"sudo"});
    assert_true(web.default_duration == 30min && web.max_duration == 1h);
    assert_false(web.grant || web.until);
    const RoleRecord &dba = again->roles[1];
    assert_text(dba.description, "");
    assert_int_equal(dba.groups.size(), 2);
    assert_true(dba.services.empty());
    assert_text(*dba.grant, "0123456789abcdef");
    assert_true(dba.until == until);
    assert_int_equal(again->others.size(), 1);
    assert_text(again->others[0].name, "ops");
    assert_text(again->others[0].rule, "hours");
    assert_text(again->others[0].message, "role \"ops\" is closed now");
    assert_text(*again->next, "dba");
    const auto empty = decode_roles_reply(encode_roles_reply({}).get());
    assert_true(empty.has_value() && empty->roles.empty() && empty->others.empty() && !empty->next);
}

void a_call_for_roles_survives_the_wire(void **)
{
    const auto again = decode_roles_call(encode_roles_call({"web", "pts/0"}).get());
    assert_true(again.has_value());
    assert_text(*again->after, "web");
    assert_text(*again->tty, "pts/0");
    for (const auto &none : {parse("{}"), Json{}}) {
        const auto call = decode_roles_call(none.get());
        assert_true(call.has_value() && !call->after && !call->tty);
    }
    for (const char *text : {R"({"after":""})", R"({"after":"a b"})", R"({"after":7})",
                             R"({"tty":""})", R"({"tty":7})", R"({"next":"web"})", "[]"})
        assert_false(decode_roles_call(parse(text).get()).has_value());
    const std::string tty(65, 't');
    assert_false(decode_roles_call(parse(R"({"tty":")" + tty + "\"}").get()).has_value());
}

// The text with each change, none of which may pass.
template <typename Decode>
void refuses(const std::string &text,
             const std::vector<std::pair<std::string, std::string>> &changes, Decode decode)
{
    assert_true(decode(parse(text).get()).has_value());
    for (const auto &[from, to] : changes) {
        std::string changed = text;
        const std::size_t at = changed.find(from);
        assert_true(at != changed.npos);
        changed.replace(at, from.size(), to);
        const Json json = parse(changed);
        assert_non_null(json.get());
        const auto read = decode(json.get());
        if (read.has_value())
            std::printf("taken: %s\n", changed.c_str());
        assert_false(read.has_value());
        assert_true(read.error().code == Code::bad_input);
    }
}

void a_wrong_list_of_roles_is_refused(void **)
{
    refuses(R"({"roles":[{"name":"web","description":"","groups":["g"],"services":["sudo"],)"
            R"("default_duration":60,"max_duration":60,"grant":"0123456789abcdef",)"
            R"("until":"2027-01-15T08:00:00Z"}],)"
            R"("others":[{"name":"ops","rule":"hours","message":"closed"}],"next":"web"})",
            {
                {R"("name":"web",)", ""},
                {R"("web")", R"("w b")"},
                {R"("web")", "7"},
                {R"(["g"])", R"(["a b"])"},
                {R"(["g"])", R"("g")"},
                {R"("groups":["g"],)", ""},
                {R"("sudo")", "7"},
                {"60", "-1"},
                {"60", "\"60\""},
                {"60", "6.5"},
                {R"("default_duration":60,)", ""},
                {"0123456789abcdef", "0123456789ABCDEF"},
                {"2027-01-15T08:00:00Z", "2027-01-15 08:00"},
                {R"("until")", R"("till")"},
                {R"("rule":"hours",)", ""},
                {R"("hours")", R"("")"},
                {R"("hours")", "\"" + std::string(33, 'h') + "\""},
                {R"("closed")", "7"},
                {R"("closed")", "\"" + std::string(2049, 'c') + "\""},
                {R"("message")", R"("text")"},
                {R"("others":[)", R"("others":[null,)"},
                {R"("roles":[)", R"("roles":[null,)"},
                {R"("roles":[)", R"("roles":[7,)"},
                {R"("roles")", R"("role")"},
                {R"("next":"web")", R"("next":"")"},
                {R"("next":"web")", R"("next":"web","more":true)"},
            },
            decode_roles_reply);
    std::string many = R"({"roles":[],"others":[)";
    for (int i = 0; i < 1025; ++i)
        many += std::string{i == 0 ? "" : ","} + R"({"name":"a","rule":"b","message":"c"})";
    assert_false(decode_roles_reply(parse(many + "]}").get()).has_value());
}

// --- health --------------------------------------------------------------------------------------

void health_survives_the_wire(void **)
{
    for (const auto policy :
         {PolicyInForce::current, PolicyInForce::last_good, PolicyInForce::none})
        for (const bool is_configured : {false, true}) {
            const auto again =
                decode_health_reply(encode_health_reply({is_configured, policy, {}}).get());
            assert_true(again.has_value());
            assert_true(again->is_configured == is_configured && again->policy == policy);
            assert_false(again->fault.has_value());
            assert_true(parse_policy_in_force(name_of(policy)) == policy);
        }
    const auto faulty = decode_health_reply(
        encode_health_reply({true, PolicyInForce::last_good, "a.toml:1:1: x"}).get());
    assert_text(*faulty->fault, "a.toml:1:1: x");
    assert_text(std::string{name_of(PolicyInForce::last_good)}, "last-good");
}

void a_wrong_health_is_refused(void **)
{
    refuses(R"({"configured":true,"policy":"current","fault":"x"})",
            {
                {"true", "1"},
                {"true", "\"true\""},
                {R"("configured":true,)", ""},
                {"current", "Current"},
                {"current", "last_good"},
                {"\"current\"", "\"\""},
                {"\"current\"", "7"},
                {R"("policy":"current",)", ""},
                {"\"x\"", "\"\""},
                {"\"x\"", "[]"},
                {"\"x\"", "\"" + std::string(2049, 'x') + "\""},
                {"\"fault\"", "\"faults\""},
            },
            decode_health_reply);
    assert_false(decode_health_reply(nullptr).has_value());
    assert_true(decode_health_call(nullptr).has_value());
    assert_true(decode_health_call(parse("{}").get()).has_value());
    assert_false(decode_health_call(parse(R"({"fault":null,"x":1})").get()).has_value());
}

// --- audit ---------------------------------------------------------------------------------------

void a_call_for_the_audit_survives_the_wire(void **)
{
    const auto again =
        decode_audit_call(encode_audit_call({INT64_MAX, until, "alice", "web", "granted"}).get());
    assert_true(again.has_value());
    assert_true(again->after == INT64_MAX && again->since == until);
    assert_text(*again->user, "alice");
    assert_text(*again->role, "web");
    assert_text(*again->event, "granted");
    for (const char *text : {"{}", R"({"after":0})"}) {
        const auto all = decode_audit_call(parse(text).get());
        assert_true(all.has_value() && all->after == 0);
        assert_false(all->since || all->user || all->role || all->event);
        assert_int_equal(json_object_size(encode_audit_call(*all).get()), 0);
    }
    refuses(R"({"after":1,"since":"2027-01-15T08:00:00Z","user":"alice","role":"web","event":"e"})",
            {
                {"1", "-1"},
                {"1", "1.5"},
                {"1", "\"1\""},
                {"2027-01-15T08:00:00Z", "now"},
                {"\"alice\"", "\"a b\""},
                {"\"web\"", "\"\""},
                {"\"e\"", "\"\""},
                {"\"e\"", "7"},
                {"\"e\"", "\"" + std::string(33, 'e') + "\""},
                {"\"event\"", "\"events\""},
            },
            decode_audit_call);
}

void a_record_survives_the_wire(void **)
{
    const std::string hash(64, 'a');
    const auto again =
        decode_audit_reply(encode_audit_reply({7, hash, R"({"event":"granted"})", 7}).get());
    assert_true(again.has_value());
    assert_int_equal(again->seq, 7);
    assert_text(again->hash, hash);
    assert_text(again->record, R"({"event":"granted"})");
    assert_true(again->next == 7);
    const auto none = decode_audit_reply(encode_audit_reply({}).get());
    assert_true(none.has_value() && none->seq == 0 && none->record.empty() && !none->next);
    const auto end = decode_audit_reply(encode_audit_reply({0, "", "", 500}).get());
    assert_true(end.has_value() && end->seq == 0 && end->next == 500);
}

void a_part_of_a_record_is_none(void **)
{
    refuses(R"({"seq":7,"hash":"aa","record":"{}","next":9})",
            {
                {R"("seq":7,)", ""},
                {R"("hash":"aa",)", ""},
                {R"("record":"{}",)", ""},
                {"7", "0"},
                {"7", "-7"},
                {"7", "\"7\""},
                {"\"aa\"", "\"" + std::string(65, 'a') + "\""},
                {"\"{}\"", "{}"},
                {"\"{}\"", "\"" + std::string(16 * 1024 + 1, 'r') + "\""},
                {"9", "0"},
                {"\"next\"", "\"more\""},
            },
            decode_audit_reply);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_roles_survives_the_wire),
        cmocka_unit_test(a_call_for_roles_survives_the_wire),
        cmocka_unit_test(a_wrong_list_of_roles_is_refused),
        cmocka_unit_test(health_survives_the_wire),
        cmocka_unit_test(a_wrong_health_is_refused),
        cmocka_unit_test(a_call_for_the_audit_survives_the_wire),
        cmocka_unit_test(a_record_survives_the_wire),
        cmocka_unit_test(a_part_of_a_record_is_none),
    };
    return cmocka_run_group_tests_name("ipc/roles", tests, nullptr, nullptr);
}
