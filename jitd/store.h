// The ledger: every request and grant, who was found to be whom, and the hash-chained audit, in
// SQLite.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/ipc/elevation.h"

struct sqlite3;

namespace jit::daemon {

// A request from its beginning, and the grant that came of it.
struct StoredRequest {
    std::string id;
    std::string role;
    std::string user;
    std::uint32_t uid = 0;
    std::string oid;
    std::vector<std::string> groups;
    std::optional<std::vector<std::string>> made; // of them in the group file; absent: userdb
    ipc::State state = ipc::State::pending_signin;
    bool asked_helper = false; // the root helper may have made the grant
    std::string host;
    std::string service;
    std::string tty;
    std::string reason;
    std::string approver_oid;
    WallTime began{};
    WallTime deadline{};
    std::optional<WallTime> since;
    std::optional<WallTime> until;
    std::optional<BootTime> until_boot;
    std::string boot_id;      // of the boot it was granted in
    std::string cause;        // why it ended
    bool is_of_login = false; // to a shared account: it serves the login that it was made for,
    std::string key;          // and later ones with this key (origins.h); empty: no others
    std::string kept;         // while others have to approve it: kept_request.h; else empty
    // Modes pim and watch: the group, a space, and how Graph calls the activation that the grant
    // stands on; else empty.
    std::string activation;
    bool is_used = false; // a session was opened under it, where one is all that it is for
};

// The person behind a local user whose name alone was known, from his first sign-in on.
struct Pin {
    std::string user;
    std::string oid; // lower case
    std::string upn; // what he signed in with, lower case
    WallTime since{};
    bool confirmed = false; // root has said that it is he
};

// What a webhook is still to be told.
struct StoredNotice {
    std::int64_t seq = 0; // in the order of their making; given by the ledger
    std::string webhook;  // a digest of its address and format
    WallTime made{};
    std::string text; // encode_notice()
};

// Every write is on disk when its call returns (WAL, synchronous=FULL), or an error is returned:
// each is one transaction, and one wait for the disk. What may wait for another one is held, and
// takes no wait of its own.
class Store
{
  public:
    // Opens or makes `path`; a ledger of an earlier version is brought up to this one, and keeps
    // all that it has. Errors: unavailable; bad_input: of a later version.
    static Result<std::unique_ptr<Store>> open(const std::string &path, std::int64_t max_pages);
    ~Store();
    Store(const Store &) = delete;
    Store &operator=(const Store &) = delete;

    Result<void> put(const StoredRequest &request); // inserts, or replaces the one of this id

    // Requests whose state is pending or live: what a restart must mend.
    Result<std::vector<StoredRequest>> read_open();
    //   errors  not_found
    Result<StoredRequest> read(std::string_view id);
    // Whether another request than this one stands, or stood, on the activation.
    Result<bool> has_served(std::string_view activation, std::string_view but);
    // The same for an activation that began at that time, where requests of the person stood on
    // what has no name but this: one of theirs may be it that was not over by then.
    Result<bool> may_have_served(std::string_view unnamed, std::string_view oid, WallTime began,
                                 std::string_view but);
    // Newest first. An empty user: everybody's.
    Result<std::vector<StoredRequest>> read_newest(std::string_view user, std::size_t most);

    // Appends to the chain: hash = SHA-256(previous hash, newline, text), in hex; before the first
    // record it is 64 zeros.
    //   with     put in the same transaction: a crash leaves both or neither; null: nothing
    //   notices  the same; of one webhook no more than limits are kept, the newest
    //   returns  the new head
    Result<std::string> append_audit(std::string_view event, std::string_view text,
                                     const StoredRequest *with = nullptr,
                                     std::span<const StoredNotice> notices = {});

    struct AuditRow {
        std::int64_t seq = 0;
        std::string text;
        std::string hash;
    };
    // The first ones after a number, in their order.
    Result<std::vector<AuditRow>> read_audit(std::int64_t after, std::size_t most);

    // What there is to hold something for: as long as one is there, it may wait. When the last one
    // goes, all that is still held is written. Not across a turn of the loop.
    class Turn
    {
      public:
        explicit Turn(Store &store) : store_(store) { ++store_.turns_; }
        ~Turn()
        {
            if (--store_.turns_ == 0)
                store_.settle();
        }
        Turn(const Turn &) = delete;
        Turn &operator=(const Turn &) = delete;

      private:
        Store &store_;
    };

    // A record that is put in the transaction of the next write, whatever that is, before it; or by
    // settle(). At once without a Turn. Until then it is in no answer of this class.
    struct Chained {
        std::string hash;
        bool has_notices = true; // else there was no room for them
    };
    struct Held {
        std::string event;
        std::string text;
        std::vector<StoredNotice> notices; // where they can't be written, it is without them
        // Once, when it is on disk or has failed. Writes nothing to the ledger.
        std::function<void(const Result<Chained> &)> done;
    };
    void hold(Held record);
    // A pin, with the record that is held last and says so: both or neither.
    //   returns  false: nothing is held, or a pin is already; nothing is done
    bool hold_pin(const Pin &pin, std::function<void(bool is_kept)> done);
    // What is held is on disk, or has failed, when this returns: before whatever the outside sees.
    void settle();

    // The newest records of the chain that the journal may lack, the oldest of them first: all of a
    // transaction are told after it, and before the next one.
    struct Untold {
        std::string event;
        std::string text;
        std::string hash;
    };
    Result<std::vector<Untold>> read_untold();
    // Notes that the journal has every record there is.
    Result<void> note_told();

    // The first of a webhook's after a number.
    Result<std::optional<StoredNotice>> next_notice(std::string_view webhook, std::int64_t after);
    // Some of what has no record.
    //   with  the row that they tell of, in the same transaction; null: nothing
    Result<void> add_notices(std::span<const StoredNotice> notices,
                             const StoredRequest *with = nullptr);
    // Those of these numbers are done with; all or none. Unknown ones are ignored.
    Result<void> forget_notices(std::span<const std::int64_t> seqs);
    // Those of all other webhooks are done with.
    Result<void> keep_notices_of(std::span<const std::string> webhooks);
    // How many had to go for newer ones since it was asked last.
    std::size_t take_dropped_notices() { return std::exchange(notices_dropped_, 0); }

    // The log that SQLite writes first (WAL) is taken into the tables when there is time for it,
    // not by the write that makes it long: each that finds limits::log_pages calls this, which
    // writes nothing itself. Past limits::log_pages_most, or where nobody is to be called, it is
    // taken in by the write.
    void on_long_log(std::function<void()> is_long) { log_is_long_ = std::move(is_long); }
    // Returns whether all of it was: the next write begins the log anew. A reader may keep it from
    // that, and a failed disk.
    bool take_in_log();

    // In the order of their users.
    Result<std::vector<Pin>> read_pins();
    //   errors  denied: the user has one, whatever it says
    Result<void> add_pin(const Pin &pin);
    // Each returns whether the user has one.
    Result<bool> confirm_pin(std::string_view user);
    Result<bool> remove_pin(std::string_view user);

  private:
    struct Statements;
    Store(sqlite3 *db, std::unique_ptr<Statements> statements);

    struct Waiting {
        Held record;
        std::optional<Pin> pin;
        std::function<void(bool)> pin_done;
        std::string hash; // once appended
    };
    using Writes = std::function<Result<void>()>;

    static bool prepare_notices(sqlite3 *db, Statements &statements);
    static int on_log(void *self, sqlite3 *db, const char *, int pages) noexcept;
    bool put_row(const StoredRequest &request);
    Result<std::string> append(std::string_view event, std::string_view text);
    bool put_notices(std::span<const StoredNotice> notices);
    Result<void> put_pin(const Pin &pin);
    Result<std::string> read_head();
    // One transaction. What is held comes first; where that can't be, it is tried by itself.
    Result<void> transact(const Writes &writes);
    Result<void> commit(const Writes &writes);
    Result<void> put_held(Waiting &held, bool with_notices);
    void settle_each(std::vector<Waiting> held);
    static void tell(const Waiting &held, const Result<Chained> &result);

    sqlite3 *db_;
    std::unique_ptr<Statements> statements_;
    std::string head_; // empty: not read yet
    std::size_t notices_dropped_ = 0;
    std::vector<Waiting> held_;
    unsigned turns_ = 0;
    unsigned appended_ = 0; // records, in the transaction that is open
    std::string before_;    // the head before the first of them
    std::function<void()> log_is_long_;
};

} // namespace jit::daemon
