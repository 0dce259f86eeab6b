#!/bin/bash
# A hostile local user beside one who has a live grant: her sudo keeps its speed, nothing is let in,
# memory and records stay capped.
#
# What is promised is "within a factor of two of the quiet host". Attackers also take processor time
# of their own, which slows everything on a small machine, with jit or without it, and which an
# administrator caps with the slices of the users, not with jit. So alice's sudo is timed in pairs,
# through the module and through a PAM stack without it, which has the same program, the same rule
# and the same moment. What the attack does to the second is the machine's share, and the first may
# take twice its quiet time on top of that share and no more:
#
#     module(attack) <= 2 * module(quiet) * max(1, plain(attack) / plain(quiet))
#
# Both numbers and both bare factors are printed. An attack that did nothing proves nothing, so each
# must have done so much of what it does.
set -euo pipefail
cd "$(dirname "$0")"
. lib/cleanup.sh
. lib/host.sh
. lib/report.sh
. lib/story.sh

most_memory_kb=65536   # of jitd, at its highest; its unit has MemoryMax=256M
most_memory_kb_root=49152
most_fds=700           # 512 connections, and what it holds anyway
dave_oid=da7e0000-0000-4000-8000-000000000004

story_boot
# mallory may everything by sudo's rules, without a password: the module alone is in his way.
chroot "$HOST_ROOT" sh -ec '
    useradd -m -s /bin/bash mallory
    useradd -m -s /bin/bash -G engineers dave
    cp /usr/bin/true /usr/local/bin/plain
    cp /etc/pam.d/sudo /etc/pam.d/sudo-plain
    cat >>/etc/sudoers.d/story
    visudo -cq' <<'X2'
mallory ALL=(ALL) NOPASSWD: ALL
alice ALL=(ALL) NOPASSWD: /usr/local/bin/plain
Defaults!/usr/local/bin/plain pam_service=sudo-plain
X2
install -m 0755 tests/system/neighbour.py "$HOST_ROOT/usr/local/bin/neighbour"
install -m 0755 tests/system/sudo_times.py "$HOST_ROOT/usr/local/bin/sudo_times"
story_install
story_configure
sed -i "s/^map = {/map = { dave = \"$dave_oid\",/" "$HOST_ROOT/etc/jit/jitd.toml"
host_run systemctl restart jitd.service

printf '%s\n' 'expect 10 enter code +(\S+)' 'run provider approve code=$M1 user=alice@contoso.com' \
    'expect 15 granted' 'exit 0' | host_tty alice 'jitctl request web --for 1h' >/dev/null

# --- what is watched throughout
cat >"$HOST_ROOT/usr/local/bin/watch-daemons" <<'X2'
#!/usr/bin/python3
# Until /run/watch-end exists: the most that jitd and jit-grantd held, kB and descriptors.
import os, subprocess, time
most = {"jitd": [0, 0, 0], "jit-grantd": [0, 0, 0]}
def field(pid, name):
    with open("/proc/%s/status" % pid) as status:
        return int(next(l for l in status if l.startswith(name)).split()[1])
while not os.path.exists("/run/watch-end"):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            program = os.path.basename(os.readlink("/proc/%s/exe" % pid))
            if program not in most or open("/proc/%s/cmdline" % pid).read().count("\0") != 1:
                continue
            now = [field(pid, "VmHWM"), len(os.listdir("/proc/%s/fd" % pid)), field(pid, "Threads")]
            most[program] = [max(pair) for pair in zip(most[program], now)]
        except (OSError, StopIteration):
            pass
    time.sleep(0.2)
for program, held in most.items():
    print(program, *held)
X2
chmod 0755 "$HOST_ROOT/usr/local/bin/watch-daemons"
main_pid() { host_run systemctl show -P MainPID jitd.service; }
jitd_fds() { host_sh "ls /proc/$pid/fd | wc -l"; }
jitd_kb() { host_sh "sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/$pid/status"; }
pid=$(main_pid)
idle_fds=$(jitd_fds) idle_kb=$(jitd_kb) began=$SECONDS
host_run watch-daemons >"$HOST_DIR/most" 2>&1 &
watcher=$!
children+=("$watcher")

# --- the measure
# times SECONDS PAIRS: sets module, module_p90, module_most, the same of plain, pairs, refused.
times() {
    local said
    said=$(host_as alice "sudo_times $1 $2")
    read -r _ module module_p90 module_most _ plain plain_p90 plain_most _ pairs _ refused <<<"$said"
}
factor() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }
times 10 20
quiet_module=$module quiet_plain=$plain
printf '# quiet: module %s ms (p90 %s), plain %s ms (p90 %s)\n' "$module" "$module_p90" "$plain" "$plain_p90"
check 'quiet, each of her sudos is allowed' same "$refused" 0

is_fast_enough() {
    awk "BEGIN { share = $plain / $quiet_plain; if (share < 1) share = 1
                 exit !($module <= 2 * $quiet_module * share) }"
}
# A stall shows in the slowest, not in the median.
has_no_stall() { awk "BEGIN { exit !($module_most <= 1000 + 2 * $plain_most) }"; }
did() { # did ATTACK FLOOR: it did at least so much, and showed nothing of root's
    cat "$HOST_DIR/$1"
    ! grep -q 'uid=0' "$HOST_DIR/$1" &&
        [ "$(sed -n "s/^$1: //p" "$HOST_DIR/$1" | tail -n 1)" -ge "$2" ]
}
# attack SENTENCE FLOOR USER ATTACK SECONDS [NUMBER]: while it goes on, alice is timed.
attack() {
    local sentence=$1 floor=$2 user=$3 kind=$4 seconds=$5 number=${6:-}
    host_as "$user" "ulimit -n 1000; exec neighbour $kind $seconds $number" >"$HOST_DIR/$kind" 2>&1 &
    local attacker=$!
    children+=("$attacker")
    patiently sleep 1
    times "$((seconds - 2))" 12
    wait "$attacker" || true
    printf '# %s: module %s ms (p90 %s, most %s), plain %s ms (p90 %s, most %s), factors %s and %s, %s pairs; %s\n' \
        "$kind" "$module" "$module_p90" "$module_most" "$plain" "$plain_p90" "$plain_most" "$(factor "$module" "$quiet_module")" \
        "$(factor "$plain" "$quiet_plain")" "$pairs" "$(tail -n 1 "$HOST_DIR/$kind")"
    check "$sentence: her sudo keeps its speed" is_fast_enough
    check 'and none of hers is refused, or stalls' eval 'same "$refused" 0 && has_no_stall'
    check 'and it did what it does, and got nothing' did "$kind" "$floor"
}

attack 'connections opened and closed' 2000 mallory connects 5 3
attack 'whole calls without end' 500 mallory calls 5 2
attack 'a byte a second' 16 mallory slow 5
attack 'silent connections, from many processes' 30 mallory silent 5 4
attack 'garbage' 200 mallory garbage 5 2
attack 'answers that nobody reads' 16 mallory deaf 5
attack 'descriptors passed along' 50 mallory descriptors 5 200
attack 'descriptors whose last close waits a minute' 20 mallory linger 5 60
attack 'everybody waits in connect' 500 mallory queue 5 300
attack 'five hundred sudos of one who may not' 200 mallory sudos 12 500
attack 'five hundred sudos with terminals of a requester' 30 dave terminals 12 500
attack 'five hundred jitctl requests of a requester' 100 dave requests 10 500
attack 'records that look like ours' 1000 mallory journal 4 5000

host_sh '>/run/watch-end'
wait "$watcher"
cat "$HOST_DIR/most"
printf '# idle %s kB %s fds; now %s kB %s fds\n' "$idle_kb" "$idle_fds" "$(jitd_kb)" "$(jitd_fds)"
host_run journalctl -q -u jitd -u jitd.socket -p warning -n 40 --no-pager
finish
