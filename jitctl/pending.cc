// `jitctl pending`, and the picture of one request that `approve` and `deny` show.
#include "jitctl/pending.h"

#include <utility>

#include "jitctl/pages.h"
#include "jitctl/verbs.h"
#include "lib/base/text.h"

namespace jit::ctl {

namespace {

constexpr std::size_t max_value_bytes = 1024;

bool is_inside_character(const std::string &text, std::size_t at)
{
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80;
}

void add_line(std::vector<std::string> &lines, std::string_view name, std::string_view value,
              std::size_t width)
{
    constexpr std::size_t name_width = 12;
    std::string head = "  " + std::string{name};
    head.resize(2 + name_width, ' ');
    std::string rest = safe_text(value, max_value_bytes);
    do {
        std::size_t end = std::min(rest.size(), width);
        while (end > 0 && is_inside_character(rest, end))
            --end;
        if (end < rest.size())
            if (const std::size_t blank = rest.rfind(' ', end); blank != rest.npos && blank > 0)
                end = blank;
        lines.push_back(head + rest.substr(0, end));
        head.assign(head.size(), ' ');
        rest.erase(0, end);
        rest.erase(0, rest.find_first_not_of(' '));
    } while (!rest.empty());
}

std::string format_longer(const ipc::PendingRecord &request)
{
    return format_duration(request.duration) + (request.extends ? " longer" : "");
}

ipc::Json json_of(const PendingRequests &all)
{
    ipc::Json object{json_pack("{s:[]}", "requests")};
    json_t *requests = json_object_get(object.get(), "requests");
    for (const ipc::PendingRecord &request : all.requests)
        if (json_array_append_new(requests, ipc::encode_pending(request).release()) != 0)
            return {};
    return object;
}

} // namespace

Result<PendingRequests> ask_pending(const std::string &socket, const std::optional<std::string> &id)
{
    PendingRequests all;
    const auto make = [&id](const std::optional<std::string> &after) {
        return ipc::encode_pending_call({id, after});
    };
    const auto take = [&all](const json_t *parameters) -> Result<std::optional<std::string>> {
        ipc::PendingReply reply = TRY(ipc::decode_pending_reply(parameters));
        if (reply.request)
            all.requests.push_back(*std::move(reply.request));
        return std::move(reply.next);
    };
    all.refusal = TRY(ask_pages(socket, ipc::method::pending, make, take));
    return all;
}

std::string requester_of(const ipc::PendingRecord &request)
{
    return request.person ? request.user + " (" + *request.person + ")" : request.user;
}

std::string format_approved(const ipc::PendingRecord &request)
{
    return std::to_string(request.approvers.size()) + " of " + std::to_string(request.needed) +
           " have approved it";
}

std::vector<std::string> format_pending(const ipc::PendingRecord &request, WallTime now,
                                        std::size_t width)
{
    std::vector<std::string> lines{"request " + request.id + " waits for approval"};
    const auto add = [&](std::string_view name, std::string_view value) {
        add_line(lines, name, value, width);
    };
    const auto maybe = [&](std::string_view name, const std::optional<std::string> &value) {
        if (value)
            add(name, *value);
    };
    add("host", request.host);
    add("requester", requester_of(request));
    add("role",
        request.description.empty() ? request.role : request.role + ": " + request.description);
    maybe("service", request.service);
    maybe("command", request.command);
    maybe("terminal", request.tty);
    maybe("address", request.rhost);
    add("duration", format_longer(request) + (request.extends ? ", on grant " : "") +
                        request.extends.value_or(""));
    maybe("reason", request.reason);
    add("deadline", format_time(request.deadline) + " (" + format_left(request.deadline - now) +
                        (request.deadline > now ? " left)" : ")"));
    add("approved", format_approved(request));
    return lines;
}

Exit pending(const Command &, const Output &output, const std::string &socket)
{
    const Result<PendingRequests> all = ask_pending(socket, std::nullopt);
    if (!all.has_value())
        return report(output, all.error());
    if (all->refusal)
        return report(output, *all->refusal);
    if (output.json)
        output.print_json(json_of(*all).get());
    if (all->requests.empty())
        output.tell("nothing waits for your approval");
    if (output.json || all->requests.empty())
        return Exit::done;
    const WallTime now = wall_time();
    std::vector<Row> rows{{"ID", "ROLE", "USER", "FOR", "DEADLINE", "LEFT", "APPROVED", "REASON"}};
    for (const ipc::PendingRecord &request : all->requests)
        rows.push_back(
            {request.id, request.role, requester_of(request), format_longer(request),
             format_time(request.deadline), format_left(request.deadline - now),
             std::to_string(request.approvers.size()) + " of " + std::to_string(request.needed),
             request.reason.value_or("")});
    (void)std::fputs(format_table(rows).c_str(), output.out); // main() looks at the stream
    return Exit::done;
}

} // namespace jit::ctl
