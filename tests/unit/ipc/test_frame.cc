#include "tests/unit/cmocka_cpp.h"

#include <string>
#include <vector>

#include "lib/ipc/frame.h"

using namespace jit;
using namespace jit::ipc;

namespace {

std::string framed(std::string_view text)
{
    return std::string{text} + '\0';
}

std::vector<std::string> drain(FrameReader &reader)
{
    std::vector<std::string> frames;
    while (auto frame = reader.next())
        frames.push_back(*std::move(frame));
    return frames;
}

void a_frame_split_anywhere_comes_out_whole(void **)
{
    const std::string stream = framed("{\"a\":1}") + framed("{}") + framed("x");
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        for (std::size_t second = cut; second <= stream.size(); ++second) {
            FrameReader reader;
            std::vector<std::string> frames;
            const std::string_view all{stream};
            for (const std::string_view piece :
                 {all.substr(0, cut), all.substr(cut, second - cut), all.substr(second)}) {
                assert_true(reader.add(piece).has_value());
                for (std::string &frame : drain(reader))
                    frames.push_back(std::move(frame));
            }
            assert_true(frames == (std::vector<std::string>{"{\"a\":1}", "{}", "x"}));
            assert_false(reader.has_partial());
        }
    }
}

void a_stream_of_single_bytes_is_read(void **)
{
    FrameReader reader;
    const std::string frame(5000, 'x');
    for (const char c : frame) {
        assert_true(reader.add({&c, 1}).has_value());
        assert_false(reader.next().has_value());
        assert_true(reader.has_partial());
    }
    assert_true(reader.add({"", 1}).has_value());
    assert_text(reader.next().value(), frame);
    assert_false(reader.has_partial());
}

void two_frames_in_one_read_come_out_in_order(void **)
{
    FrameReader reader;
    assert_true(reader.add(framed("first") + framed("second") + "thi").has_value());
    assert_text(reader.next().value(), "first");
    assert_text(reader.next().value(), "second");
    assert_false(reader.next().has_value());
    assert_true(reader.has_partial());
    assert_true(reader.add(framed("rd")).has_value());
    assert_text(reader.next().value(), "third");
}

void a_frame_of_64_kib_passes_and_one_byte_more_does_not(void **)
{
    FrameReader fits;
    assert_true(fits.add(framed(std::string(max_frame_bytes, 'x'))).has_value());
    assert_int_equal(fits.next().value().size(), max_frame_bytes);

    FrameReader whole;
    const auto failed = whole.add(framed(std::string(max_frame_bytes + 1, 'x')));
    assert_false(failed.has_value());
    assert_true(failed.error().code == Code::bad_input);

    // It need not have ended to be too long.
    FrameReader partial;
    assert_true(partial.add(std::string(max_frame_bytes, 'x')).has_value());
    assert_false(partial.add("x").has_value());
}

void a_later_frame_is_measured_like_the_first(void **)
{
    for (const std::size_t extra : {0U, 1U}) {
        FrameReader whole;
        const bool fits = extra == 0;
        assert_true(whole.add(framed("a") + framed(std::string(max_frame_bytes + extra, 'x')))
                        .has_value() == fits);

        FrameReader partial;
        assert_true(
            partial.add(framed("a") + std::string(max_frame_bytes + extra, 'x')).has_value() ==
            fits);

        FrameReader split;
        assert_true(split.add(framed("a") + "xx").has_value());
        assert_true(split.add(framed(std::string(max_frame_bytes - 2 + extra, 'x'))).has_value() ==
                    fits);
    }
}

void an_empty_frame_is_an_error_wherever_it_stands(void **)
{
    FrameReader first;
    assert_false(first.add(framed("")).has_value());
    FrameReader second;
    assert_false(second.add(framed("a") + framed("")).has_value());
    FrameReader apart;
    assert_true(apart.add(framed("a")).has_value());
    assert_false(apart.add(framed("")).has_value());
    FrameReader read;
    assert_true(read.add(framed("a")).has_value());
    assert_text(read.next().value(), "a");
    assert_false(read.add(framed("")).has_value());
}

void what_nobody_takes_out_is_capped(void **)
{
    FrameReader reader;
    std::size_t taken = 0;
    while (reader.add(framed(std::string(1000, 'x'))).has_value() && taken < 1000)
        ++taken;
    assert_true(taken >= 64 && taken < 140);
}

void nothing_is_no_frame(void **)
{
    FrameReader reader;
    assert_false(reader.next().has_value());
    assert_true(reader.add("").has_value());
    assert_false(reader.next().has_value());
    assert_false(reader.has_partial());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_split_anywhere_comes_out_whole),
        cmocka_unit_test(a_stream_of_single_bytes_is_read),
        cmocka_unit_test(two_frames_in_one_read_come_out_in_order),
        cmocka_unit_test(a_frame_of_64_kib_passes_and_one_byte_more_does_not),
        cmocka_unit_test(a_later_frame_is_measured_like_the_first),
        cmocka_unit_test(an_empty_frame_is_an_error_wherever_it_stands),
        cmocka_unit_test(what_nobody_takes_out_is_capped),
        cmocka_unit_test(nothing_is_no_frame),
    };
    return cmocka_run_group_tests_name("ipc/frame", tests, nullptr, nullptr);
}
