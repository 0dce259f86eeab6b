# Sourced by `run`: requests that wait, in the booted host of the story. Its provider makes place for
# one that can do ten thousand sign-ins at once.
#   bench_waiting FEW MANY APPROVED     see waiting.cc

bench_waiting() {
    local pid most=$(($1 > $2 ? $1 : $2))
    story_provider_stop
    host_run systemctl stop jitd.service jitd.socket jitd-root.socket
    # Four requests of each.
    seq -f 'w%05.0f' 0 $((most / 4)) | host_sh '
        while read -r user; do printf "%s:x:%s:\n" "$user" "$((20000 + n++))"; done | tee /root/names |
            sed "s/\(.*\):x:\(.*\):/\1:x:\2:2000::\/nonexistent:\/usr\/sbin\/nologin/" >>/etc/passwd
        groupadd -g 2000 waiting'
    host_sh "sed -i 's/^map = .*/match = \"upn\"\ndomain = \"contoso.com\"\npin = \"first\"/' /etc/jit/jitd.toml
        sed -i 's/^requesters.*/requesters = [\"local-group:waiting\"]/' /etc/jit/policy.d/web.toml
        systemctl start jitd.socket jitd-root.socket"
    install -m 0755 "$BUILD/tests/bench/waiting" "$HOST_ROOT/usr/local/bin/waiting"
    cp "$HOST_DIR/ca/server.pem" "$HOST_DIR/ca/server.key" "$HOST_ROOT/root/bench/"
    host_run jitctl status >/dev/null
    pid=$(host_run systemctl show -P MainPID jitd.service)
    # Where root may not raise it, what it has must do.
    host_sh "ulimit -n 30000 2>/dev/null; exec /usr/local/bin/waiting $pid /root/bench/server.pem /root/bench/server.key $*"
}
