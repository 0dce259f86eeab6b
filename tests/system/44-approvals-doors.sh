#!/bin/bash
# Approvals at the doors: over ssh and in su one goes away while others are waited for, and comes back;
# Entra approves a login, with jitd started anew in between; nothing lasts longer than its approver was
# shown; and nothing is granted whose approval is on no disk.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
. tests/system/lib/ssh.sh

id_of() { sed -n "/^upn *= \"$1@/,/^oid/s/^oid *= \"\(.*\)\"/\1/p" "$HOST_DIR/users.toml"; }
app=c1a50000-0000-4000-8000-000000000001
# Groups of PIM, one for each role that stands on one.
door_group=9b000000-0000-4000-8000-00000000000d
away_group=9b000000-0000-4000-8000-00000000000a
team_group=9b000000-0000-4000-8000-00000000000e
desk_group=9b000000-0000-4000-8000-00000000000f
look_group=9b000000-0000-4000-8000-000000000001

# role NAME SERVICE ACCOUNT MODE [LINE...]: SERVICE may be none; lines of its approval.
role() {
    host_run groupadd -f --system "jit-$1"
    {
        printf '[role.%s]\ngroups = ["jit-%s"]\nrequesters = ["user:%s"]\n' "$1" "$1" "$alice_oid"
        printf 'default_duration = "%s"\nmax_duration = "%s"\n' "${lasts:-5m}" "${most:-1h}"
        [ "$2" = none ] || printf 'services = ["%s"]\naccounts = ["%s"]\n' "$2" "$3"
        [ "$3" != team ] || printf 'shared = true\n'
        printf '[role.%s.approval]\nmode = "%s"\n' "$1" "$4"
        [ "$4" != approver ] || printf 'approvers = ["user:%s"]\n' "$bob_oid"
        printf '%s\n' "${@:5}"
    } >"$HOST_ROOT/etc/jit/policy.d/.$1"
    mv "$HOST_ROOT/etc/jit/policy.d/.$1" "$HOST_ROOT/etc/jit/policy.d/$1.toml"
}
recorded() { [ -n "$(host_run journalctl -q -o cat -u jitd "$@")" ]; }
order() { provider "$@" >/dev/null; }
# in_entra EXPRESSION: Python, of PIM's state; truth is success.
in_entra() {
    provider pim_state | python3 -c '
import json, sys
pim = json.load(sys.stdin)
def asked(group, status=None):
    return [r["id"] for r in pim["requests"] if r["groupId"] == group and
            r["action"].lower() == "selfactivate" and status in (None, r["status"])]
def active(group):
    return [i for i in pim["instances"] if i["groupId"] == group]
value = eval(sys.argv[1])
print(value)
sys.exit(not value)' "$1"
}
entra_approves() { # entra_approves GROUP: paula does, there
    eventually 10 in_entra "asked('$1', 'PendingApproval')" &&
        provider pim_approve as=paula@contoso.com \
            "request=$(in_entra "asked('$1', 'PendingApproval')[-1]")" >/dev/null
}
# answer WHO VERB...: with a sign-in of his own; got STATUS PATTERN CMD...
answer() { as "$1" timeout 40 jitctl "${@:2}" 2>&1 | approve_codes "$1@contoso.com"; }
got() {
    local said status=0
    said=$("${@:3}" 2>&1) || status=$?
    printf '%s\n' "$said"
    same "$status" "$1" && grep -Eq -e "$2" <<<"$said"
}
waits() { says "$1 +pending-approval" host_run jitctl list --all; }

# --- what goes on side by side: begin NAME CMD...; came_of NAME shows it, and is its status
begin() {
    local name=$1
    shift
    rm -f "$HOST_DIR/$name.status"
    {
        status=0
        "$@" >"$HOST_DIR/$name.said" 2>&1 || status=$?
        printf '%s\n' "$status" >"$HOST_DIR/$name.status"
    } <&0 {HOST_LOCK}>&- &
    children+=("$!")
}
came_of() {
    eventually 60 test -s "$HOST_DIR/$1.status" || true
    cat "$HOST_DIR/$1.said"
    return "$(cat "$HOST_DIR/$1.status")"
}
# ended NAME STATUS PATTERN
ended() { got "$2" "$3" came_of "$1"; }

# --- the host
story_boot
story_install
story_config
chroot "$HOST_ROOT" useradd -m -s /bin/bash paula
# All of them are alice, by other names.
for one in ann amy art team wes; do chroot "$HOST_ROOT" useradd -m -s /bin/bash "$one"; done
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=web01 -days 30 \
    -keyout "$HOST_ROOT/etc/jit/host.key" -out "$HOST_ROOT/etc/jit/host.pem" 2>/dev/null
chmod 0644 "$HOST_ROOT/etc/jit/host.pem"
chmod 0600 "$HOST_ROOT/etc/jit/host.key"
host_run chown jit:jit /etc/jit/host.key
cat >"$HOST_ROOT/etc/jit/jitd.toml" <<X
[identity]
tenant             = "6f1c0000-0000-4000-8000-000000000001"
client_id          = "$app"
approver_client_id = "c1a50000-0000-4000-8000-000000000005"
ca_file            = "/etc/jit/ca.pem"
timeout            = "3s"
credential         = "certificate"
certificate        = "/etc/jit/host.pem"
key                = "/etc/jit/host.key"

[users]
map = { alice = "$alice_oid", ann = "$alice_oid", amy = "$alice_oid", art = "$alice_oid", wes = "$alice_oid", bob = "$bob_oid", paula = "$(id_of paula)" }
X
rm "$HOST_ROOT/etc/jit/policy.d/web.toml"
role door sshd alice approver 'timeout = "1h"'
role brief sshd ann approver 'timeout = "30s"'
role become su carol approver 'timeout = "1h"'
role entra sshd amy pim "pim_group = \"$door_group\"" '[role.entra.justification]' 'required = true' \
    "pattern = '^INC-[0-9]+ '" 'hint = "ticket, then why"'
role away sshd art pim "pim_group = \"$away_group\""
role team sshd team pim "pim_group = \"$team_group\"" 'timeout = "45s"'
role look sshd wes watch "pim_group = \"$look_group\""
role long none - approver 'timeout = "1h"'
role short none - approver 'timeout = "1h"'
role desk none - pim "pim_group = \"$desk_group\""
ssh_gate
host_sh 'for user in alice ann amy art team wes; do usermod -aG prompted $user; done'
# A login waits for less than most requests.
sed -i '1s/$/ timeout=60s/' "$HOST_ROOT/etc/pam.d/sshd"
sed -i '1i\
auth [success=done ignore=ignore default=die] pam_jit.so\
account requisite pam_jit.so\
session optional pam_jit.so' "$HOST_ROOT/etc/pam.d/su"
# The ledger has a disk of its own.
host_sh 'systemctl stop jitd.socket jitd-root.socket jitd.service
    mkdir -p /var/lib/jit
    mount -t tmpfs -o size=16m,mode=0700 tmpfs /var/lib/jit && chown jit:jit /var/lib/jit
    systemctl start jitd.socket jitd-root.socket'
story_provider
order register "client_id=$app" "certificate_file=$HOST_ROOT/etc/jit/host.pem"
order pim_settings floor=0
for group in door away team desk; do
    name=${group}_group
    order pim_group "group=${!name}" "name=$group" approval=true approvers=paula@contoso.com \
        "justification=$([ "$group" = door ] && echo true || echo false)"
    order pim_eligible user=alice@contoso.com "group=${!name}"
done
host_run systemctl restart jitd.service
check 'the policy is good' host_run jitctl policy check
export door_group team_group
{
    declare -f host_run as approve_codes answer in_entra eventually patiently entra_approves waits says
    declare -p enter
    echo 'children=(); set -o pipefail'
} >"$HOST_DIR/near"
near() { . "$HOST_DIR/near" && "$@"; }
export -f near

# Steps of logins.
code=('expect 15 enter the code +(\S+)' 'expect 5 press Enter')
signs_in=('run provider approve code=$M1 user=alice@contoso.com' 'send \r')
must_say='expect 15 must say yes: jitctl approve\s+(?:jit: )?([0-9a-f]{16})'
goes_on='expect 5 this login waits for \S+, and the request goes on after that'
look='expect 5 press Enter to look again'
in='expect 15 \$ $'
# login WHO STEP...
login() { printf '%s\n' "${@:2}" | client_tty "$1@127.0.0.1"; }
typed() { printf '%s\n' 'expect 10 \$ $' "${@:2}" | host_tty "$1"; }
in_group() { printf '%s\n' 'send id\r' "expect 5 jit-$1" 'send exit 0\r' 'exit 0'; }
mapfile -t inside_door < <(in_group door)
mapfile -t inside_entra < <(in_group entra)
mapfile -t inside_away < <(in_group away)
mapfile -t inside_team < <(in_group team)
mapfile -t inside_look < <(in_group look)

# --- six doors at once
leaves_ssh() {
    login alice "${code[@]}" "${signs_in[@]}" "$must_say" "run echo \$M1 >$HOST_DIR/door" "$goes_on" "$look" \
        'send \x03' 'refuse granted' 'exit any'
}
leaves_brief() {
    login ann "${code[@]}" "${signs_in[@]}" "$must_say" "run echo \$M1 >$HOST_DIR/brief" \
        'expect 5 left for the approval' "$look" 'send \x03' 'exit any'
}
leaves_su() {
    typed alice 'send su -c id carol\r' 'expect 15 enter the code +(\S+)' "${signs_in[0]}" "$must_say" \
        "run echo \$M1 >$HOST_DIR/become" 'send \x03' 'expect 5 come back to it later\?' 'send y\r' \
        'expect 5 the request waits on' 'refuse uid=' 'expect 10 \$ $' 'run near waits $(cat $HOST_DIR/become)' \
        'run ! near answer paula approve $(cat $HOST_DIR/become) --yes' \
        'send su -c id carol\r' "$must_say" 'refuse enter the code' \
        'run near answer bob approve $(cat $HOST_DIR/become) --yes' 'expect 20 uid=[0-9]+\(carol\)' 'expect 5 \$ $' \
        'send exit 0\r' 'exit 0'
}
leaves_entra() {
    login art "${code[@]}" "${signs_in[@]}" 'expect 15 asks Entra to activate' "$goes_on" "$look" \
        'send \x03' 'exit any' &&
        near entra_approves "$away_group" && eventually 20 recorded JIT_EVENT=approved JIT_USER=art &&
        login art 'expect 15 \$ $' 'refuse enter the code' "${inside_away[@]}"
}
by_entra() {
    login amy 'expect 15 your reason: $' 'send INC-12 disk\r' "${code[@]}" "${signs_in[@]}" \
        'expect 15 asks Entra to activate' "$look" 'sleep 1' 'send \r' \
        'expect 10 waits for approval in Entra' "$look" 'refuse granted' \
        'run near entra_approves $door_group' 'sleep 4' 'send \r' "$in" "${inside_entra[@]}"
}
by_entra_shared() {
    login team "${code[@]}" "${signs_in[@]}" 'expect 15 asks Entra to activate' "$look" 'sleep 1' \
        'send \r' 'expect 10 waits for approval in Entra' "$look" 'refuse granted' \
        'run near entra_approves $team_group' 'sleep 4' 'send \r' "$in" \
        "run nsenter --target $HOST_PID -a jitctl list --all | grep 'team (alice)'" "${inside_team[@]}"
}
for one in leaves_ssh leaves_brief leaves_su leaves_entra by_entra by_entra_shared; do begin "$one" "$one"; done
check 'ssh: a login that may not wait as long as its request says so, and Ctrl-C leaves it waiting' came_of leaves_ssh
id=$(cat "$HOST_DIR/door")
check 'it waits' waits "$id"
check 'who comes back while it waits follows the same request, without a code' login alice \
    "expect 15 must say yes: jitctl approve\s+(?:jit: )?$id" "$goes_on" "$look" 'refuse enter the code' \
    'send \x03' 'exit any'
check 'bob approves it while nobody is there' got 0 'that is enough' answer bob approve "$id" --yes
check 'nothing is granted before the login is there' fails is_member alice jit-door
check 'who comes back then is in at once' login alice 'expect 15 \$ $' 'refuse enter the code' "${inside_door[@]}"
codes() { host_run journalctl -q -o cat -u jitd JIT_EVENT=code-issued "JIT_REQUEST=$1" | grep -c 'shown to alice'; }
check 'all of it by one code' same "$(codes "$id")" 1
check 'the record has the request, the approver, and the door' \
    recorded JIT_EVENT=granted "JIT_REQUEST=$id" "JIT_APPROVER_OID=$bob_oid" JIT_USER=alice JIT_SERVICE=sshd
check 'ssh: a login that may wait as long: Ctrl-C' came_of leaves_brief
check 'cancels' eventually 5 recorded JIT_EVENT=cancelled "JIT_REQUEST=$(cat "$HOST_DIR/brief")"
check 'so bob has nothing to approve' got 7 'waits for approval' answer bob approve "$(cat "$HOST_DIR/brief")" --yes
check 'su: Ctrl-C and y leave it waiting, and the same su comes back to it' came_of leaves_su
check 'ssh: a key, a code, approval in Entra: in' came_of by_entra
check 'left waiting for Entra, approved there meanwhile: in at once, without a code' came_of leaves_entra
check 'a shared account: the same, for who signed in' came_of by_entra_shared
check 'on record as hers' recorded JIT_EVENT=approved JIT_USER=team "JIT_APPROVER_OID=$alice_oid"
not_there() { ! is_member team jit-team; }
check 'whose grant ends with the login' eventually 5 not_there

check 'Entra has her reason, and the ticket in it' in_entra "[(r['justification'], r['ticketInfo']['ticketNumber'])
    for r in pim['requests'] if r['groupId'] == '$door_group'] == [('INC-12 disk', 'INC-12')]"

# --- no longer than was shown
jit() { as alice timeout 60 jitctl "$@" 2>&1 | approve_codes alice@contoso.com; }
# of_grant ROLE EXPRESSION: Python, of its newest grant: since and until, in seconds.
of_grant() {
    host_run jitctl list --all --json | python3 -c '
import datetime, json, sys
def seconds(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())
grant = [g for g in json.load(sys.stdin)["grants"] if g["role"] == sys.argv[1] and g["state"] == "live"][-1]
since, until = seconds(grant["since"]), seconds(grant["until"])
print(eval(sys.argv[2]))' "$1" "$2"
}
waiting() { # waiting ROLE: the id of what waits for approval
    host_run jitctl list --all --json | python3 -c '
import json, sys
print(*(r["id"] for r in json.load(sys.stdin)["requests"]
        if r["role"] == sys.argv[1] and r["state"] == "pending-approval"))' "$1"
}
is_asked() { [ -n "$(waiting "$1")" ]; }
begin long jit request long --for 7m
eventually 15 is_asked long || true # what is missing is seen below
id=$(waiting long)
loaded() { host_run journalctl -q -o cat -u jitd JIT_EVENT=policy-loaded | wc -l; }
has_loaded() { [ "$(loaded)" -gt "$count" ]; }
count=$(loaded)
check 'who waits for 7 minutes can not ask for an hour beside it' \
    got 1 "waits here already.*$id" as alice timeout 10 jitctl request long --for 1h
lasts=40m most=2h role long none - approver 'timeout = "1h"'
check 'meanwhile the role lasts longer' eventually 10 has_loaded
check 'bob is shown 7 minutes' says '^ *duration +7m$' answer bob approve "$id" --yes
check 'it is granted' ended long 0 'granted'
check 'for 7 minutes' same "$(of_grant long 'until - since')" 420
until=$(of_grant long until)
begin longer jit extend long --for 20m
eventually 15 is_asked long || true
id=$(waiting long)
sleep 2 # what the approval takes is not added
check 'of an extension he is shown how much longer' \
    says "^ *duration +20m longer, on grant" answer bob approve "$id" --yes
check 'it is granted, too' ended longer 0 'granted'
check 'for so much longer' same "$(of_grant long until)" "$((until + 1200))"
begin shorter jit request short
eventually 15 is_asked short || true
count=$(loaded)
lasts=2m most=3m role short none - approver 'timeout = "1h"'
eventually 10 has_loaded || true
check 'approved when the role has become shorter' got 0 'that is enough' answer bob approve "$(waiting short)" --yes
check 'it is granted' ended shorter 0 'granted'
check 'for what the role has by then' same "$(of_grant short 'until - since')" 120

# --- what was had is given back; a full disk
host_run jitctl revoke --all >/dev/null
check 'what is revoked ends in Entra, too' \
    eventually 15 in_entra "not active('$door_group') and not active('$away_group')"
host_run systemctl restart jitd.service
begin long jit request long --for 7m
begin desk jit request desk
begin look as wes timeout 60 jitctl request look
for one in long desk look; do eventually 15 is_asked "$one" || true; done
id=$(waiting long)
host_sh 'dd if=/dev/zero of=/var/lib/jit/fill bs=4k' >/dev/null 2>&1 || true
check 'the disk of the ledger is full' fails host_sh 'echo x >/var/lib/jit/x && [ -s /var/lib/jit/x ]'
token=$(sed -n 's/.*, with \([0-9A-Z]*\) in the justification.*/\1/p' "$HOST_DIR/look.said" | head -n 1)
order pim_activate user=alice@contoso.com "group=$look_group" "justification=INC-13 $token"
entra_approves "$desk_group"
no_ledger="the ledger can't be written, so nothing is granted.*journalctl -u jitd"
check 'what bob approves is not granted, and he is told' got 70 "$no_ledger" answer bob approve "$id" --yes
check 'nor what Entra approves' ended desk 70 "$no_ledger"
check 'nor what is activated there' ended look 70 "$no_ledger"
check 'nor what is asked for then' got 3 "$no_ledger" jit request short
check 'nobody has a group' same "$(host_sh 'for user in alice wes; do id -nG $user; done | grep -c jit-')" 0
check 'the journal says why' says "can't be written, since it or its disk is full$" \
    host_run journalctl -q -o cat -u jitd
check 'what waited for bob waits on' waits "$id"
host_run rm /var/lib/jit/fill /var/lib/jit/x
check 'with room again he approves it' got 0 'that is enough' answer bob approve "$id" --yes
check 'and it is granted' ended long 0 'granted'
check 'what Entra had approved is there when it is asked for anew' got 0 'granted' jit request desk
check 'without another activation' in_entra "len(asked('$desk_group')) == 1"
check 'the end of what was refused meanwhile is in the ledger' \
    eventually 8 says ' denied +look ' host_run jitctl list --all

# --- jitd started anew while two logins wait for Entra
order pim_deactivate user=alice@contoso.com "group=$look_group"
watched_ssh() {
    login wes 'expect 15 with ([0-9A-Z]{9})\s+in' "run echo \$M1 >$HOST_DIR/token" 'expect 5 press Enter' \
        "run touch $HOST_DIR/wes.waits; until [ -e $HOST_DIR/anew ]; do sleep 0.1; done" 'send \r' "$in" \
        "${inside_look[@]}"
}
pim_ssh() {
    login art "${code[@]}" "${signs_in[@]}" 'expect 15 asks Entra to activate' "$look" \
        "run touch $HOST_DIR/art.waits; until [ -e $HOST_DIR/anew ]; do sleep 0.1; done" 'send \r' \
        'expect 15 run it again' 'refuse granted' "${code[@]}" "${signs_in[@]}" 'expect 15 asks Entra' "$look" \
        'sleep 1' 'send \r' "$in" "${inside_away[@]}"
}
posts=$(in_entra "len(asked('$away_group'))")
begin watched watched_ssh
begin pim pim_ssh
both_wait() { [ -e "$HOST_DIR/wes.waits" ] && [ -e "$HOST_DIR/art.waits" ]; }
eventually 20 both_wait || true
eventually 10 in_entra "asked('$away_group', 'PendingApproval')" || true
host_run systemctl stop jitd.socket jitd-root.socket jitd.service
order pim_activate user=alice@contoso.com "group=$look_group" "justification=$(cat "$HOST_DIR/token")"
entra_approves "$away_group"
host_run systemctl start jitd.socket jitd-root.socket jitd.service
touch "$HOST_DIR/anew"
check 'watch: what was activated while jitd was away opens the login that waits' came_of watched
check 'pim: without a token it is to be asked for again, and what Entra has approved is taken up' came_of pim
check 'without another activation' in_entra "len(asked('$away_group')) == $((posts + 1))"
mkdir -p "$HOST_DIR/ledger"
host_sh 'cd /var/lib/jit && tar c jit.db*' | tar x -C "$HOST_DIR/ledger"
check 'the audit chain holds' tests/system/verify-chain "$HOST_DIR/ledger/jit.db"
check 'everything agrees' tests/system/agreement "$HOST_PID"
finish
