#include "tests/bench/made_policy.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdint>
#include <cstdio>

namespace jit::bench {

namespace {

constexpr unsigned most_files = 200;
constexpr unsigned families = 12; // roles whose accounts are a pattern; each names the others

[[gnu::format(printf, 1, 2)]] std::string format(const char *shape, ...)
{
    std::array<char, 512> out{};
    va_list values;
    va_start(values, shape);
    (void)std::vsnprintf(out.data(), out.size(), shape, values); // fits: the shapes are below
    va_end(values);
    return out.data();
}

// The teams that share the files.
unsigned team_of(unsigned role, unsigned roles)
{
    const unsigned files = std::min(most_files, (roles + 9) / 10);
    return static_cast<unsigned>(std::uint64_t{role} * files / roles);
}

bool is_family(unsigned role)
{
    return role % 7 == 2 && role / 7 < families;
}

bool is_unlisted(unsigned role)
{
    return role % 50 == 49;
}

std::string accounts_of(unsigned role)
{
    if (is_family(role)) {
        const unsigned family = role / 7;
        std::string out = format("\"f%02u-*\"", family);
        for (unsigned other = family + 1; other < families; ++other)
            out += format(", \"!f%02u-*\"", other);
        return out;
    }
    std::string out = format("\"app%u\"", role);
    static constexpr std::array<const char *, 3> more{"-batch", "-deploy", "-db"};
    for (unsigned i = 0; i < role % 4; ++i)
        out += format(", \"app%u%s\"", role, more[i]);
    return out;
}

std::string requesters_of(unsigned role, unsigned team)
{
    std::string out = format("\"group:3d0c5e5a-%04x-4000-8000-%012x\"", team, role);
    if (role % 3 == 0)
        out += format(", \"approle:Elevate.Team%u\"", team);
    if (role % 5 == 0)
        out += format(", \"user:a11ce000-%04x-4000-8000-%012x\", \"local-group:team%u\"", team,
                      role, team);
    return out;
}

std::string conditions_of(unsigned role, unsigned team)
{
    static constexpr std::array<const char *, 4> zones{"Europe/Berlin", "America/New_York",
                                                       "Asia/Kolkata", "UTC"};
    std::string out;
    if (role % 3 == 0)
        out += format("hours = [\"Mon..Fri 07:00-19:00\", \"Sat,Sun %02u:00-16:00\"]\n"
                      "timezone = \"%s\"\n",
                      role % 9, zones[team % zones.size()]);
    if (role % 4 == 1)
        out += "auth_age = \"10m\"\n";
    if (role % 8 == 2)
        out += format("auth_context = \"c%u\"\n", 1 + team % 9);
    return out.empty() ? out : format("[role.team%u-%u.conditions]\n", team, role) + out;
}

std::string make_role(unsigned role, unsigned team)
{
    const std::string name = format("team%u-%u", team, role);
    std::string out = format("[role.%s]\n", name.c_str());
    out += format("description = \"work %u of team %u, on its own hosts\"\n", role, team);
    out += format("groups = [\"jit-team%u\", \"jit-app%u\"]\n", team, role);
    out += "requesters = [" + requesters_of(role, team) + "]\n";
    if (!is_unlisted(role)) {
        out += role % 6 == 5 ? "services = [\"sudo\", \"su\"]\n" : "services = [\"sudo\"]\n";
        out += "accounts = [" + accounts_of(role) + "]\n";
    }
    if (role % 2 == 0)
        out += format("hosts = [\"web%02u*\", \"db%02u*\", \"tag:prod\"]\n", team % 40, team % 40);
    out += format("default_duration = \"%um\"\nmax_duration = \"%uh\"\n", 10 + role % 20,
                  1 + role % 8);
    if (role % 4 == 0)
        out += format("[role.%s.approval]\nmode = \"self\"\ntimeout = \"10m\"\n", name.c_str());
    out += conditions_of(role, team);
    if (role % 2 == 1)
        out += format("[role.%s.justification]\nrequired = true\npattern = "
                      "'^(INC|CHG|TEAM%u)-[0-9]+'\nhint = \"ticket, then why\"\n",
                      name.c_str(), team);
    if (role % 3 == 1)
        out += format("[role.%s.limits]\nper_day = \"4h\"\ncooldown = \"5m\"\nmax_active = %u\n",
                      name.c_str(), 1 + role % 5);
    return out + "\n";
}

std::vector<policy::SourceFile> make_files(unsigned roles, std::string (*make)(unsigned, unsigned))
{
    std::vector<policy::SourceFile> files;
    for (unsigned role = 0; role < roles; ++role) {
        const unsigned team = team_of(role, roles);
        if (files.size() == team)
            files.push_back({format("/etc/jit/policy.d/%03u.toml", team), {}});
        files.back().text += make(role, team);
    }
    return files;
}

} // namespace

std::vector<policy::SourceFile> make_policy(unsigned roles)
{
    return make_files(roles, &make_role);
}

std::vector<policy::SourceFile> make_entangled_policy(unsigned roles)
{
    return make_files(roles, [](unsigned role, unsigned team) {
        return format("[role.r%u]\n"
                      "groups = [\"jit-team%u\"]\n"
                      "requesters = [\"local-group:team%u\"]\n"
                      "services = [\"sudo\"]\n"
                      "accounts = [\"*\"]\n"
                      "max_duration = \"1h\"\n",
                      role, team, team);
    });
}

Knock make_knock(unsigned roles, unsigned n)
{
    // A plain step over the roles, with no factor in common with their numbers.
    const unsigned role = n * 7919U % roles;
    const unsigned made = std::min(families, (roles + 4) / 7);
    switch (n % 3) {
    case 0:
        return {{"sudo", {format("app%u", role)}}, format("CHG-%u because of it", n)};
    case 1:
        return {{"sudo-i", {format("f%02u-%u", role % made, role)}}, "INC-7 disk full"};
    default:
        return {{"sudo", {format("nobody%u", role)}}, ""};
    }
}

} // namespace jit::bench
