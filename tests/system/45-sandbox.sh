#!/bin/bash
# What the services could still do if they were broken into: scored by systemd, and tried out by a
# program that stands in the daemon's place.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_host
cat >"$HOST_DIR/steps" <<'X'
expect 10 enter code +(\S+)
run provider approve code=$M1 user=alice@contoso.com
expect 10 granted
exit 0
X
check 'a grant can be had in the sandbox' host_tty alice 'jitctl request web' <"$HOST_DIR/steps"
check 'and used' host_as alice 'sudo -n /usr/bin/true'

# --- the score, in tenths
scored() { host_run systemd-analyze security --no-pager --threshold="$2" "$1.service"; }
services='jitd jit-grantd jit-expire@0123456789abcdef jit-reconcile jit-leftovers'
check 'jitd scores 1.2 at most' scored jitd 12
for unit in jit-grantd jit-expire@0123456789abcdef jit-reconcile; do
    check "$unit scores 1.0 at most" scored "$unit" 10
done
check 'jit-leftovers scores 1.2 at most' scored jit-leftovers 12
for unit in $services; do
    check "$unit has no PrivateUsers, which would hide who calls" \
        same "$(host_run systemctl show -P PrivateUsers "$unit.service")" no
done

# --- the processes, as the kernel sees them
for unit in jitd jit-grantd; do
    host_run systemctl start "$unit.service"
    pid=$(host_run systemctl show -P MainPID "$unit.service")
    status() { host_run sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status"; }
    check "$unit can gain no privilege" same "$(status NoNewPrivs)" 1
    check "$unit filters system calls" same "$(status Seccomp)" 2
    check "$unit has no capability" same "$(status CapEff) $(status CapPrm) $(status CapBnd)" \
        '0000000000000000 0000000000000000 0000000000000000'
    check "$unit dumps no core" says '^Max core file size +0 +0 ' host_run cat "/proc/$pid/limits"
done
check 'jitd runs as jit' same "$(host_run ps -o user= -C jitd | tr -d ' ')" jit

# --- what is refused to a program in the same place
cat >"$HOST_ROOT/usr/local/bin/burglar" <<'X'
#!/usr/bin/python3
"""Tries what a broken daemon would; prints a word for each thing that worked."""
import ctypes, mmap, os, signal, socket

libc = ctypes.CDLL(None, use_errno=True)


def worked(word, attempt):
    try:
        attempt()
    except Exception:
        return
    print(word)


def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno())


def write(path):
    with open(path, "w") as file:
        file.write("x")
    os.unlink(path)


def setuid_file():
    write("/tmp/s")
    with open("/tmp/s", "w") as file:
        os.fchmod(file.fileno(), 0o4755)


worked("own-state", lambda: write(os.environ["STATE_DIRECTORY"].split(":")[0] + "/probe"))
worked("unix", lambda: socket.socket(socket.AF_UNIX))
worked("inet", lambda: socket.socket(socket.AF_INET))
worked("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
worked("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
worked("executable-memory", lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC))
worked("etc", lambda: write("/etc/probe"))
worked("usr", lambda: write("/usr/bin/probe"))
worked("home", lambda: os.listdir("/home/alice"))
worked("run", lambda: write("/run/probe"))
worked("userdb", lambda: write("/run/userdb/probe"))
worked("kernel-memory", lambda: open("/dev/mem", "rb"))
worked("kernel-log", lambda: open("/dev/kmsg", "rb"))
worked("kernel-setting", lambda: open("/proc/sys/kernel/core_pattern", "w"))
worked("others-secrets", lambda: open("/proc/1/environ", "rb").read())
worked("others-processes", lambda: os.stat("/proc/1"))
worked("namespace", lambda: call(libc.unshare(0x10000000)))
worked("mount", lambda: call(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)))
worked("clock", lambda: call(libc.settimeofday((ctypes.c_long * 2)(1, 1), None)))
worked("setuid-file", setuid_file)
worked("ptrace", lambda: call(libc.ptrace(16, os.getppid(), 0, 0)))
worked("setuid", lambda: os.setuid(1))
worked("real-time", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
print("done")
X
chmod 0755 "$HOST_ROOT/usr/local/bin/burglar"
# burgle UNIT: what works in the unit's place, in one line.
burgle() {
    local unit=$1 dropin=/run/systemd/system/$1.service.d/99-burglar.conf
    host_sh "mkdir -p ${dropin%/*}
        printf '%s\n' '[Service]' Type=oneshot Restart=no WatchdogSec=0 ExecStart= \
            ExecStart=/usr/local/bin/burglar StandardOutput=truncate:/root/loot >$dropin
        rm -f /root/loot
        systemctl daemon-reload
        systemctl restart $unit.service
        rm $dropin
        systemctl daemon-reload" >/dev/null 2>&1
    host_run cat /root/loot | tr '\n' ' '
}
host_run systemctl stop jitd.socket jit-grantd.socket jit-reconcile.timer jitd.service jit-grantd.service \
    >/dev/null 2>&1
check 'from jitd: its own state and the network, nothing else' \
    same "$(burgle jitd)" 'own-state unix inet done '
# Root's group sees all of /proc, though not what other processes hold.
for unit in jit-grantd jit-reconcile; do
    check "from $unit: its own state and the memberships, nothing else" \
        same "$(burgle "$unit")" 'own-state unix userdb others-processes done '
done
# It sees all files, homes and /tmp among them, and writes none but its own.
check 'from jit-leftovers: a sight of everything, and its own state' \
    same "$(burgle jit-leftovers)" 'own-state unix home done '
finish
