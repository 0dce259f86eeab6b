// The table of what the module says, and one of another language's.
#include "tests/unit/cmocka_cpp.h"

#include <set>
#include <string>
#include <vector>

#include "lib/base/text.h"
#include "pam_jit/wording.h"

using namespace jit::pam;
using std::chrono::seconds;

namespace {

// A language that says it all the other way round.
constexpr Language other{{
    {Sentence::said, "jit: \"{message}\", that it says"},
    {Sentence::asks_role, "jit: of the role \"{role}\" we speak"},
    {Sentence::asks_role_on_host, "jit: at {host} of \"{role}\" we speak"},
    {Sentence::asks_role_for, "jit: {duration} long of \"{role}\" we speak"},
    {Sentence::asks_role_on_host_for, "jit: {duration} long at {host} of \"{role}\" we speak"},
    {Sentence::asks_command, "jit: {command} you want"},
    {Sentence::asks_long_command, "jit: {command} and more you want"},
    {Sentence::open_address, "jit: {uri} you open"},
    {Sentence::enter_code, "jit: {code} is the code there"},
    {Sentence::enter_long_code, "jit: {groups} is the code there, so {code}"},
    {Sentence::code_lasts, "jit: {left} long it counts (Ctrl-C: no, Enter: yes)"},
    {Sentence::login_code_lasts, "jit: {left} long it counts"},
    {Sentence::login_waits, "jit: less than the code's, {left}, this login has"},
    {Sentence::press_enter, "jit: Enter you press, that done "},
    {Sentence::not_yet, "jit: {left} it has, and no yes yet"},
    {Sentence::still_waiting, "jit: {left} it has"},
    {Sentence::approval_lasts, "jit: for a yes {left} it has (Ctrl-C: no more, Enter: look)"},
    {Sentence::login_approval_lasts, "jit: for a yes {left} it has"},
    {Sentence::login_approval_goes_on, "jit: {left} this login has, and more the request"},
    {Sentence::login_approval_ends, "jit: {left} this login has, and no more the request"},
    {Sentence::look_again, "jit: Enter you press, to see "},
    {Sentence::still_waiting_approval, "jit: {left} it has for a yes"},
    {Sentence::keep_waiting, "jit: later you come, and wait it shall? [y/N] "},
    {Sentence::waits_on, "jit: {id} waits, until again you run it"},
    {Sentence::waits_for_you, "jit: {id} waits, until you run it, this time being over"},
    {Sentence::waits_for_login, "jit: {id} waits, until with that key you come"},
    {Sentence::granted, "jit: {role} is yours"},
    {Sentence::granted_until, "jit: until {until} is {role} yours"},
    {Sentence::granted_for, "jit: {duration} long is {role} yours"},
    {Sentence::granted_until_for, "jit: {duration} long, until {until}, is {role} yours: {role}!"},
    {Sentence::choice, "jit: of these one opens it"},
    {Sentence::choice_goes_on, "  and of: jitctl roles"},
    {Sentence::which_role, "jit: up to {count}, which? "},
    {Sentence::your_reason, "jit: why, you say? "},
    {Sentence::no_grant, "jit: jitctl request {role} you run, having none"},
    {Sentence::no_grant_or_ticket, "jit: sudo -k, or jitctl request {role}, you run, having none"},
    {Sentence::no_grant_ssh, "jit: by a prompt of ssh,\njit: or jitctl request {role}, you ask"},
    {Sentence::no_grant_of, "jit: {roles}: one of these with jitctl request you want"},
    {Sentence::unproven, "jit: proven is nothing"},
    {Sentence::none_chosen, "jit: chosen is nothing"},
    {Sentence::too_late, "jit: in time came nobody"},
    {Sentence::cancelled, "jit: over it is"},
    {Sentence::bad_name, "jit: too long is a name"},
    {Sentence::not_understood, "jit: understood is nothing"},
    {Sentence::denied, "jit: no it says"},
    {Sentence::gone_early, "jit: away it went early"},
    {Sentence::gone, "jit: away it went"},
    {Sentence::not_followed, "jit: away it went, and once more you run it"},
    {Sentence::not_left, "jit: that {id} waits nobody says"},
    {Sentence::unreachable, "jit: {reason}: so {socket} says"},
    {Sentence::unreachable_somehow, "jit: why, nobody knows, at {socket}"},
    {Sentence::no_answer, "jit: {duration} long nothing came of {socket}"},
    {Sentence::unreachable_advice, "jit: once more you try"},
    {Sentence::no_uid_name, "jit: for your number no name there is"},
    {Sentence::other_caller, "jit: of somebody else it speaks"},
    {Sentence::no_user, "jit: no name there is"},
    {Sentence::unfit_user, "jit: unfit your name is"},
    {Sentence::unfit_account, "jit: long the account's name is"},
}};
static_assert(is_complete(other));

// As they are on most hosts.
const std::vector<Value> ordinary{
    {"{role}", "web-admin"},
    {"{host}", "web01.example.org"},
    {"{duration}", "1h30m"},
    {"{left}", "14m52s"},
    {"{until}", "2026-03-17 14:05 UTC"},
    {"{roles}", "dba ops web"},
    {"{groups}", "K7Q F2M Z9R"},
    {"{code}", "K7QF2MZ9R"},
    {"{message}", "role \"web-admin\" wants a reason: ticket, then why"},
    {"{command}", "systemctl restart nginx"},
    {"{uri}", "https://login.microsoft.com/device"},
    {"{count}", "12"},
    {"{socket}", "/run/jit/io.jitd.Elevation"},
    {"{reason}", "No such file or directory"},
    {"{id}", "0123456789abcdef"},
};

std::string said(const Language &language, Sentence sentence, const std::vector<Value> &values)
{
    Text out;
    add_sentence(out, language, sentence, values);
    return std::string{out.view()};
}

std::vector<std::string> lines_of(const std::string &text)
{
    std::vector<std::string> lines{""};
    for (const char c : text)
        if (c == '\n')
            lines.emplace_back();
        else
            lines.back() += c;
    return lines;
}

std::set<std::string> places_of(std::string_view words)
{
    std::set<std::string> found;
    std::string_view before;
    for (auto place = next_place(words, before); !place.empty(); place = next_place(words, before))
        found.emplace(place);
    return found;
}

void each_sentence_has_its_places_and_no_other(void **)
{
    for (const Language *language : {&english, &other})
        for (std::size_t i = 0; i < sentence_count; ++i) {
            const Row &row = (*language)[i];
            assert_int_equal(static_cast<std::size_t>(row.sentence), i);
            assert_true(places_of(row.words()) == places_of(places[i].words()));
        }
    for (std::size_t i = 0; i < sentence_count; ++i)
        for (const std::string &place : places_of(places[i].words())) {
            bool is_ordinary = false;
            for (const Value &value : ordinary)
                is_ordinary |= value.place == place;
            assert_true(is_ordinary);
        }
}

void a_table_that_lacks_a_sentence_or_a_place_is_not_complete(void **)
{
    Language broken = english;
    assert_true(is_complete(broken));
    std::swap(broken[0], broken[1]);
    assert_false(is_complete(broken));
    const auto with = [](const char *words) {
        Language made = english;
        Row row{Sentence::granted_until, ""};
        for (std::size_t i = 0; words[i] != '\0'; ++i)
            row.bytes[i] = words[i];
        made[static_cast<std::size_t>(row.sentence)] = row;
        return is_complete(made);
    };
    assert_true(with("{until} {role}"));
    assert_true(with("{role} {until} {role}"));
    for (const char *words : {"", "{role}", "{role} until {untill}", "{role} {until} {left}",
                              "role {until}", "{role {until}", "{role} {until"})
        assert_false(with(words));
    broken = english;
    broken[sentence_count - 1] = {}; // as an initializer leaves a row that was forgotten
    assert_false(is_complete(broken));
}

void english_is_ascii_and_each_line_of_it_is_marked(void **)
{
    for (const Row &row : english)
        for (const std::string &line : lines_of(std::string{row.words()})) {
            for (const char c : line)
                assert_true(c >= ' ' && c < 0x7F);
            assert_true(line.starts_with("jit: ") || row.sentence == Sentence::choice_goes_on);
        }
}

void each_line_fits_80_columns_with_ordinary_values(void **)
{
    for (const Language *language : {&english, &other})
        for (const Row &row : *language) {
            const auto lines = lines_of(said(*language, row.sentence, ordinary));
            // As many as stand in the table: none had to be parted.
            assert_int_equal(lines.size(), lines_of(std::string{row.words()}).size());
            for (const std::string &line : lines) {
                assert_true(line.size() <= max_columns);
                assert_true(line.find_first_of("{}") == line.npos);
            }
        }
}

void another_language_has_its_own_order(void **)
{
    const auto says = [](Sentence sentence) { return said(other, sentence, ordinary); };
    assert_text(says(Sentence::asks_role_on_host_for),
                "jit: 1h30m long at web01.example.org of \"web-admin\" we speak");
    assert_text(says(Sentence::enter_long_code),
                "jit: K7Q F2M Z9R is the code there, so K7QF2MZ9R");
    assert_text(says(Sentence::granted_until_for),
                "jit: 1h30m long, until 2026-03-17 14:05 UTC, is web-admin yours: web-admin!");
    assert_text(says(Sentence::unreachable),
                "jit: No such file or directory: so /run/jit/io.jitd.Elevation says");
    assert_text(says(Sentence::no_grant_ssh),
                "jit: by a prompt of ssh,\njit: or jitctl request web-admin, you ask");
}

void what_fills_a_place_is_words_and_no_place_and_fit_for_a_terminal(void **)
{
    const auto says = [](std::string_view role, std::size_t most) {
        return said(english, Sentence::granted, {{"{role}", role, most}});
    };
    assert_text(says("{until}", 64), "jit: granted: role {until}.");
    assert_text(says("a\nb\x1b[2J\r\x7f\xc2\x9b\xe2\x80\xae\xff", 64),
                "jit: granted: role a?b?[2J?????.");
    assert_text(says("abcdef", 3), "jit: granted: role abc.");
    assert_text(says("ab\xc3\xa9", 3), "jit: granted: role ab.");
}

std::string parted(const std::string &message)
{
    return said(english, Sentence::said, {{"{message}", message, 512}});
}

void a_line_that_is_too_long_goes_on_in_another_one(void **)
{
    assert_text(parted(std::string(70, 'a') + " bcde"), "jit: " + std::string(70, 'a') + " bcde");
    assert_text(parted(std::string(70, 'a') + " bcdef"),
                "jit: " + std::string(70, 'a') + "\njit: bcdef");
    assert_text(
        parted("carol has no entry in [users] map of /etc/jit/jitd.toml, so no person can stand "
               "behind the request; an administrator sees more, and all of it in three lines, "
               "with: jitctl policy check"),
        "jit: carol has no entry in [users] map of /etc/jit/jitd.toml, so no person can\n"
        "jit: stand behind the request; an administrator sees more, and all of it in\n"
        "jit: three lines, with: jitctl policy check");
    // What fills two columns counts as two, and a character is not parted.
    std::string wide;
    for (int i = 0; i < 37; ++i)
        wide += "\xe4\xb8\xad";
    assert_text(parted(wide + " b"), "jit: " + wide + "\njit: b");
}

void a_word_that_no_line_can_hold_stays_where_it_is_and_whole(void **)
{
    const std::string address = "https://id.example.org/" + std::string(90, 'u');
    assert_text(said(english, Sentence::open_address, {{"{uri}", address, 512}}),
                "jit: to approve, open " + address);
    assert_text(parted("see " + address + " there"), "jit: see " + address + "\njit: there");
    assert_text(parted(std::string(300, 'a')), "jit: " + std::string(300, 'a'));
}

// --- what is made of the sentences

jit::ipc::ElevationReply longest_reply()
{
    jit::ipc::ElevationReply reply;
    const std::string name(64, 'n');
    (void)reply.role.set(name);
    (void)reply.host.set(name);
    (void)reply.code.set("K7QF2MZ9R");
    (void)reply.uri.set("https://login.microsoft.com/device");
    (void)reply.until.set("2026-03-17T14:05:00Z");
    reply.duration_s = 86399;
    std::string message;
    while (message.size() < 500)
        message += "words of jitd ";
    (void)reply.message.set(message);
    reply.role_count = jit::ipc::max_reply_roles;
    for (auto &role : reply.roles)
        (void)role.set(name);
    reply.has_more_roles = true;
    return reply;
}

void nothing_is_wider_than_80_columns_whatever_the_names_are(void **)
{
    const auto reply = longest_reply();
    const std::string name(64, 'n');
    const seconds left{86399};
    const std::string typed(256, 'x');
    std::vector<Text> all{code_words(reply, typed, left, {}),
                          login_code_words(reply, left, true),
                          login_code_words(reply, left, false),
                          not_yet_words(left),
                          waiting_words(left),
                          waiting_approval_words(left),
                          approval_words(reply, left, true),
                          approval_words(reply, left, false),
                          login_approval_words(reply, left, Wait::whole),
                          login_approval_words(reply, left, Wait::goes_on),
                          login_approval_words(reply, left, Wait::ends),
                          granted_words(reply, left),
                          granted_words(reply, seconds{200000}),
                          choice_words(reply),
                          choice_prompt(reply.role_count),
                          no_choice_words(reply),
                          said_words(reply.message.view()),
                          unreachable_words("/run/jit/io.jitd.Elevation", ENOENT, left),
                          unreachable_words("/run/jit/io.jitd.Elevation", 0, left)};
    for (const Advice advice : {Advice::request, Advice::ticket, Advice::ssh})
        all.push_back(no_grant_words(name, advice));
    for (const Row &row : english)
        if (places_of(row.words()).empty())
            all.push_back(words_of(row.sentence));
    for (const Text &text : all)
        for (const std::string &line : lines_of(std::string{text.view()})) {
            if (line.size() > max_columns)
                print_message("%zu: %s\n", line.size(), line.c_str());
            assert_true(line.size() <= max_columns);
        }
}

void nothing_from_outside_moves_the_cursor(void **)
{
    const std::string bad = "x\x1b[2J\x07\r\xc2\x9b\xe2\x80\xae\xff";
    jit::ipc::ElevationReply reply;
    (void)reply.role.set(bad);
    (void)reply.host.set(bad);
    (void)reply.code.set(bad);
    (void)reply.uri.set(bad);
    (void)reply.message.set(bad + "\njit: granted");
    (void)reply.roles[0].set(bad);
    reply.role_count = 1;
    std::vector<Text> all{code_words(reply, bad + "\n", seconds{1}, {true, 80, 24}),
                          login_code_words(reply, seconds{1}, true),
                          approval_words(reply, seconds{1}, true),
                          login_approval_words(reply, seconds{1}, Wait::ends),
                          kept_words(Sentence::waits_for_login, bad),
                          granted_words(reply, seconds{1}),
                          choice_words(reply),
                          no_choice_words(reply),
                          said_words(reply.message.view()),
                          unreachable_words(bad, ENOENT, seconds{1})};
    for (const Advice advice : {Advice::request, Advice::ticket, Advice::ssh})
        all.push_back(no_grant_words(bad, advice));
    for (const Text &text : all)
        for (const std::string &line : lines_of(std::string{text.view()})) {
            assert_text(jit::safe_text(line, line.size()), line);
            assert_false(line.starts_with("jit: granted") && line.find("x?[2J") == line.npos);
        }
}

void the_result_is_one_line_with_the_end(void **)
{
    jit::ipc::ElevationReply reply;
    (void)reply.role.set("web");
    const auto says = [&](seconds duration) {
        return std::string{granted_words(reply, duration).view()};
    };
    assert_text(says(seconds{0}), "jit: granted: role web.");
    assert_text(says(seconds{5400}), "jit: granted: role web (1h30m).");
    (void)reply.until.set("2026-03-17T14:05:00Z");
    assert_text(says(seconds{0}), "jit: granted: role web until 14:05 UTC.");
    assert_text(says(seconds{1800}), "jit: granted: role web until 14:05 UTC (30m).");
    assert_text(says(seconds{86400}), "jit: granted: role web until 2026-03-17 14:05 UTC (1d).");
    // What is no time is not shown as one.
    (void)reply.until.set("2026-03-17T14:05:00+");
    assert_text(says(seconds{1800}), "jit: granted: role web (30m).");
}

void what_is_asked_for_is_said_as_far_as_it_is_known(void **)
{
    jit::ipc::ElevationReply reply;
    (void)reply.role.set("web");
    const auto first_line = [&] {
        return lines_of(std::string{login_code_words(reply, seconds{60}, false).view()}).front();
    };
    assert_text(first_line(), "jit: role \"web\"");
    reply.duration_s = 1800;
    assert_text(first_line(), "jit: role \"web\" for 30m");
    (void)reply.host.set("web01");
    assert_text(first_line(), "jit: role \"web\" on host web01 for 30m");
    reply.duration_s.reset();
    assert_text(first_line(), "jit: role \"web\" on host web01");
}

void an_approval_is_what_jitd_says_and_the_time_left(void **)
{
    jit::ipc::ElevationReply reply;
    const auto says = [&](int left, bool has_keys) {
        return std::string{approval_words(reply, seconds{left}, has_keys).view()};
    };
    assert_text(says(59, false), "jit: still waiting for approval, 59s left");
    assert_text(says(3661, true),
                "jit: 1h1m left for the approval (Enter: look now, Ctrl-C: stop waiting)");
    (void)reply.message.set("carol may approve");
    assert_text(says(59, false), "jit: carol may approve");
    assert_text(says(119, true),
                "jit: carol may approve\n"
                "jit: 1m left for the approval (Enter: look now, Ctrl-C: stop waiting)");
    // A prompt follows.
    assert_text(login_approval_words(reply, seconds{86400}, Wait::whole).view(),
                "jit: carol may approve\njit: 1d left for the approval\n");
    assert_text(login_approval_words(reply, seconds{110}, Wait::goes_on).view(),
                "jit: carol may approve\n"
                "jit: this login waits for 1m50s, and the request goes on after that\n");
}

void an_error_without_a_name_is_an_unknown_one(void **)
{
    assert_text(unreachable_words("/s", 123456, seconds{5}).view(),
                "jit: jitd does not answer: /s: unknown error\n"
                "jit: try again, or on the console as root: systemctl status jitd.socket");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_sentence_has_its_places_and_no_other),
        cmocka_unit_test(a_table_that_lacks_a_sentence_or_a_place_is_not_complete),
        cmocka_unit_test(english_is_ascii_and_each_line_of_it_is_marked),
        cmocka_unit_test(each_line_fits_80_columns_with_ordinary_values),
        cmocka_unit_test(another_language_has_its_own_order),
        cmocka_unit_test(what_fills_a_place_is_words_and_no_place_and_fit_for_a_terminal),
        cmocka_unit_test(a_line_that_is_too_long_goes_on_in_another_one),
        cmocka_unit_test(a_word_that_no_line_can_hold_stays_where_it_is_and_whole),
        cmocka_unit_test(nothing_is_wider_than_80_columns_whatever_the_names_are),
        cmocka_unit_test(nothing_from_outside_moves_the_cursor),
        cmocka_unit_test(the_result_is_one_line_with_the_end),
        cmocka_unit_test(what_is_asked_for_is_said_as_far_as_it_is_known),
        cmocka_unit_test(an_approval_is_what_jitd_says_and_the_time_left),
        cmocka_unit_test(an_error_without_a_name_is_an_unknown_one),
    };
    return cmocka_run_group_tests_name("pam_jit/texts", tests, nullptr, nullptr);
}
