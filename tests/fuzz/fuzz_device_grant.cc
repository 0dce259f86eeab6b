// A device grant driven by bytes: what the provider answers and when. It always comes to an end,
// in time, and shows and gives out only what its header promises.
//
// The first byte is the deadline in units of 16 s. Then one record for each step, parted by form
// feeds: a digit for what came back, a character for the time that passed (8 s each from '0'),
// Retry-After up to a '|', the body.
#include <algorithm>
#include <cstdint>
#include <string>

#include "lib/oidc/device_grant.h"
#include "tests/fuzz/expect.h"
#include "tests/unit/oidc/flow.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

constexpr BootTime start_time{seconds{1000}};

HttpReply read_reply(char kind, std::string_view rest)
{
    const std::size_t bar = std::min(rest.find('|'), rest.size());
    const std::string_view retry_after = rest.substr(0, std::min<std::size_t>(bar, 64));
    const std::string_view body = rest.substr(std::min(bar + 1, rest.size()));
    using Outcome = HttpReply::Outcome;
    switch (kind) {
    case '1':
        return reply_of(400, body, retry_after);
    case '2':
        return reply_of(429, body, retry_after);
    case '3':
        return reply_of(503, body, retry_after);
    case '4':
        return reply_of(302, body, retry_after);
    case '5':
        return no_reply(Outcome::unreachable);
    case '6':
        return no_reply(Outcome::timed_out);
    case '7':
        return no_reply(Outcome::not_trusted);
    case '8':
        return no_reply(Outcome::too_large);
    default:
        return reply_of(200, body, retry_after);
    }
}

struct Run {
    DeviceGrant grant;
    Expectations expected = entra_expectations();
    BootTime deadline;
    BootTime now = start_time;
    BootTime shown_until{};
    bool shown = false;
    bool asked = false; // a request is out

    explicit Run(BootTime end)
        : grant(entra_party(true), "0b9e0000-0000-4000-8000-00000000000a", "{}", end,
                Jitter{"0b9e0000"}),
          deadline(end)
    {
    }

    // True: it has ended.
    bool take(const Step &step)
    {
        if (const auto *send = std::get_if<SendRequest>(&step)) {
            expect(!asked && now < deadline);
            const Provider provider = entra_provider();
            expect(send->request.url ==
                   (shown ? provider.token_endpoint : provider.device_authorization_endpoint));
            expect(!shown || now < shown_until);
            asked = true;
            return false;
        }
        if (const auto *code = std::get_if<ShowCode>(&step)) {
            expect(!shown && is_showable_uri(expected, code->uri));
            expect(code->user_code.size() >= 4 && code->user_code.size() <= 32);
            expect(code->expires <= deadline && code->expires <= now + seconds{3600});
            expect(code->poll_at <= code->expires && code->poll_at > now);
            shown = true;
            shown_until = code->expires;
            asked = false;
            return false;
        }
        if (const auto *wait = std::get_if<WaitUntil>(&step)) {
            expect(wait->at <= deadline);
            return false;
        }
        const auto *done = std::get_if<Finished>(&step);
        const bool good = done->failure == Failure::none;
        expect(good == !done->id_token.empty() && good == done->advice.empty());
        expect(!good || (shown && now <= deadline));
        expect(done->correlation_id.size() == 36);
        expect(done->provider_code >= 0 && done->provider_code <= 99'999'999);
        return true;
    }

    bool reply(const HttpReply &answer)
    {
        asked = false;
        return take(grant.on_reply(answer, now));
    }
};

void expect_broken(const Step &step)
{
    const auto *done = std::get_if<Finished>(&step);
    expect(done != nullptr && done->failure == Failure::broken && done->id_token.empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size == 0)
        return 0;
    std::string_view script{reinterpret_cast<const char *>(data) + 1, size - 1};
    Run run{start_time + seconds{16 * data[0]} + seconds{1}};
    bool ended = run.take(run.grant.start());
    while (!ended && !script.empty()) {
        const std::size_t end = std::min(script.find('\f'), script.size());
        const std::string_view record = script.substr(0, end);
        script.remove_prefix(std::min(end + 1, script.size()));
        if (record.size() < 2)
            continue;
        run.now += seconds{8 * std::clamp(record[1] - '0', 0, 60)};
        ended = run.asked && record[0] != '9' ? run.reply(read_reply(record[0], record.substr(2)))
                                              : run.take(run.grant.on_time(run.now));
    }
    // Whatever was said so far, the deadline ends it.
    run.now = std::max(run.now, run.deadline);
    if (!ended)
        expect(run.take(run.grant.on_time(run.now)));
    expect_broken(run.grant.start());
    expect_broken(run.grant.on_time(run.now));
    expect_broken(run.grant.on_reply(reply_of(200, R"({"id_token":"a.b.c"})"), run.now));
    return 0;
}
