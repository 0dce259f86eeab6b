# One form of sudo, tried out at a shell of alice's and without one. Sourced by bash scripts after
# story.sh, on a host of story_host.
#
#   codes                        how many codes the provider has given out
#   in_journal FIELD=VALUE...    jitd's own journal has such a record
#   typed LINE...                steps at her shell; no ticket is there at the beginning
#   asks COMMAND ANSWER STEP...  it asks for one code, goes on when that is approved, and shows ANSWER
#   goes_on COMMAND ANSWER       with a grant it asks nothing, and shows ANSWER
#   stays COMMAND [SENTENCE]     without a terminal, and without a grant: refused, says so, no code

codes() { provider state | python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"].get("devicecode", 0))'; }
in_journal() { [ -n "$(host_run journalctl -q -o cat -u jitd "$@")" ]; }
typed() {
    host_sh 'rm -rf /run/sudo/ts/alice "/run/sudo-rs/ts/$(id -u alice)"'
    printf '%s\n' 'expect 5 \$ $' "$@" 'expect 10 \$ $' 'send exit 0\r' 'exit 0' | host_tty alice
}
asks() {
    local before
    before=$(codes)
    typed "send $1\r" 'expect 5 enter the code +(\S+)' "refuse $2" \
        'run provider approve code=$M1 user=alice@contoso.com' "expect 5 $2" "${@:3}" &&
        same "$(($(codes) - before))" 1 && as alice jitctl drop web
}
goes_on() {
    local before
    before=$(codes)
    typed "send $1\r" "expect 5 $2" && same "$(codes)" "$before"
}
stays() {
    local before
    before=$(codes)
    ! host_as alice "$1" >"$HOST_DIR/said" 2>&1 </dev/null && cat "$HOST_DIR/said" &&
        grep -q -e "${2:-jitctl request web}" "$HOST_DIR/said" && same "$(codes)" "$before"
}
