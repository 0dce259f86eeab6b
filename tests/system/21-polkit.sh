#!/bin/bash
# polkit-1: what polkit asks a person's password for asks for a role as well, by the words of the
# agent at his terminal. pkexec's own agent does not work on Debian 12, whatever PAM says ("No session
# for cookie": it is known to polkitd as root's), so pkttyagent is another process, as systemctl has it.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
host_packages+=,polkitd,pkexec

story_boot
story_install
story_config
cat >"$HOST_ROOT/etc/jit/policy.d/admin.toml" <<'X'
[role.admin]
groups       = ["jit-admin"]
requesters   = ["local-group:engineers"]
services     = ["polkit-1"]
max_duration = "1h"
X
host_sh 'groupadd --system jit-admin
    for user in alice bob; do echo $user:secret | chpasswd; done'
# Each is his own administrator.
cat >"$HOST_ROOT/etc/polkit-1/rules.d/10-own.rules" <<'X'
polkit.addAdminRule(function(action, subject) { return ["unix-user:" + subject.user]; });
X
cat >"$HOST_ROOT/usr/local/bin/asked" <<'X'
#!/bin/sh
# pkexec with an agent in the same process group, so that both have the terminal.
pkttyagent --process $$ &
agent=$!
sleep 0.5
pkexec --disable-internal-agent "$@"
status=$?
kill $agent
exit $status
X
chmod 0755 "$HOST_ROOT/usr/local/bin/asked"
host_run systemctl try-restart jitd.service
story_provider

in_journal() { [ -n "$(host_run journalctl -q -o cat -u jitd "$@")" ]; }
typed() {
    local user=$1
    shift
    printf '%s\n' 'expect 5 \$ $' "$@" | host_tty "$user"
}
# The agent forgets what was typed before it asked.
password=('expect 10 Password: ?$' 'sleep 0.3' 'send secret\r')
code='expect 10 enter the code +(\S+)'
approve='run provider approve code=$M1 user=alice@contoso.com'
ask='send asked id; echo status=$?\r'
in='expect 10 uid=0\(root\)'
end='expect 10 status=0'
no='expect 10 status=127'
# by_helper PASSWORD: what polkit's helper says of alice to a program of anybody's without a terminal.
by_helper() {
    host_as bob "printf 'a cookie\\n$1\\n' | setsid --wait /usr/lib/polkit-1/polkit-agent-helper-1 alice" || true
}

# --- where polkit-1 is left out
host_run env DEBIAN_FRONTEND=noninteractive pam-auth-update --enable jit
check 'by the profile of pam-auth-update the module is asked, for sudo' typed alice 'send sudo id\r' 'expect 5 jit: '
check 'and not for polkit: the password is enough' typed alice "$ask" "${password[@]}" "$in" "$end"
check 'jitd heard nothing of it' fails in_journal JIT_SERVICE=polkit-1
check 'doctor says that the role gates nothing there' says 'fault: /etc/pam.d/polkit-1: no account line' host_run jitctl doctor
host_run env DEBIAN_FRONTEND=noninteractive pam-auth-update --disable jit

# --- behind the password, which proves who is there
sed -e '/^@include common-auth/a auth requisite pam_jit.so proven' \
    -e '/^@include common-account/i account requisite pam_jit.so' \
    "$HOST_ROOT/usr/lib/pam.d/polkit-1" >"$HOST_ROOT/etc/pam.d/polkit-1"
check 'doctor finds nothing wrong with it, without a session line' fails says '/etc/pam.d/polkit-1' host_run jitctl doctor
check 'bob is no requester, and pkexec runs nothing' typed bob "$ask" "${password[@]}" \
    'expect 10 jit: bob is not among the requesters of role "admin"' "$no"
check 'at the code Ctrl-C ends the wait' typed alice 'send asked touch /run/ran\r' "${password[@]}" \
    'expect 10 jit: role "admin"' "$code" 'send \x03' 'sleep 1' 'send \r' 'expect 5 \$ $'
check 'and nothing ran' fails host_run test -e /run/ran
check 'which is on record' eventually 3 in_journal JIT_EVENT=cancelled JIT_USER=alice JIT_ROLE=admin
check 'who declines is refused' typed alice "$ask" "${password[@]}" "$code" \
    'run provider decline code=$M1 user=alice@contoso.com' 'expect 10 jit: .*declined' "$no"
check 'approved, the command runs' typed alice "$ask" "${password[@]}" \
    'expect 10 jit: role "admin" on host web01 for 30m\r?\njit: to approve, open https://\S+\r?\njit: and enter' \
    'expect 10 the code +(\S+)' "$approve" 'expect 10 jit: granted: role admin until \d\d:\d\d UTC' "$in" "$end"
check 'with the live grant the password is enough' typed alice "$ask" "${password[@]}" "$in" "$end"
check 'and without it the grant lets nobody in' typed alice "$ask" 'expect 10 Password: ?$' 'sleep 0.3' \
    'send wrong\r' "$no"
check 'drop' as alice jitctl drop admin
check 'systemctl asks in the same way' typed alice 'send systemctl start systemd-tmpfiles-clean.service; echo done=$?\r' \
    "${password[@]}" "$code" "$approve" 'expect 10 jit: granted' 'expect 10 done=0'
check 'drop' as alice jitctl drop admin

# --- without a terminal, as an agent in a desktop is, or a helper that systemd starts (polkit 127)
check 'no code is shown where nobody can be seen to go away' \
    says '^PAM_ERROR_MSG jit: no live grant for role .*; run: jitctl request admin' by_helper secret
check 'and nothing at all is said where nobody has proven who is there' fails says 'jit:' by_helper wrong
sed -i '/pam_jit.so proven/d' "$HOST_ROOT/etc/pam.d/polkit-1"
check 'the account line alone refuses, too' says '^PAM_ERROR_MSG jit: no live grant' by_helper secret
request() { as alice jitctl request admin 2>&1 | approve_codes alice@contoso.com; }
check 'a grant that was asked for before' request
check 'is passed by' typed alice "$ask" "${password[@]}" "$in" "$end"
finish
