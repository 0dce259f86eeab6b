#include "lib/sys/zones.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "lib/base/fd.h"
#include "lib/sys/whole_file.h"

namespace jit::sys {

namespace {

constexpr const char *folder = "/usr/share/zoneinfo/";
constexpr std::size_t max_bytes = std::size_t{64} * 1024;

bool is_zone_name(std::string_view name)
{
    if (name.empty() || name.size() > 64 || name.front() == '/' || name.back() == '/' ||
        name.find("//") != name.npos)
        return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '+' || c == '-' || c == '/';
    });
}

} // namespace

std::shared_ptr<const Zone> find_zone(std::string_view name)
{
    if (name == "UTC")
        return std::make_shared<const Zone>(Zone{"UTC", {}, {}});
    if (!is_zone_name(name))
        return nullptr;
    const Fd file{open((folder + std::string{name}).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat found = {};
    if (!file || fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode))
        return nullptr;
    const auto bytes = read_whole(file.get(), max_bytes);
    auto zone = bytes ? parse_zone(name, *bytes) : std::nullopt;
    return zone ? std::make_shared<const Zone>(*std::move(zone)) : nullptr;
}

} // namespace jit::sys
