"""``nbgrader collect``: hand-ins on their way from the exchange.

Students write into the exchange. What arrives in ``submitted/`` is ordinary files with
ordinary names; what was not taken is listed in a file beside them, and the feedback
repeats it. A hand-in that cannot be collected is named, and the others are.
"""

from __future__ import annotations

import datetime
import os
import sys
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect

from . import places, submission, tree
from .submission import REFUSED
from .tree import Refusal, Tree, Unopened, printable

if sys.platform != "win32":
    import pwd


class CollectReadOnce(ExchangeCollect):  # type: ignore[misc]  # nbgrader has no types
    """nbgrader's `ExchangeCollect`, which copies no link and stops for nobody."""

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """Return what the name of a hand-in tells: student, time, or what is wrong."""
        name = os.path.basename(path)
        parts = name.rsplit("+", 3)
        if len(parts) < 3:
            return self._refused(name, "has a name that nbgrader gives to no hand-in")
        if reason := submission.odd_id(parts[0]):
            return self._refused(name, reason)
        stamp = submission.parse_timestamp(parts[2].encode("utf-8", "replace"))
        if stamp is None:
            return self._refused(name, "has a name with no time that can be read")
        return {"username": parts[0], "filename": name, "timestamp": stamp}

    def _refused(self, name: str, reason: str) -> dict[str, Any]:
        self.log.warning("%s %s, and is not collected", printable(name), reason)
        early = datetime.datetime.min
        return {"username": None, "filename": name, "timestamp": early}

    def copy_files(self) -> None:
        """Collect what is new, one student after the other."""
        records = [one for one in self.src_records if one["username"] is not None]
        if not records:
            self.log.warning(
                "No submissions of '%s' for course '%s' to collect",
                self.coursedir.assignment_id,
                self.coursedir.course_id,
            )
        for record in records:
            try:
                self._collect(record)
            except (OSError, RecursionError) as error:
                student = printable(record["username"])
                self.log.error("%s: not collected, for %s", student, error)

    def _collect(self, record: dict[str, Any]) -> None:
        student, assignment = record["username"], self.coursedir.assignment_id
        source = Path(self.inbound_path, record["filename"])
        with tree.opened(source.parent, source.name):
            self._check_owner(source, student)
        destination = folder_of(self.coursedir, student, assignment)
        exists = destination.is_symlink() or destination.exists()
        if exists and not self._is_newer(destination, record["timestamp"]):
            self.log.info("Nothing newer to collect: %s %s", student, assignment)
            return
        found = tree.read(source.parent, source.name, ignore=self.coursedir.ignore)
        self.log.info(
            "%s submission: %s %s",
            "Updating" if exists else "Collecting",
            student,
            assignment,
        )
        for refusal in found.refused:
            self.log.warning("%s: %s, and is not collected", student, refusal)
        replace(destination, found)
        if self.coursedir.groupshared:
            _share(destination)

    def _is_newer(self, destination: Path, stamp: datetime.datetime) -> bool:
        """Say whether a hand-in takes the place of the one collected before."""
        before = self.coursedir.get_existing_timestamp(str(destination))
        if self.update and (before is None or stamp > before):
            return True
        return bool(self.before_duedate) and before != stamp

    def _check_owner(self, source: Path, student: str) -> None:
        if not self.check_owner or sys.platform == "win32":
            return
        try:
            owner = pwd.getpwuid(source.lstat().st_uid).pw_name
        except KeyError:
            owner = "nobody known"
        if owner != student:
            self.log.warning(
                "%s claims to be submitted by %s but is owned by %s; cheating attempt? "
                "You may disable this warning by unsetting ExchangeCollect.check_owner",
                printable(source.name),
                student,
                owner,
            )


def folder_of(course: Any, student: str, assignment: str) -> Path:
    """Return where a hand-in is kept; make the folders above it.

    Raises
    ------
    Unopened
        If one of them is a link, which would lead elsewhere.
    """
    base, below = places.place(course, student, assignment)
    folder = base
    for name in below[:-1]:
        folder = folder / name
        if folder.is_symlink():
            raise Unopened(f"{folder} is a link")
        folder.mkdir(parents=True, exist_ok=True)
    return folder / below[-1]


def replace(destination: Path, found: Tree) -> None:
    """Put what was read in the place of what was collected before.

    What was collected before is there until the other is complete.
    """
    fresh = destination.with_name(f".{destination.name}.collecting")
    tree.remove(fresh)
    fresh.mkdir()
    # The list of what was refused is ours.
    taken = [name for name in found.files if name.partition("/")[0] != REFUSED]
    tree.write(fresh, {name: found.files[name] for name in taken})
    refused = list(found.refused)
    if len(taken) < len(found.files):
        refused.append(Refusal(REFUSED, "has a name that the grading uses itself"))
    if refused:
        lines = [f"{refusal.name}\t{refusal.reason}\n" for refusal in refused]
        (fresh / REFUSED).write_text("".join(lines), encoding="utf-8")
    tree.remove(destination)
    fresh.rename(destination)


def _share(folder: Path) -> None:
    """Let the group of the instructors write to a hand-in, as nbgrader does."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode | (0o2770 if path.is_dir() else 0o660))
