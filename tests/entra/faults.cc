#include "tests/entra/faults.h"

#include <algorithm>
#include <array>

namespace jit::entra {

namespace {

enum class Argument {
    none,
    maybe_one,
    one,
    one_maybe_two,
    two,
};

// What a kind is a fault of.
enum class Sort {
    any,     // a reply of any endpoint
    oauth,   // a reply of an authority's endpoint
    token,   // a reply of /token
    forgery, // an ID token
    paging,  // the first page of a list of Graph's
    pim,     // a reply of PIM's
    pim_new, // a reply to an activation
    arc,     // a challenge
};

struct KindRow {
    std::string_view name;
    Argument argument;
    Sort sort;
};

constexpr std::array kinds{
    KindRow{"status", Argument::one_maybe_two, Sort::any},
    KindRow{"error", Argument::one_maybe_two, Sort::oauth},
    KindRow{"error200", Argument::one_maybe_two, Sort::oauth},
    KindRow{"html", Argument::none, Sort::any},
    KindRow{"not_json", Argument::none, Sort::any},
    KindRow{"redirect", Argument::none, Sort::any},
    KindRow{"slow_down", Argument::none, Sort::token},
    KindRow{"wrong_types", Argument::none, Sort::any},
    KindRow{"set", Argument::two, Sort::any},
    KindRow{"unset", Argument::one, Sort::any},
    KindRow{"hang", Argument::one, Sort::any},
    KindRow{"close", Argument::none, Sort::any},
    KindRow{"truncated", Argument::none, Sort::any},
    KindRow{"bigbody", Argument::none, Sort::any},
    KindRow{"endless", Argument::none, Sort::any},
    KindRow{"wrong_aud", Argument::none, Sort::forgery},
    KindRow{"wrong_iss", Argument::none, Sort::forgery},
    KindRow{"wrong_tid", Argument::none, Sort::forgery},
    KindRow{"alg_none", Argument::none, Sort::forgery},
    KindRow{"hs256", Argument::none, Sort::forgery},
    KindRow{"bad_signature", Argument::none, Sort::forgery},
    KindRow{"unknown_kid", Argument::none, Sort::forgery},
    KindRow{"foreign_key", Argument::none, Sort::forgery},
    KindRow{"jwk_header", Argument::none, Sort::forgery},
    KindRow{"crit_header", Argument::none, Sort::forgery},
    KindRow{"expired", Argument::none, Sort::forgery},
    KindRow{"old_iat", Argument::none, Sort::forgery},
    KindRow{"shift", Argument::one, Sort::forgery},
    KindRow{"auth_time", Argument::one, Sort::forgery},
    KindRow{"v1", Argument::none, Sort::forgery},
    KindRow{"no_oid", Argument::none, Sort::forgery},
    KindRow{"other_oid", Argument::one, Sort::forgery},
    KindRow{"claim", Argument::two, Sort::forgery},
    KindRow{"noclaim", Argument::one, Sort::forgery},
    KindRow{"refuse", Argument::two, Sort::pim},
    KindRow{"rules", Argument::one, Sort::pim},
    KindRow{"acrs", Argument::one_maybe_two, Sort::pim},
    KindRow{"outcome", Argument::one_maybe_two, Sort::pim_new},
    KindRow{"after", Argument::one_maybe_two, Sort::pim},
    KindRow{"other_group", Argument::maybe_one, Sort::pim},
    KindRow{"other_person", Argument::maybe_one, Sort::pim},
    KindRow{"realm", Argument::one, Sort::arc},
    KindRow{"big_key", Argument::none, Sort::arc},
    KindRow{"paged", Argument::none, Sort::paging},
    KindRow{"foreign_next", Argument::maybe_one, Sort::paging},
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
    case Argument::maybe_one:
        return has_second ? nullptr : row;
    case Argument::one:
        return has_first && !has_second ? row : nullptr;
    case Argument::one_maybe_two:
        return has_first ? row : nullptr;
    case Argument::two:
        return has_first && has_second ? row : nullptr;
    }
    return nullptr;
}

UsedBy used_by(Sort sort)
{
    switch (sort) {
    case Sort::forgery:
        return UsedBy::id_token;
    case Sort::paging:
        return UsedBy::first_page;
    case Sort::any:
    case Sort::oauth:
    case Sort::token:
    case Sort::pim:
    case Sort::pim_new:
    case Sort::arc:
        break;
    }
    return UsedBy::reply;
}

bool is_pim(std::string_view endpoint)
{
    return endpoint.starts_with("pim");
}

bool suits(Sort sort, std::string_view endpoint)
{
    switch (sort) {
    case Sort::any:
        return true;
    case Sort::oauth:
        return endpoint != "graph" && !is_pim(endpoint);
    case Sort::token:
    case Sort::forgery:
        return endpoint == "token";
    case Sort::paging:
        return endpoint == "graph" || is_pim(endpoint);
    case Sort::pim:
        return is_pim(endpoint);
    case Sort::pim_new:
        return endpoint == "pim_activate";
    case Sort::arc:
        return endpoint == "arc";
    }
    return false;
}

// Whether a fault ordered for one is one of the other's.
bool covers(std::string_view ordered, std::string_view endpoint)
{
    return ordered == endpoint || (ordered == "pim" && is_pim(endpoint));
}

} // namespace

const std::vector<std::string> &endpoint_names()
{
    static const std::vector<std::string> names{"discovery",    "keys",
                                                "devicecode",   "token",
                                                "graph",        "pim_eligibility",
                                                "pim_activate", "pim_deactivate",
                                                "pim_request",  "pim_requests",
                                                "pim_cancel",   "pim_instances",
                                                "pim_approval", "pim_policy",
                                                "host_token",   "imds",
                                                "arc"};
    return names;
}

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
    const std::vector<std::string> &names = endpoint_names();
    const KindRow *row = find_kind(split_kind(fault.kind));
    if (row == nullptr || fault.left == 0 || !suits(row->sort, fault.endpoint) ||
        (!fault.code.empty() && fault.endpoint != "token") ||
        (!fault.user.empty() && !is_pim(fault.endpoint)) ||
        (fault.endpoint != "pim" &&
         std::find(names.begin(), names.end(), fault.endpoint) == names.end()))
        return false;
    const std::lock_guard lock{mutex_};
    faults_.push_back(std::move(fault));
    return true;
}

std::optional<Kind> Faults::take_where(std::string_view endpoint, std::string_view code,
                                       std::string_view user, UsedBy by)
{
    const std::lock_guard lock{mutex_};
    for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
        const Kind kind = split_kind(fault->kind);
        const KindRow *row = find_kind(kind);
        if (!covers(fault->endpoint, endpoint) || row == nullptr || used_by(row->sort) != by ||
            (!fault->code.empty() && fault->code != code) ||
            (!fault->user.empty() && fault->user != user))
            continue;
        if (fault->left > 0 && --fault->left == 0)
            faults_.erase(fault);
        return kind;
    }
    return std::nullopt;
}

std::optional<Kind> Faults::take(std::string_view endpoint, std::string_view code,
                                 std::string_view user)
{
    return take_where(endpoint, code, user, UsedBy::reply);
}

std::optional<Kind> Faults::take_forgery(std::string_view code)
{
    return take_where("token", code, {}, UsedBy::id_token);
}

std::optional<Kind> Faults::take_paging(std::string_view endpoint)
{
    return take_where(endpoint, {}, {}, UsedBy::first_page);
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
