# What is made is unmade: registered undoings, run in reverse order when the script ends, however
# it ends. Sourced by bash scripts.

undoings=()
children=()

# Registers a command, with its arguments, to be run at the end.
on_exit() { undoings+=("$(printf '%q ' "$@")"); }

undo_all() {
    local status=$? i
    trap '' INT TERM HUP
    trap - EXIT
    set +e
    for ((i = ${#children[@]} - 1; i >= 0; i--)); do kill "${children[i]}" 2>/dev/null; done
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
    local pid status=0
    "$@" <&0 &
    pid=$!
    children+=("$pid")
    wait "$pid" || status=$?
    children=("${children[@]/$pid/}")
    children=(${children[@]+"${children[@]}"})
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
