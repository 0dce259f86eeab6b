#!/bin/bash
# Killed at every durable step of granting and of ending: what one clean run showed is gone through
# step by step, and each time both daemons come back and everything agrees. The steps are found by
# strace from outside, which also kills: the process dies on entering the N-th call of a kind.
set -euo pipefail
cd "$(dirname "$0")"
. lib/cleanup.sh
. lib/host.sh
. lib/report.sh
. lib/story.sh
tests=$top/tests/system

calls=write,pwrite64,fsync,fdatasync,ftruncate,renameat,unlinkat,mkdir,sendmsg,sendto
people=(p01 p02 p03 p04 p05 p06 p07 p08 p09 p10 p11 p12 p13 p14 p15 p16 p17 p18 p19 p20 p21 p22)

story_boot
story_install
story_configure
logs=$HOST_DIR/traces
mkdir "$logs"

# Each case has a person of its own, so that many grants can be prepared at once; all sign in as
# one.
crowd() {
    local one map=
    for one in "${people[@]}"; do
        chroot "$HOST_ROOT" useradd -M -s /bin/bash -G engineers "$one"
        map+="$one = \"$alice_oid\", "
    done
    sed -i "s/^map = { /&$map/" "$HOST_ROOT/etc/jit/jitd.toml"
    sleep 1 # read anew
}
crowd
# What is said must outlive a boot.
host_sh 'mkdir -p /var/log/journal && systemctl restart systemd-journald.service && journalctl --flush'

# --- what drives a case -------------------------------------------------------------------------------

pid_of() { pgrep --ns "$HOST_PID" --nslist pid -x "$1" | head -n 1; }
# The daemon's process, which systemd has to have brought back by now.
find_daemon() { eventually 20 pid_of "$1" && pid_of "$1"; }

# A request of a person, signed in at once. Its end is what jitctl says; its id is in $logs/PERSON.id.
#   ask PERSON DURATION
ask() {
    local line code
    host_run setpriv --reuid "$1" --regid "$1" --init-groups jitctl request web --for "$2" 2>&1 |
        while read -r line; do
            printf '%s\n' "$line"
            case $line in
            *'enter code'*)
                code=${line##* }
                provider approve code="$code" user=alice@contoso.com >/dev/null
                ;;
            esac
        done
}
newest_id() { "$tests/agreement" "$HOST_PID" newest "$1"; }
# Live grants, an hour long, of all the persons given.
prepare() {
    local one
    local -a waiting=()
    for one; do
        ask "$one" 1h >/dev/null &
        waiting+=($!)
    done
    wait "${waiting[@]}"
}

# Begins to trace a process, which may be killed on the way.
#   trace NAME PID [INJECT]
trace() {
    strace -p "$2" -yy -s 400 -o "$logs/$1" -e "trace=$calls" ${3:+-e "inject=$3"} \
        2>"$logs/$1.err" {HOST_LOCK}>&- &
    tracers[$1]=$! traced[$1]=$2
    children+=("$!")
    eventually 10 grep -q attached "$logs/$1.err" || {
        cat "$logs/$1.err" >&2
        return 1
    }
}
declare -A tracers traced
untrace() {
    kill "${tracers[$1]}" 2>/dev/null || true
    wait "${tracers[$1]}" 2>/dev/null || true
    # Its parent has yet to bury it, and to start another.
    ! grep -q 'killed by SIGKILL' "$logs/$1" || eventually 10 fails test -e "/proc/${traced[$1]}"
}
steps() { "$tests/trace-steps" list "$logs/$1"; }
hit() { "$tests/trace-steps" hit "$logs/$1" 2>&1 || true; }

# Everything agrees, at the latest some seconds after both came back; jit-reconcile runs meanwhile, as
# it does every 30 s.
agree_now() {
    host_run systemctl start jit-reconcile.service
    "$tests/agreement" "$HOST_PID" "$@"
}
agree() { eventually 20 agree_now "$@" || agree_now "$@"; }

# Each case ends with this: the sentence, and what it says about the requests of the case.
#   verdict SENTENCE LABEL ID...
verdict() {
    local sentence=$1 label=$2
    shift 2
    check "$sentence" settle "$label" "$@"
}
settle() {
    local label=$1
    shift
    # That it was killed there is part of the case: else it says nothing.
    same "$was_hit" "$label" && agree "$@"
}

# Goes through the steps of a clean trace. A call that is sometimes made once more or less (the
# watchdog's, a look at a timer) shifts the count of its kind: then the same step is tried again,
# with the number it had.
#   each_step TRACE SENTENCE CASE [ARG...]    CASE gets ARG... INJECT and leaves $was_hit and $ids
each_step() {
    local clean=$1 sentence=$2 run=$3 name number label try earlier='the start'
    shift 3
    local -a lines
    mapfile -t lines < <(steps "$clean")
    [ "${#lines[@]}" -gt 3 ] || { check "$sentence: steps are seen" false; return; }
    for line in "${lines[@]}"; do
        read -r name number label <<<"$line"
        for try in 1 2 3 4 5; do
            "$run" "$@" "$name:signal=KILL:when=$number"
            [ "$was_hit" != "$label" ] || break
            number=$(seen_as "$name" "$number" "$label")
        done
        verdict "$sentence, after \"$earlier\", before \"$label\"" "$label" "${ids[@]}"
        earlier=$label
    done
}
# What number a missed step should have had, by the trace of the miss.
seen_as() {
    steps killed | awk -v name="$1" -v number="$2" -v label="$3" '
        { this = $0; sub(/^[^ ]+ [^ ]+ /, "", this) }
        $1 == name && this == label && !found { number = $2; found = 1 }
        END { print found ? number : number + 1 }'
}
next=0
next_person() {
    person=${people[next]}
    next=$(((next + 1) % ${#people[@]}))
}

# --- granting -----------------------------------------------------------------------------------------

# The helper is killed; jitd asks it to take back what it may have done.
helper_killed() {
    next_person
    host_run systemctl start jit-grantd.service
    trace killed "$(find_daemon jit-grantd)" "$1"
    ask "$person" 2s >"$logs/said" || true
    untrace killed
    was_hit=$(hit killed) ids=("$(newest_id "$person")")
}
# Both are: jitd is stopped when it has called the helper, and killed when that is dead.
both_killed() {
    local asking tries
    next_person
    host_run systemctl start jit-grantd.service
    trace killed "$(find_daemon jit-grantd)" "$1"
    trace stopped "$(find_daemon jitd)" "sendto:signal=STOP:when=$call_number"
    ask "$person" 2s >"$logs/said" &
    asking=$!
    eventually 15 tracer_gone killed || true
    kill -KILL "$(pid_of jitd)"
    wait "$asking" || true
    untrace killed
    untrace stopped
    was_hit=$(hit killed)
    "$tests/trace-steps" stopped "$logs/stopped" || was_hit='jitd was not stopped'
    find_daemon jitd >/dev/null
    ids=("$(newest_id "$person")")
}
tracer_gone() { ! kill -0 "${tracers[$1]}" 2>/dev/null; }
# jitd is killed; the helper goes on.
daemon_killed() {
    next_person
    trace killed "$(find_daemon jitd)" "$1"
    ask "$person" 2s >"$logs/said" || true
    untrace killed
    was_hit=$(hit killed)
    ids=()
    # Killed before its first commit, it had no request.
    find_daemon jitd >/dev/null
    [ -z "$(newest_id "$person")" ] || ids=("$(newest_id "$person")")
}

host_run systemctl stop jit-reconcile.timer # it runs when a case says so
host_run systemctl start jit-grantd.service
trace first "$(find_daemon jit-grantd)"
check 'a grant, the first under this policy' says granted ask p01 2s
untrace first
check 'the helper: each file and folder is on disk before the next step of granting' \
    "$tests/trace-steps" order "$logs/first"

# jitd is new in most of the cases below, and greets its provider anew.
host_run systemctl restart jitd.service
trace grant-helper "$(find_daemon jit-grantd)"
trace grant-daemon "$(find_daemon jitd)"
check 'a grant that nobody disturbs' says granted ask p02 2s
untrace grant-helper
untrace grant-daemon
check 'everything agrees about it' agree
check 'jitd: each transaction is on disk before its word is out' \
    "$tests/trace-steps" order "$logs/grant-daemon"
call_number=$(steps grant-daemon | awk '/call the helper Grant/ { print $2 }')

each_step grant-helper 'a grant, the helper killed' helper_killed
each_step grant-daemon 'a grant, jitd killed' daemon_killed
each_step grant-helper 'a grant, both killed in the helper' both_killed
check 'after all that a grant can be had' says granted ask p01 2s

# --- ending: a drop -------------------------------------------------------------------------------------

drop() { host_run setpriv --reuid "$1" --regid "$1" --init-groups jitctl drop web; }
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
    trace killed "$(find_daemon jit-grantd)" "$1"
    drop "$person" >"$logs/said" 2>&1 || true
    untrace killed
    was_hit=$(hit killed)
}
drop_daemon_killed() {
    next_holder
    trace killed "$(find_daemon jitd)" "$1"
    drop "$person" >"$logs/said" 2>&1 || true
    untrace killed
    was_hit=$(hit killed)
    find_daemon jitd >/dev/null
}
drop_both_killed() {
    local dropping
    next_holder
    host_run systemctl start jit-grantd.service
    trace killed "$(find_daemon jit-grantd)" "$1"
    trace stopped "$(find_daemon jitd)" 'sendto:signal=STOP:when=1'
    drop "$person" >"$logs/said" 2>&1 &
    dropping=$!
    eventually 15 tracer_gone killed || true
    kill -KILL "$(pid_of jitd)"
    wait "$dropping" || true
    untrace killed
    untrace stopped
    was_hit=$(hit killed)
    "$tests/trace-steps" stopped "$logs/stopped" || was_hit='jitd was not stopped'
    find_daemon jitd >/dev/null
}

next_holder
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
each_step drop-helper 'a drop, the helper killed' drop_helper_killed
each_step drop-daemon 'a drop, jitd killed' drop_daemon_killed
each_step drop-helper 'a drop, both killed in the helper' drop_both_killed

# --- ending: the timer's service, and reconcile -----------------------------------------------------------

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
held() { pgrep --ns "$HOST_PID" --nslist pid -r T -f "/run/hold.$1"; }
#   trace_unit NAME UNIT [INJECT]
trace_unit() {
    local pid
    host_run touch "/run/hold.$2"
    host_run systemctl start --no-block "$2"
    eventually 10 held "$2"
    pid=$(held "$2")
    host_run rm "/run/hold.$2"
    trace "$1" "$pid" ${3:+"$3"}
    kill -CONT "$pid"
    eventually 10 tracer_gone "$1"
    untrace "$1"
}
expire_killed() {
    next_holder
    trace_unit killed "jit-expire@${ids[0]}.service" "$1"
    was_hit=$(hit killed)
}
# By other hands the membership goes, and reconcile ends the rest.
reconcile_killed() {
    next_holder
    rm "/proc/$HOST_PID/root/run/userdb/$person:jit-web.membership"
    trace_unit killed jit-reconcile.service "$1"
    was_hit=$(hit killed)
}

next_holder
trace_unit expire "jit-expire@${ids[0]}.service"
check 'an expiry that nobody disturbs agrees' agree
check 'its files and folders are on disk before the next step' \
    "$tests/trace-steps" order "$logs/expire"
each_step expire 'an expiry, killed' expire_killed

next_holder
rm "/proc/$HOST_PID/root/run/userdb/$person:jit-web.membership"
trace_unit reconcile jit-reconcile.service
check 'a reconcile that nobody disturbs agrees' agree
check 'its files and folders are on disk before the next step, too' \
    "$tests/trace-steps" order "$logs/reconcile"
each_step reconcile 'a reconcile, killed' reconcile_killed
host_run jitctl revoke --all >/dev/null

# --- the whole host -----------------------------------------------------------------------------------------

# As if the power had failed: the daemon stops when it has taken the step, and with it everything.
#   host_killed DAEMON TRACE LABEL      leaves $was_stopped
host_killed() {
    local name number label line asking
    line=$(steps "$2" | grep -F -- " $3" | head -n 1)
    read -r name number label <<<"$line"
    host_run systemctl start jit-grantd.service
    host_run systemctl restart jitd.service
    trace killed "$(find_daemon "$1")" "$name:signal=STOP:when=$number"
    ask p01 1h >"$logs/said" &
    asking=$!
    eventually 15 grep -q 'stopped by SIGSTOP' "$logs/killed" || true
    was_stopped=yes
    "$tests/trace-steps" stopped "$logs/killed" || was_stopped=no
    host_stop
    wait "$asking" || true
    untrace killed
    story_provider_stop
    host_boot
    story_provider
    host_run systemctl stop jit-reconcile.timer
}
for step in 'helper grant-helper sync grants' 'helper grant-helper rename to USER' \
    'helper grant-helper sync grants (2)' 'jitd grant-daemon call the helper' \
    'jitd grant-daemon sync of transaction 6'; do
    read -r which log label <<<"$step"
    # Not by check(): the host would end with its subshell.
    host_killed "${which/helper/jit-grantd}" "$log" "$label"
    check "the host is killed in a grant after \"$label\", and boots" same "$was_stopped" yes
    check 'no membership is there' host_sh '[ -z "$(ls -A /run/userdb)" ]'
    check 'and everything agrees' agree
done
check 'after all that a grant can be had, once more' says granted ask p02 2s
check 'which ends in time' eventually 6 fails is_member p02 jit-web
check 'everything ever granted has its beginning and its end on record' agree
finish
