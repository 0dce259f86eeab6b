// Which person a local user was found to be, where root has named the domain and not each person
// ([users] match = "upn"). A name can move from one person to another; an object id cannot. So the
// name counts once, at the first sign-in, and from then on the id that came with it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jitd/store.h"

namespace jit::daemon {

class Pins
{
  public:
    // Borrows the ledger, and reads its pins. If they can't be read, no user has one, and none is
    // made: see fault().
    explicit Pins(Store &store);

    // Why the pins can't be told; absent: all is well. A daemon does not go on with it.
    const std::optional<Error> &fault() const { return fault_; }

    // Null: none. Borrowed, until the pin is cleared.
    const Pin *find(std::string_view user) const;

    // Pins a user who has no pin yet. It is on disk before this returns, and not to be found
    // before. Nothing but clear() makes room for another one.
    //   errors  denied: he has one, the same or another; limits::pins users have one
    //           unavailable: it could not be written
    Result<void> put(const Pin &pin);

    // The same for one whose record is held (Store::hold()): they are on disk together, and he is
    // not to be found before. What rests on it waits for that, and asks whether the record is
    // there.
    Result<void> put_soon(const Pin &pin);

    // Root has said that it is he; that he has no more.
    //   returns  whether the user has, or had, a pin
    //   errors   unavailable: it could not be written, and all is as before
    Result<bool> confirm(std::string_view user);
    Result<bool> clear(std::string_view user);

    // In the order of their users.
    std::vector<Pin> all() const;

  private:
    Result<void> may_put(const Pin &pin) const;

    Store &store_;
    std::map<std::string, Pin, std::less<>> pins_; // as the ledger has them
    std::optional<Error> fault_;
};

} // namespace jit::daemon
