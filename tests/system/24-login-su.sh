#!/bin/bash
# A login at a terminal, and su: what is asked for, what the new session has, what Ctrl-C does.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_boot
story_install
story_config
cat >"$HOST_ROOT/etc/jit/policy.d/desk.toml" <<'X'
[role.desk]
groups       = ["jit-desk"]
requesters   = ["local-group:engineers"]
services     = ["login"]
accounts     = ["*", "!kiosk"]
max_duration = "1h"

[role.kiosk]
groups       = ["jit-kiosk"]
requesters   = ["user:a11ce000-0000-4000-8000-000000000001"]
services     = ["login"]
accounts     = ["kiosk"]
shared       = true
max_duration = "1h"

[role.dba]
groups       = ["jit-dba"]
requesters   = ["local-group:engineers"]
services     = ["su"]
accounts     = ["*", "!pgsql"]
max_duration = "1h"

[role.pg]
groups       = ["jit-pg", "jit-pglog"]
requesters   = ["local-group:engineers"]
services     = ["su"]
accounts     = ["pgsql"]
carry        = true
max_duration = "1h"
[role.pg.end]
action = "terminate"
grace  = "1s"
X
host_sh 'groupadd --system jit-desk; groupadd --system jit-dba; groupadd --system jit-kiosk
    groupadd -g 901 jit-pglog; groupadd -g 902 jit-pg; groupadd -g 900 pgsql; useradd --system -g pgsql -m -s /bin/sh pgsql
    useradd -m -s /bin/bash kiosk
    for user in alice bob root kiosk; do echo $user:secret | chpasswd; done
    sed -i "s/^LOGIN_TIMEOUT.*/LOGIN_TIMEOUT 960/" /etc/login.defs'
gate='account requisite pam_jit.so\nsession optional pam_jit.so'
for service in su su-l; do
    sed -i "1iauth [success=done ignore=ignore default=die] pam_jit.so\n$gate" "$HOST_ROOT/etc/pam.d/$service"
done
host_run systemctl try-restart jitd.service
story_provider

in_journal() { [ -n "$(host_run journalctl -q -o cat -u jitd "$@")" ]; }
codes() { provider state | python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"]["devicecode"])'; }
# at_login USER STEP...: login(1) at a terminal of its own, the name and the password typed.
at_login() {
    local user=$1
    shift
    printf '%s\n' 'expect 10 login: ?$' "send $user\\r" 'expect 10 Password: ?$' 'send secret\r' "$@" |
        patiently python3 "$pty" -- nsenter --target "$HOST_PID" --mount --uts --ipc --net --pid -- \
            "${enter[@]}" systemd-run --quiet --collect --wait --pty -p Type=simple login
}
typed() {
    local user=$1
    shift
    printf '%s\n' 'expect 5 \$ $' "$@" | host_tty "$user"
}
code='expect 10 enter the code +(\S+)'
approve='run provider approve code=$M1 user=alice@contoso.com'

# --- su
check 'su asks the caller, whomever he becomes' typed alice 'send su -c id carol\r' \
    'expect 5 jit: role "dba"' "$code" "$approve" 'expect 10 uid=[0-9]+\(carol\)'
check 'su -l goes on under the same grant' typed alice 'send su - carol\r' 'expect 10 carol@web01:~\$ $' \
    'send exit\r'
check 'without carry the shell has not the group' typed alice 'send su -c id carol\r' \
    'expect 5 groups=.*\(carol\)' 'refuse jit-dba' 'expect 5 \$ $' 'refuse jit-dba'
check 'the caller has the group, and not who he became' same \
    "$(host_sh 'id -nG alice | grep -cw jit-dba; id -nG carol | grep -cw jit-dba' | paste -sd ' ')" '1 0'
check 'it is on record' in_journal JIT_EVENT=used JIT_USER=alice JIT_SERVICE=su
check 'drop' as alice jitctl drop dba
for form in 'su -c id carol' 'su - carol'; do
    check "$form, and Ctrl-C at its code" typed alice "send $form\\r" "$code" 'mark key' 'send \x03' \
        'expect 5 \$ $' 'within 2 key' 'send \r'
done
check 'bob is refused' typed bob 'send su -c id carol\r' 'expect 5 jit: .*dba' 'expect 5 \$ $'
check 'root is not' host_run su -c 'id -un' carol
check 'runuser asks nobody: it is root'"'"'s alone, and PAM has no say in that' \
    same "$(host_run runuser -u carol -- id -un)" carol
check 'and lets nobody else in' typed alice 'send /usr/sbin/runuser -u carol id\r' 'expect 5 may not be used by non-root' \
    'expect 5 \$ $'
check 'nobody was left with the group' same "$(host_sh 'id -nG alice | grep -cw jit-dba')" 0

# --- carry
groups='groups=.*\(pgsql\).*\(jit-pglog\).*\(jit-pg\)'
check 'with carry the shell has its own groups and those of the role' typed alice 'send su -c id pgsql\r' \
    'expect 5 jit: role "pg"' "$code" "$approve" "expect 10 $groups"
check 'so has that of su -l, and what it starts' typed alice 'send su -l pgsql\r' 'expect 10 \$ $' \
    'send sh -c "id; true"\r' "expect 5 $groups" 'send exit\r'
check 'the account is no member of them, and no other shell of it has them' same \
    "$(host_sh 'id -nG pgsql; runuser -u pgsql -- id -nG; su -c "id -nG" pgsql' | sort -u)" pgsql
typed alice 'send exec su -l pgsql\r' 'expect 10 \$ $' 'send exec sleep 71\r' 'exit any' >/dev/null &
shell=$!
check 'a shell that lasts has them' eventually 5 host_sh \
    'grep -w "$(getent group jit-pg | cut -d: -f3)" "/proc/$(pgrep -u pgsql -x sleep)/status"'
host_run jitctl revoke --role pg >/dev/null
check 'and ends with the grant, as the role says' eventually 5 fails host_run pgrep -u pgsql -x sleep
wait "$shell" || true

# --- login: behind the password, which proves who is there
sed -i -e "1i$gate" -e '/^@include common-auth/a auth requisite pam_jit.so proven' "$HOST_ROOT/etc/pam.d/login"
check 'doctor finds nothing wrong with it' fails says '/etc/pam.d/login' host_run jitctl doctor
check 'login: after the password a code; approved, the session has the group' at_login alice \
    'expect 10 jit: role "desk" on host web01 for 30m' "$code" "$approve" 'expect 10 jit: granted: role desk' \
    'expect 10 \$ $' 'send id\r' 'expect 5 jit-desk' 'send exit\r'
check 'it is on record' in_journal JIT_EVENT=used JIT_USER=alice JIT_SERVICE=login
before=$(codes)
check 'with a live grant the next login asks nothing' at_login alice 'expect 10 \$ $' 'send id\r' \
    'expect 5 jit-desk' 'send exit\r'
check 'no code was asked for' same "$(codes)" "$before"
check 'without the password the grant lets nobody in' at_login alice 'send \r' 'refuse jit-desk'
wrong() {
    printf '%s\n' 'expect 10 login: ?$' 'send alice\r' 'expect 10 Password: ?$' 'send wrong\r' \
        'expect 10 Login incorrect' 'refuse granted' |
        patiently python3 "$pty" -- nsenter --target "$HOST_PID" --mount --uts --ipc --net --pid -- \
            "${enter[@]}" systemd-run --quiet --collect --wait --pty -p Type=simple login
}
check 'nor with a wrong one' wrong
check 'drop' host_run jitctl revoke --role desk
check 'Ctrl-C at the code ends the wait, and nothing was granted' at_login alice "$code" 'send \x03' 'sleep 1'
check 'which is on record' eventually 3 in_journal JIT_EVENT=cancelled JIT_USER=alice JIT_ROLE=desk
host_sh 'sed -i "s/^LOGIN_TIMEOUT.*/LOGIN_TIMEOUT 6/" /etc/login.defs'
cancelled() { host_run journalctl -q -o cat -u jitd JIT_EVENT=cancelled JIT_USER=alice JIT_ROLE=desk | wc -l; }
before=$(cancelled)
check 'login ends by its own LOGIN_TIMEOUT while the code stands there' at_login alice "$code" \
    'expect 10 timed out' 'refuse granted' 'exit any'
more() { [ "$(cancelled)" -eq $((before + 1)) ]; }
check 'and the request with it' eventually 3 more
host_sh 'sed -i "s/^LOGIN_TIMEOUT.*/LOGIN_TIMEOUT 960/" /etc/login.defs'
check 'bob is no requester' at_login bob 'expect 10 jit: .*desk'
check 'root is not asked where he stands at the console, and is here, where he does not' \
    at_login root 'expect 10 jit: '

# --- an account that people share
check 'as a shared account: its password, then the sign-in of whoever it is' at_login kiosk \
    'expect 10 jit: role "kiosk"' "$code" "$approve" 'expect 10 \$ $' 'send id\r' 'expect 5 jit-kiosk' 'send exit\r'
check 'the record has the account and the person' in_journal JIT_EVENT=granted JIT_USER=kiosk JIT_OID="$alice_oid"
kiosk_is_free() { ! is_member kiosk jit-kiosk; }
check 'the grant ends with the login' eventually 5 kiosk_is_free
check 'who is no requester is refused' at_login kiosk "$code" 'run provider approve code=$M1 user=bob@contoso.com' \
    'expect 10 jit: .*requester'
check 'the next one is asked anew' at_login kiosk "$code" 'send \x03' 'sleep 1'
finish
