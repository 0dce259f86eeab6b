// Any bytes as a report of what a grant left behind, as a path that is told of in one, and as the
// kernel's list of what is mounted, in which users' own mounts have a say, and as where a link
// leads.
#include <cstdint>
#include <string>

#include "jit_leftovers/home_path.h"
#include "jit_leftovers/mounts.h"
#include "lib/base/text.h"
#include "lib/ipc/leftovers.h"
#include "tests/fuzz/expect.h"

using namespace jit;

namespace {

bool is_harmless(std::string_view text)
{
    return text.size() <= ipc::max_leftover_bytes && safe_text(text, text.size()) == text;
}

void try_report(std::string_view text)
{
    const auto read = ipc::decode_leftovers_report(text);
    if (!read) {
        expect(read.error().code == Code::bad_input);
        return;
    }
    const ipc::Leftovers &leftovers = read->leftovers;
    expect(is_id(read->grant) && leftovers.more >= 0);
    expect(leftovers.found.size() <= ipc::max_leftovers);
    std::size_t bytes = 0;
    for (const ipc::Leftover &one : leftovers.found) {
        expect(!one.what.empty() && is_harmless(one.what));
        bytes += wire_bytes(one);
    }
    expect(bytes <= ipc::max_leftovers_bytes);
    expect((leftovers.look == ipc::Look::done) == leftovers.looked.has_value());
    expect(leftovers.look == ipc::Look::done || leftovers.found.empty());

    const auto written = encode_leftovers_report(*read);
    expect(written.has_value());
    // What was reckoned is never less than what it takes; around it are the other members.
    expect(written->size() <= bytes + 256);
    const auto again = ipc::decode_leftovers_report(*written);
    expect(again.has_value());
    const auto once_more = encode_leftovers_report(*again);
    expect(once_more.has_value() && *once_more == *written);
}

// Any path can be told of, and comes back as it was told.
void try_path(std::string_view path)
{
    const std::string shown = ipc::escape_path(path);
    expect(is_harmless(shown) && shown.empty() == path.empty());
    if (shown.empty())
        return;
    ipc::LeftoversReport report;
    report.grant = "00000000000000aa";
    report.leftovers.look = ipc::Look::done;
    report.leftovers.looked = WallTime{};
    report.leftovers.found = {{ipc::LeftoverKind::setuid, shown, WallTime{}}};
    const auto read = ipc::decode_leftovers_report(*encode_leftovers_report(report));
    expect(read.has_value() && read->leftovers.found[0].what == shown);
}

void try_mounts(std::string_view text)
{
    const auto mounts = leftovers::parse_mounts(text);
    for (const leftovers::Mount &mount : mounts)
        expect(mount.point.starts_with('/') && mount.point.find('\0') == mount.point.npos);
    for (const leftovers::Mount &mount : leftovers::find_searched(mounts))
        expect(is_local(mount));
    for (const std::string &point : find_avoided(mounts))
        expect(leftovers::is_within(point, "/"));
    const std::string path = leftovers::normalize(text);
    expect(path.starts_with('/') && leftovers::normalize(path) == path);
    expect((path + "/").find("/../") == path.npos && (path + "/").find("/./") == path.npos);
    expect(path == "/" || (path + "/").find("//") == path.npos);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char *>(data), size};
    try_report(text);
    try_path(text);
    try_mounts(text);
    return 0;
}
