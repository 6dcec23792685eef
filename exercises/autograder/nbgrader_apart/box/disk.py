"""What a submission has written, where the kernel sets no limit to it.

In a bubblewrap box a submission writes to a disk of its own, which is full when it
is full. Elsewhere this is looked at while its cells run.
"""

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

#: A folder that lies deeper than this is not looked into.
MAX_DEPTH = 100


class Written(NamedTuple):
    """Bytes, files with folders, and how many folders lie in each other."""

    size: int
    entries: int
    depth: int


def written_below(folder: str, most: int) -> Written:
    """Return what lies in a folder; stop counting at `most` files and folders."""
    size = count = deepest = 0
    waiting = [(folder, 0)]
    while waiting and count <= most:
        place, depth = waiting.pop()
        deepest = max(deepest, depth)
        if depth > MAX_DEPTH:
            break
        for entry in _entries(place):
            count += 1
            with contextlib.suppress(OSError):  # it has gone in the meantime
                state = entry.stat(follow_symlinks=False)
                size += state.st_size
                if stat.S_ISDIR(state.st_mode):
                    waiting.append((entry.path, depth + 1))
            if count > most:
                break
    return Written(size, count, deepest)


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from entries


def unnamed(processes: Iterable[int]) -> int:
    """Return the bytes in files that processes hold open and have removed."""
    files: dict[tuple[int, int], int] = {}
    for process in processes:
        for entry in _entries(f"/proc/{process}/fd"):
            with contextlib.suppress(OSError):
                state = os.stat(entry.path)
                if stat.S_ISREG(state.st_mode) and state.st_nlink == 0:
                    files[state.st_dev, state.st_ino] = state.st_size
    return sum(files.values())
