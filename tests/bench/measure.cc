// Times what make bench compares, on the booted host, as root:
//
//   measure transactions CONFDIR USER ROUNDS COUNT VARIANT...
//   measure forked       CONFDIR USER ROUNDS COUNT VARIANT...
//       pam_start_confdir + pam_acct_mgmt + pam_end of service sudo, with CONFDIR/VARIANT in place
//       of /etc/pam.d; USER is the real uid and root the effective one, as in sudo. A round is
//       COUNT transactions of each variant in turn; in the second form each has a process of its
//       own.
//   measure sudo LINK USER COUNT VARIANT...
//       `sudo -n true` by USER, from fork to wait, with LINK (/etc/pam.d/sudo) pointing to each
//       VARIANT in turn: COUNT times, a different one first each time.
//
// The first variant is what the others are compared with. Prints a table, then a line for each
// goal, which begins with "goal: ".
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace {

// The goals, in the last variant's comparison with the first.
constexpr double most_times_permit = 2.5;
constexpr double most_ms_in_sudo = 0.20;

[[noreturn]] void die(const std::string &why)
{
    std::fprintf(stderr, "measure: %s\n", why.c_str());
    std::exit(1);
}

double now_us()
{
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

std::string base_name(const std::string &path)
{
    return path.substr(path.rfind('/') + 1);
}

struct Sample {
    std::vector<double> us;
    // p of 0 is the least, of 1 the greatest.
    double at(double p) const
    {
        std::vector<double> sorted = us;
        std::sort(sorted.begin(), sorted.end());
        return sorted.at(static_cast<std::size_t>(p * static_cast<double>(sorted.size() - 1)));
    }
    double median() const { return at(0.5); }
    void add(const Sample &more) { us.insert(us.end(), more.us.begin(), more.us.end()); }
};

// A transaction may not ask anything.
int converse(int, const pam_message **, pam_response **, void *)
{
    return PAM_CONV_ERR;
}

double time_transaction(const std::string &confdir, const char *user)
{
    const pam_conv conversation{&converse, nullptr};
    pam_handle_t *handle = nullptr;
    const double start = now_us();
    int code = pam_start_confdir("sudo", user, &conversation, confdir.c_str(), &handle);
    if (code == PAM_SUCCESS)
        code = pam_acct_mgmt(handle, 0);
    const int ended = pam_end(handle, code);
    const double end = now_us();
    if (code != PAM_SUCCESS || ended != PAM_SUCCESS)
        die("a transaction in " + confdir + " was refused: " + pam_strerror(handle, code));
    return end - start;
}

double time_forked(const std::string &confdir, const char *user)
{
    static auto *const told = static_cast<double *>(
        mmap(nullptr, sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    if (told == MAP_FAILED)
        die("no shared memory");
    const pid_t child = fork();
    if (child == 0) {
        *told = time_transaction(confdir, user);
        _exit(0);
    }
    int status = -1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        die("a process with a transaction failed");
    return *told;
}

void measure_transactions(bool is_forked, const std::string &folder, const passwd &user,
                          unsigned rounds, unsigned count, const std::vector<std::string> &variants)
{
    if (setresuid(user.pw_uid, 0, 0) != 0)
        die("the real uid can't be changed");
    std::vector<Sample> all(variants.size());
    std::vector<Sample> ratios(variants.size()); // of the rounds' medians
    for (unsigned round = 0; round < rounds; ++round) {
        std::vector<Sample> these(variants.size());
        for (std::size_t v = 0; v < variants.size(); ++v) {
            const std::string confdir = folder + "/" + variants[v];
            for (unsigned i = 0; i < count; ++i)
                these[v].us.push_back(is_forked ? time_forked(confdir, user.pw_name)
                                                : time_transaction(confdir, user.pw_name));
        }
        for (std::size_t v = 0; v < variants.size(); ++v) {
            ratios[v].us.push_back(these[v].median() / these[0].median());
            all[v].add(these[v]);
        }
    }

    const char *const where = is_forked ? "each in a process of its own" : "all in one process";
    std::printf("\naccount phase, %u x %u transactions, %s; microseconds\n", rounds, count, where);
    std::printf("  %-20s %8s %8s %8s   times %s: %6s %8s %16s\n", "", "min", "median", "p99",
                variants[0].c_str(), "min", "median", "of the rounds");
    for (std::size_t v = 0; v < variants.size(); ++v)
        std::printf("  %-20s %8.0f %8.0f %8.0f %*s %13.2f %8.2f %9.2f - %.2f\n",
                    variants[v].c_str(), all[v].at(0), all[v].median(), all[v].at(0.99),
                    static_cast<int>(variants[0].size()), "", all[v].at(0) / all[0].at(0),
                    all[v].median() / all[0].median(), ratios[v].at(0), ratios[v].at(1));
    const double times = all.back().median() / all.front().median();
    std::printf("goal: account phase, %s: %.2f times %s, at most %.1f: %s\n", where, times,
                variants[0].c_str(), most_times_permit,
                times <= most_times_permit ? "met" : "NOT MET");
}

double time_sudo(const passwd &user)
{
    static const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    const double start = now_us();
    const pid_t child = fork();
    if (child == 0) {
        if (dup2(nowhere, 0) < 0 || dup2(nowhere, 1) < 0 ||
            initgroups(user.pw_name, user.pw_gid) != 0 || setgid(user.pw_gid) != 0 ||
            setuid(user.pw_uid) != 0)
            _exit(126);
        execl("/usr/bin/sudo", "sudo", "-n", "/usr/bin/true", nullptr);
        _exit(127);
    }
    int status = -1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        die("sudo -n true failed");
    return now_us() - start;
}

void measure_sudo(const std::string &link, const passwd &user, unsigned count,
                  const std::vector<std::string> &variants)
{
    // The same file but for its lines, swapped outside of what is timed.
    const auto swap = [&](const std::string &to) {
        const std::string made = link + ".new";
        (void)unlink(made.c_str());
        if (symlink(to.c_str(), made.c_str()) != 0 || rename(made.c_str(), link.c_str()) != 0)
            die(link + " can't be changed");
    };
    std::vector<Sample> all(variants.size());
    std::vector<Sample> more(variants.size()); // than the first of the same turn
    for (unsigned turn = 0; turn < count; ++turn) {
        for (std::size_t i = 0; i < variants.size(); ++i) {
            const std::size_t v = (turn + i) % variants.size();
            swap(variants[v]);
            all[v].us.push_back(time_sudo(user));
        }
        for (std::size_t v = 0; v < variants.size(); ++v)
            more[v].us.push_back(all[v].us.back() - all[0].us.back());
    }

    std::printf("\nsudo -n true, %u turns; milliseconds\n", count);
    std::printf("  %-20s %8s %8s %8s   more than %s: %8s %20s\n", "", "min", "median", "p99",
                base_name(variants[0]).c_str(), "median", "quarter to quarter");
    for (std::size_t v = 0; v < variants.size(); ++v)
        std::printf("  %-20s %8.2f %8.2f %8.2f %*s %20.2f %11.2f - %.2f\n",
                    base_name(variants[v]).c_str(), all[v].at(0) / 1e3, all[v].median() / 1e3,
                    all[v].at(0.99) / 1e3, static_cast<int>(base_name(variants[0]).size()), "",
                    more[v].median() / 1e3, more[v].at(0.25) / 1e3, more[v].at(0.75) / 1e3);
    for (std::size_t v = 1; v < variants.size(); ++v) {
        if (base_name(variants[v]).starts_with("permit"))
            continue; // what any module costs there
        const double ms = more[v].median() / 1e3;
        std::printf("goal: sudo -n true, %s: %.2f ms more, at most %.2f: %s\n",
                    base_name(variants[v]).c_str(), ms, most_ms_in_sudo,
                    ms <= most_ms_in_sudo ? "met" : "NOT MET");
    }
}

unsigned number(std::string_view text)
{
    unsigned value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value == 0)
        die("a count is wrong");
    return value;
}

} // namespace

int main(int argc, char **argv)
{
    const std::vector<std::string> words(argv + 1, argv + argc);
    const bool is_sudo = !words.empty() && words[0] == "sudo";
    const std::size_t fixed = is_sudo ? 4 : 5;
    if (words.size() < fixed + 2)
        die("usage stands in measure.cc");
    // As in sudo, the name service has been asked before.
    const passwd *found = getpwnam(words[2].c_str());
    if (!found)
        die("no such user");
    const passwd user = *found;
    std::string name = user.pw_name;
    passwd own = user;
    own.pw_name = name.data();
    const std::vector<std::string> variants(words.begin() + static_cast<std::ptrdiff_t>(fixed),
                                            words.end());
    if (is_sudo)
        measure_sudo(words[1], own, number(words[3]), variants);
    else
        measure_transactions(words[0] == "forked", words[1], own, number(words[3]),
                             number(words[4]), variants);
    return 0;
}
