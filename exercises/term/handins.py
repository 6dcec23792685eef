"""From the files of a download to hand-ins: whose each one is, and from when."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from nbgrader_apart.submission import SUFFIX
from nbgrader_apart.tree import printable

from . import platforms
from .classlist import Found, Roster, Student
from .command import CommandError
from .downloads import File
from .platforms import Named, Platform

#: What a mail program or a browser makes of the ending.
RENAMED = re.compile(r"\.ipynb(\.json|\.txt)?$", re.IGNORECASE)


@dataclass
class HandIn:
    """What a student handed in at one time.

    Parameters
    ----------
    student : Student
    time : datetime
        UTC, without a zone.
    alone : bool
        Whether it is one file, and others may have been handed in with it.
    late : bool
        Whether the platform calls it late.
    files : dict of str to File
        By the names that the student gave them.
    """

    student: Student
    time: datetime.datetime
    alone: bool = False
    late: bool = False
    files: dict[str, File] = field(default_factory=dict)

    @property
    def notebooks(self) -> list[str]:
        """The names of the notebooks in it."""
        return [name for name in self.files if name.endswith(SUFFIX)]

    @property
    def newness(self) -> tuple[list[int], datetime.datetime]:
        """What tells the newer of two of the same student."""
        numbers = [
            int(number)
            for name in self.notebooks
            for number in re.findall(r"[-(](\d+)\)?\.ipynb$", name)
        ]
        return (numbers if self.alone else []), self.time


@dataclass(frozen=True)
class Unmatched:
    """A file that is nobody's, and why; the reason is a sentence of its own."""

    file: File
    reason: str


def _of_the_wall(time: datetime.datetime) -> datetime.datetime:
    """Return a time of this place's clock in UTC."""
    return time.astimezone(datetime.UTC).replace(tzinfo=None)


def folders_above(paths: Sequence[str], roster: Roster) -> Sequence[str]:
    """Return the folders around all files that are no student's: the download's own."""
    common = os.path.commonpath(paths) if len(paths) > 1 else ""
    above: list[str] = []
    for name in filter(None, common.split("/")):
        read = (one.read(f"{name}/x") for one in platforms.PLATFORMS)
        if any(named and whose(named, roster).only for named in read):
            break
        above.append(name)
    return above


def whose(named: Named, roster: Roster) -> Found:
    """Return who is meant by what the path of a file tells."""
    if named.where == platforms.AT_THE_END:
        student = roster.that_ends(named.who)
        name = " ".join(named.who.split("_")[:2])
    elif named.where == platforms.AT_THE_START:
        student = roster.that_begins(named.who)
        name = named.who.split("_")[0]
    else:
        return roster.find(named.who, named.number)
    return Found((student,)) if student else roster.find(name, named.number)


class Sorter:
    """Sorts the files of a download by student and time."""

    def __init__(
        self,
        roster: Roster,
        told: Mapping[str, Student],
        skipped: int,
        platform: Platform | None,
    ) -> None:
        self.roster, self.told, self.skipped = roster, told, skipped
        self.platform = platform

    def hand_ins(self, files: Sequence[File]) -> tuple[list[HandIn], list[Unmatched]]:
        """Return the hand-ins, and the files that are nobody's."""
        if self.platform is None:
            self.platform = self._recognised(files)
        found: dict[tuple[str, str], HandIn] = {}
        unmatched = []
        for file in files:
            path = self._inside(file)
            named = self.platform.read(path) if self.platform else None
            student, doubt = self._owner(path, named)
            if student is None:
                unmatched.append(Unmatched(file, doubt))
                continue
            named = named or Named("", path.rpartition("/")[2])
            time = _of_the_wall(named.time) if named.time else file.changed
            alone = "/" not in path and (
                self.platform is None or self.platform.one_by_one
            )
            key = (student.id, path if alone else self._together(path, named))
            hand_in = found.setdefault(key, HandIn(student, time, alone))
            hand_in.time = max(hand_in.time, time)
            hand_in.late |= named.late
            hand_in.files[plain(named.file, hand_in.files)] = file
        return list(found.values()), unmatched

    @staticmethod
    def _together(path: str, named: Named) -> str:
        """Return what the paths of files that were handed in together share."""
        return str(named.time) if named.time else path.removesuffix(named.file)

    def _inside(self, file: File) -> str:
        return "/".join(file.path.split("/")[self.skipped :])

    def _recognised(self, files: Sequence[File]) -> Platform | None:
        def owners(named: Named) -> frozenset[str]:
            return frozenset(one.id for one in whose(named, self.roster).students)

        paths = [self._inside(file) for file in files]
        paths = [one for one in paths if not self._named_by_hand(one)]
        platform, others = platforms.recognise(paths, owners)
        if platform and others:
            raise CommandError(
                "these names could be read in more than one way: say which, with "
                f"--from {platforms.names([platform, *others])}"
            )
        return platform

    def _named_by_hand(self, path: str) -> Student | None:
        fitting = [name for name in self.told if path.startswith(name)]
        return self.told[max(fitting, key=len)] if fitting else None

    def _owner(self, path: str, named: Named | None) -> tuple[Student | None, str]:
        """Return whose a file is, or None and what is in doubt."""
        if student := self._named_by_hand(path):
            return student, ""
        if named is None:
            return None, "is named like none of the others: --who says whose it is"
        found = whose(named, self.roster)
        if found.only:
            return found.only, ""
        if found.students:
            several = ", ".join(printable(one.id) for one in found.students)
            return None, f"could be {several}: --who says whose it is"
        nearest = self.roster.nearest(found.sought)
        near = ", ".join(f"{one.name} ({one.id})" for one in nearest)
        who = printable(named.who if named.where == platforms.WHOLE else path)
        listed = f"{who} is not on the class list"
        return None, f"{listed}; nearest: {printable(near)}" if near else listed


def plain(name: str, taken: Container[str]) -> str:
    """Return the name under which a student's file is kept: no other one has it."""
    name = RENAMED.sub(SUFFIX, name)
    stem, dot, ending = name.rpartition(".")
    number = 1
    while name in taken:
        number += 1
        name = f"{stem} ({number}){dot}{ending}"
    return name
