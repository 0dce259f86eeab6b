#!/bin/bash
# A thousand grants that end in one second, on a host that does nothing else.
# Runs once
# Runs alone
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

crowd=1000
crowd_oid=c0ffee00-0000-4000-8000-000000000003
story_host
install -m 0755 tests/system/flood.py "$HOST_ROOT/usr/local/bin/"
cat >"$HOST_ROOT/etc/jit/policy.d/crowd.toml" <<X
[role.crowd]
groups = ["jit-crowd"]
requesters = ["user:$crowd_oid"]
max_duration = "1h"
X
host_run groupadd --system jit-crowd
people=$(host_run /usr/local/bin/flood.py people "$crowd" "$crowd_oid")
sed -i "s/^map = { /&$people, /" "$HOST_ROOT/etc/jit/jitd.toml"
host_run systemctl restart jitd.service

ask() { as alice timeout 30 jitctl request web "$@" 2>&1 | approve_codes alice@contoso.com; }
in_journal() { host_run journalctl -q -o cat "$@"; }
nothing_armed() { [ -z "$(host_run systemctl list-units --plain --no-legend 'jit-expire@*.timer')" ]; }

check 'a grant, by the policy of now' says '^granted: ' ask --for 30s
host_run jitctl revoke --all >/dev/null
from=$(date +%s)
end=$(host_run /usr/local/bin/flood.py grant "$crowd" crowd "$crowd_oid" "${FLOOD_SECONDS:-120}")
printf '# %s grants made in %s s\n' "$crowd" $(($(date +%s) - from))
check "a thousand grants are live, and the list has them all, in pages" \
    says "^([2-9]|1[0-9]) [0-9]+ $crowd\$" host_run /usr/local/bin/flood.py list
check 'there is time left before their end' [ "$(date +%s)" -lt $((end - 3)) ]
armed() { host_run systemctl list-timers --all --plain --no-legend 'jit-expire@*.timer' | wc -l; }
check 'each has a timer of its own' same "$(armed)" "$crowd"
host_run /usr/local/bin/flood.py watch "$end" >"$HOST_DIR/watched" 2>&1 || true
read -r had first last <"$HOST_DIR/watched" || true
printf '# the first went %s ms after the end, the last %s ms\n' "${first:-?}" "${last:-?}"
check "1,000 grants that end in the same second are gone within one second of it" \
    [ "${had:-0}" -eq "$crowd" -a "${last:-9999}" -le 1000 ]
check 'none of them before it' [ "${first:--1}" -ge 0 ]
check 'no timer is left half a minute later' eventually 30 nothing_armed
started() {
    in_journal -o json _PID=1 JOB_TYPE=start --since "@$end" |
        jq -r 'select(.JOB_RESULT == "done") | .UNIT' | grep -c '^jit-expire@.*\.service$'
}
printf '# %s of their services were started\n' "$(started)"
check 'few of their services were started' [ "$(started)" -le 40 ]
recorded() {
    same "$(in_journal -u 'jit*' -o json JIT_EVENT=expired JIT_ROLE=crowd |
        jq -r .JIT_GRANT | sort -u | wc -l)" "$crowd"
}
check 'each end is on record' eventually 40 recorded
check 'and in the ledger' same "$(host_run /usr/local/bin/flood.py list | cut -d' ' -f3)" 0
check 'nothing has failed' same "$(host_run systemctl list-units --failed --plain --no-legend 'jit*')" ''
check 'and a grant can be had' says "^granted: " ask --for 5s
finish
