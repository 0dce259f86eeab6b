# The host of the tests and of the demonstration: jit installed and configured, people, a provider.
# Sourced first: it brings cleanup.sh, host.sh and report.sh.
#
#   story_host             makes and boots a host with everything below
#   story_provider [OPTION...]   starts the provider in the booted host's network
#   provider VERB ...      orders the provider (entra-emulator --do)
#   alice may sudo by %engineers, /usr/bin/true without a password; bob may by a rule of his own
#   and is nobody's requester; carol is an engineer without a person

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
for part in cleanup host report; do . "$top/tests/system/lib/$part.sh"; done
: "${BUILD:=build}" "${DIST:=dist}"
cd "$top"
EMULATOR=$(realpath -m "$BUILD/tests/entra/entra-emulator")
DEBS=("$(realpath -m "$DIST")"/*.deb)
provider_control=127.0.0.1:8444
alice_oid=a11ce000-0000-4000-8000-000000000001
bob_oid=b0b00000-0000-4000-8000-000000000002

provider() {
    nsenter --target "$HOST_PID" --net -- "$EMULATOR" --control "$provider_control" --do "$@"
}

story_provider() {
    setpriv --pdeathsig TERM nsenter --target "$HOST_PID" --net -- "$EMULATOR" --config "$HOST_DIR/users.toml" \
        --cert "$HOST_DIR/ca/server.pem" --key "$HOST_DIR/ca/server.key" --listen 127.0.0.1:443 \
        --control "$provider_control" "$@" >>"$HOST_DIR/provider.log" 2>&1 {HOST_LOCK}>&- &
    PROVIDER_PID=$!
    children+=("$PROVIDER_PID")
    if ! eventually 10 provider state; then
        cat "$HOST_DIR/provider.log" >&2
        exit 1
    fi
    export HOST_PID HOST_DIR EMULATOR provider_control
    export -f provider
}

story_provider_stop() {
    kill "$PROVIDER_PID"
    wait "$PROVIDER_PID" 2>/dev/null || true
}

# People, groups, sudo's side.
story_people() {
    chroot "$HOST_ROOT" sh -ec '
        groupadd engineers
        groupadd --system jit-web
        useradd -m -s /bin/bash -G engineers alice
        useradd -m -s /bin/bash bob
        useradd -m -s /bin/bash -G engineers carol
        cat >/etc/sudoers.d/story
        chmod 0440 /etc/sudoers.d/story
        visudo -cq' <<'X'
%engineers ALL=(ALL) ALL
%engineers ALL=(ALL) NOPASSWD: /usr/bin/true
bob ALL=(ALL) ALL
X
    printf '127.0.0.1 %s\n' login.microsoftonline.com login.microsoft.com microsoft.com \
        www.microsoft.com graph.microsoft.com >>"$HOST_ROOT/etc/hosts"
}

# The three lines of pam_jit(8), first in the file.
story_pam() {
    local service
    for service in sudo sudo-i; do
        sed -i '1i\
auth [success=done ignore=ignore default=die] pam_jit.so\
account requisite pam_jit.so\
session optional pam_jit.so' "$HOST_ROOT/etc/pam.d/$service"
    done
}

story_config() {
    mkdir -p "$HOST_ROOT/etc/jit/policy.d"
    install -m 0644 "$HOST_DIR/ca/ca.pem" "$HOST_ROOT/etc/jit/ca.pem"
    cat >"$HOST_ROOT/etc/jit/jitd.toml" <<X
[identity]
tenant    = "6f1c0000-0000-4000-8000-000000000001"
client_id = "c1a50000-0000-4000-8000-000000000001"
ca_file   = "/etc/jit/ca.pem"
timeout   = "3s"

[users]
map = { alice = "$alice_oid", bob = "$bob_oid" }
X
    cat >"$HOST_ROOT/etc/jit/policy.d/web.toml" <<'X'
[role.web]
description      = "administer the web server"
groups           = ["jit-web"]
requesters       = ["local-group:engineers"]
services         = ["sudo"]
default_duration = "30m"
max_duration     = "1h"
X
}

# The whole of it, in three steps. Short intervals, so that nobody waits five seconds for a poll.
story_boot() {
    host_make
    story_people
    tests/entra/make-ca "$HOST_DIR/ca"
    sed 's/^interval .*/interval = 1/' tests/entra/users.toml >"$HOST_DIR/users.toml"
    host_offer "${DEBS[@]}"
    host_boot
}
story_install() {
    host_install "$@" >"$HOST_DIR/install.log" 2>&1 || {
        tail -n 30 "$HOST_DIR/install.log" >&2
        exit 1
    }
}
story_configure() {
    story_config
    story_pam
    host_run systemctl try-restart jitd.service
    story_provider
}
story_host() {
    story_boot
    story_install
    story_configure
}

# as USER CMD...: in a test, without a session of its own.
as() { host_run setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; }
# approve_codes UPN: passes on what jitctl says, and signs in with each code that it shows.
approve_codes() {
    local line
    while read -r line; do
        printf '%s\n' "$line"
        case $line in
        *'enter code'*) provider approve code="${line##* }" user="$1" >/dev/null ;;
        esac
    done
}
# In a test: the membership as a fresh process sees it.
is_member() { host_run id -nG "$1" | grep -qw "$2"; }
