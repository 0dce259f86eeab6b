#!/bin/bash
# Killed at every durable step of an extension: the grant goes on, to its old end or to the later one,
# and everything agrees. As in 50-crashes-granting.sh.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
. tests/system/lib/crashes.sh

crash_host
prepare_for=20m

# The person signs in as anybody here does; $minutes from now are later than any end he had.
longer() { as "$1" jitctl extend web --for "${minutes}m" 2>&1 | approve_codes alice@contoso.com; }
has_role() { is_member "$1" jit-web; }
# The next person with a live grant. Each may go on for longer some times.
declare -A grant_of
holders=()
next_holder() {
    local one
    if [ "${#holders[@]}" -eq 0 ]; then
        host_run jitctl revoke --all >/dev/null
        prepare "${people[@]}"
        for one in "${people[@]}"; do grant_of[$one]=$(newest_id "$one"); done
        for minutes in 30 40 50; do
            for one in "${people[@]}"; do holders+=("$one $minutes"); done
        done
    fi
    read -r person minutes <<<"${holders[0]}"
    holders=("${holders[@]:1}")
    has_role "$person" || next_holder
}
# What it is about: the grant, and the request that was to extend it if it came so far.
note_ids() {
    ids=("${grant_of[$person]}")
    [ "$(newest_id "$person")" = "${ids[0]}" ] || ids+=("$(newest_id "$person")")
}
helper_killed() {
    next_holder
    host_run systemctl start jit-grantd.service
    arm "$(find_daemon jit-grantd)" "$@"
    longer "$person" >"$logs/said" 2>&1 || true
    disarm
    note_ids
}
daemon_killed() {
    next_holder
    host_run systemctl start jit-grantd.service
    arm "$(find_daemon jitd)" "$@"
    longer "$person" >"$logs/said" 2>&1 || true
    disarm
    find_daemon jitd >/dev/null
    note_ids
}
both_killed() {
    next_holder
    host_run systemctl start jit-grantd.service
    ask_both_killed "$1" "$2" longer "$person"
    note_ids
}

next_holder
host_run systemctl restart jitd.service
host_run systemctl start jit-grantd.service
trace helper "$(find_daemon jit-grantd)"
trace daemon "$(find_daemon jitd)"
check 'an extension that nobody disturbs' says granted longer "$person"
untrace helper
untrace daemon
note_ids
check 'everything agrees about it' agree "${ids[@]}"
check 'the helper: each file and folder is on disk before the next step of extending' \
    "$tests/trace-steps" order "$logs/helper"
check 'jitd: an extension is on disk before its word is out' "$tests/trace-steps" order "$logs/daemon"

each_step helper before 'an extension, the helper killed before %s' helper_killed
each_step daemon before 'an extension, jitd killed before %s' daemon_killed
each_step helper after 'an extension, both killed after %s of the helper' both_killed

next_holder
check 'after all that one can be had' says granted longer "$person"
check 'nobody has lost his role by it' has_role "$person"
host_run jitctl revoke --all >/dev/null
check 'everything ever granted has its beginning and its end on record' agree
say_tried
finish
