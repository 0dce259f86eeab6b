// The ledger's table of pins.
#include "jitd/store_statements.h"

namespace jit::daemon {

namespace {

// Runs a statement that changes the row of one user, and says whether there was one.
Result<void> change_one(sqlite3 *db, const Statement &statement, std::string_view user,
                        bool &was_there)
{
    Use use{statement};
    use.text(1, user);
    if (use.step() != SQLITE_DONE)
        return write_error(db);
    was_there = sqlite3_changes(db) > 0;
    return {};
}

} // namespace

Result<std::vector<Pin>> Store::read_pins()
{
    std::vector<Pin> found;
    Use use{statements_->pins};
    int status = 0;
    while ((status = use.step()) == SQLITE_ROW)
        found.push_back({use.text_at(0), use.text_at(1), use.text_at(2), wall_at(use, 3),
                         use.number_at(4) != 0});
    if (status != SQLITE_DONE)
        return sqlite_error(db_, "the ledger can't be read");
    return found;
}

Result<void> Store::put_pin(const Pin &pin)
{
    Use use{statements_->add_pin};
    use.text(1, pin.user);
    use.text(2, pin.oid);
    use.text(3, pin.upn);
    use.number(4, pin.since.time_since_epoch().count());
    use.number(5, pin.confirmed ? 1 : 0);
    const int status = use.step();
    if (status == SQLITE_CONSTRAINT)
        return Error{Code::denied, "the user is pinned already"};
    if (status != SQLITE_DONE)
        return write_error(db_);
    return {};
}

Result<void> Store::add_pin(const Pin &pin)
{
    return transact([&] { return put_pin(pin); });
}

Result<bool> Store::confirm_pin(std::string_view user)
{
    bool was_there = false;
    TRY(transact([&] { return change_one(db_, statements_->confirm_pin, user, was_there); }));
    return was_there;
}

Result<bool> Store::remove_pin(std::string_view user)
{
    bool was_there = false;
    TRY(transact([&] { return change_one(db_, statements_->remove_pin, user, was_there); }));
    return was_there;
}

} // namespace jit::daemon
