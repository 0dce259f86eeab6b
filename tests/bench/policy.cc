// What a policy costs, by its number of roles: to load it and to decide by it. Takes no argument
// and needs neither root nor a host.
//
//   policy [ROUNDS]     loads of each size (15)
//
// Prints two tables, then a line for each goal, which begins with "goal: ".
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "lib/sys/zones.h"
#include "policy/parse.h"
#include "tests/bench/made_policy.h"

namespace {

using namespace jit;
using namespace jit::bench;
using Clock = std::chrono::steady_clock;

constexpr std::array<unsigned, 4> sizes{10, 100, 1000, 10'000};
constexpr unsigned decisions = 200'000; // of each size
// The goals.
constexpr double most_load_ms = 1000;
constexpr double most_decision_us = 5;
constexpr double most_growth = 2; // of a decision's median, from the fewest roles to the most

[[noreturn]] void die(const std::string &text)
{
    std::fprintf(stderr, "policy: %s\n", text.c_str());
    std::exit(1);
}

double passed_us(Clock::time_point since)
{
    return std::chrono::duration<double, std::micro>(Clock::now() - since).count();
}

struct Numbers {
    std::vector<double> all;
    double at(double p)
    {
        std::sort(all.begin(), all.end());
        return all.at(static_cast<std::size_t>(p * static_cast<double>(all.size() - 1)));
    }
};

// What one size costs. Plain, since it comes through a pipe.
struct Costs {
    double load_min_ms, load_median_ms, load_p99_ms;
    double decide_min_us, decide_median_us, decide_p99_us;
    double kb_in, kb_live, kb_resident, kb_peak;
    double entangled_ms;
    unsigned files;
};

double field_of_status(const char *wanted)
{
    std::ifstream file{"/proc/self/status"};
    std::string word;
    while (file >> word)
        if (word == wanted && file >> word)
            return std::strtod(word.c_str(), nullptr);
    die("no /proc");
}

double allocated_kb()
{
    const struct mallinfo2 now = mallinfo2();
    return static_cast<double>(now.uordblks + now.hblkhd) / 1024;
}

policy::ParsedPolicy load(const std::vector<policy::SourceFile> &files)
{
    return policy::parse_policy(files, {true, sys::find_zone});
}

void measure_load(const std::vector<policy::SourceFile> &files, unsigned rounds, Costs &costs)
{
    Numbers ms;
    for (unsigned i = 0; i < rounds; ++i) {
        const auto began = Clock::now();
        const auto parsed = load(files);
        ms.all.push_back(passed_us(began) / 1e3);
        if (!parsed.policy)
            die(policy::format_diagnostic(parsed.diagnostics.front()));
    }
    costs.load_min_ms = ms.at(0);
    costs.load_median_ms = ms.at(0.5);
    costs.load_p99_ms = ms.at(0.99);
}

// As a sudo asks: which roles gate the door, and may it be asked for one of them?
void measure_decisions(const policy::Policy &policy, unsigned roles, Costs &costs)
{
    policy::Person person;
    person.user = "alice";
    person.oid = "a11ce000-0000-4000-8000-000000000001";
    person.local_groups = {"users", "team3"};
    const policy::Host host{"web03.example.org", {"prod"}};
    const WallTime now{std::chrono::seconds{1'774'000'000}};
    Numbers us;
    std::size_t gated = 0;
    for (unsigned i = 0; i < decisions; ++i) {
        const Knock knock = make_knock(roles, i);
        const auto began = Clock::now();
        for (const policy::Role *role : policy::gating_roles(policy, knock.door)) {
            policy::Ask ask;
            ask.role = role->name;
            ask.reason = knock.reason;
            (void)policy::decide(policy, ask, person, host, {}, now);
            ++gated;
        }
        us.all.push_back(passed_us(began));
    }
    if (gated == 0)
        die("no door is gated");
    costs.decide_min_us = us.at(0);
    costs.decide_median_us = us.at(0.5);
    costs.decide_p99_us = us.at(0.99);
}

Costs measure(unsigned roles, unsigned rounds)
{
    Costs costs{};
    const auto files = make_policy(roles);
    costs.files = static_cast<unsigned>(files.size());
    for (const policy::SourceFile &file : files)
        costs.kb_in += static_cast<double>(file.text.size()) / 1024;
    const double live = allocated_kb();
    const double resident = field_of_status("VmRSS:");
    {
        const auto parsed = load(files);
        costs.kb_live = allocated_kb() - live;
        costs.kb_resident = field_of_status("VmRSS:") - resident;
        costs.kb_peak = field_of_status("VmHWM:") - resident;
        if (!parsed.policy)
            die(policy::format_diagnostic(parsed.diagnostics.front()));
        measure_decisions(*parsed.policy, roles, costs);
    }
    measure_load(files, rounds, costs);
    const auto entangled = make_entangled_policy(roles);
    const auto began = Clock::now();
    (void)load(entangled);
    costs.entangled_ms = passed_us(began) / 1e3;
    return costs;
}

// In a process of its own: what one size leaves in memory is not the next one's.
Costs measure_apart(unsigned roles, unsigned rounds)
{
    int ends[2];
    if (pipe(ends) != 0)
        die("no pipe");
    const pid_t child = fork();
    if (child < 0)
        die("no process");
    if (child == 0) {
        const Costs costs = measure(roles, rounds);
        std::_Exit(write(ends[1], &costs, sizeof costs) == sizeof costs ? 0 : 1);
    }
    (void)close(ends[1]);
    Costs costs{};
    const bool is_whole = read(ends[0], &costs, sizeof costs) == sizeof costs;
    (void)close(ends[0]);
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0 || !is_whole)
        die("a measurement failed");
    return costs;
}

void say_goal(const std::string &text, bool is_met)
{
    std::printf("goal: %s: %s\n", text.c_str(), is_met ? "met" : "NOT MET");
}

} // namespace

int main(int argc, char **argv)
{
    const long rounds = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 15;
    if (rounds < 1 || rounds > 10'000)
        die("ROUNDS is 1 to 10000");
    std::vector<Costs> all;
    for (const unsigned roles : sizes)
        all.push_back(measure_apart(roles, static_cast<unsigned>(rounds)));

    std::printf("\na policy is loaded, %ld times each\n", rounds);
    std::printf("  %6s %6s %9s %28s %9s %34s %12s\n", "roles", "files", "text", "min, median, p99",
                "a role", "memory: live, resident, peak", "all at fault");
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Costs &c = all[i];
        std::printf("  %6u %6u %6.0f kB %8.1f %8.1f %8.1f ms %6.1f us %8.0f %8.0f %8.0f kB, %.1f a "
                    "role %6.1f ms\n",
                    sizes[i], c.files, c.kb_in, c.load_min_ms, c.load_median_ms, c.load_p99_ms,
                    c.load_median_ms * 1e3 / sizes[i], c.kb_live, c.kb_resident, c.kb_peak,
                    c.kb_live / sizes[i], c.entangled_ms);
    }
    std::printf("\na decision: which roles gate a door, and may they be asked for; %u times each\n",
                decisions);
    std::printf("  %6s %28s\n", "roles", "min, median, p99");
    for (std::size_t i = 0; i < all.size(); ++i)
        std::printf("  %6u %8.2f %8.2f %8.2f us\n", sizes[i], all[i].decide_min_us,
                    all[i].decide_median_us, all[i].decide_p99_us);

    std::array<char, 200> text{};
    std::printf("\n");
    (void)std::snprintf(text.data(), text.size(), "%u roles are loaded in %.0f ms, at most %.0f",
                        sizes.back(), all.back().load_median_ms, most_load_ms);
    say_goal(text.data(), all.back().load_median_ms <= most_load_ms);
    (void)std::snprintf(text.data(), text.size(), "%u roles, a decision p99 %.2f us, at most %.0f",
                        sizes.back(), all.back().decide_p99_us, most_decision_us);
    say_goal(text.data(), all.back().decide_p99_us <= most_decision_us);
    const double growth = all.back().decide_median_us / all.front().decide_median_us;
    (void)std::snprintf(text.data(), text.size(),
                        "a decision of %u roles takes %.2f times that of %u, at most %.0f",
                        sizes.back(), growth, sizes.front(), most_growth);
    say_goal(text.data(), growth <= most_growth);
    return 0;
}
