#!/bin/bash
# Each form of sudo, with a grant and without: what asks, what is refused at once, what goes on.
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
. tests/system/lib/sudo_forms.sh

story_host
defaults=$HOST_ROOT/etc/sudoers.d/forms
# sudoers LINE...: sudo's own settings, for what follows.
sudoers() {
    printf '%s\n' "$@" >"$defaults.new"
    chmod 0440 "$defaults.new"
    mv "$defaults.new" "$defaults"
    host_run visudo -cq
}
printf '#!/bin/sh\ntouch /tmp/askpass-ran\n' >"$HOST_ROOT/usr/local/bin/askpass"
printf '#!/bin/sh\necho changed >>"$1"\n' >"$HOST_ROOT/usr/local/bin/editor"
chmod 755 "$HOST_ROOT/usr/local/bin/askpass" "$HOST_ROOT/usr/local/bin/editor"
export_them='export SUDO_ASKPASS=/usr/local/bin/askpass SUDO_EDITOR=/usr/local/bin/editor'
printf '%s\n' "$export_them" >>"$HOST_ROOT/home/alice/.bashrc"
with_them() { printf '%s; %s' "$export_them" "$1"; }
# An answer that the typed line itself does not hold.
root='uid=0\(root\)'

# --- without a grant: with a terminal it asks, whatever its form
check 'sudo CMD' asks 'sudo id' "$root"
check 'sudo -i' asks 'sudo -i id' "$root"
check 'sudo -s' asks 'sudo -s id' "$root"
check 'sudo -i, a shell' asks 'sudo -i' 'root@web01.*# $' 'send id\r' "expect 5 $root" 'send exit\r'
check 'sudo -u another' asks 'sudo -u carol id' 'uid=[0-9]+\(carol\)'
sudoers 'Defaults listpw=always'
check 'sudo -l' asks 'sudo -l' 'may run the following'
sudoers '# as it comes'
check 'sudo -v' asks 'sudo -v && echo ok''ay' 'okay'
check 'sudo -S, whose password comes from a pipe' asks 'echo wrong | sudo -S id' "$root"
check 'sudo -A, which has a program for passwords' asks 'sudo -A id' "$root"
check 'that program was not run' fails host_run test -e /tmp/askpass-ran
check 'sudoedit' asks 'sudoedit /etc/motd; echo sta""tus $?' 'status 0'
check 'what was edited is there' says changed host_run cat /etc/motd
check 'with its output sent elsewhere' asks 'sudo id >/tmp/out 2>&1; cat /tmp/out' "$root"

# --- what is shown, and where
screen() {
    typed "send $1\\r" "${@:2}" 'expect 5 enter the code' 'send \x03' 'expect 5 \$ $' 'send \r'
}
check 'the command stands there as it was typed' \
    screen 'sudo -u carol /usr/bin/id -un' 'expect 5 jit: for the command  /usr/bin/id -un\r?$'
check 'and the address as a picture, where the terminal shows UTF-8' \
    screen 'LC_ALL=C.UTF-8 sudo id' 'expect 5 open https://\S+\r?\n█{29,}\r?\n██ ▄▄▄▄▄ '
check 'not where it shows less' screen 'LC_ALL=C sudo id' 'expect 5 open https://\S+\r?\njit: and'
check 'nor where it is narrow' \
    screen 'stty cols 79; LC_ALL=C.UTF-8 sudo id' 'expect 5 open https://\S+\r?\njit: and'

# --- and without one it is refused at once
check 'no terminal: sudo CMD' stays 'sudo id'
check 'no terminal: sudo -i' stays 'sudo -i id'
check 'no terminal: sudo -l' stays 'sudo -l'
check 'no terminal: sudo -v' stays 'sudo -v'
check 'no terminal: sudo -S' stays 'echo wrong | sudo -S id'
check 'no terminal: sudo -A' stays "$(with_them 'sudo -A id')"
check 'no terminal: sudoedit' stays "$(with_them 'sudoedit /etc/motd')"
check 'no terminal: NOPASSWD' stays 'sudo -n /usr/bin/true'
check 'no terminal: sudo -n' stays 'sudo -n id' 'a password is required'
no_code() {
    local before
    before=$(codes)
    typed "send $1\r" "expect 5 $2" 'expect 1 \$ $' 'send \r' && same "$(codes)" "$before"
}
check 'at a terminal too: sudo -n' no_code 'sudo -n id' 'a password is required'
check 'at a terminal too: NOPASSWD' no_code 'sudo /usr/bin/true' 'jitctl request web'
check 'at a terminal too: sudo -l of who has a rule with NOPASSWD' no_code 'sudo -l' 'jitctl request web'
check 'the program for passwords has not run' fails host_run test -e /tmp/askpass-ran

# --- Ctrl-C, Ctrl-\, Ctrl-Z, a terminal that goes away
for key in '\x03' '\x1c'; do
    check "sudo -i, and $key at its code: the shell is there at once" typed 'send sudo -i\r' \
        'expect 5 enter the code' 'mark key' "send $key" 'expect 5 \$ $' 'within 0.5 key' 'send \r'
done
check 'Ctrl-Z at the code: it stops, comes back, and goes on when it is approved' typed 'send sudo id\r' \
    'expect 5 enter the code +(\S+)' 'send \x1a' 'expect 5 Stopped' 'expect 5 \$ $' 'send fg\r' 'sleep 1' \
    'refuse enter the code' 'run provider approve code=$M1 user=alice@contoso.com' "expect 5 $root"
check 'drop' as alice jitctl drop web
printf '%s\n' 'expect 5 \$ $' 'send sudo id\r' 'expect 5 enter the code' >"$HOST_DIR/steps"
since=$(host_run date '+%F %T')
check 'the terminal is closed at the code' host_tty alice <"$HOST_DIR/steps"
check 'cancels the request' eventually 3 in_journal --since "$since" JIT_EVENT=cancelled JIT_USER=alice
sleep 1
since=$(host_run date '+%F %T')
check 'a sudo that is killed at its code' typed 'send sudo id\r' 'expect 5 enter the code' \
    "run nsenter --target $HOST_PID -a pkill -KILL -x sudo" 'expect 5 Killed'
check 'has its request cancelled, too' eventually 3 in_journal --since "$since" JIT_EVENT=cancelled JIT_USER=alice

# --- two in one pipeline, and tickets
pipeline() { asks 'sudo id | sudo cat' "$root"; }
check 'two sudos in one pipeline ask once' pipeline
sudoers 'Defaults timestamp_timeout=0'
check 'also where sudo keeps no ticket' pipeline
sudoers 'Defaults !use_pty'
check 'without a pty of its own' asks 'sudo id' "$root"
check 'without a pty of its own, Ctrl-C at the code' typed 'send sudo id\r' 'expect 5 enter the code' \
    'mark key' 'send \x03' 'expect 5 \$ $' 'within 0.5 key' 'send \r'
sudoers 'Defaults use_pty'
check 'with one' asks 'sudo id' "$root"
sudoers 'Defaults targetpw'
check "targetpw: sudo authenticates root, and alice's role is asked for" asks 'sudo id' "$root"
check 'targetpw, without a terminal' stays 'sudo id'
sudoers 'Defaults rootpw'
check 'rootpw' asks 'sudo -u carol id' 'uid=[0-9]+\(carol\)'
sudoers 'Defaults runaspw'
check 'runaspw' asks 'sudo -u carol id' 'uid=[0-9]+\(carol\)'
sudoers '# as it comes'

# --- with a grant none of them asks
request() { as alice jitctl request web 2>&1 | approve_codes alice@contoso.com; }
check 'with a grant' says granted request
for form in 'sudo id' 'sudo -i id' 'sudo -s id' 'sudo -S id </dev/null' 'sudo -A id'; do
    check "$form goes on" goes_on "$form" "$root"
done
check 'sudo -u another goes on' goes_on 'sudo -u carol id' 'uid=[0-9]+\(carol\)'
check 'sudo -n goes on where no password is wanted' goes_on 'sudo -n /usr/bin/true && echo ok""ay' okay
check 'sudo -l goes on' goes_on 'sudo -l' 'may run the following'
check 'sudo -v goes on' goes_on 'sudo -v && echo ok""ay' okay
check 'sudoedit goes on' goes_on 'sudoedit /etc/motd; echo sta""tus $?' 'status 0'
for form in 'sudo id' 'sudo -i id' 'sudo -S id </dev/null'; do
    check "$form goes on without a terminal" says "$root" host_as alice "$form"
done
check 'sudo -n goes on without a terminal' host_as alice 'sudo -n /usr/bin/true'
sudoers 'Defaults targetpw'
check 'sudo with targetpw goes on' goes_on 'sudo id' "$root"
sudoers '# as it comes'
check 'the audit has the command, for people to read' in_journal JIT_EVENT=used JIT_USER=alice JIT_COMMAND=id
finish
