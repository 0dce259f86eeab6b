#!/bin/bash
# Killed at every durable step of granting: what one clean run showed is gone through step by step,
# and each time both daemons come back and everything agrees; at some of them the whole host is.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
. tests/system/lib/crashes.sh

crash_host

# The helper is killed; jitd asks it to take back what it may have done.
helper_killed() {
    next_person
    host_run systemctl start jit-grantd.service
    arm "$(find_daemon jit-grantd)" "$@"
    ask "$person" 2s >"$logs/said" || true
    disarm
    ids=("$(newest_id "$person")")
}
both_killed() {
    next_person
    host_run systemctl start jit-grantd.service
    ask_both_killed "$1" "$2" ask "$person" 2s
    ids=("$(newest_id "$person")")
}
# jitd is killed; the helper goes on.
daemon_killed() {
    next_person
    arm "$(find_daemon jitd)" "$@"
    ask "$person" 2s >"$logs/said" || true
    disarm
    ids=()
    # Killed before its first commit, it had no request.
    find_daemon jitd >/dev/null
    [ -z "$(newest_id "$person")" ] || ids=("$(newest_id "$person")")
}

host_run systemctl start jit-grantd.service
trace first "$(find_daemon jit-grantd)"
check 'a grant, the first under this policy' says granted ask p01 2s
untrace first
check 'the helper: each file and folder is on disk before the next step of granting' \
    "$tests/trace-steps" order "$logs/first"

# jitd is new in most of the cases below, and greets its provider anew; and no other grant ends there.
host_run jitctl revoke --all >/dev/null
check 'that grant is ended' agree
host_run systemctl restart jitd.service
trace grant-helper "$(find_daemon jit-grantd)"
trace grant-daemon "$(find_daemon jitd)"
check 'a grant that nobody disturbs' says granted ask p02 2s
untrace grant-helper
untrace grant-daemon
check 'everything agrees about it' agree
check 'jitd: each transaction is on disk before its word is out' \
    "$tests/trace-steps" order "$logs/grant-daemon"

each_step grant-helper before 'a grant, the helper killed before %s' helper_killed
each_step grant-daemon before 'a grant, jitd killed before %s' daemon_killed
each_step grant-helper after 'a grant, both killed after %s of the helper' both_killed
check 'after all that a grant can be had' says granted ask p01 2s

# --- the whole host -----------------------------------------------------------------------------------------

# As if the power had failed: the daemon is held when it has taken the step, and with it everything
# stops.
#   host_killed DAEMON LABEL      leaves $was_hit
host_killed() {
    local asking
    host_run systemctl start jit-grantd.service
    host_run systemctl restart jitd.service
    arm "$(find_daemon "$1")" after "$2"
    ask p01 1h >"$logs/said" &
    asking=$!
    eventually 15 held_or_over "$asking" || true
    host_stop
    wait "$asking" || true
    disarm
    story_provider_stop
    host_boot
    story_provider
    host_run systemctl stop jit-reconcile.timer
}
case $BACKEND in userdb) made='USER:jit-web.membership' ;; *) made=group ;; esac
for step in 'jit-grantd sync grants' "jit-grantd rename to $made" \
    'jit-grantd rename to ID.json (2)' 'jitd sync of transaction 3' 'jitd sync of transaction 4'; do
    read -r which label <<<"$step"
    # Not by check(): the host would end with its subshell.
    host_killed "$which" "$label"
    check "the host is killed in a grant after \"$label\", and boots" same "$was_hit" "held after $label"
    points=$((points + 1))
    check 'no membership is there' no_members
    check 'and everything agrees' agree
done
check 'after all that a grant can be had, once more' says granted ask p02 2s
check 'which ends in time' eventually 6 fails is_member p02 jit-web
check 'everything ever granted has its beginning and its end on record' agree
say_tried
finish
