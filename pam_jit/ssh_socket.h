// The client's connection of a login over ssh, which sshd's processes inherit: its end is the only
// sign that the person has gone, while a module waits.
#pragma once

#include <string_view>

namespace jit::pam {

// The descriptor whose other end is the client that SSH_CONNECTION ("ADDRESS PORT ADDRESS PORT",
// ssh(1)) names; borrowed from the program. -1: none, such as behind a pipe.
int find_ssh_socket(std::string_view connection);

// Whether the client has closed it.
bool has_client_gone(int socket);

} // namespace jit::pam
