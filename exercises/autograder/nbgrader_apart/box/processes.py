"""What the processes of a submission use, as the kernel's ``/proc`` tells it."""

import contextlib
import os
import resource
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

#: What the kernel keeps at the most, in bytes, of what was sent through a socket and
#: not received. It belongs to no process.
IN_A_SOCKET = 416 << 10


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


class Below(NamedTuple):
    """What a process and all below it take together.

    Parameters
    ----------
    memory : int
        In bytes.
    processes : list of int
    """

    memory: int
    processes: list[int]


def below(pid: int, inherited: int, user: int | None = None) -> Below:
    """Return what a process and all below it take together.

    Parameters
    ----------
    pid : int
    inherited : int
        The memory that each of them shares with a fork server.
    user : int, optional
        Count the processes of this user only.
    """
    total, waiting, found = 0, [pid], []
    while waiting:
        process = waiting.pop()
        try:
            use = use_of(process)
        except OSError:
            continue  # it has ended
        if user is None or user_of(process) == user:
            total += max(0, use.memory - inherited)
            found.append(process)
        waiting += use.children
    return Below(total, found)


def held_by_sockets(processes: Iterable[int]) -> int:
    """Return how many bytes may be on their way in the sockets of some processes."""
    sockets = set()
    for process in processes:
        with contextlib.suppress(OSError), os.scandir(f"/proc/{process}/fd") as opened:
            for entry in opened:
                with contextlib.suppress(OSError):  # it was closed in the meantime
                    target = os.readlink(entry.path)
                    if target.startswith("socket:"):
                        sockets.add(target)
    return len(sockets) * IN_A_SOCKET
