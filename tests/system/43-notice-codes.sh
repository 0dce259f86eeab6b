#!/bin/bash
# A webhook may carry the code that an approver signs in with: bound to one request, told to who wants
# codes and to nobody else, renewed when it is used up, in no ledger.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_boot
got=$HOST_DIR/got
mkdir "$got"
tests/entra/make-ca "$HOST_DIR/ca" hooks.example.org
story_install
printf '127.0.0.1 hooks.example.org\n' >>"$HOST_ROOT/etc/hosts"
story_config
paula_oid=$(sed -n '/^upn *= "paula@/,/^oid/s/^oid *= "\(.*\)"/\1/p' "$HOST_DIR/users.toml")
sed -i '/^client_id/a approver_client_id = "c1a50000-0000-4000-8000-000000000005"' \
    "$HOST_ROOT/etc/jit/jitd.toml"
webhook() { # webhook NAME LINE...
    printf '[[notify.webhooks]]\nurl = "https://hooks.example.org:9443/%s/x"\n' "$1"
    printf 'events = ["requested", "approved", "granted"]\n'
    printf '%s\n' "${@:2}"
}
{
    webhook open 'format = "json"' 'codes = true'
    webhook teams 'format = "teams"' 'codes = true'
    webhook plain 'format = "json"'
} >>"$HOST_ROOT/etc/jit/jitd.toml"
cat >>"$HOST_ROOT/etc/jit/policy.d/web.toml" <<X
[role.web.approval]
mode      = "approver"
approvers = ["user:$bob_oid", "user:$paula_oid"]
quorum    = 2
X
story_pam
setpriv --pdeathsig TERM nsenter --target "$HOST_PID" --net -- python3 tests/system/webhooks.py \
    9443 "$HOST_DIR/ca/server.pem" "$HOST_DIR/ca/server.key" "$got" >>"$HOST_DIR/webhooks.log" 2>&1 {HOST_LOCK}>&- &
children+=("$!")
host_run systemctl restart jitd.service
story_provider

# asked NAME FIELD: of the newest "requested" at a webhook; count: how many there are.
asked() {
    python3 - "$got/$1" "$2" <<'X' 2>/dev/null
import json, sys
bodies = [json.loads(json.loads(line)["body"]) for line in open(sys.argv[1])]
bodies = [body for body in bodies if body["event"] == "requested"]
if sys.argv[2] == "count":
    print(len(bodies))
elif sys.argv[2] == "user_code":
    print(bodies[-1]["code"]["user_code"])
else:
    print(bodies[-1][sys.argv[2]])
X
}
has_asked() { [ "$(asked "$1" count)" = "$2" ]; }
with_code() { provider approve code="$(asked open user_code)" user="$1@contoso.com" >/dev/null; }
journal() { host_run journalctl -q -o cat -u jitd.service "$@"; }
is_recorded() { [ -n "$(journal "JIT_REQUEST=$id" "$@")" ]; }

{
    as alice setsid --wait timeout 100 jitctl request web --reason 'INC-1' 2>&1 |
        approve_codes alice@contoso.com >"$HOST_DIR/alice.said"
} <&0 {HOST_LOCK}>&- &
children+=("$!")

check 'who wants codes is asked to approve, with one' eventually 20 has_asked open 1
id=$(asked open request)
check 'who wants none is asked, too' eventually 5 has_asked plain 1
check 'without a code' fails grep -qE 'user_code|login.microsoft' "$got/plain"
check 'but with what to do' same "$(asked plain approve)" "jitctl approve $id"
check 'a card has the code to read' grep -q "$(asked open user_code)" "$got/teams"
check 'it is of the registration for approvals' \
    says "\"code\":\"$(asked open user_code)\",\"client_id\":\"c1a50000-0000-4000-8000-000000000005\"" \
    provider state

with_code olga
check 'a stranger who reads the channel signs in, which is on record' \
    eventually 15 is_recorded JIT_EVENT=refused JIT_RULE=not-approver
check 'and nothing else comes of it: another code is made' eventually 15 has_asked open 2
with_code alice
check 'the requester himself is refused' eventually 15 is_recorded JIT_EVENT=refused JIT_RULE=own-request
check 'and another code is made' eventually 15 has_asked open 3
check 'nobody was told again who wants no codes' has_asked plain 1
with_code bob
check 'an approver signs in with it' \
    eventually 15 is_recorded JIT_EVENT=approved "JIT_APPROVER_OID=$bob_oid"
check 'and the next one is asked' eventually 15 has_asked open 4
with_code bob
check 'who is not the same one again' eventually 15 has_asked open 5
code=$(asked open user_code)
is_renewed() { [ "$(asked open user_code)" != "$code" ]; }
host_run systemctl kill --signal KILL jitd.service
check 'jitd is killed, and asks again' eventually 30 is_renewed
code=$(asked open user_code)
with_code paula
check 'another approver is enough' eventually 20 is_member alice jit-web
check 'alice, who waited, is told' eventually 10 grep -q 'granted' "$HOST_DIR/alice.said"
check 'the code is in no ledger and no journal' fails host_sh \
    "journalctl --sync; journalctl --all -o export >/root/export; grep -rlaF '$code' /root/export /var/lib/jit"

finish
