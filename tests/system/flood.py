#!/usr/bin/env python3
"""Many grants at once, asked of the root helper itself. Run in the host, as root.

    flood.py people COUNT OID       adds users u0001... to /etc/passwd, and prints [users].map's part for them
    flood.py grant COUNT ROLE OID SECONDS
                                    grants the role to each, so that all end in one second, SECONDS from
                                    now; prints that time, in seconds since 1970
    flood.py watch UNTIL            looks every 5 ms until the last membership of theirs is gone; prints
                                    how many milliseconds after UNTIL the first one went, and the last
    flood.py list                   reads io.jitd.Grant.List page by page; prints how many pages, entries and
                                    live ones there are
"""
import glob
import json
import os
import secrets
import socket
import sys
import time

SOCKET = "/run/jit-grantd/io.jitd.Grant"
USERDB = "/run/userdb"
FIRST_UID = 30000


def name_of(number):
    return f"u{number:04}"


class Helper:
    """One connection; it ends after some time without a call, and then another one is made."""

    def __init__(self):
        self.socket, self.bytes = None, b""

    def call(self, method, **parameters):
        if self.socket is None:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(SOCKET)
        message = {"method": "io.jitd.Grant." + method, "parameters": parameters}
        self.socket.sendall(json.dumps(message).encode() + b"\0")
        while b"\0" not in self.bytes:
            got = self.socket.recv(65536)
            if not got:
                sys.exit("the helper has closed the connection")
            self.bytes += got
        frame, self.bytes = self.bytes.split(b"\0", 1)
        reply = json.loads(frame)
        if "error" in reply:
            sys.exit(f"{method}: {reply}")
        return reply["parameters"]


def add_people(count, oid):
    with open("/etc/passwd", "a") as file:
        for number in range(1, count + 1):
            uid = FIRST_UID + number
            file.write(f"{name_of(number)}:x:{uid}:{uid}::/nonexistent:/usr/sbin/nologin\n")
    print(", ".join(f'{name_of(number)} = "{oid}"' for number in range(1, count + 1)))


def find_policy():
    """The digest of the set in force, as the ledger's newest entry has it."""
    newest = max(glob.glob("/var/lib/jit-grantd/grants/*.json"), key=os.path.getmtime)
    with open(newest) as file:
        return json.load(file)["policy"]


def grant_all(count, role, oid, seconds):
    helper, policy = Helper(), find_policy()
    end = int(time.time()) + seconds
    want = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))
    for number in range(1, count + 1):
        while True:
            left = time.time() % 1
            if left > 0.9:  # the helper reads the clock in the next second
                time.sleep(1.001 - left)
            id = secrets.token_hex(8)
            reply = helper.call("Grant", id=id, user=name_of(number), role=role, oid=oid,
                                duration=end - int(time.time()), policy=policy)
            if reply["until"] == want:
                break
            helper.call("End", id=id, cause="interrupted")
    print(end)


def count_theirs():
    return sum(1 for name in os.listdir(USERDB) if name[0] == "u" and name[1:5].isdigit())


def watch(until):
    began = count_theirs()
    first = None
    while True:
        left, now = count_theirs(), time.time()
        if first is None and left < began:
            first = now
        if left == 0:
            break
        if now > until + 120:
            sys.exit(f"{left} are there still")
        time.sleep(0.005)
    print(began, int((first - until) * 1000), int((now - until) * 1000))


def list_all():
    helper = Helper()
    pages, ids, live, after = 0, [], 0, {}
    while True:
        page = helper.call("List", **after)
        pages += 1
        ids += [entry["id"] for entry in page["entries"]]
        live += sum(1 for entry in page["entries"] if entry["live"])
        if "next" not in page:
            break
        after = {"after": page["next"]}
    if ids != sorted(set(ids)):
        sys.exit("one comes twice, or out of order")
    print(pages, len(ids), live)


verb, *rest = sys.argv[1:]
if verb == "people":
    add_people(int(rest[0]), rest[1])
elif verb == "grant":
    grant_all(int(rest[0]), rest[1], rest[2], int(rest[3]))
elif verb == "watch":
    watch(int(rest[0]))
elif verb == "list":
    list_all()
else:
    sys.exit(__doc__)
