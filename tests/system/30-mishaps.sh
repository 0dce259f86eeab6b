#!/bin/bash
# A full disk and daemons killed at any moment: what was granted ends, and nothing is left lying.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_host
# ask DURATION REGEX: alice's request, approved at once, until the pattern is shown.
ask() {
    printf '%s\n' 'expect 10 enter code +(\S+)' \
        'run provider approve code=$M1 user=alice@contoso.com' "expect 15 $2" 'exit any' |
        host_tty alice "jitctl request web --for $1"
}
nothing_left() { host_sh '[ -z "$(ls /run/userdb)" ]'; }

# --- the disk of root's ledger is full while a grant is live
check 'a grant of 8 s' ask 8s granted
check 'is there' is_member alice jit-web
host_sh 'systemctl stop jit-grantd.service
    cp -a /var/lib/jit-grantd /root/keep
    mount -t tmpfs -o size=64k,mode=0700 tmpfs /var/lib/jit-grantd
    cp -a /root/keep/. /var/lib/jit-grantd/
    dd if=/dev/zero of=/var/lib/jit-grantd/fill bs=1k count=999' >/dev/null 2>&1 || true
check 'the disk is full' fails host_sh 'echo x >/var/lib/jit-grantd/more && [ -s /var/lib/jit-grantd/more ]'
check 'the membership ends all the same' eventually 14 fails is_member alice jit-web
check 'a new grant is refused, and says why' ask 30s 'jitctl: .*No space left on device'
check 'and leaves nothing' nothing_left
host_sh 'systemctl stop jit-grantd.service
    umount /var/lib/jit-grantd
    systemctl start jit-reconcile.service' 2>/dev/null
check 'with room again a grant can be had' ask 30s granted
host_run jitctl revoke --all >/dev/null

# --- systemd takes the timer, and has nothing that it could start
no_timer() { fails says 'jit-expire@' host_run systemctl list-timers --all; }
eventually 10 no_timer
host_run systemctl mask --runtime --quiet jit-expire@.service
check 'a timer that has nothing to start is no grant' ask 30s 'jitctl: .*is jit-expire@.service there'
check 'no membership is left of it' nothing_left
check 'nor a timer' no_timer
check 'nor a live grant in a ledger' says 'nothing live' host_as alice 'jitctl status'
check 'its beginning and its end are on record' says 'jit.*interrupted' host_run journalctl -q -b -t jit-grantd
host_run systemctl unmask --runtime --quiet jit-expire@.service
check 'with the service again a grant can be had' ask 30s granted
host_run jitctl revoke --all >/dev/null

# --- both daemons are killed at some moment of a request
for moment in 0.1 0.3 0.5 0.7 0.9; do
    (
        sleep "$moment"
        host_run systemctl kill -s KILL jit-grantd.service || true # it may sleep
        host_run systemctl kill -s KILL jitd.service
    ) >/dev/null 2>&1 &
    check "killed after $moment s, the request is answered" ask 5s '(granted|jitctl: )'
    wait $! || true # jitd may just be on its way back
done
check 'nothing outlives its end' eventually 40 fails is_member alice jit-web
check 'no membership is left' eventually 40 nothing_left
check 'no grant is live in the ledger' says 'nothing live' host_as alice 'jitctl status'
check 'no timer is left' fails says 'jit-expire@' host_run systemctl list-timers --all
check 'and a grant can be had' ask 5s granted

# --- a membership is taken away by other hands
check 'a grant of half an hour' ask 30m granted
is_recorded() {
    [ -n "$(host_run sqlite3 /var/lib/jit/jit.db \
        "SELECT seq FROM audit WHERE event = 'reconciled' AND record LIKE '%taken away%'")" ]
}
check 'nothing is taken away yet' fails is_recorded
host_sh 'rm /run/userdb/alice:jit-web.membership'
check 'that is on record at once, though nobody asks' eventually 1 is_recorded
finish
