#!/bin/bash
# Whether it is the provider: its configuration, its keys, its certificate, the clocks; and what is left
# of a sign-in when the daemon dies over it. 25-provider-faults.sh has what it answers to sign-ins.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
. tests/system/lib/crashes.sh
. tests/system/lib/faults.sh

found=(found-{html,nojson,types,half,issuer,token,keys,redirect,big,endless,400,503,cut,hung,mended,left})
keyed=(keyed-{503,html,none,twice,redirect,endless,hung,mended})
faults_host once cached mid beside rolled{1,2,3} down anew again "${found[@]}" "${keyed[@]}" tls-{authority,date,name,old} \
    tenant-none tenant-other clock-{jump,ahead,behind,minute} killed-{token,grant} after
logs=$HOST_DIR/traces
mkdir "$logs"
makes_no_sense="the identity provider's answer makes no sense"
unreachable="the identity provider can't be reached"
registration="refuses this host's registration"

# --- its configuration, which is asked for first
# found_is_refused PERSON SENTENCE KIND STATUS PATTERN [TRIES [MOST]]
found_is_refused() {
    check "the configuration, $2: denied" spoilt "$1" discovery "$3" 9 "$4" "$5"
    # curl itself sends once more what a connection that was there before has lost.
    check "after ${6:-1} look${6:+s}" is_within "$(asked discovery)" "${6:-1}" "${7:-${6:-1}}"
    provider reset >/dev/null
}
asked_again='does not answer; it is asked again in'
found_is_refused found-html 'a page of HTML' html 3 "$makes_no_sense"
found_is_refused found-nojson 'malformed JSON' not_json 3 "$makes_no_sense"
found_is_refused found-types 'members of the wrong type' wrong_types 2 'names another issuer'
found_is_refused found-half 'without a token endpoint' unset:token_endpoint 2 'lacks an endpoint'
found_is_refused found-issuer 'another issuer' \
    'set:issuer:"https://login.microsoftonline.com/common/v2.0"' 2 'names another issuer'
found_is_refused found-token 'a token endpoint elsewhere' \
    'set:token_endpoint:"https://evil.example/token"' 2 'not https on the provider.s own host'
found_is_refused found-keys 'keys elsewhere' \
    'set:jwks_uri:"https://graph.microsoft.com/keys"' 2 'not https on the provider.s own host'
found_is_refused found-redirect 'a redirect' redirect 3 "$makes_no_sense"
found_is_refused found-big '100 MiB' bigbody 3 "$makes_no_sense"
found_is_refused found-endless 'a body without end' endless 3 "$makes_no_sense"
found_is_refused found-400 '400' status:400 2 "$registration"
found_is_refused found-503 '503' status:503 3 "$unreachable" 3
check 'who waits was told each time' same "$(grep -c "$asked_again" "$replies/found-503")" 2
check 'with a pause before each look' is_within "$(took_ms found-503)" 3000 8000
found_is_refused found-cut 'a connection that is cut' close 3 "$unreachable" 3 4
found_is_refused found-hung 'an answer that hangs' hang:600 3 "$unreachable" 3
check 'for no longer than three requests and two pauses may take' is_within "$(took_ms found-hung)" 21000 25000
provider fault endpoint=discovery kind=hang:600 count=9 >/dev/null
left_by() { as found-left timeout -k 5 --preserve-status -s INT 2 jitctl request web; }
left() {
    local status=0
    left_by || status=$?
    same "$status" 5
}
check 'who is fed up leaves with Ctrl-C meanwhile' left
provider reset >/dev/null
restart_jitd
provider fault endpoint=discovery kind=close count=2 >/dev/null
begin_with_code found-mended
sign_in found-mended
check 'the configuration, two connections that are cut: granted nevertheless' granted found-mended
check 'after three looks' same "$(asked discovery)" 3
provider reset >/dev/null
restart_jitd

# --- its keys
# keyed_is_refused PERSON SENTENCE KIND [PATTERN]: while there is no key in memory.
keyed_is_refused() {
    provider fault endpoint=keys "kind=$3" count=-1 >/dev/null
    begin_with_code "$1"
    sign_in "$1"
    check "no key yet, and $2: denied" refused "$1" 3 "${4:-$makes_no_sense}"
    check 'no redirect was followed' same "$(asked redirected)" ''
    provider reset >/dev/null
}
web() {
    nsenter --target "$HOST_PID" --net -- curl -sSf --noproxy '*' --max-time 10 --cacert "$HOST_DIR/ca/ca.pem" \
        --resolve login.microsoftonline.com:443:127.0.0.1 "https://login.microsoftonline.com/$1"
}
twice=$(web 6f1c0000-0000-4000-8000-000000000001/discovery/v2.0/keys |
    python3 -c 'import json, sys
key = json.load(sys.stdin)["keys"][0]
del key["x5c"]
print(json.dumps([key, key]))')
keyed_is_refused keyed-503 503 status:503 "$unreachable"
keyed_is_refused keyed-html 'a page of HTML' html
keyed_is_refused keyed-none 'an empty list' 'set:keys:[]'
keyed_is_refused keyed-twice 'a list with one kid twice' "set:keys:$twice"
keyed_is_refused keyed-redirect 'a redirect' redirect
keyed_is_refused keyed-endless 'a body without end' endless
keyed_is_refused keyed-hung 'an answer that hangs' hang:600 "$unreachable"
check 'the wait for keys is told, too' grep -q "$asked_again" "$replies/keyed-hung"
provider fault endpoint=keys kind=status:503 count=2 >/dev/null
begin_with_code keyed-mended
sign_in keyed-mended
check 'no key yet, and 503 twice: granted nevertheless' granted keyed-mended

begin_with_code once
sign_in once
check 'with the keys there again: granted' granted once
keys_before=$(asked keys)
provider fault endpoint=keys kind=status:503 count=-1 >/dev/null
begin_with_code cached
sign_in cached
check 'the keys are down, and known: granted' granted cached
check 'they were not asked for' same "$(asked keys)" "$keys_before"
discovered=$(asked discovery)

keys_are_there() { [ "$(asked keys)" -gt "$keys_before" ]; }
provider reset >/dev/null
begin_with_code mid
begin_with_code beside
keys_before=$(asked keys)
provider rotate >/dev/null
provider fault endpoint=keys kind=status:503 >/dev/null
sign_in mid
sign_in beside
check 'a new key in the middle of a sign-in: granted' granted mid
check 'and in that of another one' granted beside
check 'after one look, and one that was lost' same "$(asked keys)" "$((keys_before + 2))"
provider rotate >/dev/null
for one in rolled1 rolled2 rolled3; do
    begin_with_code "$one"
    sign_in "$one"
done
for one in rolled1 rolled2 rolled3; do
    check 'another one within five minutes: denied' refused "$one" 3 'not accepted \(unknown-key\)' 1
done
check 'without another look' same "$(asked keys)" "$((keys_before + 2))"

restart_jitd
keys_before=$(asked keys)
begin_with_code anew
eventually 10 keys_are_there
keys_before=$(asked keys)
provider fault endpoint=keys kind=status:503 count=-1 >/dev/null
provider rotate >/dev/null
sign_in anew
check 'a new key that the keys are down for: denied' refused anew 3 'not accepted \(unknown-key\)' 1
check 'after three looks' same "$(asked keys)" "$((keys_before + 3))"
provider reset >/dev/null
begin_with_code again
sleep 6 # the first pause after a look in vain is 5 s
sign_in again
check 'soon after they are back: granted' granted again
check 'after one more look' same "$(asked keys)" 1
restart_jitd

# --- its certificate: servers that are not quite it
# Each has an address of its own, to which /etc/hosts leads.
sh "$top/tests/entra/make-ca" "$HOST_DIR/ca2"
# certificate NAME HOST DAYS: of the authority that the host trusts.
certificate() {
    local dir=$HOST_DIR/ca
    printf 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:%s\n' "$2" >"$dir/ext"
    openssl req -new -key "$dir/server.key" -subj "/CN=$2" -out "$dir/csr" 2>/dev/null
    openssl x509 -req -in "$dir/csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -set_serial "0x$(openssl rand -hex 12)" \
        -sha256 -days "$3" -extfile "$dir/ext" -out "$dir/$1.pem" 2>/dev/null
}
certificate date login.microsoftonline.com 0
certificate name login.example.org 30
# serve ADDRESS CERTIFICATE KEY [OPTION]...
serve() {
    local address=$1 chain=$2 key=$3
    shift 3
    setpriv --pdeathsig TERM nsenter --target "$HOST_PID" --net -- openssl s_server -accept "$address:443" \
        -cert "$chain" -key "$key" -www -quiet "$@" >"$HOST_DIR/tls.$address" 2>&1 </dev/null {HOST_LOCK}>&- &
    children+=("$!")
    eventually 10 says "$address:443" host_run ss -ltn
}
serve 127.0.0.2 "$HOST_DIR/ca2/server.pem" "$HOST_DIR/ca2/server.key"
serve 127.0.0.3 "$HOST_DIR/ca/date.pem" "$HOST_DIR/ca/server.key"
serve 127.0.0.4 "$HOST_DIR/ca/name.pem" "$HOST_DIR/ca/server.key"
serve 127.0.0.5 "$HOST_DIR/ca/server.pem" "$HOST_DIR/ca/server.key" -tls1_1 -cipher 'DEFAULT:@SECLEVEL=0'
lead_to() {
    sed -i "s/^[0-9.]* login.microsoftonline.com$/$1 login.microsoftonline.com/" "$HOST_ROOT/etc/hosts"
    restart_jitd
}
# tls_is_refused PERSON ADDRESS SENTENCE PATTERN
tls_is_refused() {
    lead_to "$2"
    begin "$1"
    check "$3: denied, and it says so" refused "$1" 3 "$4"
    check 'that the provider failed is on record' recorded "$1" '"event":"provider-error"'
}
tls_is_refused tls-authority 127.0.0.2 'a certificate of another authority' \
    'TLS certificate is not trusted.*authority'
tls_is_refused tls-date 127.0.0.3 'an expired certificate' 'TLS certificate is not trusted.*expired'
tls_is_refused tls-name 127.0.0.4 'a certificate for another name' 'TLS certificate is not trusted.*name'
tls_is_refused tls-old 127.0.0.5 'TLS 1.1' 'not trusted.*TLS 1\.1'
check 'the old one does speak TLS 1.1' says 'TLSv1\.1' nsenter --target "$HOST_PID" --net -- sh -c \
    'openssl s_client -connect 127.0.0.5:443 -tls1_1 -cipher DEFAULT:@SECLEVEL=0 </dev/null 2>&1'
lead_to 127.0.0.1

# --- its tenant
of_tenant() {
    sed -i "s/^tenant .*/tenant = \"6f1c0000-0000-4000-8000-00000000000$1\"/" "$HOST_ROOT/etc/jit/jitd.toml"
    restart_jitd
}
of_tenant 9
begin tenant-none
check 'a tenant that is not there: denied, as configuration' refused tenant-none 2 "$registration"
of_tenant 2
begin tenant-other
check 'a tenant that does not know us: denied, as configuration' \
    refused tenant-other 2 "$registration.*unknown or disabled in this tenant"
of_tenant 1

# --- the clock jumps during a sign-in
# Containers have the machine's clock, which is not ours to set: jitd alone sees another one, by a library
# that is loaded before libc. Its timers are the kernel's own and stay what they are.
"${CC:-cc}" -shared -fPIC -O1 -o "$HOST_ROOT/usr/lib/clock-ahead.so" -xc - <<'C'
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *t)
{
    const int result = (int)syscall(SYS_clock_gettime, clock, t);
    const int kept = errno;
    const int fd = clock == CLOCK_REALTIME ? open("/run/clock-ahead", O_RDONLY | O_CLOEXEC) : -1;
    char text[24] = {0};
    if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
        t->tv_sec += atol(text);
    if (fd >= 0)
        close(fd);
    errno = kept;
    return result;
}
C
host_sh 'mkdir -p /run/systemd/system/jitd.service.d
    printf "[Service]\nEnvironment=LD_PRELOAD=/usr/lib/clock-ahead.so\n" \
        >/run/systemd/system/jitd.service.d/90-clock.conf
    systemctl daemon-reload'
clock_ahead() { host_sh "echo $1 >/run/clock-ahead"; }
clock_ahead 0
restart_jitd
provider lifetime code_lifetime=8 >/dev/null
begin_with_code clock-jump
clock_ahead 3600
sleep 3
clock_ahead -3600
check 'an hour ahead, then two back: timed out' refused clock-jump 4 "nobody signed in before the code's end"
check "at the code's own end" is_within "$(took_ms clock-jump)" 7500 12000
check 'jitd did see the jump' recorded clock-jump "\"time\":\"$(date -u -d '1 hour ago' +%FT%H):"
provider lifetime code_lifetime=900 >/dev/null
# jumped PERSON SECONDS: signed in after the jump.
jumped() {
    clock_ahead 0
    begin_with_code "$1"
    clock_ahead "$2"
    sign_in "$1"
}
jumped clock-ahead 5400
check 'a jump of 90 minutes ahead, then a sign-in: denied' refused clock-ahead 3 'not accepted \(expired\)' 1
jumped clock-behind -5400
check 'a jump of 90 minutes back: denied' refused clock-behind 3 'not accepted \(not-yet-valid\)' 1
jumped clock-minute 60
check 'a jump of a minute, which is inside the skew: granted' granted clock-minute 1
host_sh 'rm /run/systemd/system/jitd.service.d/90-clock.conf /run/clock-ahead && systemctl daemon-reload'
restart_jitd

# --- killed between the token and the grant
# killed PERSON LABEL: jitd, when it is about to take the step.
killed() {
    local told=yes
    begin_with_code "$1"
    arm "$(find_daemon jitd)" before "$2"
    sign_in "$1"
    ended "$1" 3 'jitd' || told=no
    disarm
    same "$told" yes && same "$was_hit" "killed before $2" && find_daemon jitd >/dev/null
}
closed() { recorded "$1" '"event":"cancelled"' && fails has_membership "$1" && fails recorded "$1" '"event":"granted"'; }
check 'killed when the token is judged: who waits is told' killed killed-token 'tell the journal signed-in'
check 'killed when the helper is to be called: who waits is told' killed killed-grant 'call the helper Grant'
check 'the first has no grant after the restart' eventually 10 closed killed-token
check 'nor has the second' eventually 10 closed killed-grant
sleep 1
check 'nor later' closed killed-grant
check 'their tokens are not on the disk' no_secret_is_left 40
begin_with_code after
sign_in after
check 'and a grant can be had' granted after

# --- its memory is nobody else's
pid=$(jitd_pid)
as_jit() { host_run setpriv --reuid jit --regid jit --clear-groups --inh-caps=-all "$@"; }
traced() {
    as_jit python3 -c 'import ctypes, sys
sys.exit(ctypes.CDLL(None).ptrace(0x4206, int(sys.argv[1]), 0, 0) != 0)' "$1"
}
check 'jitd belongs to root in /proc' same "$(host_run stat -c %U "/proc/$pid/environ")" root
check 'its own user can not trace it' fails traced "$pid"
for file in environ mem maps; do
    check "nor read its $file" fails as_jit head -c 1 "/proc/$pid/$file"
done
as_jit sleep 60 &
children+=("$!")
sleeper() { host_run pgrep -u jit -x sleep; }
eventually 5 sleeper
check 'though that of another process of the user it can' as_jit head -c 1 "/proc/$(sleeper)/environ"
check 'it may write no core' says '^Max core file size +0 +0 ' host_run cat "/proc/$pid/limits"
host_run kill -SEGV "$pid"
check 'and when it crashes it writes none' eventually 10 says 'code=killed, status=11/SEGV' \
    host_run journalctl -q -o cat -u jitd
check 'nor does anybody for it' same "$(host_sh 'find / -xdev \( -name "core" -o -name "core.*" \) -type f -newer /root/search
    ls /var/lib/systemd/coredump 2>/dev/null')" ''
check 'no code or token lies anywhere' no_secret_is_left 40
finish
