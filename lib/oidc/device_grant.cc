#include "lib/oidc/device_grant.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"
#include "lib/oidc/entra_advice.h"
#include "lib/oidc/form.h"
#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;

constexpr std::size_t max_device_code_bytes = std::size_t{8} * 1024;
constexpr std::size_t max_id_token_bytes = std::size_t{64} * 1024;
constexpr std::size_t max_access_token_bytes = std::size_t{64} * 1024;
constexpr std::size_t min_user_code_bytes = 4;
constexpr std::size_t max_user_code_bytes = 32;
constexpr seconds slow_down_step{5}; // RFC 8628 section 3.5
constexpr unsigned max_first_failures = 2;
constexpr unsigned max_distrust = 2;

constexpr std::string_view grant_type = "urn:ietf:params:oauth:grant-type:device_code";

// A person types it and a terminal shows it.
bool is_user_code(std::string_view code)
{
    return code.size() >= min_user_code_bytes && code.size() <= max_user_code_bytes &&
           std::all_of(code.begin(), code.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '-';
           });
}

} // namespace

DeviceGrant::DeviceGrant(std::shared_ptr<const Party> party, std::string request_id,
                         std::string claims, BootTime deadline, Jitter jitter)
    : party_(std::move(party)), request_id_(std::move(request_id)), claims_(std::move(claims)),
      deadline_(deadline), expires_(deadline), next_at_(deadline), earliest_at_(deadline),
      jitter_(jitter)
{
}

Step DeviceGrant::start()
{
    if (state_ != State::idle)
        return finish(Failure::broken);
    state_ = State::authorizing;
    return SendRequest{make_authorization_request()};
}

Step DeviceGrant::on_reply(const HttpReply &reply, BootTime now)
{
    if (state_ != State::authorizing && state_ != State::polling)
        return finish(Failure::broken);
    switch (reply.outcome) {
    case HttpReply::Outcome::received:
        break;
    case HttpReply::Outcome::unreachable:
    case HttpReply::Outcome::timed_out:
        return retry(reply, now);
    case HttpReply::Outcome::not_trusted:
        // Nothing was sent. With the code on the screen one broken handshake should not cost the
        // person the sign-in; with none yet, the cause is most likely there to stay.
        if (state_ == State::authorizing || failures_ >= max_distrust)
            return finish(failure_of(reply.distrust));
        return retry(reply, now);
    case HttpReply::Outcome::too_large:
        return finish(Failure::broken);
    }
    if (is_put_off(reply))
        return retry(reply, now);
    // A redirect would carry the device code to wherever it points.
    if (reply.status != 200 && (reply.status < 400 || reply.status > 499))
        return finish(Failure::broken);
    return state_ == State::authorizing ? read_authorization(reply, now) : read_poll(reply, now);
}

Step DeviceGrant::on_time(BootTime now)
{
    switch (state_) {
    case State::idle:
    case State::finished:
        return finish(Failure::broken);
    case State::retrying:
        if (now >= deadline_)
            return finish(Failure::unreachable);
        if (now < next_at_)
            return WaitUntil{next_at_};
        state_ = State::authorizing;
        return SendRequest{make_authorization_request()};
    case State::waiting:
        if (now >= expires_)
            return finish(Failure::expired);
        return now < next_at_ ? Step{WaitUntil{next_at_}} : poll();
    case State::authorizing:
    case State::polling:
        break;
    }
    if (now >= expires_)
        return finish(state_ == State::polling ? Failure::expired : Failure::unreachable);
    return WaitUntil{expires_};
}

Step DeviceGrant::poll()
{
    state_ = State::polling;
    return SendRequest{make_poll()};
}

Step DeviceGrant::hurry(BootTime now)
{
    if (state_ == State::waiting && now < expires_)
        next_at_ = std::min(next_at_, earliest_at_);
    return state_ == State::waiting || state_ == State::retrying ? on_time(now)
           : state_ == State::idle || state_ == State::finished  ? finish(Failure::broken)
                                                                 : Step{WaitUntil{expires_}};
}

Step DeviceGrant::read_authorization(const HttpReply &reply, BootTime now)
{
    const Json parsed = parse_object(reply.body.reveal());
    const json_t *body = parsed.get();
    if (body == nullptr)
        return finish(Failure::broken);
    // Entra has sent errors of this endpoint with HTTP 200.
    if (json_object_get(body, "error") != nullptr) {
        if (is_transient(text_member(body, "error").value_or("")))
            return retry(reply, now);
        return read_error(body);
    }
    const auto device_code = text_member(body, "device_code");
    const auto user_code = text_member(body, "user_code");
    const auto uri = text_member(body, "verification_uri");
    const auto expires_in = read_expires_in(body);
    const auto interval = read_interval(body);
    if (reply.status != 200 || !device_code || device_code->empty() ||
        device_code->size() > max_device_code_bytes || !user_code || !is_user_code(*user_code) ||
        !uri || !is_showable_uri(party_->expected, *uri) || !expires_in || !interval)
        return finish(Failure::broken);
    if (now >= deadline_)
        return finish(Failure::expired);

    device_code_ = SecretString{*device_code};
    interval_ = *interval;
    expires_ = std::min(deadline_, now + *expires_in);
    next_at_ = std::min(expires_, now + interval_);
    earliest_at_ = next_at_;
    failures_ = 0;
    state_ = State::waiting;
    // verification_uri_complete is never looked at: the code must be typed by who sees it here.
    return ShowCode{std::string{*uri}, std::string{*user_code}, expires_, next_at_};
}

Step DeviceGrant::read_poll(const HttpReply &reply, BootTime now)
{
    const Json parsed = parse_object(reply.body.reveal());
    const json_t *body = parsed.get();
    if (body == nullptr)
        return finish(Failure::broken);
    if (json_object_get(body, "error") != nullptr) {
        const std::string_view error = text_member(body, "error").value_or("");
        if (is_transient(error))
            return retry(reply, now);
        const bool slow_down = error == "slow_down";
        if (!slow_down && error != "authorization_pending")
            return read_error(body);
        if (slow_down)
            interval_ += slow_down_step;
        failures_ = 0;
        const seconds asked = read_retry_after(reply.retry_after).value_or(interval_);
        earliest_at_ = now + std::max(interval_, asked);
        return wait(std::max(interval_, asked), State::waiting, now);
    }
    const auto id_token = text_member(body, "id_token");
    if (reply.status != 200 || !id_token || id_token->empty() ||
        id_token->size() > max_id_token_bytes)
        return finish(Failure::broken);
    // The provider may judge its own code's life, but nothing outlives the caller's deadline.
    if (now > deadline_)
        return finish(Failure::expired);
    Finished done;
    done.id_token = SecretString{*id_token};
    const auto access_token = text_member(body, "access_token");
    if (access_token && access_token->size() <= max_access_token_bytes &&
        asks_for_graph(party_->expected, party_->provider))
        done.access_token = SecretString{*access_token};
    done.correlation_id = request_id_;
    device_code_.wipe();
    state_ = State::finished;
    return done;
}

Step DeviceGrant::read_error(const json_t *reply)
{
    const int code = read_provider_code(reply);
    const char *advice = advice_for(code);
    const std::string_view error = text_member(reply, "error").value_or("");
    Step done = finish(failure_of(error), advice != nullptr ? advice : "");
    auto &finished = std::get<Finished>(done);
    finished.provider_code = code;
    if (const auto id = text_member(reply, "correlation_id"); id && is_guid(*id))
        finished.correlation_id = *id; // the provider's, if it names another
    if (finished.failure == Failure::blocked)
        finished.demanded = find_demand(reply, error, code);
    return done;
}

// After no answer, or one that says "later".
Step DeviceGrant::retry(const HttpReply &reply, BootTime now)
{
    const unsigned before = failures_++;
    seconds least = interval_;
    const bool first = state_ == State::authorizing;
    if (first && before >= max_first_failures)
        return finish(Failure::unreachable);

    seconds pause{};
    if (reply.outcome != HttpReply::Outcome::received) {
        // RFC 8628 section 3.5: after a timeout the next poll must come later than the interval.
        pause = first ? back_off(seconds{1}, before) : back_off(interval_, before + 1);
    } else if (const auto asked = read_retry_after(reply.retry_after)) {
        pause = least = std::max(*asked, interval_);
    } else {
        pause = back_off(std::max(interval_, throttle_pause), before);
    }
    const auto spread = jitter_.spread(pause);
    if (first && now + spread >= deadline_)
        return finish(Failure::unreachable);
    earliest_at_ = now + least;
    return wait(spread, first ? State::retrying : State::waiting, now);
}

Step DeviceGrant::wait(std::chrono::microseconds pause, State next, BootTime now)
{
    state_ = next;
    // Past the end there is nothing to ask: on_time() then finishes.
    next_at_ = std::min(expires_, now + pause);
    return WaitUntil{next_at_};
}

Step DeviceGrant::finish(Failure failure, std::string advice)
{
    device_code_.wipe();
    state_ = State::finished;
    Finished done;
    done.failure = failure;
    done.advice = advice.empty() ? explain(failure) : std::move(advice);
    done.correlation_id = request_id_;
    return done;
}

HttpRequest DeviceGrant::make_authorization_request() const
{
    std::string scope;
    for (const std::string &word : party_->expected.scopes)
        scope += scope.empty() ? word : " " + word;
    HttpRequest request;
    request.method = HttpRequest::Method::post;
    request.url = party_->provider.device_authorization_endpoint;
    request.form = encode_form(
        {{"client_id", party_->expected.client_id}, {"scope", scope}, {"claims", claims_}});
    request.client_request_id = request_id_;
    return request;
}

HttpRequest DeviceGrant::make_poll() const
{
    HttpRequest request;
    request.method = HttpRequest::Method::post;
    request.url = party_->provider.token_endpoint;
    request.form = encode_form({{"grant_type", grant_type},
                                {"client_id", party_->expected.client_id},
                                {"device_code", device_code_.reveal()},
                                {"claims", claims_}});
    request.client_request_id = request_id_;
    return request;
}

} // namespace jit::oidc
