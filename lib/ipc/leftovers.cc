#include "lib/ipc/leftovers.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/ipc/members.h"
#include "lib/ipc/message.h"

namespace jit::ipc {

namespace {

constexpr std::size_t max_word_bytes = 32;
constexpr std::int64_t max_more = 1'000'000'000;

// In the order of the enumerators.
constexpr std::array<std::string_view, 16> kinds{
    "setuid", "setgid",  "capability", "unit",   "timer",  "cron", "at",       "authorized-keys",
    "ssh",    "sudoers", "pam",        "polkit", "loader", "jit",  "accounts", "account"};
constexpr std::array<std::string_view, 5> misses{"too-many-files", "too-long", "too-deep",
                                                 "unreadable", "homes-elsewhere"};
constexpr std::array<std::string_view, 4> looks{"done", "waits", "forgotten", "unreadable"};

template <typename Enum, std::size_t count> std::optional<Enum>
find_word(const std::array<std::string_view, count> &words, std::string_view text)
{
    const auto at = std::find(words.begin(), words.end(), text);
    if (at == words.end())
        return std::nullopt;
    return static_cast<Enum>(at - words.begin());
}

// What escape_path() could have given.
bool is_escaped(std::string_view text)
{
    return safe_text(text, text.size()) == text;
}

Result<Leftover> decode_leftover(const json_t *object)
{
    MemberReader reader{object};
    Leftover leftover;
    const auto kind = parse_leftover_kind(reader.text("kind", max_word_bytes));
    if (kind)
        leftover.kind = *kind;
    else
        reader.refuse("a word is not one of the protocol's");
    leftover.what = reader.text("what", max_leftover_bytes, is_escaped);
    leftover.at = reader.time("at");
    TRY(reader.finish());
    return leftover;
}

Json encode_leftover(const Leftover &leftover)
{
    MemberWriter writer;
    writer.text("kind", name_of(leftover.kind));
    writer.text("what", leftover.what);
    writer.time("at", leftover.at);
    return writer.take();
}

void append_hex(std::string &out, char byte)
{
    out += "\\x" + encode_hex({&byte, 1});
}

} // namespace

std::string_view name_of(LeftoverKind kind)
{
    return kinds[static_cast<std::size_t>(kind)];
}

std::string_view name_of(Missed missed)
{
    return misses[static_cast<std::size_t>(missed)];
}

std::string_view name_of(Look look)
{
    return looks[static_cast<std::size_t>(look)];
}

std::optional<LeftoverKind> parse_leftover_kind(std::string_view text)
{
    return find_word<LeftoverKind>(kinds, text);
}

std::optional<Missed> parse_missed(std::string_view text)
{
    return find_word<Missed>(misses, text);
}

std::optional<Look> parse_look(std::string_view text)
{
    return find_word<Look>(looks, text);
}

std::string escape_path(std::string_view path)
{
    constexpr std::string_view cut = "...";
    std::string out;
    std::size_t whole = 0; // up to where it may be cut
    while (!path.empty() && out.size() <= max_leftover_bytes) {
        char32_t point = 0;
        const std::size_t length = utf8_front(path, point);
        const std::string_view piece = path.substr(0, length == 0 ? 1 : length);
        path.remove_prefix(piece.size());
        if (length == 0 || is_unsafe_point(point))
            for (const char byte : piece)
                append_hex(out, byte);
        else if (point == U'\\')
            out += "\\\\";
        else
            out += piece;
        if (out.size() <= max_leftover_bytes - cut.size())
            whole = out.size();
    }
    return out.size() <= max_leftover_bytes ? out : out.substr(0, whole) + std::string{cut};
}

std::size_t wire_bytes(const Leftover &leftover)
{
    // A quote and a backslash take two bytes.
    const auto doubled = std::count_if(leftover.what.begin(), leftover.what.end(),
                                       [](char c) { return c == '"' || c == '\\'; });
    constexpr std::size_t around = 80; // keys, kind, time, a comma
    return leftover.what.size() + static_cast<std::size_t>(doubled) + around;
}

Result<Leftovers> decode_leftovers(const json_t *object)
{
    MemberReader reader{object};
    Leftovers leftovers;
    const auto look = parse_look(reader.text("look", max_word_bytes));
    if (look)
        leftovers.look = *look;
    else
        reader.refuse("a word is not one of the protocol's");
    leftovers.looked = reader.maybe_time("looked");
    const json_t *const found = reader.array("found", max_leftovers);
    leftovers.more = reader.number("more", 0, max_more);
    for (const std::string &word : reader.texts("missed", misses.size(), max_word_bytes)) {
        const auto missed = parse_missed(word);
        if (missed)
            leftovers.missed.push_back(*missed);
        else
            reader.refuse("a word is not one of the protocol's");
    }
    TRY(reader.finish());
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < json_array_size(found); ++i) {
        leftovers.found.push_back(TRY(decode_leftover(json_array_get(found, i))));
        bytes += wire_bytes(leftovers.found.back());
    }
    if (bytes > max_leftovers_bytes)
        return Error{Code::bad_input, "a list is too long"};
    const bool is_done = leftovers.look == Look::done;
    const bool is_empty =
        leftovers.found.empty() && leftovers.more == 0 && leftovers.missed.empty();
    if (is_done != leftovers.looked.has_value() || (!is_done && !is_empty))
        return Error{Code::bad_input, "a report contradicts itself"};
    return leftovers;
}

Json encode_leftovers(const Leftovers &leftovers)
{
    MemberWriter writer;
    writer.text("look", name_of(leftovers.look));
    writer.maybe_time("looked", leftovers.looked);
    std::vector<Json> found;
    for (const Leftover &leftover : leftovers.found)
        found.push_back(encode_leftover(leftover));
    writer.values("found", std::move(found));
    writer.number("more", leftovers.more);
    std::vector<std::string> missed;
    for (const Missed one : leftovers.missed)
        missed.emplace_back(name_of(one));
    writer.texts("missed", missed);
    return writer.take();
}

Result<LeftoversReport> decode_leftovers_report(std::string_view text)
{
    const Json object = TRY(decode_object(text));
    MemberReader reader{object.get()};
    LeftoversReport report;
    report.grant = reader.id("grant");
    const json_t *const leftovers = reader.object("leftovers");
    TRY(reader.finish());
    report.leftovers = TRY(decode_leftovers(leftovers));
    return report;
}

Result<std::string> encode_leftovers_report(const LeftoversReport &report)
{
    MemberWriter writer;
    writer.text("grant", report.grant);
    writer.value("leftovers", encode_leftovers(report.leftovers));
    const Json object = writer.take();
    const Handle<char, &std::free> text{json_dumps(object.get(), JSON_COMPACT)};
    if (!text)
        return Error{Code::internal, "no memory for a report"};
    return std::string{text.get()} + "\n";
}

} // namespace jit::ipc
