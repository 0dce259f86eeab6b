#include "jitd/kept_request.h"

#include <limits>

#include "lib/ipc/elevation.h"
#include "lib/ipc/members.h"

namespace jit::daemon {

namespace {

constexpr std::size_t max_text_bytes = 4096;
constexpr std::size_t max_id_bytes = 256;
constexpr std::size_t max_groups = 1024;
constexpr std::size_t max_given = 64;
constexpr std::int64_t max_uid = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t max_number = std::numeric_limits<std::int64_t>::max();
// The last second of the year 9999: what is added to it does not overflow.
constexpr std::int64_t max_seconds = 253'402'300'799;

std::int64_t since_epoch(WallTime time)
{
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

WallTime wall_at(std::int64_t seconds)
{
    return WallTime{std::chrono::seconds{seconds}};
}

ipc::Json encode_origin(const Origin &origin)
{
    ipc::MemberWriter writer;
    writer.text("service", origin.service);
    writer.text("tty", origin.tty);
    writer.number("session", origin.session);
    writer.text("proof", origin.proof);
    writer.flag("unproven", origin.is_unproven);
    return writer.take();
}

Result<Origin> decode_origin(const json_t *object)
{
    ipc::MemberReader reader{object};
    Origin origin;
    origin.service = reader.maybe_empty_text("service", max_id_bytes);
    origin.tty = reader.maybe_empty_text("tty", max_text_bytes);
    origin.session = reader.number("session", 0, max_number);
    origin.proof = reader.maybe_empty_text("proof", max_text_bytes);
    origin.is_unproven = reader.flag("unproven");
    TRY(reader.finish());
    return origin;
}

ipc::Json encode_facts(const RequestFacts &facts)
{
    ipc::MemberWriter writer;
    writer.text("id", facts.id);
    writer.text("role", facts.role);
    writer.text("user", facts.user);
    writer.number("uid", facts.uid);
    writer.text("oid", facts.oid);
    writer.text("upn", facts.upn);
    writer.text("context", facts.auth_context);
    writer.text("extends", facts.extends);
    writer.number("extends_until", since_epoch(facts.extends_until));
    writer.text("mode", policy::name_of(facts.mode));
    writer.text("pim_group", facts.entra->group);
    writer.flag("shared", facts.is_shared);
    writer.flag("reusable", facts.is_reusable);
    writer.flag("unattended", facts.is_unattended);
    writer.flag("limited", facts.is_limited);
    writer.flag("ends_runs", facts.ends_runs);
    writer.flag("held", facts.is_held);
    writer.texts("groups", facts.groups);
    writer.number("duration", facts.duration.count());
    if (facts.asked)
        writer.number("asked", facts.asked->count());
    writer.maybe_text("reason", facts.reason);
    writer.value("origin", encode_origin(facts.origin));
    writer.text("prover", facts.from->prover);
    writer.text("rhost", facts.from->rhost);
    writer.text("connection", facts.from->connection);
    writer.text("command", facts.command);
    writer.text("host", facts.host);
    writer.number("began", since_epoch(facts.began.wall));
    writer.number("began_boot", facts.began.boot.time_since_epoch().count());
    writer.number("deadline", since_epoch(facts.deadline_wall));
    writer.number("deadline_boot", facts.deadline.time_since_epoch().count());
    return writer.take();
}

BootTime boot_at(std::int64_t count)
{
    return BootTime{BootTime::duration{count}};
}

Result<RequestFacts> decode_facts(const json_t *object)
{
    using std::chrono::seconds;
    ipc::MemberReader reader{object};
    RequestFacts facts;
    facts.id = reader.id("id");
    facts.role = reader.name("role");
    facts.user = reader.name("user");
    facts.uid = static_cast<uid_t>(reader.number("uid", 0, max_uid));
    facts.oid = reader.maybe_empty_text("oid", max_id_bytes);
    facts.upn = reader.maybe_empty_text("upn", max_text_bytes);
    facts.auth_context = reader.maybe_empty_text("context", max_id_bytes);
    facts.extends = reader.maybe_empty_text("extends", max_id_bytes);
    facts.extends_until = wall_at(reader.number("extends_until", 0, max_seconds));
    const auto mode = policy::approval_mode_of(reader.text("mode", max_id_bytes));
    facts.entra.fill().group = reader.maybe_empty_text("pim_group", max_id_bytes);
    facts.is_shared = reader.flag("shared");
    facts.is_reusable = reader.flag("reusable");
    facts.is_unattended = reader.flag("unattended");
    facts.is_limited = reader.flag("limited");
    facts.ends_runs = reader.flag("ends_runs");
    facts.is_held = reader.flag("held");
    facts.groups = reader.texts("groups", max_groups, max_id_bytes);
    facts.duration = seconds{reader.number("duration", 1, max_seconds)};
    if (const auto asked = reader.maybe_number("asked", 1, max_seconds))
        facts.asked = seconds{*asked};
    facts.reason = reader.maybe_text("reason", max_text_bytes);
    const json_t *const origin = reader.object("origin");
    facts.from.fill().prover = reader.maybe_empty_text("prover", max_text_bytes);
    facts.from.fill().rhost = reader.maybe_empty_text("rhost", max_text_bytes);
    facts.from.fill().connection = reader.maybe_empty_text("connection", max_text_bytes);
    facts.command = reader.maybe_empty_text("command", max_text_bytes);
    facts.host = reader.maybe_empty_text("host", max_text_bytes);
    facts.began.wall = wall_at(reader.number("began", 0, max_seconds));
    facts.began.boot = boot_at(reader.number("began_boot", 0, max_number));
    facts.deadline_wall = wall_at(reader.number("deadline", 0, max_seconds));
    facts.deadline = boot_at(reader.number("deadline_boot", 0, max_number));
    if (!mode)
        reader.refuse("mode should be one");
    TRY(reader.finish());
    facts.mode = *mode;
    facts.origin = TRY(decode_origin(origin));
    return facts;
}

ipc::Json encode_claims(const oidc::Claims &claims)
{
    ipc::MemberWriter writer;
    writer.maybe_texts("groups", claims.groups);
    writer.flag("overage", claims.group_overage);
    writer.texts("app_roles", claims.app_roles);
    writer.texts("contexts", claims.contexts);
    if (claims.authenticated_at)
        writer.number("authenticated", since_epoch(*claims.authenticated_at));
    writer.flag("guest", claims.is_guest);
    return writer.take();
}

Result<oidc::Claims> decode_claims(const json_t *object)
{
    ipc::MemberReader reader{object};
    oidc::Claims claims;
    claims.groups = reader.maybe_texts("groups", max_groups, max_id_bytes);
    claims.group_overage = reader.flag("overage");
    claims.app_roles = reader.texts("app_roles", max_groups, max_id_bytes);
    claims.contexts = reader.texts("contexts", max_groups, max_id_bytes);
    if (const auto at = reader.maybe_number("authenticated", 0, max_seconds))
        claims.authenticated_at = wall_at(*at);
    claims.is_guest = reader.flag("guest");
    TRY(reader.finish());
    return claims;
}

ipc::Json encode_given(const GivenApproval &given)
{
    ipc::MemberWriter writer;
    writer.text("oid", given.oid);
    writer.text("user", given.user);
    writer.texts("groups", given.groups);
    writer.number("at", since_epoch(given.at));
    return writer.take();
}

Result<GivenApproval> decode_given(const json_t *object)
{
    ipc::MemberReader reader{object};
    GivenApproval given;
    given.oid = reader.text("oid", max_id_bytes);
    given.user = reader.text("user", max_id_bytes);
    given.groups = reader.texts("groups", max_groups, max_id_bytes);
    given.at = wall_at(reader.number("at", 0, max_seconds));
    TRY(reader.finish());
    return given;
}

ipc::Json encode_awaited(const Awaited &awaited)
{
    ipc::MemberWriter writer;
    std::vector<ipc::Json> given;
    for (const GivenApproval &one : awaited.given)
        given.push_back(encode_given(one));
    writer.values("given", std::move(given));
    writer.text("token", awaited.watch_token);
    writer.text("activation", awaited.activation);
    if (awaited.until)
        writer.number("until", since_epoch(*awaited.until));
    writer.flag("met", awaited.is_met);
    return writer.take();
}

Result<Awaited> decode_awaited(const json_t *object)
{
    ipc::MemberReader reader{object};
    Awaited awaited;
    const json_t *const given = reader.array("given", max_given);
    awaited.watch_token = reader.maybe_empty_text("token", max_id_bytes);
    awaited.activation = reader.maybe_empty_text("activation", max_id_bytes);
    if (const auto until = reader.maybe_number("until", 0, max_seconds))
        awaited.until = wall_at(*until);
    awaited.is_met = reader.flag("met");
    TRY(reader.finish());
    for (std::size_t i = 0; i < json_array_size(given); ++i)
        awaited.given.push_back(TRY(decode_given(json_array_get(given, i))));
    return awaited;
}

} // namespace

std::string encode_kept(const KeptRequest &kept)
{
    ipc::MemberWriter writer;
    writer.value("facts", encode_facts(kept.facts));
    if (kept.claims)
        writer.value("claims", encode_claims(*kept.claims));
    writer.text("signed_in", kept.signed_in_oid);
    writer.text("person", kept.person);
    writer.text("correlation", kept.correlation);
    writer.value("awaited", encode_awaited(kept.awaited));
    writer.text("boot", kept.boot_id);
    writer.text("provider", kept.provider);
    const ipc::Json object = writer.take();
    const Handle<char, &free> text{json_dumps(object.get(), JSON_COMPACT)};
    return text ? text.get() : std::string{};
}

Result<KeptRequest> decode_kept(const std::string &text)
{
    const ipc::Json object{json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, nullptr)};
    if (!json_is_object(object.get()))
        return Error{Code::bad_input, "no request that was kept"};
    ipc::MemberReader reader{object.get()};
    KeptRequest kept;
    const json_t *const facts = reader.object("facts");
    const json_t *const claims = reader.maybe_object("claims");
    kept.signed_in_oid = reader.maybe_empty_text("signed_in", max_id_bytes);
    kept.person = reader.maybe_empty_text("person", max_text_bytes);
    kept.correlation = reader.maybe_empty_text("correlation", max_text_bytes);
    const json_t *const awaited = reader.object("awaited");
    kept.boot_id = reader.text("boot", max_id_bytes);
    kept.provider = reader.maybe_empty_text("provider", max_text_bytes);
    TRY(reader.finish());
    kept.facts = TRY(decode_facts(facts));
    if (claims != nullptr)
        kept.claims = TRY(decode_claims(claims));
    kept.awaited = TRY(decode_awaited(awaited));
    return kept;
}

} // namespace jit::daemon
