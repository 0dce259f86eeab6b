#include "jitctl/cli.h"

#include <algorithm>
#include <string_view>

#include <CLI/CLI.hpp>

#include "lib/base/text.h"
#include "lib/ipc/elevation.h"
#include "policy/network.h"

namespace jit::ctl {

namespace {

// The texts that CLI11 fills in, before they are checked.
struct Raw {
    bool json = false;
    bool all = false;
    bool version = false;
    std::string target;
    std::string user;
    std::string role;
    std::string reason;
    std::string duration;
    std::string confirm;
    std::string clear;
    std::string at;
    std::string since;
    std::string from;
    std::string file;
    bool no_terminal = false;
    bool yes = false;
    std::string style = "gate";
    bool is_checked = false;
};

Parsed fault(std::string text)
{
    return {std::nullopt, false, std::move(text)};
}

struct Subcommands {
    CLI::App *doctor, *sudoers, *request, *extend, *pending, *approve, *deny, *status, *roles,
        *list, *drop, *revoke, *cancel, *pins, *policy, *check, *explain, *simulate, *test;
};

Subcommands declare(CLI::App &app, Raw &raw)
{
    const auto add = [&raw](CLI::App &above, const char *name, const char *what) {
        CLI::App *sub = above.add_subcommand(name, what);
        sub->add_flag("--json", raw.json, "print one JSON object on standard output");
        return sub;
    };
    app.add_flag("--json", raw.json, "print one JSON object on standard output");
    app.add_flag("--version", raw.version, "print the version");

    Subcommands subs{};
    subs.request = add(app, "request", "ask for a role, and wait until it is granted or denied");
    subs.request->add_option("ROLE", raw.target, "the role")->required();
    subs.request->add_option("--for", raw.duration,
                             "for how long: 30m, 1h30m (default: the role's)");
    subs.request->add_option("--reason", raw.reason, "why, for the record; at most 512 bytes");
    subs.request->add_option("--user", raw.user, "ask for another user (root)");

    subs.extend =
        add(app, "extend", "keep a role longer, and wait until that is granted or denied");
    subs.extend->add_option("ROLE|ID", raw.target, "your grant of this role, or with this id")
        ->required();
    subs.extend->add_option("--for", raw.duration,
                            "longer by so much: 30m, 1h30m (default: the role's usual time)");
    subs.extend->add_option("--reason", raw.reason, "why, for the record; at most 512 bytes");

    subs.pending = add(app, "pending", "what others ask for and wait for your approval of");

    subs.approve = add(app, "approve", "say yes to somebody else's request, by a sign-in");
    subs.approve->add_option("ID", raw.target, "the request")->required();
    subs.approve->add_flag("--yes", raw.yes, "do not ask for a yes before the code");

    subs.deny = add(app, "deny", "say no to somebody else's request, by a sign-in");
    subs.deny->add_option("ID", raw.target, "the request")->required();
    subs.deny->add_option("--reason", raw.reason,
                          "why, for the requester and the record; at most 512 bytes");

    subs.status = add(app, "status", "your live grants and pending requests");
    subs.status->add_option("ID", raw.target, "one grant or request, also an ended one");

    subs.roles = add(app, "roles", "the roles that you may ask for on this host");

    subs.list = add(app, "list", "grants and requests, newest first");
    subs.list->add_flag("--all", raw.all, "those of everybody, and ended ones too (root)");

    subs.drop = add(app, "drop", "hand a grant back before its end");
    subs.drop->add_option("ROLE|ID", raw.target, "your grant of this role, or with this id")
        ->required();

    subs.revoke = add(app, "revoke", "take grants away (root)");
    subs.revoke->add_option("ID", raw.target, "the grant with this id");
    subs.revoke->add_option("--user", raw.user, "all grants of a user");
    subs.revoke->add_option("--role", raw.role, "all grants of a role");
    subs.revoke->add_flag("--all", raw.all, "all grants");

    subs.cancel = add(app, "cancel", "withdraw a request that is not granted yet");
    subs.cancel->add_option("ID", raw.target, "the request")->required();

    subs.pins = add(app, "pins", "which person each user was found to be by name (root)");
    subs.pins->add_option("--confirm", raw.confirm, "say that the user is that person");
    subs.pins->add_option("--clear", raw.clear, "forget it: the user's next sign-in decides anew");

    subs.sudoers = add(app, "sudoers", "print sudo's side of the policy, for /etc/sudoers.d");
    subs.sudoers
        ->add_option("--style", raw.style, "gate (default): standing rules; group: by grant")
        ->check(CLI::IsMember({"gate", "group"}));
    subs.sudoers->add_flag("--check", raw.is_checked, "have visudo look at it, too");

    subs.doctor = add(app, "doctor", "say where on this host a refusal would not be one (root)");

    subs.policy = app.add_subcommand("policy", "look at policies");
    subs.policy->require_subcommand(1);
    subs.check = add(*subs.policy, "check", "say all that is wrong with policy files");
    subs.check->add_option("DIR", raw.target, "the folder (default: /etc/jit/policy.d)");

    subs.explain = add(*subs.policy, "explain", "what would come of a request, rule by rule");
    subs.explain->add_option("DIR", raw.target, "the folder (default: /etc/jit/policy.d)");
    subs.explain->add_option("--user", raw.user, "who asks")->required();
    subs.explain->add_option("--role", raw.role, "for which role")->required();
    subs.explain->add_option("--for", raw.duration, "for how long (default: the role's)");
    subs.explain->add_option("--at", raw.at, "when: 2026-11-30T09:15:00Z (default: now)");
    subs.explain->add_option("--from", raw.from, "from which address, at a login");
    subs.explain->add_option("--reason", raw.reason, "why (default: it can still be asked for)");
    subs.explain->add_flag("--no-tty", raw.no_terminal, "without a terminal");
    subs.explain->add_option("--claims", raw.file, "a file with the claims of an ID token, JSON");

    subs.simulate =
        add(*subs.policy, "simulate", "what would have come of earlier requests (root)");
    subs.simulate->add_option("DIR", raw.target, "the folder (default: /etc/jit/policy.d)");
    subs.simulate->add_option("--since", raw.since, "from when on: 2026-11-01T00:00:00Z, or 30d")
        ->required();

    subs.test = add(*subs.policy, "test", "hold a policy against what is expected of it");
    subs.test->add_option("FILE", raw.file, "the expectations, TOML")->required();
    return subs;
}

// A value of an option that was given, even if it is empty.
std::optional<std::string> given(const CLI::App &sub, const char *option, const std::string &value)
{
    if (sub.count(option) == 0)
        return std::nullopt;
    return value;
}

// --for, if it is given; false: it is no duration.
bool read_duration(const CLI::App &sub, const Raw &raw, Command &command)
{
    const auto text = given(sub, "--for", raw.duration);
    if (text)
        command.duration = parse_duration(*text);
    return !text || (command.duration && command.duration->count() > 0);
}

bool read_reason(const CLI::App &sub, const Raw &raw, Command &command)
{
    command.reason = given(sub, "--reason", raw.reason);
    return !command.reason ||
           (!command.reason->empty() && command.reason->size() <= ipc::max_reason_bytes);
}

constexpr const char *bad_duration = "--for takes a duration such as 30m, 8h or 1h30m";
constexpr const char *bad_reason = "--reason takes 1 to 512 bytes of text";

Parsed check_request(const CLI::App &sub, const Raw &raw)
{
    Command command;
    command.verb = Verb::request;
    command.json = raw.json;
    if (!is_name(raw.target))
        return fault("that is not the name of a role");
    command.role = raw.target;
    if (!read_duration(sub, raw, command))
        return fault(bad_duration);
    if (!read_reason(sub, raw, command))
        return fault(bad_reason);
    command.user = given(sub, "--user", raw.user);
    if (command.user && !is_name(*command.user))
        return fault("--user takes the name of a user");
    return {std::move(command), false, {}};
}

Parsed check_revoke(const CLI::App &sub, const Raw &raw)
{
    Command command;
    command.verb = Verb::revoke;
    command.json = raw.json;
    command.all = raw.all;
    command.id = given(sub, "ID", raw.target);
    command.user = given(sub, "--user", raw.user);
    command.role = given(sub, "--role", raw.role);
    const int kinds = int{command.id.has_value()} + int{command.user.has_value()} +
                      int{command.role.has_value()} + int{command.all};
    if (kinds != 1)
        return fault("revoke takes exactly one of ID, --user, --role and --all");
    if (command.id && !is_id(*command.id))
        return fault("an id is 16 hex digits in lower case");
    if ((command.user && !is_name(*command.user)) || (command.role && !is_name(*command.role)))
        return fault("that is not a name");
    return {std::move(command), false, {}};
}

Parsed check_pins(const CLI::App &sub, const Raw &raw)
{
    Command command;
    command.verb = Verb::pins;
    command.json = raw.json;
    const auto confirm = given(sub, "--confirm", raw.confirm);
    const auto clear = given(sub, "--clear", raw.clear);
    if (confirm && clear)
        return fault("pins takes at most one of --confirm and --clear");
    if (confirm || clear) {
        command.verb = confirm ? Verb::confirm_pin : Verb::clear_pin;
        command.user = confirm ? confirm : clear;
        if (!is_name(*command.user))
            return fault(confirm ? "--confirm takes the name of a user"
                                 : "--clear takes the name of a user");
    }
    return {std::move(command), false, {}};
}

Parsed check_extend(const CLI::App &sub, const Raw &raw)
{
    Command command;
    command.verb = Verb::extend;
    command.json = raw.json;
    if (is_id(raw.target))
        command.id = raw.target;
    else if (is_name(raw.target))
        command.role = raw.target;
    else
        return fault("extend takes a role, or an id of 16 hex digits in lower case");
    if (!read_duration(sub, raw, command))
        return fault(bad_duration);
    if (!read_reason(sub, raw, command))
        return fault(bad_reason);
    return {std::move(command), false, {}};
}

Parsed check_explain(const CLI::App &sub, const Raw &raw)
{
    Command command;
    command.verb = Verb::policy_explain;
    command.json = raw.json;
    command.directory = given(sub, "DIR", raw.target);
    command.user = raw.user;
    command.role = raw.role;
    if (!is_name(raw.user) || !is_name(raw.role))
        return fault("--user and --role take names");
    if (!read_duration(sub, raw, command))
        return fault(bad_duration);
    if (const auto text = given(sub, "--at", raw.at)) {
        command.at = parse_time(*text);
        if (!command.at)
            return fault("--at takes a time in UTC such as 2026-11-30T09:15:00Z");
    }
    command.from = given(sub, "--from", raw.from);
    if (command.from && !policy::parse_address(*command.from))
        return fault("--from takes an address such as 192.0.2.7 or 2001:db8::7");
    command.reason = given(sub, "--reason", raw.reason);
    command.file = given(sub, "--claims", raw.file);
    command.has_terminal = !raw.no_terminal;
    return {std::move(command), false, {}};
}

Parsed check_simulate(const CLI::App &sub, const Raw &raw)
{
    Command command;
    command.verb = Verb::policy_simulate;
    command.json = raw.json;
    command.directory = given(sub, "DIR", raw.target);
    if (const auto ago = parse_duration(raw.since))
        command.at = wall_time() - *ago;
    else
        command.at = parse_time(raw.since);
    if (!command.at)
        return fault("--since takes a time in UTC such as 2026-11-01T00:00:00Z, or how long ago: "
                     "30d");
    return {std::move(command), false, {}};
}

// The verbs that take one id, or none, or a role.
Parsed check_target(Verb verb, const CLI::App &sub, const char *option, const Raw &raw)
{
    Command command;
    command.verb = verb;
    command.json = raw.json;
    const auto target = given(sub, option, raw.target);
    if (target && is_id(*target))
        command.id = target;
    else if (target && verb == Verb::drop && is_name(*target))
        command.role = target;
    else if (target)
        return fault(verb == Verb::drop
                         ? "drop takes a role, or an id of 16 hex digits in lower case"
                         : "an id is 16 hex digits in lower case");
    return {std::move(command), false, {}};
}

Parsed check_answer(Verb verb, const CLI::App &sub, const Raw &raw)
{
    Parsed parsed = check_target(verb, sub, "ID", raw);
    if (!parsed.command)
        return parsed;
    parsed.command->yes = raw.yes;
    if (verb == Verb::deny && !read_reason(sub, raw, *parsed.command))
        return fault(bad_reason);
    return parsed;
}

Parsed check(const CLI::App &app, const Subcommands &subs, const Raw &raw)
{
    Command command;
    command.json = raw.json;
    if (raw.version) {
        command.verb = Verb::version;
        return {std::move(command), false, {}};
    }
    if (app.got_subcommand(subs.request))
        return check_request(*subs.request, raw);
    if (app.got_subcommand(subs.extend))
        return check_extend(*subs.extend, raw);
    if (app.got_subcommand(subs.revoke))
        return check_revoke(*subs.revoke, raw);
    if (app.got_subcommand(subs.pins))
        return check_pins(*subs.pins, raw);
    if (app.got_subcommand(subs.status))
        return check_target(Verb::status, *subs.status, "ID", raw);
    if (app.got_subcommand(subs.cancel))
        return check_target(Verb::cancel, *subs.cancel, "ID", raw);
    if (app.got_subcommand(subs.drop))
        return check_target(Verb::drop, *subs.drop, "ROLE|ID", raw);
    if (app.got_subcommand(subs.approve))
        return check_answer(Verb::approve, *subs.approve, raw);
    if (app.got_subcommand(subs.deny))
        return check_answer(Verb::deny, *subs.deny, raw);
    if (app.got_subcommand(subs.pending)) {
        command.verb = Verb::pending;
    } else if (app.got_subcommand(subs.roles)) {
        command.verb = Verb::roles;
    } else if (app.got_subcommand(subs.sudoers)) {
        command.verb = Verb::sudoers;
        command.is_group_style = raw.style == "group";
        command.is_checked = raw.is_checked;
    } else if (app.got_subcommand(subs.list)) {
        command.verb = Verb::list;
        command.all = raw.all;
    } else if (app.got_subcommand(subs.doctor)) {
        command.verb = Verb::doctor;
    } else if (subs.policy->got_subcommand(subs.explain)) {
        return check_explain(*subs.explain, raw);
    } else if (subs.policy->got_subcommand(subs.simulate)) {
        return check_simulate(*subs.simulate, raw);
    } else if (subs.policy->got_subcommand(subs.test)) {
        command.verb = Verb::policy_test;
        command.file = raw.file;
    } else if (app.got_subcommand(subs.policy)) {
        command.verb = Verb::policy_check;
        command.directory = given(*subs.check, "DIR", raw.target);
    } else {
        return fault("what shall be done? A verb is needed");
    }
    return {std::move(command), false, {}};
}

// Of arguments that could not be read to their end.
bool names_json(int argc, const char *const *argv)
{
    return std::any_of(argv + std::min(argc, 1), argv + argc,
                       [](const char *each) { return std::string_view{each} == "--json"; });
}

Parsed parse_all(int argc, const char *const *argv)
{
    try {
        CLI::App app{"Time-limited privilege on this host: ask for it, look at it, hand it back.",
                     "jitctl"};
        app.set_help_flag("-h,--help", "print this help");
        app.require_subcommand(0, 1);
        app.footer("Exit: 0 done, 1 denied, 2 usage or configuration, 3 jitd or the provider "
                   "unreachable,\n4 timed out, 5 cancelled, 6 not permitted, 7 not found, "
                   "70 our fault. See jitctl(1).");
        Raw raw;
        const Subcommands subs = declare(app, raw);
        try {
            app.parse(argc, argv);
        } catch (const CLI::CallForHelp &) {
            return {std::nullopt, true, app.help()};
        } catch (const CLI::ParseError &error) {
            return fault(error.what());
        }
        return check(app, subs, raw);
    } catch (const CLI::Error &error) { // a declaration of ours that CLI11 will not have
        return fault(error.what());
    }
}

} // namespace

Parsed parse_arguments(int argc, const char *const *argv)
{
    Parsed parsed = parse_all(argc, argv);
    parsed.json = names_json(argc, argv);
    return parsed;
}

} // namespace jit::ctl
