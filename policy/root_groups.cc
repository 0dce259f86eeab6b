#include "policy/root_groups.h"

#include <algorithm>
#include <array>

namespace jit::policy {

namespace {

constexpr std::array<std::string_view, 35> names{
    "root",
    "sudo",
    "wheel",
    "admin",
    "adm",
    "bin",
    "daemon",
    "sys",
    "disk",
    "shadow",
    "kmem",
    "mem",
    "tty",
    "utmp",
    "staff",
    "operator",
    "backup",
    "crontab",
    "docker",
    "podman",
    "lxd",
    "lxc",
    "incus",
    "incus-admin",
    "libvirt",
    "libvirt-qemu",
    "kvm",
    "systemd-journal",
    "systemd-network",
    "systemd-resolve",
    "polkitd",
    "messagebus",
    "ssl-cert",
    "netdev",
    "jit",
};

} // namespace

std::span<const std::string_view> root_equivalent_groups()
{
    return names;
}

bool is_root_equivalent(std::string_view group)
{
    return std::find(names.begin(), names.end(), group) != names.end();
}

} // namespace jit::policy
