// Roles made up by chance, the same in every run, from so few words that they often meet.
#pragma once

#include <array>
#include <random>
#include <string>
#include <vector>

#include "policy/model.h"

namespace jit::policy {

class RandomRoles
{
  public:
    explicit RandomRoles(unsigned seed) : random_(seed) {}

    unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }

    std::string account()
    {
        static constexpr std::array<const char *, 10> names{"a",  "b",  "ab",  "ba",  "aab",
                                                            "db", "d1", "db1", "db2", "c"};
        return names.at(below(names.size()));
    }

    std::string service()
    {
        static constexpr std::array<const char *, 5> names{"sudo", "sudo-i", "su", "su-l", "other"};
        return names.at(below(names.size()));
    }

    std::string glob()
    {
        static constexpr std::array<const char *, 10> globs{"*",  "a*", "*b",   "?",  "d*1",
                                                            "d?", "**", "db?*", "a?", "*a*"};
        return below(2) == 0 ? account() : globs.at(below(globs.size()));
    }

    // `wild` of ten have patterns, the others names only.
    Role role(unsigned number, unsigned wild)
    {
        Role role;
        role.name = "r" + std::to_string(1000 + number);
        role.description = below(3) == 0 ? "" : std::string(1, static_cast<char>('a' + below(3)));
        for (unsigned i = below(3); i > 0; --i)
            role.services.push_back(service());
        const bool is_wild = below(10) < wild;
        for (unsigned i = 1 + below(4); i > 0; --i)
            role.accounts.push_back(
                {below(3) == 0, is_wild ? glob() : account() + std::to_string(below(20))});
        return role;
    }

    std::vector<Role> roles(unsigned count, unsigned wild)
    {
        std::vector<Role> out;
        for (unsigned i = 0; i < count; ++i) {
            out.push_back(role(i, wild));
            if (i > 0 && below(3) == 0)
                out.back().accounts = out[below(i)].accounts;
        }
        return out;
    }

  private:
    std::mt19937 random_;
};

} // namespace jit::policy
