#!/bin/bash
# Logins over ssh, by OpenSSH's own server and client: what a person sees at the prompt, who may take
# up what was approved, and what goes on under a grant.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
host_packages+=,openssh-server,openssh-client,rsync

story_boot
story_install
story_config
cat >"$HOST_ROOT/etc/jit/policy.d/ops.toml" <<'X'
[role.ops]
groups       = ["jit-ops"]
requesters   = ["local-group:engineers"]
services     = ["sshd"]
accounts     = ["alice", "auto", "dora"]
max_duration = "1h"

[role.near]
groups       = ["jit-near"]
requesters   = ["local-group:engineers"]
services     = ["sshd"]
accounts     = ["near"]
max_duration = "1h"
[role.near.conditions]
from = ["127.0.0.1"]
[role.near.end]
action = "terminate"
grace  = "1s"

[role.pg]
groups       = ["jit-pg"]
requesters   = ["user:a11ce000-0000-4000-8000-000000000001"]
services     = ["sshd"]
accounts     = ["postgres", "weak"]
shared       = true
max_duration = "1h"
allow_system_accounts = true

[role.keys]
groups       = ["jit-keys"]
requesters   = ["user:a11ce000-0000-4000-8000-000000000001"]
services     = ["sshd"]
accounts     = ["keys"]
shared       = true
reuse        = "key"
max_duration = "1h"
X
host_sh 'for group in ops near pg keys; do groupadd --system jit-$group; done
    useradd --system -m -s /bin/bash postgres
    for user in weak keys; do useradd -m -s /bin/bash $user; done
    for user in auto dora near; do useradd -m -s /bin/bash -G engineers $user; done'
sed -i "s/^map = .*/map = { alice = \"$alice_oid\", auto = \"$alice_oid\", dora = \"$alice_oid\", near = \"$alice_oid\" }/" \
    "$HOST_ROOT/etc/jit/jitd.toml"
sed -i '1i\
auth [success=done ignore=ignore default=die] pam_jit.so\
account requisite pam_jit.so\
session optional pam_jit.so' "$HOST_ROOT/etc/pam.d/sshd"
cat >"$HOST_ROOT/etc/ssh/sshd_config.d/jit.conf" <<'X'
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthenticationMethods publickey,keyboard-interactive
LoginGraceTime 960
Match User dora,weak
    AuthenticationMethods keyboard-interactive
Match User auto,bob
    AuthenticationMethods publickey
X
if [ "$suite" = trixie ]; then
    cp "$HOST_ROOT/etc/pam.d/sshd" "$HOST_ROOT/etc/pam.d/sshd-jit"
    {
        printf 'PerSourcePenalties no\n'
        cat "$HOST_ROOT/etc/ssh/sshd_config.d/jit.conf"
        printf 'Match User near\n    PAMServiceName sshd-jit\n'
    } >"$HOST_DIR/jit.conf"
    cp "$HOST_DIR/jit.conf" "$HOST_ROOT/etc/ssh/sshd_config.d/jit.conf"
fi
host_sh 'set -e
    mkdir -p /run/sshd; sshd -t
    for who in person other; do ssh-keygen -q -t ed25519 -N "" -f /root/$who; done
    for user in alice auto bob dora near postgres weak keys; do
        install -d -o $user -g $user -m 700 /home/$user/.ssh
        install -o $user -g $user -m 600 /root/person.pub /home/$user/.ssh/authorized_keys
    done
    for user in alice keys; do cat /root/other.pub >>/home/$user/.ssh/authorized_keys; done
    systemctl restart ssh.service jitd.service'
story_provider
cat >"$HOST_ROOT/root/ssh_config" <<'X'
Host *
    IdentityFile /root/person
    IdentitiesOnly yes
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    LogLevel INFO
X

check 'doctor has read sshd_config, and names the logins that nobody could prove' \
    says 'jit.conf:[0-9]+: keyboard-interactive: nobody has proven' host_run jitctl doctor
check 'and nothing that is a fault of sshd' fails says 'fault: .*ssh' host_run jitctl doctor

codes() { provider state | python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"]["devicecode"])'; }
in_journal() { [ -n "$(host_run journalctl -q -o cat -u jitd "$@")" ]; }
now() { host_run date '+%F %T'; }
client=(ssh -F /root/ssh_config)
# client_tty ARGUMENT...: ssh at a terminal, driven by the steps on standard input.
client_tty() {
    patiently python3 "$pty" -- nsenter --target "$HOST_PID" --mount --uts --ipc --net --pid -- \
        "${enter[@]}" "${client[@]}" "$@"
}
# typed WHO STEP...: a login of WHO's, and steps at its terminal.
typed() {
    local who=$1
    shift
    # shellcheck disable=SC2086 # options may stand behind the name
    printf '%s\n' "$@" | client_tty -tt $who
}
batch() { host_run "${client[@]}" -o BatchMode=yes "$@"; }
person=alice@contoso.com
code='expect 10 enter the code +(\S+)'
at_prompt='expect 5 press Enter'
approve="run provider approve code=\$M1 user=$person"
in='expect 10 \$ $'
ends=('send exit 0\r' 'exit 0')
drop() { as alice jitctl drop "${1:-ops}" || host_run jitctl revoke --role "${1:-ops}"; }

# --- a key, and the code at the prompt
check 'the code stands above the prompt; approved, Enter lets in, with the group' typed alice@127.0.0.1 \
    'expect 10 jit: role "ops" on host web01 for 30m' 'expect 5 open (https://\S+)' "$code" "$at_prompt" \
    'refuse [▀▄█]' "$approve" 'mark enter' 'send \r' "$in" 'within 4 enter' 'send id\r' 'expect 5 jit-ops' \
    "${ends[@]}"
check 'the login is on record, with its address' in_journal JIT_EVENT=used JIT_USER=alice \
    JIT_SERVICE=sshd JIT_RHOST=127.0.0.1
check 'the grant says where it came from' says sshd host_run jitctl list --all --json
before=$(codes)
check 'with a live grant the next login asks nothing' typed alice@127.0.0.1 "$in" 'send id\r' \
    'expect 5 jit-ops' "${ends[@]}"
check 'no code was asked for' same "$(codes)" "$before"
check 'drop' drop
check 'the end of the grant is shown' typed alice@127.0.0.1 "$code" "$at_prompt" "$approve" 'send \r' \
    'expect 10 jit: granted: role ops until \d\d:\d\d UTC' "$in" "${ends[@]}"
check 'drop' drop
check 'Enter too soon: it says so, and asks again' typed alice@127.0.0.1 "$code" "$at_prompt" 'send \r' \
    'expect 12 jit: not approved yet' "$at_prompt" "$approve" 'send \r' "$in" "${ends[@]}"
check 'drop' drop

# --- nothing is granted to who is not there
approved_only() {
    typed alice@127.0.0.1 "$code" "$at_prompt" "$approve" 'sleep 3' \
        "run [ -z \"\$(nsenter --target $HOST_PID -a jitctl list --all --json | grep '\"live\"')\" ]"
}
check 'what is approved is not granted before the login is there, which goes away' approved_only
check 'alice has not got the group' fails is_member alice jit-ops
before=$(codes)
check 'from another address it is another request' typed 'alice@127.0.0.1 -b 127.0.0.2' "$code"
check 'which has a code of its own' same "$(codes)" "$((before + 1))"
check 'with another key it is another one' typed 'alice@127.0.0.1 -o IdentityFile=/root/other' "$code"
before=$(codes)
check 'with the same key from the same address it is taken up' typed alice@127.0.0.1 "$in" 'send id\r' \
    'expect 5 jit-ops' "${ends[@]}"
check 'without another code' same "$(codes)" "$before"
check 'drop' drop

# --- a client that goes away
gone() {
    local since
    since=$(now)
    typed alice@127.0.0.1 "$code" "$at_prompt" "$@" &&
        eventually 4 in_journal --since "$since" JIT_EVENT=cancelled JIT_USER=alice
}
check 'at the prompt: the request is cancelled' gone
check 'between two prompts: the same' gone 'send \r' 'sleep 1'
check 'Ctrl-C at the prompt: the same' gone 'send \x03' 'sleep 1'

# --- a no
declined() {
    local before
    before=$(codes)
    typed alice@127.0.0.1 "$code" "$at_prompt" 'run provider decline code=$M1' 'send \r' \
        'expect 10 jit: .*declined' 'exit 255' && same "$(codes)" "$((before + 1))"
}
check 'declined: it is told, and the retries of the client begin nothing' declined
check 'somebody else signs in: refused' typed alice@127.0.0.1 "$code" "$at_prompt" \
    'run provider approve code=$M1 user=bob@contoso.com' 'send \r' 'expect 10 jit: ' 'exit 255'

# --- who has proven nothing
before=$(codes)
check 'without a key nothing is asked' fails batch -o IdentityFile=/dev/null alice@127.0.0.1 id
check 'keyboard-interactive alone: refused, and told why' typed dora@127.0.0.1 \
    'expect 10 nobody has proven who you are' 'exit 255'
check 'no code for either' same "$(codes)" "$before"

# --- a key alone: the account phase decides
refused_batch() { ! batch "$@" >"$HOST_DIR/said" 2>&1 && cat "$HOST_DIR/said"; }
check 'a key alone, without a grant: refused, and told what to do' says 'jitctl request ops' \
    refused_batch auto@127.0.0.1 id
check 'an account that no role gates is let in by its key' says bob batch bob@127.0.0.1 id -un
request() { as "$1" jitctl request ops 2>&1 | approve_codes "$person"; }
check 'asked for from another login' says granted request auto
check 'then BatchMode works' says jit-ops batch auto@127.0.0.1 id
check 'scp works' host_run scp -q -F /root/ssh_config -o BatchMode=yes /etc/hostname auto@127.0.0.1:by-scp
check 'sftp works' host_sh 'echo "put /etc/hostname by-sftp" | sftp -q -F /root/ssh_config -b - auto@127.0.0.1'
check 'rsync works' host_run rsync -e 'ssh -F /root/ssh_config -o BatchMode=yes' /etc/hostname auto@127.0.0.1:by-rsync
check 'what they sent is there' host_sh 'cd /home/auto && cat by-scp by-sftp by-rsync'
check 'a live grant proves nobody: keyboard-interactive alone' says granted request dora
check 'is refused' typed dora@127.0.0.1 'expect 10 nobody has proven who you are' 'exit 255'
check 'without the grant' host_run jitctl revoke --role ops
check 'BatchMode is refused again' says 'no live grant' refused_batch auto@127.0.0.1 id

# --- conditions, other services, many sessions over one connection
check 'from another network: refused' typed 'near@127.0.0.1 -b 127.0.0.2' 'expect 10 jit: .*near' 'exit 255'
multi=(-o ControlPath=/root/mux-%r)
master() {
    {
        printf '%s\n' "$code" "$at_prompt" "$approve" 'send \r' "$in"
        printf 'run nsenter --target %s -a ssh -F /root/ssh_config -S /root/mux-near near@127.0.0.1 id\n' "$HOST_PID"
        printf 'run nsenter --target %s -a jitctl revoke --role near\n' "$HOST_PID"
        printf '%s\n' 'mark end' 'exit any'
    } | client_tty -tt "${multi[@]}" -o ControlMaster=yes near@127.0.0.1
}
check 'a connection that others share: they are in, and all end with the grant' master
near_runs() { host_run pgrep -u near; }
check 'nothing of it runs on' eventually 5 fails near_runs
[ "$suite" = bookworm ] ||
    check 'it came by the service that PAMServiceName names' in_journal JIT_EVENT=used JIT_USER=near \
        JIT_SERVICE=sshd-jit

# --- an account that people share: whoever signs in is the requester
check 'as postgres: the code, the sign-in of a requester, the group; the list says who it is' \
    typed postgres@127.0.0.1 'expect 10 jit: role "pg" on host web01 for 30m' "$code" "$at_prompt" "$approve" \
    'send \r' "$in" 'send id\r' 'expect 5 jit-pg' \
    "run nsenter --target $HOST_PID -a jitctl list --all | grep 'postgres (alice)'" "${ends[@]}"
check 'the record has the account and the person' in_journal JIT_EVENT=granted JIT_USER=postgres \
    JIT_OID="$alice_oid" JIT_SERVICE=sshd
pg_is_free() { ! host_run jitctl list --all | grep postgres | grep -q live && ! is_member postgres jit-pg; }
check 'the grant ends with that login' eventually 5 pg_is_free
before=$(codes)
check 'the next login asks anew, though another has its grant' typed postgres@127.0.0.1 "$code" "$at_prompt" \
    "$approve" 'send \r' "$in" \
    "run ! timeout 5 nsenter --target $HOST_PID -a ssh -F /root/ssh_config postgres@127.0.0.1 id" "${ends[@]}"
check 'by a code of its own' same "$(codes)" "$((before + 2))"
check 'who is no requester is refused' typed postgres@127.0.0.1 "$code" "$at_prompt" \
    'run provider approve code=$M1 user=bob@contoso.com' 'send \r' 'expect 10 not among|not a requester|requesters' 'exit 255'
check 'and is on record by his own id' in_journal JIT_EVENT=denied JIT_USER=postgres JIT_OID="$bob_oid"
check 'without a key nothing is asked' typed weak@127.0.0.1 'expect 10 log in with your key' 'exit 255'
by_request() { ! as postgres jitctl request pg 2>&1; }
check 'it is asked for by logging in alone' says 'log in to that account' by_request
keyed() { typed keys@127.0.0.1 "$code" "$at_prompt" "$approve" 'send \r' "$in" "${ends[@]}"; }
check 'reuse: the first login asks' keyed
before=$(codes)
check 'later ones with its key pass' host_run scp -q -F /root/ssh_config /etc/hostname keys@127.0.0.1:by-scp
check 'each is on record as by-key, with the person' in_journal JIT_EVENT=by-key JIT_USER=keys JIT_OID="$alice_oid"
check 'without a code' same "$(codes)" "$before"
check 'from another address a code is asked for' typed 'keys@127.0.0.1 -b 127.0.0.2' "$code"
check 'with another key, too' typed 'keys@127.0.0.1 -o IdentityFile=/root/other' "$code"
host_run systemctl restart jitd.service
check 'after a restart of jitd the key passes still' host_run scp -q -F /root/ssh_config /etc/hostname keys@127.0.0.1:again
check 'revoked, it passes no more' host_run jitctl revoke --role keys
check 'and asks' typed keys@127.0.0.1 "$code"

# --- a login that ends before its code: OpenSSH 9.8 and later add up to 4 s
sed -i 's/^LoginGraceTime .*/LoginGraceTime 10/' "$HOST_ROOT/etc/ssh/sshd_config.d/jit.conf"
sed -i '1s/$/ timeout=9s/' "$HOST_ROOT/etc/pam.d/sshd"
host_run systemctl restart ssh.service
check 'it says how long it waits' typed alice@127.0.0.1 "$code" 'expect 2 this login waits for \ds, less than the code' \
    "$at_prompt" "$approve" 'sleep 15' 'send \r' 'exit 255'
before=$(codes)
check 'what was approved by then is taken up by the next one' typed alice@127.0.0.1 "$in" 'send id\r' \
    'expect 5 jit-ops' "${ends[@]}"
check 'without another code' same "$(codes)" "$before"
check 'drop' drop

# --- a jitd that is dead
host_run systemctl stop jitd.socket jitd-root.socket jitd.service
check 'a dead jitd lets nobody in' says 'jitd does not answer' refused_batch auto@127.0.0.1 id
host_run systemctl start jitd.socket jitd-root.socket
check 'who is not gated comes in when it is back' says bob batch bob@127.0.0.1 id -un
finish
