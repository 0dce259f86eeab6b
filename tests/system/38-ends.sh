#!/bin/bash
# Ends that nothing keeps away: a service manager that begins anew, dead daemons, disks that are full
# or read-only, a user who plays with our paths.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_host
install -m 0755 tests/system/hammer.py "$HOST_ROOT/usr/local/bin/"
ask() { as alice timeout 30 jitctl request web "$@" 2>&1 | approve_codes alice@contoso.com; }
file=/run/userdb/alice:jit-web.membership
# By the host's own mounts; no shell of it is started for a look.
there() { [ -e "/proc/$HOST_PID/root$file" ]; }
grants=/proc/$HOST_PID/root/var/lib/jit-grantd/grants
newest() { # of root's ledger: a short one may be over before jitctl lists it
    jq -rs 'map(select(.user == "alice")) | max_by(.since) | [.id, .until] | join(" ")' "$grants"/[0-9a-f]*.json
}
# A grant of so many seconds; $id and $until are its own.
#   granted SECONDS
granted() {
    check "a grant of $1 s" says "^granted: " ask --for "$1s"
    read -r id until <<<"$(newest)"
    until=$(date -d "$until" +%s)
}
# From its end on, and at most a second later, the membership is gone.
on_time() {
    local late
    eventually 60 fails there || { echo 'it is there still'; return 1; }
    late=$((${EPOCHREALTIME/./} / 1000 - until * 1000))
    printf '# gone %s ms after the end\n' "$late" >&2
    [ "$late" -ge 0 ] && [ "$late" -le 1000 ]
}
entry() { jq -r "$1" "$grants/$id.json"; }
in_ledger() { [ "$(entry .state)" = "$1" ]; }
in_journal() { host_run journalctl -q -o cat "$@"; }

# --- the service manager begins anew
granted 12
check 'PID 1 starts itself anew, with a live grant' host_run systemctl daemon-reexec
check 'and reads all units anew' host_run systemctl daemon-reload
check 'the timer is armed still' says "jit-expire@$id.timer" host_run systemctl list-timers --all
check 'and the membership is there' there
check 'it ends within a second of its end all the same' on_time

# --- everything of ours is dead, and its sockets are closed
granted 10
host_run systemctl stop jitd.socket jitd-root.socket jit-grantd.socket jit-reconcile.timer
host_run systemctl kill -s KILL jitd.service || true
host_run systemctl kill -s KILL jit-grantd.service || true
check 'with both daemons killed and no reaper it ends on time' on_time
host_run systemctl start jitd.socket jitd-root.socket jit-grantd.socket jit-reconcile.timer

# --- disks that can't be written
read_only() { # once a mount of its own, it can be made read-only and writable
    host_run mount --bind "$1" "$1"
    host_run mount -o remount,bind,ro "$1"
}
granted 12
read_only /etc
read_only /var
check '/etc and /var are read-only' fails host_sh 'touch /etc/x || touch /var/lib/x'
check 'the membership goes on time' on_time
check 'and what could not be written is said' eventually 5 says 'cannot end grant .*Read-only file system' \
    in_journal -u "jit-expire@$id.service"
check 'the ledger has not been written' in_ledger live
host_run umount /var
host_run umount /etc
check 'once it can be, the end is in the ledger' eventually 40 in_ledger ended
check 'and on record' says expired in_journal -o json -u 'jit*' JIT_EVENT=expired "JIT_GRANT=$id"

fill() { # the disks of both ledgers, with what is in them; SQLite's log needs some room
    host_run systemctl stop jit-grantd.service jitd.service
    host_sh 'for one in jit jit-grantd; do
        cp -a /var/lib/$one /root/keep.$one
        mount -t tmpfs -o "size=$(($(du -sk /var/lib/$one | cut -f1) + 16384))k,mode=0700" tmpfs /var/lib/$one
        chown --reference=/root/keep.$one /var/lib/$one
        cp -a /root/keep.$one/. /var/lib/$one/
    done'
    host_run systemctl start jitd.service
    fill_again
}
fill_again() {
    host_sh 'for one in jit jit-grantd; do
        dd if=/dev/zero of=/var/lib/$one/fill bs=1k; done' >/dev/null 2>&1 || true
}
clear_up() { host_sh 'rm /var/lib/jit/fill /var/lib/jit-grantd/fill'; }
granted 600
fill
check 'the disks of both ledgers are full' fails host_sh 'echo x >/var/lib/jit-grantd/x && [ -s /var/lib/jit-grantd/x ]'
as alice jitctl drop web >"$HOST_DIR/said" 2>&1 || true
check 'a drop on a full disk: the membership is gone at once' fails there
check 'and jitctl says why it is not done' says 'No space left on device' cat "$HOST_DIR/said"
clear_up
check 'with room again the end is in the ledger' eventually 40 in_ledger ended
check 'as a drop' same "$(entry .cause)" dropped
granted 600
fill_again
host_run jitctl revoke --all >"$HOST_DIR/said" 2>&1 || true
check 'a revocation on a full disk: the membership is gone at once' fails there
clear_up
check 'with room again that end is in the ledger, too' eventually 40 in_ledger ended
granted 8
fill_again
check 'an expiry on a full disk is on time' on_time
clear_up
check 'and in the ledger when there is room' eventually 40 in_ledger ended
# Back to the disk as it was; of what it knew as live nothing is there.
host_run systemctl stop jitd.socket jitd-root.socket jitd.service jit-grantd.socket jit-grantd.service
host_run umount /var/lib/jit /var/lib/jit-grantd
host_run systemctl start jit-reconcile.service jitd.socket jitd-root.socket jit-grantd.socket

# --- a user who plays with paths
as carol /usr/local/bin/hammer.py 14 >"$HOST_DIR/hammer" 2>&1 &
hammer=$!
children+=("$hammer")
granted 6
check 'while carol plays with our paths a grant is had' there
check 'and ends on time' on_time
granted 600
check 'one is handed back' as alice jitctl drop web
check 'and is gone' fails there
wait "$hammer" || true
check 'carol has tried thousands of things' says '^tried [0-9]{4,}$' cat "$HOST_DIR/hammer"
check 'carol has got nothing' fails grep -v '^tried ' "$HOST_DIR/hammer"
check 'and no group' fails host_sh 'id -nG carol | grep jit-'
check 'only what is ours is in /run/userdb' same "$(host_sh 'ls -A /run/userdb')" ''

check 'nothing has failed' same "$(host_run systemctl list-units --failed --plain --no-legend 'jit*')" ''
finish
