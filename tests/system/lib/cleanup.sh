# What is made is unmade: registered undoings, run in reverse order when the script ends, however
# it ends. Sourced by bash scripts.

undoings=()
children=()

# Registers a command, with its arguments, to be run at the end.
on_exit() { undoings+=("$(printf '%q ' "$@")"); }

# Whether it is a child of this shell that still runs: its number alone may be another's by now.
is_child() {
    local pid
    for pid in $(jobs -pr); do
        [ "$pid" != "$1" ] || return 0
    done
    return 1
}

undo_all() {
    local status=$? i
    trap '' INT TERM HUP
    trap - EXIT
    set +e
    for ((i = ${#children[@]} - 1; i >= 0; i--)); do
        ! is_child "${children[i]}" || kill "${children[i]}" 2>/dev/null
    done
    for ((i = ${#undoings[@]} - 1; i >= 0; i--)); do eval "${undoings[i]}"; done
    exit "$status"
}
trap undo_all EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a command so that a signal to the script is heeded at once: bash heeds none while it waits
# for a command in the foreground.
patiently() {
    local pid status=0 last
    "$@" <&0 &
    pid=$!
    children+=("$pid")
    wait "$pid" || status=$?
    last=$((${#children[@]} - 1))
    [ "${children[last]}" != "$pid" ] || unset "children[last]"
    return "$status"
}

# Waits until a command succeeds.
#   eventually SECONDS CMD...
eventually() {
    local limit=$1 start=${EPOCHREALTIME/./}
    shift
    until "$@" >/dev/null 2>&1; do
        ((${EPOCHREALTIME/./} - start < limit * 1000000)) || return 1
        patiently sleep 0.05
    done
}
