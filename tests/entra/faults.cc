#include "tests/entra/faults.h"

#include <algorithm>
#include <array>

namespace jit::entra {

namespace {

enum class Argument {
    none,
    one,
    one_maybe_two,
    two,
};

struct KindRow {
    std::string_view name;
    Argument argument;
    bool is_forgery;
};

constexpr std::array kinds{
    KindRow{"status", Argument::one_maybe_two, false},
    KindRow{"error", Argument::one_maybe_two, false},
    KindRow{"error200", Argument::one_maybe_two, false},
    KindRow{"html", Argument::none, false},
    KindRow{"not_json", Argument::none, false},
    KindRow{"redirect", Argument::none, false},
    KindRow{"slow_down", Argument::none, false},
    KindRow{"wrong_types", Argument::none, false},
    KindRow{"set", Argument::two, false},
    KindRow{"unset", Argument::one, false},
    KindRow{"hang", Argument::one, false},
    KindRow{"close", Argument::none, false},
    KindRow{"truncated", Argument::none, false},
    KindRow{"bigbody", Argument::none, false},
    KindRow{"endless", Argument::none, false},
    KindRow{"wrong_aud", Argument::none, true},
    KindRow{"wrong_iss", Argument::none, true},
    KindRow{"wrong_tid", Argument::none, true},
    KindRow{"alg_none", Argument::none, true},
    KindRow{"hs256", Argument::none, true},
    KindRow{"bad_signature", Argument::none, true},
    KindRow{"unknown_kid", Argument::none, true},
    KindRow{"foreign_key", Argument::none, true},
    KindRow{"jwk_header", Argument::none, true},
    KindRow{"crit_header", Argument::none, true},
    KindRow{"expired", Argument::none, true},
    KindRow{"old_iat", Argument::none, true},
    KindRow{"shift", Argument::one, true},
    KindRow{"v1", Argument::none, true},
    KindRow{"no_oid", Argument::none, true},
    KindRow{"other_oid", Argument::one, true},
    KindRow{"claim", Argument::two, true},
    KindRow{"noclaim", Argument::one, true},
};

const KindRow *find_kind(const Kind &kind)
{
    const auto row = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const KindRow &one) { return one.name == kind.name; });
    if (row == kinds.end())
        return nullptr;
    const bool has_first = !kind.first.empty();
    const bool has_second = !kind.second.empty();
    switch (row->argument) {
    case Argument::none:
        return has_first || has_second ? nullptr : row;
    case Argument::one:
        return has_first && !has_second ? row : nullptr;
    case Argument::one_maybe_two:
        return has_first ? row : nullptr;
    case Argument::two:
        return has_first && has_second ? row : nullptr;
    }
    return nullptr;
}

} // namespace

Kind split_kind(std::string_view kind)
{
    const std::size_t first = std::min(kind.find(':'), kind.size());
    const std::string_view rest = kind.substr(std::min(first + 1, kind.size()));
    const std::size_t second = std::min(rest.find(':'), rest.size());
    return {std::string{kind.substr(0, first)}, std::string{rest.substr(0, second)},
            std::string{rest.substr(std::min(second + 1, rest.size()))}};
}

bool Faults::add(Fault fault)
{
    const KindRow *row = find_kind(split_kind(fault.kind));
    const bool is_token = fault.endpoint == "token";
    if (row == nullptr || fault.left == 0 ||
        (!is_token && fault.endpoint != "discovery" && fault.endpoint != "keys" &&
         fault.endpoint != "devicecode") ||
        ((row->is_forgery || row->name == "slow_down") && !is_token))
        return false;
    const std::lock_guard lock{mutex_};
    faults_.push_back(std::move(fault));
    return true;
}

std::optional<Kind> Faults::take_where(std::string_view endpoint, bool forgery)
{
    const std::lock_guard lock{mutex_};
    for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
        const Kind kind = split_kind(fault->kind);
        const KindRow *row = find_kind(kind);
        if (fault->endpoint != endpoint || row == nullptr || row->is_forgery != forgery)
            continue;
        if (fault->left > 0 && --fault->left == 0)
            faults_.erase(fault);
        return kind;
    }
    return std::nullopt;
}

std::optional<Kind> Faults::take(std::string_view endpoint)
{
    return take_where(endpoint, false);
}

std::optional<Kind> Faults::take_forgery()
{
    return take_where("token", true);
}

std::vector<Fault> Faults::all() const
{
    const std::lock_guard lock{mutex_};
    return faults_;
}

void Faults::clear()
{
    const std::lock_guard lock{mutex_};
    faults_.clear();
    ++clearings_;
    cleared_.notify_all();
}

void Faults::hang(std::chrono::seconds time)
{
    std::unique_lock lock{mutex_};
    const unsigned long seen = clearings_;
    cleared_.wait_for(lock, time, [&] { return clearings_ != seen; });
}

} // namespace jit::entra
