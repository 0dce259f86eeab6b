#!/bin/bash
# Why, how often and from where a role may be had; and what an administrator can ask of a policy.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_host
policy=$HOST_ROOT/etc/jit/policy.d/web.toml
steps() { cat >"$HOST_DIR/steps"; }
tty_as() { host_tty "$1" "${2:-}" <"$HOST_DIR/steps"; }
# role [LINE...]: the one role, with these lines at its end.
role() {
    printf '[role.web]\ngroups = ["jit-web"]\nrequesters = ["user:%s", "user:%s"]\n%s\n' \
        "$alice_oid" "$bob_oid" 'max_duration = "1h"' >"$policy"
    printf '%s\n' 'services = ["sudo"]' "$@" >>"$policy"
    host_run systemctl restart jitd.service
}
# What was granted before does not count any more.
forget() {
    host_run sh -c 'systemctl stop jitd.socket jitd.service jit-grantd.service
        rm -f /var/lib/jit-grantd/grants/* /var/lib/jit/jit.db*
        systemctl start jitd.socket'
}
ask() { as "$1" timeout 30 jitctl request web "${@:2}" 2>&1 | approve_codes "$1@contoso.com"; }
drop() { as "$1" jitctl drop web; }
in_journal() { [ -n "$(host_run journalctl -q -o cat -u jitd "$@")" ]; }

# --- whether a refusal stays one on this host
check 'doctor finds nothing on a host that is set up' says '0 faults, 0 notes' host_run jitctl doctor
sed -i 's/^account requisite pam_jit/account sufficient pam_jit/' "$HOST_ROOT/etc/pam.d/sudo"
check 'it finds a line that lets a refusal pass, and says what to write' \
    says 'write, before all other account lines: account requisite pam_jit.so' host_run jitctl doctor
check 'which is a finding' exits 1 host_run jitctl doctor
sed -i 's/^account sufficient pam_jit/account requisite pam_jit/' "$HOST_ROOT/etc/pam.d/sudo"
check 'alice, who may not read sudoers, is told to ask as root' says 'ask as root' as alice jitctl doctor

# --- a reason
role '[role.web.justification]' 'required = true' "pattern = '^(INC|CHG)-[0-9]+ '" \
    'hint = "ticket, then why"'
check 'without a reason nothing is asked of the provider, and it is said what is wanted' \
    says 'role "web" wants a reason: ticket, then why' ask alice
check 'its exit status is that of a no' exits 1 as alice jitctl request web
check 'a reason of another form is refused' \
    says 'wants a reason of another form: ticket, then why' ask alice --reason because
check 'one that fits is granted' says granted ask alice --reason 'INC-7 the disk is full'
check 'and stands in the record' in_journal JIT_EVENT=granted 'JIT_REASON=INC-7 the disk is full'
drop alice >/dev/null
steps <<'X'
expect 10 \$ $
send sudo id\r
expect 10 role "web" wants a reason: ticket, then why
expect 2 your reason: $
send because\r
expect 10 wants a reason of another form
expect 2 your reason: $
send CHG-12 new certificate\r
expect 10 enter the code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 granted: role web until
expect 3 uid=0\(root\)
expect 5 \$ $
send exit 0\r
exit 0
X
check 'sudo asks for the reason, again if need be, then shows the code' tty_as alice
check 'and so it stands in the record' in_journal JIT_EVENT=granted 'JIT_REASON=CHG-12 new certificate'
drop alice >/dev/null
steps <<'X'
expect 10 \$ $
send sudo id\r
expect 10 your reason: $
send \r
expect 10 your reason: $
send \r
expect 10 your reason: $
send \r
expect 10 role "web" wants a reason
refuse uid=0
refuse your reason
send exit 9\r
exit any
X
check 'three times; then it is a no' tty_as alice
steps <<'X'
expect 10 \$ $
send sudo id\r
expect 10 your reason: $
sleep 0.5
send \x03
expect 5 \$ $
refuse uid=0
send exit 9\r
exit 9
X
check 'Ctrl-C at the question ends it' tty_as alice
steps <<'X'
expect 10 \$ $
send jitctl request web\r
expect 10 wants a reason: ticket, then why
expect 2 your reason: $
send INC-8 once more\r
expect 10 enter code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 granted
expect 5 \$ $
send exit 0\r
exit 0
X
check 'jitctl asks at a terminal, too' tty_as alice
drop alice >/dev/null

# --- limits, which the root helper counts
forget
role '[role.web.limits]' 'cooldown = "1h"'
check 'cooldown: the first grant' says granted ask alice
drop alice >/dev/null
check 'cooldown: the next is refused before anybody signs in, with the time when it would not be' \
    says 'cooldown of 1h between two grants: ask again at [A-Z][a-z][a-z] 20..-..-.. ..:.. UTC' ask alice
check 'cooldown: no code was shown' same "$(ask alice | grep -c 'enter code')" 0
check 'cooldown: another person is not concerned' says granted ask bob
drop bob >/dev/null
host_run systemctl restart jitd.service
check 'cooldown: it survives a restart of jitd' says 'has a cooldown' ask alice
host_run systemctl stop jitd.socket jitd.service
mv "$HOST_ROOT/var/lib/jit/jit.db" "$HOST_ROOT/var/lib/jit/jit.db.away"
rm -f "$HOST_ROOT"/var/lib/jit/jit.db-*
host_run systemctl start jitd.socket
check "cooldown: it is root's ledger that counts, not jitd's" says 'has a cooldown' ask alice
forget
role '[role.web.limits]' 'per_day = "10m"'
check 'per_day: what is left of the day is granted, not what was asked for' \
    says 'until .*\((9m|10m) left\)' ask alice --for 1h
check 'per_day: after that the day is used up while it runs' \
    says 'granted for 10m a day, and that is used up: the next day begins' ask alice
drop alice >/dev/null
sleep 1
check 'per_day: what was handed back can be had again' says 'until .*\((9m|10m) left\)' ask alice --for 1h
drop alice >/dev/null

role '[role.web.limits]' 'max_active = 1'
check 'max_active: the one place' says granted ask bob
check 'max_active: the next is told that it is taken' says 'at most 1 at a time' ask alice
check 'max_active: who has it may renew it' says granted ask bob
drop bob >/dev/null
check 'max_active: free again' says granted ask alice
drop alice >/dev/null

role '[role.web.limits]' 'single_use = true'
check 'single_use: granted' says granted ask alice
check 'single_use: a look at the rules is no use' host_as alice 'sudo -n -l >/dev/null'
check 'single_use: one command' host_as alice 'sudo -n /usr/bin/true'
check 'single_use: its end is the end of the grant' eventually 5 fails is_member alice jit-web
check 'single_use: a second is refused' fails host_as alice 'sudo -n /usr/bin/true'
check 'single_use: and the ledger says why' says '"cause":"used"' \
    host_sh 'cat /var/lib/jit-grantd/grants/*.json'
check 'single_use: granted again' says granted ask alice
host_as alice 'sudo /usr/bin/sleep 7' &
long=$!
check 'single_use: a command that lasts' eventually 5 host_run pgrep -x sleep
host_run systemctl restart jitd.service
check 'single_use: while its session runs nobody else passes, not even after a restart of jitd' \
    fails host_as alice 'sudo -n /usr/bin/true'
check 'single_use: but it is still there' is_member alice jit-web
ended=0
wait "$long" || ended=$?
check 'single_use: that command came to its own end' same "$ended" 0
check 'single_use: and it ends with it' eventually 5 fails is_member alice jit-web

# --- the terminal
role '[role.web.conditions]' 'tty = true'
check 'tty: nothing to be had without one' says 'people at a terminal' ask alice
check 'tty: so says jitctl roles' says '^not web: .*terminal' as alice jitctl roles
steps <<'X'
expect 10 \$ $
send jitctl roles\r
expect 5 ^web
send sudo id -u\r
expect 10 enter the code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 \n0\r
expect 5 \$ $
send exit 0\r
exit 0
X
check 'tty: at one it is granted' tty_as alice
check 'tty: and who has it cannot use it without one' \
    says 'people at a terminal' host_as alice 'sudo -n /usr/bin/true 2>&1'
drop alice >/dev/null

# --- nobody's approval
role '[role.web.approval]' 'mode = "auto"' 'accept_unattended = true'
story_provider_stop
check 'auto: granted with the provider dead' says granted as alice timeout 20 jitctl request web
check 'auto: sudo goes on' host_as alice 'sudo -n /usr/bin/true'
check 'auto: an alert in the journal' in_journal JIT_EVENT=granted JIT_RULE=auto PRIORITY=1
drop alice >/dev/null
story_provider

# --- as good as root
printf '[role.root]\ngroups = ["sudo"]\nrequesters = ["user:%s"]\nmax_duration = "10m"\n%s\n' \
    "$alice_oid" 'allow_root_equivalent = true' >"$HOST_ROOT/etc/jit/policy.d/root.toml"
check 'a role as good as root needs a budget' says 'allow_root_equivalent: .*limits.per_day' \
    host_run jitctl policy check
check 'and a fresh sign-in' says 'conditions.auth_context' host_run jitctl policy check
check 'so status says that the last good policy counts' eventually 10 says 'the last good set counts: .*root.toml' \
    host_run jitctl status
check 'so alice is told, without what stands in the files' says 'the last good set counts: see' \
    as alice jitctl status
check 'with an exit status of its own' exits 2 as alice jitctl status
printf '[role.root.limits]\nper_day = "1h"\n[role.root.conditions]\nauth_age = "10m"\n' \
    >>"$HOST_ROOT/etc/jit/policy.d/root.toml"
host_run systemctl restart jitd.service
check 'with both it is granted' says granted eval \
    'as alice timeout 30 jitctl request root 2>&1 | approve_codes alice@contoso.com'
check 'and alice is in the group' is_member alice sudo
as alice jitctl drop root >/dev/null
rm "$HOST_ROOT/etc/jit/policy.d/root.toml"

# --- sudo's side of it, and a PAM service for some commands
role
cat >"$HOST_ROOT/etc/jit/policy.d/who.toml" <<X
[role.who]
groups       = ["jit-who"]
requesters   = ["user:$alice_oid"]
services     = ["sudo"]
pam_service  = "sudo-who"
max_duration = "10m"
[role.who.sudo]
rules = ["(daemon) /usr/bin/id", "(root) NOEXEC: /usr/bin/whoami"]
X
host_sh 'groupadd --system jit-who; cp /etc/pam.d/sudo /etc/pam.d/sudo-who
    systemctl restart jitd.service; jitctl sudoers >/etc/sudoers.d/jit; chmod 0440 /etc/sudoers.d/jit'
check 'sudoers: visudo has nothing against it' host_run jitctl sudoers --check
check 'nor against the other style' host_run jitctl sudoers --style group --check
check 'nor against all of it together' host_run visudo -cq
check 'the gate has the person by name' says '^alice ALL = \(daemon\) /usr/bin/id, ' host_run jitctl sudoers
check 'the other the group' says '^%jit-who ALL = ' host_run jitctl sudoers --style group
check 'of rules that stand behind the gate nothing is said' same "$(host_sh 'jitctl sudoers 2>&1 >/dev/null')" ''
host_sh 'echo "Defaults !pam_acct_mgmt" >/etc/sudoers.d/hole'
check 'one that goes round it is named' says '/etc/sudoers.d/hole:1: !pam_acct_mgmt' host_run jitctl sudoers
check 'beside what is printed, which is no failure' exits 0 host_run jitctl sudoers
check 'but one of --check' exits 1 host_run jitctl sudoers --check
rm "$HOST_ROOT/etc/sudoers.d/hole"
sed -i 's/^account requisite pam_jit/account sufficient pam_jit/' "$HOST_ROOT/etc/pam.d/sudo"
check 'without the gate all standing rules are, but our own' \
    same "$(host_sh 'jitctl sudoers 2>&1 >/dev/null' | grep -o 'sudoers[.]d/.*may run.*')" \
    "$(printf '%s: sudo'"'"'s PAM files do not ask jit\n' \
        'sudoers.d/story:1: %engineers may run ALL at any time' \
        'sudoers.d/story:2: %engineers may run /usr/bin/true, without a password, at any time' \
        'sudoers.d/story:3: bob may run ALL at any time')"
check 'in the group style those of who may ask' says \
    'fault: /etc/sudoers.d/story:1: %engineers may run ALL without the group of role "who"' \
    host_run jitctl sudoers --style group
sed -i 's/^account sufficient pam_jit/account requisite pam_jit/' "$HOST_ROOT/etc/pam.d/sudo"
check 'who may not read sudoers is told that nobody looked' says 'ask as root' as alice jitctl sudoers
steps <<'X'
expect 10 \$ $
send sudo -u daemon id -un\r
expect 10 role "who" on host
expect 2 enter the code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 \ndaemon\r
expect 5 \$ $
send sudo -u daemon id -un\r
expect 10 \ndaemon\r
refuse code
expect 5 \$ $
send sudo cat /etc/shadow\r
expect 10 role "web" on host
sleep 0.5
send \x03
expect 5 \$ $
refuse root:
send exit 9\r
exit 9
X
check 'a role of its own service opens its commands, and no others' tty_as alice
as alice jitctl drop who >/dev/null
rm "$HOST_ROOT/etc/jit/policy.d/who.toml" "$HOST_ROOT/etc/sudoers.d/jit"

# --- the group style: the rule is the role's group's, and jitctl asks first
cat >"$HOST_ROOT/etc/jit/policy.d/ids.toml" <<X
[role.ids]
groups       = ["jit-ids"]
requesters   = ["user:$alice_oid"]
services     = ["sudo"]
pam_service  = "sudo-ids"
max_duration = "10m"
[role.ids.sudo]
rules = ["(root) /usr/bin/id"]
X
sed -i "s/^map = { /map = { dave = \"$alice_oid\", /" "$HOST_ROOT/etc/jit/jitd.toml"
host_sh 'groupadd --system jit-ids; useradd -m -s /bin/bash dave; cp /etc/pam.d/sudo /etc/pam.d/sudo-ids
    echo "Set group_source dynamic" >>/etc/sudo.conf; systemctl restart jitd.service
    jitctl sudoers --style group >/etc/sudoers.d/jit; chmod 0440 /etc/sudoers.d/jit'
check 'the group style: without a grant there is no rule' says 'not allowed to run sudo' host_run sudo -l -U dave
check 'dave asks first' eval 'as dave timeout 30 jitctl request ids 2>&1 | approve_codes alice@contoso.com'
printf 'expect 10 uid=0\n' | steps
check 'then the rule is there, and sudo goes on' tty_as dave 'sudo /usr/bin/id'
check 'handed back' as dave jitctl drop ids
check 'it is gone' says 'not allowed to run sudo' host_run sudo -l -U dave
rm "$HOST_ROOT/etc/jit/policy.d/ids.toml" "$HOST_ROOT/etc/sudoers.d/jit"

# --- several roles that open one door
rm "$policy"
for name in one two; do
    cat <<X
[role.$name]
groups       = ["jit-$name"]
requesters   = ["user:$alice_oid"]
services     = ["sudo"]
max_duration = "10m"
[role.$name.sudo]
rules = ["(root) /usr/bin/id"]
X
done >"$HOST_ROOT/etc/jit/policy.d/choice.toml"
host_sh 'groupadd --system jit-one; groupadd --system jit-two; systemctl restart jitd.service'
steps <<'X'
expect 10 \$ $
send sudo id\r
expect 10 jit: this can be opened with one of these roles:
expect 2 1  one
expect 2 2  two
expect 2 jit: which role \(1 to 2\)\? $
send 7\r
expect 2 jit: which role \(1 to 2\)\? $
send 2\r
expect 10 role "two" on host
expect 2 enter the code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 granted: role two until
expect 5 uid=0
X
check 'of several roles one is chosen by its number' tty_as alice
as alice jitctl drop two >/dev/null
rm "$HOST_ROOT/etc/jit/policy.d/choice.toml"

# --- what an administrator can ask
role '[role.web.justification]' 'required = true' '[role.web.conditions]' \
    'hours = ["Mon..Fri 08:00-18:00"]' 'timezone = "Europe/Berlin"'
explain() { as alice jitctl policy explain --user alice --role web "$@"; }
check 'explain: open' says 'would be granted to alice for 30m' explain --at 2026-11-30T09:15:00Z --reason x
check 'explain: closed, and when it opens' says 'opens Mon 2026-11-30 08:00 Europe/Berlin' \
    explain --at 2026-11-28T09:15:00Z
check 'explain: rule by rule' says 'requesters +met +user:a11ce000' explain --at 2026-11-30T09:15:00Z
check 'explain: its exit status' exits 1 explain --at 2026-11-28T09:15:00Z
check 'explain: of a role that is not there' exits 7 as alice jitctl policy explain \
    --user alice --role no
host_sh "mkdir -p /srv/t/policy.d; echo '{\"oid\": \"$bob_oid\"}' >/srv/t/claims.json
    cp /etc/jit/policy.d/web.toml /srv/t/policy.d/; cat >/srv/t/tests.toml" <<X
[[test]]
user = "alice"
oid = "$alice_oid"
role = "web"
at = "2026-11-30T09:15:00Z"
reason = "x"
expect = "granted"
[[test]]
name = "nobody at night"
user = "alice"
oid = "$alice_oid"
role = "web"
at = "2026-11-30T22:15:00Z"
reason = "x"
expect = "hours"
X
check "explain: somebody else's claims" says 'the sign-in would be refused' \
    host_run jitctl policy explain --user alice --role web --at 2026-11-30T09:15:00Z \
    --claims /srv/t/claims.json
check 'which is a no' exits 1 host_run jitctl policy explain --user alice --role web \
    --at 2026-11-30T09:15:00Z --claims /srv/t/claims.json
check 'test: what is expected is so' says '2 passed, 0 failed' host_run jitctl policy test /srv/t/tests.toml
sed -i 's/"hours"/"granted"/' "$HOST_ROOT/srv/t/tests.toml"
check 'test: what is not is said, with its place' \
    says 'tests.toml:[0-9]+: nobody at night: expected granted, got refused \(hours\)' \
    host_run jitctl policy test /srv/t/tests.toml
check 'simulate: a policy that is closed at night, or a role less' \
    says 'refused now: .*|no longer refused' host_run jitctl policy simulate --since 1h
sed -i 's/role.web/role.other/' "$HOST_ROOT/srv/t/policy.d/web.toml"
check 'simulate: a policy without the role' says 'alice web: granted for .* then; refused now: there is no role' \
    host_run jitctl policy simulate --since 1h /srv/t/policy.d
check 'simulate: a user sees what is his own' \
    fails says ' bob ' as alice jitctl policy simulate --since 1h /srv/t/policy.d
sed -i 's/jit-web/jit-nowhere/' "$policy"
check 'check: a group that this host lacks' says 'warning: .*this host has no group "jit-nowhere"' \
    host_run jitctl policy check
host_run groupadd --system --non-unique --gid "$(host_run getent group adm | cut -d: -f3)" jit-twin
sed -i 's/jit-nowhere/jit-twin/' "$policy"
check 'check: a group that is another by its gid' says '"jit-twin" has the gid of "adm" on this host' \
    host_run jitctl policy check
sed -i 's/jit-twin/jit-web/' "$policy"
sed -i '/^account.*pam_jit/d' "$HOST_ROOT/etc/pam.d/sudo"
check 'check: a stack that asks nobody' says '^/etc/pam.d/sudo.*warning: ' host_run jitctl policy check

finish
