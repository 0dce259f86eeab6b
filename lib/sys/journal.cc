#include "lib/sys/journal.h"

#include <sys/uio.h>
#include <systemd/sd-journal.h>

namespace jit::sys {

void write_journal(int priority, std::string_view message, std::span<const Field> fields)
{
    std::vector<std::string> texts;
    texts.reserve(fields.size() + 2);
    texts.push_back("MESSAGE=" + std::string{message});
    texts.push_back("PRIORITY=" + std::to_string(priority));
    for (const Field &field : fields)
        texts.push_back(std::string{field.name} + "=" + field.value);
    std::vector<iovec> parts;
    parts.reserve(texts.size());
    for (std::string &text : texts)
        parts.push_back({text.data(), text.size()});
    (void)sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

} // namespace jit::sys
