#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "lib/ipc/elevation.h"
#include "lib/ipc/leftovers.h"
#include "lib/ipc/message.h"

using namespace jit;
using namespace jit::ipc;
using namespace std::chrono_literals;

namespace {

constexpr WallTime at{1'773'740'465s};

LeftoversReport sample()
{
    LeftoversReport report;
    report.grant = "00000000000000aa";
    report.leftovers.look = Look::done;
    report.leftovers.looked = at + 60s;
    report.leftovers.found = {{LeftoverKind::setuid, "/usr/local/bin/x", at},
                              {LeftoverKind::account, "mallory (uid 0)", at + 1s}};
    report.leftovers.more = 3;
    report.leftovers.missed = {Missed::too_long};
    return report;
}

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    const std::size_t where = text.find(from);
    assert_true(where != text.npos);
    return text.replace(where, from.size(), to);
}

void a_report_is_read_as_it_was_written(void **)
{
    const std::string text = *encode_leftovers_report(sample());
    assert_true(text.ends_with("}\n"));
    const auto read = decode_leftovers_report(text);
    assert_true(read.has_value());
    assert_text(read->grant, "00000000000000aa");
    assert_true(read->leftovers.look == Look::done && read->leftovers.looked == at + 60s);
    assert_int_equal(read->leftovers.found.size(), 2);
    assert_true(read->leftovers.found[1].kind == LeftoverKind::account);
    assert_text(read->leftovers.found[1].what, "mallory (uid 0)");
    assert_true(read->leftovers.found[1].at == at + 1s);
    assert_int_equal(read->leftovers.more, 3);
    assert_true(read->leftovers.missed == std::vector{Missed::too_long});
    assert_text(*encode_leftovers_report(*read), text);
}

void a_report_that_is_not_exactly_its_form_is_refused(void **)
{
    const std::string good = *encode_leftovers_report(sample());
    const char *const changes[][2] = {
        {"00000000000000aa", "../../etc/passwd"},
        {"\"grant\":\"00000000000000aa\",", ""},
        {"\"leftovers\":{", "\"leftovers\":[{"},
        {"\"done\"", "\"seen\""},
        {"\"done\"", "\"waits\""},     // and was looked at
        {"\"done\"", "\"forgotten\""}, //
        {",\"looked\":\"2026-03-17T09:42:05Z\"", ""},
        {"\"setuid\"", "\"Setuid\""},
        {"\"setuid\"", "\"\""},
        {"/usr/local/bin/x", "/usr/local/bin/\\u001bx"},
        {"/usr/local/bin/x", "/usr/local/bin/\\u202ex"},
        {"/usr/local/bin/x", "/usr/local/bin/\\nx"},
        {"/usr/local/bin/x", ""},
        {"2026-03-17T09:41:05Z", "yesterday"},
        {"\"more\":3", "\"more\":-1"},
        {"\"more\":3,", ""},
        {"\"too-long\"", "\"too_long\""},
        {"\"missed\"", "\"extra\":1,\"missed\""},
        {"\"kind\"", "\"extra\":1,\"kind\""},
    };
    for (const auto &change : changes)
        assert_false(decode_leftovers_report(replaced(good, change[0], change[1])).has_value());
    for (std::size_t length = 0; length + 1 < good.size(); ++length)
        assert_false(decode_leftovers_report(std::string_view{good}.substr(0, length)).has_value());
}

void the_longest_list_fits_into_a_grants_reply(void **)
{
    GrantRecord grant;
    grant.id = "00000000000000aa";
    grant.role = grant.user = std::string(64, 'n');
    grant.oid = std::string(255, 'o');
    grant.groups.assign(64, std::string(64, 'g'));
    grant.host = std::string(256, 'h');
    grant.service = std::string(64, 's');
    grant.approvers = {std::string(255, 'a')};
    grant.reason = std::string(512, '"');
    grant.leftovers = sample().leftovers;
    grant.leftovers->found.clear();
    std::size_t bytes = 0;
    const Leftover longest{LeftoverKind::authorized_keys, std::string(max_leftover_bytes, '"'), at};
    for (; bytes + wire_bytes(longest) <= max_leftovers_bytes; bytes += wire_bytes(longest))
        grant.leftovers->found.push_back(longest);
    const Json object = encode_list_reply({grant, std::nullopt, std::nullopt});
    assert_true(encode_reply(object.get(), true).has_value());
    const auto read = decode_list_reply(object.get());
    assert_true(read.has_value());
    assert_int_equal(read->grant->leftovers->found.size(), grant.leftovers->found.size());
    const auto report = encode_leftovers_report({grant.id, *grant.leftovers});
    assert_true(report->size() <= max_report_bytes);
    grant.leftovers->found.push_back(longest);
    assert_false(decode_list_reply(encode_list_reply({grant, std::nullopt, std::nullopt}).get())
                     .has_value());
}

void short_ones_are_counted_too(void **)
{
    Leftovers many = sample().leftovers;
    many.found.assign(max_leftovers, {LeftoverKind::authorized_keys, "/a", at});
    assert_true(decode_leftovers(encode_leftovers(many).get()).has_value());
    many.found.push_back(many.found[0]);
    assert_false(decode_leftovers(encode_leftovers(many).get()).has_value());
}

void a_path_is_escaped_to_one_harmless_line(void **)
{
    assert_text(escape_path("/usr/local/bin/x"), "/usr/local/bin/x");
    assert_text(escape_path("/a b/\xc3\xa4"), "/a b/\xc3\xa4");
    assert_text(escape_path("/a\nb\\c"), "/a\\x0ab\\\\c");
    assert_text(escape_path("/\x1b[31m"), "/\\x1b[31m");
    assert_text(escape_path("/\xff\xfe"), "/\\xff\\xfe");
    assert_text(escape_path("/\xe2\x80\xae"), "/\\xe2\\x80\\xae"); // right to left
    assert_text(escape_path(""), "");
}

void a_path_that_is_too_long_ends_in_dots_within_its_cap(void **)
{
    const std::string fits = "/" + std::string(max_leftover_bytes - 1, 'x');
    assert_text(escape_path(fits), fits);
    const std::string cut = escape_path(fits + "y");
    assert_int_equal(cut.size(), max_leftover_bytes);
    assert_true(cut.ends_with("x..."));
    for (std::size_t length = max_leftover_bytes - 8; length < max_leftover_bytes + 8; ++length)
        for (const char *end : {"\n", "\xf0\x9f\x98\x80", "\\", "\xff\xff\xff"}) {
            const std::string escaped = escape_path(std::string(length, 'x') + end);
            assert_true(escaped.size() <= max_leftover_bytes);
            assert_false(escaped.find('\n') != escaped.npos);
        }
}

void every_word_is_read_back(void **)
{
    for (int i = 0; i < 16; ++i)
        assert_true(parse_leftover_kind(name_of(static_cast<LeftoverKind>(i))) ==
                    static_cast<LeftoverKind>(i));
    for (int i = 0; i < 5; ++i)
        assert_true(parse_missed(name_of(static_cast<Missed>(i))) == static_cast<Missed>(i));
    for (int i = 0; i < 4; ++i)
        assert_true(parse_look(name_of(static_cast<Look>(i))) == static_cast<Look>(i));
    assert_text(std::string{name_of(LeftoverKind::account)}, "account");
    assert_text(std::string{name_of(LeftoverKind::authorized_keys)}, "authorized-keys");
    assert_text(std::string{name_of(Missed::homes_elsewhere)}, "homes-elsewhere");
    assert_text(std::string{name_of(Look::unreadable)}, "unreadable");
    assert_false(parse_leftover_kind("").has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_read_as_it_was_written),
        cmocka_unit_test(a_report_that_is_not_exactly_its_form_is_refused),
        cmocka_unit_test(the_longest_list_fits_into_a_grants_reply),
        cmocka_unit_test(short_ones_are_counted_too),
        cmocka_unit_test(a_path_is_escaped_to_one_harmless_line),
        cmocka_unit_test(a_path_that_is_too_long_ends_in_dots_within_its_cap),
        cmocka_unit_test(every_word_is_read_back),
    };
    return cmocka_run_group_tests_name("ipc/leftovers", tests, nullptr, nullptr);
}
