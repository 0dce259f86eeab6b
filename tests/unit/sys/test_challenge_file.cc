#include "tests/unit/cmocka_cpp.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "lib/sys/challenge_file.h"
#include "tests/unit/sys/folder.h"

using namespace jit;
using namespace jit::sys;

namespace {

struct Agent : test::Folder {
    Agent()
    {
        make("tokens");
        put("tokens/1.key", "a2V5");
    }
    void expect(const std::string &name, Code code) const
    {
        const auto read = read_challenge_file(name, folder);
        assert_false(read.has_value());
        assert_int_equal(static_cast<int>(read.error().code), static_cast<int>(code));
    }
    const std::string folder = path + "/tokens";
};

void a_key_in_the_folder_is_read(void **)
{
    const Agent agent;
    const auto read = read_challenge_file(agent.folder + "/1.key", agent.folder);
    assert_true(read.has_value());
    assert_text(read->reveal(), "a2V5");
    agent.put("tokens/2.key", std::string(4096, 'k'));
    assert_true(read_challenge_file(agent.folder + "/2.key", agent.folder).has_value());
}

void another_path_is_not_opened(void **)
{
    const Agent agent;
    agent.make("tokens/sub");
    agent.put("tokens/sub/1.key", "x");
    agent.put("tokens/1.txt", "x");
    agent.put("tokens/.key", "x");
    agent.put("tokens/.a.key", "x");
    agent.put("tokens/a b.key", "x");
    agent.put("tokens/../1.key", "x");
    for (const char *name : {"/sub/1.key", "/1.txt", "/.key", "/.a.key", "/a b.key", "/../1.key",
                             "/sub/../1.key", "//1.key", "/", "", "/1.key/", "/1.key\n"})
        agent.expect(agent.folder + name, Code::bad_input);
    agent.expect("1.key", Code::bad_input);
    agent.expect("/1.key", Code::bad_input);
    agent.expect("", Code::bad_input);
    agent.expect("/etc/passwd", Code::bad_input);
    agent.expect(agent.folder + std::string("/1.key\0.key", 11), Code::bad_input);
    // Where the agent really has them, nothing of this folder counts.
    assert_false(read_challenge_file(agent.folder + "/1.key").has_value());
}

void a_link_is_not_followed(void **)
{
    const Agent agent;
    assert_int_equal(symlink("/etc/passwd", (agent.folder + "/2.key").c_str()), 0);
    agent.expect(agent.folder + "/2.key", Code::bad_input);
    const std::string link = agent.folder + "-link";
    assert_int_equal(symlink(agent.folder.c_str(), link.c_str()), 0);
    assert_false(read_challenge_file(link + "/1.key", link).has_value());
}

void what_is_no_file_is_refused_at_once(void **)
{
    const Agent agent;
    assert_int_equal(mkfifo((agent.folder + "/2.key").c_str(), 0600), 0);
    agent.expect(agent.folder + "/2.key", Code::bad_input);
    agent.make("tokens/3.key");
    agent.expect(agent.folder + "/3.key", Code::bad_input);
}

void an_empty_or_large_or_missing_key_is_none(void **)
{
    const Agent agent;
    agent.put("tokens/2.key", "");
    agent.expect(agent.folder + "/2.key", Code::bad_input);
    agent.put("tokens/3.key", std::string(4097, 'k'));
    agent.expect(agent.folder + "/3.key", Code::bad_input);
    agent.expect(agent.folder + "/4.key", Code::not_found);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_key_in_the_folder_is_read),
        cmocka_unit_test(another_path_is_not_opened),
        cmocka_unit_test(a_link_is_not_followed),
        cmocka_unit_test(what_is_no_file_is_refused_at_once),
        cmocka_unit_test(an_empty_or_large_or_missing_key_is_none),
    };
    return cmocka_run_group_tests_name("sys/challenge_file", tests, nullptr, nullptr);
}
