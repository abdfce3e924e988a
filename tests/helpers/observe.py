"""Observations from outside: the files of a dataset, the processes of a run."""

import time
from pathlib import Path


def content(folder):
    """Return the content of every file of a dataset by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def children(pid):
    """Return the process numbers of a process's children."""
    return [number for number, parent in _parents() if parent == pid]


def descendants(pid):
    """Return the process numbers of a process's children, their children, and so on."""
    pids = children(pid)
    return pids + [further for child in pids for further in descendants(child)]


def alive(pid):
    """True if a process still runs (zombies do not count)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def end(pids, within=10.0):
    """Wait for processes to end; True if all end within `within` seconds."""
    until = time.monotonic() + within
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(alive, pids))


def command(pid):
    """Return a process's command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
    except OSError:
        return ""


def _parents():
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # the process has just ended
            continue
