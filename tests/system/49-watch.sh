#!/bin/bash
# Mode watch: the person activates a group in Entra, at the portal or the phone, and what waits here
# goes on by itself; what does not count says why; an end upstream is the end here. Nobody signs in.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

id_of() { sed -n "/^upn *= \"$1@/,/^oid/s/^oid *= \"\(.*\)\"/\1/p" "$HOST_DIR/users.toml"; }
web_group=9b000000-0000-4000-8000-000000000001
dba_group=9b000000-0000-4000-8000-000000000002
app=c1a50000-0000-4000-8000-000000000001

configure() { # further lines of [identity]
    cat >"$HOST_ROOT/etc/jit/jitd.toml" <<TOML
[identity]
tenant    = "6f1c0000-0000-4000-8000-000000000001"
client_id = "$app"
ca_file   = "/etc/jit/ca.pem"
timeout   = "3s"
skew      = "5s"
$(cat)

[users]
map = { alice = "$alice_oid", bob = "$bob_oid", hank = "$(id_of hank)" }
TOML
}
role() { # role NAME [LINE]: a line of the role; further ones of its approval on standard input
    host_run getent group "jit-$1" >/dev/null || host_run groupadd --system "jit-$1"
    cat >"$HOST_ROOT/etc/jit/policy.d/$1.toml" <<TOML
[role.$1]
groups       = ["jit-$1"]
requesters   = ["local-group:engineers"]
max_duration = "1h"
${2:-}
[role.$1.approval]
mode      = "watch"
pim_group = "$web_group"
$(cat)
TOML
}
asked() { # asked ENDPOINT: how often so far
    provider state | python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"].get(sys.argv[1], 0))' "$1"
}
# Has Graph read at once: a jitd that is started anew begins all polls anew.
look() {
    local before
    before=$(asked pim_instances)
    host_run systemctl restart jitd.service # a poll of its own would come within half a minute
    eventually 10 more_than "$before"
    sleep 0.3
}
look_on() { # its own next poll
    local before
    before=$(asked pim_instances)
    eventually 40 more_than "$before"
    sleep 0.3
}
more_than() { [ "$(asked pim_instances)" -gt "$1" ]; }

# begin NAME USER ROLE [VERB]: asks in the background.
begin() {
    (
        status=0
        as "$2" timeout 80 jitctl "${4:-request}" "$3" >"$replies/$1" 2>&1 || status=$?
        printf '%s\n' "$status" >"$replies/$1.end"
    ) {HOST_LOCK}>&- &
    children+=("$!")
    eventually 15 grep -q 'in Entra' "$replies/$1" || true # what is missing is seen later
}
token_of() { sed -n 's/.*, with \([0-9A-Z]*\) in the justification.*/\1/p' "$replies/$1" | head -n 1; }
said() { # said NAME PATTERN
    eventually 5 grep -Eq -e "$2" "$replies/$1" || { cat "$replies/$1"; return 1; }
}
has_ended() { [ -e "$replies/$1.end" ]; }
still_waits() { ! has_ended "$1" || { cat "$replies/$1"; return 1; }; }
got() { # got NAME STATUS PATTERN
    eventually 30 has_ended "$1"
    cat "$replies/$1"
    same "$(cat "$replies/$1.end")" "$2" && grep -Eq -e "$3" "$replies/$1"
}
portal() { provider "pim_$1" "user=$2@contoso.com" "group=${group:-$web_group}" "${@:3}" >/dev/null; }
newest() { tests/system/agreement "$HOST_PID" newest "$1"; }
recorded() { # recorded FIELD=VALUE...: in one record
    [ -n "$(host_run journalctl -q -o cat -u jitd "$@")" ]
}
is_no_member() { ! is_member "$@"; }

# --- the host, which has a certificate of its own
story_boot
story_install
story_config
chroot "$HOST_ROOT" usermod -a -G engineers bob
chroot "$HOST_ROOT" useradd -M -s /bin/bash -G engineers hank
story_pam
replies=$HOST_DIR/replies
mkdir "$replies"
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=web01 -days 30 \
    -keyout "$HOST_ROOT/etc/jit/host.key" -out "$HOST_ROOT/etc/jit/host.pem" 2>/dev/null
chmod 0644 "$HOST_ROOT/etc/jit/host.pem"
host_run chown jit:jit /etc/jit/host.key
certificate='credential  = "certificate"
certificate = "/etc/jit/host.pem"
key         = "/etc/jit/host.key"'
configure <<<"$certificate"
role web 'services = ["sudo"]' <<<''
role twin <<<''
role late <<<'window = "1h"
bind   = "none"'
host_run ip address add 169.254.169.254/32 dev lo
install -d -m 0755 "$HOST_ROOT/var/opt/azcmagent"
host_run groupadd --system himds
host_run install -d -m 2750 -g himds /var/opt/azcmagent/tokens
story_provider --imds 169.254.169.254:80 --arc 127.0.0.1:40342 \
    --arc-keys "$HOST_ROOT/var/opt/azcmagent/tokens"
provider register "client_id=$app" "certificate_file=$HOST_ROOT/etc/jit/host.pem" >/dev/null
provider pim_settings floor=0 >/dev/null
host_run systemctl restart jitd.service
export web_group

# --- the key
chmod 0604 "$HOST_ROOT/etc/jit/host.key"
host_run systemctl reload jitd.service
check 'a key that others may read: everything is denied' exits 2 as alice jitctl request web
check 'and systemd says what to do' says 'chmod 0600 /etc/jit/host.key' host_run systemctl status jitd.service
chmod 0600 "$HOST_ROOT/etc/jit/host.key"
host_run systemctl reload jitd.service

# --- somebody activates, and sudo goes on
begin bob bob web
begin again bob twin
as_a_person_does() {
    host_tty alice 'sudo id' <<'STEPS'
expect 20 with\s+([0-9A-Z]{9})\s+in\s+the\s+(?:jit:\s+)?justification: https://portal\.azure\.com/
run provider pim_activate user=alice@contoso.com group=$web_group "justification=INC-7 $M1" >/dev/null
mark activated
expect 20 uid=0
within 14 activated
exit 0
STEPS
}
check 'an activation with the code in its justification: sudo goes on by itself' as_a_person_does
check 'the membership is there' is_member alice jit-web
check 'it was seen by two or three lists for all who wait' \
    eval '[ "$(asked pim_instances)" -ge 2 ] && [ "$(asked pim_instances)" -le 5 ]'
check 'with one token of the host'\''s' eval '[ "$(asked host_token)" -le 3 ]'
check 'nobody was shown a code to sign in with' same "$(asked devicecode)" 0
check 'the approval is on record, as her own' \
    recorded "JIT_REQUEST=$(newest alice)" JIT_EVENT=approved "JIT_APPROVER_OID=$alice_oid"

# --- what does not count
check 'who is nobody in the map is refused at once' says 'nobody signs in' as carol jitctl request web
portal activate bob 'justification=with the code of somebody else BCDFGHJKM'
look
check 'a wrong code: does not count, and says why' said bob 'lacks the code'
portal revoke bob
portal activate bob "justification=$(token_of bob)" ago=1800 force=true
look
check 'older than the request: does not count, and says why' said bob 'older than this request'
portal revoke bob
portal assign bob
look
check 'a permanent member: does not count, and says why' said bob 'without an activation'
portal revoke bob || true
provider pim_activate user=hank@contoso.com "group=$web_group" "justification=$(token_of bob)" force=true >/dev/null
group=$dba_group portal activate bob "justification=$(token_of bob)" force=true
look
check 'somebody else'\''s, or another group'\''s: bob still waits' still_waits bob
check 'and is no member' is_no_member bob jit-web
host_run systemctl restart jitd.service
portal activate bob "justification=INC-8 $(token_of bob)" force=true
check 'jitd started anew: the same code counts' got bob 0 granted
look
check 'the same activation for a second request: does not count, and says why' said again 'has served another request'
# --- once more: only with another activation, which Entra gives nobody who is active
until_of() {
    host_run jitctl list --all --json | python3 -c '
import json, sys
print(*(g["until"] for g in json.load(sys.stdin)["grants"] if (g["user"], g["state"]) == (sys.argv[1], "live")))' "$1"
}
before=$(until_of alice)
begin longer alice web extend
portal revoke alice
portal activate alice "justification=INC-9 $(token_of longer)" force=true
look
check 'more time is had by an activation of its own, over a restart of jitd' got longer 0 'granted|it ended meanwhile'
check 'for the same grant' same "$(until_of alice | wc -w)" 1
check 'which lasts longer' eval '[[ $(until_of alice) > $before ]]'

begin other bob late
look
check 'nor without a code, within the window' said other 'has served another request'

# --- a window; Graph away
provider pim_revoke user=hank@contoso.com "group=$web_group" >/dev/null
portal activate hank justification=early ago=1800 force=true
provider fault endpoint=pim_instances kind=status:429:1 count=1 >/dev/null
provider fault endpoint=pim_instances kind=status:503 count=1 >/dev/null
begin late hank late
check 'within the window an earlier one counts, throttled and refused before' got late 0 granted

# --- the end upstream
begin never bob web extend
portal revoke bob
portal deactivate alice
look
check 'an activation that is missing once: the grant stays' is_member alice jit-web
look_on
check 'twice: it ends' eventually 5 is_no_member alice jit-web
check 'for whoever it was, before jitd was started anew as well' eventually 5 is_no_member bob jit-web
check 'who waits for more of it hears that' got never 4 'has ended; ask for the role again'
check 'on record as revoked' recorded JIT_EVENT=revoked JIT_RULE=watch JIT_USER=alice
check 'another person'\''s goes on' is_member hank jit-late

# --- nobody can look any more: five minutes are but a number to jitd, whose clock jumps, timers and all
"${CC:-cc}" -shared -fPIC -O1 -o "$HOST_ROOT/usr/lib/later.so" -xc - <<'C'
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
static char is_boottime[1024]; // by descriptor
static long later(void)
{
    char text[24] = {0};
    const int fd = open("/run/later", O_RDONLY | O_CLOEXEC);
    const long got = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    return got > 0 ? atol(text) : 0;
}
int clock_gettime(clockid_t clock, struct timespec *t)
{
    const int result = (int)syscall(SYS_clock_gettime, clock, t);
    if (clock == CLOCK_BOOTTIME)
        t->tv_sec += later();
    return result;
}
int timerfd_create(int clock, int flags)
{
    const int fd = (int)syscall(SYS_timerfd_create, clock, flags);
    if (fd >= 0 && fd < 1024)
        is_boottime[fd] = clock == CLOCK_BOOTTIME;
    return fd;
}
int timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *was)
{
    struct itimerspec set = *to;
    if (fd < 1024 && is_boottime[fd] && (flags & TFD_TIMER_ABSTIME) && set.it_value.tv_sec > later())
        set.it_value.tv_sec -= later();
    return (int)syscall(SYS_timerfd_settime, fd, flags, &set, was);
}
C
host_sh 'mkdir -p /run/systemd/system/jitd.service.d
    printf "[Service]\nEnvironment=LD_PRELOAD=/usr/lib/later.so\n" >/run/systemd/system/jitd.service.d/90-later.conf
    systemctl daemon-reload'
look
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=other -days 30 \
    -keyout "$HOST_DIR/other.key" -out "$HOST_DIR/other.pem" 2>/dev/null
provider register "client_id=$app" "certificate_file=$HOST_DIR/other.pem" >/dev/null
begin blind alice web
provider fault endpoint=pim_instances kind=status:401 count=1 >/dev/null
host_sh 'echo 301 >/run/later'
unwatched() { host_run journalctl -q -o cat -u jitd JIT_EVENT=unwatched JIT_RULE=watch JIT_USER=hank | wc -l; }
is_unwatched() { [ "$(unwatched)" -gt 0 ]; }
check 'the credential is taken back in Entra: a record says that nobody looks on' eventually 40 is_unwatched
check 'who waits is told why' said blind "does not accept this host's token"
check 'the grant goes on' is_member hank jit-late
check 'then what the credential lacks' eventually 40 grep -q certificate "$replies/blind"
check 'it is said once' same "$(unwatched)" 1
host_sh 'rm /run/systemd/system/jitd.service.d/90-later.conf /run/later; systemctl daemon-reload'
provider register "client_id=$app" "certificate_file=$HOST_ROOT/etc/jit/host.pem" >/dev/null

# --- the other credentials
host_sh 'mkdir -p /etc/systemd/system/jitd.service.d && cat >/etc/systemd/system/jitd.service.d/watch.conf' <<'X'
[Service]
LoadCredential=host-key:/etc/jit/host.key
SupplementaryGroups=himds
X
by() { # by ENDPOINT: alice gets the role with a token from there
    local before
    before=$(asked "$1")
    host_run systemctl daemon-reload
    host_run systemctl restart jitd.service
    begin "$1" alice web
    portal activate alice "justification=$(token_of "$1")"
    look
    got "$1" 0 granted && [ "$(asked "$1")" -gt "$before" ] && host_run jitctl revoke --user alice &&
        portal deactivate alice
}
chown 0:0 "$HOST_ROOT/etc/jit/host.key"
configure <<<"${certificate/\/etc\/jit\/host.key/host-key}"
check 'the key as a systemd credential' by host_token
configure <<<'credential = "imds"'
check 'a managed identity in Azure' by imds
configure <<<'credential = "arc"'
check 'a managed identity by Azure Arc' by arc
cancel_all() {
    local id
    for id in $(host_run jitctl list --all --json |
        python3 -c 'import json, sys; print(*(one["id"] for one in json.load(sys.stdin)["requests"]))'); do
        host_run jitctl cancel "$id"
    done
    [ -n "$id" ]
}
check 'what still waits can be cancelled' cancel_all
check 'to the end nobody was asked to sign in' same "$(asked devicecode)" 0
check 'everything agrees' tests/system/agreement "$HOST_PID"
finish
