"""What a system call of a daemon is about: the names of the durable steps that it takes."""
import re


def simplify(path):
    path = re.sub(r"[0-9a-f]{16}\.json", "ID.json", path)
    path = re.sub(r"^\.(.*)\.jit-[0-9a-f]{16}$", r"\1", path.rsplit("/", 1)[-1])
    path = re.sub(r"^[\w.-]+:([\w.-]+\.membership)$", r"USER:\1", path)
    return path


def fd_of(arguments):
    found = re.match(r"\d+<(.*?)>(?:, |\)|$)", arguments)
    return found.group(1) if found else ""


def label_of(name, arguments):
    """What a call is about; empty: no step of ours."""
    fd = fd_of(arguments)
    if name == "renameat":
        return "rename to " + simplify(arguments.split(", ")[-1].split('"')[1])
    if name == "unlinkat":
        return "remove " + simplify(arguments.split('"')[1])
    if name == "linkat":
        return "lock " + arguments.split(", ")[3].strip('"').rsplit("/", 1)[-1]
    if name == "mkdir":
        return "make folder " + arguments.split('"')[1]
    if name in ("write", "pwrite64", "fsync", "fdatasync", "ftruncate"):
        if not fd.startswith("/"):
            return ""
        word = {"write": "write ", "pwrite64": "page of "}.get(name, "sync ")
        return word + simplify(fd)
    if name in ("sendmsg", "sendto"):
        if "TCP" in fd:
            return ""
        if "/run/systemd/journal/socket" in arguments:
            event = re.search(r"JIT_EVENT=([\w-]+)", arguments)
            return "tell the journal " + (event.group(1) if event else "a line")
        if "WATCHDOG=1" in arguments or "/run/systemd/notify" in arguments:
            return ""
        if "AUTH EXTERNAL" in arguments:
            return "greet systemd"
        for method in ("StartTransientUnit", "StopUnit", "ListUnitsByPatterns", "GetUnit"):
            if method in arguments:
                return "ask systemd " + method
        if "ActiveState" in arguments:
            return "ask systemd ActiveState"
        if "io.systemd.UserDatabase" in arguments:
            return "ask the name service"
        if "io.jitd.Grant." in arguments:
            return "call the helper " + re.search(r"io\.jitd\.Grant\.(\w+)", arguments).group(1)
        state = re.search(r'\\"state\\":\\"([\w-]+)', arguments)
        return "answer " + (state.group(1) if state else "the caller")
    return ""


class Namer:
    """Names the calls of one process in their order: the second of a kind is "LABEL (2)". The pages
    that a transaction writes differ in number; they, and its sync, are numbered by transaction."""

    def __init__(self):
        self.seen, self.commits = {}, 1

    def name(self, call, arguments):
        label = label_of(call, arguments)
        if not label:
            return ""
        if call == "pwrite64":
            return f"a page of transaction {self.commits}"
        if call == "fdatasync":
            self.commits += 1
            return f"sync of transaction {self.commits - 1}"
        self.seen[label] = self.seen.get(label, 0) + 1
        return label if self.seen[label] == 1 else f"{label} ({self.seen[label]})"
