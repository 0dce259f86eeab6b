#!/bin/bash
# Mode pim: the requester's sign-in activates his membership in Entra's Privileged Identity Management,
# others approve it there, and what ends there ends here.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

web=9b000000-0000-4000-8000-000000000001
dba=9b000000-0000-4000-8000-000000000002
keys=9b000000-0000-4000-8000-000000000003
logs=9b000000-0000-4000-8000-000000000004
otto_oid=0770e000-0000-4000-8000-000000000008

role() { # role NAME GROUP
    host_run groupadd -f --system "jit-$1"
    cat >"$HOST_ROOT/etc/jit/policy.d/$1.toml" <<X
[role.$1]
groups           = ["jit-$1"]
requesters       = ["local-group:engineers"]
default_duration = "30m"
max_duration     = "1h"

[role.$1.approval]
mode      = "pim"
pim_group = "$2"
X
}
# ask USER ROLE [OPTION...]: each code is approved at once by the person of that name.
ask() {
    as "$1" timeout 60 jitctl request "${@:2}" 2>&1 | approve_codes "$1@contoso.com"
}
# got STATUS SENTENCE USER ROLE [OPTION...]
got() {
    local said status=0
    said=$(ask "${@:3}") || status=$?
    printf '%s\n' "$said"
    same "$status" "$1" && grep -Eq -e "$2" <<<"$said"
}
granted() { got 0 granted "$@" && is_member "$1" "jit-$2"; }
denied() { # denied SENTENCE USER ROLE [OPTION...]
    got 1 "$@" && ! is_member "$2" "jit-$3"
}
# begin NAME USER ROLE [OPTION...]: in the background; its words go to a file.
begin() {
    local file=$HOST_DIR/$1
    (
        status=0
        ask "${@:2}" >"$file" 2>&1 || status=$?
        printf 'exit %s\n' "$status" >>"$file"
    ) &
    children+=("$!")
}
told() { eventually "${3:-15}" grep -Eq -e "$2" "$HOST_DIR/$1" || { cat "$HOST_DIR/$1"; return 1; }; }
newest() { tests/system/agreement "$HOST_PID" newest "$1"; }
recorded_of() { # recorded_of REQUEST FIELD=VALUE...
    [ -n "$(host_run journalctl -q -o cat -u jitd "JIT_REQUEST=$1" "${@:2}")" ]
}
recorded() { recorded_of "$(newest "$1")" "${@:2}"; } # recorded USER FIELD=VALUE...: of the newest
# state EXPRESSION: Python, of PIM's state as `pim`; truth is success.
state() {
    provider pim_state | python3 -c '
import json, sys
pim = json.load(sys.stdin)
def asked(person, group, action="selfActivate"):
    return [r for r in pim["requests"] if r["principalId"] == person and r["groupId"] == group and
            r["action"].lower() == action.lower()]
def active(person, group):
    return [i for i in pim["instances"] if i["principalId"] == person and i["groupId"] == group]
value = eval(sys.argv[1])
print(value)
sys.exit(not value)' "$1"
}
asked() { # asked ENDPOINT: how often so far
    provider state | python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"].get(sys.argv[1], 0))' "$1"
}
codes() { host_run journalctl -q -o cat -u jitd "JIT_REQUEST=$(newest "$1")" JIT_EVENT=code-issued | wc -l; }
fault() { provider fault "endpoint=$1" "kind=$2" "${@:3}" >/dev/null; }
order() { provider "$@" >/dev/null; }
drop() { as "$1" jitctl drop "$2"; }
gone() { # gone USER ROLE PERSON GROUP: the grant at once, the activation soon
    drop "$1" "$2" && ! is_member "$1" "jit-$2" && eventually 10 state "not active('$3', '$4')"
}
# ends_with ROLE PERSON GROUP: the newest grant is over no later than the activation.
ends_with() {
    local until
    until=$(as alice jitctl list --json | python3 -c '
import json, sys
print([g["until"] for g in json.load(sys.stdin)["grants"] if g["role"] == sys.argv[1]][-1])' "$1")
    state "'$until'[:19] <= active('$2', '$3')[-1]['endDateTime'][:19]"
}

# --- the host
story_boot
story_install
story_config
chroot "$HOST_ROOT" useradd -M -s /bin/bash -G engineers otto
chroot "$HOST_ROOT" usermod -a -G engineers bob
# A scope of another resource, which Entra would not give beside PIM's, is no hindrance.
cat >"$HOST_ROOT/etc/jit/jitd.toml" <<X
[identity]
tenant    = "6f1c0000-0000-4000-8000-000000000001"
client_id = "c1a50000-0000-4000-8000-000000000001"
ca_file   = "/etc/jit/ca.pem"
timeout   = "3s"
scopes    = ["openid", "profile", "api://c1a50000-0000-4000-8000-000000000001/Elevate"]

[users]
map = { alice = "$alice_oid", bob = "$bob_oid", otto = "$otto_oid" }
X
role web "$web"; role dba "$dba"; role dba2 "$dba"; role keys "$keys"; role logs "$logs"; role stuck "$logs"
printf 'timeout = "30s"\n' >>"$HOST_ROOT/etc/jit/policy.d/stuck.toml"
story_provider
order pim_group "group=$logs" name=Logs approvers=paula@contoso.com
for one in alice bob otto; do order pim_eligible "user=$one@contoso.com" "group=$logs"; done
host_run systemctl restart jitd.service

# --- active at once; what is ended in Entra is seen below
check 'who is eligible is active by his sign-in alone, and has the role' granted bob web --reason 'INC-7 disk'
check 'with one activation, for his reason' \
    state "[r['justification'] for r in asked('$bob_oid', '$web')] == ['INC-7 disk']"
check 'the approval is on record' recorded bob JIT_EVENT=approved "JIT_APPROVER_OID=$bob_oid"
revoked=$(newest bob)
order pim_revoke user=bob@contoso.com "group=$web"
revoked_at=$SECONDS
order pim_settings floor=300
check 'another has the role as well' granted alice logs --reason INC-1
check 'and no longer than the activation' ends_with logs "$alice_oid" "$logs"
check 'handed back within five minutes it ends here at once' drop alice logs
check 'membership and all' fails is_member alice jit-logs
check 'while Entra lets it end later' state "active('$alice_oid', '$logs')"
floor_until=$SECONDS
order pim_settings floor=0

# --- what is there is taken
order pim_activate user=alice@contoso.com "group=$web" justification=phone duration=900
posts=$(asked pim_activate)
check 'an activation that runs is accepted' granted alice web --reason INC-2
check 'without another' same "$(asked pim_activate)" "$posts"
check 'and the role ends with it, though more was asked for' ends_with web "$alice_oid" "$web"
longer() { as alice timeout 60 jitctl extend web 2>&1 | approve_codes alice@contoso.com; }
check 'no sign-in makes it go on longer than that' says 'made longer' longer
check 'and it is there still' is_member alice jit-web
check 'handed back it ends in Entra, too' gone alice web "$alice_oid" "$web"
check 'root who takes it away ends it there as well' granted alice web --reason INC-3
host_run jitctl revoke --user alice >/dev/null
check 'like that' eventually 10 state "not active('$alice_oid', '$web')"

# --- approved by others, in Entra
begin approved alice dba --reason INC-4
check 'who has to be approved sees what he waits for' told approved 'waits for approval in Entra'
check 'and nothing is granted' fails is_member alice jit-dba
order pim_approve as=paula@contoso.com wait=10
check 'approved there, it goes on by itself' told approved '^exit 0' 40
check 'as a member' is_member alice jit-dba
check 'who hands it back ends it there' gone alice dba "$alice_oid" "$dba"
begin denied alice dba --reason INC-5
told denied 'waits for approval' || true
order pim_deny as=hank@contoso.com wait=10
check 'denied there, it is denied here, and says so' told denied 'was denied in Entra' 40
check 'with the exit status of that' told denied '^exit 1'
begin left alice dba --reason INC-6
told left 'waits for approval' || true
host_run pkill -INT -n -u alice jitctl
check 'who interrupts it' told left '^exit 5'
check 'cancels it in Entra' eventually 10 state "asked('$alice_oid', '$dba')[-1]['status'] == 'Canceled'"

# --- two roles of one group wait for one request in Entra
begin first alice dba --reason INC-18
told first 'waits for approval' || true
begin second alice dba2 --reason INC-19
check 'a second terminal waits for the same request' told second 'waits for approval'
asked_before=$(state "len(asked('$alice_oid', '$dba'))")
host_run pkill -INT -o -u alice jitctl
check 'who interrupts the first' told first '^exit 5'
sleep 1
check 'leaves it to the other' state "asked('$alice_oid', '$dba')[-1]['status'] == 'PendingApproval'"
check 'who waits on' fails grep -q '^exit' "$HOST_DIR/second"
host_run pkill -INT -n -u alice jitctl
check 'and then the second' told second '^exit 5'
check 'has it cancelled with the last' \
    eventually 10 state "asked('$alice_oid', '$dba')[-1]['status'] == 'Canceled'"
check 'and one was all' state "len(asked('$alice_oid', '$dba')) == $asked_before"

# --- rules
fault pim_activate outcome:Failed
check 'what Entra cannot carry out is denied' denied 'could not carry out' alice web --reason INC-8
for rule in JustificationRule:reason TicketingRule:'a ticket' ExpirationRule:shorter EligibilityRule:eligible; do
    fault pim_activate "rules:${rule%:*}"
    check "the rule ${rule%:*} is one line of advice" denied "${rule#*:}" alice web --reason INC-8
done
fault pim_activate rules:MfaRule,TicketingRule
check 'of two rules, that which no sign-in can meet' denied 'a ticket' alice web --reason INC-8
fault pim_activate rules:MfaRule count=2
check 'the rule MfaRule, met by no sign-in, is one more code, and then one line of advice' \
    denied 'a second factor' alice web --reason INC-8
check 'no third' same "$(codes alice)" 2
check 'no activation came of any of them' state "not active('$alice_oid', '$web')"
fault pim_activate rules:MfaRule
check 'the rule MfaRule alone is one more code' granted alice web --reason INC-8
check 'by which it was met' same "$(codes alice)" 2
drop alice web >/dev/null
check 'who is not eligible is told so' denied 'not eligible' otto web --reason INC-9
fault pim_activate outcome:PendingProvisioning
begin stuck bob stuck --reason INC-9
eventually 10 state "asked('$bob_oid', '$logs')" >/dev/null || true
check 'a policy that wants a ticket has it named' denied 'ticket' alice keys --reason 'no number'
check 'a group that demands a context has one more code' granted alice keys --reason 'INC-10 key'
check 'no more than that' same "$(codes alice)" 2
check 'with the ticket from the reason' \
    state "asked('$alice_oid', '$keys')[-1]['ticketInfo']['ticketNumber'] == 'INC-10'"
check 'it is handed back' gone alice keys "$alice_oid" "$keys"
check 'the next time it is asked for at once' granted alice keys --reason 'INC-11 key'
check 'with one code' same "$(codes alice)" 1
drop alice keys >/dev/null
order pim_group "group=$logs" mfa=true ticket=true
order pim_eligible user=otto@contoso.com "group=$logs"
check 'who has signed in with one factor has one more code, and the role' \
    granted otto logs --reason 'disk full, see CHG-12'
check 'no more than that for him' same "$(codes otto)" 2
check 'with the ticket from the middle of the reason' \
    state "asked('$otto_oid', '$logs')[-1]['ticketInfo']['ticketNumber'] == 'CHG-12'"
drop otto logs >/dev/null
order pim_group "group=$logs" mfa=false ticket=false
fault pim_activate acrs:c1
check 'the challenge of PIM itself is one more code, too' granted alice web --reason INC-12
check 'and no third' same "$(codes alice)" 2
drop alice web >/dev/null
eventually 10 state "not active('$alice_oid', '$web')" >/dev/null || true

# --- never twice, and nobody else's
for kind in after:503 status:429:1; do
    before=$(state "1 + len(asked('$alice_oid', '$web'))")
    fault pim_activate "$kind"
    check "an activation is asked for once, after $kind" granted alice web --reason INC-13
    check "as Entra has it, after $kind" state "len(asked('$alice_oid', '$web')) == $before"
    check "and given back, after $kind" gone alice web "$alice_oid" "$web"
done
for kind in other_person other_group; do
    fault pim_activate "$kind"
    check "an answer with $kind grants nothing" got 3 'makes no sense' alice web --reason INC-14
    check "nobody is a member, after $kind" fails is_member alice jit-web
    order pim_revoke user=alice@contoso.com "group=$web" || true
done

# --- what was to come by itself
check 'what stays pending in Entra times out here' told stuck '^exit 4' 40
check 'and says what to do' told stuck 'run it again'
check 'nobody is a member by that' fails is_member bob jit-stuck
check 'Entra has it pending still' state "asked('$bob_oid', '$logs')[-1]['status'] == 'PendingProvisioning'"
check 'Entra has ended what was handed back early' \
    eventually $((floor_until + 45 - SECONDS)) state "not active('$alice_oid', '$logs')"
over() { ! is_member bob jit-web; }
check 'what was taken away in Entra is taken away here' eventually $((revoked_at + 90 - SECONDS)) over
check 'as revoked, by PIM' recorded_of "$revoked" JIT_EVENT=revoked JIT_RULE=pim

# --- restarts
granted alice logs --reason INC-15 >/dev/null
begin stopped alice dba --reason INC-16
told stopped 'waits for approval' || true
posts=$(state "len(asked('$alice_oid', '$dba'))")
host_run systemctl restart jitd.service
check 'jitd restarted: who waited is told to run it again' told stopped 'run it again'
check 'as timed out' told stopped '^exit 4'
check 'on record' recorded alice JIT_EVENT=timed-out
check 'a live grant has one record that nobody watches it' \
    same "$(host_run journalctl -q -o cat -u jitd JIT_EVENT=unwatched JIT_RULE=restart | wc -l)" 1
order pim_approve as=paula@contoso.com
check 'run again it is granted, having been approved' granted alice dba --reason INC-16
check 'without another request' state "len(asked('$alice_oid', '$dba')) == $posts"
check 'without a token the activation stays, and that is said' says 'stays until its end' drop alice logs
check 'the role is gone all the same' fails is_member alice jit-logs
check 'and Entra has it still' state "active('$alice_oid', '$logs')"
drop alice dba >/dev/null
eventually 10 state "not active('$alice_oid', '$dba')" >/dev/null || true
begin killed alice dba --reason INC-17
told killed 'waits for approval' || true
id=$(newest alice)
host_run systemctl kill -s KILL jitd.service
ended() { [ -n "$(host_run journalctl -q -o cat -u jitd "JIT_REQUEST=$id" JIT_EVENT=timed-out JIT_RULE=restart)" ]; }
check 'jitd killed: the request has ended at the next start' eventually 20 ended

# --- secrets
provider secrets | python3 -c '
import json, sys
def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)
print("\n".join(t for t in texts(json.load(sys.stdin)) if len(t) > 16))' >"$HOST_DIR/secrets"
host_run journalctl -q -o json >"$HOST_DIR/journal"
check 'there were tokens' test "$(wc -l <"$HOST_DIR/secrets")" -gt 20
check 'none is in the ledger, nor anywhere in the state' \
    fails grep -rFqf "$HOST_DIR/secrets" "$HOST_ROOT/var/lib/jit" "$HOST_ROOT/var/lib/jit-grantd"
check 'nor in the journal' fails grep -Fqf "$HOST_DIR/secrets" "$HOST_DIR/journal"
check 'the ledgers, the timers and the journal say the same' tests/system/agreement "$HOST_PID" "$revoked"
finish
