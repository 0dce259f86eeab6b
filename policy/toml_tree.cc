#include "policy/toml_tree.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "lib/base/text.h"
#include "policy/toml_shape.h"

// The library recurses for each value inside a value: cap it where nothing of ours comes near.
#undef TOML_MAX_NESTED_VALUES
#define TOML_MAX_NESTED_VALUES 16
// Text such as "[>" fails an assertion of the library (3.3 and 3.4) just before it would have said
// what is wrong with it. An assertion would end the program; with NDEBUG it would be an assumption,
// and so undefined: let it be neither.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

namespace jit::policy {

namespace {

constexpr unsigned max_depth = 16;

Place place_of(const toml::source_position &position, unsigned file)
{
    return {file, position.line, position.column};
}

class Copier
{
  public:
    Copier(unsigned file, Faults &faults) : file_(file), faults_(faults) {}

    // Takes the texts out of what is copied.
    TomlNode take(toml::node &from, unsigned depth)
    {
        TomlNode to;
        to.place = place_of(from.source().begin, file_);
        if (depth > max_depth) {
            if (!std::exchange(said_too_deep_, true))
                faults_.error(to.place, "nested too deeply, expected at most 16 levels");
            return to;
        }
        if (toml::table *table = from.as_table()) {
            to.kind = TomlNode::Kind::table;
            to.items.reserve(table->size());
            for (auto &&[key, value] : *table) {
                TomlNode &item = to.items.emplace_back(take(value, depth + 1));
                item.key = key.str();
                item.key_place = place_of(key.source().begin, file_);
            }
            // The library sorts by key; a reader of diagnostics thinks in lines.
            const auto order = [](const TomlNode &node) {
                return std::tuple{node.key_place.line, node.key_place.column};
            };
            std::stable_sort(
                to.items.begin(), to.items.end(),
                [&](const TomlNode &a, const TomlNode &b) { return order(a) < order(b); });
        } else if (toml::array *list = from.as_array()) {
            to.kind = TomlNode::Kind::list;
            to.items.reserve(list->size());
            for (toml::node &value : *list)
                to.items.push_back(take(value, depth + 1));
        } else if (auto *text = from.as_string()) {
            to.kind = TomlNode::Kind::text;
            to.text = std::move(text->get());
        } else if (const auto *truth = from.as_boolean()) {
            to.kind = TomlNode::Kind::boolean;
            to.truth = truth->get();
        } else {
            to.kind = from.is_number() ? TomlNode::Kind::number : TomlNode::Kind::time;
            if (const auto *number = from.as_integer())
                to.number = number->get();
        }
        return to;
    }

  private:
    unsigned file_;
    Faults &faults_;
    bool said_too_deep_ = false;
};

std::string_view line_of(std::string_view text, unsigned number)
{
    for (; number > 1 && !text.empty(); --number)
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    std::string_view line = text.substr(0, text.find('\n'));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r'))
        line.remove_suffix(1);
    return line;
}

// ", first at line 3": where the line stands that is not to stand there again, a key in its table,
// a table in the file; empty: not found.
std::string first_of(std::string_view text, unsigned again)
{
    const std::string_view wanted = line_of(text, again);
    unsigned number = 1;
    unsigned first = 0;
    for (std::string_view left = text; number < again && !left.empty(); ++number) {
        const std::string_view line = line_of(left, 1);
        if (line == wanted && first == 0)
            first = number;
        else if (line.starts_with('[') && !wanted.starts_with('['))
            first = 0;
        left.remove_prefix(std::min(left.find('\n'), left.size() - 1) + 1);
    }
    return first == 0 ? std::string{} : ", first at line " + std::to_string(first);
}

// What the library says of two common slips, in words that say what to do; empty: something else.
std::string describe_slip(std::string_view said, std::string_view text, unsigned line)
{
    constexpr std::string_view redefined = "cannot redefine existing ";
    if (const auto found = said.find(redefined); found != std::string_view::npos) {
        const std::string_view what = said.substr(found + redefined.size());
        const std::size_t quote = std::min(what.find('\''), what.size());
        return "not valid TOML: " + safe_text(what.substr(quote), 128) + " is defined twice" +
               first_of(text, line) + ", expected each table and key once";
    }
    if (said.find("control characters other than TAB") != std::string_view::npos)
        return "not valid TOML: a text that does not end on its line, or has a control character, "
               "expected a quote at its end";
    return {};
}

std::string describe_error(std::string_view text)
{
    // The library ends this one sentence with the name of its macro.
    constexpr std::string_view macro = " (TOML_MAX_NESTED_VALUES)";
    std::string out{"not valid TOML: "};
    const std::size_t found = text.find(macro);
    out += text.substr(0, found);
    if (found != std::string_view::npos)
        out += text.substr(found + macro.size());
    return out;
}

} // namespace

const TomlNode *TomlNode::find(std::string_view wanted) const
{
    const auto found = std::find_if(items.begin(), items.end(),
                                    [&](const TomlNode &item) { return item.key == wanted; });
    return kind != Kind::table || found == items.end() ? nullptr : &*found;
}

std::string_view describe(TomlNode::Kind kind)
{
    switch (kind) {
    case TomlNode::Kind::table:
        return "a table";
    case TomlNode::Kind::list:
        return "a list";
    case TomlNode::Kind::text:
        return "a text";
    case TomlNode::Kind::boolean:
        return "true or false";
    case TomlNode::Kind::number:
        return "a number";
    case TomlNode::Kind::time:
        return "a date or time";
    }
    return "something else";
}

std::optional<TomlNode> parse_toml(const SourceFile &source, unsigned file, Faults &faults)
{
    if (const auto shape = find_shape_fault(source.text)) {
        faults.error({file, shape->line, shape->column}, shape->text);
        return std::nullopt;
    }
    toml::parse_result parsed = toml::parse(std::string_view{source.text});
    if (!parsed) {
        const toml::parse_error &error = parsed.error();
        const Place place = place_of(error.source().begin, file);
        const std::string slip = describe_slip(error.description(), source.text, place.line);
        faults.error(place, slip.empty() ? describe_error(error.description()) : slip);
        return std::nullopt;
    }
    return Copier{file, faults}.take(parsed.table(), 0);
}

} // namespace jit::policy
