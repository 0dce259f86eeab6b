#!/bin/bash
# What one asks for, and others approve: at two terminals, two at once, with a no, against those who
# may not, over a restart of jitd, and when it is too late.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

graph='"https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/GroupMember.Read.All"'
id_of() { sed -n "/^upn *= \"$1@/,/^oid/s/^oid *= \"\(.*\)\"/\1/p" "$HOST_DIR/users.toml"; }
# role NAME APPROVERS [KEY=VALUE...]: nothing of sudo, and these lines of its approval.
role() {
    host_run getent group "jit-$1" >/dev/null || host_run groupadd --system "jit-$1"
    {
        printf '[role.%s]\ngroups = ["jit-%s"]\nmax_duration = "1h"\n' "$1" "$1"
        printf 'requesters = ["local-group:engineers"]\n'
        [ "$1" != web ] || printf 'services = ["sudo"]\ndefault_duration = "30m"\n'
        printf '[role.%s.approval]\nmode = "approver"\napprovers = [%s]\n' "$1" "$2"
        [ $# -lt 3 ] || printf '%s\n' "${@:3}"
    } >"$HOST_ROOT/etc/jit/policy.d/.$1"
    mv "$HOST_ROOT/etc/jit/policy.d/.$1" "$HOST_ROOT/etc/jit/policy.d/$1.toml"
}
approvers() { # approvers NAME...: as a policy writes them
    local list= one
    for one; do list+=", \"user:$(id_of "$one")\""; done
    printf '%s' "${list#, }"
}
waiting() { # waiting ROLE: the id of what waits for approval
    host_run jitctl pending --json | python3 -c '
import json, sys
print(*(one["id"] for one in json.load(sys.stdin)["requests"] if one["role"] == sys.argv[1]))' "$1"
}
does_wait() { [ "$(waiting "$1")" = "$id" ]; }
is_asked() { [ -n "$(waiting "$1")" ]; }
recorded() { # recorded ID FIELD=VALUE...
    [ -n "$(host_run journalctl -q -o cat -u jitd "JIT_REQUEST=$1" "${@:2}")" ]
}

# begin NAME CMD...: goes on in the background; said NAME PATTERN; ended NAME STATUS PATTERN.
begin() {
    local name=$1
    shift
    rm -f "$HOST_DIR/$name.said" "$HOST_DIR/$name.status"
    {
        status=0
        "$@" >"$HOST_DIR/$name.said" 2>&1 || status=$?
        printf '%s\n' "$status" >"$HOST_DIR/$name.status"
    } <&0 {HOST_LOCK}>&- &
    children+=("$!")
}
said() { grep -Eq -e "$2" "$HOST_DIR/$1.said"; }
ended() {
    eventually 30 test -s "$HOST_DIR/$1.status" || true
    cat "$HOST_DIR/$1.said"
    same "$(cat "$HOST_DIR/$1.status")" "$2" && said "$1" "$3"
}
code_of() { sed -n 's/.*enter code *//p' "$HOST_DIR/$1.said" | tail -n 1; }
sign_in() { # sign_in NAME WHO: with the code that NAME was shown
    eventually 10 said "$1" 'enter code' && provider approve "code=$(code_of "$1")" "user=$2@contoso.com"
}
# A request of USER for ROLE, signed in, with $id: in a session of its own.
ask() {
    begin "$1" as "$2" setsid --wait timeout 80 jitctl request "$3"
    sign_in "$1" "${4:-alice}" >/dev/null
    eventually 10 is_asked "$3" || cat "$HOST_DIR/$1.said"
    id=$(waiting "$3")
}
# An answer whose sign-in is WHO's: exit status and words are jitctl's.
answer() { # answer USER WHO VERB...
    as "$1" timeout 40 jitctl "${@:3}" 2>&1 | approve_codes "$2@contoso.com"
}
approves() { answer "$1" "$1" approve "$2" --yes; }
# got STATUS PATTERN CMD...
got() {
    local said status=0
    said=$("${@:3}" 2>&1) || status=$?
    printf '%s\n' "$said"
    same "$status" "$1" && grep -Eq -e "$2" <<<"$said"
}
# Every code that the provider has ever shown, and every token: none is on disk or in a journal.
codes() { provider state | python3 -c 'import json, sys; print(*(flow["code"] for flow in json.load(sys.stdin)["flows"]), sep="\n")'; }
no_secret_on_disk() {
    codes >"$HOST_DIR/codes"
    [ "$(wc -l <"$HOST_DIR/codes")" -ge 1 ] || return 1
    host_run journalctl -q -o export -u jitd >"$HOST_DIR/journal"
    ! grep -aFr -f "$HOST_DIR/codes" "$HOST_ROOT/var/lib/jit" "$HOST_DIR/journal" &&
        ! grep -aErl 'eyJ[A-Za-z0-9_-]{20}|device_code|access_token|id_token' "$HOST_ROOT/var/lib/jit" "$HOST_DIR/journal"
}

# --- the host
story_boot
story_install
story_config
for one in paula hank olga; do chroot "$HOST_ROOT" useradd -m -s /bin/bash "$one"; done
chroot "$HOST_ROOT" useradd -m -s /bin/bash al2 # alice has another account here
story_pam
story_provider
map=
for one in alice bob paula hank olga; do map+="$one = \"$(id_of "$one")\", "; done
sed -i -e "s/^map = .*/map = { ${map}al2 = \"$alice_oid\" }/" \
    -e '/^client_id/a approver_client_id = "c1a50000-0000-4000-8000-000000000005"' \
    -e "/^client_id/a scopes = [\"openid\", \"profile\", $graph]" "$HOST_ROOT/etc/jit/jitd.toml"
role web "$(approvers bob)"
role two "$(approvers bob paula hank)" 'quorum = 2' 'timeout = "2h"'
role short "$(approvers bob)" 'timeout = "30s"'
role crew '"group:9a000000-0000-4000-8000-000000000001"' # alice and hank
role late "$(approvers bob paula)"
check 'a policy of approvers is good' host_run jitctl policy check
host_run systemctl restart jitd.service

# One that nobody approves: 30 s from now it is over.
ask short alice short
short=$id
began=$SECONDS

# --- two people at two terminals
cat >"$HOST_DIR/alice.steps" <<'X'
expect 10 \$ $
send sudo id\r
expect 10 enter the code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 you are signed in, and an approver must say yes: jitctl approve\s+(?:jit: )?([0-9a-f]{16})
expect 5 left for the approval
refuse uid=0
expect 60 granted: role web until
expect 5 uid=0\(root\)
expect 5 \$ $
send exit 0\r
exit 0
X
begin terminal host_tty alice <"$HOST_DIR/alice.steps"
check 'alice runs sudo, signs in, and waits for somebody else' eventually 30 is_asked web
id=$(waiting web)
check 'jitctl list says so' says "$id +pending-approval +web" host_as alice 'jitctl list'
check 'jitctl status says that nobody has approved it' says 'approved so far by nobody' host_as alice 'jitctl status'
check 'bob has it in jitctl pending' says "$id +web +alice" host_as bob 'jitctl pending'
check 'paula, who approves another role, has not' fails says "$id" host_as paula 'jitctl pending'
check 'and may not approve it' got 6 'no approver of role web' approves paula "$id"
check 'nobody who is no approver is told of it' says 'nothing waits' host_as olga 'jitctl pending'
cat >"$HOST_DIR/bob.steps" <<'X'
expect 10 host +web01
expect 2 requester +alice
expect 2 role +web
expect 2 command +\S*id
expect 2 duration +30m
expect 2 approved +0 of 1
expect 5 Type yes:
refuse enter code
send yes\r
expect 10 somebody else's request: alice
expect 5 open +(https://\S+)
run echo $M1 >$HOST_DIR/address
expect 5 enter code +(\S+)
run browse $M1
expect 15 that is enough: alice gets role web
exit 0
X
# The approver's own browser, where there is one; else the provider is told.
browse() {
    if command -v chromedriver >/dev/null; then
        nsenter --target "$HOST_PID" --net -- tests/entra/browse --cert "$HOST_DIR/ca/server.pem" \
            "$(cat "$HOST_DIR/address")" "$1" bob@contoso.com approve >"$HOST_DIR/browsed" 2>&1 ||
            { cat "$HOST_DIR/browsed"; return 1; }
    else
        provider approve "code=$1" user=bob@contoso.com
    fi
}
export -f browse
check 'bob sees what is asked for, says yes, and signs in' host_tty bob "jitctl approve $id" <"$HOST_DIR/bob.steps"
if command -v chromedriver >/dev/null; then
    check 'by a real browser, whose page says that this is for somebody else' \
        grep -q 'By this you let ANOTHER person' "$HOST_DIR/browsed"
fi
check 'and alice'\''s sudo goes on by itself' ended terminal 0 'uid=0'
check 'she has the group' is_member alice jit-web
check 'his yes is on record' recorded "$id" JIT_EVENT=approved "JIT_APPROVER_OID=$bob_oid" "JIT_OID=$alice_oid" JIT_USER=alice
check 'and by whom it was granted' recorded "$id" JIT_EVENT=granted "JIT_APPROVER_OID=$bob_oid"
check 'the grant says who approved it' says "$bob_oid" host_as alice 'jitctl status --json'
host_run jitctl revoke --all >/dev/null

# --- two at once, out of three, of whom two are enough
ask pair alice two
begin paula as paula timeout 40 jitctl approve "$id" --yes
begin hank as hank timeout 40 jitctl approve "$id" --yes
eventually 10 said paula 'enter code' && eventually 10 said hank 'enter code'
sign_in paula paula >/dev/null
sign_in hank hank >/dev/null
check 'paula has approved' ended paula 0 'that is enough|1 of 2'
check 'hank has approved at the same time' ended hank 0 'that is enough|1 of 2'
check 'two are enough' ended pair 0 'granted: '
check 'both are on record' says "^($(id_of paula) $(id_of hank)|$(id_of hank) $(id_of paula))$" \
    host_run journalctl -q -o cat --output-fields=JIT_APPROVER_OID -u jitd "JIT_REQUEST=$id" JIT_EVENT=granted
host_run jitctl revoke --all >/dev/null

# --- who may not, and jitd started anew between two approvals
ask main alice two
check 'alice may not approve it' exits 6 approves alice "$id"
check 'nor under her other name' got 6 'your own' answer al2 alice approve "$id" --yes
check 'which is on record' eventually 5 recorded "$id" JIT_EVENT=refused JIT_RULE=own-request JIT_USER=al2 "JIT_OID=$alice_oid"
check 'nor olga, who is no approver' got 6 'no approver' approves olga "$id"
check 'on record, too' eventually 5 recorded "$id" JIT_EVENT=refused JIT_RULE=not-approver JIT_USER=olga
check 'somebody else'\''s sign-in at bob'\''s terminal counts for nothing' \
    got 1 'somebody else' answer bob olga approve "$id" --yes
check 'and leaves who it was' recorded "$id" JIT_EVENT=refused JIT_RULE=wrong-person "JIT_APPROVER_OID=$(id_of olga)"
check 'alice'\''s own, as well' got 1 'somebody else' answer bob alice approve "$id" --yes
check 'the request waits as before' does_wait two
check 'bob approves' got 0 '1 of 2' approves bob "$id"
check 'alice sees it at once' eventually 3 said main '1 of 2 have approved it'
check 'bob once more counts for nothing' got 0 '1 of 2' approves bob "$id"
check 'jitctl status names him' says "approved so far by $bob_oid" host_as alice "jitctl status $id"
check 'no code and no token is on disk' no_secret_on_disk
check 'jitd is restarted' host_run systemctl restart jitd.service
check 'it goes on' eventually 5 does_wait two
check 'with the approval so far' says "approved so far by $bob_oid" host_as alice "jitctl status $id"
eventually 10 said main 'waiting for jitd|lost|anew'
check 'jitd is killed' host_run systemctl kill -s KILL jitd.service
check 'it goes on again' eventually 10 does_wait two
check 'bob counts once still' got 0 '1 of 2' approves bob "$id"
check 'hank approves' got 0 'that is enough' approves hank "$id"
check 'and alice, who has waited all the time, has the role' ended main 0 'granted: '
check 'by both' recorded "$id" JIT_EVENT=granted "JIT_APPROVER_OID=$bob_oid $(id_of hank)"
host_run jitctl revoke --all >/dev/null

# --- a no ends it for all
ask denied alice two
begin bob as bob timeout 40 jitctl approve "$id" --yes
check 'bob is about to sign in' eventually 10 said bob 'enter code'
check 'a no wants a sign-in, too: of its own person' \
    got 1 'somebody else' answer paula bob deny "$id" --reason 'not tonight'
check 'paula says no' got 0 "denied: $id" answer paula paula deny "$id" --reason 'not tonight'
check 'alice hears it, and why' ended denied 1 'paula denied it: not tonight'
check 'bob has nothing to approve any more' ended bob 4 'come to its end'
check 'nor has anybody' got 7 'waits for approval' approves bob "$id"
check 'it is on record' recorded "$id" JIT_EVENT=denied "JIT_APPROVER_OID=$(id_of paula)" JIT_USER=alice
check 'nothing was granted' fails is_member alice jit-two

# --- a code is for one request, and a group's approver
ask crew alice crew
crew=$id
ask other alice two
other=$id
begin hank as hank timeout 40 jitctl approve "$crew" --yes
check 'hank, by a group that Graph tells, signs in for one of two requests' sign_in hank hank
check 'it is granted' ended crew 0 'granted: '
check 'he is told so' ended hank 0 'that is enough'
check 'the other has no approval by that' says 'approved so far by nobody' host_as alice "jitctl status $other"
host_run jitctl revoke --all >/dev/null
ask crew alice crew
check 'bob may try, and his sign-in says that he is not in the group' got 1 'no approver' approves bob "$id"
check 'on record, with his object id' recorded "$id" JIT_EVENT=refused JIT_RULE=not-approver "JIT_APPROVER_OID=$bob_oid"
check 'the request waits as before' does_wait crew

# --- too late: cancelled
begin hank as hank timeout 40 jitctl approve "$id" --yes
check 'hank is about to sign in' eventually 10 said hank 'enter code'
check 'alice cancels' host_as alice "jitctl cancel $id"
check 'her wait ends' ended crew 5 'cancelled'
check 'and hank'\''s' ended hank 4 'come to its end'
provider approve "code=$(code_of hank)" user=hank@contoso.com >/dev/null
check 'what is said then is said of nothing' got 7 'waits for approval' approves hank "$id"
check 'nothing was granted' fails is_member alice jit-crew

# --- too late: the policy
ask late alice late
begin bob as bob timeout 40 jitctl approve "$id" --yes
check 'bob is about to sign in' eventually 10 said bob 'enter code'
count=$(host_run journalctl -q -o cat -u jitd JIT_EVENT=policy-loaded | wc -l)
has_loaded() { [ "$(host_run journalctl -q -o cat -u jitd JIT_EVENT=policy-loaded | wc -l)" -gt "$count" ]; }
role late "$(approvers paula hank)"
check 'the policy takes him away meanwhile' eventually 10 has_loaded
sign_in bob bob >/dev/null
check 'his sign-in counts for nothing' ended bob 1 'no approver'
check 'on record' recorded "$id" JIT_EVENT=refused JIT_RULE=not-approver "JIT_APPROVER_OID=$bob_oid"
check 'the request waits for others' does_wait late
begin paula as paula timeout 40 jitctl approve "$id" --yes
check 'paula is about to sign in' eventually 10 said paula 'enter code'
count=$(host_run journalctl -q -o cat -u jitd JIT_EVENT=policy-loaded | wc -l)
rm "$HOST_ROOT/etc/jit/policy.d/late.toml"
check 'the role is removed' eventually 10 has_loaded
check 'alice'\''s wait ends' ended late 1 'configuration was changed'
check 'and paula'\''s' ended paula 4 'come to its end'
provider approve "code=$(code_of paula)" user=paula@contoso.com >/dev/null
check 'nobody can approve it' got 7 'waits for approval' approves hank "$id"
check 'nothing was granted' fails is_member alice jit-late

# --- leaving, and coming back
as alice jitctl cancel "$other" >/dev/null
cat >"$HOST_DIR/steps" <<'X'
expect 10 \$ $
send jitctl request two\r
expect 10 enter code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 must say yes: jitctl approve\s+(?:jit: )?([0-9a-f]{16})
run echo $M1 >$HOST_DIR/left
send \x03
expect 5 Leave it waiting, and come back later\?
send y\r
expect 5 goes on waiting for approval
expect 5 \$ $
run left_approved
send jitctl request two\r
expect 10 1 of 2 have approved it
refuse enter code
run left_approved_again
expect 10 granted: 
expect 5 \$ $
send exit 0\r
exit 0
X
cat >"$HOST_DIR/others" <<X
$(declare -f host_run as approve_codes answer approves)
$(declare -p enter)
X
left_approved() { . "$HOST_DIR/others" && approves bob "$(cat "$HOST_DIR/left")"; }
left_approved_again() { . "$HOST_DIR/others" && approves paula "$(cat "$HOST_DIR/left")"; }
restarted() { . "$HOST_DIR/others" && host_run systemctl restart jitd.service; }
export -f left_approved left_approved_again restarted
check 'who leaves his request waiting finds it again, with what was approved meanwhile' \
    host_tty alice <"$HOST_DIR/steps"
check 'one request' same "$(host_run journalctl -q -o cat -u jitd "JIT_REQUEST=$(cat "$HOST_DIR/left")" JIT_EVENT=code-issued "JIT_USER=alice" | grep -c 'was shown to alice')" 1

host_run jitctl revoke --all >/dev/null
cat >"$HOST_DIR/steps" <<'X'
expect 10 \$ $
send sudo id\r
expect 10 enter the code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 must say yes: jitctl approve\s+(?:jit: )?([0-9a-f]{16})
run echo $M1 >$HOST_DIR/left
send \x03
expect 5 come back to it later\?
send y\r
refuse uid=0
expect 10 \$ $
run left_waits
send sudo id\r
expect 10 must say yes
refuse enter the code
run left_approved
expect 20 uid=0\(root\)
expect 5 \$ $
send exit 0\r
exit 0
X
left_waits() { . "$HOST_DIR/others" && sleep 1 && host_run jitctl list --all | grep -q "$(cat "$HOST_DIR/left").*pending-approval"; }
export -f left_waits
check 'who leaves sudo waiting comes back to it by sudo' host_tty alice <"$HOST_DIR/steps"

host_run jitctl revoke --all >/dev/null
cat >"$HOST_DIR/steps" <<'X'
expect 10 \$ $
send sudo id\r
expect 10 enter the code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 must say yes: jitctl approve\s+(?:jit: )?([0-9a-f]{16})
run echo $M1 >$HOST_DIR/left
run restarted
run left_approved
expect 30 uid=0\(root\)
expect 5 \$ $
send exit 0\r
exit 0
X
check 'a sudo that waits goes on over a restart of jitd, too' host_tty alice <"$HOST_DIR/steps"

# --- too late: the time
check 'what nobody approves ends by its own time' ended short 4 'nobody who may approve it did so'
check "after its 30 s, not before ($((SECONDS - began)) s)" recorded "$short" JIT_EVENT=timed-out
check 'and nobody can any more' got 7 'waits for approval' approves bob "$short"

# --- at the end
host_run jitctl revoke --all >/dev/null
check 'no code and no token is on disk' no_secret_on_disk
mkdir -p "$HOST_DIR/ledger"
cp "$HOST_ROOT"/var/lib/jit/jit.db* "$HOST_DIR/ledger/"
check 'the audit chain holds' tests/system/verify-chain "$HOST_DIR/ledger/jit.db"
check 'everything agrees' tests/system/agreement "$HOST_PID"
finish
