// jitd.toml: which provider, which host, which person is which user.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/source.h"

namespace jit::policy {

// What a webhook may be told of, by name; jitd/notice.h says which records each stands for.
inline constexpr std::array<std::string_view, 10> notice_events{
    "requested", "approved", "denied",  "cancelled", "granted",
    "extended",  "expired",  "dropped", "revoked",   "refused"};

// Somebody who is told what happens, by HTTPS.
struct Webhook {
    enum class Format {
        teams,
        slack,
        json
    };
    std::string url;  // https. A secret, since who knows it may post there: it is in no message,
    std::string host; // which has this of it instead
    Format format = Format::json;
    std::vector<std::string> events; // of notice_events
    bool codes = false;              // told the address and code of a sign-in, too
    std::string hmac_key;            // the systemd credential that signs, json alone; empty: none
    unsigned hmac_line = 0;          // where that stands, for who can't find the credential
    unsigned hmac_column = 0;
};
// "teams"
std::string_view name_of(Webhook::Format format);

struct Config {
    // [identity]
    bool is_entra = true;       // tenant given; otherwise issuer
    std::string tenant;         // lower-case GUID; empty with issuer
    std::string issuer;         // exactly as discovery and token must say it
    std::string authority_host; // "login.microsoftonline.com", or the issuer's host[:port]
    std::string discovery_url;  // https
    std::vector<std::string> verification_hosts; // hosts that a verification URI may name; with an
                                                 // issuer on another port, also its host:port
    std::vector<std::string> graph_hosts; // where Microsoft Graph may be, the usual one first
    std::string client_id;
    std::string approver_client_id; // of a registration of its own, by which those sign in who
                                    // approve; empty: nobody can
    enum class Credential {
        none,
        certificate, // certificate and key, below
        imds,        // the managed identity of a virtual machine in Azure
        arc          // that of a host that Azure Arc knows
    };
    Credential credential = Credential::none; // the host's own, with Entra alone
    std::string certificate; // absolute path; with Credential::certificate, and only then
    std::string key;         // the same; or the name of a systemd credential, which has no '/'
    std::vector<std::string> scopes{"openid", "profile"}; // always has openid
    std::string ca_file;              // absolute path; empty: the system's roots
    std::string proxy;                // empty: none (the environment is never asked)
    std::chrono::seconds skew{120};   // at most 300
    std::chrono::seconds timeout{10}; // one HTTPS request; 1 to 60

    // [users]: local user to person. Object ids in lower case (`sub` as it is).
    std::map<std::string, std::string, std::less<>> users;
    enum class Match {
        map, // who is not in the map is nobody
        upn  // who is not in it, and has a UID of 1000 or more, is user@domain
    };
    Match match = Match::map;
    std::string domain; // lower case; only, and always, with upn, which is Entra's alone
    enum class Pin {
        first, // the first who signs in with the name is the person from then on
        root   // he waits until root has confirmed that he is
    };
    Pin pin = Pin::first; // with upn

    // [host]
    std::string host_name; // empty: the system's own, which the program fills in
    std::vector<std::string> host_tags;

    // [grants]
    enum class Backend {
        automatic, // userdb where the name service answers for it
        userdb,
        etc_group
    };
    Backend backend = Backend::automatic;

    // [pam]
    bool observe = false;
    bool unproven_start = false; // a request may begin though nobody has proven who asks
    std::vector<std::string> strict_services{"sudo", "sudo-i"};
    struct Exemption {
        std::string service;
        std::string account;
    };
    std::vector<Exemption> exempt;

    // [audit]
    bool audit_arguments = false;

    // [notify]: at most 16, none twice of one address and format
    std::vector<Webhook> webhooks;

    // The object id of a local user; empty view: none.
    std::string_view person_of(std::string_view user) const;

    // The other way round: the first user, by name, whose person that is; empty: none in the map.
    std::string_view user_of(std::string_view person) const;

    // The user principal name that a local user must sign in with, "alice@contoso.com", in lower
    // case. Empty: his person is not found by name, since match is map, since he is in the map, or
    // since no user principal name can begin with his. His UID is not looked at.
    std::string upn_of(std::string_view user) const;
};

struct ParsedConfig {
    std::optional<Config> config; // absent if any diagnostic is an error
    std::vector<Diagnostic> diagnostics;
};

// Pure. Keys of later versions are errors that say "not supported by this version"; unknown keys
// name the nearest known one.
//   spec  jitd.toml(5)
ParsedConfig parse_config(const SourceFile &file);

} // namespace jit::policy
