#!/bin/bash
# jitd is killed while somebody logs in over ssh: at the code, when it is approved, and before each
# step from Enter to the session. The login is refused with a line, or goes on; nothing is left that
# a live grant does not stand for, and what was granted ends by itself.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
. tests/system/lib/crashes.sh
. tests/system/lib/ssh.sh

mapfile -t people < <(printf 'p%02d\n' {1..40})
crash_host
cat >"$HOST_ROOT/etc/jit/policy.d/web.toml" <<'E'
[role.web]
groups           = ["jit-web"]
requesters       = ["local-group:engineers"]
services         = ["sshd"]
accounts         = ["p*"]
default_duration = "20s"
max_duration     = "1h"
E
ssh_gate
host_sh 'for user in $(getent group engineers | cut -d : -f 4 | tr , " "); do usermod -aG prompted $user; done'
host_run systemctl restart jitd.service

code='expect 15 enter the code +(\S+)'
at_prompt='expect 5 press Enter'
approve='run provider approve code=$M1 user=alice@contoso.com'
kill_jitd='run kill -KILL $(pgrep --ns $HOST_PID --nslist pid -x jitd | head -n 1)'
in='expect 15 \$ $'
went_away='expect 10 jit: jitd went away'
login() {
    local who=$1
    shift
    printf '%s\n' "$@" | client_tty "$who@127.0.0.1"
}

# --- at the prompt
next_person
check 'killed while the code is shown: it is said, and the same login has another code' login "$person" \
    "$code" "$at_prompt" "$kill_jitd" 'send \r' "$went_away" "$code" "$at_prompt" "$approve" 'send \r' "$in" \
    'send id\r' 'expect 5 jit-web' 'send exit 0\r' 'exit 0'
ids=("$(newest_id "$person")")
check 'everything agrees' agree "${ids[@]}"
next_person
check 'killed while the code is shown, and the login goes away' login "$person" "$code" "$at_prompt" "$kill_jitd"
ids=("$(newest_id "$person")")
check 'everything agrees about it' agree "${ids[@]}"
next_person
check 'killed when it was approved, before the login has come for it: refused, and told what to do' \
    login "$person" "$code" "$at_prompt" "$approve" 'sleep 2.5' "$kill_jitd" 'send \r' \
    'expect 10 jit: (jitd went away; try again|no live grant)' 'refuse granted'
ids=("$(newest_id "$person")")
check 'nothing was granted' fails is_member "$person" jit-web
check 'and everything agrees' agree "${ids[@]}"

# --- from Enter to the session
# The login waits at its prompt, approved, until the tracer is there. $entered has what came of it.
up_to_enter=("$code" "$at_prompt" "$approve"
    'run touch $HOST_DIR/ready; until [ -e $HOST_DIR/go ]; do sleep 0.05; done' 'send \r')
#   entered STEP... -- CMD...     CMD begins to trace
entered() {
    local -a steps=()
    while [ "$1" != -- ]; do
        steps+=("$1")
        shift
    done
    shift
    rm -f "$HOST_DIR/ready" "$HOST_DIR/go"
    login "$person" "${up_to_enter[@]}" "${steps[@]}" >"$logs/said" 2>&1 &
    local asking=$!
    eventually 30 test -e "$HOST_DIR/ready"
    "$@"
    touch "$HOST_DIR/go"
    entered=0
    wait "$asking" || entered=$?
}
next_person
entered "$in" 'send exit 0\r' 'exit 0' -- trace ssh "$(find_daemon jitd)"
untrace ssh
check 'a login that nobody disturbs' same "$entered" 0
check 'everything agrees about it' agree "$(newest_id "$person")"
steps ssh | sed 's/^/# /'

no_word=()
ssh_killed() {
    next_person
    entered 'expect 30 jit: |\$ $' -- arm "$(find_daemon jitd)" "$@"
    disarm
    [ "$entered" -eq 0 ] || no_word+=("$2: $(tail -n 3 "$logs/said")")
    find_daemon jitd >/dev/null
    ids=()
    [ -z "$(newest_id "$person")" ] || ids=("$(newest_id "$person")")
}
each_step ssh before 'a login, jitd killed before %s' ssh_killed
check 'each of them was told something, or was let in' same "${no_word[*]-}" ''
check 'what was granted has ended by itself' eventually 30 no_members
check 'everything ever granted has its beginning and its end on record' agree
next_person
check 'after all that one can log in' login "$person" "$code" "$at_prompt" "$approve" 'send \r' "$in" \
    'send id\r' 'expect 5 jit-web' 'send exit 0\r' 'exit 0'
say_tried
finish
