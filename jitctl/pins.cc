// `jitctl pins [--confirm USER | --clear USER]`.
#include "lib/ipc/pins.h"

#include <utility>

#include "jitctl/verbs.h"
#include "lib/base/text.h"

namespace jit::ctl {

namespace {

constexpr std::size_t max_pins = 10'000;

struct Pins {
    std::vector<ipc::PinRecord> pins;
    std::optional<ipc::Reply> refusal; // the error that jitd answered with instead
};

// All of them, page by page.
Result<Pins> ask_pins(const std::string &socket)
{
    Client client = TRY(Client::connect(socket, boot_time() + answer_within));
    Pins all;
    ipc::PinsCall call;
    do {
        const ipc::Json parameters = ipc::encode_pins_call(call);
        TRY(client.send(ipc::method::pins, parameters.get(), false, boot_time() + answer_within));
        ipc::Reply reply = TRY(client.receive(answer_within));
        if (!reply.error.empty()) {
            all.refusal = std::move(reply);
            return all;
        }
        ipc::PinsReply page = TRY(ipc::decode_pins_reply(reply.parameters.get()));
        if (page.next && (page.pins.empty() || all.pins.size() > max_pins))
            return Error{Code::bad_input, "too many pins"};
        for (ipc::PinRecord &pin : page.pins)
            all.pins.push_back(std::move(pin));
        call.after = std::move(page.next);
    } while (call.after);
    return all;
}

ipc::Json json_of(const Pins &all)
{
    ipc::Json object{json_pack("{s:[]}", "pins")};
    json_t *pins = json_object_get(object.get(), "pins");
    for (const ipc::PinRecord &pin : all.pins)
        if (json_array_append_new(pins, ipc::encode_pin(pin).release()) != 0)
            return {};
    return object;
}

// ConfirmPin and ClearPin ask and answer alike.
Exit change(const Command &command, const Output &output, const std::string &socket,
            std::string_view method, const char *done)
{
    const std::string user = command.user.value_or("");
    const Result<ipc::Reply> reply =
        ask(socket, method, ipc::encode_pin_call({user}), answer_within);
    if (!reply.has_value())
        return report(output, reply.error());
    if (!reply->error.empty())
        return report(output, *reply);
    const Result<void> empty = ipc::decode_empty_reply(reply->parameters.get());
    if (!empty.has_value())
        return report(output, empty.error());
    if (output.json)
        output.print_json(
            ipc::Json{json_pack("{s:s,s:s}", "user", user.c_str(), "state", done)}.get());
    else
        output.print(done + (": " + user));
    return Exit::done;
}

} // namespace

Exit pins(const Command &, const Output &output, const std::string &socket)
{
    const Result<Pins> all = ask_pins(socket);
    if (!all.has_value())
        return report(output, all.error());
    if (all->refusal)
        return report(output, *all->refusal);
    if (output.json) {
        output.print_json(json_of(*all).get());
        return Exit::done;
    }
    if (all->pins.empty()) {
        output.print("nobody is pinned");
        return Exit::done;
    }
    std::vector<Row> rows{{"USER", "UPN", "OID", "SINCE", "STATE"}};
    for (const ipc::PinRecord &pin : all->pins)
        rows.push_back(
            {pin.user, pin.upn, pin.oid, format_time(pin.since), std::string{name_of(pin.state)}});
    (void)std::fputs(format_table(rows).c_str(), output.out); // main() looks at the stream
    return Exit::done;
}

Exit confirm_pin(const Command &command, const Output &output, const std::string &socket)
{
    return change(command, output, socket, ipc::method::confirm_pin, "confirmed");
}

Exit clear_pin(const Command &command, const Output &output, const std::string &socket)
{
    return change(command, output, socket, ipc::method::clear_pin, "cleared");
}

} // namespace jit::ctl
