# What crash tests are made of: persons, traced daemons, and cases that go through each step that a
# clean run showed. Sourced by bash scripts after cleanup.sh, host.sh, report.sh and story.sh.
#
#   crash_host             a host with many persons, whose records outlive its boot. Memberships are
#                          files in /run/userdb; with BACKEND=etc-group lines of /etc/group
#   take_away, no_members  who is in the role's group, and by other hands no more
#   ask, prepare           requests of a person, signed in at once
#   trace, untrace, steps  what strace saw of a daemon
#   arm, disarm            stop-at waits for a step of a daemon, and kills or holds it there
#   each_step              one case for each step of a clean trace, judged by agreement
#   say_tried              prints how many points were tried

tests=$top/tests/system
: "${BACKEND:=userdb}"

calls=write,pwrite64,fsync,fdatasync,ftruncate,renameat,unlinkat,linkat,mkdir,sendmsg,sendto
people=(p01 p02 p03 p04 p05 p06 p07 p08 p09 p10 p11 p12 p13 p14 p15 p16 p17 p18 p19 p20 p21 p22)


crash_host() {
    local one map=
    story_boot
    story_install
    story_configure
    logs=$HOST_DIR/traces
    mkdir "$logs"
    # Each case has a person of its own, so that many grants can be prepared at once; all sign in as
    # one.
    for one in "${people[@]}"; do
        chroot "$HOST_ROOT" useradd -M -s /bin/bash -G engineers "$one"
        map+="$one = \"$alice_oid\", "
    done
    sed -i "s/^map = { /&$map/" "$HOST_ROOT/etc/jit/jitd.toml"
    [ "$BACKEND" = userdb ] || {
        printf '[grants]\nbackend = "%s"\n' "$BACKEND" >>"$HOST_ROOT/etc/jit/jitd.toml"
        sed -i 's/^group:.*/group: files/' "$HOST_ROOT/etc/nsswitch.conf"
        host_sh 'mkdir -p /etc/systemd/system/jit-.service.d
            ln -s /usr/lib/jit/etc-group.conf /etc/systemd/system/jit-.service.d/
            systemctl daemon-reload && systemctl restart jit-grantd.service'
    }
    # What is said must outlive a boot.
    host_sh 'mkdir -p /var/log/journal && systemctl restart systemd-journald.service && journalctl --flush'
    host_run systemctl restart jitd.service
    host_run systemctl stop jit-reconcile.timer # it runs when a case says so
}

take_away() {
    case $BACKEND in
    userdb) rm "/proc/$HOST_PID/root/run/userdb/$1:jit-web.membership" ;;
    *) host_run gpasswd -d "$1" jit-web >/dev/null ;;
    esac
}
no_members() {
    [ -z "$(ls -A "/proc/$HOST_PID/root/run/userdb")" ] &&
        ! grep '^jit-web:.*[^:]$' "$HOST_ROOT/etc/group" "$HOST_ROOT/etc/gshadow"
}

# --- what drives a case -------------------------------------------------------------------------------

pid_of() { pgrep --ns "$HOST_PID" --nslist pid -x "$1" | head -n 1; }
# The daemon's process, which systemd has to have brought back by now, and what it says at its start
# is said: a step's number counts from there.
is_up() { host_run systemctl is-active --quiet "$1.service" && pid_of "$1"; }
find_daemon() { eventually 20 is_up "$1" && pid_of "$1"; }

# A request of a person, signed in at once. Its end is what jitctl says.
#   ask PERSON DURATION
ask() {
    as "$1" jitctl request web --for "$2" 2>&1 | approve_codes alice@contoso.com
}
newest_id() { "$tests/agreement" "$HOST_PID" newest "$1"; }
# Live grants, an hour long or $prepare_for, of all the persons given: some at a time, since the provider's double
# serves few at once. Who did not get one asks again.
prepare() {
    local one
    local -A waiting=()
    for one; do
        ask "$one" "${prepare_for:-1h}" >"$logs/asked.$one" &
        waiting[$one]=$!
        [ "${#waiting[@]}" -lt 6 ] || prepared
    done
    prepared
}
prepared() {
    local one
    for one in "${!waiting[@]}"; do
        wait "${waiting[$one]}" || {
            printf '# %s asks again, after: ' "$one"
            tail -n 1 "$logs/asked.$one"
            ask "$one" "${prepare_for:-1h}"
        }
    done
    waiting=()
}

# Begins to trace a process.
#   trace NAME PID
trace() {
    : >"$logs/$1.err"
    strace -p "$2" -yy -s 600 -o "$logs/$1" -e "trace=$calls" 2>"$logs/$1.err" {HOST_LOCK}>&- &
    follow "$1" "$2" "$logs/$1.err"
}
# The same, and it is killed before a step, or held after it until it is killed.
#   arm PID before|after LABEL
arm() {
    : >"$logs/armed" # what stands there is of the last one
    "$tests/stop-at" "$@" "$logs/armed" 2>"$logs/armed.err" {HOST_LOCK}>&- &
    follow armed "$1" "$logs/armed"
}
#   follow NAME PID FILE    the last command watches PID, and says in FILE that it does
declare -A tracers traced
follow() {
    tracers[$1]=$! traced[$1]=$2
    children+=("$!")
    eventually 10 grep -q attached "$3" || {
        cat "$logs/$1.err" >&2
        return 1
    }
}
untrace() {
    ! is_child "${tracers[$1]}" || kill "${tracers[$1]}" 2>/dev/null || true
    wait "${tracers[$1]}" 2>/dev/null || true
}
# What happened there is in $was_hit afterwards: "killed before LABEL", "held after LABEL", or less.
disarm() {
    # Its parent has yet to bury it, and to start another.
    ! grep -qE '^(killed before|held after) ' "$logs/armed" ||
        eventually 10 fails test -e "/proc/${traced[armed]}"
    untrace armed
    was_hit=$(grep -E '^(killed before|held after) ' "$logs/armed" || echo 'it was not stopped at a step')
}
tracer_gone() { ! kill -0 "${tracers[$1]}" 2>/dev/null; }
steps() { "$tests/trace-steps" list "$logs/$1"; }

# Everything agrees, at the latest some seconds after both came back; jit-reconcile runs meanwhile, as
# it does every 30 s.
agree_now() {
    host_run systemctl start jit-reconcile.service
    "$tests/agreement" "$HOST_PID" "$@"
}
agree() { eventually 20 agree_now "$@" || agree_now "$@"; }

# Goes through the steps of a clean trace. What was not stopped there (a step that a clean run takes
# now and then) is tried once more.
#   each_step TRACE before|after SENTENCE CASE   SENTENCE has %s for the step; CASE gets when and
#                                                LABEL, and leaves $was_hit and $ids
each_step() {
    local label
    local -a labels
    mapfile -t labels < <(steps "$1")
    [ "${#labels[@]}" -gt 3 ] || { check "${3/\%s/} steps are seen" false; return; }
    for label in "${labels[@]}"; do
        "$4" "$2" "$label"
        [[ $was_hit == *" $label" ]] || {
            agree "${ids[@]}" >/dev/null || true # what is still being mended would count, too
            "$4" "$2" "$label"
        }
        # How often systemd or the name service is asked, and what is told, follows from how fast they
        # are: what came a second time in the clean run need not come in this one. Where it did not,
        # the case is none. What is written, synced, renamed or removed comes as often in each.
        if [[ $was_hit != *" $label" && $label =~ ^(ask|tell|greet|answer)\ .*\ \([0-9]+\)$ ]]; then
            printf '# "%s" was not needed\n' "$label"
            continue
        fi
        points=$((points + 1))
        check "${3/\%s/\"$label\"}" settle "$label" "${ids[@]}"
    done
}
points=0
say_tried() { printf '# tried %s points\n' "$points"; }
# That it was stopped there is part of the case: else it says nothing.
#   settle LABEL ID...
settle() {
    [[ $was_hit == *" $1" ]] || {
        printf '%s; its steps were:\n' "$was_hit" >&2
        cat "$logs/armed" >&2
        return 1
    }
    shift
    agree "$@"
}
# The helper is held when it has taken the step; then jitd is killed, which does not hear of it, and
# then the helper.
#   ask_both_killed after LABEL CMD...    leaves $was_hit
ask_both_killed() {
    local helper asking
    helper=$(find_daemon jit-grantd)
    arm "$helper" "$1" "$2"
    shift 2
    "$@" >"$logs/said" 2>&1 &
    asking=$!
    eventually 15 held_or_over "$asking" || true
    kill -KILL "$(pid_of jitd)"
    kill -KILL "$helper"
    wait "$asking" || true
    disarm
    find_daemon jitd >/dev/null
}
held_or_over() { grep -q '^held after' "$logs/armed" || ! kill -0 "$1" 2>/dev/null; }
next=0
next_person() {
    person=${people[next]}
    next=$(((next + 1) % ${#people[@]}))
}
