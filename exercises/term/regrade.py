"""Grade an assignment again that was changed after students handed in.

Corrected tests, other points and new tasks are tried on a copy first: the command
makes the students' copy anew, grades what was graded before, and shows whose marks
change, by how much and why. The gradebook and the release stay as they are. With
--apply it then does what it has shown, in one step: marks and comments by hand stay,
the old release goes to older/, the gradebook as it was is kept, and a table beside it
has every difference.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import json
import os
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader_apart import late, marks, places, tree
from nbgrader_apart.export import plain
from nbgrader_apart.marks import Mark
from nbgrader_apart.outcomes import task_of
from nbgrader_apart.tree import printable

from . import demo, gradebooks, personal, release
from .command import CommandError, NotInGradebook
from .folders import CONFIG, find_course, notebook_path, require_assignment, settings
from .gradebooks import Place, State
from .submissions import OLDER

COLUMNS = (
    *("student", "task", "test", "points_before", "points_after"),
    *("of_before", "of_after", "by_hand", "why"),
)
MOST_LINES = 40


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("assignment", help="name of the assignment: metrics")
    parser.add_argument(
        "--apply", action="store_true", help="do what was shown without it"
    )


def main(arguments: Namespace) -> int:
    """Try the changed assignment on a copy, or take over what was tried."""
    course = find_course()
    require_assignment(course, arguments.assignment)
    regrade = Regrade(course, arguments.assignment)
    if arguments.apply:
        print(regrade.apply())
    else:
        print(regrade.attempt())
    return 0


@dataclass(frozen=True)
class Change:
    """One difference between two gradings.

    Parameters
    ----------
    student : str
    place : Place
        The notebook, and the test.
    before, after : float or None
        The points that count; before, None if the test is new.
    worth_before, worth_after : float or None
    by_hand : bool
        Whether points by hand count, whatever the test gives.
    why : str
    """

    student: str
    place: Place
    before: float | None
    after: float
    worth_before: float | None
    worth_after: float | None
    by_hand: bool
    why: str

    def row(self) -> Sequence[object]:
        """Return its row in the table of differences."""
        test = self.place[1]
        return (
            *(self.student, task_of(test), test, self.before, self.after),
            *(self.worth_before, self.worth_after),
            *("yes" if self.by_hand else "", self.why),
        )


class Regrade:
    """A new grading of one assignment, on a copy below ``regrade/``.

    Parameters
    ----------
    course : Path
    name : str
        The assignment.
    """

    def __init__(self, course: Path, name: str) -> None:
        self.course, self.name = course, name
        self.folder = course / "regrade" / name
        self.trial = self.folder / "course"
        self.directory = settings(course)
        self.directory.assignment_id = name
        self.before = f"sqlite:///{self.folder / 'before.db'}"
        self.after = f"sqlite:///{self.folder / 'after.db'}"
        self.fresh = f"sqlite:///{self.trial / 'gradebook.db'}"

    # -- on a copy

    def attempt(self) -> str:
        """Grade on a copy; return what would change.

        Raises
        ------
        CommandError
            If there is nothing to grade again, or the change is not possible.
        """
        live = self._live()
        if not live.recorded:
            raise CommandError(
                f"nobody's {self.name} has been graded yet: change it, and run "
                f"`python -m term release {self.name}`"
            )
        tree.remove(self.folder)
        self._make_trial()
        said = demo.nbgrader(self.trial, "autograde", self.name)
        if said.returncode:
            raise CommandError(
                f"{said.stdout}\nThe copy could not be graded, and nothing is changed. "
                "The reason stands above"
            )
        fresh = self._state(self.fresh)
        self._refuse_what_is_gone(live, fresh)
        chosen, left_out = self._whose(live, fresh)
        self._note(live, chosen)
        for url in (self.before, self.after):
            gradebooks.copy(self.directory.db_url, Path(url.removeprefix("sqlite:///")))
        self._take_over(self.after, fresh, chosen)
        changes = self._changes(live, self._state(self.after), chosen)
        self._write(self.folder / "changes.csv", changes)
        kept = sum(
            one.manual is not None
            for places_ in live.recorded.values()
            for one in places_.values()
        )
        return as_text(
            self.name,
            _differences(live, fresh),
            changes,
            (self._marks(self.before), self._marks(self.after)),
            left_out,
            kept,
        ) + (
            f"\nEvery difference, a line each: "
            f"{os.path.relpath(self.folder / 'changes.csv')}\n"
            f"Nothing is changed yet. To do it: "
            f"python -m term regrade {self.name} --apply"
        )

    def _make_trial(self) -> None:
        """Make a course folder with the changed assignment and the same hand-ins."""
        (self.trial / "exchange").mkdir(parents=True)
        (self.trial / CONFIG).write_text(
            demo.settings(self.course).replace(
                "Made by `make demo`", "Made to regrade"
            ),
            encoding="utf-8",
        )
        source = notebook_path(self.course, "source", self.name).parent
        if "course" in nbformat.read(source / f"{self.name}.ipynb", 4).metadata:
            release.copy_data(self.name, self.course)
        shutil.copytree(source, self.trial / "source" / self.name)
        personal.copy(self.course, self.trial, self.name)
        submitted = Path(self.course, self.directory.submitted_directory)
        try:
            (self.trial / "submitted").symlink_to(submitted)
        except OSError:  # Windows lets few make a link
            shutil.copytree(submitted, self.trial / "submitted", symlinks=True)
        release.generate(self.name, self.trial)
        source_notebook, released = (
            nbformat.read(notebook_path(self.trial, step, self.name), as_version=4)
            for step in ("source", "release")
        )
        if found := release.leaks(source_notebook, released):
            raise CommandError(
                f"a student could read {found[0]!r} in the changed {self.name}: put it "
                "between the lines that mark a solution or hidden tests"
            )

    def _refuse_what_is_gone(self, live: State, fresh: State) -> None:
        gone = [
            place[1]
            for place, known in live.cells.items()
            if (known.worth is not None and not _has_points(fresh, place))
            or (known.is_solution and place not in fresh.cells)
        ]
        if gone or {one for one, _ in live.cells} != {one for one, _ in fresh.cells}:
            raise CommandError(
                f"{', '.join(gone) or 'a notebook'} is not in {self.name} any more, "
                "or has no points any more, and what is recorded there would be lost: "
                "put it back, under that name; what is not to count can be worth 0 "
                "points. Other points, corrected tests and new tasks are possible"
            )

    def _whose(self, live: State, fresh: State) -> tuple[list[str], dict[str, str]]:
        """Return who was graded again, and why the others were not."""
        chosen, left_out = [], {}
        trial = settings(self.trial)
        for student in live.recorded:
            graded = Path(
                self.directory.format_path(
                    self.directory.autograded_directory, student, self.name
                )
            )
            same = places.is_what_was_graded(self.directory, student, self.name, graded)
            if student not in fresh.recorded:
                left_out[student] = "there is no hand-in any more"
            elif same is False:
                left_out[student] = "handed in something else since: autograde first"
            elif marks.is_unreadable(trial, self.name, student):
                left_out[student] = "not readable: what is recorded stays"
            else:
                chosen.append(student)
        return chosen, left_out

    def _changes(
        self, live: State, after: State, chosen: Collection[str]
    ) -> list[Change]:
        found = []
        for student in chosen:
            old, new = (
                _errors(folder / student / self.name)
                for folder in (
                    Path(self.course, self.directory.autograded_directory),
                    self.trial / "autograded",
                )
            )
            for place, now in after.recorded[student].items():
                was = live.recorded[student].get(place)
                worth_before = live.cells[place].worth if was else None
                worth_after = after.cells[place].worth
                same_points = was is not None and was.auto == now.auto
                if same_points and worth_before == worth_after:
                    continue
                why = "the task is new" if was is None else f"was {old.get(place[1])}"
                found.append(
                    Change(
                        student,
                        place,
                        was.points if was else None,
                        now.points,
                        worth_before,
                        worth_after,
                        now.manual is not None,
                        f"{why}, {new.get(place[1], 'is now read by hand')}"
                        + _by_hand(now.manual, now.auto),
                    )
                )
        return found

    # -- taking it over

    def apply(self) -> str:
        """Do what was shown; return where the difference is.

        Raises
        ------
        CommandError
            If nothing was shown, or something has changed since.
        """
        noted = self._noted()
        fresh = self._state(self.fresh)
        live = self._live()
        self._take_over(self.directory.db_url, fresh, noted["students"])
        stamp = f"{datetime.datetime.now():%Y-%m-%d %H.%M.%S}"
        self._move_release(stamp)
        for student in noted["students"]:
            self._move_graded(student)
        kept = Path(self.course, OLDER, self.name, f"gradebook before {stamp}.db")
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.folder / "before.db", kept)
        table = self.course / f"{self.name}-regrade.csv"
        changes = self._changes(live, self._live(), noted["students"])
        shutil.copyfile(self.folder / "changes.csv", table)
        tree.remove(self.folder)
        count = len({one.student for one in changes if one.before != one.after})
        return (
            f"{self.name}: {len(noted['students'])} hand-ins are graded with the "
            f"changed assignment; {count} students have other points.\n"
            f"Every difference, a line each: {os.path.relpath(table)}\n"
            f"The gradebook as it was: {os.path.relpath(kept)}\n"
            f"New feedback: python -m term feedback {self.name} "
            f"--out {self.name}-feedback-2.zip"
        )

    def _noted(self) -> dict[str, Any]:
        first = f"run `python -m term regrade {self.name}` first, and look at it"
        try:
            noted: dict[str, Any] = json.loads(self._note_file.read_text("utf-8"))
        except (OSError, ValueError):
            raise CommandError(f"nothing was tried yet: {first}") from None
        if noted["digest"] != self._digest(self._live(), noted["students"]):
            raise CommandError(
                "marks, hand-ins or the assignment have changed since it was tried, "
                f"and nothing was done: {first}"
            )
        return noted

    @property
    def _note_file(self) -> Path:
        return self.folder / "tried.json"

    def _note(self, live: State, chosen: Sequence[str]) -> None:
        noted = {"students": chosen, "digest": self._digest(live, chosen)}
        self._note_file.write_text(json.dumps(noted), encoding="utf-8")

    def _digest(self, live: State, students: Iterable[str]) -> str:
        """Return a text that is the same while all is as it was when it was tried."""
        summed = hashlib.sha256(live.digest().encode())
        source = notebook_path(self.course, "source", self.name).parent
        for path in sorted(source.rglob("*")):
            if path.is_file() and ".ipynb_checkpoints" not in path.parts:
                summed.update(path.relative_to(source).as_posix().encode())
                summed.update(path.read_bytes())
        for student in students:
            graded = self.trial / "autograded" / student / self.name
            same = places.is_what_was_graded(self.directory, student, self.name, graded)
            summed.update(f"{student} {same}".encode())
        return summed.hexdigest()

    def _move_release(self, stamp: str) -> None:
        """Put the new release in the place of the old one, which is kept."""
        here = notebook_path(self.course, "release", self.name).parent
        if here.is_dir():
            kept = Path(self.course, OLDER, self.name, f"release before {stamp}")
            kept.parent.mkdir(parents=True, exist_ok=True)
            here.rename(kept)
        shutil.copytree(self.trial / "release" / self.name, here)

    def _move_graded(self, student: str) -> None:
        there = self.trial / "autograded" / student / self.name
        here = Path(
            self.directory.format_path(
                self.directory.autograded_directory, student, self.name
            )
        )
        fresh = here.with_name(f".{here.name}.regrading")
        tree.remove(fresh)
        shutil.copytree(there, fresh)
        tree.remove(here)
        fresh.rename(here)

    # -- gradebooks

    def _live(self) -> State:
        try:
            return self._state(self.directory.db_url)
        except MissingEntry:
            raise NotInGradebook(self.name) from None

    def _state(self, url: str) -> State:
        with Gradebook(url, self.directory.course_id) as gradebook:
            return gradebooks.read(gradebook, self.name)

    def _take_over(self, url: str, fresh: State, students: Collection[str]) -> None:
        policy = late.of_course(self.directory)
        with Gradebook(url, self.directory.course_id) as gradebook:
            gradebooks.take_over(gradebook, self.name, fresh, students, policy)

    def _marks(self, url: str) -> dict[str, Mark]:
        with Gradebook(url, self.directory.course_id) as gradebook:
            assignment = gradebook.find_assignment(self.name)
            found = marks.of_class(self.directory, gradebook, assignment)
        return {one.student: one for one in found if one.points is not None}

    @staticmethod
    def _write(path: Path, changes: Iterable[Change]) -> None:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(COLUMNS)
            table.writerows(map(plain, change.row()) for change in changes)


def _has_points(state: State, place: Place) -> bool:
    return place in state.cells and state.cells[place].worth is not None


def _errors(folder: Path) -> dict[str, str]:
    """Return what became of each test of a hand-in, by its name."""
    found = {}
    for path in folder.glob("*.ipynb"):
        for cell in nbformat.v4.reads(path.read_text("utf-8")).cells:
            known = cell.metadata.get("nbgrader", {})
            if known.get("grade") and cell.cell_type == "code":
                errors = [o for o in cell.outputs if o.output_type == "error"]
                said = [f"{one.ename}: {one.evalue}".split("\n")[0] for one in errors]
                told = f"failed ({said[0][:80]})" if said else "passed"
                found[known["grade_id"]] = told
    return found


def _by_hand(manual: float | None, auto: float | None) -> str:
    if manual is None:
        return ""
    return f"; {manual:g} points by hand stay, the test alone gives {auto or 0:g}"


def _differences(live: State, fresh: State) -> list[str]:
    """Say what differs between the assignment as it was graded, and as it is now."""
    said = []
    for place, now in fresh.cells.items():
        was = live.cells.get(place)
        if was is None:
            worth = f" ({now.worth:g} points)" if now.worth is not None else ""
            said.append(f"new: {place[1]}{worth}")
        elif was.worth != now.worth:
            said.append(f"{place[1]}: {was.worth:g} -> {now.worth:g} points")
        elif was.source != now.source:
            said.append(f"changed: {place[1]}")
    return said


def as_text(
    name: str,
    differences: Sequence[str],
    changes: Sequence[Change],
    totals: tuple[Mapping[str, Mark], Mapping[str, Mark]],
    left_out: Mapping[str, str],
    by_hand: int,
) -> str:
    """Return whose marks change, by how much and why."""
    before, after = totals
    lines = [f"{name}, graded again on a copy:"]
    lines += [f"  {one}" for one in differences] or ["  no cell of it has changed"]
    moved = [
        student
        for student in after
        if student in before and _shown(before[student]) != _shown(after[student])
    ]
    lines.append(f"  {len(moved)} of {len(after)} marks change, {by_hand} by hand stay")
    shown = 0
    for student in moved:
        was, now = before[student], after[student]
        lines.append(f"    {printable(student)}: {_shown(was)} -> {_shown(now)}")
        for change in changes:
            if change.student == student:
                points = f"{change.before or 0:g} -> {change.after:g}"
                why = printable(change.why, 200)
                lines.append(f"      {change.place[1]} {points}: {why}")
                shown += 1
        if shown > MOST_LINES:
            lines.append("    and more: the table has them all")
            break
    lines += [f"  left out: {printable(one)}, {why}" for one, why in left_out.items()]
    return "\n".join(lines)


def _shown(mark: Mark) -> str:
    points = max(0.0, (mark.points or 0.0) - mark.penalty)
    return f"{points:g} of {mark.max_score:g}"
