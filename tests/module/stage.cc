#include "tests/module/stage.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

namespace jit::pam::test {

namespace {

std::string folder;          // of the service files, the module's copy and the socket
char *words_begin = nullptr; // of the command line
std::size_t words_size = 0;

// The address sanitizer, where the test is built with it; it comes before what is not for it.
std::string sanitizer()
{
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; std::getline(maps, line);)
        if (const auto at = line.find('/');
            at != std::string::npos && (line.find("libasan") != std::string::npos ||
                                        line.find("clang_rt.asan") != std::string::npos))
            return line.substr(at) + " ";
    return {};
}

void run_again(char **argv, const std::string &preload)
{
    char made[] = "/tmp/jit-module-XXXXXX";
    if (mkdtemp(made) == nullptr || chmod(made, 0755) != 0)
        return;
    (void)setenv("LD_PRELOAD", (preload + sanitizer() + "libpam_wrapper.so").c_str(), 1);
    // pam_wrapper's own leaks, not the module's, which has no heap but one calloc.
    const char *given = std::getenv("ASAN_OPTIONS");
    const std::string options = std::string{given != nullptr ? given : ""} +
                                ":detect_leaks=0:verify_asan_link_order=0"; // the last one counts
    (void)setenv("ASAN_OPTIONS", options.c_str(), 1);
    (void)setenv("PAM_WRAPPER", "1", 1);
    // pam_wrapper's, whatever it is called; clang's sanitizer does without RTLD_DEEPBIND.
    if (!sanitizer().empty())
        (void)setenv("UID_WRAPPER_DISABLE_DEEPBIND", "1", 1);
    const std::string services = std::string{made} + "/pam.d";
    (void)mkdir(services.c_str(), 0755);
    (void)setenv("PAM_WRAPPER_SERVICE_DIR", services.c_str(), 1);
    // Room for pretend_command_line().
    std::string room(256, ' ');
    char *words[] = {argv[0], room.data(), nullptr};
    (void)execv("/proc/self/exe", words);
}

} // namespace

std::string module_path()
{
    return folder + "/pam_jit.so";
}

std::string socket_path()
{
    return folder + "/socket";
}

void write_service_file(const std::string &name, const std::string &text)
{
    std::ofstream{folder + "/pam.d/" + name} << text;
}

void write_service(const std::string &name, const std::string &arguments)
{
    const bool has_socket = arguments.find("socket=") != std::string::npos;
    const std::string line = " [success=done ignore=ignore default=die] " + module_path() +
                             (has_socket ? "" : " socket=" + socket_path()) + " " + arguments +
                             "\n";
    write_service_file(name,
                       "auth" + line +
                           "auth required pam_debug.so auth=cred_insufficient cred=cred_expired\n" +
                           "account" + line + "account required pam_debug.so acct=acct_expired\n" +
                           "session" + line +
                           "session required pam_debug.so open_session=session_err "
                           "close_session=session_err\n" +
                           "password" + line +
                           "password required pam_debug.so "
                           "prechauthtok=authtok_recover_err chauthtok=authtok_recover_err\n");
}

void remove_socket()
{
    (void)unlink(socket_path().c_str());
}

Outcome knock(const std::string &phases, const std::string &arguments, Terminal *terminal)
{
    write_service("door", arguments);
    Wish wish;
    wish.service = "door";
    wish.phases = phases;
    wish.terminal = terminal;
    return run(wish);
}

Outcome play(const std::string &phases, std::vector<Answers> answers, const std::string &arguments,
             Terminal *terminal)
{
    FakeJitd jitd{socket_path(), std::move(answers)};
    return knock(phases, arguments, terminal);
}

Play play_wish(const Wish &wish, std::vector<Answers> answers)
{
    FakeJitd jitd{socket_path(), std::move(answers)};
    Play played;
    played.outcome = run(wish);
    jitd.stop();
    played.calls = jitd.calls;
    played.left_count = jitd.left_count;
    return played;
}

Play play_flow(const std::string &phases, std::vector<Answers> answers,
               const std::string &arguments)
{
    write_service("door", arguments);
    Terminal terminal;
    Wish wish;
    wish.service = "door";
    wish.phases = phases;
    wish.terminal = &terminal;
    return play_wish(wish, std::move(answers));
}

std::vector<Play> play_flows(const std::string &phases, std::vector<std::vector<Answers>> scripts,
                             const std::string &arguments)
{
    const std::size_t count = scripts.size();
    std::vector<Terminal> terminals(count);
    std::vector<Wish> wishes(count);
    std::vector<std::unique_ptr<FakeJitd>> jitds(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::string number = std::to_string(i);
        wishes[i].service = "door" + number;
        wishes[i].phases = phases;
        wishes[i].terminal = &terminals[i];
        write_service(wishes[i].service, arguments + " socket=" + socket_path() + number);
        jitds[i] = std::make_unique<FakeJitd>(socket_path() + number, std::move(scripts[i]));
    }
    std::vector<Running> running;
    for (const Wish &wish : wishes)
        running.push_back(start(wish));
    std::vector<Play> played(count);
    for (std::size_t i = 0; i < count; ++i) {
        played[i].outcome = finish(std::move(running[i]), wishes[i]);
        jitds[i]->stop();
        played[i].calls = jitds[i]->calls;
        played[i].left_count = jitds[i]->left_count;
    }
    return played;
}

void assert_codes(const Outcome &outcome, std::vector<int> codes)
{
    // The first lets an application go on to a new password, the second ends its retries badly.
    for (const int never : {PAM_NEW_AUTHTOK_REQD, PAM_MAXTRIES})
        assert_true(std::count(outcome.codes.begin(), outcome.codes.end(), never) == 0);
    if (outcome.codes != codes) {
        for (const int each : outcome.codes)
            print_message("got %d ", each);
        print_message("status %d, shown: %s\n", outcome.status, outcome.shown.c_str());
    }
    assert_int_equal(outcome.status, 0);
    assert_true(outcome.codes == codes);
}

bool has(const std::string &text, const std::string &piece)
{
    const bool found = text.find(piece) != std::string::npos;
    if (!found)
        print_message("no \"%s\" in: %s\n", piece.c_str(), text.c_str());
    return found;
}

void pretend_command_line(const std::string &words)
{
    assert_true(words.size() < words_size);
    std::memset(words_begin, 0, words_size);
    std::memcpy(words_begin, words.data(), words.size());
}

int run_stage(const char *name, char **argv, const CMUnitTest *tests, std::size_t count,
              const char *preload)
{
    // build/tests/module/test_x beside build/pam_jit/pam_jit.so
    const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    if (argv[1] == nullptr) {
        run_again(argv, *preload == '\0' ? "" : (here / preload).string() + " ");
        return 1;
    }
    if (geteuid() != 0) {
        std::fputs("needs root, to be sudo for another real uid\n", stderr);
        return 77;
    }
    words_begin = argv[0];
    words_size = static_cast<std::size_t>(argv[1] - argv[0]) + std::strlen(argv[1]) + 1;
    folder = std::filesystem::path{std::getenv("PAM_WRAPPER_SERVICE_DIR")}.parent_path();
    std::filesystem::copy_file(here / "../../pam_jit/pam_jit.so", module_path());
    write_service_file("other", "auth required pam_deny.so\n");
    const int status = _cmocka_run_group_tests(name, tests, count, nullptr, nullptr);
    std::filesystem::remove_all(folder);
    return status;
}

} // namespace jit::pam::test
