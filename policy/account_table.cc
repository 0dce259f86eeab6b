#include "policy/account_table.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace jit::policy {

namespace {

constexpr std::string_view wildcards = "*?";

// A name without wildcards is filed whole, a glob with such under the longer of its fixed ends:
// "db*" is looked at for names that begin with "db", "*" for every name.
enum class Part : std::uint64_t {
    text,
    whole,
    start,
    end
};

std::uint64_t hash_of(Part part, std::string_view scope, std::string_view text)
{
    constexpr std::uint64_t odd = 0x9e37'79b9'7f4a'7c15;
    const std::hash<std::string_view> hash;
    std::uint64_t mixed = hash(text) + odd * (hash(scope) ^ (static_cast<std::uint64_t>(part) + 1));
    mixed = (mixed ^ (mixed >> 32)) * odd;
    return mixed ^ (mixed >> 29);
}

void add_length(std::vector<std::size_t> &lengths, std::size_t length)
{
    const auto at = std::lower_bound(lengths.begin(), lengths.end(), length);
    if (at == lengths.end() || *at != length)
        lengths.insert(at, length);
}

} // namespace

bool has_wildcard(std::string_view glob)
{
    return glob.find_first_of(wildcards) != std::string_view::npos;
}

void AccountTable::add(std::string_view scope, std::string_view glob, std::uint32_t number)
{
    if (!has_wildcard(glob)) {
        filed_.emplace_back(hash_of(Part::whole, scope, glob), number);
        return;
    }
    const std::string_view start = glob.substr(0, glob.find_first_of(wildcards));
    const std::string_view end = glob.substr(glob.find_last_of(wildcards) + 1);
    const bool by_start = start.size() >= end.size();
    add_length(by_start ? start_lengths_ : end_lengths_, by_start ? start.size() : end.size());
    filed_.emplace_back(hash_of(by_start ? Part::start : Part::end, scope, by_start ? start : end),
                        number);
}

void AccountTable::add_text(std::string_view scope, std::string_view text, std::uint32_t number)
{
    filed_.emplace_back(hash_of(Part::text, scope, text), number);
}

void AccountTable::finish()
{
    const std::size_t buckets = std::bit_ceil(filed_.size() + 1);
    begins_.assign(buckets + 1, 0);
    const auto bucket_of = [&](std::uint64_t hash) { return hash & (buckets - 1); };
    for (const auto &[hash, number] : filed_)
        ++begins_[bucket_of(hash)];
    // Each begins where the one before ends; filled from its end, it is back at its beginning.
    std::uint32_t end = 0;
    for (std::uint32_t &begin : begins_)
        begin = end += begin;
    entries_.resize(filed_.size());
    for (const auto &[hash, number] : filed_)
        entries_[--begins_[bucket_of(hash)]] = {static_cast<std::uint32_t>(hash >> 32), number};
    filed_ = {};
}

void AccountTable::look_up(std::uint64_t hash, std::vector<std::uint32_t> &out) const
{
    if (entries_.empty())
        return;
    const std::size_t bucket = hash & (begins_.size() - 2); // begins_ has one more than buckets
    for (std::size_t i = begins_[bucket]; i < begins_[bucket + 1]; ++i)
        if (entries_[i].tag == hash >> 32)
            out.push_back(entries_[i].number);
}

void AccountTable::find(std::string_view scope, std::string_view name,
                        std::vector<std::uint32_t> &out) const
{
    look_up(hash_of(Part::whole, scope, name), out);
    for (const std::size_t length : start_lengths_)
        if (length <= name.size())
            look_up(hash_of(Part::start, scope, name.substr(0, length)), out);
    for (const std::size_t length : end_lengths_)
        if (length <= name.size())
            look_up(hash_of(Part::end, scope, name.substr(name.size() - length)), out);
}

void AccountTable::find_text(std::string_view scope, std::string_view text,
                             std::vector<std::uint32_t> &out) const
{
    look_up(hash_of(Part::text, scope, text), out);
}

} // namespace jit::policy
