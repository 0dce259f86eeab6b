#include "tests/unit/cmocka_cpp.h"

#include <vector>

#include "pam_jit/args.h"

using namespace jit::pam;

namespace {

Arguments parse(std::vector<const char *> line)
{
    return parse_arguments(line);
}

void an_empty_line_has_the_defaults(void **)
{
    const Arguments a = parse({});
    assert_null(a.bad);
    assert_text(a.socket, "/run/jit/io.jitd.Elevation");
    assert_int_equal(a.fast.count(), 5);
    assert_false(a.timeout.has_value());
    assert_false(a.proven || a.observe || a.quiet || a.debug);
}

void takes_every_argument(void **)
{
    const Arguments a = parse({"role=web", "only=sudo,su-l", "proven", "fast=1m30s", "timeout=15m",
                               "observe", "quiet", "socket=/run/x", "debug"});
    assert_null(a.bad);
    assert_text(a.role, "web");
    assert_text(a.socket, "/run/x");
    assert_int_equal(a.fast.count(), 90);
    assert_int_equal(a.timeout->count(), 900);
    assert_true(a.proven && a.observe && a.quiet && a.debug);
}

void an_unknown_malformed_or_repeated_argument_is_bad(void **)
{
    for (const char *bad :
         {"",
          "roel=web",
          "role=",
          "role=a b",
          "role=../x",
          "role",
          "only=",
          "only=sudo,",
          "only=,su",
          "only=a b",
          "fast=0s",
          "fast=5",
          "fast=",
          "fast=-5s",
          "fast=2d",
          "timeout=1m1h",
          "timeout=1s1s",
          "socket=run/x",
          "socket=",
          "Proven",
          "proven=1",
          "observe ",
          "socket=/"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
        const Arguments a = parse({"quiet", bad});
        if (a.bad == nullptr)
            print_message("accepted: %s\n", bad);
        assert_ptr_equal(a.bad, bad);
    }
    assert_non_null(parse({"role=a", "role=b"}).bad);
    assert_non_null(parse({"proven", "proven"}).bad);
    assert_non_null(parse({"fast=1s", "fast=1s"}).bad);
}

void only_leaves_out_every_other_service(void **)
{
    const Arguments a = parse({"only=Sudo,su-l"});
    assert_false(is_left_out(a, "sudo"));
    assert_false(is_left_out(a, "su-l"));
    for (const char *other : {"su", "sudo-i", "sshd", "", "sud", "sudoo", "l"})
        assert_true(is_left_out(a, other));
    assert_false(is_left_out(parse({}), "anything"));
}

void waits_are_one_second_to_one_day(void **)
{
    assert_int_equal(parse_wait("1d")->count(), 86400);
    assert_int_equal(parse_wait("1h30m5s")->count(), 5405);
    for (const char *bad :
         {"1d1s", "86401s", "9999999999999999999s", "1w", "s", "1", "1m1h", "1 s"})
        assert_false(parse_wait(bad).has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_line_has_the_defaults),
        cmocka_unit_test(takes_every_argument),
        cmocka_unit_test(an_unknown_malformed_or_repeated_argument_is_bad),
        cmocka_unit_test(only_leaves_out_every_other_service),
        cmocka_unit_test(waits_are_one_second_to_one_day),
    };
    return cmocka_run_group_tests_name("pam_jit/args", tests, nullptr, nullptr);
}
