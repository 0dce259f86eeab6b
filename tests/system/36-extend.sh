#!/bin/bash
# A live grant goes on: approved anew, to a later end, and never past the role's longest time.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_host
cat >"$HOST_ROOT/etc/jit/policy.d/web.toml" <<X
[role.web]
groups = ["jit-web"]
requesters = ["user:$alice_oid", "user:$bob_oid"]
services = ["sudo"]
default_duration = "10s"
max_duration = "30s"
X
host_run systemctl restart jitd.service
ask() { as "$1" timeout 30 jitctl request web "${@:2}" 2>&1 | approve_codes "$1@contoso.com"; }
longer() { as "$1" timeout 30 jitctl extend "${@:2}" 2>&1 | approve_codes "${who:-$1}@contoso.com"; }
member() { host_run id -nG alice | grep -qw jit-web; }
gone() { ! member; }
in_journal() { [ -n "$(host_run journalctl -q -o cat "$@")" ]; }
grant() { as alice jitctl list --json | jq -r ".grants[0].$1"; }

check 'nothing is extended where nothing is live' exits 7 as alice jitctl extend web
check 'a grant of 10 s' says granted ask alice
began=$SECONDS
id=$(grant id) first=$(grant until)
check 'it is not for others to extend' exits 6 as bob jitctl extend "$id"
who=bob check 'nor to be approved by another person' fails longer alice web
check 'its end is the old one still' same "$(grant until)" "$first"
check 'its person signs in again, and it goes on' says granted longer alice web --for 10s
second=$(grant until)
check 'the grant keeps its id' same "$(grant id)" "$id"
check 'its end is 10 s later, however long the sign-in took' \
    same "$second" "$(date -u -d "$first + 10 seconds" +%Y-%m-%dT%H:%M:%SZ)"
check 'both daemons have said so' in_journal -u jitd JIT_EVENT=extended "JIT_GRANT=$id"
check 'the root helper, too' in_journal -u jit-grantd JIT_EVENT=extended "JIT_GRANT=$id"
host_run systemctl kill -s KILL jitd.service
check 'jitd killed and started again has the later end' same "$(grant until)" "$second"
sleep $((began + 13 - SECONDS > 0 ? began + 13 - SECONDS : 0))
check 'it outlives its first end' member
check 'more than the role gives is cut down' says granted longer alice web --for 10m
check 'and then there is no more to be had' says 'for at most 30s' as alice jitctl extend "$id"
host_run systemctl stop jitd.socket jitd.service jit-grantd.socket jit-grantd.service
check 'it ends by its timer, with both daemons dead' eventually 25 gone
check '30 s after it began, not later' [ $((SECONDS - began)) -le 34 ]
check 'and not earlier' [ $((SECONDS - began)) -ge 28 ]
check 'nothing is left armed' fails host_sh 'systemctl list-units --all --no-legend "jit-expire@*.timer" | grep -q .'

# --- a day's budget: 30 s of it are gone
host_run systemctl start jitd.socket jit-grantd.socket
printf '[role.web.limits]\nper_day = "50s"\n' >>"$HOST_ROOT/etc/jit/policy.d/web.toml"
host_run systemctl restart jitd.service
check 'a grant of 12 s' says granted ask alice --for 12s
check 'goes on for what is left of the day' says granted longer alice web --for 10m
left=$(($(date -d "$(grant until)" +%s) - $(date -d "$(grant since)" +%s)))
check 'which is 20 s, less a second or two of the counting' [ "$left" -ge 18 -a "$left" -le 20 ]
check 'then nobody is asked to sign in for nothing' \
    says "can't go on for longer" as alice timeout 5 jitctl extend web
finish
