#!/bin/bash
# Whoever may not, and whatever is broken: each refused with a line of its own, none for longer than
# stated, nobody else hurt.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_host

# request_as USER STATUS SENTENCE [SECONDS]: `jitctl request web` without anybody's approval.
request_as() {
    host_as "$1" 'start=$(date +%s%N); timeout 40 jitctl request web 2>&1; status=$?
        echo "took $((($(date +%s%N) - start) / 1000000)) ms"; exit $status' >"$HOST_DIR/said" 2>&1 &&
        status=0 || status=$?
    cat "$HOST_DIR/said"
    same "$status" "$2" && grep -Eq -e "$3" "$HOST_DIR/said" && grep -q '^jitctl: ' "$HOST_DIR/said" &&
        [ "$(sed -n 's/^took \([0-9]*\) ms.*/\1/p' "$HOST_DIR/said")" -le "$((${4:-2} * 1000))" ]
}
# decided_as VERB SENTENCE STATUS [FIELD=VALUE]: the request of alice is decided by the provider.
decided() {
    printf '%s\n' 'expect 5 enter code +(\S+)' "run provider $1 code=\$M1 ${4:-}" "expect 10 $2" \
        "exit $3" | host_tty alice 'jitctl request web'
}
asked_for_codes() {
    provider state | python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"]["devicecode"])'
}
# sudo_as USER SENTENCE: `sudo id` in a terminal says so, and runs nothing.
sudo_as() {
    printf '%s\n' 'expect 5 \$ $' 'send sudo id\r' "expect ${3:-5} $2" 'expect 10 \$ $' \
        'refuse uid=0' 'send exit 0\r' 'exit 0' | host_tty "$1"
}
journal_has() { [ -n "$(host_run journalctl -q -o cat -u jitd "$@")" ]; }
restart_jitd() { host_run systemctl restart jitd.service; }

# --- who may not, before the provider is asked
before=$(asked_for_codes)
check 'bob, a requester of nothing, is told why by jitctl' \
    request_as bob 1 'bob is not among the requesters of role "web"'
check 'and by sudo' sudo_as bob 'jit: bob is not among the requesters of role "web"'
check 'carol, an engineer whom the map does not know, is told why' \
    request_as carol 1 'carol has no entry in \[users\] map'
check 'and by sudo' sudo_as carol 'jit: carol has no entry in \[users\] map'
check 'sudo -n starts no flow' exits 1 host_as alice 'sudo -n id'
check 'sudo without a terminal starts none' exits 1 host_as alice 'sudo id'
check 'and says what to do' says 'jitctl request web' host_as alice 'sudo id'
check 'NOPASSWD without a grant is refused' exits 1 host_as alice 'sudo -n /usr/bin/true'
check 'an unknown role is not found' exits 7 host_as alice 'jitctl request nix'
check 'a role with a path in its name is usage' exits 2 host_as alice 'jitctl request ../web'
check 'more than max_duration is refused' exits 1 host_as alice 'jitctl request web --for 2h'
check 'asking for somebody else is not permitted' exits 6 host_as bob 'jitctl request web --user alice'
check 'the provider was asked by none of these' same "$(asked_for_codes)" "$before"
check 'the refusals are in the journal' journal_has JIT_EVENT=refused JIT_USER=bob
check "root's own sudo is not asked" same "$(host_run sudo -u alice id -un)" alice

# --- what the person decides
check 'declined: denied' decided decline 'sign-in was declined' 1
check "somebody else's sign-in: denied" \
    decided approve 'somebody else signed in' 1 user=bob@contoso.com
check 'and recorded with the id of whoever it was' \
    journal_has JIT_EVENT=denied JIT_USER=alice "JIT_OID=$bob_oid"
check 'blocked by Conditional Access: denied' decided block 'does not let this sign-in through' 1
provider lifetime code_lifetime=3 >/dev/null
check 'nobody signs in: timed out' request_as alice 4 'nobody signed in' 8
check 'the same in sudo' sudo_as alice 'nobody signed in' 10
provider reset >/dev/null
check 'still nobody is a member' fails is_member alice jit-web

# --- a ticket of sudo's is no grant
cat >"$HOST_DIR/steps" <<'X'
expect 5 \$ $
send sudo id\r
expect 10 enter the code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 uid=0\(root\)
expect 5 \$ $
send jitctl drop web && sudo -n id -u; echo rc=$?\r
expect 5 no live grant for role "web"
expect 5 rc=1
send exit 0\r
exit 0
X
check 'a cached ticket does not outlive the grant' host_tty alice <"$HOST_DIR/steps"

# --- a provider that is not well
for fault in status:503 not_json html wrong_types bigbody close truncated; do
    provider fault endpoint=devicecode kind=$fault count=99 >/dev/null
    check "the provider answers with $fault: unreachable" request_as alice 3 'provider' 25
    provider reset >/dev/null
done
provider fault endpoint=devicecode kind=hang:60 count=99 >/dev/null
check 'the provider hangs: unreachable, within its time-out' request_as alice 3 "can't be reached" 25
provider reset >/dev/null
for forgery in alg_none hs256 bad_signature foreign_key wrong_aud wrong_iss wrong_tid expired no_oid; do
    provider fault endpoint=token kind=$forgery >/dev/null
    check "a token with $forgery is not accepted" \
        decided approve 'token was not accepted' 3 user=alice@contoso.com
    provider reset >/dev/null
done
story_provider_stop
check 'no provider: unreachable' request_as alice 3 "can't be reached" 25
check 'the same in sudo' sudo_as alice "can't be reached" 25
sh "$top/tests/entra/make-ca" "$HOST_DIR/ca2"
install -m 0644 "$HOST_DIR/ca2/ca.pem" "$HOST_ROOT/etc/jit/ca.pem"
story_provider
restart_jitd
check 'a certificate of another authority: not trusted' request_as alice 3 'not trusted' 25
install -m 0644 "$HOST_DIR/ca/ca.pem" "$HOST_ROOT/etc/jit/ca.pem"
restart_jitd
check 'and with the right one all is well' \
    decided approve 'granted: role web' 0 user=alice@contoso.com
host_run jitctl revoke --all >/dev/null

# --- hostile callers
cat >"$HOST_ROOT/usr/local/bin/frame" <<'X'
#!/usr/bin/python3
# frame KIND: sends one frame to jitd and prints the reply; fails if the connection stays open.
import socket, sys
def call(method, parameters):
    return b'{"method":"io.jitd.Elevation.%s","parameters":%s}\0' % (method, parameters)
frame = {
    "not-json": b"{nonsense\0",
    "unknown": call(b"Dance", b"{}"),
    "deep": call(b"List", b"[" * 4000 + b"]" * 4000),
    "long": b"{" + b" " * 200000 + b"}\0",
    "partial": b'{"method":',
    "check": call(b"Check", b'{"requester":"alice","account":"alice","account_names":["alice"],'
                  b'"service":"sudo","phase":"account"}'),
    "path": call(b"Request", b'{"role":"../../etc/x"}'),
    "types": call(b"Request", b'{"role":7}'),
}[sys.argv[1]]
s = socket.socket(socket.AF_UNIX)
s.settimeout(8)
s.connect("/run/jit/io.jitd.Elevation")
said = b""
try:
    s.sendall(frame)
    while True:
        more = s.recv(65536)
        if not more:
            break
        said += more
except (BrokenPipeError, ConnectionResetError):
    pass
print(said.decode(errors="replace").replace("\0", "\n"))
X
chmod 0755 "$HOST_ROOT/usr/local/bin/frame"
pid=$(host_run systemctl show -P MainPID jitd.service)
check 'what is no JSON ends the connection' host_as bob 'frame not-json'
check 'an unknown method is named and ends it' says 'MethodNotFound' host_as bob 'frame unknown'
check 'a frame too deep ends it' host_as bob 'frame deep'
check 'a frame too long ends it' host_as bob 'frame long'
check 'half a frame ends it after two seconds' host_as bob 'frame partial'
check 'a call that is not for him is not permitted' says 'NotPermitted' host_as bob 'frame check'
check 'a path for a role is an error' says '"error"' host_as bob 'frame path'
check 'a number for a role is an error' says '"error"' host_as bob 'frame types'
check 'jitd is the same process still' same "$(host_run systemctl show -P MainPID jitd.service)" "$pid"
check 'and answers' host_as alice 'jitctl roles'
check "the root helper's socket is not for people" exits 1 \
    host_as alice 'python3 -c "import socket; socket.socket(socket.AF_UNIX).connect(\"/run/jit-grantd/io.jitd.Grant\")"'

# --- configuration and policy
etc=$HOST_ROOT/etc/jit
cp "$etc/jitd.toml" "$HOST_DIR/good.toml"
printf 'tenannt = 1\n[pam]\nmode = 7\n' >>"$etc/jitd.toml"
restart_jitd
check 'a configuration with faults: misconfigured' request_as alice 2 "configuration has faults"
check 'the same in sudo' sudo_as alice 'configuration has faults'
check 'jitd stays up and says so' \
    says 'jitd.toml|onfiguration' host_run systemctl show -P StatusText jitd.service
check 'the journal has line and column' says 'jitd\.toml:[0-9]+:[0-9]+' host_run journalctl -q -o cat -u jitd
check 'jitctl policy check tells all faults' says 'jitd\.toml:[0-9]+:[0-9]+' host_run jitctl policy check
check 'and its exit status says configuration' exits 2 host_run jitctl policy check
rm "$etc/jitd.toml"
restart_jitd
check 'no configuration: misconfigured' request_as alice 2 "configuration has faults"
cp "$HOST_DIR/good.toml" "$etc/jitd.toml"
chmod 0666 "$etc/jitd.toml"
restart_jitd
check 'a configuration that all can write: misconfigured' request_as alice 2 "configuration has faults"
chmod 0644 "$etc/jitd.toml"
printf '[role.web]\ngruops = []\n' >"$etc/policy.d/zz.toml"
restart_jitd
check 'a policy with a fault leaves the last good one in force' \
    decided approve 'granted: role web' 0 user=alice@contoso.com
host_run jitctl revoke --all >/dev/null
check 'the fault is in the journal, with line and column' \
    says 'zz\.toml:[0-9]+:[0-9]+' host_run journalctl -q -o cat -u jitd
mv "$etc/policy.d" "$HOST_DIR/policy.d"
mkdir -m 0755 "$etc/policy.d"
restart_jitd
check 'no policy: misconfigured, and gated' request_as alice 2 'no policy'
check 'the same in sudo' sudo_as alice 'no policy'
rmdir "$etc/policy.d"
restart_jitd
check 'no policy folder: the same' request_as alice 2 'no policy'
rm "$HOST_DIR/policy.d/zz.toml"
mv "$HOST_DIR/policy.d" "$etc/policy.d"
host_run systemctl reload jitd.service
check 'the policy is back after a reload' \
    decided approve 'granted: role web' 0 user=alice@contoso.com
mv "$etc/policy.d/web.toml" "$HOST_DIR/web.toml"
sed 's/role\.web/role.other/' "$HOST_DIR/web.toml" >"$etc/policy.d/other.toml"
host_run systemctl reload jitd.service
check 'a reload without the role ends its grants' eventually 5 fails is_member alice jit-web
rm "$etc/policy.d/other.toml"
mv "$HOST_DIR/web.toml" "$etc/policy.d/web.toml"
host_run systemctl reload jitd.service

# --- jitd does not run
host_run systemctl mask --runtime --now jitd.socket jitd.service >/dev/null 2>&1
check 'no jitd: unreachable' request_as alice 3 'jitd' 6
check 'the same in sudo' sudo_as alice 'jitd does not answer' 8
check 'and in the account phase' exits 1 host_as alice 'timeout 8 sudo -n /usr/bin/true'
check 'root can still become anybody' same "$(host_run sudo -u alice id -un)" alice
finish
