// Each test is a script: what the flow does in order, and what it then hears. A script that is not
// used up fails.
#include "tests/unit/cmocka_cpp.h"

#include <jansson.h>
#include <security/pam_modules.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <string>
#include <vector>

#include "lib/base/handle.h"
#include "pam_jit/flow.h"

using namespace jit::pam;
using jit::BootTime;
using std::chrono::seconds;

namespace {

enum class Act {
    send,
    receive,
    tell,
    complain,
    ask,
    enter, // waits for Enter alone
    pause,
    ask_beside,
    ask_at_interrupt,
};

struct Step {
    Act act = Act::send;
    std::string text;           // that the flow's words hold; for receive and ask: the answer
    Event event = Event::ready; // what it hears
    int sys = 0;
    seconds later{0}; // the clock goes on so far first
};

class Script final : public Outside
{
  public:
    std::deque<Step> steps;
    std::string last_frame;
    std::string shown;
    BootTime clock{seconds{1000}};
    BootTime until{};
    bool hears_enter = false;
    std::vector<std::string> beside; // frames
    seconds leave_within{2};         // has to be answered

    BootTime now() override { return clock; }
    Heard send(std::string_view frame, BootTime) override
    {
        last_frame = frame;
        const Step step = take(Act::send);
        assert_true(last_frame.find(step.text) != std::string::npos);
        return {step.event, step.sys, {}};
    }
    Heard receive(BootTime to) override
    {
        until = to;
        answer_ = take(Act::receive);
        return {answer_.event, answer_.sys, answer_.text};
    }
    Event tell(Tone tone, const Text &text) override
    {
        const Step step = take(tone == Tone::error ? Act::complain : Act::tell);
        shown += text.c_str();
        shown += '\n';
        if (text.view().find(step.text) == std::string_view::npos)
            print_message("told: %s\n", text.c_str());
        assert_true(text.view().find(step.text) != std::string_view::npos);
        return step.event;
    }
    void hear_enter() override { hears_enter = true; }
    Event pause(BootTime to) override
    {
        const Step step = take(Act::pause);
        if (step.event == Event::timed_out)
            clock = std::max(clock, to);
        return step.event;
    }
    void send_beside(std::string_view frame) override { beside.emplace_back(frame); }
    bool ask_beside(std::string_view frame, BootTime to) override
    {
        assert_true(to == clock + leave_within);
        const Step step = take(Act::ask_beside);
        assert_true(frame.find(step.text) != std::string::npos);
        return step.event == Event::ready;
    }
    Event ask_at_interrupt(const Text &prompt, Typed &answer) override
    {
        const Step step = take(Act::ask_at_interrupt);
        assert_text(prompt.view(),
                    "jit: keep the request waiting, and come back to it later? [y/N] ");
        (void)answer.set(step.text);
        return step.event;
    }
    Event ask(const Text &, Typed &answer) override
    {
        const Step step = take(Act::ask);
        (void)answer.set(step.text);
        return step.event;
    }
    Event await_enter(const Text &prompt) override
    {
        const Step step = take(Act::enter);
        assert_true(prompt.view().find("press Enter" + step.text) != std::string_view::npos);
        return step.event;
    }

  private:
    Step take(Act act)
    {
        assert_false(steps.empty());
        const Step step = steps.front();
        steps.pop_front();
        assert_int_equal(static_cast<int>(step.act), static_cast<int>(act));
        clock += step.later;
        return step;
    }
    Step answer_;
};

const std::array<std::string_view, 1> names{"alice"};

Door door(Phase phase)
{
    Door made;
    made.phase = phase;
    made.requester = "alice";
    made.account = "alice";
    made.account_names = names;
    made.service = "sudo";
    made.socket = "/run/jit/io.jitd.Elevation";
    made.is_proven = true;
    made.may_start = true;
    made.has_ticket = true;
    return made;
}

Passage play(const Door &at, Script &script)
{
    const Passage passage = run_flow(at, script);
    assert_true(script.steps.empty());
    return passage;
}

Outcome play(const Door &at, std::deque<Step> steps)
{
    Script script;
    script.steps = std::move(steps);
    return play(at, script).outcome;
}

const Step check{Act::send, "io.jitd.Elevation.Check"};
const Step request{Act::send, R"("more":true})"};

Step hears(std::string_view parameters)
{
    return {Act::receive, "{\"parameters\":{" + std::string(parameters) + "}}"};
}

Step hears_more(std::string_view parameters)
{
    return {Act::receive, "{\"parameters\":{" + std::string(parameters) + "},\"continues\":true}"};
}

const Step hears_request = hears(R"("verdict":"request","role":"web")");
const Step hears_pending = hears_more(
    R"("state":"pending","id":"0123456789abcdef","role":"web","host":"web01","duration":1800)");
const Step hears_code = hears_more(
    R"("state":"code","id":"0123456789abcdef","role":"web","host":"web01","duration":1800,)"
    R"("uri":"https://microsoft.com/devicelogin","code":"K7QF2MZ9R","expires":900)");
const Step hears_granted = hears(
    R"("state":"granted","id":"0123456789abcdef","role":"web","until":"2026-03-17T14:05:00Z")");

void a_live_grant_passes_silently(void **)
{
    const Step live = hears(R"("verdict":"live","role":"web","grant":"0123456789abcdef")");
    for (const Phase phase : {Phase::auth, Phase::account}) {
        Script script;
        script.steps = {check, live};
        const Passage passage = play(door(phase), script);
        assert_true(passage.outcome == Outcome::allowed);
        assert_text(passage.grant.view(), "0123456789abcdef");
    }
}

void a_live_grant_does_not_prove_who_is_there(void **)
{
    Door at = door(Phase::auth);
    at.is_proven = false;
    const Step live = hears(R"("verdict":"live","role":"web")");
    assert_true(play(at, {check, live, {Act::complain, "proven"}}) == Outcome::denied);
    at.phase = Phase::account;
    assert_true(play(at, {check, live}) == Outcome::allowed);
}

void a_live_grant_of_another_role_than_the_line_names_is_nonsense(void **)
{
    Door at = door(Phase::account);
    at.role = "dba";
    assert_true(play(at, {check,
                          hears(R"("verdict":"live","role":"web")"),
                          {Act::complain, "understood"}}) == Outcome::broken);
    assert_true(play(at, {check, hears(R"("verdict":"live")"), {Act::complain, "understood"}}) ==
                Outcome::broken);
}

void what_is_not_gated_exempt_or_observed_is_ignored(void **)
{
    for (const char *verdict : {"ignore", "exempt", "observed"})
        for (const Phase phase : {Phase::auth, Phase::account})
            assert_true(play(door(phase), {check, hears("\"verdict\":\"" + std::string(verdict) +
                                                        "\"")}) == Outcome::ignored);
}

void the_check_says_who_where_and_what(void **)
{
    Script script;
    script.steps = {check, hears(R"("verdict":"ignore")")};
    Door at = door(Phase::account);
    at.role = "web";
    at.tty = "/dev/pts/1";
    at.command = "sudo \"x\"\n";
    (void)play(at, script);
    assert_text(script.last_frame,
                std::string(R"({"method":"io.jitd.Elevation.Check","parameters":{)"
                            R"("requester":"alice","account":"alice","account_names":["alice"],)"
                            R"("service":"sudo","phase":"account","role":"web",)"
                            R"("tty":"/dev/pts/1","command":"sudo \"x\"\u000a"}})") +
                    '\0');
}

void shows_the_code_waits_and_passes(void **)
{
    Script script;
    script.steps = {check,         hears_request,
                    request,       hears_pending,
                    hears_code,    {Act::tell, "K7QF2MZ9R"},
                    hears_granted, {Act::tell, "granted"}};
    const Passage passage = play(door(Phase::auth), script);
    assert_true(passage.outcome == Outcome::allowed);
    assert_text(passage.grant.view(), "0123456789abcdef");
    assert_text(script.shown, "jit: role \"web\" on host web01 for 30m\n"
                              "jit: to approve, open https://microsoft.com/devicelogin\n"
                              "jit: and enter the code  K7QF2MZ9R  (K7Q F2M Z9R)\n"
                              "jit: the code is good for 15m (Enter: done, Ctrl-C: cancel)\n"
                              "jit: granted: role web until 14:05 UTC (30m).\n");
}

void says_for_what_command_in_one_line_of_80_columns(void **)
{
    jit::ipc::ElevationReply reply;
    (void)reply.code.set("ABCD-EFGH");
    const auto line_of = [&](std::string_view command) {
        const std::string words{code_words(reply, command, seconds{60}, {}).view()};
        const auto at = words.find("jit: for the command  ");
        return at == words.npos ? std::string{} : words.substr(at, words.find('\n', at) - at);
    };
    assert_text(line_of(""), "");
    assert_text(line_of("systemctl restart nginx"),
                "jit: for the command  systemctl restart nginx");
    // One line, whatever was typed: none of it passes for ours.
    assert_text(line_of("x\njit: to approve, open https://evil.example\x1b[2J"),
                "jit: for the command  x?jit: to approve, open https://evil.example?[2J");
    const std::string longest = line_of(std::string(256, 'x'));
    assert_true(longest.size() < 80 && longest.ends_with("x ..."));
}

void the_address_is_a_picture_as_well_where_there_is_room(void **)
{
    jit::ipc::ElevationReply reply;
    (void)reply.uri.set("https://microsoft.com/devicelogin");
    std::string rows;
    for (int i = 0; i < 33; ++i)
        rows += (i == 0 ? "000000000" : "/000000000");
    (void)reply.qr.set(rows);
    const auto shown = [&](const jit::Screen &screen) {
        return std::string{code_words(reply, "", seconds{60}, screen).view()};
    };
    const std::string large = shown({true, 80, 24});
    assert_true(large.find("devicelogin\n\u2588") != large.npos);
    assert_true(large.find("\u2580\njit: and enter") != large.npos);
    for (const jit::Screen &small :
         {jit::Screen{true, 79, 24}, jit::Screen{true, 80, 23}, jit::Screen{false, 80, 24}})
        assert_true(shown(small).find("devicelogin\njit: and enter") != std::string::npos);
    // Whole or not at all, whatever else there is to say.
    (void)reply.uri.set("https://" + std::string(500, 'u'));
    (void)reply.message.set(std::string(500, 'm'));
    const std::string full = shown({true, 80, 24});
    assert_true(full.find("cancel)") != full.npos);
    (void)reply.qr.set("no picture");
    assert_true(shown({true, 80, 24}).find("\u2588") == std::string::npos);
}

void what_a_terminal_cannot_show_is_a_question_mark(void **)
{
    Text text;
    text.add("jit: r\u00f4le \u2588 \U0001F511, ok");
    assert_text(make_ascii(text).view(), "jit: r?le ? ?, ok");
}

void a_long_code_is_shown_in_groups_as_well(void **)
{
    const auto line_of = [](std::string_view code) {
        jit::ipc::ElevationReply reply;
        (void)reply.code.set(code);
        const std::string words{code_words(reply, "", seconds{60}, {}).view()};
        const std::string front = "jit: and enter the code  ";
        const auto at = words.find(front) + front.size();
        return words.substr(at, words.find('\n', at) - at);
    };
    assert_text(line_of("K7QF2MZ9R"), "K7QF2MZ9R  (K7Q F2M Z9R)");
    assert_text(line_of("K7QF2MZ9"), "K7QF2MZ9  (K7QF 2MZ9)");
    assert_text(line_of("K7QF2MZ"), "K7QF2MZ  (K7Q F2M Z)");
    assert_text(line_of("ABCD-EFGH"), "ABCD-EFGH");
    assert_text(line_of("123456"), "123456");
}

void why_it_takes_longer_before_the_code_is_said(void **)
{
    const Step hears_silence = hears_more(
        R"("state":"pending","id":"0123456789abcdef","role":"web","message":"no answer, in 2s")");
    Script script;
    script.steps = {check,         hears_request,
                    request,       hears_pending,
                    hears_silence, {Act::tell, "jit: no answer, in 2s"},
                    hears_code,    {Act::tell, "K7QF2MZ9R"},
                    hears_granted, {Act::tell, "granted"}};
    assert_true(play(door(Phase::auth), script).outcome == Outcome::allowed);
}

void enter_is_passed_on_once_a_second_while_a_code_stands_there(void **)
{
    const auto enter = [](int later) {
        return Step{Act::receive, "", Event::entered, 0, seconds{later}};
    };
    Script script;
    script.steps = {check,
                    hears_request,
                    request,
                    hears_pending,
                    hears_code,
                    {Act::tell, "K7QF2MZ9R"},
                    enter(3),
                    enter(0),
                    enter(1),
                    hears_granted,
                    {Act::tell, "granted"}};
    assert_false(script.hears_enter);
    assert_true(play(door(Phase::auth), script).outcome == Outcome::allowed);
    assert_true(script.hears_enter);
    assert_int_equal(script.beside.size(), 2);
    for (const std::string &frame : script.beside)
        assert_true(frame.find("io.jitd.Elevation.Hurry") != std::string::npos &&
                    frame.find("\"id\":\"0123456789abcdef\"") != std::string::npos);

    Script live;
    live.steps = {check, hears(R"("verdict":"live","role":"web")")};
    (void)play(door(Phase::auth), live);
    assert_false(live.hears_enter); // nothing is read where nothing was asked
}

void a_line_a_minute_says_how_long_is_left(void **)
{
    const Step minute{Act::receive, "", Event::timed_out, 0, seconds{60}};
    assert_true(play(door(Phase::auth), {check,
                                         hears_request,
                                         request,
                                         hears_pending,
                                         hears_code,
                                         {Act::tell, "15m"},
                                         minute,
                                         {Act::tell, "still waiting, 14m left"},
                                         minute,
                                         {Act::tell, "still waiting, 13m left"},
                                         hears_granted,
                                         {Act::tell, "granted"}}) == Outcome::allowed);
}

void quiet_shows_the_code_and_refusals_only(void **)
{
    Door at = door(Phase::auth);
    at.is_quiet = true;
    const Step minute{Act::receive, "", Event::timed_out, 0, seconds{60}};
    assert_true(play(at, {check,
                          hears_request,
                          request,
                          hears_pending,
                          hears_code,
                          {Act::tell, "K7QF2MZ9R"},
                          minute,
                          hears_granted}) == Outcome::allowed);
    assert_true(play(at, {check,
                          hears(R"("verdict":"denied","message":"no")"),
                          {Act::complain, "jit: no"}}) == Outcome::denied);
}

void the_code_s_end_is_the_end_of_the_wait(void **)
{
    Script script;
    const Step end{Act::receive, "", Event::timed_out, 0, seconds{931}};
    script.steps = {
        check,      hears_request,   request, hears_pending,
        hears_code, {Act::tell, ""}, end,     {Act::complain, "nobody approved in time"}};
    assert_true(play(door(Phase::auth), script).outcome == Outcome::denied);
}

void timeout_bounds_the_request_and_what_is_said(void **)
{
    Door at = door(Phase::auth);
    at.timeout = seconds{120};
    Script script;
    const Step end{Act::receive, "", Event::timed_out, 0, seconds{121}};
    script.steps = {check,
                    hears_request,
                    {Act::send, R"("timeout":120)"},
                    hears_pending,
                    hears_code,
                    {Act::tell, "good for 2m ("},
                    end,
                    {Act::complain, "in time"}};
    assert_true(play(at, script).outcome == Outcome::denied);
    assert_true(script.until <= BootTime{seconds{1120}});
}

void no_flow_without_terminal_proof_or_in_the_account_phase(void **)
{
    Door at = door(Phase::auth);
    at.may_start = false;
    const Step words{Act::complain, "jit: no live grant for role \"web\"; run: jitctl request web"};
    assert_true(play(at, {check, hears_request, words}) == Outcome::denied);
    assert_true(
        play(door(Phase::account), {check, hears_request, {Act::complain, "sudo -k and again"}}) ==
        Outcome::denied);
    assert_true(play(door(Phase::account), {check,
                                            hears(R"("verdict":"choose","roles":["a","b"])"),
                                            {Act::complain, "one of a b"}}) == Outcome::denied);
}

void a_person_chooses_by_number_or_name_within_three_tries(void **)
{
    const Step roles = hears(R"("verdict":"choose","roles":["dba","web"])");
    const Step list{Act::tell, "1  dba\n   2  web"};
    for (const char *answer : {"2", "web"})
        assert_true(play(door(Phase::auth), {check,
                                             roles,
                                             list,
                                             {Act::ask, "0"},
                                             {Act::ask, answer},
                                             {Act::send, R"("role":"web")"},
                                             hears_pending,
                                             hears_code,
                                             {Act::tell, ""},
                                             hears_granted,
                                             {Act::tell, ""}}) == Outcome::allowed);
    assert_true(play(door(Phase::auth), {check,
                                         roles,
                                         list,
                                         {Act::ask, "3"},
                                         {Act::ask, "-1"},
                                         {Act::ask, "99999999999999999999992"},
                                         {Act::complain, "no role"}}) == Outcome::denied);
    assert_true(
        play(door(Phase::auth), {check, roles, list, {Act::ask, "", Event::conversation_lost}}) ==
        Outcome::conversation_lost);
}

void a_person_s_no_or_end_of_file_at_the_choice_ends_it_without_a_request(void **)
{
    const std::deque<Step> until_choice{check,
                                        hears(R"("verdict":"choose","roles":["dba","web"])"),
                                        {Act::tell, "1  dba\n   2  web"}};
    const auto ends = [&](Event event, std::deque<Step> more = {}) {
        std::deque<Step> steps = until_choice;
        steps.push_back({Act::ask, "", event});
        steps.insert(steps.end(), more.begin(), more.end());
        return play(door(Phase::auth), steps);
    };
    assert_true(ends(Event::interrupted, {{Act::tell, "cancelled"}}) == Outcome::aborted);
    assert_true(ends(Event::terminal_lost) == Outcome::aborted);
    assert_true(ends(Event::conversation_lost) == Outcome::conversation_lost);
    auto steps = until_choice;
    steps.back().event = Event::conversation_lost;
    assert_true(play(door(Phase::auth), steps) == Outcome::conversation_lost);
    // Wrong, out of range, nothing at all: three answers, and no more.
    steps = until_choice;
    for (const char *answer : {"two", "3", ""})
        steps.push_back({Act::ask, answer});
    steps.push_back({Act::complain, "jit: no role was chosen"});
    assert_true(play(door(Phase::auth), steps) == Outcome::denied);
}

void every_refusal_says_why(void **)
{
    const Step denied =
        hears(R"("state":"denied","id":"0123456789abcdef","role":"web","cause":"declined")");
    assert_true(play(door(Phase::auth), {check,
                                         hears_request,
                                         request,
                                         hears_pending,
                                         hears_code,
                                         {Act::tell, ""},
                                         denied,
                                         {Act::complain, "declined"}}) == Outcome::denied);
    const Step error{Act::receive, R"({"error":"io.jitd.Elevation.TooMany","parameters":)"
                                   R"({"message":"five \u001b[31m\nrequests"}})"};
    const Step clean{Act::complain, "jit: five ?[31m?requests"};
    assert_true(play(door(Phase::auth), {check, error, clean}) == Outcome::denied);
    assert_true(play(door(Phase::auth), {check, hears_request, request, error, clean}) ==
                Outcome::denied);
    // An error that calls itself granted is an error.
    const Step both{Act::receive, R"({"error":"x","parameters":{"verdict":"live","role":"web"}})"};
    assert_true(play(door(Phase::account), {check, both, {Act::complain, "denied"}}) ==
                Outcome::denied);
}

void jitd_lost_before_and_in_the_middle(void **)
{
    assert_true(
        play(door(Phase::auth),
             {{Act::send, "", Event::lost, ENOENT},
              {Act::complain, "jit: jitd does not answer: /run/jit/io.jitd.Elevation: No such file "
                              "or directory\njit: try again"}}) == Outcome::unreachable);
    assert_true(play(door(Phase::account), {check,
                                            {Act::receive, "", Event::timed_out},
                                            {Act::complain, "no answer within 5s"}}) ==
                Outcome::unreachable);
    assert_true(play(door(Phase::account), {check,
                                            {Act::receive, "", Event::lost},
                                            check,
                                            {Act::receive, "", Event::lost},
                                            {Act::complain, "went away"}}) == Outcome::unreachable);
    assert_true(play(door(Phase::auth), {check,
                                         hears_request,
                                         request,
                                         hears_pending,
                                         hears_code,
                                         {Act::tell, ""},
                                         {Act::receive, "", Event::lost},
                                         {Act::complain, "jitd went away"}}) == Outcome::denied);
}

// An upgrade replaces jitd while sudo is in use.
void regress_a_check_that_a_leaving_jitd_dropped_is_asked_once_more(void **)
{
    const Step live{Act::receive, R"({"parameters":{"verdict":"live","role":"web"}})"};
    assert_true(play(door(Phase::account), {check, {Act::receive, "", Event::lost}, check, live}) ==
                Outcome::allowed);
}

void a_person_s_no_ends_everything(void **)
{
    assert_true(play(door(Phase::account), {check, {Act::receive, "", Event::interrupted}}) ==
                Outcome::aborted);
    const std::deque<Step> until_code{check,         hears_request, request,
                                      hears_pending, hears_code,    {Act::tell, ""}};
    auto steps = until_code;
    steps.push_back({Act::receive, "", Event::interrupted});
    steps.push_back({Act::tell, "cancelled"});
    assert_true(play(door(Phase::auth), steps) == Outcome::aborted);
    steps = until_code;
    steps.push_back({Act::receive, "", Event::terminal_lost});
    assert_true(play(door(Phase::auth), steps) == Outcome::aborted);
    steps = until_code;
    steps.back().event = Event::conversation_lost;
    assert_true(play(door(Phase::auth), steps) == Outcome::conversation_lost);
}

void nonsense_is_never_a_yes(void **)
{
    const Step words{Act::complain, "understood"};
    for (const char *parameters :
         {R"("verdict":"Live","role":"web")", R"("verdict":"","role":"web")", R"("role":"web")",
          R"("state":"granted","role":"web","id":"0123456789abcdef")", R"("verdict":"request")",
          R"("verdict":"request","role":"../x")", R"("verdict":"choose")",
          R"("verdict":"choose","roles":["a","b c"])",
          R"("verdict":"live","role":"web","grant":"x")"})
        assert_true(play(door(Phase::auth), {check, hears(parameters), words}) == Outcome::broken);
    for (
        const char *parameters :
        {R"("verdict":"live","role":"web")",
         R"("state":"granted","role":"dba","id":"0123456789abcdef")",
         R"("state":"granted","role":"web")",
         R"("state":"code","id":"0123456789abcdef","role":"web","uri":"http://x","code":"A","expires":9)",
         R"("state":"code","id":"0123456789abcdef","role":"web","uri":"https://x\u202e","code":"A","expires":9)",
         R"("state":"code","id":"0123456789abcdef","role":"web","uri":"https://x","code":"A B","expires":9)",
         R"("state":"code","id":"0123456789abcdef","role":"web","uri":"https://x","code":"A")"})
        for (const Step &step : {hears(parameters), hears_more(parameters)})
            assert_true(play(door(Phase::auth), {check, hears_request, request, hears_pending, step,
                                                 words}) == Outcome::broken);
    assert_true(play(door(Phase::auth), {check, {Act::receive, "{", Event::ready}, words}) ==
                Outcome::broken);
    assert_true(play(door(Phase::auth), {check, {Act::receive, "", Event::garbled}, words}) ==
                Outcome::broken);
}

void regress_a_request_goes_on_until_its_last_reply_and_no_further(void **)
{
    const Step words{Act::complain, "understood"};
    const Step last_pending = hears(R"("state":"pending","id":"0123456789abcdef","role":"web")");
    const Step early_grant =
        hears_more(R"("state":"granted","id":"0123456789abcdef","role":"web")");
    for (const Step &step : {last_pending, early_grant})
        assert_true(play(door(Phase::auth), {check, hears_request, request, step, words}) ==
                    Outcome::broken);
    assert_true(play(door(Phase::account), {check, hears_more(R"("verdict":"live","role":"web")"),
                                            words}) == Outcome::broken);
}

void observed_says_nothing(void **)
{
    Door at = door(Phase::account);
    at.is_observed = true;
    assert_true(play(at, {check, hears_request}) == Outcome::denied);
    assert_true(play(at, {check, {Act::receive, "x"}}) == Outcome::broken);
    assert_true(play(at, {{Act::send, "", Event::lost, ENOENT}}) == Outcome::unreachable);
}

void a_name_too_long_is_denied_whatever_jitd_says(void **)
{
    Door at = door(Phase::account);
    const std::string name(65, 'a');
    at.account = name;
    const Step problem{Act::send, R"("problem":"a name here is too long)"};
    for (const Step &answer : {hears(R"("verdict":"live")"), hears(R"("verdict":"ignore")"),
                               Step{Act::receive, "x"}, Step{Act::receive, "", Event::lost}})
        assert_true(play(at, {problem, answer, {Act::complain, "too long"}}) == Outcome::denied);
    assert_true(play(at, {problem, hears(R"("verdict":"observed")")}) == Outcome::ignored);
}

Step wants(std::string_view message)
{
    return {Act::receive, R"({"error":"io.jitd.Elevation.ReasonWanted","parameters":{"message":")" +
                              std::string(message) + "\"}}"};
}

const Step wants_ticket = wants("a ticket, then why");
const Step told_ticket{Act::tell, "jit: a ticket, then why"};

// Answered so, the request comes again with it.
std::deque<Step> asked_once(const std::string &answer, const std::string &frame_part)
{
    return {check,
            hears_request,
            request,
            wants_ticket,
            told_ticket,
            {Act::ask, answer},
            {Act::send, frame_part}};
}

void a_reason_that_the_role_wants_is_asked_for_and_sent(void **)
{
    Script script;
    script.steps = {check,
                    hears_request,
                    request,
                    wants_ticket,
                    told_ticket,
                    {Act::ask, "INC-1 \"disk\" full"},
                    {Act::send, R"("reason":"INC-1 \"disk\" full"},"more":true})"},
                    hears_pending,
                    hears_code,
                    {Act::tell, "K7QF2MZ9R"},
                    hears_granted,
                    {Act::tell, "granted"}};
    const Passage passage = play(door(Phase::auth), script);
    assert_true(passage.outcome == Outcome::allowed);
    assert_text(passage.grant.view(), "0123456789abcdef");
}

void the_first_request_has_no_reason(void **)
{
    Script script;
    script.steps = {check,
                    hears_request,
                    request,
                    {Act::receive, "", Event::lost},
                    {Act::complain, "went away"}};
    (void)play(door(Phase::auth), script);
    assert_true(script.last_frame.find("reason") == std::string::npos);
}

// The one that counts is the last.
void a_reason_of_another_form_is_asked_for_thrice(void **)
{
    const Step other = wants("INC- and a number");
    const Step told{Act::tell, "jit: INC- and a number"};
    std::deque<Step> steps = asked_once("because", R"("reason":"because")");
    for (const char *answer : {"INC", "INC-9"}) {
        steps.push_back(other);
        steps.push_back(told);
        steps.push_back({Act::ask, answer});
        steps.push_back({Act::send, "\"reason\":\"" + std::string(answer) + "\"}"});
    }
    auto granted = steps;
    granted.push_back(hears_pending);
    granted.push_back(hears_granted);
    granted.push_back({Act::tell, "granted"});
    assert_true(play(door(Phase::auth), granted) == Outcome::allowed);
    steps.push_back(other);
    steps.push_back({Act::complain, "jit: INC- and a number"});
    assert_true(play(door(Phase::auth), steps) == Outcome::denied);
}

void no_reason_at_the_question_is_none(void **)
{
    // An empty line, or one that is longer than 512 bytes.
    for (const std::string &answer : {std::string{}, std::string(513, 'x')}) {
        Script script;
        script.steps = asked_once(answer, R"("more":true)");
        script.steps.push_back({Act::receive, "", Event::lost});
        script.steps.push_back({Act::complain, "went away"});
        assert_true(play(door(Phase::auth), script).outcome == Outcome::unreachable);
        assert_true(script.last_frame.find("reason") == std::string::npos);
    }
}

void a_person_s_no_at_the_question_for_a_reason_ends_everything(void **)
{
    const std::deque<Step> until_question{check, hears_request, request, wants_ticket, told_ticket};
    auto steps = until_question;
    steps.push_back({Act::ask, "", Event::interrupted});
    steps.push_back({Act::tell, "cancelled"});
    assert_true(play(door(Phase::auth), steps) == Outcome::aborted);
    steps = until_question;
    steps.push_back({Act::ask, "", Event::terminal_lost});
    assert_true(play(door(Phase::auth), steps) == Outcome::aborted);
    steps = until_question;
    steps.push_back({Act::ask, "", Event::conversation_lost});
    assert_true(play(door(Phase::auth), steps) == Outcome::conversation_lost);
    steps = until_question;
    steps.back().event = Event::conversation_lost;
    assert_true(play(door(Phase::auth), steps) == Outcome::conversation_lost);
}

void what_is_not_utf_8_in_a_reason_is_a_question_mark(void **)
{
    auto steps = asked_once("INC-1 \xff\xc3\xbc", "\"reason\":\"INC-1 ?\xc3\xbc\"}");
    steps.push_back(hears_pending);
    steps.push_back(hears_granted);
    steps.push_back({Act::tell, "granted"});
    assert_true(play(door(Phase::auth), steps) == Outcome::allowed);
}

void a_reason_wanted_at_another_time_is_a_plain_refusal(void **)
{
    // Once the request has begun there is nothing to add to it.
    assert_true(play(door(Phase::auth), {check,
                                         hears_request,
                                         request,
                                         hears_pending,
                                         wants_ticket,
                                         {Act::complain, "jit: a ticket, then why"}}) ==
                Outcome::denied);
    assert_true(play(door(Phase::auth),
                     {check, wants_ticket, {Act::complain, "jit: a ticket, then why"}}) ==
                Outcome::denied);
    // Another error of nearly this name is another one.
    const Step other{Act::receive,
                     R"({"error":"io.jitd.Elevation.ReasonWanted2","parameters":{}})"};
    assert_true(play(door(Phase::auth),
                     {check, hears_request, request, other, {Act::complain, "denied"}}) ==
                Outcome::denied);
}

void what_is_said_of_a_reason_is_fit_for_a_terminal(void **)
{
    assert_true(play(door(Phase::auth), {check,
                                         hears_request,
                                         request,
                                         wants(R"(five \u001b[31m\nwords)"),
                                         {Act::tell, "jit: five ?[31m?words"},
                                         {Act::ask, "", Event::terminal_lost}}) ==
                Outcome::aborted);
}

void every_outcome_has_its_pam_code_and_nothing_else_is_a_yes(void **)
{
    const struct {
        Outcome outcome;
        int auth;
        int account;
    } table[] = {
        {Outcome::allowed, PAM_SUCCESS, PAM_SUCCESS},
        {Outcome::ignored, PAM_IGNORE, PAM_IGNORE},
        {Outcome::denied, PAM_AUTH_ERR, PAM_PERM_DENIED},
        {Outcome::unreachable, PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED},
        {Outcome::aborted, PAM_ABORT, PAM_ABORT},
        {Outcome::conversation_lost, PAM_CONV_ERR, PAM_CONV_ERR},
        {Outcome::broken, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR},
    };
    for (const auto &row : table) {
        assert_int_equal(code_of(row.outcome, Phase::auth), row.auth);
        assert_int_equal(code_of(row.outcome, Phase::account), row.account);
        for (unsigned bit = 0; bit < 32; ++bit)
            assert_int_equal(
                code_of(static_cast<Outcome>(static_cast<std::uint32_t>(row.outcome) ^ (1U << bit)),
                        Phase::auth),
                PAM_SYSTEM_ERR);
    }
    assert_int_equal(code_of(static_cast<Outcome>(0), Phase::account), PAM_SYSTEM_ERR);
}

// --- over ssh

Door ssh_door(Phase phase)
{
    Door made = door(phase);
    made.service = "sshd";
    made.has_ticket = false;
    made.rhost = "192.0.2.7";
    made.connection = "192.0.2.7 50022 192.0.2.1 22";
    made.proof = "publickey ssh-ed25519 AAAA";
    return made;
}

const Step hears_approved = hears(R"("state":"approved","id":"0123456789abcdef","role":"web")");
const Step enter{Act::enter, ""};
const Step nothing_yet{Act::receive, "", Event::timed_out, 0, seconds{8}};

void over_ssh_the_calls_say_from_where_and_by_what(void **)
{
    Script script;
    script.steps = {check, hears_request, request, hears_pending, hears_approved};
    const Passage passage = play(ssh_door(Phase::auth), script);
    assert_true(passage.outcome == Outcome::allowed);
    assert_true(passage.grant.empty()); // the account phase has it made
    assert_true(script.last_frame.find(R"("connection":"192.0.2.7 50022 192.0.2.1 22",)"
                                       R"("proof":"publickey ssh-ed25519 AAAA")") !=
                std::string::npos);
    Door at = ssh_door(Phase::account);
    at.proof = std::string_view{};
    script.steps = {check, hears(R"("verdict":"ignore")")};
    (void)play(at, script);
    assert_true(script.last_frame.find(R"("connection":)") != std::string::npos);
    assert_true(script.last_frame.find("proof") == std::string::npos);
}

void a_proof_that_is_too_long_is_left_out(void **)
{
    const std::string longest(4096, 'k');
    const std::string longer(4097, 'k');
    for (const auto &[proof, is_there] : {std::pair{&longest, true}, std::pair{&longer, false}}) {
        Script script;
        script.steps = {check, hears(R"("verdict":"ignore")")};
        Door at = ssh_door(Phase::auth);
        at.proof = *proof;
        assert_true(play(at, script).outcome == Outcome::ignored);
        assert_int_equal(script.last_frame.find("proof") != std::string::npos, is_there);
    }
}

// The code stands above a prompt, since sshd shows nothing before one.
void over_ssh_enter_is_asked_for_until_it_is_approved(void **)
{
    Script script;
    script.steps = {check,         hears_request, request,
                    hears_pending, hears_code,    {Act::tell, "enter the code  K7QF2MZ9R"},
                    enter,         nothing_yet,   {Act::tell, "not approved yet, 14m52s left"},
                    enter,         hears_approved};
    assert_true(play(ssh_door(Phase::auth), script).outcome == Outcome::allowed);
    assert_false(script.hears_enter);
    assert_int_equal(script.beside.size(), 2);
    assert_true(script.beside[0].find("io.jitd.Elevation.Hurry") != std::string::npos);
    // What cannot be seen there, or done, is not said.
    assert_true(script.shown.find("Enter: done") == std::string::npos);
}

void a_second_code_is_shown_above_a_prompt_of_its_own(void **)
{
    Script script;
    script.steps = {check,         hears_request, request,
                    hears_pending, hears_code,    {Act::tell, "K7QF2MZ9R"},
                    enter,         hears_code,    {Act::tell, "K7QF2MZ9R"},
                    enter,         hears_approved};
    assert_true(play(ssh_door(Phase::auth), script).outcome == Outcome::allowed);
}

void who_goes_away_at_the_prompt_or_between_two_ends_it(void **)
{
    const std::deque<Step> shown{check,         hears_request, request,
                                 hears_pending, hears_code,    {Act::tell, ""}};
    const auto ends = [&](std::deque<Step> more) {
        std::deque<Step> steps = shown;
        steps.insert(steps.end(), more.begin(), more.end());
        return play(ssh_door(Phase::auth), steps);
    };
    assert_true(ends({{Act::enter, "", Event::conversation_lost}}) == Outcome::conversation_lost);
    assert_true(ends({{Act::enter, "", Event::interrupted}, {Act::tell, "cancelled"}}) ==
                Outcome::aborted);
    assert_true(ends({enter, {Act::receive, "", Event::terminal_lost}}) == Outcome::aborted);
    assert_true(ends({enter, {Act::receive, "", Event::lost}, {Act::complain, "went away"}}) ==
                Outcome::denied);
    assert_true(ends({{Act::enter, "", Event::ready, 0, seconds{900}},
                      {Act::receive, "", Event::timed_out, 0, seconds{8}},
                      {Act::complain, "nobody approved in time"}}) == Outcome::denied);
}

void a_login_that_ends_before_its_code_says_so(void **)
{
    Script script;
    Door at = ssh_door(Phase::auth);
    at.timeout = seconds{110};
    script.steps = {check,
                    hears_request,
                    request,
                    hears_pending,
                    hears_code,
                    {Act::tell, "this login waits for 1m50s, less than the code is good for"},
                    enter,
                    {Act::receive, "", Event::timed_out, 0, seconds{111}},
                    {Act::complain, "nobody approved in time"}};
    assert_true(play(at, script).outcome == Outcome::denied);
    // The request lasts as long as its role says: what is approved waits for the next login.
    assert_true(script.last_frame.find("Request") != std::string::npos);
    assert_true(script.last_frame.find("timeout") == std::string::npos);
}

void jitd_hears_in_auth_that_nothing_is_proven_and_says_what_may_begin(void **)
{
    const Step told{Act::send, R"("unproven":true)"};
    Door at = ssh_door(Phase::auth);
    at.is_proven = false;
    at.proof = std::string_view{};
    assert_true(play(at, {told,
                          hears(R"("verdict":"denied","message":"nobody has proven who you are")"),
                          {Act::complain, "nobody has proven who you are"}}) == Outcome::denied);
    assert_true(play(at, {told,
                          hears_request,
                          told,
                          hears_pending,
                          hears_code,
                          {Act::tell, ""},
                          enter,
                          hears_approved}) == Outcome::allowed);
    Door terminal = door(Phase::auth);
    terminal.is_proven = false;
    assert_true(play(terminal, {told,
                                hears_request,
                                told,
                                hears_pending,
                                hears_code,
                                {Act::tell, ""},
                                hears_granted,
                                {Act::tell, ""}}) == Outcome::allowed);
    // The account phase comes after somebody has said that it is he, and proven is told of nobody.
    for (Door proven : {ssh_door(Phase::account), door(Phase::auth), door(Phase::account)}) {
        Script script;
        proven.is_proven = proven.phase == Phase::auth;
        script.steps = {check, hears(R"("verdict":"ignore")")};
        (void)play(proven, script);
        assert_true(script.last_frame.find("unproven") == std::string::npos);
    }
}

void a_live_grant_is_no_answer_to_who_has_proven_nothing(void **)
{
    Door at = ssh_door(Phase::auth);
    at.is_proven = false;
    at.proof = std::string_view{};
    assert_true(play(at, {check,
                          hears(R"("verdict":"live","role":"web")"),
                          {Act::complain, "nobody has proven who you are"}}) == Outcome::denied);
}

void over_ssh_the_account_phase_says_what_to_do_or_what_was_granted(void **)
{
    const Door at = ssh_door(Phase::account);
    assert_true(play(at, {check, hears_request, {Act::complain, "keyboard-interactive"}}) ==
                Outcome::denied);
    const char *const made = R"("verdict":"live","role":"web","grant":"0123456789abcdef",)"
                             R"("until":"2026-03-17T14:05:00Z","granted":true)";
    assert_true(play(at, {check, hears(made), {Act::tell, "granted: role web until 14:05 UTC."}}) ==
                Outcome::allowed);
}

void approved_is_an_answer_over_ssh_alone(void **)
{
    assert_true(play(door(Phase::auth), {check,
                                         hears_request,
                                         request,
                                         hears_pending,
                                         hears_approved,
                                         {Act::complain, "understood"}}) == Outcome::broken);
    Step goes_on = hears_approved;
    goes_on.text.insert(goes_on.text.size() - 1, R"(,"continues":true)");
    assert_true(play(ssh_door(Phase::auth), {check,
                                             hears_request,
                                             request,
                                             hears_pending,
                                             goes_on,
                                             {Act::complain, "understood"}}) == Outcome::broken);
}

// --- while others must say yes

Step awaits(const char *message, int expires, const char *id = "0123456789abcdef")
{
    return hears_more(R"("state":"approval","id":")" + std::string(id) +
                      R"(","role":"web","message":")" + message + R"(","expires":)" +
                      std::to_string(expires));
}

Step awaits_last(const char *message, int expires)
{
    return hears(R"("state":"approval","id":"0123456789abcdef","role":"web","message":")" +
                 std::string(message) + R"(","expires":)" + std::to_string(expires));
}

const Step hears_approval = awaits("an approver must say yes", 3600);
const Step told_approval{Act::tell, "jit: an approver must say yes\njit: 1h left for the approval "
                                    "(Enter: look now, Ctrl-C: stop waiting)"};
const Step ctrl_c{Act::receive, "", Event::interrupted};
const Step nothing_there{Act::receive, "", Event::timed_out};
const Step says_leave{
    Act::ask_beside,
    R"({"method":"io.jitd.Elevation.Leave","parameters":{"id":"0123456789abcdef"}})"};
const Step lost{Act::receive, "", Event::lost};
const Step paused{Act::pause, "", Event::timed_out};

// A sign-in is over, and somebody else must say yes.
Outcome approving(Script &script, std::deque<Step> more, Door at = door(Phase::auth))
{
    script.steps = {check,      hears_request,   request,        hears_pending,
                    hears_code, {Act::tell, ""}, hears_approval, told_approval};
    script.steps.insert(script.steps.end(), more.begin(), more.end());
    return play(at, script).outcome;
}

Outcome approving(std::deque<Step> more, Door at = door(Phase::auth))
{
    Script script;
    return approving(script, std::move(more), at);
}

void each_approval_is_shown_until_it_is_granted(void **)
{
    Script script;
    const Step minute{Act::receive, "", Event::timed_out, 0, seconds{60}};
    const Outcome outcome = approving(script, {minute,
                                               {Act::tell, "still waiting for approval, 59m left"},
                                               awaits("1 of 2 have approved it", 3500),
                                               {Act::tell, "jit: 1 of 2 have approved it"},
                                               awaits("1 of 2 have approved it", 3500),
                                               minute,
                                               {Act::tell, "still waiting for approval, 57m left"},
                                               hears_granted,
                                               {Act::tell, "granted"}});
    assert_true(outcome == Outcome::allowed);
    assert_true(script.hears_enter);
    assert_true(script.shown.find("approved it\njit: still") != std::string::npos);
}

void what_is_said_of_an_approval_is_fit_for_a_terminal(void **)
{
    assert_true(approving({awaits(R"(a\u001b[2J\nb)", 60),
                           {Act::tell, "jit: a?[2J?b"},
                           hears_granted,
                           {Act::tell, ""}}) == Outcome::allowed);
    // Without words there are our own.
    assert_true(approving({awaits("", 61),
                           {Act::tell, "jit: still waiting for approval, 1m left"},
                           hears_granted,
                           {Act::tell, ""}}) == Outcome::allowed);
    const Step endless =
        hears_more(R"("state":"approval","id":"0123456789abcdef","role":"web","message":"x")");
    assert_true(approving({endless, {Act::complain, "understood"}}) == Outcome::broken);
}

void no_code_is_needed_before_an_approval(void **)
{
    Script script;
    script.steps = {check,          hears_request, request,       hears_pending,
                    hears_approval, told_approval, hears_granted, {Act::tell, "granted"}};
    assert_true(play(door(Phase::auth), script).outcome == Outcome::allowed);
    assert_true(script.hears_enter);
}

void the_approval_s_end_is_the_end_of_the_wait_and_not_the_code_s(void **)
{
    const Step later{Act::receive, "", Event::timed_out, 0, seconds{1800}};
    const Step end{Act::receive, "", Event::timed_out, 0, seconds{1831}};
    assert_true(
        approving(
            {later, {Act::tell, "30m left"}, end, {Act::complain, "nobody approved in time"}}) ==
        Outcome::denied);
}

void a_code_after_an_approval_counts_as_one(void **)
{
    const Step end{Act::receive, "", Event::timed_out, 0, seconds{931}};
    assert_true(approving({hears_code,
                           {Act::tell, "K7QF2MZ9R"},
                           end,
                           {Act::complain, "nobody approved in time"}}) == Outcome::denied);
    // Nobody is asked whether to keep it, and nobody follows it again.
    assert_true(
        approving({hears_code, {Act::tell, "K7QF2MZ9R"}, ctrl_c, {Act::tell, "cancelled"}}) ==
        Outcome::aborted);
    assert_true(approving({hears_code,
                           {Act::tell, "K7QF2MZ9R"},
                           lost,
                           {Act::complain, "jit: jitd went away; try again"}}) == Outcome::denied);
}

void enter_has_jitd_look_while_it_waits_for_approval(void **)
{
    Script script;
    const Step entered{Act::receive, "", Event::entered, 0, seconds{2}};
    assert_true(approving(script, {entered, entered, hears_granted, {Act::tell, "granted"}}) ==
                Outcome::allowed);
    assert_int_equal(script.beside.size(), 2);
    assert_true(script.beside[0].find("io.jitd.Elevation.Hurry") != std::string::npos);
}

void many_approvals_pass_and_a_flood_ends(void **)
{
    for (const int count : {256, 257}) {
        std::deque<Step> steps{check, hears_request, request, hears_pending};
        for (int i = 0; i < count; ++i) {
            steps.push_back(awaits(std::to_string(i).c_str(), 3600));
            steps.push_back({Act::tell, "jit: " + std::to_string(i)});
        }
        if (count == 257) {
            steps.pop_back();
            steps.push_back({Act::complain, "understood"});
        } else {
            steps.push_back(hears_granted);
            steps.push_back({Act::tell, "granted"});
        }
        assert_true(play(door(Phase::auth), steps) ==
                    (count == 257 ? Outcome::broken : Outcome::allowed));
    }
}

// Looked for in Entra every ten seconds, with two words each time.
void a_wait_of_a_day_is_not_too_long(void **)
{
    std::deque<Step> steps{check, hears_request, request, hears_pending};
    for (int i = 0; i < 2000; ++i) {
        Step step = awaits(std::to_string(i).c_str(), 3600);
        step.later = seconds{i % 2 * 10};
        steps.push_back(step);
        steps.push_back({Act::tell, "jit: " + std::to_string(i)});
    }
    steps.push_back(hears_granted);
    steps.push_back({Act::tell, "granted"});
    assert_true(play(door(Phase::auth), steps) == Outcome::allowed);
}

void ctrl_c_asks_and_leaves_the_request_waiting(void **)
{
    for (const char *yes : {"y", "Y", "yes", "YES"}) {
        Script script;
        assert_true(approving(script, {ctrl_c,
                                       {Act::ask_at_interrupt, yes},
                                       nothing_there,
                                       says_leave,
                                       {Act::tell, "jit: the request waits on; to come back to it "
                                                   "run the same again here\n"
                                                   "jit: (jitctl status 0123456789abcdef)"}}) ==
                    Outcome::aborted);
        assert_int_equal(script.beside.size(), 0);
    }
}

void all_else_than_a_yes_cancels(void **)
{
    for (const char *no : {"", "n", "no", "ye", "yess", "y ", "j"})
        assert_true(approving({ctrl_c, {Act::ask_at_interrupt, no}, {Act::tell, "cancelled"}}) ==
                    Outcome::aborted);
    for (const Event event : {Event::interrupted, Event::conversation_lost, Event::terminal_lost})
        assert_true(
            approving({ctrl_c, {Act::ask_at_interrupt, "y", event}, {Act::tell, "cancelled"}}) ==
            Outcome::aborted);
    // A second Ctrl-C after the yes.
    Script script;
    assert_true(
        approving(script,
                  {ctrl_c, {Act::ask_at_interrupt, "y"}, ctrl_c, {Act::tell, "cancelled"}}) ==
        Outcome::aborted);
    assert_true(script.beside.at(0).find("io.jitd.Elevation.Cancel") != std::string::npos);
    // Who is gone is not asked.
    assert_true(approving({{Act::receive, "", Event::terminal_lost}}) == Outcome::aborted);
}

void a_grant_that_came_during_the_question_wins_over_leaving(void **)
{
    assert_true(approving({ctrl_c,
                           {Act::ask_at_interrupt, "y"},
                           awaits("2 of 2", 3000),
                           {Act::tell, "2 of 2"},
                           hears_granted,
                           {Act::tell, "granted"}}) == Outcome::allowed);
    assert_true(approving({ctrl_c, {Act::ask_at_interrupt, "n"}, {Act::tell, "cancelled"}}) ==
                Outcome::aborted);
    const Step denied = hears(
        R"("state":"denied","id":"0123456789abcdef","role":"web","message":"carol denied it")");
    assert_true(
        approving(
            {ctrl_c, {Act::ask_at_interrupt, "y"}, denied, {Act::complain, "carol denied it"}}) ==
        Outcome::denied);
}

void what_jitd_does_not_keep_is_not_said_to_wait(void **)
{
    Step no_answer = says_leave;
    no_answer.event = Event::timed_out;
    assert_true(
        approving({ctrl_c,
                   {Act::ask_at_interrupt, "y"},
                   nothing_there,
                   no_answer,
                   {Act::complain, "jit: jitd does not say that the request waits on;\njit: "
                                   "look: jitctl status 0123456789abcdef"}}) == Outcome::aborted);
}

void who_has_proven_nothing_can_not_come_back(void **)
{
    Door at = door(Phase::auth);
    at.is_proven = false;
    assert_true(approving({ctrl_c, {Act::tell, "cancelled"}}, at) == Outcome::aborted);
    assert_true(approving({lost, {Act::complain, "went away; try again"}}, at) == Outcome::denied);
    assert_true(approving({awaits_last("goes on", 3000),
                           {Act::tell, "goes on"},
                           {Act::complain, "went away; try again"}},
                          at) == Outcome::denied);
}

void our_own_time_ends_before_the_request_and_it_waits_on(void **)
{
    Door at = door(Phase::auth);
    at.timeout = seconds{600};
    const Step end{Act::receive, "", Event::timed_out, 0, seconds{601}};
    const auto plays = [&](std::deque<Step> more) {
        std::deque<Step> steps{check,         hears_request,  request,
                               hears_pending, hears_approval, {Act::tell, "10m left"}};
        steps.insert(steps.end(), more.begin(), more.end());
        return play(at, steps);
    };
    assert_true(
        plays({end,
               says_leave,
               {Act::complain, "the request waits on:\njit: to come back to it run the same "
                               "again here (jitctl status 0123456789abcdef)"}}) == Outcome::denied);
    Step no_answer = says_leave;
    no_answer.event = Event::timed_out;
    assert_true(plays({end, no_answer, {Act::complain, "does not say"}}) == Outcome::denied);
    // One that ends with us is not left.
    assert_true(plays({awaits("x", 500),
                       {Act::tell, "x"},
                       {Act::receive, "", Event::timed_out, 0, seconds{531}},
                       {Act::complain, "nobody approved in time"}}) == Outcome::denied);
    at.is_proven = false;
    assert_true(plays({end, {Act::complain, "nobody approved in time"}}) == Outcome::denied);
}

void a_request_that_jitd_s_restart_left_is_followed_again(void **)
{
    for (const bool is_said : {true, false}) {
        Script script;
        std::deque<Step> steps;
        if (is_said)
            steps = {awaits_last("jitd is being started anew", 3000),
                     {Act::tell, "jitd is being started anew"}};
        else
            steps = {lost};
        const std::deque<Step> then{
            paused,
            {Act::send, "Check", Event::lost, ECONNREFUSED},
            paused,
            check,
            lost,
            paused,
            check,
            {Act::receive, R"({"error":"io.jitd.Elevation.Unavailable","parameters":{}})"},
            paused,
            check,
            hears_request,
            {Act::send, R"("more":true})"},
            hears_pending,
            awaits("1 of 2", 2990),
            {Act::tell, "jit: 1 of 2"},
            hears_granted,
            {Act::tell, "granted"}};
        steps.insert(steps.end(), then.begin(), then.end());
        assert_true(approving(script, steps) == Outcome::allowed);
        // What was not news is not said again.
        assert_true(script.shown.find("for the approval") ==
                    script.shown.rfind("for the approval"));
    }
}

void a_request_asks_word_for_word_for_the_same_again(void **)
{
    Script script;
    script.steps = asked_once("INC-7", R"("reason":"INC-7"},"more":true})");
    const std::deque<Step> more{hears_pending, hears_approval, told_approval, lost,
                                paused,        check,          hears_request, {Act::send, "INC-7"},
                                hears_granted, {Act::tell, ""}};
    script.steps.insert(script.steps.end(), more.begin(), more.end());
    assert_true(play(door(Phase::auth), script).outcome == Outcome::allowed);
    // The session is the only member that this door has not.
    assert_text(script.last_frame,
                std::string(R"({"method":"io.jitd.Elevation.Request","parameters":{)"
                            R"("role":"web","user":"alice","service":"sudo","reason":"INC-7"},)"
                            R"("more":true})") +
                    '\0');
}

void what_was_decided_while_jitd_was_away_counts(void **)
{
    const auto comes_back_to = [](std::deque<Step> more) {
        std::deque<Step> steps{lost, paused, check};
        steps.insert(steps.end(), more.begin(), more.end());
        return approving(steps);
    };
    assert_true(comes_back_to({hears(R"("verdict":"live","role":"web")")}) == Outcome::allowed);
    assert_true(comes_back_to({hears(R"("verdict":"denied","message":"not now")"),
                               {Act::complain, "not now"}}) == Outcome::denied);
    assert_true(comes_back_to({hears(R"("verdict":"ignore")"), {Act::complain, "understood"}}) ==
                Outcome::broken);
    // Another request than before begins as each does.
    const Step other_pending = hears_more(
        R"("state":"pending","id":"fedcba9876543210","role":"web","host":"web01","duration":1800)");
    assert_true(comes_back_to({hears_request,
                               request,
                               other_pending,
                               lost,
                               {Act::complain, "jitd went away; try again"}}) == Outcome::denied);
}

void a_jitd_that_does_not_come_back_is_given_up(void **)
{
    Script script;
    std::deque<Step> steps{lost};
    for (int i = 0; i < 59; ++i) {
        steps.push_back(paused);
        steps.push_back({Act::send, "Check", Event::lost, ECONNREFUSED});
    }
    steps.push_back(
        {Act::complain, "jit: jitd went away, and the request may go on; run it again"});
    assert_true(approving(script, steps) == Outcome::denied);
    // One that drops whoever asks, and one that is there and says nothing.
    steps = {lost};
    for (int i = 0; i < 59; ++i)
        for (const Step &step : {paused, check, hears_request, request, lost})
            steps.push_back(step);
    steps.push_back({Act::complain, "run it again to follow it"});
    assert_true(approving(steps) == Outcome::denied);
    assert_true(approving({lost,
                           paused,
                           check,
                           {Act::receive, "", Event::timed_out, 0, seconds{30}},
                           {Act::complain, "run it again to follow it"}}) == Outcome::denied);
}

void a_person_s_no_while_jitd_is_away_is_sent_to_the_next_one(void **)
{
    Script script;
    const Step no{Act::pause, "", Event::interrupted};
    assert_true(
        approving(script, {lost, no, {Act::ask_at_interrupt, ""}, {Act::tell, "cancelled"}}) ==
        Outcome::aborted);
    assert_int_equal(script.beside.size(), 1);
    assert_true(script.beside[0].find("io.jitd.Elevation.Cancel") != std::string::npos);
    assert_true(script.beside[0].find(R"("id":"0123456789abcdef")") != std::string::npos);
    Step unsure = says_leave;
    unsure.event = Event::timed_out;
    // It may have to be there first.
    Script leaving;
    leaving.leave_within = seconds{8};
    assert_true(
        approving(
            leaving,
            {lost, no, {Act::ask_at_interrupt, "y"}, unsure, {Act::complain, "does not say"}}) ==
        Outcome::aborted);
    Script gone;
    assert_true(approving(gone, {lost, {Act::pause, "", Event::terminal_lost}}) ==
                Outcome::aborted);
    assert_int_equal(gone.beside.size(), 1);
}

void quiet_shows_who_must_say_yes_and_no_lines_after_it(void **)
{
    Door at = door(Phase::auth);
    at.is_quiet = true;
    const Step minute{Act::receive, "", Event::timed_out, 0, seconds{60}};
    assert_true(approving({minute, hears_granted}, at) == Outcome::allowed);
    assert_true(approving({ctrl_c, {Act::ask_at_interrupt, "y"}, nothing_there, says_leave}, at) ==
                Outcome::aborted);
}

// --- the same over ssh

const Step look_again{Act::enter, " to look again"};

Outcome approving_login(Script &script, Door at, const char *lasts, std::deque<Step> more,
                        bool leaves = false)
{
    script.steps = {check, hears_request, request, hears_pending, hears_approval};
    if (leaves)
        script.steps.push_back(says_leave);
    script.steps.push_back(
        {Act::tell, "jit: an approver must say yes\njit: " + std::string(lasts) + "\n"});
    script.steps.insert(script.steps.end(), more.begin(), more.end());
    return play(at, script).outcome;
}

void over_ssh_an_approval_stands_above_a_prompt(void **)
{
    Script script;
    assert_true(approving_login(script, ssh_door(Phase::auth), "1h left for the approval",
                                {look_again,
                                 nothing_yet,
                                 {Act::tell, "not approved yet, 59m52s left"},
                                 look_again,
                                 awaits("1 of 2", 3500),
                                 {Act::tell, "jit: 1 of 2\njit: 58m20s left"},
                                 nothing_there,
                                 look_again,
                                 hears_approved}) == Outcome::allowed);
    assert_false(script.hears_enter);
    assert_int_equal(script.beside.size(), 2);
    assert_true(script.beside[0].find("io.jitd.Elevation.Hurry") != std::string::npos);
    // Who goes away cancels, and is asked nothing.
    for (const Step &gone : {Step{Act::enter, "", Event::conversation_lost},
                             Step{Act::enter, "", Event::terminal_lost}}) {
        Script left;
        assert_true(approving_login(left, ssh_door(Phase::auth), "1h left for the approval",
                                    {gone}) != Outcome::allowed);
        assert_int_equal(left.beside.size(), 0);
    }
    Script interrupted;
    assert_true(approving_login(interrupted, ssh_door(Phase::auth), "1h left for the approval",
                                {look_again, ctrl_c, {Act::tell, "cancelled"}}) ==
                Outcome::aborted);
}

void over_ssh_enter_shows_all_that_has_come(void **)
{
    const Step first{Act::tell, "jit: 1 of 3\n"}, second{Act::tell, "jit: 2 of 3\n"};
    Script script;
    assert_true(approving_login(script, ssh_door(Phase::auth), "1h left for the approval",
                                {look_again, awaits("1 of 3", 3500), first, awaits("2 of 3", 3500),
                                 second, nothing_there, look_again, hears_approved}) ==
                Outcome::allowed);
    Script enough;
    assert_true(approving_login(enough, ssh_door(Phase::auth), "1h left for the approval",
                                {look_again, awaits("1 of 3", 3500), first, awaits("2 of 3", 3500),
                                 second, hears_approved}) == Outcome::allowed);
    // Nor does another Enter stand before it where jitd has gone meanwhile.
    Script gone;
    assert_true(approving_login(gone, ssh_door(Phase::auth), "1h left for the approval",
                                {look_again, awaits("1 of 3", 3500), first, lost, paused, check,
                                 hears_request, request, hears_pending, hears_approved}) ==
                Outcome::allowed);
}

void a_login_whose_time_ends_before_the_request_leaves_it(void **)
{
    Door at = ssh_door(Phase::auth);
    at.timeout = seconds{110};
    const char *const goes_on = "this login waits for 1m50s, and the request goes on after that";
    Script script;
    assert_true(
        approving_login(script, at, goes_on,
                        {{Act::enter, " to look again", Event::ready, 0, seconds{111}},
                         {Act::receive, "", Event::timed_out},
                         {Act::complain, "log in with the same key from the same address\njit: "
                                         "(jitctl status 0123456789abcdef)"}},
                        true) == Outcome::denied);
    // jitd forgets it when somebody follows the request again.
    Script again;
    assert_true(approving_login(again, at, goes_on,
                                {look_again,
                                 lost,
                                 paused,
                                 check,
                                 hears_request,
                                 request,
                                 hears_pending,
                                 hears_approval,
                                 says_leave,
                                 {Act::tell, "goes on after that"},
                                 look_again,
                                 hears_approved},
                                true) == Outcome::allowed);
    at.is_proven = false;
    at.proof = std::string_view{};
    Script unproven;
    assert_true(approving_login(unproven, at,
                                "this login waits for 1m50s, and the request ends with it",
                                {{Act::enter, "", Event::ready, 0, seconds{111}},
                                 {Act::receive, "", Event::timed_out},
                                 {Act::complain, "nobody approved in time"}}) == Outcome::denied);
}

void over_ssh_a_restart_of_jitd_s_asks_for_nothing_before_it_is_back(void **)
{
    Script script;
    assert_true(approving_login(script, ssh_door(Phase::auth), "1h left for the approval",
                                {look_again,
                                 awaits_last("jitd is being started anew", 3000),
                                 {Act::tell, "jitd is being started anew"},
                                 paused,
                                 check,
                                 hears_request,
                                 request,
                                 hears_pending,
                                 awaits("1 of 2", 2990),
                                 {Act::tell, "1 of 2"},
                                 look_again,
                                 hears_approved}) == Outcome::allowed);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_live_grant_passes_silently),
        cmocka_unit_test(a_live_grant_does_not_prove_who_is_there),
        cmocka_unit_test(a_live_grant_of_another_role_than_the_line_names_is_nonsense),
        cmocka_unit_test(what_is_not_gated_exempt_or_observed_is_ignored),
        cmocka_unit_test(the_check_says_who_where_and_what),
        cmocka_unit_test(shows_the_code_waits_and_passes),
        cmocka_unit_test(says_for_what_command_in_one_line_of_80_columns),
        cmocka_unit_test(the_address_is_a_picture_as_well_where_there_is_room),
        cmocka_unit_test(what_a_terminal_cannot_show_is_a_question_mark),
        cmocka_unit_test(a_long_code_is_shown_in_groups_as_well),
        cmocka_unit_test(why_it_takes_longer_before_the_code_is_said),
        cmocka_unit_test(enter_is_passed_on_once_a_second_while_a_code_stands_there),
        cmocka_unit_test(a_line_a_minute_says_how_long_is_left),
        cmocka_unit_test(quiet_shows_the_code_and_refusals_only),
        cmocka_unit_test(the_code_s_end_is_the_end_of_the_wait),
        cmocka_unit_test(timeout_bounds_the_request_and_what_is_said),
        cmocka_unit_test(no_flow_without_terminal_proof_or_in_the_account_phase),
        cmocka_unit_test(a_person_chooses_by_number_or_name_within_three_tries),
        cmocka_unit_test(a_person_s_no_or_end_of_file_at_the_choice_ends_it_without_a_request),
        cmocka_unit_test(every_refusal_says_why),
        cmocka_unit_test(jitd_lost_before_and_in_the_middle),
        cmocka_unit_test(regress_a_check_that_a_leaving_jitd_dropped_is_asked_once_more),
        cmocka_unit_test(a_person_s_no_ends_everything),
        cmocka_unit_test(nonsense_is_never_a_yes),
        cmocka_unit_test(regress_a_request_goes_on_until_its_last_reply_and_no_further),
        cmocka_unit_test(observed_says_nothing),
        cmocka_unit_test(a_name_too_long_is_denied_whatever_jitd_says),
        cmocka_unit_test(a_reason_that_the_role_wants_is_asked_for_and_sent),
        cmocka_unit_test(the_first_request_has_no_reason),
        cmocka_unit_test(a_reason_of_another_form_is_asked_for_thrice),
        cmocka_unit_test(no_reason_at_the_question_is_none),
        cmocka_unit_test(a_person_s_no_at_the_question_for_a_reason_ends_everything),
        cmocka_unit_test(what_is_not_utf_8_in_a_reason_is_a_question_mark),
        cmocka_unit_test(a_reason_wanted_at_another_time_is_a_plain_refusal),
        cmocka_unit_test(what_is_said_of_a_reason_is_fit_for_a_terminal),
        cmocka_unit_test(every_outcome_has_its_pam_code_and_nothing_else_is_a_yes),
        cmocka_unit_test(over_ssh_the_calls_say_from_where_and_by_what),
        cmocka_unit_test(a_proof_that_is_too_long_is_left_out),
        cmocka_unit_test(over_ssh_enter_is_asked_for_until_it_is_approved),
        cmocka_unit_test(a_second_code_is_shown_above_a_prompt_of_its_own),
        cmocka_unit_test(who_goes_away_at_the_prompt_or_between_two_ends_it),
        cmocka_unit_test(a_login_that_ends_before_its_code_says_so),
        cmocka_unit_test(jitd_hears_in_auth_that_nothing_is_proven_and_says_what_may_begin),
        cmocka_unit_test(a_live_grant_is_no_answer_to_who_has_proven_nothing),
        cmocka_unit_test(over_ssh_the_account_phase_says_what_to_do_or_what_was_granted),
        cmocka_unit_test(approved_is_an_answer_over_ssh_alone),
        cmocka_unit_test(each_approval_is_shown_until_it_is_granted),
        cmocka_unit_test(what_is_said_of_an_approval_is_fit_for_a_terminal),
        cmocka_unit_test(no_code_is_needed_before_an_approval),
        cmocka_unit_test(the_approval_s_end_is_the_end_of_the_wait_and_not_the_code_s),
        cmocka_unit_test(a_code_after_an_approval_counts_as_one),
        cmocka_unit_test(enter_has_jitd_look_while_it_waits_for_approval),
        cmocka_unit_test(many_approvals_pass_and_a_flood_ends),
        cmocka_unit_test(a_wait_of_a_day_is_not_too_long),
        cmocka_unit_test(ctrl_c_asks_and_leaves_the_request_waiting),
        cmocka_unit_test(all_else_than_a_yes_cancels),
        cmocka_unit_test(a_grant_that_came_during_the_question_wins_over_leaving),
        cmocka_unit_test(what_jitd_does_not_keep_is_not_said_to_wait),
        cmocka_unit_test(who_has_proven_nothing_can_not_come_back),
        cmocka_unit_test(our_own_time_ends_before_the_request_and_it_waits_on),
        cmocka_unit_test(a_request_that_jitd_s_restart_left_is_followed_again),
        cmocka_unit_test(a_request_asks_word_for_word_for_the_same_again),
        cmocka_unit_test(what_was_decided_while_jitd_was_away_counts),
        cmocka_unit_test(a_jitd_that_does_not_come_back_is_given_up),
        cmocka_unit_test(a_person_s_no_while_jitd_is_away_is_sent_to_the_next_one),
        cmocka_unit_test(quiet_shows_who_must_say_yes_and_no_lines_after_it),
        cmocka_unit_test(over_ssh_an_approval_stands_above_a_prompt),
        cmocka_unit_test(over_ssh_enter_shows_all_that_has_come),
        cmocka_unit_test(a_login_whose_time_ends_before_the_request_leaves_it),
        cmocka_unit_test(over_ssh_a_restart_of_jitd_s_asks_for_nothing_before_it_is_back),
    };
    return cmocka_run_group_tests_name("pam_jit/flow", tests, nullptr, nullptr);
}
