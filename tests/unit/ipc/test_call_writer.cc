#include "tests/unit/cmocka_cpp.h"

#include <jansson.h>

#include <array>
#include <random>

#include "lib/base/handle.h"
#include "lib/ipc/call_writer.h"

using namespace jit::ipc;
using Json = jit::Handle<json_t, &json_decref>;

namespace {

// Loads the frame and checks that it is one object and one NUL.
Json load(std::string_view frame)
{
    assert_false(frame.empty());
    assert_int_equal(frame.find('\0'), frame.size() - 1);
    json_error_t error;
    Json root{json_loadb(frame.data(), frame.size() - 1, JSON_REJECT_DUPLICATES, &error)};
    assert_non_null(root.get());
    return root;
}

void writes_a_call_in_the_order_of_its_members(void **)
{
    const std::array<std::string_view, 2> names{"alice", "al"};
    CallWriter call{"io.jitd.Elevation.Check", CallMode::once};
    call.name("requester", "alice").names("account_names", names).name_if("role", "");
    call.hint("tty", "pts/1", 64).hint("rhost", "", 64).number("timeout", 30);
    assert_text(call.finish(), std::string(R"({"method":"io.jitd.Elevation.Check","parameters":)"
                                           R"({"requester":"alice","account_names":["alice","al"],)"
                                           R"("tty":"pts/1","timeout":30}})") +
                                   '\0');
}

void says_more_and_oneway_only_when_asked(void **)
{
    CallWriter more{"a.B", CallMode::more};
    const Json a = load(more.finish());
    assert_true(json_is_true(json_object_get(a.get(), "more")));
    assert_null(json_object_get(a.get(), "oneway"));
    CallWriter oneway{"a.B", CallMode::oneway};
    const Json b = load(oneway.finish());
    assert_true(json_is_true(json_object_get(b.get(), "oneway")));
    assert_null(json_object_get(b.get(), "more"));
}

void a_name_that_is_cut_or_mended_would_be_another_name(void **)
{
    CallWriter longest{"a.B", CallMode::once};
    assert_false(longest.name("n", std::string(64, 'x')).finish().empty());
    CallWriter over{"a.B", CallMode::once};
    assert_true(over.name("n", std::string(65, 'x')).finish().empty());
    CallWriter broken{"a.B", CallMode::once};
    assert_true(broken.name("n", "al\xffice").finish().empty());
    CallWriter nul{"a.B", CallMode::once};
    assert_true(nul.name("n", std::string_view{"al\0ice", 6}).finish().empty());
}

void a_hint_is_cut_between_characters(void **)
{
    CallWriter call{"a.B", CallMode::once};
    const Json root = load(call.hint("c", "abc\xc3\xa9", 4).finish());
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(root.get(), "parameters"), "c")), "abc");
}

void any_bytes_in_a_hint_stay_inside_its_string(void **)
{
    std::minstd_rand random{7};
    for (int round = 0; round < 20000; ++round) {
        std::string value;
        for (std::size_t n = random() % 40; n > 0; --n)
            value += static_cast<char>(random() % 256);
        CallWriter call{"a.B", CallMode::once};
        const Json root = load(call.hint("c", value, 256).name("z", "end").finish());
        const json_t *parameters = json_object_get(root.get(), "parameters");
        assert_int_equal(json_object_size(parameters), value.empty() ? 1 : 2);
        assert_string_equal(json_string_value(json_object_get(parameters, "z")), "end");
    }
}

void a_call_that_does_not_fit_is_no_call(void **)
{
    CallWriter call{"a.B", CallMode::once};
    const std::string text(6000, '\x01');
    assert_true(call.hint("c", text, 6000).finish().empty());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_call_in_the_order_of_its_members),
        cmocka_unit_test(says_more_and_oneway_only_when_asked),
        cmocka_unit_test(a_name_that_is_cut_or_mended_would_be_another_name),
        cmocka_unit_test(a_hint_is_cut_between_characters),
        cmocka_unit_test(any_bytes_in_a_hint_stay_inside_its_string),
        cmocka_unit_test(a_call_that_does_not_fit_is_no_call),
    };
    return cmocka_run_group_tests_name("ipc/call_writer", tests, nullptr, nullptr);
}
