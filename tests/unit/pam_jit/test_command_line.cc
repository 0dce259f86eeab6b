#include "tests/unit/cmocka_cpp.h"

#include <vector>

#include "pam_jit/command_line.h"

using namespace jit::pam;

namespace {

std::string join(const std::vector<std::string> &words)
{
    std::string out;
    for (const std::string &word : words)
        out += word + '\0';
    return out;
}

void sees_every_way_to_say_n(void **)
{
    const std::vector<std::vector<std::string>> lines = {
        {"sudo", "-n", "id"},
        {"xx yy", "-n", "id"},
        {"sudo", "-nu", "bob", "id"},
        {"sudo", "-Hnu", "bob", "id"},
        {"sudo", "-u", "bob", "-n", "id"},
        {"sudo", "-ubob", "-n", "id"},
        {"sudo", "--user", "bob", "-n"},
        {"sudo", "--user=bob", "--non-interactive", "id"},
        {"sudo", "--us", "bob", "--non", "id"},
        {"sudo", "A=b", "-n", "id"},
        {"sudo", "-E", "A=b", "C=", "-n", "id"},
        {"sudo", "-h", "host", "-n", "id"},
        {"sudo", "-hhost", "-n", "id"},
        {"sudo", "-h", "-n", "id"},
        {"sudo", "-l", "-n"},
        {"sudoedit", "-n", "/etc/motd"},
        {"sudo", "--preserve-env=A", "-n", "id"},
        {"sudo", "--preserve-env", "-n", "id"},
        {"sudo", "--role", "-u", "-n", "id"},
        {"sudo", "-kn", "id"},
    };
    for (const auto &line : lines) {
        if (!is_non_interactive(join(line)))
            print_message("not seen: %s\n", line[1].c_str());
        assert_true(is_non_interactive(join(line)));
    }
}

void takes_no_other_n_for_it(void **)
{
    const std::vector<std::vector<std::string>> lines = {
        {},
        {"sudo"},
        {"-n"},
        {"sudo", "id", "-n"},
        {"sudo", "--", "-n"},
        {"sudo", "-u", "-n", "id"},
        {"sudo", "-un", "id"},
        {"sudo", "-p", "-n", "id"},
        {"sudo", "--user", "-n", "id"},
        {"sudo", "--user=-n", "id"},
        {"sudo", "--no-update", "id"},
        {"sudo", "--no", "id"},
        {"sudo", "A=b", "id", "-n"},
        {"sudo", "-", "-n"},
        {"sudo", "/a=b", "-n"},
        {"sudo", "-i", "echo", "-n", "x"},
        {"sudo", "-C", "3", "tail", "-n", "1"},
        {"sudo", "-hn", "id"},
        {"sudo", "-h", "n", "tail", "-n", "1"},
    };
    for (const auto &line : lines)
        assert_false(is_non_interactive(join(line)));
}

void bytes_without_a_last_nul_are_read_to_their_end(void **)
{
    assert_true(is_non_interactive(std::string_view{"sudo\0-n", 7}));
    assert_false(is_non_interactive(std::string_view{"sudo\0-u", 7}));
    assert_false(is_non_interactive(std::string_view{"sudo\0--user", 11}));
}

void a_command_is_its_words_cut_at_256_bytes(void **)
{
    jit::FixedText<max_command_bytes> out;
    write_command(join({"su", "-l", "bob"}), false, out);
    assert_text(out.view(), "su -l bob");
    write_command(join({"sudo", std::string(300, 'x')}), true, out);
    assert_int_equal(out.size(), 256);
    write_command("", true, out);
    assert_true(out.empty());
}

void of_sudo_the_command_is_what_it_runs(void **)
{
    jit::FixedText<max_command_bytes> out;
    write_command(join({"sudo", "-nu", "bob", "A=1", "id", "-u"}), true, out);
    assert_text(out.view(), "id -u");
    write_command(join({"sudo", "--user=bob", "--", "-x"}), true, out);
    assert_text(out.view(), "-x");
    write_command(join({"sudo", "-i"}), true, out);
    assert_text(out.view(), "sudo -i");
}

void regress_nothing_follows_a_word_that_was_cut(void **)
{
    jit::FixedText<max_command_bytes> out;
    const std::string word = std::string(255, 'x') + "\u00e9";
    write_command(join({"sudo", word, "y"}), true, out);
    assert_text(out.view(), std::string(255, 'x'));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(sees_every_way_to_say_n),
        cmocka_unit_test(takes_no_other_n_for_it),
        cmocka_unit_test(bytes_without_a_last_nul_are_read_to_their_end),
        cmocka_unit_test(a_command_is_its_words_cut_at_256_bytes),
        cmocka_unit_test(of_sudo_the_command_is_what_it_runs),
        cmocka_unit_test(regress_nothing_follows_a_word_that_was_cut),
    };
    return cmocka_run_group_tests_name("pam_jit/command_line", tests, nullptr, nullptr);
}
