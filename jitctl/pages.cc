#include "jitctl/pages.h"

#include <utility>

#include "jitctl/client.h"

namespace jit::ctl {

namespace {

constexpr std::size_t max_records = 10'000;

} // namespace

Result<std::optional<ipc::Reply>> ask_pages(const std::string &socket, std::string_view method,
                                            const MakePage &make, const TakeRecord &take)
{
    Client client = TRY(Client::connect(socket, boot_time() + answer_within));
    std::optional<std::string> after;
    for (std::size_t taken = 0;;) {
        const ipc::Json parameters = make(after);
        TRY(client.send(method, parameters.get(), true, boot_time() + answer_within));
        std::optional<std::string> next;
        for (bool continues = true; continues;) {
            ipc::Reply reply = TRY(client.receive(answer_within));
            if (!reply.error.empty())
                return std::optional{std::move(reply)};
            if (++taken > max_records)
                return Error{Code::bad_input, "too many records"};
            continues = reply.continues;
            next = TRY(take(reply.parameters.get()));
        }
        if (!next)
            return std::optional<ipc::Reply>{};
        // Else there would be no end to it.
        if (after && *next <= *after)
            return Error{Code::bad_input, "the pages do not go on"};
        after = std::move(next);
    }
}

} // namespace jit::ctl
