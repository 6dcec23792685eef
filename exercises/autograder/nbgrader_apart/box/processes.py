"""What the processes of a submission use, as the kernel's ``/proc`` tells it."""

import contextlib
import resource
from pathlib import Path
from typing import NamedTuple


class Use(NamedTuple):
    """The private memory of a process in bytes, and the processes it started."""

    memory: int
    children: list[int]


def user_of(pid: int) -> int | None:
    """Return the user id that a process runs as, or None if it has ended."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/status").read_text().split("Uid:")[1].split()[0])
    return None


def use_of(pid: int) -> Use:
    """Return what a process uses.

    Raises
    ------
    OSError
        If it has ended.
    """
    _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for file in lists for child in file.read_text().split()]
    return Use((int(resident) - int(shared)) * resource.getpagesize(), children)


def memory_below(pid: int, inherited: int, user: int | None = None) -> int:
    """Return the memory in bytes that a process and all below it take together.

    Parameters
    ----------
    pid : int
    inherited : int
        What each of them shares with a fork server.
    user : int, optional
        Count the processes of this user only.
    """
    total, waiting = 0, [pid]
    while waiting:
        process = waiting.pop()
        try:
            use = use_of(process)
        except OSError:
            continue  # it has ended
        if user is None or user_of(process) == user:
            total += max(0, use.memory - inherited)
        waiting += use.children
    return total
