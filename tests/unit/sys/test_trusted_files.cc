#include "tests/unit/cmocka_cpp.h"

#include <unistd.h>

#include "lib/sys/trusted_files.h"
#include "tests/unit/sys/folder.h"

using namespace jit;
using namespace jit::sys;
using namespace jit::sys::test;

namespace {

struct Setup : Folder {
    Setup()
    {
        make("etc/policy.d");
        put("etc/one", "text");
        put("etc/policy.d/20.toml", "b");
        put("etc/policy.d/10.toml", "a");
    }
    TrustBase base() const { return {fd.get(), geteuid()}; }
    Result<std::string> read(const std::string &name)
    {
        faulty.clear();
        return read_trusted_file(base(), name, 16, &faulty);
    }
    Result<std::vector<NamedText>> read_dir(std::size_t max_files = 8)
    {
        faulty.clear();
        return read_trusted_dir(base(), "/etc/policy.d", ".toml", max_files, 16, &faulty);
    }
    std::string faulty;
};

template <typename T> void expect(const Result<T> &result, Code code)
{
    assert_false(result.has_value());
    assert_int_equal(static_cast<int>(result.error().code), static_cast<int>(code));
}

void a_file_that_only_its_owner_can_write_is_read(void **)
{
    Setup setup;
    const auto text = setup.read("/etc/one");
    assert_true(text.has_value());
    assert_text(*text, "text");
}

void a_file_that_others_can_write_is_denied_by_name(void **)
{
    for (const mode_t mode : {0664U, 0646U, 0666U, 0620U}) {
        Setup setup;
        setup.set_mode("etc/one", mode);
        expect(setup.read("/etc/one"), Code::denied);
        assert_text(setup.faulty, "/etc/one");
    }
}

void a_directory_above_that_others_can_write_is_denied_by_name(void **)
{
    Setup setup;
    setup.set_mode("etc", 0775);
    expect(setup.read("/etc/one"), Code::denied);
    assert_text(setup.faulty, "/etc");
    expect(setup.read_dir(), Code::denied);
    setup.set_mode("etc", 01777); // sticky is no excuse: anybody may add a file
    expect(setup.read("/etc/one"), Code::denied);
}

void another_owner_is_denied(void **)
{
    Setup setup;
    const TrustBase other{setup.fd.get(), geteuid() + 1};
    expect(read_trusted_file(other, "/etc/one", 16), Code::denied);
    if (geteuid() != 0)
        return; // only root can give a file away
    assert_int_equal(chown((setup.path + "/etc/one").c_str(), 1000, 0), 0);
    expect(setup.read("/etc/one"), Code::denied);
    assert_text(setup.faulty, "/etc/one");
}

void a_link_is_denied_wherever_it_stands(void **)
{
    Setup setup;
    std::filesystem::create_symlink("one", setup.path + "/etc/link");
    std::filesystem::create_directory_symlink("etc", setup.path + "/alias");
    expect(setup.read("/etc/link"), Code::denied);
    assert_text(setup.faulty, "/etc/link");
    expect(setup.read("/alias/one"), Code::denied);
    assert_text(setup.faulty, "/alias");
}

void what_is_no_regular_file_is_denied_without_waiting(void **)
{
    Setup setup;
    assert_int_equal(mkfifo((setup.path + "/etc/pipe").c_str(), 0600), 0);
    expect(setup.read("/etc/pipe"), Code::denied);
    expect(setup.read("/etc/policy.d"), Code::denied);
    expect(setup.read("/etc/one/below"), Code::denied);
}

void what_is_absent_is_not_found(void **)
{
    Setup setup;
    expect(setup.read("/etc/two"), Code::not_found);
    expect(setup.read("/var/one"), Code::not_found);
    expect(read_trusted_dir(setup.base(), "/etc/none", ".toml", 8, 16), Code::not_found);
}

void a_file_is_read_up_to_its_cap(void **)
{
    Setup setup;
    setup.put("etc/one", "0123456789abcdef");
    assert_true(setup.read("/etc/one").has_value());
    setup.put("etc/one", "0123456789abcdefg");
    expect(setup.read("/etc/one"), Code::bad_input);
}

void a_path_that_is_not_absolute_and_plain_is_bad_input(void **)
{
    Setup setup;
    for (const char *path : {"", "/", "etc/one", "/etc/../etc/one", "/etc/./one", "//etc/one",
                             "/etc//one", "/etc/one/", "/.."})
        expect(setup.read(path), Code::bad_input);
}

void a_directory_is_read_in_order_of_names_and_by_suffix(void **)
{
    Setup setup;
    setup.put("etc/policy.d/.hidden.toml", "h");
    setup.put("etc/policy.d/15.toml.bak", "c");
    const auto files = setup.read_dir();
    assert_true(files.has_value());
    assert_int_equal(files->size(), 2);
    assert_text((*files)[0].path, "/etc/policy.d/10.toml");
    assert_text((*files)[0].text, "a");
    assert_text((*files)[1].path, "/etc/policy.d/20.toml");
}

void one_file_at_fault_denies_the_directory(void **)
{
    Setup setup;
    setup.set_mode("etc/policy.d/20.toml", 0666);
    expect(setup.read_dir(), Code::denied);
    assert_text(setup.faulty, "/etc/policy.d/20.toml");
}

// Who tells people goes on after a fault.
void all_faults_of_a_suspect_directory_are_told(void **)
{
    Setup setup;
    setup.set_mode("etc", 0775);
    setup.set_mode("etc/policy.d/20.toml", 0666);
    setup.set_mode("etc/policy.d/10.toml", 0664);
    setup.put("etc/policy.d/15.toml", "0123456789abcdefg");
    std::filesystem::create_symlink("10.toml", setup.path + "/etc/policy.d/30.toml");
    std::vector<FileFault> faults;
    const auto texts = read_suspect_dir(setup.base(), "/etc/policy.d", ".toml", 8, 16, faults);
    assert_int_equal(texts.size(), 2);
    assert_text(texts[0].text, "a");
    assert_text(texts[1].text, "b");
    std::string all;
    for (const FileFault &one : faults)
        all += one.path + (one.error.code == Code::denied ? " denied\n" : " bad\n");
    assert_text(all, "/etc denied\n/etc/policy.d/10.toml denied\n/etc/policy.d/15.toml bad\n"
                     "/etc/policy.d/20.toml denied\n/etc/policy.d/30.toml denied\n");
    faults.clear();
    assert_true(read_suspect_dir(setup.base(), "/etc/none", ".toml", 8, 16, faults).empty());
    assert_int_equal(faults.size(), 2); // /etc again
    assert_text(faults[1].path, "/etc/none");
    faults.clear();
    assert_true(read_suspect_dir(setup.base(), "/etc/policy.d", ".toml", 1, 16, faults).empty());
    assert_text(faults.back().path, "/etc/policy.d");
}

void more_files_than_the_cap_are_bad_input(void **)
{
    Setup setup;
    assert_true(setup.read_dir(2).has_value());
    expect(setup.read_dir(1), Code::bad_input);
}

void an_empty_directory_has_no_texts(void **)
{
    Setup setup;
    setup.make("etc/empty");
    const auto files = read_trusted_dir(setup.base(), "/etc/empty", ".toml", 8, 16);
    assert_true(files.has_value() && files->empty());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_only_its_owner_can_write_is_read),
        cmocka_unit_test(a_file_that_others_can_write_is_denied_by_name),
        cmocka_unit_test(a_directory_above_that_others_can_write_is_denied_by_name),
        cmocka_unit_test(another_owner_is_denied),
        cmocka_unit_test(a_link_is_denied_wherever_it_stands),
        cmocka_unit_test(what_is_no_regular_file_is_denied_without_waiting),
        cmocka_unit_test(what_is_absent_is_not_found),
        cmocka_unit_test(a_file_is_read_up_to_its_cap),
        cmocka_unit_test(a_path_that_is_not_absolute_and_plain_is_bad_input),
        cmocka_unit_test(a_directory_is_read_in_order_of_names_and_by_suffix),
        cmocka_unit_test(one_file_at_fault_denies_the_directory),
        cmocka_unit_test(all_faults_of_a_suspect_directory_are_told),
        cmocka_unit_test(more_files_than_the_cap_are_bad_input),
        cmocka_unit_test(an_empty_directory_has_no_texts),
    };
    return cmocka_run_group_tests_name("sys/trusted_files", tests, nullptr, nullptr);
}
