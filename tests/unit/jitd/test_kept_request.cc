// A request that waits for others, as the ledger keeps it: all of it comes back, nothing secret is
// in it, and a text that was cut or made up is refused.
#include "tests/unit/cmocka_cpp.h"

#include "jitd/kept_request.h"
#include "lib/ipc/json.h"

using namespace jit;
using namespace jit::daemon;
using namespace std::chrono_literals;

namespace {

WallTime wall_at(int second)
{
    return WallTime{std::chrono::seconds{1'790'000'000 + second}};
}

// Everything that has a value has another one than at its beginning.
KeptRequest make_full()
{
    KeptRequest kept;
    RequestFacts &facts = kept.facts;
    facts.id = "0123456789abcdef";
    facts.role = "web";
    facts.user = "alice";
    facts.uid = 4'294'967'294U;
    facts.oid = "oid-1";
    facts.upn = "alice@contoso.example";
    facts.auth_context = "c1";
    facts.extends = "fedcba9876543210";
    facts.extends_until = wall_at(7);
    facts.is_shared = facts.is_reusable = facts.is_unattended = true;
    facts.is_limited = facts.ends_runs = facts.is_held = true;
    facts.mode = policy::Approval::Mode::watch;
    facts.entra.fill().group = "9b000000-0000-4000-8000-000000000001";
    facts.groups = {"jit-web", "jit-logs"};
    facts.duration = 1800s;
    facts.asked = 1900s;
    facts.reason = "INC-1 \"quoted\" \xc3\xa4";
    facts.origin = {"sudo", "pts/3", 77, "proof", true};
    facts.from.fill().prover = "prover";
    facts.from.fill().rhost = "192.0.2.7";
    facts.from.fill().connection = "192.0.2.7 1 192.0.2.8 22";
    facts.command = "/usr/bin/id";
    facts.host = "web01";
    facts.began = {wall_at(1), BootTime{123456789us}};
    facts.deadline = BootTime{987654321us};
    facts.deadline_wall = wall_at(900);
    oidc::Claims claims;
    claims.groups = {{"g1", "g2"}};
    claims.group_overage = true;
    claims.app_roles = {"Elevate.Dba"};
    claims.contexts = {"c1", "p1"};
    claims.authenticated_at = wall_at(-5);
    claims.is_guest = true;
    kept.claims = claims;
    kept.signed_in_oid = "oid-2";
    kept.person = "alice@contoso.example";
    kept.correlation = "f1000000-0000-4000-8000-000000000009";
    kept.awaited.given = {{"oid-3", "bob", {"g3"}, wall_at(3)}, {"oid-4", "carol", {}, wall_at(4)}};
    kept.awaited.watch_token = "abcd";
    kept.awaited.activation = "instance";
    kept.awaited.until = wall_at(5);
    kept.awaited.is_met = true;
    kept.boot_id = "boot";
    kept.provider = "https://login.example client";
    return kept;
}

void all_of_it_comes_back(void **)
{
    const KeptRequest kept = make_full();
    const std::string text = encode_kept(kept);
    const auto back = decode_kept(text);
    assert_true(back.has_value());
    assert_text(encode_kept(*back), text);
    // And what encode_kept() might forget.
    const RequestFacts &a = kept.facts, &b = back->facts;
    assert_true(a.id == b.id && a.role == b.role && a.user == b.user && a.uid == b.uid);
    assert_true(a.oid == b.oid && a.upn == b.upn && a.auth_context == b.auth_context);
    assert_true(a.mode == b.mode && a.entra->group == b.entra->group);
    assert_true(a.extends == b.extends && a.extends_until == b.extends_until);
    assert_true(b.is_shared && b.is_reusable && b.is_unattended);
    assert_true(b.is_limited && b.ends_runs && b.is_held);
    assert_true(a.groups == b.groups && a.duration == b.duration && a.asked == b.asked);
    assert_true(a.reason == b.reason && a.origin == b.origin && a.origin.tty == b.origin.tty);
    assert_true(a.from->prover == b.from->prover && a.from->rhost == b.from->rhost &&
                a.from->connection == b.from->connection);
    assert_true(a.command == b.command && a.host == b.host);
    assert_true(a.began.wall == b.began.wall && a.began.boot == b.began.boot);
    assert_true(a.deadline == b.deadline && a.deadline_wall == b.deadline_wall);
    assert_true(back->claims.has_value());
    const oidc::Claims &c = *kept.claims, &d = *back->claims;
    assert_true(c.groups == d.groups && d.group_overage && c.app_roles == d.app_roles);
    assert_true(c.contexts == d.contexts && c.authenticated_at == d.authenticated_at && d.is_guest);
    assert_true(kept.signed_in_oid == back->signed_in_oid && kept.person == back->person);
    assert_true(kept.correlation == back->correlation);
    const Awaited &e = kept.awaited, &f = back->awaited;
    assert_true(e.watch_token == f.watch_token);
    assert_true(e.activation == f.activation && e.until == f.until && f.is_met);
    assert_int_equal(f.given.size(), 2);
    for (std::size_t i = 0; i < 2; ++i)
        assert_true(e.given[i].oid == f.given[i].oid && e.given[i].user == f.given[i].user &&
                    e.given[i].groups == f.given[i].groups && e.given[i].at == f.given[i].at);
    assert_true(kept.boot_id == back->boot_id && kept.provider == back->provider);
}

void what_is_absent_stays_absent(void **)
{
    KeptRequest kept = make_full();
    kept.facts.asked.reset();
    kept.facts.reason.reset();
    kept.claims->groups.reset();
    kept.claims->authenticated_at.reset();
    kept.awaited.until.reset();
    kept.awaited.given.clear();
    kept.awaited.is_met = false;
    auto back = decode_kept(encode_kept(kept));
    assert_true(back.has_value());
    // No groups claim is something else than no groups.
    assert_false(back->claims->groups.has_value());
    assert_false(back->claims->authenticated_at.has_value());
    assert_false(back->facts.asked.has_value());
    assert_false(back->facts.reason.has_value());
    assert_false(back->awaited.until.has_value());
    assert_false(back->awaited.is_met);
    assert_true(back->awaited.given.empty());
    kept.claims.reset();
    back = decode_kept(encode_kept(kept));
    assert_true(back.has_value() && !back->claims.has_value());
    for (const auto mode : {policy::Approval::Mode::approver, policy::Approval::Mode::pim,
                            policy::Approval::Mode::watch}) {
        kept.facts.mode = mode;
        back = decode_kept(encode_kept(kept));
        assert_true(back.has_value() && back->facts.mode == mode);
    }
}

void a_text_that_was_cut_is_refused(void **)
{
    const std::string text = encode_kept(make_full());
    for (std::size_t size = 0; size < text.size(); ++size)
        assert_false(decode_kept(text.substr(0, size)).has_value());
    assert_false(decode_kept(text + "x").has_value());
    assert_false(decode_kept(text + text).has_value());
}

void a_text_that_was_made_up_is_refused(void **)
{
    const struct {
        const char *path; // of the object that is changed; empty: the whole
        const char *name;
        const char *value; // JSON; empty: the member is taken away
    } rows[] = {
        {"", "facts", ""},
        {"", "facts", "[]"},
        {"", "awaited", ""},
        {"", "awaited", "7"},
        {"", "boot", ""},
        {"", "boot", "\"\""},
        {"", "claims", "[]"},
        {"", "token", "\"x\""},
        {"facts", "id", "\"0123\""},
        {"facts", "id", "\"0123456789ABCDEF\""},
        {"facts", "id", "\"../456789abcdef0\""},
        {"facts", "role", "\"\""},
        {"facts", "role", "\"a b\""},
        {"facts", "user", "\"a/b\""},
        {"facts", "user", "\"a\\u0000b\""},
        {"facts", "uid", "-1"},
        {"facts", "uid", "4294967296"},
        {"facts", "uid", "\"0\""},
        {"facts", "uid", "1.5"},
        {"facts", "uid", ""},
        {"facts", "duration", "0"},
        {"facts", "duration", "-1"},
        {"facts", "duration", "9223372036854775807"},
        {"facts", "asked", "9223372036854775807"},
        {"facts", "extends_until", "9223372036854775807"},
        {"facts", "deadline", "9223372036854775807"},
        {"facts", "began", "9223372036854775807"},
        {"facts", "began", "-1"},
        {"facts", "mode", "\"nobody\""},
        {"facts", "mode", "3"},
        {"facts", "mode", ""},
        {"facts", "held", "1"},
        {"facts", "groups", "\"jit-web\""},
        {"facts", "groups", "[7]"},
        {"facts", "origin", "null"},
        {"facts", "origin", ""},
        {"facts", "code", "\"ABCD\""},
        {"claims", "guest", "\"no\""},
        {"claims", "authenticated", "9223372036854775807"},
        {"claims", "contexts", "{}"},
        {"awaited", "given", "{}"},
        {"awaited", "given", "[7]"},
        {"awaited", "given", "[{}]"},
        {"awaited", "given", "[{\"oid\":\"\",\"user\":\"bob\",\"groups\":[],\"at\":1}]"},
        {"awaited", "until", "9223372036854775807"},
        {"awaited", "met", "\"yes\""},
    };
    for (const auto &row : rows) {
        const ipc::Json whole{json_loads(encode_kept(make_full()).c_str(), 0, nullptr)};
        json_t *const in = *row.path == '\0' ? whole.get() : json_object_get(whole.get(), row.path);
        assert_non_null(in);
        if (*row.value == '\0')
            json_object_del(in, row.name);
        else
            json_object_set_new(in, row.name,
                                json_loads(row.value, JSON_DECODE_ANY | JSON_ALLOW_NUL, nullptr));
        char *const text = json_dumps(whole.get(), JSON_COMPACT);
        const bool is_taken = decode_kept(text).has_value();
        free(text);
        if (is_taken)
            print_error("taken: %s.%s = %s\n", row.path, row.name, row.value);
        assert_false(is_taken);
    }
    for (const char *text : {"", "null", "[]", "7", "{}", "{\"facts\":{},\"facts\":{}}"})
        assert_false(decode_kept(text).has_value());
}

void more_than_could_have_been_kept_is_refused(void **)
{
    KeptRequest many = make_full();
    many.awaited.given.assign(65, {"oid", "bob", {}, wall_at(0)});
    assert_false(decode_kept(encode_kept(many)).has_value());
    KeptRequest long_one = make_full();
    long_one.facts.command.assign(4097, 'x');
    assert_false(decode_kept(encode_kept(long_one)).has_value());
    KeptRequest deep = make_full();
    std::string text = encode_kept(deep);
    text.insert(1, "\"x\":" + std::string(5000, '[') + std::string(5000, ']') + ",");
    assert_false(decode_kept(text).has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_comes_back),
        cmocka_unit_test(what_is_absent_stays_absent),
        cmocka_unit_test(a_text_that_was_cut_is_refused),
        cmocka_unit_test(a_text_that_was_made_up_is_refused),
        cmocka_unit_test(more_than_could_have_been_kept_is_refused),
    };
    return cmocka_run_group_tests_name("jitd/kept_request", tests, nullptr, nullptr);
}
