// What a role asks of a request besides who, when and whose approval: why, how much.
#include <algorithm>
#include <functional>

#include "lib/base/text.h"
#include "policy/role_reader.h"
#include "policy/use.h"

namespace jit::policy {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_hint_bytes = 128;
constexpr std::size_t max_warnings = 8;
constexpr unsigned max_people = 256; // as many grants may be live

std::string section_of(const Role &role, std::string_view name)
{
    return "[role." + role.name + "." + std::string{name} + "]";
}

// One that is no pattern is not kept: each place of it is said.
std::shared_ptr<const Pattern> find_pattern(const std::string &text, Shared &shared,
                                            std::string &fault)
{
    if (const auto known = shared.patterns.find(text); known != shared.patterns.end())
        return known->second;
    auto made = Pattern::make(text, fault);
    if (made)
        shared.patterns.emplace(text, made);
    return made;
}

} // namespace

void read_justification(TableReader &table, Role &role, Shared &shared)
{
    Justification &out = role.justification;
    read_table(table, "justification", section_of(role, "justification"), [&](TableReader &given) {
        out.required = given.boolean("required").value_or(false);
        if (const TomlNode *pattern = given.text("pattern")) {
            std::string fault;
            out.pattern = find_pattern(pattern->text, shared, fault);
            if (!out.pattern)
                given.faults().error(pattern->place,
                                     "pattern: " + in_quotes(pattern->text) +
                                         " is no regular expression of RE2: " + fault);
            else if (out.pattern->is_in(""))
                given.faults().warning(pattern->place,
                                       "pattern: any text at all has it, even an empty one");
        }
        if (const TomlNode *hint = given.text("hint")) {
            out.hint = safe_text(hint->text, max_hint_bytes);
            if (out.hint != hint->text)
                given.faults().error(hint->place,
                                     "hint: expected one line of at most 128 bytes without "
                                     "control, zero-width or bidirectional characters");
        }
    });
}

void read_limits(TableReader &table, Role &role)
{
    Limits &out = role.limits;
    read_table(table, "limits", section_of(role, "limits"), [&](TableReader &limits) {
        out.per_day = limits.duration("per_day", 1s, 24h);
        out.cooldown = limits.duration("cooldown", 1s, max_cooldown);
        out.max_active = limits.count("max_active", 1, max_people);
        out.single_use = limits.boolean("single_use").value_or(false);
    });
    if (role.allow_root_equivalent && !out.per_day)
        table.faults().error(table.find("allow_root_equivalent")->place,
                             "allow_root_equivalent: a role as good as root needs a budget, "
                             "expected limits.per_day, such as per_day = \"2h\"");
}

void read_end(TableReader &table, Role &role)
{
    End &out = role.end;
    read_table(table, "end", section_of(role, "end"), [&](TableReader &end) {
        const auto action = end.choice("action", {"stop-new", "terminate"}, {});
        out.action = action == "terminate" ? End::Action::terminate : End::Action::stop_new;
        out.grace = end.duration("grace", 1s, 5min).value_or(30s);
        const auto texts = end.texts("warn");
        if (!texts)
            return;
        if (texts->size() > max_warnings)
            end.faults().error(end.find("warn")->place, "warn: more than 8 warnings");
        for (const TomlNode *text : *texts) {
            const auto before = parse_duration(text->text);
            if (!before || *before < 1s || *before > 24h) {
                end.faults().error(text->place, "warn: " + in_quotes(text->text) +
                                                    " is not a time before the end, expected such "
                                                    "as \"10m\", from 1s to 1d");
                continue;
            }
            if (*before >= role.max_duration)
                end.faults().warning(text->place,
                                     "warn: no grant of role " + role.name + " lasts as long as " +
                                         format_duration(*before) + ", so nobody is warned then");
            out.warn.push_back(*before);
        }
        std::sort(out.warn.begin(), out.warn.end(), std::greater<>{});
    });
}

} // namespace jit::policy
