"""Work out final marks from all assignments, by a table of their weights.

The table is weights.csv in the course's folder: a row for each assignment, with the
columns assignment and weight, and, if you like, not_handed_in: 0 (an assignment that
was not handed in counts as no points; this is the default) or "leave out". What is not
listed does not count. The marks are written to final-marks.csv. Whoever still waits for
a mark has a blank final mark, and the reason beside it.
"""

from __future__ import annotations

import csv
import datetime
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader_apart import marks
from nbgrader_apart.export import plain
from nbgrader_apart.marks import Mark, Status

from . import classlist
from .command import CommandError, NotInGradebook, counted
from .export import Table, number
from .folders import find_course, settings

WEIGHTS = "weights.csv"
ZERO, LEAVE_OUT = "0", "leave out"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--weights", type=Path, help=f"instead of {WEIGHTS}")
    parser.add_argument("--out", type=Path, default=Path("final-marks.csv"))


@dataclass(frozen=True)
class Weight:
    """How an assignment counts.

    Parameters
    ----------
    weight : float
    if_missing : str
        `ZERO` or `LEAVE_OUT`.
    """

    weight: float
    if_missing: str = ZERO


@dataclass(frozen=True)
class Final:
    """A student's final mark.

    Parameters
    ----------
    percent : float or None
        None while it waits for something, or if nothing counts.
    why : str
        For what it waits, or why there is none.
    """

    percent: float | None
    why: str = ""


def main(arguments: Namespace) -> int:
    """Write the final marks."""
    course = find_course()
    weights = read(arguments.weights or course / WEIGHTS)
    directory = settings(course)
    known: dict[str, dict[str, Mark]] = {}
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        for name in weights:
            try:
                assignment = gradebook.find_assignment(name)
            except MissingEntry:
                raise NotInGradebook(name) from None
            for mark in marks.of_class(directory, gradebook, assignment):
                known.setdefault(mark.student, {})[name] = mark
    if arguments.out.exists():
        raise CommandError(f"{arguments.out} exists: remove it, or name another: --out")
    sections = {one.id: one.section for one in classlist.load(course)}
    rows: list[list[str]] = [
        ["id", "last_name", "first_name", "section", *weights, "final_percent", "why"]
    ]
    waiting = 0
    for student, of_student in known.items():
        final = final_of(of_student, weights)
        waiting += final.percent is None
        rows.append(_row(student, of_student, sections.get(student, ""), final))
    arguments.out.write_bytes(Table(rows).as_bytes())
    print(
        f"{counted(len(known), 'student')}, {waiting} of them without a final mark yet"
    )
    print(f"Written: {arguments.out}")
    return 0


def read(path: Path) -> dict[str, Weight]:
    """Read a table of weights.

    Raises
    ------
    CommandError
        If it is none; the message says what to write.
    """
    form = "a first line `assignment,weight`, then a line such as `metrics,20`"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{path} cannot be read. Write into it {form}") from None
    heading = text.partition("\n")[0]
    lines = csv.DictReader(
        text.splitlines(), delimiter=max(",;\t", key=heading.count), restval=""
    )
    weights: dict[str, Weight] = {}
    for row in lines:
        plain_row = {
            (name or "").strip().casefold(): (cell or "").strip()
            for name, cell in row.items()
            if isinstance(cell, str)
        }
        name, weight = plain_row.get("assignment", ""), plain_row.get("weight", "")
        if not name and not weight:
            continue
        missing = plain_row.get("not_handed_in") or ZERO
        try:
            value = float(weight.rstrip("% ").replace(",", "."))
        except ValueError:
            value = -1.0
        if not name or name in weights or not 0 <= value < 1e6:
            raise CommandError(f"{path}, line {lines.line_num}: write {form}")
        if missing not in (ZERO, LEAVE_OUT):
            raise CommandError(
                f"{path}, line {lines.line_num}: not_handed_in is {ZERO} or {LEAVE_OUT}"
            )
        weights[name] = Weight(value, missing)
    if not any(one.weight for one in weights.values()):
        raise CommandError(f"{path} gives no assignment a weight. Write {form}")
    return weights


def final_of(known: Mapping[str, Mark], weights: Mapping[str, Weight]) -> Final:
    """Return a student's final mark.

    Parameters
    ----------
    known : mapping of str to Mark
        The student's marks by assignment.
    weights : mapping of str to Weight
    """
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    total, got, waits = 0.0, 0.0, []
    for name, weight in weights.items():
        mark = known[name]
        if mark.score is not None:
            share = mark.score / mark.max_score if mark.max_score else 0.0
            got += weight.weight * share
        elif mark.status is not Status.NOT_HANDED_IN:
            waits.append(f"{name}: {mark.status}")
        elif mark.due is not None and now <= mark.due:
            waits.append(f"{name}: not due yet")
        elif weight.if_missing == LEAVE_OUT:
            continue
        total += weight.weight
    if waits:
        return Final(None, "; ".join(waits))
    return Final(100 * got / total) if total else Final(None, "nothing handed in")


def _row(
    student: str, known: Mapping[str, Mark], section: str, final: Final
) -> list[str]:
    first = next(iter(known.values()))
    shares = [
        f"{100 * mark.score / mark.max_score:.2f}"
        if mark.score is not None and mark.max_score
        else ""
        for mark in known.values()
    ]
    percent = "" if final.percent is None else number(round(final.percent, 2))
    cells = [student, first.last_name, first.first_name, section]
    return [plain(cell) for cell in (*cells, *shares, percent, final.why)]
