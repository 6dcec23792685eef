"""The folder of submissions: what is to be graded, and what a newer one replaced."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader_apart import collecting, places, tree
from nbgrader_apart.submission import REFUSED, SUFFIX, TIMESTAMP
from nbgrader_apart.tree import Tree

from .downloads import utc
from .handins import HandIn, plain

#: What is kept of hand-ins that a newer one took the place of.
OLDER = "older"
#: What the grading writes beside a hand-in, and takes from nobody.
OURS = (TIMESTAMP, REFUSED)


@dataclass(frozen=True)
class Before:
    """What was collected of a student before.

    Parameters
    ----------
    time : datetime
        UTC, without a zone.
    files : dict of str to bytes
    """

    time: datetime.datetime
    files: dict[str, bytes]


class Submissions:
    """What students handed in for one assignment.

    Parameters
    ----------
    directory : CourseDirectory
        Its `assignment_id` is the assignment.
    """

    def __init__(self, directory: CourseDirectory) -> None:
        self.directory = directory
        self.assignment: str = directory.assignment_id

    def files(self, hand_in: HandIn) -> dict[str, bytes]:
        """Return the contents of a hand-in as they are graded.

        What lies in a folder with the first notebook lies on top, and takes the place
        of nothing that lay there; a notebook that is the only one has the assignment's
        name, unless a folder has it.
        """
        first = min(hand_in.notebooks, key=lambda name: name.count("/"))
        above = first[: first.rfind("/") + 1]
        files = {
            name.removeprefix(above): file.content
            for name, file in hand_in.files.items()
            if name.startswith(above)
        }
        for name, file in hand_in.files.items():
            if not name.startswith(above):
                files[plain(name, files)] = file.content
        wanted = self.assignment + SUFFIX
        has_place = not any(f"{name}/".startswith(f"{wanted}/") for name in files)
        if len(hand_in.notebooks) == 1 and has_place:
            files[wanted] = files.pop(first.removeprefix(above))
        return {name: files[name] for name in sorted(files) if name not in OURS}

    def before(self, student: str) -> Before | None:
        """Return what was collected of a student before, or None.

        Raises
        ------
        tree.Unopened
            If it is reached by a link.
        """
        base, below = places.place(self.directory, student, self.assignment)
        folder = base.joinpath(*below)
        if not folder.is_dir():
            return None
        found = tree.read(base, *below)
        time = places.timestamp(self.directory, str(folder))
        if time is None:  # it came by hand: the newest of its files tells
            times = [utc(folder.joinpath(one).lstat().st_mtime) for one in found.files]
            time = max(times, default=datetime.datetime.min)
        files = {name: one for name, one in found.files.items() if name not in OURS}
        return Before(time, files)

    def take(self, hand_in: HandIn) -> None:
        """Put a hand-in where it is graded; what was there before is set aside.

        Raises
        ------
        tree.Unopened
            If a folder on the way is a link.
        """
        student = hand_in.student.id
        before = self.before(student)
        if before is not None:
            self._set_aside(student, before.time, before.files)
        stamp = f"{hand_in.time.isoformat(' ', 'seconds')} UTC\n".encode()
        destination = collecting.folder_of(self.directory, student, self.assignment)
        collecting.replace(destination, Tree(self.files(hand_in) | {TIMESTAMP: stamp}))

    def set_aside(self, hand_in: HandIn) -> None:
        """Keep a hand-in that is not to be graded."""
        self._set_aside(hand_in.student.id, hand_in.time, self.files(hand_in))

    def is_aside(self, hand_in: HandIn) -> bool:
        """Return whether a hand-in is kept as one that another took the place of."""
        _, kept = self._place_aside(
            hand_in.student.id, hand_in.time, self.files(hand_in)
        )
        return kept

    def _set_aside(
        self, student: str, time: datetime.datetime, files: dict[str, bytes]
    ) -> None:
        folder, kept = self._place_aside(student, time, files)
        if not kept:
            folder.mkdir(parents=True)
            tree.write(folder, files)

    def _place_aside(
        self, student: str, time: datetime.datetime, files: dict[str, bytes]
    ) -> tuple[Path, bool]:
        """Return where a hand-in is kept, or would be, and whether it is there."""
        above = Path(self.directory.root, OLDER, self.assignment, student)
        name = f"{time:%Y-%m-%d %H.%M.%S}"
        number = 1
        while (above / name).exists():
            if tree.read(above, name).files == files:
                return above / name, True
            number += 1
            name = f"{time:%Y-%m-%d %H.%M.%S} ({number})"
        return above / name, False
