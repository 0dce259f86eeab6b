// Numbers filed under names and patterns of names, and found again by a name: in a time that does
// not grow with what else is filed.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace jit::policy {

bool has_wildcard(std::string_view glob);

class AccountTable
{
  public:
    // Files a number under a glob within a scope, which is any text. Nothing is borrowed.
    void add(std::string_view scope, std::string_view glob, std::uint32_t number);
    // Under a text as it stands, apart from all globs.
    void add_text(std::string_view scope, std::string_view text, std::uint32_t number);
    // After all that is to be filed, before anything is found.
    void finish();

    // Appends the numbers of every glob of the scope that matches the name, and perhaps others:
    // whose glob only begins, or ends, as the name does. A number may come more than once.
    void find(std::string_view scope, std::string_view name, std::vector<std::uint32_t> &out) const;
    void find_text(std::string_view scope, std::string_view text,
                   std::vector<std::uint32_t> &out) const;

  private:
    struct Entry {
        std::uint32_t tag; // of the hash, what does not choose the bucket
        std::uint32_t number;
    };

    void look_up(std::uint64_t hash, std::vector<std::uint32_t> &out) const;

    std::vector<std::pair<std::uint64_t, std::uint32_t>> filed_; // hash and number, until finish()
    std::vector<std::uint32_t> begins_; // of each bucket in entries_, and the end of the last
    std::vector<Entry> entries_;
    // How long the fixed beginnings and ends are under which globs are filed, each length once.
    std::vector<std::size_t> start_lengths_;
    std::vector<std::size_t> end_lengths_;
};

} // namespace jit::policy
