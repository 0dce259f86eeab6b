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
newest_id() {
    host_run jitctl list --all --json | python3 -c '
import json, sys
listed = json.load(sys.stdin)
for one in listed["grants"] + listed["requests"]:
    if one["user"] == sys.argv[1]:
        print(one["id"])
        break' "$1"
}
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
    tracers[$1]=$!
    children+=("$!")
    eventually 10 grep -q attached "$logs/$1.err" || {
        cat "$logs/$1.err" >&2
        return 1
    }
}
declare -A tracers
untrace() {
    kill "${tracers[$1]}" 2>/dev/null || true
    wait "${tracers[$1]}" 2>/dev/null || true
}
steps() { "$tests/trace-steps" list "$logs/$1"; }
hit() { "$tests/trace-steps" hit "$logs/$1" 2>&1; }

# Everything agrees, at the latest some seconds after both came back; jit-reconcile runs meanwhile, as
# it does every 30 s.
agree_now() {
    host_run systemctl start jit-reconcile.service
    "$tests/agreement" "$HOST_PID" "$@"
}
agree() { eventually 20 agree_now "$@" || agree_now "$@"; }
