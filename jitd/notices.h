// Tells webhooks what happens: takes what is told from the audit's records, keeps it in the ledger
// with them, and sends it from there, by an HTTP client of its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jitd/notice.h"
#include "jitd/notice_delivery.h"
#include "jitd/settings.h"
#include "jitd/store.h"
#include "lib/net/http.h"
#include "lib/sys/event.h"

namespace jit::daemon {

class Notices
{
  public:
    using MakeClient = std::function<Result<std::unique_ptr<net::HttpClient>>(net::HttpOptions)>;

    // Borrows loop and ledger. No webhook is told of anything before use().
    static Result<std::unique_ptr<Notices>> make(sd_event *loop, Store &store,
                                                 MakeClient make_client);
    ~Notices();
    Notices(const Notices &) = delete;
    Notices &operator=(const Notices &) = delete;

    // The webhooks of these settings are told from now on, and what waits for others is dropped.
    // Without a configuration all stays as it is: an error in a file silences nobody.
    void use(const Settings &settings);

    // A request begins to wait for a second person, which has no record, and whose own beginning
    // told nobody. Keeps its row in the ledger, and in the same transaction what is told of it;
    // where there is no room for both, the row alone. Webhooks with codes are not told yet.
    //   requested  the record of such a beginning
    Result<void> put_waiting(const AuditRecord &requested, const StoredRequest &row);
    // Tells those with codes, as soon as there is one, or none to be had.
    void tell_with_codes(const AuditRecord &requested, const StoredRequest &row);
    bool has_codes() const; // whether any webhook wants codes

    // What the ledger is to keep with a record, in one transaction: one for each webhook that is
    // told of such.
    //   row  of the record's request, as it will be; null: it is looked up
    std::vector<StoredNotice> of_record(const AuditRecord &record, WallTime at,
                                        const StoredRequest *row);
    // They are in the ledger; the ledger has the record alone.
    void on_kept();
    void on_lost();

    // The code of a request, for webhooks with `codes`, until forget_code(): it is in no ledger,
    // and a notice that is sent without it says how to approve by other means.
    void keep_code(const std::string &request, NoticeCode code);
    void forget_code(const std::string &request);

    // Notes in the ledger what has been sent.
    void stop();

  private:
    struct Target;
    enum class Whom {
        all,
        with_codes,
        without_codes
    };

    Notices(sd_event *loop, Store &store, MakeClient make_client);
    bool is_same(const Settings &settings) const;
    std::vector<StoredNotice> make(const AuditRecord &record, WallTime at, const StoredRequest *row,
                                   Whom whom);
    void perform(Target &target, NoticeDelivery::Actions actions);
    NoticeDelivery::Actions send(Target &target, const StoredNotice &notice);
    void look();
    void write_forgotten();

    sd_event *loop_;
    Store &store_;
    MakeClient make_client_;
    std::string host_;
    net::HttpOptions options_;
    std::unique_ptr<net::HttpClient> client_;
    std::vector<std::unique_ptr<Target>> targets_;
    std::map<std::string, NoticeCode> codes_; // by request
    std::vector<std::int64_t> forgotten_;     // sent, and still in the ledger
    std::unique_ptr<sys::Timer> look_;
    std::unique_ptr<sys::Timer> forget_;
    std::optional<BootTime> said_lost_; // in the journal
    std::optional<BootTime> said_dropped_;
};

} // namespace jit::daemon
