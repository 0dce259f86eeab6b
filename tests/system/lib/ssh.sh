# sshd on the host with our lines, and OpenSSH's own client beside it. Sourced by bash scripts after
# story.sh; the host then has the packages.
#
#   ssh_gate               the three lines, sshd's side, and a key /root/person that opens every account
#   client_tty ARGUMENT... ssh at a terminal, driven by the steps on standard input
#   batch ARGUMENT...      ssh without one

host_packages+=,openssh-server,openssh-client,rsync
client=(ssh -F /root/ssh_config)

# After story_config. Everybody comes by a key alone; those of the group "prompted" are asked, too.
ssh_gate() {
    sed -i '1i\
auth [success=done ignore=ignore default=die] pam_jit.so\
account requisite pam_jit.so\
session optional pam_jit.so' "$HOST_ROOT/etc/pam.d/sshd"
    {
        # What the addresses of this host have done in one check is no matter in the next.
        [ "$suite" = bookworm ] || printf 'PerSourcePenalties no\n'
        cat <<'E'
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthorizedKeysFile /etc/ssh/person.pub
LoginGraceTime 960
Match Group prompted
    AuthenticationMethods publickey,keyboard-interactive
Match Group *,!prompted
    AuthenticationMethods publickey
E
    } >"$HOST_ROOT/etc/ssh/sshd_config.d/jit.conf"
    cat >"$HOST_ROOT/root/ssh_config" <<'E'
Host *
    IdentityFile /root/person
    IdentitiesOnly yes
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    LogLevel INFO
E
    host_sh 'set -e
        groupadd --system prompted
        mkdir -p /run/sshd; sshd -t
        ssh-keygen -q -t ed25519 -N "" -f /root/person
        install -m 644 /root/person.pub /etc/ssh/person.pub
        systemctl restart ssh.service'
}

client_tty() {
    patiently python3 "$pty" -- nsenter --target "$HOST_PID" --mount --uts --ipc --net --pid -- \
        "${enter[@]}" "${client[@]}" -tt "$@"
}
batch() { host_run "${client[@]}" -o BatchMode=yes "$@"; }
