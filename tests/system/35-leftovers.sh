#!/bin/bash
# What was made on the host in a grant's time is told of, when it has ended: by jitctl status, in the
# journal, and nothing else is.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_host
printf 'alice ALL=(ALL) NOPASSWD: ALL\n' >"$HOST_ROOT/etc/sudoers.d/zz-alice"
cat >"$HOST_ROOT/etc/jit/policy.d/web.toml" <<X
[role.web]
groups = ["jit-web"]
requesters = ["user:$alice_oid", "user:$bob_oid"]
services = ["sudo"]
max_duration = "10m"
X
# Before the grant: the same kinds of things, and what a user may lay in the way.
host_sh 'cp /usr/bin/id /usr/local/bin/old && chmod 4755 /usr/local/bin/old
    mkdir -p /etc/cron.d /home/bob/.ssh && echo >/etc/cron.d/old
    echo >/home/bob/.ssh/authorized_keys && chown -R bob: /home/bob/.ssh
    cp /usr/bin/id /usr/bin/older'
host_run systemctl restart jitd.service
ask() { as "$1" timeout 30 jitctl request web 2>&1 | approve_codes "$1@contoso.com"; }
sleep 2.5

# --- a grant, and what is done with it
check 'a grant is had' says granted ask alice
id=$(as alice jitctl list --json | jq -r '.grants[0].id')
check 'while it lives nothing is said of what it leaves' fails says 'left behind' as alice jitctl status "$id"
cat >"$HOST_ROOT/home/alice/leave" <<'X'
set -e
cp /usr/bin/id /usr/local/bin/new && chmod 4755 /usr/local/bin/new
chmod 4755 /usr/bin/older
cp /usr/bin/id /tmp/group && chmod 2755 /tmp/group
printf '[Service]\nExecStart=/usr/bin/id\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/new.service
printf '[Timer]\nOnCalendar=yearly\n' >/etc/systemd/system/new.timer
systemctl enable new.service
systemd-run --unit=later --on-active=1h /usr/bin/id
echo >/etc/cron.d/new
mkdir -p /root/.ssh && echo >/root/.ssh/authorized_keys
echo 'bob ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/new
useradd -m mallory
useradd -o -u 0 -M toor
echo 'auth sufficient pam_permit.so' >/etc/pam.d/new
X
check 'with it the requester makes what outlives it' host_as alice 'sudo -n bash /home/alice/leave'
# What anybody can lay in the way meanwhile.
check 'others lay links and fifos in their homes' as bob bash -c 'cd /home/bob
    rm -r .ssh; ln -s /etc .ssh; mkdir -p .config/systemd; mkfifo .config/systemd/user
    ln -s /root .local; mkfifo .fifo; ln -s . loop'
check 'it is handed back' as alice jitctl drop web
began=$SECONDS
check 'at first nobody has looked' says '^left behind: nobody has looked yet$' as alice jitctl status "$id"
looked() { ! as alice jitctl status "$id" | grep -q 'nobody has looked'; }
check 'some seconds later somebody has, with nobody asked to' eventually 60 looked
check 'which took less than half a minute' [ $((SECONDS - began)) -lt 30 ]

# --- what is told
told=$(as alice jitctl status "$id")
left() { grep -Eq "^left behind: $1 \(20[0-9-]+T[0-9:]+Z\)$" <<<"$told" || { echo "$told"; return 1; }; }
check 'a new setuid program is told of' left 'setuid /usr/local/bin/new'
check 'an old program made setuid' left 'setuid /usr/bin/older'
check 'a setgid one in /tmp' left 'setgid /tmp/group'
check 'a unit' left 'unit /etc/systemd/system/new.service'
check 'and that it was enabled' left 'unit /etc/systemd/system/multi-user.target.wants/new.service'
check 'a timer' left 'timer /etc/systemd/system/new.timer'
check 'one that systemd-run made' left 'timer /run/systemd/transient/later.timer'
check 'a file of cron' left 'cron /etc/cron.d/new'
check 'keys that let in' left 'authorized-keys /root/.ssh/authorized_keys'
check 'a file of sudoers' left 'sudoers /etc/sudoers.d/new'
check 'a file of PAM' left 'pam /etc/pam.d/new'
check 'that accounts were changed' left 'accounts /etc/passwd'
check 'an account' left 'account mallory'
check 'one that is root' left 'account toor \(uid 0\)'
check 'a link in the place of keys' left 'authorized-keys /home/bob/.ssh'
check 'nothing that was there before' fails grep -E '^left behind.*(/old |jit|bob/.ssh/)' <<<"$told"
check 'and nothing twice' same "$(sort <<<"$told" | uniq -d)" ''
check 'all could be looked at' fails grep -q 'not all' <<<"$told"
json() { as alice jitctl status "$id" --json | jq -r ".grants[0].leftovers$1"; }
check 'with --json the same' same "$(json '.found[] | "left behind: \(.kind) \(.what) (\(.at))"')" \
    "$(grep '^left behind' <<<"$told")"
check 'a list of grants is without it' same \
    "$(host_run jitctl list --all --json | jq '[.grants[] | has("leftovers")] | any')" false
check "another's is not shown" exits 6 as bob jitctl status "$id"
check "root sees everybody's" says 'setuid /usr/local/bin/new' host_run jitctl status "$id"

# --- in the journal
record() {
    host_run journalctl -q -o json _SYSTEMD_UNIT=jit-leftovers.service JIT_EVENT=leftovers "JIT_GRANT=$1" |
        jq -r "$2"
}
check 'the journal has it, once, as a warning' same "$(record "$id" .PRIORITY)" 4
check 'with whose it was' same "$(record "$id" '"\(.JIT_USER) \(.JIT_ROLE)"')" 'alice web'
check 'and all of it' same "$(record "$id" .JIT_LEFTOVERS | sed -E 's/ ([^ ]+)$/ (\1)/')" \
    "$(grep '^left behind' <<<"$told" | sed 's/^left behind: //')"

# --- the report, and who may see it
check 'the report is for root and jitd' \
    same "$(host_sh "cd /var/lib/jit-leftovers && stat -c %U:%G:%a . $id.json" | tr '\n' ' ')" 'root:jit:750 root:jit:640 '
check "nobody else reads it" fails as bob cat "/var/lib/jit-leftovers/$id.json"
host_sh "echo nonsense >/var/lib/jit-leftovers/$id.json"
check 'a report that is none is not taken for nothing' says "can't be read" as alice jitctl status "$id"

# --- grants that leave nothing, several at once
sleep 2.5
for who in alice bob; do check "a grant of $who" says granted ask "$who"; done
ids=$(host_run jitctl list --all --json | jq -r '.grants[] | select(.state == "live") | .id')
check 'all are taken away at once' host_run jitctl revoke --all
both_looked() { for one in $ids; do host_run jitctl status "$one" | grep -q 'nothing was found' || return 1; done; }
check 'of each it is said that nothing was found' eventually 60 both_looked
for one in $ids; do check 'which is no warning' same "$(record "$one" .PRIORITY)" 6; done
is_done() { [ "$(host_run systemctl is-failed jit-leftovers.service)" = inactive ]; }
check 'the service is done, and has not failed' eventually 60 is_done

# --- a host that goes down first
check 'a grant is had' says granted ask alice
id=$(as alice jitctl list --json | jq -r '.grants[0].id')
check 'a file is left' host_as alice 'sudo -n touch /etc/cron.d/newer'
story_provider_stop
host_reboot
check 'after a reboot it is looked into as well' host_sh \
    'systemctl start jit-leftovers.service' # else by the timer, five minutes later at most
check 'and told of' says 'left behind: cron /etc/cron.d/newer' as alice jitctl status "$id"
finish
