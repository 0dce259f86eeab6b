#!/bin/bash
# One sudo, from the question to the end: asked, shown, approved, granted, used, taken back.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_host
steps() { cat >"$HOST_DIR/steps"; }
tty_as() { host_tty "$1" "${2:-}" <"$HOST_DIR/steps"; }
# The newest live grant of alice.
grant_id() {
    host_as alice 'jitctl status --json' |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["grants"][0]["id"])' || true
}
has_event() { # has_event EVENT [FIELD=VALUE...]: in jitd's own journal
    [ -n "$(host_run journalctl -q -o cat -u jitd "JIT_EVENT=$1" "${@:2}")" ]
}
# The ledger's chain, computed anew; the journal's newest head must be in it.
chain_holds() {
    local head
    head=$(host_run journalctl -q -o json -n 1 -u jitd JIT_USER=alice |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["JIT_CHAIN"])')
    mkdir -p "$HOST_DIR/ledger"
    cp "$HOST_ROOT"/var/lib/jit/jit.db* "$HOST_DIR/ledger/"
    tests/system/verify-chain "$HOST_DIR/ledger/jit.db" "$head"
}
chain_is_broken_by() {
    python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute(sys.argv[2]); db.commit()' \
        "$HOST_DIR/ledger/jit.db" "$1"
    fails tests/system/verify-chain "$HOST_DIR/ledger/jit.db"
}

# --- Ctrl-C while the code is shown
steps <<'X'
expect 10 \$ $
send sudo id\r
expect 10 role "web" on host web01 for 30m
expect 2 open https://\S+
expect 2 code +(\S+)
expect 2 good for 1[45]m
mark interrupt
send \x03
expect 5 \$ $
within 0.1 interrupt
refuse uid=0
send exit 9\r
exit 9
X
check 'the code is shown, and Ctrl-C brings the prompt back within 100 ms' tty_as alice
check 'the interrupted request is cancelled' eventually 3 has_event cancelled JIT_USER=alice
check 'nothing was granted by it' fails is_member alice jit-web

# --- approved: sudo goes on by itself
steps <<'X'
expect 10 \$ $
send sudo id\r
expect 10 enter the code +(\S+)
refuse uid=0
run provider approve code=$M1 user=alice@contoso.com
mark approved
expect 10 granted: role web until
expect 3 uid=0\(root\)
within 3 approved
expect 5 \$ $
send sudo id -u\r
expect 5 \n0\r
refuse code
expect 5 \$ $
send exit 0\r
exit 0
X
check 'sudo id asks, is approved, goes on without Enter, and the second asks nothing' tty_as alice
check 'alice has the group' is_member alice jit-web
check 'bob has not' fails is_member bob jit-web
check 'the membership is a file of root with a record in it' \
    same "$(host_sh 'stat -c %U:%s /run/userdb/alice:jit-web.membership')" root:3
id=$(grant_id)
check 'the grant has an id' says '^[0-9a-f]{16}$' echo "$id"
check 'jitctl status shows the grant' says "$id +live +web +alice" host_as alice "jitctl status"
check 'and its end' says '20[0-9-]+T[0-9:]+Z' host_as alice "jitctl status"
check 'its timer is armed' says "jit-expire@$id.timer" host_run systemctl list-timers --all
check 'bob does not see it' fails says "$id" host_as bob "jitctl list; jitctl status"
check 'sudo -n with NOPASSWD works with the grant' host_as alice 'sudo -n /usr/bin/true'
for event in requested code-issued signed-in approved granted; do
    check "the journal has $event" has_event "$event" "JIT_REQUEST=$id" JIT_USER=alice
done
check 'the root helper has its own record of the grant' \
    says . host_run journalctl -q -o cat -u jit-grantd "JIT_GRANT=$id" JIT_EVENT=granted
check 'the use is recorded' has_event used "JIT_REQUEST=$id" JIT_USER=alice
check 'no record has the code or a token' \
    fails says 'eyJ|device_code' host_run journalctl -q -o json -u jitd

# --- sudo costs little now
cat >"$HOST_ROOT/root/many" <<'X'
start=$(date +%s%N)
for i in $(seq 20); do sudo -n /usr/bin/true || exit 1; done
ms=$((($(date +%s%N) - start) / 20000000))
echo "$ms ms a call"
[ $ms -lt 100 ]
X
install -m 0755 "$HOST_ROOT/root/many" "$HOST_ROOT/usr/local/bin/many"
check 'twenty sudo calls under a grant take less than 100 ms each' host_as alice many

# --- one question and one answer before the command, whatever sudo has in its ticket
cat >"$HOST_ROOT/usr/local/bin/between" <<'X'
#!/usr/bin/python3
# Stands between the module and jitd and writes a letter for each frame: q to jitd, a from it.
import os, select, socket, sys
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1])
listening.listen()
while True:
    near, _ = listening.accept()
    if os.fork():
        near.close()
        continue
    far = socket.socket(socket.AF_UNIX)
    far.connect("/run/jit/io.jitd.Elevation")
    while True:
        for here in select.select([near, far], [], [])[0]:
            data = here.recv(65536)
            if not data:
                sys.exit(0)
            letter = b"q" if here is near else b"a"
            with open(sys.argv[2], "ab") as log:
                log.write(letter * data.count(b"\0"))
            (far if here is near else near).sendall(data)
X
chmod 0755 "$HOST_ROOT/usr/local/bin/between"
host_run systemd-run --quiet --unit=between /usr/local/bin/between /run/between.sock /run/frames
eventually 5 host_run test -S /run/between.sock
cp "$HOST_ROOT/etc/pam.d/sudo" "$HOST_DIR/pam-sudo"
sed -i -e '/^session.*pam_jit/d' -e 's|pam_jit.so|& socket=/run/between.sock|' "$HOST_ROOT/etc/pam.d/sudo"
frames_of() { # frames_of COMMAND: by alice, in a session of its own, so without a ticket
    host_run rm -f /run/frames
    host_as alice "$1" >/dev/null && host_run cat /run/frames
}
check 'sudo -n asks one question and gets one answer' same "$(frames_of 'sudo -n /usr/bin/true')" qa
check 'so does a sudo that authenticates and asks in both phases' \
    same "$(frames_of 'sudo -k /usr/bin/id')" qa
install -m 0644 "$HOST_DIR/pam-sudo" "$HOST_ROOT/etc/pam.d/sudo"
host_run systemctl stop between.service

# --- Ctrl-C in jitctl
steps <<'X'
expect 10 enter code +(\S+)
mark interrupt
send \x03
exit 5
X
check 'Ctrl-C in jitctl request exits with 5' tty_as alice 'jitctl request web'

# --- the end by the timer, though both daemons are dead
steps <<'X'
expect 10 enter code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 granted
exit 0
X
check 'jitctl drop hands the grant back' host_as alice 'jitctl drop web'
check 'the membership is gone at once' fails is_member alice jit-web
check 'the timer too' fails says "jit-expire@$id.timer" host_run systemctl list-timers --all
check 'the drop is recorded' eventually 3 has_event dropped "JIT_REQUEST=$id"
check 'jitctl request grants for as long as was asked' tty_as alice 'jitctl request web --for 6s'
check 'and there is the membership' is_member alice jit-web
# Nothing of ours is to be alive, not what looks for leftovers either.
host_run systemctl stop jit-leftovers.path jit-leftovers.timer jit-leftovers.service
check 'both daemons are killed' host_run systemctl kill -s KILL jitd.service jit-grantd.service
host_run systemctl mask --runtime --now jitd.service jitd.socket jit-grantd.service jit-grantd.socket \
    jit-reconcile.timer >/dev/null 2>&1
check 'and neither is there any more' fails host_run pgrep -f /usr/libexec/jit/
check 'with the daemons dead it lasts' is_member alice jit-web
until=$(host_sh 'cd /var/lib/jit-grantd/grants; sed -n "s/.*\"until\": *\"\([^\"]*\)\".*/\1/p" "$(ls -t | head -n 1)"')
check 'and ends by the timer alone' eventually 10 fails is_member alice jit-web
late=$(($(date +%s%N) / 1000000 - $(date -d "$until" +%s) * 1000))
check "not more than a second after its end ($late ms)" [ "$late" -le 1000 ]
check 'and not before it' [ "$late" -ge 0 ]
check 'without jitd sudo is refused, quickly' exits 1 host_as alice 'timeout 8 sudo -n /usr/bin/true'
host_run systemctl unmask --runtime jitd.service jitd.socket jit-grantd.service jit-grantd.socket \
    jit-reconcile.timer >/dev/null 2>&1
host_run systemctl start jitd.socket jit-grantd.socket jit-reconcile.timer

# --- the reboot
check 'a grant before the reboot' tty_as alice 'jitctl request web'
check 'gives the group' is_member alice jit-web
story_provider_stop
host_reboot
check 'after a reboot nobody has the group' fails is_member alice jit-web
check 'no membership file is left' same "$(host_sh 'ls /run/userdb')" ''
check 'no timer is left' fails says 'jit-expire@' host_run systemctl list-timers --all
check 'no unit has failed' same "$(host_run systemctl list-units --failed --plain --no-legend 'jit*')" ''
check 'jitctl shows nothing live' says 'nothing live' host_as alice 'jitctl status'
check 'the account phase refuses' exits 1 host_as alice 'sudo -n /usr/bin/true'

# --- revoke
story_provider
check 'after the reboot a grant can be had' tty_as alice 'jitctl request web'
check 'jitctl revoke is not for alice' exits 6 host_as alice 'jitctl revoke --user alice'
check 'and is for root' host_run jitctl revoke --user alice
check 'the membership is gone' fails is_member alice jit-web
check 'the revocation is recorded' eventually 3 has_event revoked JIT_USER=alice
check 'the ledger holds the chain, and the head that the journal has' chain_holds
check 'a record that was changed breaks it' \
    chain_is_broken_by "UPDATE audit SET record = replace(record, 'alice', 'carol') WHERE seq = 3"
finish
