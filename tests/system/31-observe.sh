#!/bin/bash
# A host that only observes: nobody is refused who would not be anyway, nobody is asked for anything,
# and each refusal that there would have been is on record once, with its reason. By a line of
# jitd.toml, which can be switched back, and by an argument in the PAM files.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
host_packages+=,openssh-server,openssh-client,rsync

story_boot
story_install
story_config
story_pam
policy=$HOST_ROOT/etc/jit/policy.d
config=$HOST_ROOT/etc/jit/jitd.toml
printf 'accounts = ["*", "!carol"]\n' >>"$policy/web.toml"
cat >"$policy/ops.toml" <<'E'
[role.ops]
groups       = ["jit-ops"]
requesters   = ["local-group:engineers"]
services     = ["su", "sshd"]
max_duration = "1h"
E
printf '\n[pam]\nmode = "observe"\n' >>"$config"
gate='auth [success=done ignore=ignore default=die] pam_jit.so\naccount requisite pam_jit.so'
for service in su su-l sshd; do
    sed -i "1i$gate\nsession optional pam_jit.so" "$HOST_ROOT/etc/pam.d/$service"
done
cp "$HOST_ROOT/etc/pam.d/sudo" "$HOST_DIR/pam-sudo"
# dave has no rule in sudoers; DOM\dora has a name that jit has no grants for.
host_sh 'set -e
    groupadd --system jit-ops
    useradd -m -s /bin/bash dave
    grep ^bob: /etc/passwd | sed "s/^bob:x:[0-9]*/DOM\\\\dora:x:2001/" >>/etc/passwd
    for user in alice bob carol dave; do echo $user:secret | chpasswd; done
    echo "Defaults timestamp_timeout=0" >/etc/sudoers.d/observe; chmod 440 /etc/sudoers.d/observe
    mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N "" -f /root/person
    install -d -o alice -g alice -m 700 /home/alice/.ssh
    install -o alice -g alice -m 600 /root/person.pub /home/alice/.ssh/authorized_keys
    systemctl restart ssh.service jitd.service'
story_provider

codes() { provider state | python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"].get("devicecode", 0))'; }
# Who would have been refused where, and why: a line each.
observed() {
    host_run sqlite3 -separator ' ' /var/lib/jit/jit.db "SELECT json_extract(record, '\$.user'),
        json_extract(record, '\$.service'), json_extract(record, '\$.rule') FROM audit
        WHERE json_extract(record, '\$.event') = 'observed' ORDER BY rowid"
}
more_than() { [ "$(observed | wc -l)" -gt "$1" ]; }
# leaves RECORD CMD...: the command goes well, and that is all that it leaves; '' is nothing.
leaves() {
    local want=$1 before
    before=$(observed | wc -l)
    shift
    "$@" || return 1
    [ -z "$want" ] || eventually 5 more_than "$before" || true
    sleep 0.2 # for one too many
    same "$(observed | tail -n "+$((before + 1))")" "$want"
}
# by_password USER CMD...: sudo, the password from a pipe.
by_password() { printf 'secret\n' | as "$1" sudo -S -p '' "${@:2}"; }
wrong_password() { printf 'wrong\nwrong\nwrong\n' | as alice sudo -S -p '' id; }
su_from() { printf 'secret\n' | host_run setpriv --reuid "$1" --clear-groups su -c 'id -un' carol; }
by_ssh() {
    host_run ssh -i /root/person -o BatchMode=yes -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR alice@127.0.0.1 id -un
}
at_terminal() {
    printf '%s\n' 'expect 5 \$ $' 'send sudo id\r' 'expect 10 password for alice: ?$' 'refuse jit:' \
        'send secret\r' 'expect 5 uid=0\(root\)' 'refuse jit:' 'expect 5 \$ $' 'send exit 0\r' 'exit 0' |
        host_tty alice
}
# The same, whichever way the host observes.
observes() {
    local before
    before=$(codes)
    check "$1: sudo by password" leaves 'alice sudo no-grant' by_password alice id
    check "$1: sudo at a terminal asks for the password, and nothing else" \
        leaves 'alice sudo no-grant' at_terminal
    check "$1: sudo with NOPASSWD" leaves 'alice sudo no-grant' as alice sudo -n /usr/bin/true
    check "$1: a wrong password is refused" leaves '' fails wrong_password
    check "$1: whom sudoers refuses is refused, and would be by both" leaves 'dave sudo no-person' \
        says 'not in the sudoers|may not run sudo' by_password dave id
    check "$1: who is nobody's requester" leaves 'bob sudo not-requester' by_password bob id
    check "$1: whom no role gates, where the service is strict" \
        leaves 'carol sudo strict-service' as carol sudo -n /usr/bin/true
    check "$1: su" leaves 'alice su no-grant' su_from alice
    check "$1: su by who has no name" leaves '#54321 su no-caller' su_from 54321
    check "$1: su by who has a name that jit can't handle" leaves 'DOM\dora su no-caller' su_from 2001
    check "$1: ssh" leaves 'alice sshd no-grant' by_ssh
    check "$1: no code was asked for" same "$(codes)" "$before"
}
dead_jitd() {
    host_run systemctl stop jitd.socket jitd-root.socket jitd.service
    "$@"
    host_run systemctl start jitd.socket jitd-root.socket jitd.service
}
reload() { host_run systemctl reload jitd.service; }
mode() {
    sed -i "s/^mode = .*/mode = \"$1\"/" "$config"
    reload
}
refused() { ! "$@" >"$HOST_DIR/said" 2>&1 && cat "$HOST_DIR/said"; }

# --- the line of jitd.toml
check 'jitd says that it only observes' eventually 5 says 'observing only' \
    host_run systemctl show -P StatusText jitd.service
observes 'mode'
check 'a record has its reason in the journal' says 'alice at sudo would be refused: no live grant of role "web"' \
    host_run journalctl -q -o cat _SYSTEMD_UNIT=jitd.service JIT_EVENT=observed JIT_RULE=no-grant JIT_SERVICE=sudo

request() { as alice jitctl request "$1" 2>&1 | approve_codes alice@contoso.com; }
check 'with a live grant' says granted request web
check 'it goes as without: by password, and nothing is on record' leaves '' by_password alice id
check 'the grant stands in for no password' leaves '' fails as alice sudo -n id
check 'jitctl drop' as alice jitctl drop web

check 'one line switches back: refused at once' eval 'mode enforce; says "no live grant" refused as alice sudo -n /usr/bin/true'
check 'that is no would-be refusal' leaves '' refused as alice sudo -n /usr/bin/true
check 'and there: passes at once' eval 'mode observe; leaves "alice sudo no-grant" as alice sudo -n /usr/bin/true'

broken() { printf 'nonsense\n' >"$policy/zz.toml"; reload; }
check 'a policy with an error: the last good one is what is observed' \
    eval 'broken; leaves "alice sudo no-grant" as alice sudo -n /usr/bin/true'
mkdir "$HOST_DIR/kept"
no_policy() { mv "$policy"/*.toml "$HOST_DIR/kept/"; reload; }
check 'no policy' eval 'no_policy; leaves "alice sudo no-policy" as alice sudo -n /usr/bin/true'
rm "$HOST_DIR/kept/zz.toml"
mv "$HOST_DIR"/kept/*.toml "$policy/"
reload
dead_jitd check 'mode does not hold with jitd dead' says 'jitd does not answer' refused as alice sudo -n /usr/bin/true
faulty() { printf 'nonsense\n' >>"$config"; reload; }
check 'nor with a fault in jitd.toml' eval 'faulty; says "faults" refused as alice sudo -n /usr/bin/true'
sed -i '/^nonsense$/d' "$config"

# --- the argument in the PAM files
mode enforce
for service in sudo sudo-i su su-l sshd; do
    sed -i 's/pam_jit.so$/& observe/' "$HOST_ROOT/etc/pam.d/$service"
done
observes 'argument'
check 'no policy, either' eval 'no_policy; leaves "alice sudo no-policy" as alice sudo -n /usr/bin/true'
mv "$HOST_DIR"/kept/*.toml "$policy/"
check 'nor a fault in jitd.toml' eval 'faulty; leaves "alice sudo misconfigured" as alice sudo -n /usr/bin/true'
sed -i '/^nonsense$/d' "$config"
reload
dead_jitd check 'it holds with jitd dead' as alice sudo -n /usr/bin/true
cp "$HOST_DIR/pam-sudo" "$HOST_ROOT/etc/pam.d/sudo"
check 'without it the gate is back at once' says 'no live grant' refused as alice sudo -n /usr/bin/true

# --- a grant proves nobody: where that would be refused, it is on record, too
host_sh 'printf "PasswordAuthentication no\nKbdInteractiveAuthentication yes\n" >/etc/ssh/sshd_config.d/jit.conf
    systemctl restart ssh.service'
by_keyboard() {
    printf '%s\n' 'expect 10 assword: ?$' 'send secret\r' 'expect 10 \n?alice\r' 'refuse jit:' 'exit 0' |
        patiently python3 "$pty" -- nsenter --target "$HOST_PID" --mount --uts --ipc --net --pid -- \
            "${enter[@]}" ssh -o PubkeyAuthentication=no -o StrictHostKeyChecking=no \
            -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR alice@127.0.0.1 id -un
}
check 'no grant, and nobody proven: one record' leaves 'alice sshd no-grant' by_keyboard
check 'with a live grant' says granted request ops
check 'the argument: what auth would have refused is on record' leaves 'alice sshd unproven' by_keyboard
sed -i 's/pam_jit.so observe$/pam_jit.so/' "$HOST_ROOT/etc/pam.d/sshd"
mode observe
check 'the mode: the same' leaves 'alice sshd unproven' by_keyboard

keep_ledger() { mkdir -p "$HOST_DIR/ledger" && cp "$HOST_ROOT"/var/lib/jit/jit.db* "$HOST_DIR/ledger/"; }
check 'every record stands in the chain' eval 'keep_ledger; tests/system/verify-chain "$HOST_DIR/ledger/jit.db"'
finish
