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
# Both numbers and both bare factors are printed. A machine that is busy with something else gives
# false ones now and then: an attack in which she was too slow is made a second time, and a third; what
# jit does to her it does each time. An attack that did nothing proves nothing, so each must have done
# so much of what it does.
# Runs alone: it measures.
# Runs once.
set -euo pipefail
cd "$(dirname "$0")"
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
host_run /usr/local/bin/watch-daemons >"$HOST_DIR/most" 2>&1 &
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

show() {
    printf '# %s: module %s ms (p90 %s, most %s), plain %s ms (p90 %s, most %s), factors %s and %s, %s pairs; %s\n' \
        "$1" "$module" "$module_p90" "$module_most" "$plain" "$plain_p90" "$plain_most" \
        "$(factor "$module" "$quiet_module")" "$(factor "$plain" "$quiet_plain")" "$pairs" "$2"
}
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
    local sentence=$1 floor=$2 user=$3 kind=$4 seconds=$5 number=${6:-} attacker try
    for try in 1 2 3; do
        host_as "$user" "ulimit -n 1000; exec neighbour $kind $seconds $number" >"$HOST_DIR/$kind" 2>&1 &
        attacker=$!
        children+=("$attacker")
        patiently sleep 1
        times "$((seconds - 2))" 12
        wait "$attacker" || true
        show "$kind" "$(tail -n 1 "$HOST_DIR/$kind")"
        ! is_fast_enough || break
    done
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
attack 'five hundred sudos of one who may not' 200 mallory sudos 10 500
attack 'five hundred sudos with terminals of a requester' 30 dave terminals 10 500
attack 'five hundred jitctl requests of a requester' 100 dave requests 8 500
attack 'records that look like ours' 1000 mallory journal 4 5000


# --- two users, everything at once
together() {
    local both user rest one
    local -a attackers=()
    : >"$HOST_DIR/together"
    for both in 'mallory connects 6 2' 'mallory descriptors 6 200' 'bob connects 6' 'bob deaf 6' \
        'dave garbage 6' 'mallory silent 6' 'dave calls 6'; do
        read -r user rest <<<"$both"
        host_as "$user" "ulimit -n 1000; exec neighbour $rest" >>"$HOST_DIR/together" 2>&1 &
        attackers+=("$!")
        children+=("$!")
    done
    patiently sleep 1
    times 4 12
    for one in "${attackers[@]}"; do wait "$one" || true; done
    show together "$(grep -c ': [0-9]' "$HOST_DIR/together") attacks"
}
together
is_fast_enough || together
is_fast_enough || together
check 'everything at once, by three users: her sudo keeps its speed' is_fast_enough
check 'and none of hers is refused, or stalls' eval 'same "$refused" 0 && has_no_stall'

# --- what it cost
host_sh '>/run/watch-end'
wait "$watcher"
while read -r program kb fds tasks; do
    printf '# %s: at most %s kB, %s descriptors, %s threads\n' "$program" "$kb" "$fds" "$tasks"
    case $program in
    jitd) jitd_most_kb=$kb jitd_most_fds=$fds ;;
    jit-grantd) grantd_most_kb=$kb ;;
    esac
done <"$HOST_DIR/most"
check "jitd never held more than $most_memory_kb kB" [ "$jitd_most_kb" -le "$most_memory_kb" ]
check "and never more than $most_fds descriptors" [ "$jitd_most_fds" -le "$most_fds" ]
check "jit-grantd never held more than $most_memory_kb_root kB" \
    [ "$grantd_most_kb" -le "$most_memory_kb_root" ]
is_back() { [ "$(jitd_fds)" -le "$((idle_fds + 2))" ] && [ -z "$(host_run pgrep -P "$pid")" ]; }
check 'afterwards jitd has its idle number of descriptors, and no child' eventually 15 is_back
printf '# jitd: idle %s kB, now %s kB\n' "$idle_kb" "$(jitd_kb)"
check 'and little more than its idle memory' [ "$(jitd_kb)" -le "$((idle_kb + 24576))" ]
check 'it is the same process' same "$(main_pid)" "$pid"
check 'no unit of ours was restarted' same 00 \
    "$(host_run systemctl show -P NRestarts jitd.service jit-grantd.service | tr -d '\n')"
check 'none has failed' same "$(host_run systemctl list-units --failed --plain --no-legend 'jit*')" ''
check 'nobody is left' eventually 20 fails host_run pgrep -u mallory,dave,bob

# --- what was let in, and what was written
rows() { host_run sqlite3 /var/lib/jit/jit.db "SELECT count(*) FROM audit WHERE $1"; }
check 'no grant but hers' same "$(rows "event = 'granted'") $(rows "event = 'granted' AND record LIKE '%\"alice\"%'")" '1 1'
check 'no membership but hers' same "$(host_sh 'ls /run/userdb')" alice:jit-web.membership
check 'mallory is told no' exits 1 host_as mallory 'sudo -n id'
minutes=$(((SECONDS - began) / 60 + 2))
at_most() { printf '# %s of at most %s\n' "$1" "$2" && [ "$1" -le "$2" ]; }
for user in mallory dave bob; do
    check "refusals of $user in the ledger: 21 a minute at most" \
        at_most "$(rows "event = 'refused' AND record LIKE '%\"$user\"%'")" $((21 * minutes))
    check "requests of $user: 30 in five minutes at most" \
        at_most "$(rows "event = 'requested' AND record LIKE '%\"$user\"%'")" 30
done
check 'uses of alice: 61 a minute at most' at_most "$(rows "event = 'used'")" $((61 * minutes))
check 'the ledger is small' \
    at_most "$(host_sh 'du -sk /var/lib/jit | cut -f 1')" 8192
check 'and whole' host_sh '[ "$(sqlite3 /var/lib/jit/jit.db "PRAGMA integrity_check")" = ok ]'
lines=$(host_run journalctl -q -b _SYSTEMD_UNIT=jitd.service -o cat | wc -l)
check "jitd's lines in the journal are those of the ledger and few more" \
    at_most "$lines" $(($(rows 1) + 20))

# --- records that look like ours
journal() { host_run journalctl -q -b -o cat "$@" | grep -c . || true; }
check 'mallory wrote records of a grant' [ "$(journal JIT_USER=mallory JIT_EVENT=granted)" -gt 0 ]
check 'which the unit tells from ours' same "$(journal -u jitd JIT_USER=mallory JIT_EVENT=granted)" 0
check 'by a pattern, too' same "$(journal -u 'jit*' JIT_USER=mallory JIT_EVENT=granted)" 0

# --- his files
cat >"$HOST_ROOT/usr/local/bin/squat" <<'X2'
#!/bin/bash
# Tries to place, replace or remove something in each folder given; prints each that let him.
tried=0
for dir; do
    tried=$((tried + 1))
    mkdir "$dir/squat" 2>/dev/null && echo "made a folder in $dir"
    (: >"$dir/squat") 2>/dev/null && echo "made a file in $dir"
    ln -s /etc/shadow "$dir/squat-link" 2>/dev/null && echo "made a link in $dir"
    mkfifo "$dir/squat-fifo" 2>/dev/null && echo "made a fifo in $dir"
    mv "$dir" "$dir.gone" 2>/dev/null && echo "moved $dir"
    for file in "$dir"/* "$dir"/.[!.]*; do
        [ -e "$file" ] || [ -L "$file" ] || continue
        rm -rf "$file" 2>/dev/null && echo "removed $file"
        ln "$file" "/tmp/squat-$RANDOM" 2>/dev/null && echo "linked $file"
        [ -S "$file" ] || { (: >>"$file") 2>/dev/null && echo "wrote $file"; }
    done
done
echo "tried $tried"
X2
chmod 0755 "$HOST_ROOT/usr/local/bin/squat"
ours='/run/jit /run/jit-grantd /run/userdb /var/lib/jit /var/lib/jit-grantd /var/lib/jit-grantd/grants'
ours+=' /etc/jit /etc/jit/policy.d /usr/libexec/jit'
check 'mallory can place, replace or remove nothing of ours' same "$(host_as mallory "squat $ours")" 'tried 9'
check 'nobody else can write what is ours' same \
    "$(host_sh "find $ours ! -type l ! -type s -perm /022")" ''
check 'all of it is of root, or of jit in its one folder' same \
    "$(host_sh "find $ours ! -user root ! -path '/var/lib/jit' ! -path '/var/lib/jit/*' ! -type s")" ''
check 'ledgers can be read by nobody else' same \
    "$(host_sh 'stat -c %a /var/lib/jit /var/lib/jit-grantd | sort -u')" 700
check 'the sockets have the modes that they should have' same \
    "$(host_sh 'stat -c %a:%U /run/jit/io.jitd.Elevation /run/jit/io.jitd.Elevation.root \
        /run/jit-grantd/io.jitd.Grant' | tr '\n' ' ')" '666:root 600:root 600:jit '
for path in /run/jit/io.jitd.Elevation.root /run/jit-grantd/io.jitd.Grant; do
    check "$path is not for mallory" says 'Permission denied' host_as mallory \
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"$path\")'"
done

# --- his environment, his names, his command lines
cat >"$HOST_ROOT/usr/local/bin/fake-jitd" <<'X2'
#!/usr/bin/python3
# Says yes to whoever asks, at the path given.
import os, socket, sys
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1])
listening.listen(9)
while True:
    near = listening.accept()[0]
    near.recv(65536)
    near.send(b'{"parameters":{"verdict":"live","role":"web","grant":"0123456789abcdef"}}\0')
X2
chmod 0755 "$HOST_ROOT/usr/local/bin/fake-jitd"
cat >"$HOST_ROOT/usr/local/bin/tricks" <<'X2'
#!/bin/bash
# Each must end in a refusal; prints what did not.
cd "$(mktemp -d)"
mkdir -p run/jit run/userdb
fake-jitd run/jit/io.jitd.Elevation & fake=$!
trap 'kill $fake' EXIT
ln -s /etc/shadow "$XDG_RUNTIME_DIR/jit" 2>/dev/null
mkfifo "$XDG_RUNTIME_DIR/io.jitd.Elevation" 2>/dev/null
printf '{}\n' >run/userdb/mallory:jit-web.membership
tried=0
try() { local said; tried=$((tried + 1)); said=$("$@" 2>/dev/null </dev/null) && printf 'let in: %.200s\n' "$*: $said"; }
for name in JIT_SOCKET JITD_SOCKET SOCKET VARLINK_ADDRESS LISTEN_FDS NOTIFY_SOCKET; do
    try env "$name=$PWD/run/jit/io.jitd.Elevation" timeout 10 sudo -n id
done
try env TMPDIR="$PWD" HOME="$PWD" XDG_RUNTIME_DIR="$PWD/run" XDG_CONFIG_HOME="$PWD" timeout 10 sudo -n id
try env LD_PRELOAD="$PWD/evil.so" LD_LIBRARY_PATH="$PWD" LD_AUDIT="$PWD/evil.so" timeout 10 sudo -n id
try env SUDO_USER=alice USER=alice LOGNAME=alice SUDO_UID=1001 timeout 10 sudo -n id
try env -i /usr/bin/timeout 10 /usr/bin/sudo -n id
try timeout 10 bash -c 'exec -a "root sudo --" sudo -n id'
try timeout 10 bash -c 'exec -a "" sudo -n id'
try timeout 10 bash -c 'exec -a "$(printf "\033[2Jsudo\nJIT_EVENT=granted\n")" sudo -n id'
try timeout 10 sudo -n id "$(head -c 120000 /dev/zero | tr '\0' x)"
try timeout 10 bash -c 'ulimit -n 3; exec sudo -n id'
try timeout 10 bash -c 'ulimit -v 20000; exec sudo -n id'
try timeout 10 bash -c 'ulimit -f 0; exec sudo -n id'
try timeout 10 bash -c 'exec sudo -n id 0<&- 2>&-'
try timeout 10 bash -c 'trap "" HUP INT TERM PIPE CHLD; exec sudo -n id'
try env JIT_SOCKET="$PWD/run/jit/io.jitd.Elevation" HOME="$PWD" timeout 10 jitctl request web
try timeout 10 jitctl drop web
try timeout 10 jitctl revoke --all
try timeout 10 jitctl list --all
echo "tried $tried"
X2
chmod 0755 "$HOST_ROOT/usr/local/bin/tricks"
check 'no environment, name or limit of his lets him in' same "$(host_as mallory tricks)" 'tried 23'
check "alice's grant is as it was" host_as alice 'sudo -n /usr/bin/true'

# --- before there is anything of ours, and after
host_sh 'sed -i "/pam_jit/d" /etc/pam.d/sudo /etc/pam.d/sudo-i'
host_apt purge jitd libpam-jit >"$HOST_DIR/purge.log" 2>&1 || tail -n 20 "$HOST_DIR/purge.log"
check 'where ours were, mallory can make nothing' same "$(host_as mallory '
    for path in /run/jit /run/jit-grantd /run/userdb /var/lib/jit /var/lib/jit-grantd /etc/jit; do
        mkdir -p $path/squat 2>/dev/null && echo $path; ln -s /tmp $path 2>/dev/null && echo $path; done; true')" ''
finish
