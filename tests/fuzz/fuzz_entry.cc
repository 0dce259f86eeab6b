// Any bytes as a file of the root ledger: bad_input, or an entry whose members are what their
// header says, and which is written and read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "lib/base/handle.h"
#include "lib/base/text.h"
#include "lib/ipc/granting.h"
#include "lib/ipc/message.h"
#include "lib/ledger/entry.h"
#include "lib/ledger/limits.h"
#include "tests/fuzz/expect.h"

using namespace jit;
using namespace jit::ledger;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const auto read = decode_entry({reinterpret_cast<const char *>(data), size});
    if (!read) {
        expect(read.error().code == Code::bad_input);
        return 0;
    }
    expect(is_id(read->id) && is_name(read->user) && is_name(read->role) && read->uid > 0);
    expect(!read->parts.empty() && read->parts.size() <= max_groups_of_role);
    for (const Part &part : read->parts)
        expect(is_name(part.group) && read->has_group(part.group));
    expect(read->is_ended() == read->ended.has_value() && read->cause.size() <= 64);
    expect(read->timer_late <= max_timer_late && read->timer_late.count() >= 0);
    // Past the end by either clock, and in another boot, it is due.
    expect(read->is_due({read->until, BootTime{}}, read->boot_id));
    expect(read->is_due({WallTime{}, read->until_boot}, read->boot_id));
    expect(read->is_due({WallTime{}, BootTime{}}, "another"));

    const auto written = encode_entry(*read);
    expect(written.has_value());
    const auto again = decode_entry(*written);
    expect(again.has_value());
    const auto once_more = encode_entry(*again);
    expect(once_more.has_value() && *once_more == *written);

    // What a list of it takes on the wire is never more than was reckoned.
    ipc::GrantEntry listed;
    listed.id = read->id;
    listed.user = read->user;
    listed.role = read->role;
    listed.groups = read->groups();
    listed.since = read->since;
    listed.until = read->until;
    listed.live = read->state == Entry::State::live;
    listed.ended = read->ended;
    listed.backend = name_of(read->backend);
    if (read->is_ended())
        listed.cause = "interrupted";
    const Handle<char, &std::free> text{
        json_dumps(ipc::encode(ipc::GrantList{{listed}, std::nullopt}).get(), JSON_COMPACT)};
    expect(text != nullptr);
    const std::size_t around = std::string_view{R"({"entries":[]})"}.size();
    expect(std::string_view{text.get()}.size() <=
           around + wire_bytes(listed.user, listed.role, listed.groups));
    return 0;
}
