#include "tests/unit/cmocka_cpp.h"

#include "lib/ledger/entry.h"
#include "tests/unit/ledger/sample.h"

using namespace jit;
using namespace jit::ledger;
using jit::ledger::test::sample;
using namespace std::chrono_literals;

namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    const std::size_t at = text.find(from);
    assert_true(at != text.npos);
    return text.replace(at, from.size(), to);
}

void what_is_written_is_read_back(void **)
{
    const auto text = encode_entry(sample());
    assert_true(text.has_value());
    assert_true(text->ends_with("}\n"));
    const auto entry = decode_entry(*text);
    assert_true(entry.has_value());
    assert_text(entry->id, "00000000000000aa");
    assert_int_equal(entry->uid, 1000);
    assert_true(entry->until == sample().until && entry->since_boot == sample().since_boot);
    assert_true(entry->until_boot == sample().until_boot);
    assert_true(entry->made("jit-dba") && !entry->made("jit-ops") && entry->has_group("jit-ops"));
    assert_true(entry->state == Entry::State::live && entry->cause.empty());
    assert_text(*encode_entry(*entry), *text);
}

void an_ended_entry_has_a_cause_and_a_time(void **)
{
    Entry ended = sample();
    ended.state = Entry::State::ended;
    ended.cause = "dropped";
    ended.ended = ended.since + 5s;
    const auto entry = decode_entry(*encode_entry(ended));
    assert_true(entry.has_value());
    assert_text(entry->cause, "dropped");
    assert_true(entry->ended == ended.since + 5s);
    ended.ended.reset();
    assert_false(decode_entry(*encode_entry(ended)).has_value());
}

// Entries of before it could be another have no word for it.
void an_entry_is_of_the_user_database_unless_it_says_otherwise(void **)
{
    Entry entry = sample();
    assert_true(encode_entry(entry)->find("backend") == std::string::npos);
    assert_true(decode_entry(*encode_entry(entry))->backend == Backend::userdb);
    entry.backend = Backend::etc_group;
    assert_true(decode_entry(*encode_entry(entry))->backend == Backend::etc_group);
}

void what_ended_or_goes_on_longer_may_owe_a_record(void **)
{
    Entry entry = sample();
    assert_false(decode_entry(*encode_entry(entry))->owes_record);
    entry.owes_record = true;
    entry.state = Entry::State::granting;
    assert_false(decode_entry(*encode_entry(entry)).has_value());
    entry.state = Entry::State::live;
    assert_true(decode_entry(*encode_entry(entry))->owes_record);
    entry.state = Entry::State::ended;
    entry.cause = "dropped";
    entry.ended = entry.since + 5s;
    assert_true(decode_entry(*encode_entry(entry))->owes_record);
}

void what_runs_under_it_is_kept(void **)
{
    Entry entry = sample();
    entry.grace = 7s;
    entry.runs = {{500, 900}, {501, 18'446'744'073'709'551'615U}};
    const auto read = decode_entry(*encode_entry(entry));
    assert_true(read.has_value());
    assert_true(read->grace == 7s);
    assert_int_equal(read->runs.size(), 2);
    assert_int_equal(read->runs[0].pid, 500);
    assert_int_equal(read->runs[0].start, 900);
    assert_true(read->runs[1].start == entry.runs[1].start);
    entry.state = Entry::State::ended;
    entry.cause = "dropped";
    entry.ended = entry.since + 5s;
    entry.processes = {"500 sudo", "501 a b"};
    entry.owes_end = true;
    const auto ended = decode_entry(*encode_entry(entry));
    assert_true(ended.has_value());
    assert_true(ended->owes_end);
    assert_true(ended->processes == entry.processes);
    assert_false(decode_entry(*encode_entry(sample()))->grace.has_value());
}

void what_is_no_run_is_refused(void **)
{
    Entry entry = sample();
    entry.grace = 7s;
    entry.runs = {{500, 900}};
    const std::string text = *encode_entry(entry);
    for (const char *run : {"", "500", "500 ", " 900", "1 900", "0 900", "-5 900", "500  900",
                            "500 900 ", "500 x", "500 -1", "500 18446744073709551616", "500\\t900"})
        assert_false(decode_entry(replaced(text, "500 900", run)).has_value());
    entry.owes_end = true; // of a live one
    assert_false(decode_entry(*encode_entry(entry)).has_value());
}

void a_wrong_or_missing_member_is_refused(void **)
{
    const std::string good = *encode_entry(sample());
    const char *const changes[][2] = {
        {"\"id\":\"00000000000000aa\"", "\"id\":\"../../etc/passwd\""},
        {"\"user\":\"alice\"", "\"user\":\"alice:root\""},
        {"\"user\":\"alice\",", ""},
        {"\"uid\":1000", "\"uid\":0"},
        {"\"uid\":1000", "\"uid\":-1"},
        {"\"uid\":1000", "\"uid\":4294967295"},
        {"\"jit-dba\"", "\"jit/dba\""},
        {"[\"jit-dba\",\"jit-ops\"]", "[]"},
        {"\"state\":\"live\"", "\"state\":\"alive\""},
        {"\"since_boot_us\":5000000", "\"since_boot_us\":\"5\""},
        {"\"until\":\"2027", "\"until\":\"20x7"},
        {"\"state\"", "\"stage\":1,\"state\""},
        {"\"state\"", "\"backend\":\"gpasswd\",\"state\""},
        {"\"state\"", "\"backend\":1,\"state\""},
        {"{", "[{"},
    };
    for (const auto &change : changes)
        assert_false(decode_entry(replaced(good, change[0], change[1])).has_value());
    for (const char *text : {"", "null", "{}", "[]", "{"})
        assert_false(decode_entry(text).has_value());
    for (std::size_t length = 0; length + 1 < good.size(); ++length)
        assert_false(decode_entry(std::string_view{good}.substr(0, length)).has_value());
}

void it_is_due_at_the_second_of_its_end_by_either_clock(void **)
{
    const Entry entry = sample();
    const std::string boot = entry.boot_id;
    const Now before{entry.until - 1s, entry.until_boot - 1us};
    assert_false(entry.is_due(before, boot));
    assert_true(entry.is_due({entry.until, before.boot}, boot));
    assert_true(entry.is_due({before.wall, entry.until_boot}, boot));
    assert_true(entry.is_due(before, "22222222-0000-4000-8000-000000000002"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(an_ended_entry_has_a_cause_and_a_time),
        cmocka_unit_test(an_entry_is_of_the_user_database_unless_it_says_otherwise),
        cmocka_unit_test(what_ended_or_goes_on_longer_may_owe_a_record),
        cmocka_unit_test(what_runs_under_it_is_kept),
        cmocka_unit_test(what_is_no_run_is_refused),
        cmocka_unit_test(a_wrong_or_missing_member_is_refused),
        cmocka_unit_test(it_is_due_at_the_second_of_its_end_by_either_clock),
    };
    return cmocka_run_group_tests_name("ledger/entry", tests, nullptr, nullptr);
}
