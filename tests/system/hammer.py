#!/usr/bin/env python3
"""A local user who plays with paths, for so many seconds. Run in the host, as that user.

    hammer.py SECONDS [GROUP]

He tries to make himself a membership of GROUP, to get between the root helper and its files, and to
keep an end from coming: with files, links, pipes, renames and locks, in all places where he may
write and in all where he may not. Prints a line for each thing that he got; ends with how much he
tried.
"""
import errno
import fcntl
import os
import socket
import subprocess
import sys
import tempfile
import time

seconds, group = float(sys.argv[1]), (sys.argv[2:] or ["jit-web"])[0]
me = os.environ.get("USER") or __import__("pwd").getpwuid(os.getuid()).pw_name
home = tempfile.mkdtemp()
tried, got = 0, set()
NOS = {errno.EACCES, errno.EPERM, errno.ENOENT, errno.EXDEV, errno.EROFS, errno.EEXIST, errno.ENOTDIR,
       errno.ENOTEMPTY, errno.EISDIR, errno.EBUSY, errno.ENXIO, errno.ECONNREFUSED, errno.ELOOP}

ours = ["/run/userdb", "/run/jit", "/run/jit-grantd", "/var/lib/jit", "/var/lib/jit-grantd",
        "/var/lib/jit-grantd/grants", "/etc/jit", "/etc/jit/policy.d", "/etc/userdb", "/run/systemd/userdb",
        "/run/systemd/transient", "/run/systemd/system", "/usr/libexec/jit"]
names = [f"{me}:{group}.membership", f".{me}:{group}.membership.jit-0123456789abcdef", "lock", "reconciled",
         "0123456789abcdef.json", ".0123456789abcdef.json.jit-0123456789abcdef", "io.jitd.Grant",
         "io.jitd.Elevation", "jit.db", "last-good.json", "x.toml", "jitd.toml", "jit-grantd"]


def attempt(what, action):
    global tried
    tried += 1
    try:
        action()
    except OSError as no:
        if no.errno not in NOS:
            got.add(f"{what}: an odd answer, {no}")
        return
    got.add(what)


def lay(path, kind):
    """Something of his own at a path."""
    if kind == "file":
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666))
    elif kind == "link":
        os.symlink("/etc/shadow", path)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        os.mkdir(path)
    elif kind == "hard link":
        os.link(own("file"), path)
    elif kind == "rename":
        os.rename(own("file"), path)


def own(kind):
    path = f"{home}/{kind}"
    if not os.path.lexists(path):
        with open(path, "w") as file:
            file.write("{}\n")
    return path


def take_lock(path):
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    time.sleep(0.2)
    os.close(file)


def listing(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []


def play_with(folder):
    for name in names + listing(folder)[:8]:
        path = f"{folder}/{name}"
        for kind in ("file", "link", "pipe", "folder", "hard link", "rename"):
            attempt(f"a {kind} at {path}", lambda kind=kind: lay(path, kind))
        attempt(f"{path} removed", lambda: os.unlink(path))
        attempt(f"{path} moved", lambda: os.rename(path, f"{home}/moved"))
        attempt(f"{path} written", lambda: os.close(os.open(path, os.O_WRONLY)))
        if folder.startswith(("/run/jit", "/var/lib/jit")) and name != "reconciled":  # which all may read
            attempt(f"{path} locked", lambda: take_lock(path))
        attempt(f"a hard link to {path}", lambda: os.link(path, f"{home}/hard"))
    attempt(f"{folder} moved", lambda: os.rename(folder, folder + ".old"))
    attempt(f"{folder} opened up", lambda: os.chmod(folder, 0o777))


def lay_traps():
    """Where he may write: names that somebody careless would open."""
    for folder in ("/tmp", "/var/tmp", "/dev/shm", f"/run/user/{os.getuid()}", home):
        if not os.access(folder, os.W_OK):
            continue
        for name in names:
            path = f"{folder}/{name}"
            for target in ("/run/userdb", f"/run/userdb/{names[0]}", "/etc/passwd"):
                try:
                    os.symlink(target, path + ".new")
                    os.rename(path + ".new", path)
                except OSError:
                    pass
            try:
                os.unlink(path)
                os.mkfifo(path)
            except OSError:
                pass


def call_the_helper():
    with socket.socket(socket.AF_UNIX) as one:
        one.connect("/run/jit-grantd/io.jitd.Grant")


def order_systemd():
    for order in (["stop", "jit-expire@*.timer"], ["stop", "jit-reconcile.timer"], ["mask", "jit-reconcile.timer"],
                  ["kill", "jitd.service"], ["start", "jit-expire@0123456789abcdef.service"],
                  ["set-property", "--runtime", "jit-expire@.service", "CPUQuota=1%"]):
        done = subprocess.run(["systemctl", "--no-ask-password", *order], capture_output=True)
        if done.returncode == 0 and order[1] != "jit-expire@*.timer":  # none is armed: nothing was stopped
            got.add("systemctl " + " ".join(order))


end = time.monotonic() + seconds
order_systemd()
while time.monotonic() < end:
    lay_traps()
    for folder in ours:
        play_with(folder)
    attempt("the helper's socket", call_the_helper)
    if group in subprocess.run(["id", "-nG", me], capture_output=True, text=True).stdout.split():
        got.add("a membership")
order_systemd()
for one in sorted(got):
    print("got", one)
print("tried", tried)
