// A policy and a configuration without fault, and what turns their parts into faults.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/config.h"
#include "policy/parse.h"

namespace jit::policy {

inline constexpr std::string_view group_id = "3d0c5e5a-1111-4222-8333-444455556666";
inline constexpr std::string_view alice_id = "a11ce000-0000-4000-8000-000000000001";

// As the README shows it.
inline constexpr std::string_view readme_policy = R"(
[role.web]
description  = "restart the web server"
groups       = ["jit-web"]
requesters   = ["group:3d0c5e5a-1111-4222-8333-444455556666"]
services     = ["sudo"]
max_duration = "1h"
)";

inline constexpr std::string_view readme_config = R"(
[identity]
tenant    = "6f1c0000-0000-4000-8000-000000000000"
client_id = "c11e0000-0000-4000-8000-000000000000"

[users]
map = { alice = "A11CE000-0000-4000-8000-000000000001" }
)";

// Berlin as in 2026, and UTC; nothing else.
inline std::shared_ptr<const jit::Zone> find_test_zone(std::string_view name)
{
    using namespace std::chrono_literals;
    const auto at = [](long time) { return jit::WallTime{std::chrono::seconds{time}}; };
    if (name == "UTC")
        return std::make_shared<jit::Zone>(jit::Zone{"UTC", 0s, {}});
    if (name == "Europe/Berlin")
        return std::make_shared<jit::Zone>(
            jit::Zone{"Europe/Berlin", 1h, {{at(1'774'746'000), 2h}, {at(1'792'890'000), 1h}}});
    return nullptr;
}

inline ParsedPolicy parse_one(std::string_view text, bool ids_are_guids = true)
{
    const std::vector<SourceFile> files{{"/etc/jit/policy.d/a.toml", std::string{text}}};
    return parse_policy(files, {ids_are_guids, find_test_zone});
}

inline ParsedConfig parse_conf(std::string_view text)
{
    return parse_config({"/etc/jit/jitd.toml", std::string{text}});
}

// A role without fault but for the lines given, which come on its third line and after. A line
// that begins with the name of a key it has already replaces that one.
inline std::string role_with(std::string_view lines, std::string_view name = "web")
{
    std::string out = "[role." + std::string{name} + "]\n";
    const auto add = [&](std::string_view key, std::string_view value) {
        const std::string start = std::string{key} + " =";
        const std::string all = '\n' + std::string{lines};
        if (all.find('\n' + start) == std::string::npos)
            out += start + ' ' + std::string{value} + '\n';
    };
    out += lines;
    out += '\n';
    // Sections come last in TOML, so what is added must stand before the first.
    const std::size_t section = out.find("\n[role.", 1);
    const std::string rest = section == std::string::npos ? "" : out.substr(section);
    out.resize(section == std::string::npos ? out.size() : section + 1);
    add("groups", "[\"jit-web\"]");
    add("requesters", "[\"user:a11ce000-0000-4000-8000-000000000001\"]");
    add("services", "[\"sudo\"]");
    add("max_duration", "\"1h\"");
    return out + rest;
}

inline std::string all_of(const std::vector<Diagnostic> &diagnostics)
{
    std::string out;
    for (const Diagnostic &diagnostic : diagnostics)
        out += format_diagnostic(diagnostic) + '\n';
    return out;
}

inline bool holds(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

} // namespace jit::policy
