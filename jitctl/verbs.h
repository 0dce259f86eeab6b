// One function a verb: each asks jitd, prints the answer and gives the exit code.
#pragma once

#include <chrono>
#include <string>

#include "jitctl/client.h"
#include "jitctl/command.h"
#include "jitctl/exit_codes.h"
#include "jitctl/output.h"

namespace jit::ctl {

// How long a jitd that is started anew, while a request waits for others, is asked again.
inline constexpr std::chrono::seconds rejoin_within{60};

// Asks for a role and follows the request to its end.
//   stop_fd  becomes readable when the person gives up: a signalfd for SIGINT and SIGTERM
Exit request(const Command &command, const Output &output, const std::string &socket, int stop_fd,
             std::chrono::seconds patience = rejoin_within);

// Asks for more time, and follows that to its end in the same way.
Exit extend(const Command &command, const Output &output, const std::string &socket, int stop_fd,
            std::chrono::seconds patience = rejoin_within);

// Shows what somebody else asks for, and says yes or no to it by a sign-in, followed to its end.
Exit approve(const Command &command, const Output &output, const std::string &socket, int stop_fd);
Exit deny(const Command &command, const Output &output, const std::string &socket, int stop_fd);

Exit pending(const Command &command, const Output &output, const std::string &socket);
Exit status(const Command &command, const Output &output, const std::string &socket);
Exit list(const Command &command, const Output &output, const std::string &socket);
Exit roles(const Command &command, const Output &output, const std::string &socket);
Exit drop(const Command &command, const Output &output, const std::string &socket);
Exit revoke(const Command &command, const Output &output, const std::string &socket);
Exit cancel(const Command &command, const Output &output, const std::string &socket);
Exit pins(const Command &command, const Output &output, const std::string &socket);
Exit confirm_pin(const Command &command, const Output &output, const std::string &socket);
Exit clear_pin(const Command &command, const Output &output, const std::string &socket);

// Where the host's own policy and configuration are.
struct PolicyPlaces {
    std::string directory = "/etc/jit/policy.d";
    std::string config = "/etc/jit/jitd.toml";
};
// The host's own files.
struct DoctorPlaces {
    std::string etc = "/etc";
    std::string usr = "/usr";
};
Exit policy_check(const Command &command, const Output &output, const PolicyPlaces &places = {},
                  const DoctorPlaces &host = {});
Exit policy_explain(const Command &command, const Output &output, const PolicyPlaces &places = {});
Exit policy_simulate(const Command &command, const Output &output, const std::string &socket,
                     const PolicyPlaces &places = {});
Exit sudoers(const Command &command, const Output &output, const PolicyPlaces &places = {},
             const DoctorPlaces &host = {});
Exit doctor(const Output &output, const DoctorPlaces &places = {}, const PolicyPlaces &policy = {});
Exit policy_test(const Command &command, const Output &output, const PolicyPlaces &places = {});

} // namespace jit::ctl
