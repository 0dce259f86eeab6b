// Any bytes as a PAM file that includes itself, and as sudoers and sshd_config: reading comes to an
// end, what was found names a line, and a line of ours behind which nothing stands is judged.
#include <cstdint>
#include <string>

#include "doctor/pam_stack.h"
#include "doctor/sshd_side.h"
#include "doctor/sudo_rules.h"
#include "doctor/sudo_side.h"
#include "tests/fuzz/expect.h"

using namespace jit::doctor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string text{reinterpret_cast<const char *>(data), size};
    for (const PamLine &line : parse_pam_file("x", text)) {
        expect(line.number > 0 && !line.module.empty());
        (void)parse_control(line.control);
    }
    for (const Finding &one : judge_service("x", [&](const std::string &) { return text; }))
        expect(!one.where.empty() && !one.what.empty());
    // Before all else, so none of it matters, save who another line of ours says has proven it.
    const auto behind_ours = [&](const std::string &) {
        return "account requisite pam_jit.so\nauth requisite pam_jit.so\n"
               "session optional pam_jit.so\n" +
               text;
    };
    for (const Finding &one : judge_service("sudo", behind_ours))
        expect(one.kind == Finding::Kind::note);
    for (const Finding &one : judge_service("x", behind_ours))
        expect(one.kind == Finding::Kind::note || one.what.starts_with("proven, "));
    // Behind what refuses all, nobody is taken for somebody.
    for (const Finding &one : judge_service("x", [&](const std::string &) {
             return "account requisite pam_jit.so\nauth requisite pam_deny.so\n" + text;
         }))
        expect(!one.what.starts_with("proven, "));
    SudoSide side;
    read_sudoers("x", text, {"jit-web"}, side);
    (void)has_dynamic_groups(text);
    SudoRules rules;
    rules.add("x", text);
    for (const SudoRule &rule : rules.all())
        expect(!rule.where.empty() && rule.who.size() <= 4096);
    SshdSide sshd;
    read_sshd_config(
        "x", text,
        [&](std::string_view) {
            return std::vector<std::pair<std::string, std::string>>{{"y", text}};
        },
        sshd);
    for (const Finding &one : judge_sshd(sshd, std::chrono::seconds{900}))
        expect(!one.where.empty() && !one.what.empty());
    return 0;
}
