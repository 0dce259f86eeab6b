#include "lib/oidc/host_token.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "lib/base/text.h"
#include "lib/oidc/entra_advice.h"
#include "lib/oidc/form.h"
#include "lib/oidc/graph_link.h"
#include "lib/oidc/host_advice.h"
#include "lib/oidc/json.h"
#include "lib/oidc/pace.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;

constexpr std::size_t max_token_bytes = std::size_t{64} * 1024;
constexpr std::size_t max_challenge_bytes = 4096;
constexpr std::size_t max_path_bytes = 256;
constexpr seconds assertion_life{300};
constexpr seconds renewal{300}; // before a token's end
constexpr seconds last_use{30}; // before a token's end
constexpr unsigned max_retries = 3;
constexpr unsigned max_update_retries = 7; // Azure's service is away for 70 s at most
constexpr seconds update_pause{10};
constexpr seconds longest_pause{60}; // what asks for more has failed for now
constexpr seconds pause_unreachable{30};
constexpr seconds pause_refused{120}; // somebody has to change something first

constexpr const char *imds_url = "http://169.254.169.254/metadata/identity/oauth2/token?";
constexpr const char *arc_url = "http://localhost:40342/metadata/identity/oauth2/token?";
constexpr std::string_view assertion_type =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

std::string make_claims(const HostIdentity &identity, const Moment &moment)
{
    const auto now = static_cast<json_int_t>(moment.now.wall.time_since_epoch().count());
    const auto end = now + static_cast<json_int_t>(assertion_life.count());
    const Json claims{json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "aud",
                                identity.token_endpoint.c_str(), "iss", identity.client_id.c_str(),
                                "sub", identity.client_id.c_str(), "jti", moment.guid.c_str(),
                                "nbf", now, "iat", now, "exp", end)};
    const Handle<char, &free> text{json_dumps(claims.get(), JSON_COMPACT)};
    return text ? text.get() : std::string{};
}

// Basic realm=PATH, with or without quotes (RFC 9110 section 11.6.1); nothing besides.
std::optional<std::string> read_realm(std::string_view challenge)
{
    constexpr std::string_view mark = "basic realm=";
    if (to_lower(challenge.substr(0, mark.size())) != mark)
        return std::nullopt;
    std::string_view path = challenge.substr(mark.size());
    if (path.size() >= 2 && path.front() == '"' && path.back() == '"')
        path = path.substr(1, path.size() - 2);
    if (path.empty() || path.size() > max_path_bytes || path.front() != '/' || !is_visible(path) ||
        path.find_first_of("\",\\") != std::string_view::npos)
        return std::nullopt;
    return std::string{path};
}

bool is_local(HostCredential way)
{
    return way != HostCredential::certificate;
}

} // namespace

HostToken::HostToken(HostIdentity identity) : identity_(std::move(identity)) {}

TokenStep HostToken::ask(const Moment &moment)
{
    const BootTime now = moment.now.boot;
    if (state_ != State::idle)
        return has_token(now) ? TokenStep{TokenReady{}} : TokenStep{TokenUnderWay{}};
    const bool may_ask = failed_.failure == Failure::none || now >= failed_.again_at;
    if (has_token(now) && (now < renew_at_ || !may_ask))
        return TokenReady{};
    if (!may_ask)
        return failed_;
    failures_ = 0;
    return send(moment);
}

TokenStep HostToken::on_time(const Moment &moment)
{
    if (state_ != State::waiting)
        return TokenUnderWay{};
    return moment.now.boot < next_at_ ? TokenStep{WaitUntil{next_at_}} : send(moment);
}

TokenStep HostToken::send(const Moment &moment)
{
    sent_at_ = moment.now.boot;
    if (!is_local(identity_.way))
        return send_assertion(moment);
    state_ = State::asking;
    return SendRequest{make_local_request()};
}

TokenStep HostToken::send_assertion(const Moment &moment)
{
    const BootTime now = moment.now.boot;
    if (!identity_.key || !identity_.token_endpoint.starts_with("https://") ||
        identity_.client_id.empty() || identity_.graph_host.empty())
        return give_up(Failure::misconfigured, host_has_no_credential, now);
    if (moment.now.wall >= identity_.key->not_after())
        return give_up(Failure::misconfigured, host_certificate_is_over, now);
    const auto assertion = identity_.key->sign(make_claims(identity_, moment));
    if (!assertion)
        return give_up(Failure::broken, host_key_does_not_sign, now);
    HttpRequest request;
    request.method = HttpRequest::Method::post;
    request.url = identity_.token_endpoint;
    request.client_request_id = moment.guid;
    request.form = encode_form({{"grant_type", "client_credentials"},
                                {"client_id", identity_.client_id},
                                {"scope", "https://" + identity_.graph_host + "/.default"},
                                {"client_assertion_type", assertion_type},
                                {"client_assertion", assertion->reveal()}});
    state_ = State::asking;
    return SendRequest{std::move(request)};
}

HttpRequest HostToken::make_local_request() const
{
    const bool is_arc = identity_.way == HostCredential::arc;
    const SecretString query = encode_form({{"api-version", is_arc ? "2020-06-01" : "2018-02-01"},
                                            {"resource", "https://" + identity_.graph_host + "/"}});
    HttpRequest request;
    request.url = is_arc ? arc_url : imds_url;
    request.url += query.reveal();
    request.headers.emplace_back("Metadata: true");
    return request;
}

TokenStep HostToken::on_reply(const HttpReply &reply, BootTime now)
{
    if (state_ != State::asking && state_ != State::answering)
        return TokenUnderWay{};
    switch (reply.outcome) {
    case HttpReply::Outcome::received:
        break;
    case HttpReply::Outcome::unreachable:
    case HttpReply::Outcome::timed_out:
        return retry(reply, now);
    case HttpReply::Outcome::not_trusted:
        return give_up(failure_of(reply.distrust), explain(failure_of(reply.distrust)), now);
    case HttpReply::Outcome::too_large:
        return give_up(Failure::broken, host_answer_makes_no_sense(identity_.way), now);
    }
    const bool is_away = is_local(identity_.way) && (reply.status == 404 || reply.status == 410);
    if (is_away || is_put_off(reply))
        return retry(reply, now);
    if (identity_.way == HostCredential::arc && state_ == State::asking)
        return read_challenge(reply, now);
    // A redirect would lead the assertion or the key to wherever it points.
    if (reply.status >= 400)
        return read_refusal(reply, now);
    return read_token(reply, now);
}

TokenStep HostToken::read_challenge(const HttpReply &reply, BootTime now)
{
    const auto path = read_realm(reply.www_authenticate);
    // Who gives a token unasked is not the agent.
    if (reply.status != 401 || !path)
        return give_up(Failure::broken, host_answer_makes_no_sense(identity_.way), now);
    state_ = State::reading;
    return ReadChallenge{*path};
}

TokenStep HostToken::on_challenge(const Result<SecretString> &held, BootTime now)
{
    if (state_ != State::reading)
        return TokenUnderWay{};
    if (!held)
        return give_up(Failure::misconfigured, host_can_not_read_arc, now);
    std::string_view text = held->reveal();
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.remove_suffix(1);
    if (text.empty() || text.size() > max_challenge_bytes || !is_visible(text))
        return give_up(Failure::broken, host_answer_makes_no_sense(identity_.way), now);
    HttpRequest request = make_local_request();
    request.basic = SecretString{text};
    sent_at_ = now;
    state_ = State::answering;
    return SendRequest{std::move(request)};
}

TokenStep HostToken::read_refusal(const HttpReply &reply, BootTime now)
{
    if (is_local(identity_.way))
        return give_up(Failure::misconfigured, host_is_refused(identity_.way), now);
    const Json parsed = parse_object(reply.body.reveal());
    const std::string_view error = text_member(parsed.get(), "error").value_or("");
    if (is_transient(error))
        return retry(reply, now);
    const int code = read_provider_code(parsed.get());
    if (const char *advice = host_advice_for(code))
        return give_up(Failure::misconfigured, advice, now, code);
    const Failure failure =
        reply.status == 401 || reply.status == 403 ? Failure::misconfigured : failure_of(error);
    return give_up(failure,
                   failure == Failure::misconfigured ? host_is_refused(identity_.way)
                                                     : host_answer_makes_no_sense(identity_.way),
                   now, code);
}

TokenStep HostToken::read_token(const HttpReply &reply, BootTime now)
{
    const Json parsed = parse_object(reply.body.reveal());
    const auto token = text_member(parsed.get(), "access_token");
    const auto type = text_member(parsed.get(), "token_type");
    const auto life = read_expires_in(parsed.get());
    if (reply.status != 200 || !token || token->empty() || token->size() > max_token_bytes ||
        !is_visible(*token) || !type || to_lower(*type) != "bearer" || !life)
        return give_up(Failure::broken, host_answer_makes_no_sense(identity_.way), now);
    // Its life began at some moment after the request: the earliest counts.
    const auto since = std::chrono::duration_cast<std::chrono::microseconds>(*life);
    token_ = SecretString{*token};
    renew_at_ = sent_at_ + std::max<BootClock::duration>(since - renewal, since / 2);
    good_until_ = sent_at_ + std::max<BootClock::duration>(since - last_use, since / 2);
    failures_ = 0;
    failed_ = {};
    failed_.failure = Failure::none;
    state_ = State::idle;
    return has_token(now)
               ? TokenStep{TokenReady{}}
               : give_up(Failure::broken, host_answer_makes_no_sense(identity_.way), now);
}

TokenStep HostToken::retry(const HttpReply &reply, BootTime now)
{
    const unsigned before = failures_++;
    const bool is_updating = reply.outcome == HttpReply::Outcome::received && reply.status == 410;
    const seconds ours = is_updating ? update_pause : back_off(seconds{1}, before);
    const seconds asked = read_retry_after(reply.retry_after).value_or(seconds{0});
    if (before >= (is_updating ? max_update_retries : max_retries) || asked > longest_pause) {
        TokenStep step = give_up(Failure::unreachable, host_is_alone(identity_.way), now);
        failed_.again_at = std::max(failed_.again_at, now + asked);
        if (auto *failed = std::get_if<TokenFailed>(&step))
            failed->again_at = failed_.again_at;
        return step;
    }
    state_ = State::waiting;
    next_at_ = now + std::max(ours, asked);
    return WaitUntil{next_at_};
}

TokenStep HostToken::give_up(Failure failure, std::string advice, BootTime now, int provider_code)
{
    state_ = State::idle;
    const seconds pause = failure == Failure::unreachable ? pause_unreachable : pause_refused;
    failed_ = {failure, std::move(advice), now + pause, provider_code};
    return has_token(now) ? TokenStep{TokenReady{}} : TokenStep{failed_};
}

void HostToken::drop()
{
    token_.wipe();
}

} // namespace jit::oidc
