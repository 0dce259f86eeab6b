#!/usr/bin/env python3
"""Drives a command in a terminal by steps, and shows what that terminal showed.

    pty.py -- COMMAND...  < STEPS

A step is a line; empty lines and lines that begin with # are passed over.

    expect SECONDS REGEX  waits for it in what came since the last match; its groups
                          become $M1, $M2 ... in what `run` runs
    refuse REGEX          fails if it has come since the last match
    send TEXT             types; escapes as in Python: \\r \\x03
    run SHELL             runs a shell command here; fails if that fails
    sleep SECONDS
    mark NAME             remembers the time
    within SECONDS NAME   fails if more has passed since the mark, at the last match
    exit STATUS           waits up to 20 s for the end and compares the exit status; `any` takes each

The exit status is 0 if every step went well. Without an `exit` step the command is hung up on.
"""
import errno
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time


class Failed(Exception):
    pass


class Terminal:
    def __init__(self, command):
        self.seen = ""      # since the last match
        self.matched_at = time.monotonic()
        self.ended = False
        self.status = None
        self.pid, self.fd = os.forkpty()
        if self.pid == 0:
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def read(self, limit_s):
        """Takes in what there is; waits at most limit_s for something to come."""
        ready, _, _ = select.select([self.fd], [], [], max(0, limit_s))
        if not ready:
            return
        try:
            data = os.read(self.fd, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        if not data:
            self.ended = True
            return
        text = data.decode("utf-8", "replace")
        sys.stdout.write(text.replace("\r\n", "\n"))
        sys.stdout.flush()
        self.seen += text

    def expect(self, limit_s, regex):
        end = time.monotonic() + limit_s
        while True:
            match = re.search(regex, self.seen, re.MULTILINE)
            if match:
                self.matched_at = time.monotonic()
                self.seen = self.seen[match.end():]
                return match
            left = end - time.monotonic()
            if self.ended:
                raise Failed("the terminal closed first")
            if left <= 0:
                raise Failed("nothing like it in %g s" % limit_s)
            self.read(left)

    def wait(self, limit_s):
        end = time.monotonic() + limit_s
        while not self.ended and time.monotonic() < end:
            self.read(0.1)
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() >= end:
                raise Failed("still running after %g s" % limit_s)
            else:
                time.sleep(0.01)
        return self.status

    def close(self):
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGHUP)
            except ProcessLookupError:
                pass
        os.close(self.fd)
        if self.status is None:
            for _ in range(100):
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    return
                time.sleep(0.02)
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


def perform(terminal, line, marks, env):
    verb, _, rest = line.partition(" ")
    if verb == "expect":
        limit, regex = rest.split(" ", 1)
        match = terminal.expect(float(limit), regex)
        for number, group in enumerate(match.groups(), 1):
            env["M%d" % number] = group or ""
    elif verb == "refuse":
        terminal.read(0)
        if re.search(rest, terminal.seen, re.MULTILINE):
            raise Failed("it came")
    elif verb == "send":
        os.write(terminal.fd, rest.encode().decode("unicode_escape").encode("latin-1"))
    elif verb == "run":
        done = subprocess.run(["bash", "-c", rest], env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        if done.returncode:
            raise Failed("exit status %d: %s" % (done.returncode, done.stdout.decode()))
    elif verb == "sleep":
        end = time.monotonic() + float(rest)
        while time.monotonic() < end:
            if terminal.ended:
                time.sleep(end - time.monotonic())
            else:
                terminal.read(end - time.monotonic())
    elif verb == "mark":
        marks[rest] = time.monotonic()
    elif verb == "within":
        limit, name = rest.split(" ", 1)
        took = terminal.matched_at - marks[name]
        if took > float(limit):
            raise Failed("it took %.3f s" % took)
    elif verb == "exit":
        status = terminal.wait(20)
        if rest != "any" and status != int(rest):
            raise Failed("exit status %d" % status)
    else:
        raise Failed("no such step")


def main():
    command = sys.argv[2:]
    if len(sys.argv) < 3 or sys.argv[1] != "--":
        sys.exit(__doc__)
    steps = [line.strip() for line in sys.stdin]
    terminal = Terminal(command)

    def stop(number, _frame):
        terminal.close()
        sys.exit(128 + number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)

    marks, env = {}, dict(os.environ)
    step = ""
    try:
        for step in steps:
            if step and not step.startswith("#"):
                perform(terminal, step, marks, env)
    except (Failed, subprocess.TimeoutExpired) as error:
        sys.stdout.write("\n")
        sys.stdout.flush()
        sys.stderr.write("pty: step '%s': %s\n" % (step, error))
        return 1
    finally:
        terminal.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
