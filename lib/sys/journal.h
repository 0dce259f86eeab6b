// Records in the journal: sd_journal_sendv(3).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jit::sys {

// Names are upper-case constants of ours; a value may hold anything, a newline stays inside it.
struct Field {
    std::string_view name;
    std::string value;
};

//   priority  LOG_ALERT to LOG_DEBUG (syslog(3))
//   message   one line for people
// Never fails visibly: a journal that is away must not stop a grant's end.
void write_journal(int priority, std::string_view message, std::span<const Field> fields = {});

} // namespace jit::sys
