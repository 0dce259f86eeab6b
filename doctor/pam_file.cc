#include "doctor/pam_file.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace jit::doctor {

namespace {

constexpr std::size_t max_lines = 1000;
constexpr int max_depth = 16;

bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// Takes the next word; one that begins with '[' ends at the ']' that no '\' stands before.
std::string take_word(std::string_view &text)
{
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    std::string word;
    if (text.empty())
        return word;
    const bool in_brackets = text.front() == '[';
    while (!text.empty()) {
        const char c = text.front();
        if (!in_brackets && is_space(c))
            break;
        text.remove_prefix(1);
        if (in_brackets && c == '\\' && !text.empty() && text.front() == ']') {
            word += ']';
            text.remove_prefix(1);
            continue;
        }
        word += c;
        if (in_brackets && c == ']')
            break;
    }
    return word;
}

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

bool is_kind(std::string_view word)
{
    return word == "auth" || word == "account" || word == "session" || word == "password";
}

std::optional<PamLine> parse_line(std::string_view text)
{
    PamLine line;
    std::string kind = lower(take_word(text));
    if (kind == "@include") {
        line.control = "include";
        line.module = take_word(text);
        return line.module.empty() ? std::nullopt : std::optional{line};
    }
    if (!kind.empty() && kind.front() == '-')
        kind.erase(0, 1);
    if (!is_kind(kind))
        return std::nullopt;
    line.kind = kind;
    line.control = lower(take_word(text));
    line.module = take_word(text);
    for (std::string word = take_word(text); !word.empty(); word = take_word(text))
        line.arguments.push_back(std::move(word));
    return line.module.empty() ? std::nullopt : std::optional{line};
}

std::optional<Action> parse_action(std::string_view word)
{
    using Kind = Action::Kind;
    static const std::map<std::string_view, Kind> known = {
        {"ignore", Kind::ignore}, {"bad", Kind::bad},   {"die", Kind::die},
        {"ok", Kind::ok},         {"done", Kind::done}, {"reset", Kind::reset}};
    if (const auto found = known.find(word); found != known.end())
        return Action{found->second, 0};
    unsigned jump = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), jump);
    if (error != std::errc{} || end != word.data() + word.size() || jump == 0)
        return std::nullopt;
    return Action{Kind::jump, jump};
}

class Reader
{
  public:
    Reader(std::string_view kind, const ReadPamFile &read) : kind_(kind), read_(read) {}

    void add_file(const std::string &name, int depth, std::vector<StackItem> &out)
    {
        if (depth > max_depth)
            return;
        const auto text = read_(name);
        if (!text)
            return;
        for (PamLine &line : parse_pam_file(name, *text)) {
            if ((!line.kind.empty() && line.kind != kind_) || ++lines_ > max_lines)
                continue;
            if (line.control == "include") {
                add_file(line.module, depth + 1, out);
                continue;
            }
            StackItem item{std::move(line), {}};
            if (item.line.control == "substack")
                add_file(item.line.module, depth + 1, item.substack);
            out.push_back(std::move(item));
        }
    }

  private:
    std::string_view kind_;
    const ReadPamFile &read_;
    std::size_t lines_ = 0;
};

} // namespace

std::string_view base_of(std::string_view module)
{
    return module.substr(module.rfind('/') + 1); // npos + 1 is 0
}

std::vector<PamLine> parse_pam_file(const std::string &name, std::string_view text)
{
    std::vector<PamLine> lines;
    int number = 0;
    while (!text.empty() && lines.size() < max_lines) {
        std::string joined;
        const int first = number + 1;
        for (bool goes_on = true; goes_on && !text.empty();) {
            ++number;
            std::string_view line = text.substr(0, text.find('\n'));
            text.remove_prefix(std::min(line.size() + 1, text.size()));
            line = line.substr(0, line.find('#'));
            goes_on = line.ends_with('\\');
            if (goes_on)
                line.remove_suffix(1);
            joined += line;
            joined += ' ';
        }
        auto line = parse_line(joined);
        if (!line)
            continue;
        line->file = name;
        line->number = first;
        lines.push_back(*std::move(line));
    }
    return lines;
}

std::optional<Control> parse_control(std::string_view control)
{
    using Kind = Action::Kind;
    const auto simple = [](Kind success, Kind ignored, Kind otherwise) {
        return Control{{{"success", {success, 0}},
                        {"new_authtok_reqd", {success, 0}},
                        {"ignore", {ignored, 0}}},
                       {otherwise, 0}};
    };
    if (control == "required")
        return simple(Kind::ok, Kind::ignore, Kind::bad);
    if (control == "requisite")
        return simple(Kind::ok, Kind::ignore, Kind::die);
    if (control == "sufficient")
        return simple(Kind::done, Kind::ignore, Kind::ignore);
    if (control == "optional")
        return simple(Kind::ok, Kind::ignore, Kind::ignore);
    if (control.size() < 2 || control.front() != '[' || control.back() != ']')
        return std::nullopt;
    control = control.substr(1, control.size() - 2);
    Control read{{}, {Kind::bad, 0}};
    for (std::string word = take_word(control); !word.empty(); word = take_word(control)) {
        const std::size_t equals = word.find('=');
        if (equals == word.npos)
            return std::nullopt;
        const auto action = parse_action(std::string_view{word}.substr(equals + 1));
        if (!action)
            return std::nullopt;
        const std::string value = word.substr(0, equals);
        if (value == "default")
            read.otherwise = *action;
        else
            read.actions[value] = *action;
    }
    return read;
}

std::vector<StackItem> read_stack(const std::string &service, std::string_view kind,
                                  const ReadPamFile &read)
{
    std::vector<StackItem> items;
    Reader{kind, read}.add_file(service, 0, items);
    return items;
}

} // namespace jit::doctor
