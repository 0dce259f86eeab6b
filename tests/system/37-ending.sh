#!/bin/bash
# What runs under a grant ends with it, where its role says so; it runs on, and is recorded, where not.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_host
# su too: its shell is a session of its own.
for service in su su-l; do
    sed -i '1i\
auth [success=done ignore=ignore default=die] pam_jit.so\
account requisite pam_jit.so\
session optional pam_jit.so' "$HOST_ROOT/etc/pam.d/$service"
done
# role [LINE...]: with these lines at its end.
role() {
    cat >"$HOST_ROOT/etc/jit/policy.d/web.toml" <<'X'
[role.web]
groups = ["jit-web"]
requesters = ["local-group:engineers"]
services = ["sudo", "su"]
default_duration = "20s"
max_duration = "5m"
X
    printf '%s\n' "$@" >>"$HOST_ROOT/etc/jit/policy.d/web.toml"
    host_run systemctl restart jitd.service
}
# As alice, whose process holds no group of a grant: it would end with it.
plain() { host_run setpriv --reuid alice --regid alice --groups engineers "$@"; }
ask() { plain timeout 30 jitctl request web "$@" 2>&1 | approve_codes alice@contoso.com; }
drop() { plain jitctl drop web; }
member() { host_run id -nG alice | grep -qw jit-web; }
gone() { ! member; }
# Commands are told apart by how long they would sleep.
runs() { host_run pgrep -f "^sleep $1\$" >/dev/null; }
over() { ! runs "$1"; }
# login NAME TEXT: alice's own session, from before the grant; it does what it does when it is told to
# `go NAME`, and goes on beside the test.
login() {
    host_as alice "touch /var/tmp/in-$1; until [ -e /var/tmp/go-$1 ]; do sleep 0.2; done; $2" \
        >>"$HOST_DIR/sessions.log" 2>&1 &
    children+=("$!")
    eventually 10 test -e "$HOST_ROOT/var/tmp/in-$1"
}
go() { touch "$HOST_ROOT/var/tmp/go-$1"; }
in_journal() { [ -n "$(host_run journalctl -q -o cat "$@")" ]; }
processes_of() { host_run journalctl -q -o cat --output-fields=JIT_PROCESSES "$@"; }
scopes() { host_run systemctl list-units --no-legend --plain 'jit-run-*.scope'; }
no_scopes() { [ -z "$(scopes)" ]; }

# --- by its timer, with both daemons dead
role '[role.web.end]' 'action = "terminate"' 'grace = "3s"'
login timer 'sleep 1001 & sudo sh -c "sleep 1002 & setsid -f sleep 1003; (trap \"\" TERM HUP; exec sleep 1004) & exec sleep 1005"; sleep 1006'
check 'a grant of 20 s' says granted ask --for 20s
began=$SECONDS
id=$(plain jitctl list --json | jq -r '.grants[0].id')
go timer
check 'sudo runs what it was asked for' eventually 10 runs 1005
check 'in a scope of the grant' says "^jit-run-$id-[0-9]+\.scope" scopes
check 'what it started in the background is in it' \
    says "jit-run-$id" host_sh 'cat /proc/$(pgrep -f "^sleep 1002$")/cgroup'
check 'and what it detached' says "jit-run-$id" host_sh 'cat /proc/$(pgrep -f "^sleep 1003$")/cgroup'
check 'the person'"'"'s own shell is not' \
    fails says "jit-run-$id" host_sh 'cat /proc/$(pgrep -f "^sleep 1001$")/cgroup'
host_run systemctl stop jitd.socket jitd-root.socket jitd.service jit-grantd.socket jit-grantd.service
check 'nothing of it ends early' runs 1005
check 'it ends at the end of the grant, with both daemons dead' eventually 25 over 1005
check 'not before' [ $((SECONDS - began)) -ge 18 ]
check 'so does what ran in the background' eventually 3 over 1002
check 'and what had detached' eventually 3 over 1003
check 'what takes no notice of SIGTERM is killed after the grace' eventually 6 over 1004
check 'the session around it goes on' runs 1001
check 'and the shell goes on after sudo' eventually 5 runs 1006
check 'the membership is gone' eventually 5 gone
check 'the end is recorded' in_journal JIT_EVENT=expired "JIT_GRANT=$id"
check 'with what was ended' says 'sleep' processes_of JIT_EVENT=terminated "JIT_GRANT=$id"
check 'no scope is left' eventually 10 no_scopes
host_run pkill -f '^sleep 100' || true
host_run systemctl start jitd.socket jitd-root.socket jit-grantd.socket

# --- by its user, and by root
for how in drop revoke; do
    login "$how" 'sudo sh -c "sleep 1012 & exec sleep 1015"; sleep 1016'
    check "a grant, for $how" says granted ask --for 2m
    go "$how"
    check "under it sudo runs ($how)" eventually 10 runs 1015
    case $how in
    drop) check 'it is handed back' drop ;;
    revoke) check 'it is taken away' host_run jitctl revoke --user alice ;;
    esac
    check "$how ends what runs within its grace" eventually 4 over 1015
    check "$how ends its children" eventually 4 over 1012
    check "and nothing else of the user ($how)" eventually 5 runs 1016
    host_run pkill -f '^sleep 101' || true
done

# --- a shell of root's, by sudo -i and su -: some releases make it a session of its own
for shell in 'sudo -i' 'su -'; do
    login "${shell%% *}" "echo 'sleep 1022' | $shell; sleep 1026"
    check "a grant, for $shell" says granted ask --for 2m
    go "${shell%% *}"
    check "a shell of $shell" eventually 10 runs 1022
    check "$shell ends with the grant" drop
    check "within its grace ($shell)" eventually 5 over 1022
    check "and the shell around it does not ($shell)" eventually 5 runs 1026
    host_run pkill -f '^sleep 102' || true
done

# --- extended: what runs goes on to the new end, and no further
login longer 'sudo sleep 1032'
check 'a grant of 15 s' says granted ask --for 15s
began=$SECONDS
go longer
check 'a sudo under it' eventually 10 runs 1032
longer() { plain timeout 30 jitctl extend web --for 15s 2>&1 | approve_codes alice@contoso.com; }
check 'it is extended by 15 s' says granted longer
sleep $((began + 18 - SECONDS > 0 ? began + 18 - SECONDS : 0))
check 'what ran goes on after the first end' runs 1032
check 'and ends at the second' eventually 18 over 1032
check 'not before that' [ $((SECONDS - began)) -ge 27 ]

# --- a login that was made under the grant holds its group in the kernel
check 'a grant, for a login' says granted ask --for 2m
login under 'exec sleep 1042'
go under
check 'alice logs in' eventually 10 runs 1042
check 'the grant is handed back' drop
check 'her login held the group, and ends with the grant' eventually 5 over 1042

# --- for one session: what it left in the background ends when it closes, its own status is its own
role '[role.web.end]' 'action = "terminate"' 'grace = "3s"' '[role.web.limits]' 'single_use = true'
has_status() { [ "$(cat "$HOST_ROOT/var/tmp/status-$1" 2>/dev/null)" = 7 ]; }
for turn in 1 2 3; do
    login "once-$turn" "sudo sh -c 'setsid -f sleep 1062; sleep 0.5; exit 7'; echo \$? >/var/tmp/status-$turn"
    check "a grant for one session, $turn" says granted ask --for 2m
    go "once-$turn"
    check "its command's status is sudo's, $turn" eventually 10 has_status "$turn"
    check "what it left behind ends with it, $turn" eventually 6 over 1062
    check "and so does the grant, $turn" eventually 3 gone
done

# --- warned before, at her terminal
role '[role.web.end]' 'warn = ["8s"]'
check 'a grant of 12 s, to be warned of' says granted ask --for 12s
cat >"$HOST_DIR/steps" <<'X'
expect 10 \$ $
expect 12 jit: role "web" ends in [0-9]+s, at .*to go on: jitctl extend web
send exit 0\r
exit any
X
check 'she is told at her terminal before it ends' host_tty alice <"$HOST_DIR/steps"
check 'which is recorded' in_journal -u jitd JIT_EVENT=warned JIT_USER=alice
check 'that grant ends' eventually 15 gone
cat >"$HOST_DIR/steps" <<'X'
expect 10 \$ $
expect 30 jit: role "web" was taken back
send exit 0\r
exit any
X
(
    sleep 3
    ask --for 1m
    host_run jitctl revoke --user alice
) >/dev/null 2>&1 &
children+=("$!")
check 'who is revoked is told so' host_tty alice <"$HOST_DIR/steps"

# --- stop-new: what runs goes on, and the record says what
login on 'sudo sleep 1052'
check 'a grant of a role that lets run' says granted ask --for 1m
id=$(plain jitctl list --json | jq -r '.grants[0].id')
go on
check 'a sudo under it runs' eventually 10 runs 1052
check 'in no scope of ours' no_scopes
check 'it is handed back' drop
sleep 1
check 'and goes on after its end' runs 1052
check 'which the record of the end says' says 'sudo for root' processes_of -u jitd "JIT_GRANT=$id"
check 'a second sudo is refused' fails host_as alice 'sudo -n true'
finish
