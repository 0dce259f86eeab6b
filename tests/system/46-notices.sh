#!/bin/bash
# Webhooks are told what happens, in their order, in each format; one that hangs, sends elsewhere,
# answers a gigabyte or is down costs nobody anything; what waits outlives a restart; and the address
# of a webhook is a secret.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

token=SeCrEt-$RANDOM$RANDOM
got=

# --- the host: its provider, and the receivers of the webhooks
story_boot
got=$HOST_DIR/got
mkdir "$got"
tests/entra/make-ca "$HOST_DIR/ca" hooks.example.org
story_install
printf '127.0.0.1 hooks.example.org\n' >>"$HOST_ROOT/etc/hosts"
story_config
head -c 32 /dev/urandom >"$HOST_ROOT/etc/notify.key"
chmod 0600 "$HOST_ROOT/etc/notify.key"
mkdir -p "$HOST_ROOT/etc/systemd/system/jitd.service.d"
printf '[Service]\nLoadCredential=notify-key:/etc/notify.key\n' \
    >"$HOST_ROOT/etc/systemd/system/jitd.service.d/notify.conf"
events='["requested", "approved", "denied", "granted", "expired", "dropped", "revoked"]'
webhook() { # webhook NAME PORT FORMAT [LINE...]
    printf '[[notify.webhooks]]\nurl = "https://hooks.example.org:%s/%s/%s"\nformat = "%s"\n' \
        "$2" "$1" "$token" "$3"
    printf 'events = %s\n' "$events" "${@:4}" | sed '2,$s/^events = //'
}
cp "$HOST_ROOT/etc/jit/jitd.toml" "$HOST_DIR/jitd.toml.plain"
{
    webhook teams 9443 teams
    webhook slack 9443 slack
    webhook json 9443 json 'hmac_key = "notify-key"'
    webhook hang 9443 json
    webhook redirect 9443 json
    webhook flood 9443 slack
    webhook gone 9443 json
    webhook busy 9443 json
    webhook down 9444 json
} >>"$HOST_ROOT/etc/jit/jitd.toml"
chgrp jit "$HOST_ROOT/etc/jit/jitd.toml" 2>/dev/null || host_run chgrp jit /etc/jit/jitd.toml
chmod 0640 "$HOST_ROOT/etc/jit/jitd.toml"
story_pam
receive() { # receive PORT
    setpriv --pdeathsig TERM nsenter --target "$HOST_PID" --net -- python3 tests/system/webhooks.py \
        "$1" "$HOST_DIR/ca/server.pem" "$HOST_DIR/ca/server.key" "$got" \
        >>"$HOST_DIR/webhooks.log" 2>&1 {HOST_LOCK}>&- &
    children+=("$!")
}
receive 9443
host_run systemctl daemon-reload
host_run systemctl restart jitd.service
story_provider

# events NAME: what came there, one word each, in the order of its coming.
events() {
    [ -e "$got/$1" ] || return 0
    python3 - "$got/$1" <<'X'
import json, sys
words = {"asks for": "requested", "Approved": "approved", "Denied": "denied", "Granted": "granted",
         "Ended": "expired", "Handed back": "dropped", "Taken away": "revoked"}
said = []
for line in open(sys.argv[1]):
    body = json.loads(json.loads(line)["body"])
    if "event" in body:
        said.append(body["event"])
        continue
    if "blocks" in body:
        title = body["text"]
        assert body["blocks"][0]["text"]["text"] == title
    else:
        assert body["type"] == "message"
        card = body["attachments"][0]
        assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
        title = card["content"]["body"][0]["inlines"][0]["text"]
    said.append([word for start, word in words.items() if start in title][0])
print(*said)
X
}
told() { same "$(events "$1")" "$2"; }
waiting() { host_run sqlite3 /var/lib/jit/jit.db 'SELECT count(*) FROM notice'; }
journal() { host_run journalctl -q -o cat -u jitd.service; }
request() { # request VERB LINE...: alice's request for web, and what she does with the code
    local line verb=$1
    shift
    as alice timeout 60 jitctl request web "$@" 2>&1 | while read -r line; do
        printf '%s\n' "$line"
        case $line in
        *'enter code'*) provider "$verb" code="${line##* }" user=alice@contoso.com >/dev/null ;;
        esac
    done
}
newest() { host_run sqlite3 /var/lib/jit/jit.db 'SELECT id FROM request ORDER BY began DESC, rowid DESC LIMIT 1'; }

# --- what happens
start=${EPOCHREALTIME/./}
check 'a role is granted while webhooks hang, flood and are down' \
    says granted request approve --reason 'INC-1 <!channel> [x](https://evil.example) `y`'
took=$(((${EPOCHREALTIME/./} - start) / 1000))
# One webhook that hangs takes 3 s of each notice, and there were three.
check "and nobody has waited for them ($took ms)" test "$took" -lt 6000
check 'she hands it back' as alice jitctl drop web
check 'a request is declined' says declined request decline
check 'a grant is revoked' eval 'says granted request approve && host_run jitctl revoke --all'
check 'a grant ends' eval 'says granted request approve --for 3s && eventually 15 fails is_member alice jit-web'
order='requested approved granted dropped requested denied requested approved granted revoked requested approved granted expired'

for name in teams slack json; do
    eventually 15 told "$name" "$order"
    check "$name is told all of it in its order" told "$name" "$order"
done
eventually 30 told busy "$order"
check 'one that says "later" is told all of it in its order, too' told busy "$order"

# --- the messages
check 'what an approver wants to know is in each' python3 - "$got" <<'X'
import json, sys
for name in ("teams", "slack", "json"):
    first = json.loads(open(f"{sys.argv[1]}/{name}").readline())
    for part in ("alice", "web", "web01", "INC-1", "30m" if name != "json" else "1800"):
        assert part in first["body"], (name, part)
    assert first["headers"]["Content-Type"] == "application/json"
    assert ("X-Jit-Signature" in first["headers"]) == (name == "json")
    assert name != "slack" or "<" not in first["body"]
    assert name != "json" or set(json.loads(first["body"])) == {
        "version", "id", "event", "record", "time", "host", "request", "role", "user", "oid",
        "reason", "duration_s", "deadline", "message"}, json.loads(first["body"])
X
verified() {
    python3 - "$HOST_ROOT/etc/notify.key" "$got/json" <<'X'
import hashlib, hmac, json, sys
key = open(sys.argv[1], "rb").read().removesuffix(b"\n")
ids = set()
for line in open(sys.argv[2]):
    entry = json.loads(line)
    fields = dict(part.split("=") for part in entry["headers"]["X-Jit-Signature"].split(","))
    signed = f'{fields["t"]}.{entry["body"]}'.encode()
    assert hmac.compare_digest(hmac.new(key, signed, hashlib.sha256).hexdigest(), fields["v1"])
    assert abs(entry["at"] - int(fields["t"])) < 30
    ids.add(json.loads(entry["body"])["id"])
assert len(ids) == 14, ids
X
}
check 'each of json is signed, by an independent count' verified
# The lines of jitd(8), with the first message: true as it came, false with a byte more.
manual() {
    {
        cat <<'X'
import hmac, json, sys, time
entry = json.loads(open(sys.argv[1]).readline())
header, body = entry["headers"]["X-Jit-Signature"], entry["body"].encode() + sys.argv[2].encode()
X
        sed -n '/^key = open/,/^ok = /p' doc/man/jitd.8 | sed 's/\\e/\\/g; s/\\-/-/g'
        printf 'print(ok)\n'
    } >"$HOST_DIR/verify.py"
    (cd "$HOST_ROOT/etc" && python3 "$HOST_DIR/verify.py" "$got/json" "$1")
}
check 'and the lines of the manual find that, and what was changed' \
    same "$(manual '') $(manual ' ')" 'True False'

# --- the targets that are not well
check 'a redirect is not followed, and each such notice is given up with a warning' \
    says 'webhook 5 \(hooks.example.org\) refuses notice .*302, and a redirect is not followed' journal
check 'nothing was asked for where it pointed' test ! -e "$got/got" -a ! -e "$got/target"
eventually 10 told flood "$order"
check 'one that answers a gigabyte is told all of it' told flood "$order"
check 'and what it answers is cut' python3 - "$got/flooded" <<'X'
import json, sys
most = max(json.loads(line)["bytes"] for line in open(sys.argv[1]))
assert most < 16 << 20, most
X
check 'jitd has not grown by it' test "$(host_run sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' \
    "/proc/$(host_run systemctl show -P MainPID jitd.service)/status")" -lt 65536
check 'one that hangs is tried with its first notice' \
    fails grep -Ev '\\"event\\":\\"requested\\"' "$got/hang"
check 'it is said once' same "$(journal | grep -c 'webhook 4 .*does not answer in time')" 1
check 'a refusal is the end of a notice' told gone "$order"

# --- down, and up again
eventually 5 same "$(waiting)" 28
check 'what two webhooks have not taken waits in the ledger' same "$(waiting)" 28
host_run systemctl restart jitd.service
receive 9444
eventually 30 told down "$order"
check 'after a restart the one that was down is told all of it in its order' told down "$order"
more='requested denied'
check 'a request after it is declined' says declined request decline
eventually 15 told json "$order $more"
check 'and what follows comes behind it' eval 'told json "$order $more" && eventually 10 told down "$order $more"'

# --- secrets, and a webhook that goes
found() { # found TEXT
    host_sh "journalctl --sync
        journalctl --all -o export >/root/export
        systemctl status jitd.service >>/root/export
        grep -rlaF '$1' /root/export /var/lib/jit"
}
check 'no address of a webhook is in journal, ledger or status' fails found "$token"
check 'where its host is, and each request' eval 'found hooks.example.org && found "$(newest)"'
check 'while it is where root wrote it' grep -q "$token" "$HOST_ROOT/etc/jit/jitd.toml"
cp "$HOST_DIR/jitd.toml.plain" "$HOST_ROOT/etc/jit/jitd.toml"
none_waits() { same "$(waiting)" 0; }
host_run systemctl reload jitd.service
eventually 10 none_waits
check 'what waits for a webhook that is gone is dropped with it' none_waits

# --- a key that is missing
webhook json 9443 json 'hmac_key = "other-key"' >>"$HOST_ROOT/etc/jit/jitd.toml"
host_run systemctl restart jitd.service
check 'without its key everything is denied, and it is said what to do' \
    says 'jitd.toml:[0-9]+:12: hmac_key: there is no such credential, expected LoadCredential=other-key:FILE' \
    host_run systemctl status jitd.service
check 'again without the address' fails says "$token" host_run systemctl status jitd.service

finish
