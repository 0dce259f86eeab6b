// fake-jitd SOCKET SCRIPT...: a jitd for tests of other programs. Each SCRIPT is one connection.
// Serves until its standard input closes, then prints the calls that came, one a line.
#include <unistd.h>

#include <cstdio>

#include "tests/module/fake_jitd.h"
#include "tests/module/frames.h"

using namespace jit::pam::test;

namespace {

bool find_script(const std::string &name, Answers &out)
{
    const struct {
        const char *name;
        Answers answers;
    } scripts[] = {
        {"live", {live}},
        {"want", {want}},
        {"choice", {choice}},
        {"refused", {refused}},
        {"ignore", {not_gated}},
        {"garbage", {"garbage" + nul}},
        {"half", {live.substr(0, 20)}},
        {"deaf", {"!deaf", "!hang"}},
        {"grant", {pending, code, "!wait 200", granted}},
        {"decline", {pending, code, "!wait 200", declined}},
        {"wait", {pending, code, "!hang"}},
        {"others", {pending, code, approval("an approver must say yes"), "!beside", "!hang"}},
        {"left", {frame("")}},
    };
    for (const auto &each : scripts)
        if (name == each.name) {
            out = each.answers;
            return true;
        }
    return false;
}

} // namespace

int main(int argc, char **argv)
{
    std::vector<Answers> connections;
    for (int i = 2; i < argc; ++i)
        if (!find_script(argv[i], connections.emplace_back())) {
            std::fprintf(stderr, "fake-jitd: no script \"%s\"\n", argv[i]);
            return 2;
        }
    if (argc < 2)
        return 2;
    FakeJitd jitd{argv[1], std::move(connections)};
    std::puts("ready");
    (void)std::fflush(stdout);
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    jitd.stop();
    for (const std::string &call : jitd.calls)
        std::puts(call.c_str());
    std::printf("left %zu\n", jitd.left_count);
    return 0;
}
