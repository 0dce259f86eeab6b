# One line a sentence: "ok - it is so" or "not ok - it is so". Sourced by the test scripts.

not_ok=0

# The command must succeed; what it said is shown if it does not.
#   check SENTENCE CMD...
check() {
    local sentence=$1 said status=0
    shift
    said=$("$@" 2>&1) || status=$?
    if [ "$status" -eq 0 ]; then
        printf 'ok - %s\n' "$sentence"
        return 0
    fi
    not_ok=$((not_ok + 1))
    printf 'not ok - %s\n' "$sentence"
    printf '    status %s of: %s\n' "$status" "$*"
    printf '%s\n' "$said" | tail -n 60 | sed 's/^/    /'
    return 0
}

fails() { ! "$@"; }
# The exit status is the one given.
exits() {
    local want=$1 status=0
    shift
    "$@" || status=$?
    [ "$status" -eq "$want" ] || { printf 'exit status %s, expected %s\n' "$status" "$want"; return 1; }
}
# A command's output has a line that the pattern matches.
says() {
    local pattern=$1 said
    shift
    said=$("$@" 2>&1) || true
    # No pipe: grep is done at the first match, and who still writes would fail.
    grep -Eq -e "$pattern" <<<"$said" || { printf 'no %s in:\n%s\n' "$pattern" "$said"; return 1; }
}
same() { [ "$1" = "$2" ] || { printf 'is:     %s\nshould: %s\n' "$1" "$2"; return 1; }; }

finish() {
    [ "$not_ok" -eq 0 ] || exit 1
    exit 0
}
