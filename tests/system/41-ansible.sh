#!/bin/bash
# Ansible itself, over ssh: under a live grant it works whichever way it sends its modules, with sudo as
# well; without one it is refused, and says what to do.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
. tests/system/lib/ssh.sh
host_packages+=,ansible-core

story_boot
story_install
story_config
story_pam
cat >"$HOST_ROOT/etc/jit/policy.d/ops.toml" <<'E'
[role.ops]
groups       = ["jit-ops"]
requesters   = ["local-group:engineers"]
services     = ["sshd"]
max_duration = "1h"
E
host_sh 'groupadd --system jit-ops; useradd -m -s /bin/bash -G engineers auto
    echo "auto ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/zz-auto; chmod 440 /etc/sudoers.d/zz-auto'
sed -i "s/^map = { /&auto = \"$alice_oid\", /" "$HOST_ROOT/etc/jit/jitd.toml"
ssh_gate
host_run systemctl restart jitd.service
story_provider

# A host for each way in which Ansible sends its modules; connections are not shared, but by the last.
cat >"$HOST_ROOT/root/hosts" <<'E'
sftp       ansible_pipelining=false ansible_ssh_transfer_method=sftp
scp        ansible_pipelining=false ansible_ssh_transfer_method=scp
piped      ansible_pipelining=false ansible_ssh_transfer_method=piped
pipelining ansible_pipelining=true
kept       ansible_ssh_args="-F /root/ssh_config -o ControlMaster=auto -o ControlPersist=5s"
[all:vars]
ansible_host=127.0.0.1
ansible_user=auto
ansible_python_interpreter=/usr/bin/python3
ansible_ssh_args="-F /root/ssh_config -o ControlMaster=no"
E
printf 'sent by ansible\n' >"$HOST_ROOT/root/sent"
cat >"$HOST_ROOT/root/plain.yml" <<'E'
- hosts: all
  gather_facts: false
  tasks:
    - name: the groups of the session
      command: id -nG
      register: groups_there
      failed_when: "'jit-ops' not in groups_there.stdout"
    - name: a file is sent
      copy: { src: /root/sent, dest: "/home/auto/{{ inventory_hostname }}" }
E
cat >"$HOST_ROOT/root/become.yml" <<'E'
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: a file of root's is sent
      copy: { src: /root/sent, dest: "/root/{{ inventory_hostname }}", owner: root, mode: "0600" }
E
settings=(ANSIBLE_INVENTORY=/root/hosts ANSIBLE_NOCOLOR=1)
play() { host_run env "${settings[@]}" ansible-playbook --forks 5 "$@"; }
task() { host_run env "${settings[@]}" ansible pipelining -m command -a "$1"; }
# ends STATUS PATTERN CMD...: so, and it says that.
ends() {
    local status=0 said
    said=$("${@:3}" 2>&1) || status=$?
    printf '%s\n' "$said"
    same "$status" "$1" && grep -Eq -e "$2" <<<"$said"
}
request() { as auto jitctl request "$1" 2>&1 | approve_codes alice@contoso.com; }
one=(--limit pipelining)

check 'without a grant: unreachable, with what to do' \
    ends 4 'UNREACHABLE.*jitctl request ops' play "${one[@]}" /root/plain.yml
check 'with a live grant' says granted request ops
check 'it works, by sftp, scp, a pipe, pipelining, and one connection that is kept' play /root/plain.yml
check 'what was sent is there' host_sh 'cd /home/auto && cat sftp scp piped pipelining kept'
check 'the logins are on record' says '^[1-9]' host_sh \
    'journalctl -q -o cat -u jitd JIT_EVENT=used JIT_USER=auto JIT_SERVICE=sshd JIT_RHOST=127.0.0.1 | wc -l'
# sudo follows each refusal with a line about a password, which is all that Ansible heeds.
check 'become: sudo has a gate of its own; Ansible knows of a password alone' \
    ends 2 'Missing sudo password' play "${one[@]}" /root/become.yml
check 'a task that calls sudo itself shows what to do' ends 2 'jitctl request web' task 'sudo -n id'
check 'with a grant of that role as well' says granted request web
check 'it works' play /root/become.yml
check 'what root was sent is there' host_sh 'cd /root && cat sftp scp piped pipelining kept'
check 'without the grants' host_run jitctl revoke --all
check 'unreachable again' ends 4 'UNREACHABLE.*jitctl request ops' play "${one[@]}" /root/plain.yml
finish
