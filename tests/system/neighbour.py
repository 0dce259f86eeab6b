#!/usr/bin/python3
"""What a hostile local user does to jitd's socket, each thing for so many seconds.

    neighbour.py ATTACK SECONDS [NUMBER]

It is run in the test's host, as that user. It prints one line, "ATTACK: so many", of what it did,
which the test holds against a floor: an attack that did not happen proves nothing. Each stays below
1000 processes and 1000 descriptors and ends by itself.

    connects    opens and closes, as fast as it goes, from NUMBER processes
    queue       keeps NUMBER threads waiting in connect(2), so that the queue is always full
    calls       whole calls, permitted and not, hundreds in a packet, on all connections it can have
    slow        a byte a second on all connections it can have
    silent      connections that say nothing, from NUMBER processes
    garbage     what is no message: bytes, half frames, empty, deep and long ones
    deaf        asks and never reads the answers
    descriptors passes NUMBER descriptors in a message, over and over
    linger      passes TCP sockets whose last close waits for a minute
    sudos       NUMBER sudos at once, no terminal
    terminals   NUMBER sudos at once, each with a terminal of its own
    requests    NUMBER of jitctl request at once
    journal     records that look like jitd's own
"""
import array
import errno
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

path = "/run/jit/io.jitd.Elevation"
attack, seconds = sys.argv[1], float(sys.argv[2])
number = int(sys.argv[3]) if len(sys.argv) > 3 else 1
end = time.monotonic() + seconds
most_connections = 64  # jitd's cap for one user is 16


def is_over():
    return time.monotonic() >= end


def connect(blocking=False):
    """A connection, or None while the queue is full."""
    one = socket.socket(socket.AF_UNIX)
    one.setblocking(blocking)
    try:
        one.connect(path)
        return one
    except OSError as error:
        one.close()
        if error.errno not in (errno.EAGAIN, errno.EMFILE, errno.ECONNREFUSED):
            raise
        return None


def call(method, parameters="{}", more=""):
    """The host has no json module."""
    return ('{"method":"%s","parameters":%s%s}' % (method, parameters, more)).encode() + b"\0"


def elevation(method, parameters="{}", more=""):
    return call("io.jitd.Elevation." + method, parameters, more)


many = ',"more":true'
permitted = [
    elevation("Roles"),
    elevation("List", '{"ended":true}', many),
    elevation("List", "{}", many),
    elevation("Drop", '{"role":"web"}'),
    elevation("Cancel", '{"id":"0123456789abcdef"}'),
    elevation("Request", '{"role":"nix"}', many),
    call("org.varlink.service.GetInfo"),
    call("org.varlink.service.GetInterfaceDescription", '{"interface":"io.jitd.Elevation"}'),
]
forbidden = [
    elevation("Check", '{"requester":"alice","account":"root","account_names":["root"],'
                       '"service":"sudo","phase":"account"}'),
    elevation("Revoke", '{"all":true}'),
    elevation("List", '{"all":true}', many),
    elevation("Request", '{"role":"web","user":"alice"}', many),
    elevation("SessionOpened", '{"grant":"0123456789abcdef","requester":"alice",'
                               '"account":"root","service":"sudo"}', ',"oneway":true'),
    elevation("Dance"),
]


def spread(work, processes):
    """work() in so many processes; the sum of what each returns."""
    reading, writing = os.pipe()
    children = []
    for _ in range(processes):
        child = os.fork()
        if child == 0:
            os.write(writing, struct.pack("q", work()))
            os._exit(0)
        children.append(child)
    os.close(writing)
    total = 0
    with os.fdopen(reading, "rb") as results:
        while one := results.read(8):
            total += struct.unpack("q", one)[0]
    for child in children:
        os.waitpid(child, 0)
    return total


def connects():
    done = 0
    while not is_over():
        one = connect()
        if one:
            one.close()
            done += 1
    return done


def queue():
    """Threads sleep in connect(2); whoever is accepted closes and waits anew."""
    done = [0] * number

    def wait(i):
        while not is_over():
            one = socket.socket(socket.AF_UNIX)
            one.settimeout(None)
            try:
                one.connect(path)
                done[i] += 1
            except OSError:
                pass
            one.close()

    threading.stack_size(256 * 1024)
    threads = [threading.Thread(target=wait, args=(i,), daemon=True) for i in range(number)]
    for thread in threads:
        thread.start()
    while not is_over():
        time.sleep(0.05)
    return sum(done)


class Crowd:
    """Connections that are made anew whenever jitd ends one."""

    def __init__(self, begin, most=most_connections):
        self.begin, self.most = begin, most
        self.open = {}
        self.made = 0

    def refill(self):
        while len(self.open) < self.most and not is_over():
            one = connect()
            if not one:
                return
            self.made += 1
            try:
                self.begin(one)
            except (BlockingIOError, BrokenPipeError, ConnectionResetError):
                pass
            except OSError as error:  # so many descriptors are under way that no more may be
                if error.errno != errno.ETOOMANYREFS:
                    raise
            self.open[one.fileno()] = one

    def drop(self, one):
        del self.open[one.fileno()]
        one.close()


def crowd(begin, again=None, reads=True, pause=0.02, most=most_connections):
    """Keeps all connections it can have, reads what comes, and says `again` on those that can."""
    all_of_them = Crowd(begin, most)
    said = 0
    while not is_over():
        all_of_them.refill()
        polled = select.poll()
        for fd in all_of_them.open:
            polled.register(fd, (select.POLLIN if reads else 0) | (select.POLLOUT if again else 0))
        for fd, events in polled.poll(20):
            one = all_of_them.open[fd]
            try:
                if events & (select.POLLHUP | select.POLLERR):
                    all_of_them.drop(one)
                    continue
                if events & select.POLLIN and not one.recv(1 << 20):
                    all_of_them.drop(one)
                    continue
                if again and events & select.POLLOUT:
                    said += again(one)
            except BlockingIOError:
                pass
            except OSError as error:
                if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.ETOOMANYREFS):
                    raise
                all_of_them.drop(one)
        if pause:
            time.sleep(pause)
    return all_of_them.made, said


def calls():
    packet = b"".join(permitted) * 20
    turns = [0]

    def again(one):
        turns[0] += 1
        # Each of the forbidden ones ends its connection.
        if turns[0] % 10 == 0:
            return int(one.send(forbidden[turns[0] // 10 % len(forbidden)]) > 0)
        return one.send(packet) * 20 * len(permitted) // len(packet)

    return spread(lambda: crowd(lambda one: None, again, pause=0)[1], number)


def slow():
    return crowd(lambda one: one.send(b'{"method":'), lambda one: one.send(b" "), pause=1)[0]


def silent():
    return spread(lambda: crowd(lambda one: None)[0], number)


def garbage():
    kinds = [
        b"\0" * 100,
        b"{nonsense\0",
        b"\xff\xfe\x00" * 1000,
        os.urandom(4096),
        b"{" + b" " * 200000,
        elevation("List")[:-1],
        b'{"method":"io.jitd.Elevation.List","parameters":' + b"[" * 4000 + b"]" * 4000 + b"}\0",
        b'{"method":"io.jitd.Elevation.List","parameters":{"a":[' + b"0," * 30000 + b"0]}}\0",
        b'{"method":"io.jitd.Elevation.Request","more":true,"parameters":{"role":"../../etc/x"}}\0',
        b'{"method":"' + b"A" * 60000 + b'"}\0',
        b"GET / HTTP/1.1\r\n\r\n\0",
    ]
    turn = [0]

    def begin(one):
        turn[0] += 1
        one.send(kinds[turn[0] % len(kinds)])

    return spread(lambda: crowd(begin, pause=0)[0], number)


def deaf():
    packet = b"".join(permitted) * 40
    return crowd(lambda one: one.send(packet), lambda one: one.send(packet), reads=False,
                 pause=0)[0]


def passing(one, fds, flags=0):
    one.sendmsg([b"{"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))], flags)


def descriptors():
    fds = [os.open("/dev/null", os.O_RDONLY)] * number
    return crowd(lambda one: passing(one, fds), lambda one: passing(one, fds) or 1, pause=0)[0]


def make_lingering():
    """A TCP socket with bytes that nobody will read, which waits for a minute when it is closed."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(1)
    near = socket.socket()
    near.connect(listening.getsockname())
    far = listening.accept()[0]
    listening.close()
    near.setblocking(False)
    try:
        while True:
            near.send(b"x" * 65536)
    except BlockingIOError:
        pass
    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 60))
    return near, far


def linger():
    """In a message, in one that nobody reads, in urgent data: each lets jitd close it last."""
    made = 0
    kept = []
    while not is_over() and made < number:
        one = connect()
        if not one:
            continue
        near, far = make_lingering()
        kept.append(far)  # with its end the wait would end
        try:
            if made % 4 == 1:  # what jitd will not read: it closes because of what came before
                one.send(b"{nonsense\0")
            if made % 4 == 2:  # one call, whose answer is waited for, and then this
                one.send(permitted[0])
            passing(one, [near.fileno()], socket.MSG_OOB if made % 4 == 3 else 0)
            made += 1
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.EAGAIN, errno.ETOOMANYREFS):
                raise
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
        near.close()
        if made % 2:
            one.close()
        else:
            kept.append(one)
        time.sleep(0.01)
    while not is_over():
        time.sleep(0.05)
    return made


def gather(children):
    """Waits for them until the end; how many were told no, of those that ended by themselves."""
    refused = 0
    for child in children:
        try:
            child.wait(max(0.0, end - time.monotonic()))
            refused += child.returncode != 0
        except subprocess.TimeoutExpired:
            pass
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        child.wait()
    return refused


def sudos():
    return gather([subprocess.Popen(["sudo", "-n", "/usr/bin/id"], stdin=subprocess.DEVNULL,
                                    stdout=sys.stdout, stderr=subprocess.DEVNULL)
                   for _ in range(number)])


def requests():
    return gather([subprocess.Popen(["jitctl", "request", "web"], stdin=subprocess.DEVNULL,
                                    stdout=sys.stdout, stderr=subprocess.DEVNULL)
                   for _ in range(number)])


def terminals():
    """What each shows is read, and shown if it is root's; whoever still waits is hung up on."""
    open_ones = {}
    for _ in range(number):
        child, fd = os.forkpty()
        if child == 0:
            os.execvp("sudo", ["sudo", "/usr/bin/id"])
        open_ones[fd] = child
    ended = 0
    while open_ones and not is_over():
        for fd in select.select(list(open_ones), [], [], 0.1)[0]:
            try:
                text = os.read(fd, 65536)
            except OSError:
                text = b""
            if b"uid=0" in text:
                print(text.decode(errors="replace"))
            if not text:
                os.close(fd)
                os.waitpid(open_ones.pop(fd), 0)
                ended += 1
    for fd, child in open_ones.items():
        os.close(fd)
        try:
            os.kill(child, signal.SIGKILL)
        except (PermissionError, ProcessLookupError):
            pass
    for child in open_ones.values():
        os.waitpid(child, 0)
    return ended


def journal():
    """Looks like jitd's own record of a grant, with as much in it as the journal takes."""
    far = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    far.connect("/run/systemd/journal/socket")
    fields = {
        "MESSAGE": "role web is granted to mallory", "PRIORITY": "5",
        "SYSLOG_IDENTIFIER": "jitd", "_SYSTEMD_UNIT": "jitd.service", "UNIT": "jitd.service",
        "JIT_EVENT": "granted", "JIT_USER": "mallory", "JIT_ROLE": "web",
        "JIT_REQUEST": "0123456789abcdef", "JIT_GRANT": "0123456789abcdef",
        "JIT_CHAIN": "0" * 64, "JIT_REASON": "x" * 4096,
    }
    text = "".join("%s=%s\n" % field for field in fields.items()).encode()
    sent = 0
    while not is_over() and sent < number:
        far.send(text)
        sent += 1
    return sent


signal.alarm(int(seconds) + 30)
did = {"connects": lambda: spread(connects, number)}.get(attack) or globals()[attack]
print("%s: %d" % (attack, did()))
