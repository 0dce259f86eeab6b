// Who was found to be whom: root looks, confirms and clears.
#include "jitd/api.h"

#include <algorithm>

#include "jitd/answers.h"
#include "jitd/words.h"
#include "lib/ipc/pins.h"

namespace jit::daemon {

namespace {

ipc::PinState pin_state_of(const Pin &pin, const std::optional<policy::Config> &config)
{
    if (pin.confirmed)
        return ipc::PinState::confirmed;
    return config && config->pin == policy::Config::Pin::root ? ipc::PinState::waits
                                                              : ipc::PinState::first;
}

AuditRecord make_record(const Pin &pin, std::string rule, std::string message)
{
    AuditRecord record;
    record.event = Event::config_changed;
    record.user = pin.user;
    record.oid = pin.oid;
    record.rule = std::move(rule);
    record.message = std::move(message);
    return record;
}

} // namespace

void Api::answer_pins(Call exchange)
{
    const auto call = ipc::decode_pins_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const std::vector<Pin> all = parts_.pins.all();
    auto pin = all.begin();
    if (call->after)
        pin = std::upper_bound(
            all.begin(), all.end(), *call->after,
            [](const std::string &user, const Pin &one) { return user < one.user; });
    ipc::PinsReply reply;
    for (; pin != all.end() && reply.pins.size() < ipc::max_pins_of_a_reply; ++pin)
        reply.pins.push_back({pin->user, pin->oid, pin->upn, pin->since,
                              pin_state_of(*pin, parts_.settings.config)});
    if (pin != all.end())
        reply.next = reply.pins.back().user;
    exchange->reply(ipc::encode_pins_reply(reply));
}

void Api::answer_confirm_pin(Call exchange)
{
    change_pin(exchange, "pin-confirmed", &Pins::confirm,
               [](const Pin &pin) { return "root confirms that " + pin.user + " is " + pin.upn; });
}

void Api::answer_clear_pin(Call exchange)
{
    change_pin(exchange, "pin-cleared", &Pins::clear, [](const Pin &pin) {
        return "root clears the pin of " + pin.user + ", who was " + pin.upn;
    });
}

// The record comes first, so that nothing changes without one.
void Api::change_pin(Call exchange, const char *rule, ChangePin change, SayPin say)
{
    const auto call = ipc::decode_pin_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const Pin *const found = parts_.pins.find(call->user);
    if (!found)
        return fail(exchange, ipc::Fault::not_found, words::no_pin(call->user));
    const Pin pin = *found;
    if (!parts_.audit.write(make_record(pin, rule, say(pin))))
        return fail(exchange, ipc::Fault::unavailable, words::pin_not_written);
    const auto changed = (parts_.pins.*change)(call->user);
    if (changed)
        return exchange->reply(ipc::Json{json_object()});
    (void)parts_.audit.write(
        make_record(pin, "pin-kept", "the pin of " + pin.user + " stays as it was, after all"));
    fail(exchange, ipc::Fault::unavailable, words::pin_not_written);
}

} // namespace jit::daemon
