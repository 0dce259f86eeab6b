#include "tests/unit/cmocka_cpp.h"

#include "lib/sys/boot.h"
#include "lib/sys/digest.h"
#include "lib/sys/durable.h"
#include "lib/sys/trusted_files.h"
#include "tests/unit/sys/folder.h"

using namespace jit;
using namespace jit::sys;
using namespace jit::sys::test;

namespace {

std::size_t count(const Folder &folder)
{
    std::size_t n = 0;
    for (const auto &entry : std::filesystem::directory_iterator(folder.path)) {
        (void)entry;
        ++n;
    }
    return n;
}

std::string get(const Folder &folder, const std::string &name)
{
    const Fd file{open((folder.path + "/" + name).c_str(), O_RDONLY | O_CLOEXEC)};
    char text[64];
    const ssize_t got = read(file.get(), text, sizeof text);
    return got < 0 ? std::string{"?"} : std::string{text, static_cast<std::size_t>(got)};
}

void a_file_is_written_whole_with_exactly_its_mode(void **)
{
    Folder folder;
    const mode_t old = umask(0077);
    assert_true(write_durable(folder.fd.get(), "one", "text", 0644).has_value());
    (void)umask(old);
    assert_text(get(folder, "one"), "text");
    struct stat about {
    };
    assert_int_equal(stat((folder.path + "/one").c_str(), &about), 0);
    assert_int_equal(about.st_mode & 07777, 0644);
    assert_int_equal(count(folder), 1);
}

void a_new_text_takes_the_place_of_the_old(void **)
{
    Folder folder;
    folder.put("one", "a longer text than the new one");
    assert_true(write_durable(folder.fd.get(), "one", "", 0600).has_value());
    assert_text(get(folder, "one"), "");
}

void after_an_error_the_old_file_stays_and_nothing_else(void **)
{
    Folder folder;
    folder.make("one"); // a directory can't be replaced by a file
    folder.put("one/below", "x");
    assert_false(write_durable(folder.fd.get(), "one", "text", 0600).has_value());
    assert_int_equal(count(folder), 1);
    assert_text(get(folder, "one/below"), "x");
}

void an_atomic_write_is_whole_or_not_there(void **)
{
    Folder folder;
    assert_true(
        write_atomic(folder.fd.get(), "one", "a longer text than the new one", 0640).has_value());
    assert_true(write_atomic(folder.fd.get(), "one", "text", 0600).has_value());
    assert_text(get(folder, "one"), "text");
    assert_int_equal(count(folder), 1);
    folder.make("two");
    folder.put("two/below", "x");
    assert_false(write_atomic(folder.fd.get(), "two", "text", 0600).has_value());
    assert_false(write_atomic(folder.fd.get(), "../one", "text", 0600).has_value());
    assert_int_equal(count(folder), 2);
    assert_text(get(folder, "two/below"), "x");
}

void a_link_is_replaced_and_not_followed(void **)
{
    Folder folder;
    folder.put("target", "old");
    std::filesystem::create_symlink("target", folder.path + "/one");
    assert_true(write_durable(folder.fd.get(), "one", "new", 0600).has_value());
    assert_text(get(folder, "target"), "old");
    assert_text(get(folder, "one"), "new");
}

void a_name_with_a_path_in_it_is_bad_input(void **)
{
    Folder folder;
    for (const char *name : {"", ".", "..", "a/b", "/a", "../a"}) {
        assert_int_equal(
            static_cast<int>(write_durable(folder.fd.get(), name, "x", 0600).error().code),
            static_cast<int>(Code::bad_input));
        assert_false(remove_durable(folder.fd.get(), name).has_value());
    }
    assert_int_equal(count(folder), 0);
}

void a_replacement_has_the_mode_and_the_owner_of_the_old_file(void **)
{
    Folder folder;
    assert_true(write_durable(folder.fd.get(), "one", "old", 0640).has_value());
    if (geteuid() == 0)
        assert_int_equal(chown((folder.path + "/one").c_str(), 1, 42), 0);
    struct stat old {
    };
    assert_int_equal(stat((folder.path + "/one").c_str(), &old), 0);
    assert_true(replace_durable(folder.fd.get(), "one", "new", old).has_value());
    struct stat now {
    };
    assert_int_equal(stat((folder.path + "/one").c_str(), &now), 0);
    assert_int_equal(now.st_mode, old.st_mode);
    assert_int_equal(now.st_uid, old.st_uid);
    assert_int_equal(now.st_gid, old.st_gid);
    assert_int_equal(now.st_size, 3);
}

void a_file_that_is_another_by_now_is_not_replaced(void **)
{
    Folder folder;
    assert_true(write_durable(folder.fd.get(), "one", "old", 0600).has_value());
    struct stat old {
    };
    assert_int_equal(stat((folder.path + "/one").c_str(), &old), 0);
    assert_true(write_durable(folder.fd.get(), "one", "his", 0600).has_value());
    const auto done = replace_durable(folder.fd.get(), "one", "new", old);
    assert_false(done.has_value());
    assert_int_equal(static_cast<int>(done.error().code), static_cast<int>(Code::denied));
    assert_int_equal(count(folder), 1);
    assert_true(remove_durable(folder.fd.get(), "one").has_value());
    assert_false(replace_durable(folder.fd.get(), "one", "new", old).has_value());
    assert_int_equal(count(folder), 0);
}

void removing_is_done_once_and_fine_twice(void **)
{
    Folder folder;
    folder.put("one", "x");
    assert_true(remove_durable(folder.fd.get(), "one").has_value());
    assert_int_equal(count(folder), 0);
    assert_true(remove_durable(folder.fd.get(), "one").has_value());
}

void a_temporary_name_is_known_again(void **)
{
    assert_true(is_temporary(".one.json.jit-0123456789abcdef"));
    for (const char *name : {"one.json", ".one.json", "one.jit-0123456789abcdef", ".one.jit-0123",
                             ".jit-", "", ".one.jit-0123456789abcdef.membership"})
        assert_false(is_temporary(name));
}

// FIPS 180-4, the examples of appendix B.
void sha256_has_the_standards_answers(void **)
{
    assert_text(*sha256_hex("abc"),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_text(*sha256_hex(""),
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// RFC 4231 section 4: test cases 1 to 4, 6 and 7; the fifth is a digest cut short.
void hmac_sha256_has_the_standards_answers(void **)
{
    const auto bytes = [](std::size_t count, char of) { return std::string(count, of); };
    std::string counted;
    for (char c = 1; c <= 25; ++c)
        counted += c;
    const struct {
        std::string key, text, hmac;
    } table[] = {
        {bytes(20, '\x0b'), "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {bytes(20, '\xaa'), bytes(50, '\xdd'),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {counted, bytes(50, '\xcd'),
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {bytes(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {bytes(131, '\xaa'),
         "This is a test using a larger than block-size key and a larger than block-size data. The "
         "key needs to be hashed before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (const auto &[key, text, hmac] : table)
        assert_text(*hmac_sha256_hex(key, text), hmac);
}

void the_boot_id_is_the_same_twice(void **)
{
    const auto id = read_boot_id();
    assert_true(id.has_value());
    assert_int_equal(id->size(), 36);
    assert_text(*read_boot_id(), *id);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_written_whole_with_exactly_its_mode),
        cmocka_unit_test(a_new_text_takes_the_place_of_the_old),
        cmocka_unit_test(after_an_error_the_old_file_stays_and_nothing_else),
        cmocka_unit_test(an_atomic_write_is_whole_or_not_there),
        cmocka_unit_test(a_link_is_replaced_and_not_followed),
        cmocka_unit_test(a_name_with_a_path_in_it_is_bad_input),
        cmocka_unit_test(a_replacement_has_the_mode_and_the_owner_of_the_old_file),
        cmocka_unit_test(a_file_that_is_another_by_now_is_not_replaced),
        cmocka_unit_test(removing_is_done_once_and_fine_twice),
        cmocka_unit_test(a_temporary_name_is_known_again),
        cmocka_unit_test(sha256_has_the_standards_answers),
        cmocka_unit_test(hmac_sha256_has_the_standards_answers),
        cmocka_unit_test(the_boot_id_is_the_same_twice),
    };
    return cmocka_run_group_tests_name("sys/durable", tests, nullptr, nullptr);
}
