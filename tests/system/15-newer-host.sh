#!/bin/bash
# What only a newer host has: varlinkctl, which introspects and calls our interface, and sudo-rs,
# which looks its groups and rules up in its own way.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
. tests/system/lib/sudo_forms.sh

if [ "$suite" = bookworm ]; then
    echo '-- bookworm has neither varlinkctl nor sudo-rs'
    finish
fi
story_host
socket=/run/jit/io.jitd.Elevation

# --- varlinkctl
varlink_as() { host_as "$1" "varlinkctl $2"; }
methods() { grep -o '^method [A-Za-z]*' | sort | tr '\n' ' '; }
check 'varlinkctl info names the service' says 'io.jitd.Elevation' varlink_as bob "info $socket"
check 'varlinkctl list-interfaces has ours and that of every service' \
    same "$(varlink_as bob "list-interfaces $socket" | sort | tr '\n' ' ')" \
    'io.jitd.Elevation org.varlink.service '
check 'varlinkctl introspect reads the interface, every method of it' same \
    "$(varlink_as bob "introspect $socket io.jitd.Elevation" | methods)" \
    "$(methods <"$top/lib/ipc/io.jitd.Elevation.varlink")"
for text in Elevation Grant; do
    cp "$top/lib/ipc/io.jitd.$text.varlink" "$HOST_ROOT/root/"
    check "varlinkctl finds no fault in the text of io.jitd.$text" \
        host_run varlinkctl validate-idl "/root/io.jitd.$text.varlink"
done
check 'alice calls Roles' says '"web"' varlink_as alice "call $socket io.jitd.Elevation.Roles '{}'"
check 'alice has nothing in List' fails says '"state"' \
    varlink_as alice "call --more $socket io.jitd.Elevation.List '{}'"
cat >"$HOST_DIR/steps" <<'X'
expect 10 enter code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 granted
exit 0
X
check 'a grant can be had' host_tty alice 'jitctl request web' <"$HOST_DIR/steps"
check 'and is in List' says '"live"' varlink_as alice "call --more $socket io.jitd.Elevation.List '{}'"
check 'for bob it is not' fails says '"live"' varlink_as bob "call --more $socket io.jitd.Elevation.List '{}'"
check 'bob may not Check' says 'NotPermitted' varlink_as bob "call $socket io.jitd.Elevation.Check \
    '{\"requester\":\"alice\",\"account\":\"alice\",\"account_names\":[\"alice\"],\"service\":\"sudo\",\"phase\":\"account\"}'"
check 'a value of the wrong type is an error with a name' says 'InvalidParameter' \
    varlink_as alice "call --more $socket io.jitd.Elevation.Request '{\"role\":7}'"
check "root's helper is introspected by root" says 'method Grant' \
    host_run varlinkctl introspect /run/jit-grantd/io.jitd.Grant io.jitd.Grant
check 'and not by alice' fails varlink_as alice 'info /run/jit-grantd/io.jitd.Grant'

# --- sudo-rs: the same gate, the same PAM file
check 'sudo-rs runs a command under the grant' host_as alice 'sudo-rs -n /usr/bin/true'
check 'jitctl drop hands the grant back' host_as alice 'jitctl drop web'
check 'without a grant sudo-rs refuses, though NOPASSWD' exits 1 host_as alice 'sudo-rs -n /usr/bin/true'
# Without a terminal sudo-rs has nowhere to show what a module says.
cat >"$HOST_DIR/steps" <<'X'
expect 10 jitctl request web
exit 1
X
check 'and says what to do' host_tty alice 'sudo-rs -n /usr/bin/true' <"$HOST_DIR/steps"
cat >"$HOST_DIR/steps" <<'X'
expect 10 \$ $
send sudo-rs id\r
expect 10 enter the code +(\S+)
refuse uid=0
run provider approve code=$M1 user=alice@contoso.com
expect 10 uid=0\(root\)
expect 5 \$ $
send sudo-rs id -u\r
expect 5 \n0\r
refuse code
expect 5 \$ $
send jitctl drop web\r
expect 5 \$ $
send sudo-rs -k; sudo-rs id -u\r
expect 10 enter the code
mark interrupt
send \x03
expect 5 \$ $
within 0.5 interrupt
send exit 0\r
exit 0
X
check 'sudo-rs asks, is approved, goes on, asks no second time; Ctrl-C ends the question' \
    host_tty alice <"$HOST_DIR/steps"
check 'the interrupted request is cancelled' eventually 3 says . \
    host_run journalctl -q -o cat -u jitd JIT_EVENT=cancelled JIT_USER=alice
cat >"$HOST_DIR/steps" <<'X'
expect 10 \$ $
send sudo-rs id\r
expect 10 bob is not among the requesters
expect 10 \$ $
refuse uid=0
send exit 0\r
exit 0
X
check 'bob is told why not' host_tty bob <"$HOST_DIR/steps"
check "root's own sudo-rs is not asked" same "$(host_run sudo-rs -u alice id -un)" alice

# --- each form of sudo-rs, as far as it has it
root='uid=0\(root\)'
code='expect 5 enter the code +(\S+)'
approve='run provider approve code=$M1 user=alice@contoso.com'
check 'sudo-rs CMD' asks 'sudo-rs id' "$root"
check 'sudo-rs -i' asks 'sudo-rs -i id' "$root"
check 'sudo-rs -i, a shell' asks 'sudo-rs -i' 'root@web01.*# $' 'send id\r' "expect 5 $root" 'send exit\r'
check 'sudo-rs -s' asks 'sudo-rs -s id' "$root"
check 'sudo-rs -u another' asks 'sudo-rs -u carol id' 'uid=[0-9]+\(carol\)'
check 'sudo-rs -v' asks 'sudo-rs -v && echo ok''ay' 'okay'
check 'sudo-rs -S, whose password comes from a pipe' asks 'echo wrong | sudo-rs -S id' "$root"
check 'with its output sent elsewhere' asks 'sudo-rs id >/tmp/out 2>&1; cat /tmp/out' "$root"
# sudo-rs tells of the terminal of its standard input alone.
check 'two in one pipeline ask once' asks 'sudo-rs id | sudo-rs cat' "$root"
# What it has not got is refused by itself, before PAM.
no_code() {
    local before
    before=$(codes)
    typed "send $1\r" "expect 5 $2" 'expect 2 \$ $' 'send \r' && same "$(codes)" "$before"
}
check 'sudo-rs -l, where a rule has NOPASSWD, asks nobody: it lists' no_code 'sudo-rs -l' 'NOPASSWD'
check 'sudo-rs -A is not there' no_code 'sudo-rs -A id; echo sta""tus $?' 'status 1'
check 'sudo-rs -e is not there' no_code 'sudo-rs -e /etc/motd; echo sta""tus $?' 'status 1'
check 'sudo-rs -n starts no request' no_code 'sudo-rs -n id' 'jitctl request web'
check 'nor does NOPASSWD' no_code 'sudo-rs /usr/bin/true' 'jitctl request web'
for form in 'id' '-i id' '-s id' '-v' '-n id' '-n /usr/bin/true'; do
    check "no terminal: sudo-rs $form is refused, without a code" stays "sudo-rs $form" .
done
check 'no terminal: sudo-rs -S is refused, without a code' stays 'echo wrong | sudo-rs -S id' .

# --- its ticket, Ctrl-\, Ctrl-Z, a terminal that goes away
ticket=('send sudo-rs id\r' "$code"
    "$approve" "expect 5 $root" 'expect 5 \$ $'
    'send jitctl drop web\r' 'expect 5 \$ $')
check 'a ticket of sudo-rs opens nothing when the grant is gone' typed "${ticket[@]}" 'send sudo-rs id\r' \
    'expect 5 jitctl request web' 'refuse uid=0' 'refuse enter the code' 'expect 5 \$ $' 'send \r'
check 'Ctrl-\ at the code: the shell is there at once' typed 'send sudo-rs -i\r' \
    'expect 5 enter the code' 'mark key' 'send \x1c' 'expect 5 \$ $' 'within 0.5 key' 'send \r'
check 'Ctrl-Z at the code: it stops, comes back, and goes on when it is approved' typed 'send sudo-rs id\r' \
    'expect 5 enter the code +(\S+)' 'send \x1a' 'expect 5 Stopped' 'expect 5 \$ $' 'send fg\r' 'sleep 1' \
    'refuse enter the code' 'run provider approve code=$M1 user=alice@contoso.com' "expect 5 $root"
check 'drop' as alice jitctl drop web
printf '%s\n' 'expect 5 \$ $' 'send sudo-rs id\r' 'expect 5 enter the code' >"$HOST_DIR/steps"
since=$(host_run date '+%F %T')
check 'the terminal is closed at the code' host_tty alice <"$HOST_DIR/steps"
check 'cancels the request' eventually 3 in_journal --since "$since" JIT_EVENT=cancelled JIT_USER=alice

# --- with a grant none of them asks
request() { as alice jitctl request web 2>&1 | approve_codes alice@contoso.com; }
check 'with a grant' says granted request
for form in 'id' '-i id' '-s id' '-S id </dev/null'; do
    check "sudo-rs $form goes on" goes_on "sudo-rs $form" "$root"
done
check 'sudo-rs -u another goes on' goes_on 'sudo-rs -u carol id' 'uid=[0-9]+\(carol\)'
check 'sudo-rs -v goes on' goes_on 'sudo-rs -v && echo ok""ay' okay
check 'without a terminal, too' says "$root" host_as alice 'sudo-rs id'
finish
