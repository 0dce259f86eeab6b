#include "pam_jit/phases.h"

#include <fcntl.h>
#include <security/pam_ext.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/base/fd.h"
#include "lib/ipc/call_writer.h"
#include "lib/ipc/limits.h"
#include "lib/ipc/reply_reader.h"
#include "pam_jit/args.h"
#include "pam_jit/caller.h"
#include "pam_jit/carried_groups.h"
#include "pam_jit/client.h"
#include "pam_jit/converse.h"
#include "pam_jit/memory.h"
#include "pam_jit/names.h"
#include "pam_jit/ssh_socket.h"

namespace jit::pam {

namespace {

// The outside as it is: the program's conversation and jitd's socket.
class Live final : public Outside
{
  public:
    Live(pam_handle_t *handle, const Door &door, int person)
        : handle_(handle), socket_(door.socket), is_utf8_(door.screen.is_utf8), person_(person),
          client_(door.socket, signals_, person)
    {
    }

    BootTime now() override { return boot_time(); }
    Heard send(std::string_view frame, BootTime until) override
    {
        return client_.send(frame, until);
    }
    Heard receive(BootTime until) override { return client_.receive(until); }
    void hear_enter() override { client_.hear_enter(); }
    Event pause(BootTime until) override
    {
        client_.close();
        return client_.receive(until).event;
    }
    void send_beside(std::string_view frame) override { send_and_forget(socket_, frame); }
    bool ask_beside(std::string_view frame, BootTime until) override
    {
        Client beside{socket_, signals_, -1};
        Heard heard = beside.send(frame, until);
        if (heard.event == Event::ready)
            heard = beside.receive(until);
        ipc::ElevationReply reply;
        return heard.event == Event::ready && ipc::read_reply(heard.frame, reply) &&
               !reply.is_error && !reply.continues;
    }
    Event tell(Tone tone, const Text &text) override
    {
        const bool shown =
            is_utf8_ ? show(handle_, tone, text) : show(handle_, tone, make_ascii(text));
        return shown ? Event::ready : Event::conversation_lost;
    }
    Event ask(const Text &prompt, Typed &answer) override
    {
        // jitd is not to hold a connection while a person thinks.
        client_.close();
        return converse(prompt, answer);
    }
    Event await_enter(const Text &prompt) override
    {
        Typed nothing;
        return converse(prompt, nothing);
    }
    Event ask_at_interrupt(const Text &prompt, Typed &answer) override
    {
        // In the background to ask would stop the program.
        if (signals_.has_to_end() || tcgetpgrp(person_) != getpgrp())
            return Event::interrupted;
        return converse(prompt, answer);
    }

  private:
    Event converse(const Text &prompt, Typed &answer)
    {
        if (signals_.take())
            return Event::interrupted;
        signals_.let_go();
        const bool answered = pam::ask(handle_, is_utf8_ ? prompt : make_ascii(prompt), answer);
        signals_.hold_again();
        return answered ? Event::ready : Event::conversation_lost;
    }

    pam_handle_t *handle_;
    std::string_view socket_;
    bool is_utf8_;
    int person_;
    HeldSignals signals_;
    Client client_;
};

bool is_proven(const Arguments &arguments, const Caller &caller)
{
    return caller.is_by_uid || arguments.proven || !caller.proof.empty();
}

Door door_for(Phase phase, const Arguments &arguments, const Caller &caller)
{
    Door door;
    door.phase = phase;
    door.requester = caller.requester;
    door.account = caller.account;
    door.account_names = caller.account_names();
    door.service = caller.service;
    door.role = arguments.role;
    door.tty = caller.tty;
    door.rhost = caller.rhost;
    door.command = caller.command.view();
    door.connection = caller.connection;
    door.proof = caller.proof;
    door.socket = arguments.socket;
    door.is_proven = is_proven(arguments, caller);
    door.has_ticket = is_sudo(caller.service);
    door.is_quiet = arguments.quiet;
    door.is_observed = arguments.observe;
    door.fast = arguments.fast;
    door.timeout = arguments.timeout;
    door.problem = caller.problem;
    if (const pid_t session = getsid(0); session > 0)
        door.session = session;
    return door;
}

Outcome pass(pam_handle_t *handle, Phase phase, const Arguments &arguments, const Caller &caller)
{
    Door door = door_for(phase, arguments, caller);
    Memory *memory = arguments.observe ? nullptr : Memory::of(handle, true);
    if (memory != nullptr) {
        const auto known = memory->recall_auth(door, boot_time());
        // A refusal in auth is repeated there; the account phase takes over only a fresh yes. Over
        // ssh it has the grant made, and in su it learns what the shell gets.
        const bool is_taken =
            known && known->outcome == Outcome::allowed && !door.is_ssh() && !is_su(caller.service);
        if (known && (phase == Phase::auth || is_taken)) {
            if (phase == Phase::account)
                memory->remember(door, *known, boot_time());
            return known->outcome;
        }
    }

    Fd terminal;
    int person = -1;
    if (door.is_ssh()) {
        person = find_ssh_socket(door.connection);
        if (has_client_gone(person))
            return Outcome::aborted;
        door.may_start = phase == Phase::auth && has_conversation(handle);
    } else if (phase == Phase::auth) {
        terminal.reset(open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
        person = terminal.get();
        door.may_start = terminal && !caller.is_non_interactive && has_conversation(handle);
    }
    Passage passage;
    {
        door.screen = read_screen(terminal.get());
        Live live{handle, door, person};
        passage = run_flow(door, live);
    }
    // "Not ours" may change while a program asks for the password again; all else stands.
    if (memory != nullptr && (passage.outcome != Outcome::ignored || phase == Phase::account))
        memory->remember(door, passage, boot_time());
    return passage.outcome;
}

Outcome decide(pam_handle_t *handle, Phase phase, const Arguments &arguments)
{
    if (arguments.bad != nullptr) {
        pam_syslog(handle, LOG_ERR, "unknown, malformed or repeated argument: %.128s",
                   arguments.bad);
        return Outcome::broken;
    }
    if (is_left_out(arguments, service_of(handle)))
        return Outcome::ignored;
    const bool observes_auth = arguments.observe && phase == Phase::auth;
    // The program is asked for no name that it has not got yet.
    if (observes_auth && !has_user(handle))
        return Outcome::ignored;
    Caller caller;
    read_caller(handle, caller);
    if (caller.is_exempt)
        return Outcome::ignored;
    // What auth alone would refuse is who is not proven; the account phase asks about all else.
    if (observes_auth && (caller.problem || is_proven(arguments, caller)))
        return Outcome::ignored;
    const Outcome outcome = pass(handle, phase, arguments, caller);
    // Asked only so that jitd records what it would have refused.
    if (arguments.observe)
        return Outcome::ignored;
    if (caller.problem && outcome == Outcome::denied)
        pam_syslog(handle, LOG_NOTICE, "denied: %s", for_log(*caller.problem).data());
    return outcome;
}

int run_phase(pam_handle_t *handle, Phase phase, Line line)
{
    const Arguments arguments = parse_arguments(line);
    const Outcome outcome = decide(handle, phase, arguments);
    if (arguments.debug)
        pam_syslog(handle, LOG_DEBUG, "%s: %s", phase == Phase::auth ? "auth" : "account",
                   name_of(outcome));
    return code_of(outcome, phase);
}

// pam_systemd(8) gives a session that it makes this longest time: systemd ends one that is no
// longer among what we were started in.
void limit_session(pam_handle_t *handle, Memory &memory, std::int32_t left_s)
{
    FixedText<16> &limit = memory.session_limit();
    limit.clear();
    limit.add_number(left_s > 0 ? left_s : 1);
    // The handle frees nothing of it: the memory outlives the phases.
    (void)pam_set_data(handle, "systemd.runtime_max_sec", const_cast<char *>(limit.c_str()),
                       nullptr);
}

// What runs under the grant ends with it: nothing is started before that is sure.
void await_confinement(pam_handle_t *handle, const Arguments &arguments, Memory &memory,
                       std::string_view frame)
{
    HeldSignals signals;
    Client client{arguments.socket, signals, -1};
    const BootTime until = boot_time() + arguments.fast;
    Heard heard = client.send(frame, until);
    if (heard.event == Event::ready)
        heard = client.receive(until);
    ipc::ElevationReply reply;
    const bool is_read = heard.event == Event::ready && ipc::read_reply(heard.frame, reply);
    if (!is_read || reply.is_error)
        return pam_syslog(handle, LOG_ALERT,
                          "jitd does not say that this session ends with grant %s: %s",
                          memory.grant().c_str(), is_read ? reply.message.c_str() : "no answer");
    if (reply.left_s)
        limit_session(handle, memory, *reply.left_s);
}

// Tells jitd of a session under a grant. What goes wrong here denies nobody.
int note_session(pam_handle_t *handle, Line line, std::string_view method, bool is_opened)
{
    const Arguments arguments = parse_arguments(line);
    if (arguments.bad != nullptr)
        return PAM_SUCCESS;
    if (is_left_out(arguments, service_of(handle)))
        return PAM_IGNORE;
    if (arguments.observe)
        return PAM_SUCCESS;
    Memory *const memory = Memory::of(handle, false);
    const bool is_ssh = is_sshd(service_of(handle));
    if (!is_ssh && (memory == nullptr || memory->grant().empty()))
        return PAM_SUCCESS;
    Caller caller;
    read_caller(handle, caller);
    if (is_ssh && caller.connection.empty())
        return PAM_SUCCESS;
    const bool waits = is_opened && !is_ssh && memory->is_confined();
    ipc::CallWriter call{method, waits ? ipc::CallMode::once : ipc::CallMode::oneway};
    // sshd has let the person in by another process: jitd knows under which grant.
    if (is_ssh)
        call.name("connection", caller.connection, ipc::max_connection_bytes)
            .name("requester", caller.requester);
    else
        call.name("grant", memory->grant().view()).name("requester", memory->requester().view());
    call.name("account", caller.account).name("service", caller.service);
    if (is_opened)
        call.hint("tty", caller.tty, 64)
            .name_if("rhost", caller.rhost, 255)
            .hint("command", caller.command.view(), max_command_bytes);
    if (waits)
        await_confinement(handle, arguments, *memory, call.finish());
    else
        send_and_forget(arguments.socket, call.finish());
    return PAM_SUCCESS;
}

} // namespace

int authenticate(pam_handle_t *handle, Line line)
{
    return run_phase(handle, Phase::auth, line);
}

int manage_account(pam_handle_t *handle, Line line)
{
    return run_phase(handle, Phase::account, line);
}

int set_credentials(pam_handle_t *handle, int flags, Line line)
{
    const Arguments arguments = parse_arguments(line);
    const std::string_view service = service_of(handle);
    if (arguments.bad != nullptr || arguments.observe || is_left_out(arguments, service))
        return PAM_IGNORE;
    const Memory *memory = Memory::of(handle, false);
    if (memory == nullptr || !memory->is_account_allowed())
        return PAM_IGNORE;
    // su has made its process a member of the account's own groups by now, and the shell inherits
    // what is added. What can't be added leaves it with less, which is no reason to refuse it.
    const bool is_made =
        (static_cast<unsigned>(flags) & (PAM_ESTABLISH_CRED | PAM_REINITIALIZE_CRED)) != 0;
    if (is_made && is_su(service) && !add_groups(memory->carried()))
        pam_syslog(handle, LOG_ERR, "the shell does not get the groups of grant %s: %s",
                   memory->grant().c_str(), strerrordesc_np(errno));
    return PAM_SUCCESS;
}

int open_session(pam_handle_t *handle, Line line)
{
    return note_session(handle, line, "io.jitd.Elevation.SessionOpened", true);
}

int close_session(pam_handle_t *handle, Line line)
{
    return note_session(handle, line, "io.jitd.Elevation.SessionClosed", false);
}

} // namespace jit::pam
