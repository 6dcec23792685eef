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
    """Return the user id that a process runs as, or None if it has ended.

    The first line holds the name that a process has given to itself: any bytes, but
    never a line break.
    """
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_bytes()
        return int(status.split(b"\nUid:")[1].split()[0])
    return None


def threads_of(pid: int) -> list[Path]:
    """Return where ``/proc`` tells of the threads of a process.

    What it tells of the process itself is what its first thread has: when that has
    ended and others go on, nothing. Each thread may have open files of its own.

    Raises
    ------
    OSError
        If it has ended.
    """
    return list(Path(f"/proc/{pid}/task").iterdir())


def use_of(pid: int) -> Use:
    """Return what a process uses.

    Raises
    ------
    OSError
        If it has ended.
    """
    pages = 0
    children: list[int] = []
    for thread in threads_of(pid):
        with contextlib.suppress(OSError):  # this one has ended
            _, resident, shared, *_ = (thread / "statm").read_text().split()
            pages = max(pages, int(resident) - int(shared))
            children += map(int, (thread / "children").read_text().split())
    return Use(pages * resource.getpagesize(), children)


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


def held_by_sockets(processes: Iterable[int], apart: bool = False) -> int:
    """Return how many bytes may be on their way in the sockets of some processes.

    Parameters
    ----------
    processes : iterable of int
    apart : bool
        Whether they have a network of their own. Then sockets count that no process
        has open: those that wait to be accepted, or are on their way themselves.
    """
    sockets: set[str] = set()
    # One process of each network.
    networks: dict[str, int] = {}
    for process in processes:
        with contextlib.suppress(OSError):
            networks.setdefault(os.readlink(f"/proc/{process}/ns/net"), process)
            for thread in threads_of(process):
                sockets |= _open_sockets(thread)
    networks.pop(os.readlink("/proc/self/ns/net"), None)
    listed = sum(map(_sockets_listed, networks.values())) if apart else 0
    return max(len(sockets), listed) * IN_A_SOCKET


def _open_sockets(thread: Path) -> set[str]:
    found = set()
    with contextlib.suppress(OSError), os.scandir(thread / "fd") as opened:
        for entry in opened:
            with contextlib.suppress(OSError):  # it was closed in the meantime
                target = os.readlink(entry.path)
                if target.startswith("socket:"):
                    found.add(target)
    return found


def _sockets_listed(process: int) -> int:
    """Return how many UNIX sockets there are in the network of a process."""
    # Names of sockets are any bytes.
    path = f"/proc/{process}/net/unix"
    with contextlib.suppress(OSError), open(path, "rb") as sockets:
        return sum(1 for _ in sockets) - 1  # below a line with the names of columns
    return 0
