// Any bytes as what /proc says of a process, of which its name is its own: bad_input, or the name
// that stands between the first and the last parenthesis, and every number what is written there.
#include <cstdint>
#include <string>

#include "jit_grantd/proc_text.h"
#include "tests/fuzz/expect.h"

using namespace jit;
using namespace jit::grantd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string text{reinterpret_cast<const char *>(data), size};
    if (const auto process = parse_stat(text)) {
        const std::string front = std::to_string(process->pid) + " (" + process->name + ") ";
        expect(text.find(" (" + process->name + ") ") != text.npos);
        expect(process->name.find(") ") == text.npos || text.rfind(") ") >= process->name.size());
        // Whatever it calls itself, it is read as it stands.
        const std::string again = front + "S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 " +
                                  std::to_string(process->start) + " 9\n";
        const auto second = parse_stat(again);
        expect(second.has_value() && second->pid == process->pid);
        expect(second->name == process->name && second->start == process->start);
    } else {
        expect(process.error().code == Code::bad_input);
    }
    Process process;
    if (const auto read = parse_status(text, process)) {
        expect(!process.groups.empty() && process.groups.size() <= size);
        std::string again = "Uid:\t" + std::to_string(process.real) + "\t" +
                            std::to_string(process.effective) + "\nGid:\t0\t" +
                            std::to_string(process.groups.front()) + "\nGroups:\t";
        for (std::size_t i = 1; i < process.groups.size(); ++i)
            again += std::to_string(process.groups[i]) + " ";
        Process second;
        expect(parse_status(again + "\n", second).has_value());
        expect(second.real == process.real && second.effective == process.effective);
        expect(second.groups == process.groups);
    } else {
        expect(read.error().code == Code::bad_input);
    }
    return 0;
}
