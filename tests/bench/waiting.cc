// Requests that wait at jitd, on the booted host, as root:
//
//   waiting PID CERTIFICATE KEY FEW MANY APPROVED
//       PID         jitd's main process, idle
//       CERTIFICATE, KEY   of the provider, which this is as well: 127.0.0.1:443
//       FEW, MANY   so many requests are held, first the ones, then the others; four of each user
//                   w00000, w00001 and so on
//       APPROVED    so many of the few are approved, one after the other, and each grant is ended
//                   before the next; then some whose grants stay; 0: none
//
// Prints what they cost, and how late the polls and the answers came; then a line for each goal,
// which begins with "goal: ".
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/loop.h"
#include "tests/bench/provider.h"
#include "tests/bench/requesters.h"

namespace {

using namespace jit::bench;

constexpr const char *jitd_socket = "/run/jit/io.jitd.Elevation.root";
constexpr unsigned begun_at_once = 64; // requests whose code has not been shown yet
constexpr double watched_ms = 30'000;
// The goals.
constexpr double most_kb = 3;
constexpr double most_percent = 10;
constexpr double most_late_ms = 10; // from "yes" to the answer, beyond the schedule
constexpr unsigned most_live = 60;
constexpr double late_ms = 1000; // a poll so far behind its time is late

struct Numbers {
    std::vector<double> all;
    double at(double p)
    {
        if (all.empty())
            return 0;
        std::sort(all.begin(), all.end());
        return all.at(static_cast<std::size_t>(p * static_cast<double>(all.size() - 1)));
    }
};

class Jitd
{
  public:
    explicit Jitd(std::string pid) : folder_("/proc/" + std::move(pid)) {}

    // kB
    double rss() const { return field("status", "VmRSS:"); }
    double anonymous() const { return field("status", "RssAnon:"); }
    // Of a processor, so far.
    double used_ms() const
    {
        std::ifstream file{folder_ + "/stat"};
        std::string text;
        std::getline(file, text);
        text.erase(0, text.rfind(')') + 2);
        std::size_t at = 0;
        for (int i = 0; i < 11; ++i)
            at = text.find(' ', at) + 1;
        char *rest = nullptr;
        const double user = std::strtod(text.c_str() + at, &rest);
        return (user + std::strtod(rest, nullptr)) * 1000 /
               static_cast<double>(sysconf(_SC_CLK_TCK));
    }

  private:
    double field(const char *name, const std::string &wanted) const
    {
        std::ifstream file{folder_ + "/" + name};
        std::string word;
        while (file >> word)
            if (word == wanted && file >> word)
                return std::strtod(word.c_str(), nullptr);
        die("jitd is gone");
    }
    std::string folder_;
};

// How far an answer comes behind what it follows from.
struct Beyond {
    Numbers schedule; // the poll's time
    Numbers token;    // the token's being sent
};

class Bench
{
  public:
    Bench(std::string pid, const std::string &certificate, const std::string &key)
        : provider_(loop_, certificate, key), jitd_(std::move(pid))
    {
    }

    void warm_up();
    void hold(unsigned count, bool is_many);
    void approve_all(unsigned count);
    void let_go();

  private:
    void begin(unsigned count);
    //   which  of the four of each user
    //   ends   each grant is ended before the next is asked for
    Beyond approve(unsigned count, unsigned which, bool ends);
    void run(double ms)
    {
        loop_.run(now_ms() + ms, [] { return false; });
    }
    void goal(const std::string &text, bool is_met)
    {
        goals_ += "goal: " + text + ": " + (is_met ? "met" : "NOT MET") + "\n";
    }

    Loop loop_;
    Provider provider_;
    Jitd jitd_;
    Requesters requesters_;
    std::size_t first_flow_ = 0;
    std::string goals_;

  public:
    const std::string &goals() const { return goals_; }
};

// What jitd has to fetch and load once is no cost of the requests.
void Bench::warm_up()
{
    begin(1);
    run(7000);
    let_go();
}

void Bench::begin(unsigned count)
{
    first_flow_ = provider_.flows().size();
    std::size_t shown = 0;
    const bool all = loop_.run(now_ms() + 300'000, [&] {
        while (shown < requesters_.size() && !requesters_[shown].code().empty())
            ++shown;
        while (requesters_.size() < count && requesters_.size() - shown < begun_at_once)
            requesters_.emplace_back(loop_, jitd_socket, static_cast<unsigned>(requesters_.size()));
        if (shown < requesters_.size() && requesters_[shown].is_over())
            die("request " + std::to_string(shown) +
                " was turned down: " + requesters_[shown].last_reply());
        return shown == count;
    });
    if (!all)
        die("no code was shown to request " + std::to_string(shown));
}

void Bench::let_go()
{
    requesters_.clear();
    run(3000);
}

void Bench::hold(unsigned count, bool is_many)
{
    const double rss = jitd_.rss();
    const double anonymous = jitd_.anonymous();
    const double began = now_ms();
    const double beginning = jitd_.used_ms();
    begin(count);
    std::printf("\n%u requests that wait\n", count);
    std::printf("  %-52s %10.1f s, %.0f us of jitd's each\n", "until all had their codes",
                (now_ms() - began) / 1e3, (jitd_.used_ms() - beginning) * 1e3 / count);
    // Until the first polls are over, and their memory is.
    run(2 * interval_ms + 1000);
    const std::size_t connections = provider_.connections();
    (void)provider_.take_polls();
    std::vector<unsigned> before;
    for (const Flow &flow : provider_.flows())
        before.push_back(flow.polls);
    const double used = jitd_.used_ms();
    const double start = now_ms();
    run(watched_ms);
    const double percent = (jitd_.used_ms() - used) * 100 / (now_ms() - start);
    const double seconds = (now_ms() - start) / 1e3;
    Polls polls = provider_.take_polls();
    Numbers late{std::move(polls.late_ms)};

    const double kb = (jitd_.rss() - rss) / count;
    const double anonymous_kb = (jitd_.anonymous() - anonymous) / count;
    std::printf("  %-52s %10.2f kB each, of %.0f\n", "resident above the idle daemon", kb,
                jitd_.rss());
    std::printf("  %-52s %10.2f kB each\n", "  of it anonymous", anonymous_kb);
    std::printf("  %-52s %10.1f a second\n", "polls",
                static_cast<double>(late.all.size()) / seconds);
    std::printf("  %-52s %10.1f %% of a processor, %.0f us a poll\n", "jitd", percent,
                percent * 1e4 * seconds /
                    static_cast<double>(std::max<std::size_t>(late.all.size(), 1)));
    std::printf("  %-52s %10.1f %8.1f %8.1f ms\n", "polls, behind their time: median, p99, most",
                late.at(0.5), late.at(0.99), late.at(1));
    std::printf("  %-52s %10zu, and %zu made meanwhile\n", "TLS connections",
                provider_.open_connections(), provider_.connections() - connections);

    const auto behind = static_cast<std::size_t>(
        std::count_if(late.all.begin(), late.all.end(), [](double ms) { return ms > late_ms; }));
    std::size_t lost = 0;
    // In the time watched each must have been asked for at least so often.
    const auto least = static_cast<unsigned>(watched_ms / (interval_ms * 1.1)) - 1;
    for (std::size_t i = first_flow_; i < before.size(); ++i)
        lost += provider_.flows()[i].polls - before[i] < least;
    for (const Requester &requester : requesters_)
        lost += requester.is_over();
    std::printf("  %-52s %10zu late, %zu lost, %zu early\n",
                "polls by more than a second, requests, polls", behind, lost, polls.early);
    const std::string which = std::to_string(count) + " waiting";
    if (!is_many) {
        char text[200];
        std::snprintf(text, sizeof text, "%s, %.2f kB each, at most %.0f", which.c_str(), kb,
                      most_kb);
        goal(text, kb <= most_kb);
        std::snprintf(text, sizeof text, "%s, %.1f %% of a processor, at most %.0f", which.c_str(),
                      percent, most_percent);
        goal(text, percent <= most_percent);
    }
    goal(which + ", " + std::to_string(behind) + " polls late, " + std::to_string(lost) +
             " requests lost, " + std::to_string(polls.early) + " polls early, none",
         behind + lost + polls.early == 0);
}

// One after the other, since what is timed is one sudo and not a crowd: each time the one whose
// poll comes next, once what the one before has left is done.
Beyond Bench::approve(unsigned count, unsigned which, bool ends)
{
    Beyond beyond;
    // One request of each user.
    std::vector<std::pair<Requester *, std::size_t>> waiting;
    for (unsigned i = 0; i < count; ++i) {
        Requester &requester = requesters_.at(std::size_t{4} * i + which);
        Flow *const flow = provider_.find(requester.code());
        if (!flow)
            die("a code is not the provider's");
        waiting.emplace_back(&requester, flow - provider_.flows().data());
    }
    while (!waiting.empty()) {
        const double earliest = now_ms() + 50;
        const auto next = std::min_element(
            waiting.begin(), waiting.end(), [&](const auto &one, const auto &other) {
                const auto wait = [&](const auto &each) {
                    const double due = provider_.flows()[each.second].due_ms();
                    return due < earliest ? due + interval_ms : due;
                };
                return wait(one) < wait(other);
            });
        Requester &requester = *next->first;
        const std::size_t number = next->second;
        waiting.erase(next);
        provider_.approve(provider_.flows()[number],
                          Requester::user_of(requester.number()) + "@contoso.com");
        // Its time moves on with each answer before that.
        double due = 0;
        const bool is_over = loop_.run(now_ms() + 20'000, [&] {
            const Flow &now = provider_.flows()[number];
            if (now.token_sent_ms == 0)
                due = now.due_ms();
            return requester.is_over();
        });
        if (!is_over || !requester.is_granted())
            die("not granted: " + requester.last_reply());
        beyond.schedule.all.push_back(requester.over_ms() - due);
        beyond.token.all.push_back(requester.over_ms() - provider_.flows()[number].token_sent_ms);
        run(20);
        if (!ends)
            continue;
        Ender ender{loop_, jitd_socket, requester.grant()};
        if (!loop_.run(now_ms() + 20'000, [&] { return ender.is_done(); }))
            die("a grant does not end");
        run(20);
    }
    return beyond;
}

void Bench::approve_all(unsigned count)
{
    Beyond beyond = approve(count, 0, true);
    std::printf(
        "\nfrom the provider's yes to the requester's, %u times; milliseconds: median, p99, most\n",
        count);
    const auto print = [](const char *what, Numbers numbers) {
        std::printf("  %-52s %10.1f %8.1f %8.1f\n", what, numbers.at(0.5), numbers.at(0.99),
                    numbers.at(1));
    };
    print("beyond the poll's time", beyond.schedule);
    print("after the token was sent", beyond.token);
    char text[200];
    std::snprintf(text, sizeof text, "yes to yes, p99 %.1f ms beyond the poll's time, at most %.0f",
                  beyond.schedule.at(0.99), most_late_ms);
    goal(text, beyond.schedule.at(0.99) <= most_late_ms);
    const unsigned live = std::min(count, most_live);
    std::snprintf(text, sizeof text, "the same, of %u grants that stay", live);
    print(text, approve(live, 1, false).schedule);
}

unsigned number(std::string_view text)
{
    unsigned value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size())
        die("a count is wrong");
    return value;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 7)
        die("usage stands in waiting.cc");
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    (void)std::signal(SIGPIPE, SIG_IGN); // jitd may close while it is answered
    rlimit most{};
    (void)getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &most);
    const unsigned few = number(argv[4]);
    const unsigned many = number(argv[5]);
    const unsigned approved = number(argv[6]);
    Bench bench{argv[1], argv[2], argv[3]};
    bench.warm_up();
    if (few > 0)
        bench.hold(few, false);
    if (approved > 0)
        bench.approve_all(std::min(approved, few / 4));
    bench.let_go();
    if (many > 0)
        bench.hold(many, true);
    bench.let_go();
    std::printf("\n%s", bench.goals().c_str());
    return 0;
}
