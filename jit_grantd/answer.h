// What the helper says to a call: a value, or why not.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <variant>

#include "lib/base/result.h"

namespace jit::grantd {

// One for each error of io.jitd.Grant.
struct Refusal {
    enum class Kind {
        refused,         // the policy or a limit says no
        misconfigured,   // policy or configuration is missing or has faults
        policy_mismatch, // the caller decided by another policy than the one that is here
        not_found,
        unavailable, // something of this host did not work; later may help
    };
    Kind kind = Kind::unavailable;
    std::string text; // one line for people
};

inline Refusal refuse(std::string text)
{
    return {Refusal::Kind::refused, std::move(text)};
}

// An error of the host, with what was being done: "DOING: WHAT (ERRNO)".
inline Refusal unavailable(const std::string &doing, const Error &error)
{
    std::string text = doing + ": " + error.what;
    if (error.sys != 0)
        text += std::string{" ("} + std::strerror(error.sys) + ")";
    return {Refusal::Kind::unavailable, std::move(text)};
}

template <typename T> class [[nodiscard]] Answer
{
  public:
    Answer(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    Answer(Refusal refusal) : held_(std::in_place_index<1>, std::move(refusal)) {}

    bool has_value() const { return held_.index() == 0; }
    explicit operator bool() const { return has_value(); }
    T &operator*() { return *std::get_if<0>(&held_); }
    const T &operator*() const { return *std::get_if<0>(&held_); }
    T *operator->() { return std::get_if<0>(&held_); }
    const T *operator->() const { return std::get_if<0>(&held_); }
    const Refusal &refusal() const { return *std::get_if<1>(&held_); }

  private:
    std::variant<T, Refusal> held_;
};

} // namespace jit::grantd
