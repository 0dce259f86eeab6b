// A webhook that is told of everything and never answers: so the ledger still has what it is to be
// told, and that is to be what the audit has.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "jitd/notices.h"
#include "jitd/store.h"
#include "lib/sys/digest.h"
#include "policy/config.h"

namespace jit::daemon::test {

class DeafClient final : public net::HttpClient
{
  public:
    Transfer send(oidc::HttpRequest, Done) override { return ++last_; }
    void cancel(Transfer) override {}

  private:
    Transfer last_ = 0;
};

inline std::unique_ptr<Notices> make_deaf_notices(sd_event *loop, Store &store)
{
    auto notices = *Notices::make(
        loop, store, [](const net::HttpOptions &) -> Result<std::unique_ptr<net::HttpClient>> {
            return std::unique_ptr<net::HttpClient>{std::make_unique<DeafClient>()};
        });
    policy::Webhook webhook;
    webhook.host = "deaf.example.org";
    webhook.url = "https://deaf.example.org/";
    webhook.events = {policy::notice_events.begin(), policy::notice_events.end()};
    Settings settings;
    settings.config.emplace();
    settings.config->webhooks = {webhook};
    settings.webhook_keys.resize(1);
    notices->use(settings);
    return notices;
}

// "ID granted", of a request and the audit's own name of what is told of it, for each notice.
using Told = std::multiset<std::string>;

inline Told read_told(Store &store)
{
    Told told;
    const std::string digest = *sys::sha256_hex("json\nhttps://deaf.example.org/");
    std::int64_t after = 0;
    for (;;) {
        const auto next = store.next_notice(digest, after);
        if (!next || !*next)
            return told;
        after = (*next)->seq;
        if (const auto notice = decode_notice((*next)->text))
            told.insert(notice->request + " " + notice->record);
    }
}

// The same by the audit's records: what has to be told. Of requests for approvers too much: the
// beginning of one tells nobody.
inline Told read_to_tell(Store &store)
{
    Told to_tell;
    std::int64_t after = 0;
    for (;;) {
        const auto rows = store.read_audit(after, 100);
        if (!rows || rows->empty())
            return to_tell;
        for (const Store::AuditRow &row : *rows) {
            after = row.seq;
            const auto record = decode_record(row.text);
            if (record && !notice_event_of(record->event).empty())
                to_tell.insert(record->request + " " + std::string{name_of(record->event)});
        }
    }
}

} // namespace jit::daemon::test
