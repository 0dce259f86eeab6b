// The ledger's audit: records, each with a hash over the one before it, and which of them the
// journal may lack.
#include <algorithm>

#include "jitd/limits.h"
#include "jitd/store_statements.h"
#include "lib/sys/digest.h"

namespace jit::daemon {

namespace {

// The head of an empty chain.
constexpr std::string_view no_record =
    "0000000000000000000000000000000000000000000000000000000000000000";

} // namespace

Result<std::string> Store::read_head()
{
    Use use{statements_->head};
    const int status = use.step();
    if (status == SQLITE_ROW)
        return use.text_at(0);
    if (status == SQLITE_DONE)
        return std::string{no_record};
    return sqlite_error(db_, "the ledger can't be read");
}

// In a transaction that is open.
Result<std::string> Store::append(std::string_view event, std::string_view text)
{
    if (head_.empty())
        head_ = TRY(read_head());
    // The journal hears of all of them after the transaction, and a crash may come before that.
    if (++appended_ == 1)
        before_ = head_;
    if (appended_ == 2) {
        Use before{statements_->told_before};
        before.text(1, before_);
        if (before.step() != SQLITE_DONE)
            return write_error(db_);
    }
    std::string hash = TRY(sys::sha256_hex(head_ + "\n" + std::string{text}));
    Use use{statements_->append};
    use.text(1, event);
    use.text(2, text);
    use.text(3, hash);
    if (use.step() != SQLITE_DONE)
        return write_error(db_);
    head_ = hash;
    return hash;
}

Result<std::string> Store::append_audit(std::string_view event, std::string_view text,
                                        const StoredRequest *with,
                                        std::span<const StoredNotice> notices)
{
    std::string hash;
    TRY(transact([&]() -> Result<void> {
        if (with != nullptr && !put_row(*with))
            return write_error(db_);
        hash = TRY(append(event, text));
        if (!put_notices(notices))
            return write_error(db_);
        return {};
    }));
    return hash;
}

Result<std::vector<Store::AuditRow>> Store::read_audit(std::int64_t after, std::size_t most)
{
    std::vector<AuditRow> found;
    Use use{statements_->audit};
    use.number(1, after);
    use.number(2, static_cast<std::int64_t>(most));
    int status = 0;
    while ((status = use.step()) == SQLITE_ROW)
        found.push_back({use.number_at(0), use.text_at(1), use.text_at(2)});
    if (status != SQLITE_DONE)
        return sqlite_error(db_, "the ledger can't be read");
    return found;
}

Result<std::vector<Store::Untold>> Store::read_untold()
{
    // What is noted is what was told last; or, in a transaction of many, what was told before it.
    constexpr std::size_t most = limits::records_at_once;
    std::vector<Untold> found;
    std::string noted;
    bool is_there = false;
    Use use{statements_->untold};
    use.number(1, most + 1);
    int status = SQLITE_ROW;
    while (!is_there && (status = use.step()) == SQLITE_ROW) {
        Untold one{use.text_at(0), use.text_at(1), use.text_at(2)};
        noted = use.text_at(3);
        is_there = one.hash == noted;
        if (!is_there)
            found.push_back(std::move(one));
    }
    if (status != SQLITE_ROW && status != SQLITE_DONE)
        return sqlite_error(db_, "the ledger can't be read");
    is_there = is_there || (noted == no_record && found.size() <= most);
    // Noted long ago, if ever: each one since then was told before the next was written.
    if (!is_there && found.size() > 1)
        found.resize(1);
    std::reverse(found.begin(), found.end());
    return found;
}

Result<void> Store::note_told()
{
    return transact([&]() -> Result<void> {
        if (!run(statements_->told))
            return write_error(db_);
        return {};
    });
}

} // namespace jit::daemon
