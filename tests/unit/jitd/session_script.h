// A session walked to each of its states, with the token vectors' provider.
#pragma once

#include <string>
#include <string_view>

#include "jitd/session.h"
#include "lib/oidc/json.h"
#include "lib/oidc/jwks.h"

namespace jit::daemon::test {

using std::chrono::seconds;

inline constexpr const char *alice_oid = "a11ce000-0000-4000-8000-000000000003";
inline constexpr const char *flow_id = "f1000000-0000-4000-8000-000000000009";

inline BootTime boot_at(int second)
{
    return BootTime{seconds{1000 + second}};
}

inline oidc::HttpReply reply_of(std::string_view body, long status = 200)
{
    oidc::HttpReply reply;
    reply.outcome = oidc::HttpReply::Outcome::received;
    reply.status = status;
    reply.body = SecretString{body};
    return reply;
}

// What tests/vectors/tokens.json says, read from the top of the tree.
struct World {
    World()
    {
        const oidc::Json file{json_load_file("tests/vectors/tokens.json", JSON_ALLOW_NUL, nullptr)};
        const json_t *entra = json_object_get(file.get(), "entra");
        now = WallTime{seconds{json_integer_value(json_object_get(file.get(), "now"))}};
        const std::string site = "https://login.microsoftonline.com/";
        const std::string tenant = json_string_value(json_object_get(file.get(), "tenant"));
        expected.tenant = tenant;
        expected.issuer = json_string_value(json_object_get(entra, "issuer"));
        expected.authority_host = "login.microsoftonline.com";
        expected.discovery_url = site + tenant + "/v2.0/.well-known/openid-configuration";
        expected.verification_hosts = {"microsoft.com"};
        expected.client_id = json_string_value(json_object_get(file.get(), "client"));
        expected.scopes = {"openid"};
        provider = {site + "device", site + "token", site + "keys", "graph.microsoft.com"};
        char *text = json_dumps(json_object_get(entra, "keys"), 0);
        keys_text = text;
        free(text);
        keys = *oidc::read_keys_reply(reply_of(keys_text));
        std::size_t i = 0;
        const json_t *one = nullptr;
        json_array_foreach(json_object_get(file.get(), "cases"), i, one)
            tokens.emplace_back(json_string_value(json_object_get(one, "name")),
                                json_string_value(json_object_get(one, "token")));

        policy::Role role;
        role.name = "web";
        role.groups = {"jit-web"};
        role.requesters = {{policy::Requester::Kind::user, alice_oid}};
        role.services = {"sudo"};
        role.accounts = {{false, "*"}};
        role.default_duration = role.max_duration = seconds{3600};
        role.approval.timeout = seconds{900};
        role.conditions.zone = std::make_shared<Zone>(Zone{"UTC", {}, {}});
        policy.roles = {role};

        facts.id = "0123456789abcdef";
        facts.role = "web";
        facts.user = "alice";
        facts.uid = 1000;
        facts.oid = alice_oid;
        facts.groups = {"jit-web"};
        facts.duration = seconds{3600};
        facts.reason = "INC-1";
        facts.origin = {"sudo", "pts/3", 77, ""};
        facts.host = "web01";
        facts.began = {now - seconds{60}, boot_at(-50)};
        facts.deadline = boot_at(900);
    }

    std::string token(std::string_view name) const
    {
        for (const auto &[known, text] : tokens)
            if (known == name)
                return text;
        return {};
    }
    // No token was seen before, unless a test keeps them.
    Rules rules() const
    {
        seen = {};
        return {policy, host,           seconds{120}, local_groups, seen,
                pin,    pin_needs_root, now,          boot,         config};
    }
    std::shared_ptr<const oidc::Party> party() const
    {
        return std::make_shared<const oidc::Party>(oidc::Party{expected, provider});
    }

    WallTime now;
    oidc::Expectations expected;
    oidc::Provider provider;
    oidc::KeySet keys;
    std::string keys_text;
    std::vector<std::pair<std::string, std::string>> tokens;
    policy::Policy policy;
    policy::Host host{"web01", {}};
    std::vector<std::string> local_groups;
    BootTime boot = boot_at(10);
    mutable oidc::SeenTokens seen;
    const Pin *pin = nullptr;
    bool pin_needs_root = false;
    const policy::Config *config = nullptr; // null: nobody is in a map
    RequestFacts facts;
};

// The states as they can be reached from outside.
enum class Stage {
    idle,
    finding_party,
    asking_code,
    waiting,
    polling,
    judging,
    granting,
    recording,
    closed
};

inline Session walk(const World &world, Stage stage, std::string_view token = "entra")
{
    Session session{world.facts};
    const auto reached = [&](Stage at) { return stage == at; };
    if (reached(Stage::idle))
        return session;
    (void)session.start();
    if (reached(Stage::finding_party))
        return session;
    (void)session.on_party(world.party(), flow_id, boot_at(1));
    if (reached(Stage::asking_code))
        return session;
    (void)session.on_reply(
        reply_of(R"({"device_code":"dev","user_code":"ABCD-1234","expires_in":600,"interval":5,)"
                 R"("verification_uri":"https://microsoft.com/devicelogin"})"),
        boot_at(2));
    if (reached(Stage::waiting))
        return session;
    (void)session.on_time(boot_at(7));
    if (reached(Stage::polling))
        return session;
    (void)session.on_reply(
        reply_of("{\"access_token\":\"graph-at\",\"id_token\":\"" + world.token(token) + "\"}"),
        boot_at(8));
    if (reached(Stage::judging))
        return session;
    (void)session.on_keys(world.keys, world.rules(), world.now);
    if (reached(Stage::granting))
        return session;
    (void)session.on_granted(world.now, world.now + seconds{3600}, {"jit-web"});
    if (reached(Stage::recording))
        return session;
    (void)session.on_recorded(true);
    return session;
}

inline const char *word_of(const Action &action)
{
    static constexpr const char *words[] = {
        "trial", "find-party", "http", "wake",  "code",      "keys",   "pin",          "rules",
        "await", "say",        "hold", "grant", "take-back", "record", "record-grant", "close"};
    return words[action.index()];
}

// "record:requested wake find-provider": what an answer holds, in its order.
inline std::string shape_of(const Actions &actions)
{
    std::string shape;
    for (const Action &action : actions) {
        shape += shape.empty() ? "" : " ";
        shape += word_of(action);
        if (const auto *record = std::get_if<WriteRecord>(&action))
            shape += ":" + std::string{name_of(record->record.event)};
        else if (const auto *grant = std::get_if<AskGrant>(&action))
            shape += ":" + std::string{grant->approved ? name_of(grant->approved->event) : ""};
        else if (const auto *close = std::get_if<Close>(&action))
            shape += ":" + std::string{close->cause ? ipc::name_of(*close->cause) : "granted"};
    }
    return shape;
}

} // namespace jit::daemon::test
