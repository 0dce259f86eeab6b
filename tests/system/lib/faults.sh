# What tests of provider faults are made of: many persons, each with a request and a fault of its own,
# side by side. Sourced by bash scripts after cleanup.sh, host.sh, report.sh and story.sh.
#
#   faults_host PERSON...                 a host with these; each signs in as alice does
#   begin PERSON                          asks for the role, in the background
#   begin_with_code PERSON                the same, and waits until the code is shown
#   spoil PERSON KIND [COUNT]             the next answers to this person's polls go wrong
#   sign_in PERSON [VERB [NAME=VALUE]...] the person decides: approve, if nothing else is said
#   ended PERSON STATUS PATTERN           waits; the exit status and what was said
#   granted PERSON [POLLS]                it was, the membership is there, after so many polls
#   refused PERSON STATUS PATTERN [POLLS] it was, no membership is there, and it is on record
#   no_secret_is_left                     no code or token that was ever issued lies anywhere

tests=$top/tests/system

faults_host() {
    local one map=
    story_boot
    printf '%s\n' "$@" | chroot "$HOST_ROOT" sh -ec 'while read -r one; do
        useradd -M -s /bin/bash -G engineers "$one"
    done'
    story_install
    for one; do map+="$one = \"$alice_oid\", "; done
    story_config
    # The double makes keys for some tokens while jitd waits, on a machine that has other things to do.
    sed -i "s/^map = { /&$map/; s/^timeout .*/timeout = \"6s\"/" "$HOST_ROOT/etc/jit/jitd.toml"
    story_pam
    # What is said is kept, so that it can be searched.
    host_sh 'mkdir -p /var/log/journal && systemctl restart systemd-journald.service && journalctl --flush'
    story_provider
    host_run systemctl restart jitd.service
    replies=$HOST_DIR/replies
    mkdir "$replies"
}

jitd_pid() { host_run systemctl show -P MainPID jitd.service; }
restart_jitd() { host_run systemctl restart jitd.service; }
# What jitd holds in memory now, in KiB, and the most it ever held.
memory() { host_run sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$(jitd_pid)/status"; }

begin() {
    rm -f "$replies/$1" "$replies/$1".*
    (
        status=0
        start=${EPOCHREALTIME/./}
        as "$1" jitctl request web --json \
            >"$replies/$1" 2>&1 || status=$?
        printf '%s %s\n' "$status" "$(((${EPOCHREALTIME/./} - start) / 1000))" >"$replies/$1.took"
        mv "$replies/$1.took" "$replies/$1.end"
    ) {HOST_LOCK}>&- &
    children+=("$!")
}
code_of() { sed -n 's/.*enter code  *//p' "$replies/$1"; }
has_code_or_end() { [ -e "$replies/$1.end" ] || [ -n "$(code_of "$1")" ]; }
begin_with_code() {
    begin "$1"
    eventually 15 has_code_or_end "$1" || true # what is missing is seen at its end
}
spoil() { provider fault endpoint=token "kind=$2" "count=${3:-1}" "code=$(code_of "$1")" >/dev/null; }
sign_in() {
    local person=$1 verb=${2:-approve}
    shift "$(($# < 2 ? $# : 2))"
    [ "$verb" != approve ] || [ $# -gt 0 ] || set -- user=alice@contoso.com
    provider "$verb" code="$(code_of "$person")" "$@" >/dev/null
}

ended() {
    local status ms
    eventually 90 test -e "$replies/$1.end" || { cat "$replies/$1"; return 1; }
    read -r status ms <"$replies/$1.end"
    cat "$replies/$1"
    same "$status" "$2" && grep -Eq -e "$3" "$replies/$1" || return 1
    # A refusal is a line of its own, for people.
    [ "$status" -eq 0 ] || grep -q '^jitctl: ' "$replies/$1"
}
took_ms() { cut -d ' ' -f 2 "$replies/$1.end"; }
is_within() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || { printf '%s is not in %s to %s\n' "$@"; return 1; }; }
has_membership() { host_run test -e "/run/userdb/$1:jit-web.membership"; }
# flow PERSON MEMBER: what the provider saw of the person's flow.
flow() {
    provider state | python3 -c '
import json, sys
for flow in json.load(sys.stdin)["flows"]:
    if flow["code"] == sys.argv[1]:
        print(json.dumps(flow[sys.argv[2]]))' "$(code_of "$1")" "$2"
}
# So many since a fault was ordered for it, or somebody decided: what came before is no matter.
polled() { [ -z "${2:-}" ] || same "$(flow "$1" polls_since) polls" "$2 polls"; }
# asked ENDPOINT: how often the provider was asked there; nothing, where it never was.
asked() {
    provider state | python3 -c '
import json, sys
print(json.load(sys.stdin)["requests"].get(sys.argv[1], ""))' "$1"
}
# recorded PERSON PATTERN: a record of the person's in the ledger has it.
recorded() {
    local records
    records=$(host_run sqlite3 /var/lib/jit/jit.db \
        "SELECT record FROM audit WHERE json_extract(record, '\$.user') = '$1'")
    printf '%s\n' "$records" | grep -Eq -e "$2" || { printf 'no %s in:\n%s\n' "$2" "$records"; return 1; }
}

granted() {
    ended "$1" 0 '"state": "live"' && has_membership "$1" && recorded "$1" '"event":"granted"' &&
        polled "$1" "${2:-}"
}
refused() {
    local event='"event":"denied"'
    [ "$2" -ne 4 ] || event='"event":"timed-out"'
    ended "$1" "$2" "$3" && fails has_membership "$1" && recorded "$1" "$event.*$3" &&
        polled "$1" "${4:-}"
}
# One request with a fault of an endpoint that is asked before there is a code, from start to end.
#   spoilt PERSON ENDPOINT KIND COUNT, then as for refused
spoilt() {
    local person=$1
    provider fault endpoint="$2" "kind=$3" count="$4" >/dev/null
    shift 4
    begin "$person"
    refused "$person" "$@"
}

# --- secrets ------------------------------------------------------------------------------------------

# Pieces of each, so that what was cut short is found, too. An ID token's header is no secret.
secret_pieces() {
    provider secrets | python3 -c '
import json, sys
for secret in json.load(sys.stdin)["secrets"]:
    parts = secret.split(".")
    for part in parts[1:] if len(parts) == 3 else parts:
        if len(part) >= 64:
            print(part[16:48], part[-32:], sep="\n")'
}
# The journal is searched as text, too: its files are packed. Sockets and devices are left out.
search_host() {
    host_run bash -c 'journalctl --sync
        journalctl --all -o export >/root/search/journal
        journalctl --all -o json >/root/search/journal.json
        cat "/proc/$0/cmdline" "/proc/$0/environ" >/root/search/process || exit 2
        grep -rsalF -f /root/search.pieces /root/search /var /run /etc /tmp /home' "$(jitd_pid)"
}
jitd_is_up() { host_run systemctl is-active --quiet jitd.service; }
# no_secret_is_left LEAST: and there were so many pieces to look for at least.
no_secret_is_left() {
    local pieces status=0
    eventually 10 jitd_is_up
    mkdir -p "$HOST_ROOT/root/search"
    secret_pieces >"$HOST_ROOT/root/search.pieces"
    pieces=$(wc -l <"$HOST_ROOT/root/search.pieces")
    printf '%s pieces of codes and tokens\n' "$pieces"
    [ "$pieces" -ge "$1" ] || return 1
    search_host || status=$?
    same "$status" 1 || return 1
    ! grep -rlF -f "$HOST_ROOT/root/search.pieces" "$replies" || return 1
    # The search is worth something: what is there it finds.
    printf 'planted-%s-%s\n' "$RANDOM" "$EPOCHREALTIME" >"$HOST_ROOT/root/search.pieces"
    host_sh 'tee /run/planted </root/search.pieces | systemd-cat -t planted'
    same "$(search_host | grep -v ^/var/log/journal | sort | tr '\n' ' ')" \
        '/root/search/journal /root/search/journal.json /run/planted '
}
