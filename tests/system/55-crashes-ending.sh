#!/bin/bash
# Killed at every durable step of ending: by a drop, by the timer's service, by reconcile. As in
# 50-crashes-granting.sh.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
. tests/system/lib/crashes.sh

crash_host

# --- a drop ----------------------------------------------------------------------------------------------

drop() { as "$1" jitctl drop web; }
# The next one with a live grant. All that there are people are prepared at once.
next_holder() {
    if [ "${#holders[@]}" -eq 0 ]; then
        host_run jitctl revoke --all >/dev/null
        prepare "${people[@]}"
        holders=("${people[@]}")
    fi
    person=${holders[0]}
    holders=("${holders[@]:1}")
    ids=("$(newest_id "$person")")
}
holders=()
drop_helper_killed() {
    next_holder
    host_run systemctl start jit-grantd.service
    arm "$(find_daemon jit-grantd)" "$@"
    drop "$person" >"$logs/said" 2>&1 || true
    disarm
}
drop_daemon_killed() {
    next_holder
    arm "$(find_daemon jitd)" "$@"
    drop "$person" >"$logs/said" 2>&1 || true
    disarm
    find_daemon jitd >/dev/null
}
drop_both_killed() {
    next_holder
    host_run systemctl start jit-grantd.service
    ask_both_killed "$1" "$2" drop "$person"
}

next_holder
# An orderly end empties SQLite's log: no drop of ours then falls together with a checkpoint.
host_run systemctl restart jitd.service
host_run systemctl start jit-grantd.service
trace drop-helper "$(find_daemon jit-grantd)"
trace drop-daemon "$(find_daemon jitd)"
check 'a drop that nobody disturbs' drop "$person"
untrace drop-helper
untrace drop-daemon
check 'everything agrees about it too' agree
check 'the helper: each file and folder is on disk before the next step of ending' \
    "$tests/trace-steps" order "$logs/drop-helper"
check 'jitd: an end is on disk before its word is out' \
    "$tests/trace-steps" order "$logs/drop-daemon"
each_step drop-helper before 'a drop, the helper killed before %s' drop_helper_killed
each_step drop-daemon before 'a drop, jitd killed before %s' drop_daemon_killed
each_step drop-helper after 'a drop, both killed after %s of the helper' drop_both_killed

# --- the timer's service, and reconcile -------------------------------------------------------------------

# Both are over in an instant. So that they can be traced, they wait, stopped, while a file is there.
for unit in jit-expire@.service jit-reconcile.service; do
    mkdir -p "$HOST_ROOT/etc/systemd/system/$unit.d"
    what=$(sed -n 's/^ExecStart=//p' "$HOST_ROOT/usr/lib/systemd/system/$unit" ||
        sed -n 's/^ExecStart=//p' "$HOST_ROOT/lib/systemd/system/$unit")
    cat >"$HOST_ROOT/etc/systemd/system/$unit.d/hold.conf" <<X
[Service]
ExecStart=
ExecStart=/bin/sh -c '[ ! -e /run/hold.%n ] || kill -STOP \$\$\$\$; exec $what'
X
done
host_run systemctl daemon-reload
# pgrep gives up when a process goes while it looks.
find_held() { held=$(pgrep --ns "$HOST_PID" --nslist pid -r T -f "/run/hold.$1"); }
#   hold UNIT       starts it up to before its first step; its process is $held
hold() {
    host_run touch "/run/hold.$1"
    host_run systemctl start --no-block "$1"
    eventually 10 find_held "$1"
    host_run rm "/run/hold.$1"
}
#   go_on NAME      until the process, followed as NAME, is over
go_on() {
    kill -CONT "$held"
    eventually 10 tracer_gone "$1"
}
trace_unit() {
    hold "$2"
    trace "$1" "$held"
    go_on "$1"
    untrace "$1"
}
stop_unit() {
    hold "$1"
    arm "$held" "$2" "$3"
    go_on armed
    disarm
}
expire_killed() {
    next_holder
    stop_unit "jit-expire@${ids[0]}.service" "$@"
}
# By other hands the membership goes, and reconcile ends the rest.
reconcile_killed() {
    next_holder
    take_away "$person"
    stop_unit jit-reconcile.service "$@"
}

next_holder
trace_unit expire "jit-expire@${ids[0]}.service"
check 'an expiry that nobody disturbs agrees' agree
check 'its files and folders are on disk before the next step' \
    "$tests/trace-steps" order "$logs/expire"
each_step expire before 'an expiry, killed before %s' expire_killed

next_holder
take_away "$person"
trace_unit reconcile jit-reconcile.service
check 'a reconcile that nobody disturbs agrees' agree
check 'its files and folders are on disk before the next step, too' \
    "$tests/trace-steps" order "$logs/reconcile"
each_step reconcile before 'a reconcile, killed before %s' reconcile_killed
host_run jitctl revoke --all >/dev/null
check 'everything ever granted has its beginning and its end on record' agree
say_tried
finish
