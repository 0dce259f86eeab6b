# A throw-away Debian host: made from a cached root, booted as a container with a network of its
# own, entered, torn down. Sourced, after cleanup.sh, by bash scripts that run as root.
#
#   host_make              unpacks a fresh root to $HOST_ROOT
#   host_boot              boots it; $HOST_PID is its PID 1, seen from here
#   host_run CMD...        runs as root in it, outside of its control groups
#   host_sh TEXT           the same, by a shell
#   host_as USER TEXT      a session of the user's own, without a terminal
#   host_tty USER [TEXT]   a login with a terminal, driven by the steps on standard input (pty.py)
#   host_offer DEB...      puts packages, and what they stand on, where the host's apt finds them
#   host_offer_again VERSION DEB...   the same packages once more, as another version
#   host_install [VERSION] apt-get install of ours, from there
#   host_apt ...           apt-get
#   host_reboot            a true reboot: new boot id, empty /run
#   host_stop              at once
#
# Everything goes when the script ends; a script that was killed is swept up by the next one.

# The release of the host, which is that of the packages in it: this machine's, where it is one we
# know, unless SUITE names another.
suite=${SUITE:-$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")}
case $suite in bookworm | trixie) ;; *) suite=bookworm ;; esac
host_packages=systemd,systemd-sysv,dbus,libnss-systemd,libpam-systemd,libpam-modules,sudo,sqlite3
host_packages+=,python3,login,passwd,procps,iproute2,ca-certificates,less,man-db,tzdata
case $suite in trixie) host_packages+=,sudo-rs ;; esac
. "$(dirname "${BASH_SOURCE[0]}")/roots.sh"
pty=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../pty.py")

cgroup_roots() {
    local dir
    for dir in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
        [ ! -e "$dir/cgroup.procs" ] || printf '%s\n' "$dir"
    done
}

# Removes what scripts left that were killed: each holds a lock on its folder while it lives.
host_sweep() {
    local dir fd
    for dir in "${TMPDIR:-/var/tmp}"/jit-host.*; do
        [ -e "$dir/lock" ] || continue
        exec {fd}<"$dir/lock"
        if flock --nonblock "$fd"; then host_remove "$dir"; fi
        exec {fd}<&-
    done
}

host_make() {
    root_archive "$suite" "$host_packages"
    HOST_ARCHIVE=$ROOT_ARCHIVE
    # One at a time: a sweeper must not take for left behind what is about to be locked.
    local making
    exec {making}>"${TMPDIR:-/var/tmp}/jit-hosts.lock"
    flock "$making"
    host_sweep
    HOST_DIR=$(mktemp -d "${TMPDIR:-/var/tmp}/jit-host.XXXXXX")
    exec {HOST_LOCK}>"$HOST_DIR/lock"
    flock "$HOST_LOCK"
    exec {making}>&-
    on_exit host_remove "$HOST_DIR"
    HOST_NAME=$(basename "$HOST_DIR" | tr -d . | tr 'A-Z' 'a-z')
    HOST_ROOT=$HOST_DIR/root
    HOST_PID='' HOST_NSPAWN=''
    mkdir -m 0755 "$HOST_ROOT" "$HOST_DIR/repo"
    chmod 0755 "$HOST_DIR"
    patiently tar -C "$HOST_ROOT" -xf "$HOST_ARCHIVE"
    printf 'web01\n' >"$HOST_ROOT/etc/hostname"
    printf '127.0.0.1 localhost web01\n' >"$HOST_ROOT/etc/hosts"
    rm -f "$HOST_ROOT/etc/resolv.conf"
    : >"$HOST_ROOT/etc/machine-id"
    # No escapes of the line editor in the transcripts.
    printf 'set enable-bracketed-paste off\n' >>"$HOST_ROOT/etc/inputrc"
    # A pager would wait for a key in a login that nobody types in.
    printf 'SYSTEMD_PAGER=cat\nPAGER=cat\n' >>"$HOST_ROOT/etc/environment"
    on_exit host_stop
}

# Takes away a host's folder and control groups; whatever ran in them is dead or dying.
host_remove() {
    local root name
    name=$(basename "$1" | tr -d . | tr 'A-Z' 'a-z')
    for root in $(cgroup_roots); do
        [ ! -e "$root/$name/cgroup.kill" ] || printf 1 >"$root/$name/cgroup.kill"
        eventually 10 cgroup_remove "$root/$name" || printf 'left behind: %s\n' "$root/$name" >&2
    done
    rm -rf --one-file-system "$1"
}
cgroup_remove() {
    [ ! -d "$1" ] || find "$1" -depth -type d -exec rmdir {} \;
    [ ! -d "$1" ]
}

# In the background, as the last thing its shell does. PDEATHSIG: the host goes down with the script,
# though that be killed; nspawn takes TERM for an orderly shutdown.
host_spawn() {
    local root
    local -a scope=()
    if [ -d /run/systemd/system ]; then
        scope=(systemd-run --quiet --scope --collect --unit="$HOST_NAME" -p Delegate=yes)
    else
        # Without systemd outside, each host needs control groups of its own.
        for root in $(cgroup_roots); do
            mkdir -p "$root/$HOST_NAME"
            printf '%s\n' "$BASHPID" >"$root/$HOST_NAME/cgroup.procs"
        done
    fi
    export UNIFIED_CGROUP_HIERARCHY=1
    exec setsid setpriv --pdeathsig TERM "${scope[@]}" systemd-nspawn --quiet --register=no \
        --keep-unit --private-network --machine=web01 --console=read-only \
        --bind-ro="$HOST_DIR/repo:/srv/repo" -D "$HOST_ROOT" -b
}

# Not in a subshell: the host lives no longer than what called this.
host_boot() {
    (host_spawn) </dev/null >>"$HOST_DIR/console" 2>&1 {HOST_LOCK}>&- &
    HOST_NSPAWN=$!
    eventually 20 host_find || host_lost 'did not start'
    HOST_PID=$(host_find)
    eventually 60 host_is_up || host_lost 'did not come up'
}

host_lost() {
    printf 'the host %s\n' "$1" >&2
    tail -n 30 "$HOST_DIR/console" >&2
    exit 1
}

# The container's first process is the child of nspawn that is number 1 in its own namespace.
host_find() {
    local pid
    for pid in $(pgrep -P "$HOST_NSPAWN"); do
        if grep -q '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" &&
            [ "$(cat "/proc/$pid/comm")" = systemd ]; then
            printf '%s\n' "$pid"
            return 0
        fi
    done
    return 1
}

host_is_up() {
    case $(host_run systemctl is-system-running 2>&1) in
    running | degraded) return 0 ;;
    *) return 1 ;;
    esac
}

enter=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=linux
    SYSTEMD_PAGER=cat)
host_run() {
    nsenter --target "$HOST_PID" --mount --uts --ipc --net --pid -- "${enter[@]}" "$@"
}
host_sh() { host_run bash -c "$1"; }

# Sessions are made by the host's own systemd: what nsenter starts is outside of its control groups.
session() {
    local user=$1 mode=$2
    shift 2
    printf '%s\n' systemd-run --quiet --collect --wait "$mode" --uid="$user" -p PAMName=login \
        -p "WorkingDirectory=/home/$user" -E SYSTEMD_PAGER=cat -E PAGER=cat /bin/bash -l
}
host_as() {
    local -a cmd
    mapfile -t cmd < <(session "$1" --pipe)
    host_run "${cmd[@]}" -c "$2"
}
host_tty() {
    local -a cmd
    mapfile -t cmd < <(session "$1" --pty)
    # The terminal is hung up with the session, and what nobody has read by then is lost.
    [ -z "${2:-}" ] || cmd+=(-c "$2; status=\$?; sleep 0.3; exit \$status")
    patiently python3 "$pty" -- nsenter --target "$HOST_PID" --mount --uts --ipc --net --pid -- \
        "${enter[@]}" "${cmd[@]}"
}

# Packages that ours stand on are fetched once, from outside: the host has no network.
host_dependencies() {
    local key dir deb
    key=$({ basename "$HOST_ARCHIVE"; for deb; do dpkg-deb -f "$deb" Depends; done; } |
        sha256sum | cut -c 1-16)
    HOST_DEBS=$cache/debs-$key
    [ ! -d "$HOST_DEBS" ] || return 0
    dir=$(mktemp -d "$cache/.debs.XXXXXX")
    on_exit rm -rf "$dir"
    cp /etc/resolv.conf "$HOST_ROOT/etc/resolv.conf"
    mkdir -p "$HOST_ROOT/var/cache/f/partial"
    cp "$@" "$HOST_ROOT/root/"
    patiently chroot "$HOST_ROOT" sh -ec 'apt-get -q update
        apt-get -q -y --no-install-recommends --download-only -o Dir::Cache::archives=/var/cache/f \
            -o APT::Sandbox::User=root install /root/*.deb' >"$HOST_DIR/apt.log" 2>&1 || {
        tail -n 20 "$HOST_DIR/apt.log" >&2
        return 1
    }
    find "$HOST_ROOT/var/cache/f" -name '*.deb' -exec mv -t "$dir" {} +
    rm -rf "$HOST_ROOT/root/"*.deb "$HOST_ROOT/var/cache/f" "$HOST_ROOT/etc/resolv.conf"
    chmod 0755 "$dir"
    mv -T "$dir" "$HOST_DEBS" 2>/dev/null || [ -d "$HOST_DEBS" ]
}

# After host_make, before host_boot.
host_offer() {
    local deb
    host_dependencies "$@"
    for deb in "$HOST_DEBS"/*.deb; do [ ! -e "$deb" ] || cp "$deb" "$HOST_DIR/repo/"; done
    cp "$@" "$HOST_DIR/repo/"
    host_index
    printf 'deb [trusted=yes] file:/srv/repo ./\n' >"$HOST_ROOT/etc/apt/jit-test.list"
    apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dir::Etc::SourceList=/etc/apt/jit-test.list
        -o Dir::Etc::SourceParts=/dev/null -o Dpkg::Use-Pty=0)
}
host_index() { (cd "$HOST_DIR/repo" && dpkg-scanpackages -m . /dev/null >Packages 2>/dev/null); }
host_offer_again() {
    local version=$1 deb tree
    shift
    for deb; do
        tree=$(mktemp -d "$HOST_DIR/tree.XXXXXX")
        dpkg-deb -R "$deb" "$tree"
        sed -i -e "s/^Version: .*/Version: $version/" -e "s/jitd (= [^)]*)/jitd (= $version)/" \
            "$tree/DEBIAN/control"
        dpkg-deb --root-owner-group -b "$tree" \
            "$HOST_DIR/repo/$(dpkg-deb -f "$deb" Package)_$version.deb" >/dev/null
        rm -rf "$tree"
    done
    host_index
}
host_apt() { host_run "${apt[@]}" "$@"; }
host_install() {
    host_apt update >/dev/null
    host_apt --no-install-recommends --allow-downgrades install \
        "jitd${1:+=$1}" "libpam-jit${1:+=$1}"
}

host_gone() { ! kill -0 "$HOST_NSPAWN" 2>/dev/null; }

host_reboot() {
    host_run systemctl --no-block reboot
    eventually 60 host_gone || host_lost 'did not go down'
    host_boot
}

# Killing its first process kills everything in the container.
host_stop() {
    [ -n "$HOST_NSPAWN" ] || return 0
    [ -z "$HOST_PID" ] || kill -KILL "$HOST_PID" 2>/dev/null
    eventually 5 host_gone || kill -KILL "$HOST_NSPAWN" 2>/dev/null
    wait "$HOST_NSPAWN" 2>/dev/null || true
    HOST_PID='' HOST_NSPAWN=''
}
