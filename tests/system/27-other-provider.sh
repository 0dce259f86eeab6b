#!/bin/bash
# An OpenID provider that is not Microsoft's, as it is published: the whole of a sudo, approved at the
# provider's own pages, and what is refused with it.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

issuer=https://id.example.org
# With a port and a path, as providers of many have them.
realm=https://id.example.org:8443/realms/contoso
NPM=$(realpath -m "$BUILD/tests/oidc_provider")
OIDC=$top/tests/oidc_provider

serve() { # serve ISSUER NAME: a provider in the host's network; its log is NAME.log
    setpriv --pdeathsig TERM nsenter --target "$HOST_PID" --net -- env -u NODE_OPTIONS \
        node "$OIDC/provider.mjs" "$NPM" "$HOST_DIR/ca" "$1" "$HOST_DIR/$2.log" "$HOST_DIR/spoiled" \
        >"$HOST_DIR/$2.out" 2>&1 {HOST_LOCK}>&- &
    children+=("$!")
}
is_serving() { grep -q '"ready"' "$HOST_DIR/$1.log"; }
person() { # person URI CODE DECISION: at the provider's pages
    nsenter --target "$HOST_PID" --net -- env -u NODE_OPTIONS \
        node "$OIDC/person.mjs" "$HOST_DIR/ca/ca.pem" "$@"
}
polled() { # polled TIMES: the newest flow was, by the provider's log; waits for it
    eventually 20 python3 -c '
import json, sys
polls = 0
for line in map(json.loads, open(sys.argv[1])):
    polls = 0 if "interval" in line else polls + (line.get("path") == "/token")
sys.exit(polls < int(sys.argv[2]))' "$HOST_DIR/id.log" "$1"
}
configure() { # configure [ISSUER [CLIENT]]
    cat >"$HOST_ROOT/etc/jit/jitd.toml" <<X
[identity]
issuer    = "${1:-$issuer}"
client_id = "${2:-host-elevation}"
ca_file   = "/etc/jit/ca.pem"
timeout   = "3s"

[users]
map = { alice = "alice-sub-1", bob = "bob-sub-2" }
X
    host_run systemctl restart jitd.service
}
spoil() { # spoil MEMBER VALUE: the discovery document says that
    printf '{"%s": "%s"}\n' "$1" "$2" >"$HOST_DIR/spoiled"
    host_run systemctl restart jitd.service # which has kept the one before
}
# refused STATUS SENTENCE: `jitctl request web`, to which nobody needs to sign in.
refused() {
    local said status=0
    said=$(host_as alice 'timeout 20 jitctl request web 2>&1') || status=$?
    printf '%s\n' "$said"
    same "$status" "$1" && printf '%s\n' "$said" | grep -Eq -e "^jitctl: .*$2"
}
# decided DECISION SENTENCE STATUS: the same, with somebody at the pages.
decided() {
    printf '%s\n' 'expect 10 open +(https://\S+)[\s▀▄█]+enter code +(\S+)' \
        "run person \$M1 \$M2 $1" "expect 15 $2" "exit $3" | host_tty alice 'jitctl request web'
}
newest() { tests/system/agreement "$HOST_PID" newest alice; }
# One field of the records of a request, in their order.
field_of() { # field_of ID FIELD
    host_run journalctl -q -o json -u jitd "JIT_REQUEST=$1" | python3 -c '
import json, sys
print(" ".join(record.get(sys.argv[1], "-") for record in map(json.loads, sys.stdin)))' "$2"
}
journal_has() { [ -n "$(host_run journalctl -q -o cat -u jitd "$@")" ]; }
# What the provider's log must say of every flow: from the code to the first poll, and on to each next.
interval_is_kept() {
    python3 - "$HOST_DIR/id.log" <<'X'
import json, sys
last, gaps = {}, []
for line in map(json.loads, open(sys.argv[1])):
    if "interval" in line:
        assert line["interval"] is None, "the provider sent an interval"
        last[line["flow"]] = line["answered_ms"]
    elif line.get("path") == "/token":
        gaps.append(line["came_ms"] - last[line["flow"]])
        last[line["flow"]] = line["came_ms"]
print(gaps)
assert len(gaps) >= 6 and min(gaps) >= 5000 and sorted(gaps)[len(gaps) // 2] < 8000
X
}
token_is_plain() {
    python3 - "$HOST_DIR/id.log" <<'X'
import json, sys
tokens = [line["id_token"] for line in map(json.loads, open(sys.argv[1])) if "id_token" in line]
first = tokens[0]
print(first)
assert first["header"]["alg"] == "RS256"
assert first["claims"]["sub"] == "alice-sub-1"
assert not {"tid", "oid", "ver", "nbf", "preferred_username"} & set(first["claims"])
X
}

# --- the host
tests/npm-install "$OIDC" "$NPM" || exit 1
host_make
story_people
printf '127.0.0.1 id.example.org alias.example.org unnamed.example.org\n' >>"$HOST_ROOT/etc/hosts"
tests/entra/make-ca "$HOST_DIR/ca" id.example.org alias.example.org
host_offer "${DEBS[@]}"
host_boot
serve "$issuer" id
serve "$realm" realm
story_install
story_config # its policy, that is
story_pam
configure
for name in id realm; do
    eventually 30 is_serving $name || { cat "$HOST_DIR/$name.out" >&2; exit 1; }
done
export HOST_PID HOST_DIR OIDC
export -f person polled eventually patiently

# --- one sudo, from the question to the end
cat >"$HOST_DIR/steps" <<'X'
expect 10 \$ $
send sudo id\r
expect 10 role "web" on host web01 for 30m
expect 5 open (https://id\.example\.org/device)[\s▀▄█]+jit: and enter the code +([A-Z]{4}-[A-Z]{4})
expect 2 good for (?:10|9)m
run polled 2
refuse uid=0
run person $M1 $M2 alice
mark approved
expect 15 granted: role web until
expect 3 uid=0\(root\)
within 10 approved
expect 5 \$ $
send sudo id -u\r
expect 5 \n0\r
refuse code
expect 5 \$ $
send exit 0\r
exit 0
X
check "sudo shows the provider's own page and code, is approved there, and goes on" \
    host_tty alice <"$HOST_DIR/steps"
check 'the membership is there' is_member alice jit-web
id=$(newest)
check 'the use is recorded' eventually 3 journal_has JIT_EVENT=used "JIT_REQUEST=$id"
check 'the records come in their order' says \
    '^requested code-issued signed-in approved granted used( used)*$' field_of "$id" JIT_EVENT
check 'each has her sub' says '^alice-sub-1( alice-sub-1)+$' field_of "$id" JIT_OID
check 'and the approval too' \
    journal_has JIT_EVENT=approved "JIT_REQUEST=$id" JIT_APPROVER_OID=alice-sub-1
check 'the token was RS256, with a sub and without what only Microsoft has' token_is_plain
check 'jitctl drop hands the grant back' host_as alice 'jitctl drop web'
check 'and the membership is gone' fails is_member alice jit-web
check 'no record has the code or a token' \
    fails says 'eyJ|device_code' host_run journalctl -q -o json -u jitd

# --- what the person decides
check 'bob signs in for alice: denied' decided bob 'somebody else signed in' 1
check 'with his sub on record' says '^alice-sub-1 alice-sub-1 bob-sub-2 bob-sub-2$' \
    field_of "$(newest)" JIT_OID
check 'as events too' same "$(field_of "$(newest)" JIT_EVENT)" 'requested code-issued signed-in denied'
check 'the button beside the code: declined' decided abort 'the sign-in was declined' 1
check "the login page's way out: declined" decided cancel 'the sign-in was declined' 1
check 'that is a denial in the journal' \
    same "$(field_of "$(newest)" JIT_EVENT)" 'requested code-issued denied'
cat >"$HOST_DIR/steps" <<'X'
expect 10 \$ $
send sudo id\r
expect 10 open (https://\S+)[\s▀▄█]+jit: and enter the code +(\S+)
run person $M1 $M2 abort
expect 10 jit: the sign-in was declined
expect 10 \$ $
refuse uid=0
send exit 0\r
exit 0
X
check 'the same in sudo' host_tty alice <"$HOST_DIR/steps"

# --- a token that is good, by another algorithm
configure "$issuer" host-elevation-es256
check 'a token signed by ES256 is not accepted' \
    decided alice 'token was not accepted \(bad-algorithm\)' 3
check 'nobody is a member' fails is_member alice jit-web

# --- a provider below a path and at a port
configure "$realm"
check 'an issuer with a port and a path is as good' decided alice 'granted: role web' 0
check 'jitctl drop hands that back as well' host_as alice 'jitctl drop web'

check 'the provider sends no interval, and is asked every five seconds, never earlier' interval_is_kept

# --- what does not fit together
configure "$issuer" somebody-else
check 'a client that the provider does not know' refused 2 "refuses this host's registration"
configure https://alias.example.org
check 'an issuer by another name of its host' refused 2 'names another issuer'
configure "$issuer/"
check 'an issuer with a slash too many' refused 2 'names another issuer'
configure "$issuer/realms/none"
check 'an issuer that is not there' refused 2 'jitd.toml'
configure https://unnamed.example.org
check 'a host that the certificate does not name' refused 3 'not trusted'
configure "$issuer:8444"
check 'a port where nobody is' refused 3 "can't be reached"
configure
for endpoint in device_authorization_endpoint token_endpoint jwks_uri; do
    spoil "$endpoint" https://alias.example.org/elsewhere
    check "a document with $endpoint on another host" refused 2 "not https on the provider's own host"
done
rm "$HOST_DIR/spoiled"
check 'after all that a grant can be had' decided alice 'granted: role web' 0
check 'and all that knows of the grants says the same' tests/system/agreement "$HOST_PID"
finish
