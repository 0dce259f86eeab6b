#!/bin/bash
# Who the person is and what the sign-in proves: authentication contexts, its age, more proof that the
# provider demands, groups that only Graph tells, guests, and persons who are found by name.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

id_of() { sed -n "/^upn *= \"$1@/,/^oid/s/^oid *= \"\(.*\)\"/\1/p" "$HOST_DIR/users.toml"; }
graph='"https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/GroupMember.Read.All"'
group() { printf '9a000000-0000-4000-8000-%012d' "$1"; }

# configure USERS [SCOPES [CLIENT]]: the lines of [users]; further scopes; the client's last digit.
configure() {
    cat >"$HOST_ROOT/etc/jit/jitd.toml" <<TOML
[identity]
tenant    = "6f1c0000-0000-4000-8000-000000000001"
client_id = "c1a50000-0000-4000-8000-00000000000${3:-1}"
ca_file   = "/etc/jit/ca.pem"
timeout   = "3s"
scopes    = ["openid", "profile"${2:+, $2}]

[users]
$1
TOML
    host_run systemctl restart jitd.service
}
role() { # role NAME: further lines on standard input
    host_run getent group "jit-$1" >/dev/null || host_run groupadd --system "jit-$1"
    {
        printf '[role.%s]\ngroups = ["jit-%s"]\nmax_duration = "1h"\n' "$1" "$1"
        cat
    } >"$HOST_ROOT/etc/jit/policy.d/$1.toml"
}

# ask USER ROLE WHO [KIND...]: a request; each code is approved by WHO at once, with token faults of
# these kinds ordered for it before. Exit status and words are jitctl's.
ask() {
    local line code kind
    as "$1" timeout 60 jitctl request "$2" 2>&1 |
        while read -r line; do
            printf '%s\n' "$line"
            case $line in
            *'enter code'*)
                code=${line##* }
                for kind in "${@:4}"; do
                    provider fault endpoint=token "kind=$kind" "code=$code" >/dev/null
                done
                provider approve "code=$code" "user=$3@contoso.com" >/dev/null ||
                    provider approve "code=$code" "user=$3" >/dev/null
                ;;
            esac
        done
}
# got STATUS SENTENCE USER ROLE WHO [KIND...]
got() {
    local said status=0
    said=$(ask "${@:3}") || status=$?
    printf '%s\n' "$said"
    same "$status" "$1" && printf '%s\n' "$said" | grep -Eq -e "$2" &&
        { [ "$status" -ne 0 ] || is_member "$3" "jit-$4"; }
}
# The same; afterwards there is nothing.
granted() {
    got 0 'granted' "$@" && host_run jitctl revoke --all >/dev/null
}
denied() { # denied SENTENCE USER ROLE WHO [KIND...]
    got 1 "$@" && ! is_member "$2" "jit-$3"
}
newest() { tests/system/agreement "$HOST_PID" newest "$1"; }
# recorded USER FIELD=VALUE...: in one record of the newest request.
recorded() {
    [ -n "$(host_run journalctl -q -o cat -u jitd "JIT_REQUEST=$(newest "$1")" "${@:2}")" ]
}
asked() { # asked ENDPOINT: how often so far
    provider state | python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"].get(sys.argv[1], 0))' "$1"
}
# claims_sent PATTERN: both requests of the newest flow had such claims.
claims_sent() {
    provider state | python3 -c '
import json, re, sys
flow = json.load(sys.stdin)["flows"][-1]
print(flow["claims"], flow["token_claims"])
sys.exit(not (re.search(sys.argv[1], flow["claims"]) and flow["claims"] == flow["token_claims"]))' "$1"
}

# --- the host
story_boot
story_install
story_config
for one in olga hank stella mallory; do
    chroot "$HOST_ROOT" useradd -M -s /bin/bash -G engineers "$one"
done
chroot "$HOST_ROOT" usermod -a -G engineers bob
chroot "$HOST_ROOT" useradd -r -M -s /bin/bash -G engineers service
story_pam
story_provider
map=
for one in alice bob olga hank stella mallory; do map+="$one = \"$(id_of "$one")\", "; done
map=${map%, }
engineers='requesters = ["local-group:engineers"]'
role context <<<"$engineers
[role.context.conditions]
auth_context = \"c1\""
role unmet <<<"$engineers
[role.unmet.conditions]
auth_context = \"c9\""
role recent <<<"$engineers
[role.recent.conditions]
auth_age = \"10m\""
role guests <<<"$engineers
[role.guests.conditions]
guests = true"
role numbered <<<"requesters = [\"group:$(group 250)\"]"
role first <<<"requesters = [\"group:$(group 1)\"]"
role nested <<<"requesters = [\"group:$(group 999)\"]"
role strangers <<<"requesters = [\"group:$(group 4711)\"]"
many=
for number in $(seq 5001 5044); do many+="\"group:$(group "$number")\", "; done
role many <<<"requesters = [$many\"group:$(group 7)\"]"
configure "map = { $map }"

# --- authentication contexts
check 'a role with an authentication context: the token has it, granted' granted alice context alice
check 'both requests asked for it, and declared cp1' claims_sent '"c1".*"cp1"'
check 'acrs as a lone text: granted' granted alice context alice 'claim:acrs:"c1"'
check 'acrs missing: denied' denied 'did not satisfy the authentication context' alice context alice noclaim:acrs
check 'on record by its name' recorded alice JIT_EVENT=denied JIT_RULE=auth-context "JIT_OID=$alice_oid"
check 'acrs with another id: denied' \
    denied 'authentication context' alice context alice 'claim:acrs:["c2","c11","C1"]'
check 'a context whose policy was not satisfied: denied' denied 'authentication context' alice unmet alice
check 'acrs of a wrong type: the token is refused' \
    got 3 'malformed' alice context alice 'claim:acrs:{"c1":true}'
check 'a role without one asks for nothing' granted alice web alice
check 'and sends no claims' fails claims_sent .

# --- the age of the sign-in
check 'a fresh sign-in where the role wants one: granted' granted alice recent alice
check 'one of 15 minutes ago, within Entra'\''s five minutes and the skew: granted' \
    granted alice recent alice auth_time:900
check 'an old auth_time: denied' denied 'is older than' alice recent alice auth_time:3600
check 'on record, too' recorded alice JIT_EVENT=denied JIT_RULE=auth-age
check 'auth_time absent: denied' denied 'how old it is' alice recent alice noclaim:auth_time

# --- more proof
check 'a provider that wants more: another code, then granted' granted stella web stella
check 'two codes were issued' \
    same "$(host_run journalctl -q -o cat -u jitd "JIT_REQUEST=$(newest stella)" JIT_EVENT=code-issued | wc -l)" 2
check 'the second flow asked for what was demanded, on both requests' claims_sent '"c1"'
stepped_up_once() { # AADSTS: the provider wants more for ever
    local said status=0 codes
    said=$(as alice timeout 60 jitctl request web 2>&1 |
        while read -r line; do
            printf '%s\n' "$line"
            case $line in
            *'enter code'*) provider fail "code=${line##* }" error=interaction_required "aadsts=$1" >/dev/null ;;
            esac
        done) || status=$?
    printf '%s\n' "$said"
    codes=$(grep -c 'enter code' <<<"$said")
    same "$status" 1 && same "$codes" 2 && grep -q 'wants more proof' <<<"$said" && grep -q 'correlation id' <<<"$said"
}
check 'AADSTS50076 for ever: one more flow, then denied' stepped_up_once 50076
check 'AADSTS50079 as well' stepped_up_once 50079

# --- Enter
# polled CODE TIMES: since something was ordered for it; waits for that.
polled() {
    local try
    for try in {1..100}; do
        provider state | python3 -c '
import json, sys
sys.exit(not any(flow["code"] == sys.argv[1] and flow["polls_since"] >= int(sys.argv[2])
                 for flow in json.load(sys.stdin)["flows"]))' "$1" "$2" && return
        sleep 0.2
    done
    return 1
}
export -f polled
# entered COMMAND SENTENCE: after two answers of 503 the next poll would be 10 s away.
entered() {
    host_tty alice "$1" <<STEPS && host_run jitctl revoke --all >/dev/null
expect 10 code +(\S+)
run provider fault endpoint=token kind=status:503 count=2 code=\$M1
run polled \$M1 2
run provider approve code=\$M1 user=alice@contoso.com
sleep 1.5
refuse $2
mark enter
send \\r
expect 6 $2
within 3 enter
exit 0
STEPS
}
check 'Enter at jitctl: the provider is asked at once' entered 'jitctl request web' 'granted: role'
check 'Enter at sudo: the provider is asked at once' entered 'sudo id' 'uid=0'

# --- groups
check 'no groups claim, and nobody to ask: denied, and says what to do' \
    denied 'says nothing of groups.*GroupMember.Read.All' bob first bob
check 'group overage, and nobody to ask: denied, and says what to do' \
    denied 'in so many groups.*GroupMember.Read.All' olga numbered olga
check 'Graph was not asked' same "$(asked graph)" 0
configure "map = { $map }" "$graph"
before=$(asked graph)
check 'a groups claim says it all: granted' granted alice first alice
check 'Graph was not asked then' same "$(asked graph)" "$before"
check 'overage by _claim_names: Graph is asked, granted' granted olga numbered olga
check 'once' same "$(asked graph)" "$((before + 1))"
check 'a nested group: granted' granted olga nested olga
check 'overage by hasgroups: granted' granted hank first hank
check 'the 45th of the groups: granted' granted olga many olga
check 'twenty at a time' same "$(asked graph)" "$((before + 6))"
check 'a group that she is not in: denied' denied 'not among the requesters' olga strangers olga
check 'no groups claim at all: Graph says that he is in none' denied 'not among the requesters' bob first bob
provider fault endpoint=graph kind=paged >/dev/null
check 'an answer in three pages: granted' granted olga numbered olga
provider fault endpoint=graph kind=foreign_next >/dev/null
check 'a next page on another host: refused' got 3 'which groups you are in' olga numbered olga
check 'and never asked for' same "$(asked foreign_next)" 0
provider fault endpoint=graph kind=status:503 >/dev/null
provider fault endpoint=graph kind=close >/dev/null
check 'Graph away for a moment: granted' granted olga numbered olga
for kind in html not_json bigbody redirect wrong_types; do
    provider fault endpoint=graph "kind=$kind" >/dev/null
    check "Graph answers with $kind: refused" got 3 'which groups you are in' olga numbered olga
done
configure "map = { $map }" "$graph" 4
check 'Graph refuses for want of consent: refused, and says what to do' \
    got 2 'grant User.Read and GroupMember.Read.All' olga numbered olga

# --- guests
configure "map = { $map }"
check 'a guest: denied' denied 'is a guest' mallory web mallory@fabrikam.com
check 'audited with the object id' recorded mallory JIT_EVENT=denied JIT_RULE=guest "JIT_OID=$(id_of mallory)"
check 'where the role says so: granted' granted mallory guests mallory@fabrikam.com

# --- persons found by name
pins() { host_run jitctl pins; }
pinned() { local said; said=$(pins) && [[ $said == *"$1"* ]]; }
not_pinned() { local said; said=$(pins) && [[ $said != *"$1"* ]]; }
configure 'match = "upn"
domain = "Contoso.com"'
check 'a person found by name: granted' granted alice web alice
check 'and pinned' eval "pins | grep -Eq 'alice +alice@contoso.com +$alice_oid'"
check 'which is on record' recorded alice JIT_EVENT=config-changed JIT_RULE=pin-first "JIT_OID=$alice_oid"
check 'granted again, whatever the name is by now' granted alice web alice 'claim:preferred_username:"x@y.z"'
check 'somebody else signs in: denied' denied 'somebody else' alice web bob
check 'the same name with another object id: denied, and says what to do' \
    denied 'another account.*pins --clear alice' alice web alice other_oid:deadbeef-0000-4000-8000-000000000001
check 'loudly' recorded alice JIT_EVENT=denied JIT_RULE=pin-mismatch PRIORITY=1 \
    JIT_OID=deadbeef-0000-4000-8000-000000000001
check 'the pin is as it was' pinned "$alice_oid"
check 'nobody but root may clear it' fails host_as alice 'jitctl pins --clear alice'
check 'root clears it' host_run jitctl pins --clear alice
check 'then the new account is the person' \
    granted alice web alice other_oid:deadbeef-0000-4000-8000-000000000001
check 'and the old one is not' denied 'another account' alice web alice
host_run jitctl pins --clear alice

check 'the name in other letters: granted' granted alice web alice 'claim:preferred_username:"ALICE@Contoso.COM"'
check 'bob by email alone: denied' \
    denied 'somebody else' bob web alice 'claim:email:"bob@contoso.com"' 'claim:name:"bob@contoso.com"'
check 'a guest with the right name: denied' \
    denied 'guest' bob web mallory@fabrikam.com 'claim:preferred_username:"bob@contoso.com"'
check 'of another tenant: denied' \
    got 3 'wrong-issuer' bob web alice wrong_tid 'claim:preferred_username:"bob@contoso.com"'
check 'nobody was pinned by that' not_pinned bob
check 'a system account is nobody' got 1 'system account' service web alice
check 'bob, at last: granted' granted bob web bob

configure 'match = "upn"
domain = "contoso.com"
pin = "root"'
check 'with pin = root: the first sign-in waits for root' denied 'pins --confirm olga' olga web olga
codes=$(asked devicecode)
check 'and the next is refused without one' denied 'pins --confirm olga' olga web olga
check 'the provider was not asked' same "$(asked devicecode)" "$codes"
check 'root confirms' host_run jitctl pins --confirm olga
check 'then: granted' granted olga web olga
check 'who was pinned at first sight waits, too' denied 'pins --confirm bob' bob web bob

check 'everything agrees' tests/system/agreement "$HOST_PID"
finish
