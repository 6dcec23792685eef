"""What a submission has written, where the kernel sets no limit to it.

In a bubblewrap box a submission writes to a disk of its own, which is full when it
is full. Elsewhere this is looked at while its cells run.
"""

import contextlib
import itertools
import math
import os
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

BLOCK = 4096
#: A folder that lies deeper than this is not looked into.
MAX_DEPTH = 100
#: How much the kernel is asked to write of what processes have mapped, in bytes: a line
#: of about a hundred for each piece. Python with pandas has some hundred pieces; the
#: kernel allows 65,530 a process, and takes 0.1 s to write so many.
MOST_MAPS = 30_000_000


class Written(NamedTuple):
    """Bytes, files with folders, how many folders lie in each other, what hides."""

    size: int
    entries: int
    depth: int
    #: Whether there is a folder that this user may not look into.
    hidden: bool


def written_below(folder: str, most: float = math.inf) -> Written:
    """Return what lies in a folder; stop counting at `most` files and folders.

    A file takes whole blocks.
    """
    size = count = deepest = 0
    hidden = False
    waiting = [(folder, 0)]
    while waiting and count <= most:
        place, depth = waiting.pop()
        deepest = max(deepest, depth)
        if depth > MAX_DEPTH:
            break
        hidden = hidden or _hides(place)
        for entry in _entries(place):
            count += 1
            with contextlib.suppress(OSError):  # it has gone in the meantime
                state = entry.stat(follow_symlinks=False)
                size += -(-state.st_size // BLOCK) * BLOCK
                if stat.S_ISDIR(state.st_mode):
                    waiting.append((entry.path, depth + 1))
            if count > most:
                break
    return Written(size, count, deepest, hidden)


def _hides(folder: str) -> bool:
    """Return whether a folder is there and this user may not look into it."""
    try:
        with os.scandir(folder) as entries, contextlib.suppress(StopIteration):
            next(entries).stat(follow_symlinks=False)
    except PermissionError:
        return True
    except OSError:  # it has gone in the meantime
        return False
    return False


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from entries


class Unseen(Exception):
    """What processes hold cannot be seen; the message says what they did."""


def unnamed(processes: Iterable[int], folder: str, largest: int) -> int:
    """Return the bytes in files that processes hold and have removed.

    Parameters
    ----------
    processes : iterable of int
    folder : str
        Where they may write.
    largest : int
        So many bytes count for a file that is mapped and not open: how many it has
        cannot be seen.

    Raises
    ------
    Unseen
        If a process has mapped more pieces than are looked at, or runs a program
        that this user may not read: then the kernel tells only root what it holds.
    """
    files: dict[tuple[int, int], int] = {}
    left = MOST_MAPS
    for process in processes:
        threads = [entry.path for entry in _entries(f"/proc/{process}/task")]
        for entry in itertools.chain.from_iterable(
            _entries(f"{thread}/fd") for thread in threads
        ):
            with contextlib.suppress(OSError):
                state = os.stat(entry.path)
                if stat.S_ISREG(state.st_mode) and state.st_nlink == 0:
                    files[state.st_dev, state.st_ino] = state.st_size
        maps = _first_maps(threads, left)
        left -= sum(map(len, maps))
        for mapped in _mapped_and_removed(maps, folder):
            files.setdefault(mapped, largest)
        if left <= 0:
            raise Unseen("mapped memory in more pieces than can be looked at")
    return sum(files.values())


def _mapped_and_removed(
    maps: Iterable[bytes], folder: str
) -> Iterator[tuple[int, int]]:
    """Yield the device and the number of files from a folder that are only mapped."""
    for line in maps:
        if line.endswith(b" (deleted)\n") and os.fsencode(folder) in line:
            _, _, _, device, number, *_ = line.split(maxsplit=5)
            major, minor = (int(part, 16) for part in device.split(b":"))
            yield os.makedev(major, minor), int(number)


def _first_maps(threads: Iterable[str], most: int) -> list[bytes]:
    """Return the lines of what a process has mapped, up to about `most` bytes.

    Threads share what is mapped; one that has ended has nothing.
    """
    return next(filter(None, (_maps(thread, most) for thread in threads)), [])


def _maps(thread: str, most: int) -> list[bytes]:
    try:
        with open(f"{thread}/maps", "rb") as maps:
            return maps.readlines(most)
    except PermissionError:
        raise Unseen("ran a program that nobody may read") from None
    except OSError:  # it has ended
        return []
