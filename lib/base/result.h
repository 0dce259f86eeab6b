// A value or an error, with the names of std::expected: the compilers this builds with do not all
// have that type yet. The day they do, this header becomes an alias.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

namespace jit {

// What a caller can do about an error. Programs map these to exit codes, PAM codes and Varlink
// errors; nothing else of an error is ever branched on.
enum class Code {
    denied,      // understood, and the answer is no
    bad_input,   // the text, frame, file or argument is wrong; asking again will not help
    not_found,   // it does not exist
    unavailable, // a file, peer or server could not be reached or read; later may help
    timed_out,   // a deadline passed
    internal,    // our fault
};

// Never owns memory and never holds anybody's data, so it may be made when memory is short and be
// logged without thought.
//   what  a string literal, a clause without a full stop
//   sys   an errno, or 0
struct Error {
    Code code = Code::internal;
    const char *what = "unknown error";
    int sys = 0;
};

template <typename T> class [[nodiscard]] Result
{
  public:
    using value_type = T;

    Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : held_(std::in_place_index<1>, error) {}

    bool has_value() const { return held_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    // Borrow or take the value. Only after has_value().
    T &operator*() & { return *std::get_if<0>(&held_); }
    const T &operator*() const & { return *std::get_if<0>(&held_); }
    T &&operator*() && { return std::move(*std::get_if<0>(&held_)); }
    T *operator->() { return std::get_if<0>(&held_); }
    const T *operator->() const { return std::get_if<0>(&held_); }

    // Only after !has_value().
    const Error &error() const { return *std::get_if<1>(&held_); }

    T value_or(T other) && { return has_value() ? std::move(**this) : std::move(other); }

  private:
    std::variant<T, Error> held_;
};

template <> class [[nodiscard]] Result<void>
{
  public:
    using value_type = void;

    Result() = default;
    Result(Error error) : failed_(true), error_(error) {}

    bool has_value() const { return !failed_; }
    explicit operator bool() const { return has_value(); }
    const Error &error() const { return error_; }

  private:
    bool failed_ = false;
    Error error_{};
};

namespace detail {
template <typename T> T unwrap(Result<T> &&result)
{
    return *std::move(result);
}
inline void unwrap(Result<void> &&) {}
} // namespace detail

} // namespace jit

#define JIT_JOIN_(a, b) a##b
#define JIT_JOIN(a, b) JIT_JOIN_(a, b)
// NOLINTBEGIN(bugprone-macro-parentheses): a variable's name can't stand in parentheses
#define JIT_TRY_(name, expression)                                                                 \
    __extension__({                                                                                \
        auto name = (expression);                                                                  \
        if (!name.has_value())                                                                     \
            return name.error();                                                                   \
        ::jit::detail::unwrap(std::move(name));                                                    \
    })
// NOLINTEND(bugprone-macro-parentheses)

// The value of a Result, or a return of its error from the function around it. Not after other
// temporaries, as in {text, TRY(...)}: the return leaks what g++ has made of them so far
// (tools/check-try looks for it).
#define TRY(expression) JIT_TRY_(JIT_JOIN(try_, __COUNTER__), expression)
