#include "tests/unit/cmocka_cpp.h"

#include <initializer_list>
#include <string>

#include "lib/base/text.h"
#include "lib/oidc/graph_time.h"

using namespace jit;
using namespace jit::oidc;

namespace {

std::string read(std::string_view text)
{
    const auto time = parse_graph_time(text);
    return time ? format_time(*time) : "none";
}

void graphs_times_are_read_with_and_without_a_fraction(void **)
{
    for (const char *text : {"2026-03-17T09:41:05Z", "2026-03-17T09:41:05.273Z",
                             "2026-03-17T09:41:05.7895614Z", "2026-03-17T09:41:05.999999999Z"})
        assert_text(read(text), "2026-03-17T09:41:05Z");
}

void another_shape_is_no_time(void **)
{
    for (const char *text :
         {"", "Z", "2026-03-17", "2026-03-17T09:41:05", "2026-03-17T09:41:05.Z",
          "2026-03-17T09:41:05.1", "2026-03-17T09:41:05,1Z", "2026-03-17T09:41:05.1234567890Z",
          "2026-03-17T09:41:05.12a4Z", "2026-03-17T09:41:05.-1Z", "2026-03-17T09:41:05z",
          "2026-03-17 09:41:05Z", "2026-03-17T09:41:05+00:00", "2026-03-17T09:41:05.1+02:00Z",
          "2026-03-17T09:41:05ZZ", " 2026-03-17T09:41:05Z", "2026-03-17T09:41:05Z "})
        assert_text(read(text), "none");
}

void a_moment_that_does_not_exist_is_no_time(void **)
{
    for (const char *text :
         {"2026-02-29T09:41:05Z", "2026-13-01T09:41:05Z", "2026-00-10T09:41:05Z",
          "2026-03-17T24:00:00Z", "2026-03-17T09:60:00Z", "2026-03-17T09:41:60.5Z"})
        assert_text(read(text), "none");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(graphs_times_are_read_with_and_without_a_fraction),
        cmocka_unit_test(another_shape_is_no_time),
        cmocka_unit_test(a_moment_that_does_not_exist_is_no_time),
    };
    return cmocka_run_group_tests_name("oidc/graph_time", tests, nullptr, nullptr);
}
