#!/bin/bash
# Who may attach to a request or pick it up, and whose attempts count against whom: an attacker who
# knocks as alice over ssh, by OpenSSH's own client. mallory is bob's key and bob's person.
# Runs once.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
host_packages+=,openssh-server,openssh-client

story_boot
story_install
story_config
cat >"$HOST_ROOT/etc/jit/policy.d/ops.toml" <<'X'
[role.ops]
groups       = ["jit-ops"]
requesters   = ["local-group:engineers"]
services     = ["sshd", "login"]
accounts     = ["alice", "auto", "mallory"]
max_duration = "1h"
X
host_sh 'groupadd --system jit-ops
    for user in auto mallory; do useradd -m -s /bin/bash -G engineers $user; done'
sed -i -e "s/^map = .*/map = { alice = \"$alice_oid\", auto = \"$alice_oid\", mallory = \"$bob_oid\" }/" \
    "$HOST_ROOT/etc/jit/jitd.toml"
sed -i '1i\
auth [success=done ignore=ignore default=die] pam_jit.so\
account requisite pam_jit.so\
session optional pam_jit.so' "$HOST_ROOT/etc/pam.d/sshd" "$HOST_ROOT/etc/pam.d/login"
# Either way is open to all: with a key, or by the prompt alone.
cat >"$HOST_ROOT/etc/ssh/sshd_config.d/jit.conf" <<'X'
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthenticationMethods publickey,keyboard-interactive keyboard-interactive
LoginGraceTime 960
MaxStartups 200
X
[ "$suite" != trixie ] || printf 'PerSourcePenalties no\n' >>"$HOST_ROOT/etc/ssh/sshd_config.d/jit.conf"
host_sh 'set -e
    mkdir -p /run/sshd; sshd -t
    sed -i "s/^LOGIN_TIMEOUT.*/LOGIN_TIMEOUT 960/" /etc/login.defs
    for who in alice mallory; do ssh-keygen -q -t ed25519 -N "" -f /root/$who; done
    cp /root/alice.pub /root/auto.pub
    for user in alice auto mallory; do
        install -d -o $user -g $user -m 700 /home/$user/.ssh
        install -o $user -g $user -m 600 /root/$user.pub /home/$user/.ssh/authorized_keys
    done
    systemctl restart ssh.service jitd.service'
story_provider
cat >"$HOST_ROOT/root/ssh_config" <<'X'
Host *
    IdentitiesOnly yes
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    LogLevel INFO
X

codes() { provider state | python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"]["devicecode"])'; }
in_journal() { [ -n "$(host_run journalctl -q -o cat -u jitd "$@")" ]; }
# ssh_tty KEY WHO ARGUMENT...: ssh at a terminal, driven by the steps on standard input.
ssh_tty() {
    local key=$1
    shift
    patiently python3 "$pty" -- nsenter --target "$HOST_PID" --mount --uts --ipc --net --pid -- \
        "${enter[@]}" ssh -F /root/ssh_config -o IdentityFile="$key" -tt "$@"
}
typed() {
    local key=$1 who=$2
    shift 2
    # shellcheck disable=SC2086 # options may stand behind the name
    printf '%s\n' "$@" | ssh_tty "$key" $who
}
with_key() { typed /root/alice "$@"; } # alice herself
knocks() { typed /dev/null "$@"; }      # who knows her name, and no more
code='expect 10 enter the code +(\S+)'
at_prompt='expect 5 press Enter'
approve() { printf 'run provider approve code=$M1 user=%s@contoso.com' "$1"; }
in=('send \r' 'expect 10 \$ $' 'send id\r' 'expect 5 jit-ops' 'send exit 0\r' 'exit 0')
drop() { host_run jitctl revoke --role ops; }
# While CMD goes on in the background, which has come to its code, the other one is done.
#   beside CMD... -- CMD...
beside() {
    local -a first=()
    local before status=0 other
    while [ "$1" != -- ]; do first+=("$1"); shift; done
    shift
    before=$(codes)
    "${first[@]}" >"$HOST_DIR/beside" 2>&1 &
    other=$!
    eventually 10 eval '[ "$(codes)" -gt "$before" ]' || status=1
    "$@" || status=1
    wait "$other" || { cat "$HOST_DIR/beside"; status=1; }
    return "$status"
}
configure() { # configure true|false
    sed -i '/^\[pam\]/,$d' "$HOST_ROOT/etc/jit/jitd.toml"
    printf '[pam]\nunproven_start = %s\n' "$1" >>"$HOST_ROOT/etc/jit/jitd.toml"
    host_run systemctl restart jitd.service
}

# --- unproven_start = false, which is the default
before=$(codes)
check 'who knows her name and no more is refused, and told what to do' knocks alice@127.0.0.1 \
    'expect 10 nobody has proven who you are.*log in with your key' 'exit 255'
check 'no code was made' same "$(codes)" "$before"
check 'it is on record' in_journal JIT_EVENT=refused JIT_RULE=unproven JIT_USER=alice JIT_RHOST=127.0.0.1
check 'while her request waits she is as before' beside \
    with_key alice@127.0.0.1 "$code" "$at_prompt" 'sleep 2' "$(approve alice)" "${in[@]}" \
    -- knocks alice@127.0.0.1 'expect 10 nobody has proven who you are' 'refuse enter the code' 'exit 255'
check 'her live grant lets nobody in without a key' knocks alice@127.0.0.1 \
    'expect 10 nobody has proven who you are' 'exit 255'
check "nor does somebody else's key" typed /root/mallory alice@127.0.0.1 \
    'expect 10 nobody has proven who you are' 'exit 255'
check 'drop' drop

# --- unproven_start = true: her sign-in is the proof
configure true
check 'the prompt alone: a code; she signs in, and is in' knocks alice@127.0.0.1 \
    "$code" "$at_prompt" "$(approve alice)" "${in[@]}"
check 'the record says that nothing was proven' in_journal JIT_EVENT=requested JIT_RULE=unproven JIT_USER=alice
check 'a live grant alone is not enough: a fresh sign-in is asked for' knocks alice@127.0.0.1 \
    "$code" "$at_prompt" "$(approve alice)" "${in[@]}"
check 'with her key it is' with_key alice@127.0.0.1 'refuse enter the code' "${in[@]:1}"
check "no other person's sign-in lets him in" knocks alice@127.0.0.1 \
    "$code" "$at_prompt" "$(approve bob)" 'send \r' 'expect 10 jit: somebody else signed in' 'exit 255'
check 'drop' drop
# Her code is made first; he gets another, and what she approves is hers alone.
before=$(codes)
check 'he does not join her request, and she gets what she approves' beside \
    with_key alice@127.0.0.1 "$code" "$at_prompt" 'sleep 3' "$(approve alice)" "${in[@]}" \
    -- knocks alice@127.0.0.1 "$code" "$at_prompt" 'sleep 4' 'send \r' 'expect 12 not approved yet'
check 'each had a code' same "$(codes)" "$((before + 2))"
check 'drop' drop
# Approved, and the client goes away. By Ctrl-C: one that is hung up on may answer the prompt first.
approved_only() {
    "$1" alice@127.0.0.1 "$code" "$at_prompt" "$(approve alice)" 'sleep 3' 'send \x03' 'exit any'
}
check 'what she approved without a key, and did not come for' approved_only knocks
before=$(codes)
check 'nobody picks up: not the next one who knocks' knocks alice@127.0.0.1 "$code"
check 'nor she with her key' with_key alice@127.0.0.1 "$code"
check 'each had a code of his own' same "$(codes)" "$((before + 2))"
check 'what she approved with her key' approved_only with_key
before=$(codes)
check 'he does not pick up' knocks alice@127.0.0.1 "$code"
check 'who has a code of his own' same "$(codes)" "$((before + 1))"
check 'she does' with_key alice@127.0.0.1 'refuse enter the code' "${in[@]:1}"
check 'drop' drop

# --- attempts, over all connections: his own address has an end, she has hers
tries() {
    local try
    for ((try = 0; try < 10; try++)); do knocks 'alice@127.0.0.1 -b 127.0.0.3' "$code" || return 1; done
}
check 'he knocks as alice, ten times' tries
before=$(codes)
check 'then no more, and he is told when' knocks 'alice@127.0.0.1 -b 127.0.0.3' \
    'expect 10 jit: too many logins from here (?s:.*)try again in 1\d?m' 'exit 255'
check 'nor as somebody else' knocks 'mallory@127.0.0.1 -b 127.0.0.3' 'expect 10 jit: too many logins from here'
check 'no code was made' same "$(codes)" "$before"
check 'alice has used up nothing: with her key from the same address she is asked, and let in' \
    with_key 'alice@127.0.0.1 -b 127.0.0.3' "$code" "$at_prompt" "$(approve alice)" "${in[@]}"
check 'drop' drop
check 'and without it from another one' knocks 'alice@127.0.0.1 -b 127.0.0.4' "$code"

# --- one who has a key: requests begun by connection after connection, each left at its code
cat >"$HOST_ROOT/usr/local/bin/begins" <<'X'
#!/usr/bin/python3
# begins USER COUNT: as sshd's module does, for logins with a key, each from a connection of its own.
import socket, sys, time
user, begun = sys.argv[1], 0


def begin(port):
    one = socket.socket(socket.AF_UNIX)
    one.connect("/run/jit/io.jitd.Elevation")
    one.sendall(('{"method":"io.jitd.Elevation.Request","more":true,"parameters":{"role":"ops","user":"%s",'
                 '"service":"sshd","rhost":"127.0.0.1","connection":"127.0.0.1 %d 127.0.0.1 22",'
                 '"proof":"publickey %d"}}' % (user, port, port)).encode() + b"\0")
    said = one.recv(65536)
    one.close()
    return said


for port in range(40000, 40000 + int(sys.argv[2])):
    said = begin(port)
    # The ones before have been left, and jitd has yet to hear of it.
    for _ in range(50):
        if b"wait already" in said:
            time.sleep(0.1)
            said = begin(port)
    begun += b'"pending"' in said
print(begun)
X
chmod 0755 "$HOST_ROOT/usr/local/bin/begins"
check 'mallory begins thirty with keys of her own, and no more' same "$(host_run /usr/local/bin/begins mallory 40)" 30
check 'she is told when she may again' typed /root/mallory mallory@127.0.0.1 \
    'expect 10 jit: too many requests of yours were begun in the last 5m; try again in \dm' 'exit 255'
check 'from any address' typed /root/mallory 'mallory@127.0.0.1 -b 127.0.0.5' 'expect 10 jit: too many requests of yours'
check 'it is on record' in_journal JIT_EVENT=refused JIT_RULE=too-many JIT_RHOST=127.0.0.5

# --- a flood of logins costs the others nothing
host_run bash -c 'for n in $(seq 40); do
    timeout 15 ssh -F /root/ssh_config -o IdentityFile=/root/alice -tt auto@127.0.0.1 </dev/null >/dev/null 2>&1 & done
    wait' &
flooder=$!
children+=("$flooder")
check 'forty logins of auto at once: alice comes in by her key' with_key alice@127.0.0.1 \
    'mark begin' "$code" "$at_prompt" "$(approve alice)" 'send \r' 'expect 10 \$ $' 'within 20 begin' \
    'send exit 0\r' 'exit 0'
check 'and with her grant at once' with_key alice@127.0.0.1 'mark begin' 'expect 10 \$ $' 'within 5 begin' \
    'send exit 0\r' 'exit 0'
check 'those who are too many were refused' in_journal JIT_EVENT=refused JIT_RULE=too-many JIT_USER=auto
check 'of all those, who are one origin, one request waits at most' eval \
    '[ "$(host_run jitctl list --all | grep -c "pending-signin .* auto ")" -le 1 ]'
wait "$flooder" || true
check 'drop' drop

# --- login, without a password
at_login() {
    printf '%s\n' 'expect 10 login: ?$' 'send alice\r' "$@" |
        patiently python3 "$pty" -- nsenter --target "$HOST_PID" --mount --uts --ipc --net --pid -- \
            "${enter[@]}" systemd-run --quiet --collect --wait --pty -p Type=simple login
}
check 'login: her sign-in alone lets her in' at_login "$code" "$(approve alice)" 'expect 10 jit: granted' \
    'expect 10 \$ $' 'send id\r' 'expect 5 jit-ops' 'send exit\r'
check 'and her live grant does not' at_login "$code"
configure false
check 'unless it is switched off' at_login 'expect 10 nobody has proven who you are'
finish
