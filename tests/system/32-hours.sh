#!/bin/bash
# Hours of a role: closed, nobody gets in and is told when it opens; open, the grant ends with them.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_host

# hours WINDOW [ZONE]: those of the one role.
hours() {
    sed -i '/conditions\]/,$d' "$HOST_ROOT/etc/jit/policy.d/web.toml"
    printf '\n[role.web.conditions]\nhours = ["%s"]\n%s' "$1" "${2:+timezone = \"$2\"}" \
        >>"$HOST_ROOT/etc/jit/policy.d/web.toml"
    host_run systemctl restart jitd.service
}
clock() { date -u -d "$1" +%H:%M; }
ask() { as alice timeout 30 jitctl request web 2>&1 | approve_codes alice@contoso.com; }

hours "$(clock '+2 hours')-$(clock '+3 hours')"
check 'closed: a request is refused at once, with the time at which the role opens' \
    says "closed now: its conditions have hours, and opens [A-Z][a-z][a-z] 20..-..-.. $(clock '+2 hours') UTC" ask
check 'closed: jitctl says no' fails eval 'ask >"$HOST_DIR/said"'
check 'closed: nobody is asked to sign in' same "$(grep -c 'enter code' "$HOST_DIR/said")" 0
check 'closed: so it is at sudo' says 'closed now' host_as alice 'sudo -n true'
check 'closed: the journal has the rule' says '^ *JIT_RULE=hours$' \
    host_run journalctl -u jitd.service -o verbose --output-fields=JIT_RULE --no-pager
check 'closed: it is not among the roles that can be had' fails says '^ *web' host_as alice 'jitctl roles'

# At least a minute, so that it is had before.
until=$(date -u -d "+110 seconds" '+%Y-%m-%d %H:%M:00')
there() { TZ=Asia/Kathmandu date -d "$1" +%H:%M; } # 5:45 ahead of UTC
hours "$(there '-1 hour')-$(there "$until UTC")" Asia/Kathmandu
check 'open: it is among the roles that can be had' says '^ *web' host_as alice 'jitctl roles'
check 'open: the role is granted' says granted ask
check 'open: alice is a member' is_member alice jit-web
check "open: the grant ends when the window closes, $until" \
    says "\"until\": *\"$(date -u -d "$until" +%Y-%m-%dT%H:%M:00)" host_as alice "jitctl list --json"
check 'and so it does' eventually 130 fails is_member alice jit-web
check 'not before' test "$(date -u +%s)" -ge "$(date -u -d "$until" +%s)"
check 'after that it is closed, by the clocks of the role' \
    says "closed now: its conditions have hours, and opens [A-Z][a-z][a-z] 20..-..-.. ..:.. Asia/Kathmandu" ask

# --- faults
hours 'Mon 08:00-08:00'
check 'a window without length is an error, with its place' \
    says 'web.toml:[0-9]+:[0-9]+:.* hours: "Mon 08:00-08:00" is no window' \
    host_run jitctl policy check
hours '08:00-18:00' 'Mars/Base'
check 'an unknown time zone is an error' says 'no time zone "Mars/Base" on this host' \
    host_run jitctl policy check
finish
