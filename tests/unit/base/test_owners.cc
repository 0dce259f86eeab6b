// Result, SecretString, Fd, FixedText and Rare: the small types that everything stands on.
#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <fcntl.h>
#include <memory>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/fixed_text.h"
#include "lib/base/rare.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"

using namespace jit;

namespace {

Result<int> half(int number)
{
    if (number % 2 != 0)
        return Error{Code::bad_input, "odd", 7};
    return number / 2;
}

Result<int> quarter(int number)
{
    return TRY(half(TRY(half(number))));
}

Result<void> check(int number)
{
    (void)TRY(half(number));
    return {};
}

Result<std::unique_ptr<int>> make(int number)
{
    TRY(check(number));
    return std::make_unique<int>(number);
}

Result<std::unique_ptr<int>> pass_on(int number)
{
    std::unique_ptr<int> made = TRY(make(number));
    ++*made;
    return made;
}

void try_gives_the_value_or_returns_the_error(void **)
{
    assert_int_equal(*quarter(12), 3);
    for (const int odd : {3, 6}) {
        const auto failed = quarter(odd);
        assert_false(failed.has_value());
        assert_true(failed.error().code == Code::bad_input);
        assert_text(failed.error().what, "odd");
        assert_int_equal(failed.error().sys, 7);
    }
    assert_true(check(2).has_value());
    assert_false(check(3).has_value());
}

void a_result_hands_on_what_can_only_be_moved(void **)
{
    auto made = pass_on(2);
    assert_true(made.has_value());
    assert_int_equal(**made, 3);
    const std::unique_ptr<int> taken = *std::move(made);
    assert_int_equal(*taken, 3);
    assert_false(pass_on(1).has_value());
    assert_int_equal(half(3).value_or(9), 9);
    assert_int_equal(half(4).value_or(9), 2);
}

bool is_zero(const char *bytes, std::size_t size)
{
    return std::all_of(bytes, bytes + size, [](char c) { return c == '\0'; });
}

void a_wiped_secret_leaves_no_byte(void **)
{
    for (const std::size_t size : {1U, 15U, 16U, 4000U}) {
        SecretString secret{std::string(size, 'x')};
        const char *const bytes = secret.reveal().data();
        secret.wipe();
        assert_true(secret.empty());
        assert_true(is_zero(bytes, size));
    }
}

void moving_a_secret_leaves_no_copy(void **)
{
    // A short one lives inside the object, so moving it copies its bytes.
    for (const std::size_t size : {3U, 15U, 4000U}) {
        SecretString from{std::string(size, 'x')};
        SecretString to{std::move(from)};
        assert_int_equal(to.reveal().size(), size);
        assert_true(from.empty());
        assert_true(is_zero(from.reveal().data(), 15));

        SecretString over{"older"};
        over = std::move(to);
        assert_int_equal(over.reveal().size(), size);
        assert_true(to.empty());
        assert_true(is_zero(to.reveal().data(), 15));
    }
}

void taking_a_secret_wipes_its_source(void **)
{
    for (const std::size_t size : {4U, 4000U}) {
        std::string source(size, 'x');
        const char *const bytes = source.data();
        const SecretString secret = SecretString::take(source);
        assert_true(source.empty());
        assert_true(is_zero(bytes, size));
        assert_text(secret.reveal(), std::string(size, 'x'));
    }
}

void secrets_are_equal_byte_by_byte(void **)
{
    assert_true(SecretString{"abc"} == SecretString{"abc"});
    assert_false(SecretString{"abc"} == SecretString{"abd"});
    assert_false(SecretString{"abc"} == SecretString{"abcd"});
    assert_false(SecretString{"abc"} == SecretString{});
    assert_true(SecretString{} == SecretString{""});
    const std::string_view one{"a\0b", 3};
    const std::string_view other{"a\0c", 3};
    assert_false(SecretString{one} == SecretString{other});
}

bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

void a_descriptor_is_closed_once_by_its_last_owner(void **)
{
    const int number = open("/dev/null", O_RDONLY | O_CLOEXEC);
    {
        Fd first{number};
        Fd second{std::move(first)};
        assert_false(static_cast<bool>(first));
        assert_true(is_open(number));
        first = std::move(second);
        assert_int_equal(first.get(), number);
        Fd &same = first;
        first = std::move(same);
        assert_true(is_open(number));
    }
    assert_false(is_open(number));

    const int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
    {
        Fd owner{kept};
        assert_int_equal(owner.release(), kept);
    }
    assert_true(is_open(kept));
    close(kept);
}

void fixed_text_takes_all_or_nothing(void **)
{
    FixedText<4> text;
    assert_true(text.set("abcd"));
    assert_false(text.append("e"));
    assert_text(text.c_str(), "abcd");
    assert_false(text.set("abcde"));
    assert_true(text.empty());
    assert_true(text.set(""));
    assert_text(text.c_str(), "");
}

void fixed_text_keeps_characters_whole_and_terminals_safe(void **)
{
    FixedText<4> text;
    text.add("ab\xE2\x82\xAC");
    assert_text(text.view(), "ab");
    FixedText<32> shown;
    shown.add_safe("a\x1B[0m\xE2\x80\xAE\xFF\xE2\x82\xAC", 100).add_number(-42);
    assert_text(shown.view(), "a?[0m??\xE2\x82\xAC-42");
    shown.clear();
    shown.add_safe("ab\xE2\x82\xAC", 4);
    assert_text(shown.view(), "ab");
}

void what_is_rare_reads_as_empty_and_takes_no_room_until_it_is_there(void **)
{
    Rare<std::string> rare;
    assert_true(rare->empty());
    assert_false(rare.is_filled());
    assert_int_equal(sizeof rare, sizeof(void *));
    rare.fill() = "a";
    assert_text(*rare, "a");
    // A copy is its own, and one of nothing is nothing.
    Rare<std::string> copy = rare;
    copy.fill() += "b";
    assert_text(*rare, "a");
    assert_text(*copy, "ab");
    rare = copy;
    assert_text(*rare, "ab");
    copy = Rare<std::string>{};
    assert_false(copy.is_filled());
    const Rare<std::string> moved = std::move(rare);
    assert_text(*moved, "ab");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(try_gives_the_value_or_returns_the_error),
        cmocka_unit_test(a_result_hands_on_what_can_only_be_moved),
        cmocka_unit_test(a_wiped_secret_leaves_no_byte),
        cmocka_unit_test(moving_a_secret_leaves_no_copy),
        cmocka_unit_test(taking_a_secret_wipes_its_source),
        cmocka_unit_test(secrets_are_equal_byte_by_byte),
        cmocka_unit_test(a_descriptor_is_closed_once_by_its_last_owner),
        cmocka_unit_test(fixed_text_takes_all_or_nothing),
        cmocka_unit_test(fixed_text_keeps_characters_whole_and_terminals_safe),
        cmocka_unit_test(what_is_rare_reads_as_empty_and_takes_no_room_until_it_is_there),
    };
    return cmocka_run_group_tests_name("base/owners", tests, nullptr, nullptr);
}
