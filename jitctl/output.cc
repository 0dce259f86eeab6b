#include "jitctl/output.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "lib/base/handle.h"
#include "lib/base/text.h"

namespace jit::ctl {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_line_bytes = 4096;
constexpr std::size_t max_cell_bytes = 64;

void print_line(std::FILE *stream, std::string_view head, std::string_view line)
{
    const std::string safe = safe_text(line, max_line_bytes);
    (void)std::fprintf(stream, "%.*s%s\n", static_cast<int>(head.size()), head.data(),
                       safe.c_str()); // main() looks at the streams once, at the end
}

// Cells of a terminal, as far as counting characters can tell.
std::size_t width_of(std::string_view text)
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
    }));
}

void set_null_if_absent(json_t *object, const char *key)
{
    if (json_object_get(object, key) == nullptr)
        (void)json_object_set_new(object, key, json_null()); // null is a constant of jansson
}

// "io.jitd.Elevation.NotFound" is "NotFound" for people.
std::string_view last_part(std::string_view name)
{
    return name.substr(name.rfind('.') + 1);
}

void print_error_object(const Output &output, std::string_view word, std::string_view message)
{
    const std::string safe_word = safe_text(word, 128);
    const std::string safe_message = safe_text(message, max_line_bytes);
    const ipc::Json object{
        json_pack("{s:s,s:s}", "error", safe_word.c_str(), "message", safe_message.c_str())};
    output.print_json(object.get());
}

std::string_view word_of(Code code)
{
    switch (code) {
    case Code::denied:
        return "NotPermitted";
    case Code::not_found:
        return "NotFound";
    case Code::unavailable:
    case Code::timed_out:
        return "Unavailable";
    case Code::bad_input:
    case Code::internal:
        return "Internal";
    }
    return "Internal";
}

} // namespace

void Output::print(std::string_view line) const
{
    print_line(out, "", line);
}

void Output::tell(std::string_view line) const
{
    print_line(err, "", line);
}

void Output::complain(std::string_view line) const
{
    print_line(err, "jitctl: ", line);
}

void Output::print_json(const json_t *object) const
{
    // ASCII, so that nothing in it can steer a terminal, and a program still reads it unchanged.
    const Handle<char, &std::free> text{json_dumps(object, JSON_ENSURE_ASCII)};
    if (!text) {
        complain("out of memory");
        return;
    }
    std::string line{text.get()};
    for (std::size_t at = 0; (at = line.find('\x7f', at)) != line.npos;)
        line.replace(at, 1, "\\u007f"); // the one control character that JSON lets through
    (void)std::fprintf(out, "%s\n", line.c_str());
}

std::string format_left(std::chrono::seconds left)
{
    if (left <= 0s)
        return "over";
    if (left < 1min)
        return format_duration(left);
    const auto minutes = std::chrono::round<std::chrono::minutes>(left);
    if (minutes < 24h)
        return format_duration(minutes);
    return format_duration(std::chrono::round<std::chrono::hours>(left));
}

std::string join(const std::vector<std::string> &texts)
{
    std::string out;
    for (const std::string &text : texts)
        out += (out.empty() ? "" : ",") + text;
    return out;
}

std::string format_granted(std::string_view role, WallTime until,
                           const std::vector<std::string> &groups, WallTime now)
{
    std::string line = "role " + std::string{role} + " until " + format_time(until) + " (" +
                       format_left(until - now) + " left)";
    if (!groups.empty())
        line += "; groups " + join(groups);
    return line;
}

std::string format_table(const std::vector<Row> &rows)
{
    std::vector<std::size_t> widths;
    std::vector<Row> cells;
    for (const Row &row : rows) {
        Row &safe = cells.emplace_back();
        for (std::size_t i = 0; i < row.size(); ++i) {
            safe.push_back(row[i].empty() ? "-" : safe_text(row[i], max_cell_bytes));
            if (widths.size() <= i)
                widths.push_back(0);
            widths[i] = std::max(widths[i], width_of(safe[i]));
        }
    }
    std::string out;
    for (const Row &row : cells) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size())
                line.append(widths[i] - width_of(row[i]) + 2, ' ');
        }
        out += line + '\n';
    }
    return out;
}

ipc::Json json_of(const ipc::GrantRecord &grant)
{
    ipc::Json object = ipc::encode_grant(grant);
    set_null_if_absent(object.get(), "service");
    set_null_if_absent(object.get(), "reason");
    return object;
}

ipc::Json json_of(const ipc::RequestRecord &request)
{
    ipc::Json object = ipc::encode_request(request);
    set_null_if_absent(object.get(), "service");
    set_null_if_absent(object.get(), "reason");
    return object;
}

Exit report(const Output &output, Exit exit, std::string_view word, std::string_view message)
{
    output.complain(message);
    if (output.json)
        print_error_object(output, word, message);
    return exit;
}

Exit report(const Output &output, const Error &error)
{
    std::string message = error.what;
    if (error.sys != 0)
        message += std::string{": "} + std::strerror(error.sys);
    if (error.code == Code::bad_input)
        message = "jitd's answer cannot be read: " + message;
    return report(output, exit_of(error), word_of(error.code), message);
}

Exit report(const Output &output, const ipc::Reply &reply)
{
    const Result<std::string> told = ipc::decode_fault_message(reply.parameters.get());
    const std::string_view word = last_part(reply.error);
    const bool is_ours = ipc::parse_fault(reply.error).has_value();
    const std::string message =
        is_ours && told.has_value() ? *told : "jitd answers with the error " + reply.error;
    return report(output, exit_of_error(reply.error), word, message);
}

} // namespace jit::ctl
