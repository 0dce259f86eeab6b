#!/bin/bash
# The packages: installed they change nobody's way in; removed they leave nothing.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_boot
pam_sum() { host_sh 'cd /etc/pam.d && sha256sum * | sha256sum'; }
wont_remove() { # the removal of a package fails, and says which file
    ! host_apt -y remove libpam-jit >"$HOST_DIR/apt.log" 2>&1 || return 1
    cat "$HOST_DIR/apt.log"
    grep -q "^ *$1\$" "$HOST_DIR/apt.log"
}
is_installed() { same "$(host_run dpkg-query -W -f '${Status}' "$1")" 'install ok installed'; }

# --- installing
before=$(pam_sum)
check 'apt installs both packages' story_install
check 'no PAM stack was changed' same "$(pam_sum)" "$before"
check 'sudo lets in whom it let in' host_as alice 'sudo -n /usr/bin/true'
check 'and nobody else' fails host_as carol 'sudo -n id'
check 'the sockets listen' host_run systemctl is-active jitd.socket jit-grantd.socket
check 'the reaper runs' host_run systemctl is-active jit-reconcile.timer
check 'what ends is looked into' host_run systemctl is-active jit-leftovers.path jit-leftovers.timer
check 'nothing has failed' same "$(host_run systemctl list-units --failed --plain --no-legend 'jit*')" ''
check 'user jit has no shell and no password' says '^jit:.*nologin' host_run getent passwd jit
check 'without a configuration jitctl says so' exits 2 host_as alice 'jitctl request web'
check 'root-owned folders wait for it' \
    same "$(host_sh 'stat -c %U:%a /etc/jit /etc/jit/policy.d' | sort -u)" root:755
check 'all three forms of the root helper are in its sandbox' same 3 "$(host_sh '
    for unit in jit-grantd jit-expire@0123456789abcdef jit-reconcile; do
        systemctl cat $unit.service | grep -c ^PrivateNetwork=yes; done' | grep -cx 1)"
for unit in jitd jit-grantd jit-reconcile; do
    check "$unit.service is exposed little" \
        host_run systemd-analyze security --no-pager --threshold=25 "$unit.service"
done
check 'the manuals that are there can be read' host_sh '
    for page in $(dpkg -L jitd libpam-jit | grep "/man[0-9]/.*gz$"); do
        man --warnings -l "$page" 2>&1 >/dev/null | grep . && exit 1; done; exit 0'

# --- the profile
check 'the profile is known and off' fails host_sh 'grep -l pam_jit /etc/pam.d/*'
story_config
host_run systemctl try-restart jitd.service
host_run env DEBIAN_FRONTEND=noninteractive pam-auth-update --enable jit
check 'switched on it gates sudo' exits 1 host_as alice 'sudo -n /usr/bin/true'
check 'a refusal stays one in it, says doctor' says '0 faults, 0 notes' host_run jitctl doctor
check 'and never root' same "$(host_run sudo -u alice id -un)" alice
check 'a login is not asked: no role gates it' host_as alice true
check 'removal takes the profile away again' host_apt remove libpam-jit
check 'and the stacks are as they were' same "$(pam_sum)" "$before"
check 'sudo is as it was' host_as alice 'sudo -n /usr/bin/true'

# --- a line by hand, and a live grant
check 'apt installs it again' story_install
story_configure
check 'with its line in place the module gates sudo' exits 1 host_as alice 'sudo -n /usr/bin/true'
cat >"$HOST_DIR/steps" <<'X'
expect 5 enter code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 granted
exit 0
X
check 'a grant is had' host_tty alice 'jitctl request web' <"$HOST_DIR/steps"
check 'the removal stops and names the file' wont_remove /etc/pam.d/sudo
check 'the package is installed still' is_installed libpam-jit
check 'sudo works still, with the grant' host_as alice 'sudo -n /usr/bin/true'
check 'so does an upgrade' host_apt --reinstall install libpam-jit jitd
check 'which leaves the grant alone' host_as alice 'sudo -n /usr/bin/true'

# --- newer and older versions, with a live grant and without; sudo is used all the while
now=$(dpkg-deb -f "${DEBS[0]}" Version)
host_offer_again "$now~older" "${DEBS[@]}"
host_offer_again "$now+newer" "${DEBS[@]}"
cat >"$HOST_ROOT/usr/local/bin/keep-on" <<'X'
#!/bin/bash
# Uses sudo until /run/enough is there; prints how often it was let in and how often not, and why.
in=0 out=0
while [ ! -e /run/enough ]; do
    if why=$(sudo -n /usr/bin/true 2>&1); then in=$((in + 1)); else out=$((out + 1)) last=$why; fi
done
echo "$last"
echo "$in let in, $out not"
X
chmod 0755 "$HOST_ROOT/usr/local/bin/keep-on"
# change VERSION: to that version, while alice goes on using sudo; what happened to her is in $kept.
change() {
    local status=0 user
    host_run rm -f /run/enough
    host_as alice keep-on >"$HOST_DIR/kept" 2>&1 &
    user=$!
    sleep 0.5
    (story_install "$1") || status=$?
    sleep 0.5
    host_run touch /run/enough
    wait "$user" || true
    return "$status"
}
change_to() { # change_to VERSION CASE PATTERN
    check "$1 is installed over it, $2" change "$1"
    check 'both packages are that version' \
        same "$(host_run dpkg-query -W -f '${Version} ' jitd libpam-jit)" "$1 $1 "
    check "all the while, sudo: $3" says "$3" cat "$HOST_DIR/kept"
    check 'nothing runs that was replaced' \
        fails says deleted host_sh 'ls -l /proc/$(systemctl show -P MainPID jitd.service)/exe'
    check 'the sockets and the reaper are there' \
        host_run systemctl is-active jitd.socket jit-grantd.socket jit-reconcile.timer
    check 'nothing has failed' \
        same "$(host_run systemctl list-units --failed --plain --no-legend 'jit*')" ''
}
grants() { host_as alice 'jitctl status --json' | grep -o '"id": *"[^"]*"' | sort || true; }
grant=$(grants)
check 'there is one grant' says '^"id": *"[0-9a-f]{16}"$' echo "$grant"
for version in "$now+newer" "$now~older" "$now"; do
    change_to "$version" 'with a live grant' '[1-9][0-9]* let in, 0 not'
    check 'the grant is the same' same "$(grants)" "$grant"
    check 'its timer is armed' says 'jit-expire@' host_run systemctl list-timers --all
done
host_run jitctl revoke --all >/dev/null
for version in "$now+newer" "$now~older" "$now"; do
    change_to "$version" 'without a grant' '^0 let in'
done
check 'a grant is had after it all' host_tty alice 'jitctl request web' <"$HOST_DIR/steps"

# --- removal with a live grant
sed -i '/pam_jit/d' "$HOST_ROOT"/etc/pam.d/sudo "$HOST_ROOT"/etc/pam.d/sudo-i
check 'without the lines it is removed' host_apt remove libpam-jit
check 'alice is a member still' is_member alice jit-web
check 'removing jitd works' host_apt remove jitd
check 'and ends the grant' fails is_member alice jit-web
check 'no membership is left' same "$(host_sh 'ls /run/userdb')" ''
check 'no timer is left' same "$(host_run systemctl list-timers --all --plain --no-legend 'jit-expire*')" ''
check 'no process is left' fails host_run pgrep jit
check 'the ledger is kept' host_run test -e /var/lib/jit/jit.db

# --- purge
check 'both can be purged' host_apt purge libpam-jit jitd
check 'no state is left' same "$(host_sh 'ls -d /var/lib/jit* /run/jit* /lib/systemd/system/jit* \
    /etc/systemd/system/*/jit* /usr/libexec/jit /var/lib/systemd/deb-systemd-helper-enabled/jit* 2>/dev/null')" ''
check 'no user is left' fails host_run getent passwd jit
check "the administrator's own files stay" host_run test -e /etc/jit/jitd.toml

# --- once more: purged at once, with a live grant and the profile on
check 'after the purge apt installs both again' story_install "$now"
check 'the configuration that stayed is read' says 'web' host_as alice 'jitctl roles'
check 'a grant is had' host_tty alice 'jitctl request web' <"$HOST_DIR/steps"
host_run env DEBIAN_FRONTEND=noninteractive pam-auth-update --enable jit
check 'sudo works by the profile' host_as alice 'sudo -n /usr/bin/true'
check 'a purge with a live grant' host_apt purge libpam-jit jitd
check 'ends it' fails is_member alice jit-web
check 'leaves no membership' fails host_sh 'ls /run/userdb | grep .'
check 'and no timer' same "$(host_run systemctl list-timers --all --plain --no-legend 'jit*')" ''
check 'and the PAM stacks as they were' same "$(pam_sum)" "$before"
story_provider_stop
host_reboot
check 'after a reboot nothing has failed' same "$(host_run systemctl --failed --plain --no-legend)" ''
check 'sudo is as it was before' host_as alice 'sudo -n /usr/bin/true'
finish
