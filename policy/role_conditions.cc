// [role.NAME.conditions]: what a sign-in must show, and when.
#include "lib/base/text.h"
#include "policy/role_reader.h"

namespace jit::policy {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_windows = 32;

// c1 to c99 (Microsoft's "authentication context" page).
bool is_auth_context(std::string_view text)
{
    return text.size() >= 2 && text.size() <= 3 && text[0] == 'c' && text[1] >= '1' &&
           text[1] <= '9' && (text.size() == 2 || (text[2] >= '0' && text[2] <= '9'));
}

void read_hours(TableReader &conditions, Conditions &out)
{
    const auto entries = conditions.texts("hours");
    if (!entries)
        return;
    const Place place = conditions.find("hours")->place;
    if (entries->empty())
        conditions.faults().error(place, "hours: the list is empty, so the role would never be "
                                         "open; expected such as \"Mon..Fri 08:00-18:00\"");
    if (entries->size() > max_windows)
        conditions.faults().error(place, "hours: more than 32 windows");
    for (const TomlNode *entry : *entries) {
        if (const auto window = parse_window(entry->text))
            out.hours.push_back(*window);
        else
            conditions.faults().error(entry->place,
                                      "hours: " + in_quotes(entry->text) +
                                          " is no window, expected days and two different times, "
                                          "such as \"Mon..Fri 08:00-18:00\", \"Sat,Sun "
                                          "22:00-06:00\" or \"00:00-24:00\"");
    }
}

// UTC unless it is said: the same policy means the same on every host.
void read_zone(TableReader &conditions, Conditions &out, const ParseOptions &options)
{
    const TomlNode *node = conditions.text("timezone");
    const std::string name = node != nullptr ? node->text : "UTC";
    if (options.find_zone)
        out.zone = options.find_zone(name);
    else if (name == "UTC")
        out.zone = std::make_shared<Zone>(Zone{name, 0s, {}});
    if (!out.zone)
        conditions.faults().error(node != nullptr ? node->place : conditions.place(),
                                  "timezone: no time zone " + in_quotes(name) +
                                      " on this host, expected a name such as "
                                      "\"Europe/Berlin\", and the package tzdata");
    if (node != nullptr && !conditions.has("hours"))
        conditions.faults().warning(node->place, "timezone: has no meaning without hours");
}

} // namespace

void read_conditions(TableReader &table, Role &role, const ParseOptions &options)
{
    read_table(
        table, "conditions", "[role." + role.name + ".conditions]", [&](TableReader &conditions) {
            if (const TomlNode *context = conditions.text("auth_context")) {
                if (!options.ids_are_guids)
                    conditions.faults().error(context->place,
                                              "auth_context: only Entra has those, and jitd.toml "
                                              "names another issuer");
                else if (!is_auth_context(context->text))
                    conditions.faults().error(context->place,
                                              "auth_context: " + in_quotes(context->text) +
                                                  " is no authentication context, expected \"c1\" "
                                                  "to \"c99\"");
                role.conditions.auth_context = context->text;
            }
            role.conditions.auth_age = conditions.duration("auth_age", 1s, 24h);
            role.conditions.guests = conditions.boolean("guests").value_or(false);
            read_hours(conditions, role.conditions);
            read_zone(conditions, role.conditions, options);
            conditions.refuse({"from", "tty", "accept_stale_signin"});
        });
}

} // namespace jit::policy
