// [role.NAME.conditions]: what a sign-in must show, and when.
#include "lib/base/text.h"
#include "policy/role_reader.h"
#include "policy/services.h"

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
    if (conditions.find("hours")->items.empty())
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

std::shared_ptr<const Zone> find_zone(const std::string &name, Shared &shared)
{
    const auto [place, is_new] = shared.zones.try_emplace(name);
    if (is_new && shared.options.find_zone)
        place->second = shared.options.find_zone(name);
    else if (is_new && name == "UTC")
        place->second = std::make_shared<Zone>(Zone{name, 0s, {}});
    return place->second;
}

// UTC unless it is said: the same policy means the same on every host.
void read_zone(TableReader &conditions, Conditions &out, Shared &shared)
{
    const TomlNode *node = conditions.text("timezone");
    const std::string name = node != nullptr ? node->text : "UTC";
    out.zone = find_zone(name, shared);
    if (!out.zone)
        conditions.faults().error(node != nullptr ? node->place : conditions.place(),
                                  "timezone: no time zone " + in_quotes(name) +
                                      " on this host, expected a name such as "
                                      "\"Europe/Berlin\", and the package tzdata");
}

void read_from(TableReader &conditions, Role &role)
{
    const auto entries = conditions.texts("from");
    if (!entries)
        return;
    const Place place = conditions.find("from")->place;
    if (conditions.find("from")->items.empty())
        conditions.faults().error(place, "from: the list is empty, so nobody could come from "
                                         "there; expected such as \"10.0.0.0/8\"");
    for (const TomlNode *entry : *entries) {
        if (const auto network = parse_network(entry->text))
            role.conditions.from.push_back(*network);
        else
            conditions.faults().error(entry->place,
                                      "from: " + in_quotes(entry->text) +
                                          " is no network, expected an address, or the first one "
                                          "of a network and the length of its prefix, such as "
                                          "\"10.0.0.0/8\" or \"2001:db8::/32\"");
    }
    // Nobody comes to those from an address, so the role would never be open there.
    for (const std::string &service : role.services)
        if (!has_address(service))
            conditions.faults().error(place, "from: " + in_quotes(service) +
                                                 " is not reached from an address, expected "
                                                 "services to be sshd or login");
    if (role.services.empty())
        conditions.faults().error(place, "from: `jitctl request` is not reached from an address, "
                                         "expected services to be sshd or login");
}

// Who signed in an hour ago is no less signed in for the device flow (Microsoft identity platform,
// OAuth 2.0 device authorization grant: single sign-on of the browser counts).
void require_fresh_sign_in(TableReader &table, const Role &role)
{
    const Conditions &read = role.conditions;
    // Elsewhere the provider asks anew for what it activates, or nobody signs in.
    const Approval::Mode mode = role.approval.mode;
    const bool is_here = mode == Approval::Mode::self || mode == Approval::Mode::approver;
    if (role.allow_root_equivalent && is_here && read.auth_context.empty() && !read.auth_age &&
        !read.accept_stale_signin)
        table.faults().error(table.place(),
                             "[role." + role.name +
                                 "]: allow_root_equivalent, and a sign-in of any age would "
                                 "do, expected conditions.auth_context, "
                                 "conditions.auth_age, or conditions.accept_stale_signin = "
                                 "true");
}

} // namespace

void read_conditions(TableReader &table, Role &role, Shared &shared)
{
    const TomlNode none;
    const TomlNode *const node = table.table("conditions");
    TableReader conditions{table.faults(), node != nullptr ? *node : none,
                           "[role." + role.name + ".conditions]"};
    if (const TomlNode *context = conditions.text("auth_context")) {
        if (!shared.options.ids_are_guids)
            conditions.faults().error(context->place, "auth_context: only Entra has those, and "
                                                      "jitd.toml names another issuer");
        else if (!is_auth_context(context->text))
            conditions.faults().error(context->place,
                                      "auth_context: " + in_quotes(context->text) +
                                          " is no authentication context, expected \"c1\" to "
                                          "\"c99\"");
        role.conditions.auth_context = context->text;
    }
    role.conditions.auth_age = conditions.duration("auth_age", 1s, 24h);
    role.conditions.guests = conditions.boolean("guests").value_or(false);
    role.conditions.tty = conditions.boolean("tty").value_or(false);
    role.conditions.accept_stale_signin = conditions.boolean("accept_stale_signin").value_or(false);
    read_hours(conditions, role.conditions);
    read_zone(conditions, role.conditions, shared);
    read_from(conditions, role);
    if (const TomlNode *zone = conditions.find("timezone");
        zone != nullptr && !conditions.has("hours") && !role.limits.per_day)
        conditions.faults().warning(zone->place,
                                    "timezone: has no meaning without hours or limits.per_day");
    conditions.finish();
    require_fresh_sign_in(table, role);
}

} // namespace jit::policy
