#!/bin/bash
# Memberships in /etc/group and /etc/gshadow, on a host whose name service does not read /run/userdb.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_boot
# From outside, before the host has no network: a cache of the name service, for the end.
cp /etc/resolv.conf "$HOST_ROOT/etc/resolv.conf"
patiently chroot "$HOST_ROOT" sh -ec 'cd /root
    apt-get -q update && apt-get -q -o APT::Sandbox::User=root download nscd' \
    >"$HOST_DIR/nscd.log" 2>&1 || { tail -n 20 "$HOST_DIR/nscd.log" >&2; exit 1; }
rm -f "$HOST_ROOT/etc/resolv.conf"
story_install
sed -i 's/^group:.*/group: files/' "$HOST_ROOT/etc/nsswitch.conf"
host_sh 'groupadd --system jit-now; groupadd --system jit-more'
story_configure
cat >"$HOST_ROOT/etc/jit/policy.d/now.toml" <<X
[role.now]
groups           = ["jit-now"]
requesters       = ["user:$alice_oid"]
services         = ["su"]
accounts         = ["carol"]
default_duration = "5m"
max_duration     = "10m"
approval.mode    = "auto"
approval.accept_unattended = true

[role.more]
groups           = ["jit-more"]
requesters       = ["local-group:jit-now"]
services         = ["su"]
accounts         = ["bob"]
default_duration = "5m"
max_duration     = "10m"
approval.mode    = "auto"
approval.accept_unattended = true
X
host_run systemctl restart jitd.service
now() { as alice timeout 20 jitctl request now "$@"; }
more() { as alice timeout 20 jitctl request more; }
drop() { as alice jitctl drop "$1"; }
# Whether a file lists alice in a group: in_file FILE GROUP
in_file() { grep -Eq "^$2:.*[:,]alice(,|\$)" "$HOST_ROOT/etc/$1"; }
in_both() { in_file group "$1" && in_file gshadow "$1"; }
in_none() { ! in_file group "$1" && ! in_file gshadow "$1"; }
owners() { host_sh 'stat -c "%n %U:%G %a" /etc/group /etc/gshadow'; }
in_journal() { [ -n "$(host_run journalctl -q -o cat "$@")" ]; }
nothing_lies() { [ -z "$(cd "$HOST_ROOT/etc" && ls -d .group.* .gshadow.* ./*.lock 2>/dev/null)" ]; }
before=$(owners) kept=$(cat "$HOST_ROOT/etc/group" "$HOST_ROOT/etc/gshadow")

# --- the units have no leave to write /etc
check 'without the drop-in a grant is refused, and what to do is said' \
    says 'ln -s /usr/lib/jit/etc-group.conf /etc/systemd/system/jit-.service.d/' now
check 'nothing of the files was changed' \
    same "$(cat "$HOST_ROOT/etc/group" "$HOST_ROOT/etc/gshadow")" "$kept"
check 'the journal says which way auto has taken' \
    says 'backend auto: etc-group' host_run journalctl -q -o cat -u jit-grantd
check 'what was said to be done can be done' host_sh 'mkdir -p /etc/systemd/system/jit-.service.d &&
    ln -s /usr/lib/jit/etc-group.conf /etc/systemd/system/jit-.service.d/ &&
    systemctl daemon-reload && systemctl restart jit-grantd.service'

# --- a grant, and its end
request_web() {
    as alice timeout 30 jitctl request web "$@" 2>&1 | approve_codes alice@contoso.com
}
check 'a grant' says granted request_web
check 'is in both files' in_both jit-web
check 'the name service has it' is_member alice jit-web
check 'sudo lets her in' as alice sudo -n true
check 'owners and modes are as before' same "$(owners)" "$before"
check 'nothing lies beside the files' nothing_lies
drop web >/dev/null
check 'a dropped one is in none' in_none jit-web
check 'and sudo lets nobody in' fails as alice sudo -n true
check 'both files are as before' \
    same "$(cat "$HOST_ROOT/etc/group" "$HOST_ROOT/etc/gshadow")" "$kept"

check 'a second grant' says granted request_web
host_sh 'gpasswd -d alice jit-web' >/dev/null
check 'taken away by root, it lets nobody in any more' fails as alice sudo -n true
host_run systemctl start jit-reconcile.service
check 'and the root helper ends it' \
    says 'has ended: membership-gone' host_run journalctl -q -o cat -u jit-reconcile

# --- others change the files at the same time
host_sh 'for i in $(seq 20); do groupadd "g$i"; groupadd "h$i"; useradd -N "u$i"; done'
rounds() {
    local i
    for i in $(seq 20); do
        host_sh "usermod -aG g$i u$i & gpasswd -a u$i h$i & wait" >/dev/null 2>&1 &
        now >/dev/null 2>&1 || true
        drop now >/dev/null 2>&1 || true
        wait $!
    done
}
rounds
lost() {
    local i file
    for i in $(seq 20); do
        for file in group gshadow; do
            grep -Eq "^g$i:.*[:,]u$i(,|\$)" "$HOST_ROOT/etc/$file" || echo "usermod $i $file"
            grep -Eq "^h$i:.*[:,]u$i(,|\$)" "$HOST_ROOT/etc/$file" || echo "gpasswd $i $file"
        done
    done
}
check 'in 20 rounds of usermod and gpasswd in other groups no edit was lost' same "$(lost)" ''
check 'and no grant outlived its end' eventually 35 in_none jit-now
check 'pwck and grpck find nothing' host_sh 'grpck -r'
check 'nothing lies beside the files still' nothing_lies

# --- the locks of the account files
host_sh 'printf 1 >/etc/group.lock'
check 'a lock of a running process is waited for and named' says '/etc/group.lock is held' now
host_sh 'rm /etc/group.lock'
check 'without it a grant can be had' says granted now
host_sh 'printf 1 >/etc/gshadow.lock'
check 'no end takes the lock from a running process' fails drop now
check 'it stands until then' in_file group jit-now
host_sh 'rm /etc/gshadow.lock'
check 'then it is ended by whoever comes next' eventually 35 in_none jit-now
host_sh 'sh -c "echo \$\$" | tr -d "\n" >/etc/group.lock'
check 'a lock of a dead process is taken over' says granted now
drop now >/dev/null

# --- the end by the timer, with both daemons dead
check 'a grant of 4 s' says granted now --for 4s
host_run systemctl stop jitd.socket jitd-root.socket jitd.service jit-grantd.socket jit-grantd.service
check 'is there' in_both jit-now
check 'it ends by its timer, with both daemons dead' eventually 8 in_none jit-now
host_run systemctl start jitd.socket jitd-root.socket jit-grantd.socket

# --- a member by other means
host_sh 'usermod -aG jit-now alice'
# Her last grant ended seconds ago: for two minutes nobody can tell her from one written back.
check 'who is added within two minutes of an end is taken for one written back' \
    eventually 40 in_none jit-now
check 'and the journal says so' \
    says 'removed alice from jit-now again' host_run journalctl -q -o cat -u jit-reconcile
check 'a grant of jit makes no requester of local-group' says granted now
check 'who is in the group by jit alone is refused' fails more
drop now >/dev/null
sleep 125
host_sh 'usermod -aG jit-now alice'
check 'one who is added later is let alone' fails eventually 35 in_none jit-now
check 'and is a requester by right' says granted more
drop more >/dev/null
check 'a grant of the same group' says granted now
drop now >/dev/null
host_run systemctl start jit-reconcile.service
check 'takes nothing of hers away at its end' in_both jit-now
host_sh 'gpasswd -d alice jit-now' >/dev/null

# --- gpasswd had read the files before the end
check 'one more grant' says granted now
cp -p "$HOST_ROOT/etc/gshadow" "$HOST_DIR/gshadow"
drop now >/dev/null
host_sh 'cat >/etc/gshadow' <"$HOST_DIR/gshadow"
check 'a member who is written back to gshadow alone' in_file gshadow jit-now
check 'is gone within two minutes' eventually 40 in_none jit-now

# --- a reboot
check 'a grant of ten minutes' says granted now --for 10m
story_provider_stop
host_reboot
check 'is gone after a reboot' in_none jit-now
check 'which is on record' in_journal -b -u jit-reconcile JIT_EVENT=reconciled
order=$(host_run journalctl -b -q -o cat -u jit-reconcile.service -u systemd-user-sessions.service |
    grep -n -m 1 -e 'has ended: reboot' -e 'Finished.*User Sessions' || true)
check 'before anybody could log in' says 'has ended: reboot' printf '%s\n' "$order"
check 'and the next can be had' says granted now
drop now >/dev/null

# --- a cache before the name service
host_sh 'dpkg -i /root/nscd_*.deb && systemctl start nscd.service' >"$HOST_DIR/nscd.log" 2>&1 || true
host_sh 'touch /etc/nsswitch.conf'
has_cache() { host_sh 'nscd -g | grep -q "cache is enabled"'; }
check 'nscd runs' eventually 10 has_cache
check 'she is in no group by it' fails is_member alice jit-now
check 'with nscd a grant' says granted now
check 'is seen at once' is_member alice jit-now
drop now >/dev/null
check 'and its end, too' fails is_member alice jit-now
sed -i 's/^group:.*/group: files systemd/' "$HOST_ROOT/etc/nsswitch.conf"
host_run systemctl restart nscd.service
check 'nscd runs again' eventually 10 has_cache
check 'with systemd in nsswitch.conf auto takes userdb' says granted now
check 'and the group file is let alone' in_none jit-now
check 'a file of the user database is there' host_sh 'test -s /run/userdb/alice:jit-now.membership'
check 'it is seen through nscd' is_member alice jit-now
drop now >/dev/null
check 'its end is seen through nscd at once' fails is_member alice jit-now
check 'while nscd keeps what it is not told to forget' host_sh 'id -nG alice >/dev/null
    printf "{}\n" >/run/userdb/alice:jit-more.membership; sleep 1; ! id -nG alice | grep -qw jit-more'
host_sh 'rm /run/userdb/alice:jit-more.membership; systemctl stop nscd.socket nscd.service' \
    >/dev/null 2>&1 || true

# --- the package goes
sed -i 's/^group:.*/group: files/' "$HOST_ROOT/etc/nsswitch.conf"
check 'in the group file again' says granted now
check 'she is in both' in_both jit-now
host_sh 'sed -i /pam_jit.so/d /etc/pam.d/sudo /etc/pam.d/sudo-i'
check 'the package can be removed' host_apt remove jitd libpam-jit
check 'and takes her out' in_none jit-now
check 'nothing is left in /etc' nothing_lies
finish
