"""The table that ends ``nbgrader autograde``: what became of everybody's work.

On the screen normal hand-ins are counted, and those that need a look have a line. A
file beside the gradebook has a line for every student of the class.
"""

from __future__ import annotations

import csv
import io
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry
from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import DatabaseError

from .explain import OneScreen
from .export import plain
from .outcomes import (
    MOST_NAMED,
    Outcome,
    Run,
    Summary,
    how_late,
    summarise,
)
from .tree import printable

#: So many students are named below a line of the table; the file has them all.
MOST_LINES = 12
COLUMNS = (
    *("id", "last_name", "first_name", "status", "points", "penalty", "mark"),
    *("max_points", "handed_in", "due", "late", "look_at_it", "problem", "notes"),
)


# -- on the screen


def as_text(summary: Summary, everybody: bool = False) -> str:
    """Return the closing table.

    Parameters
    ----------
    summary : Summary
    everybody : bool
        Whether to name all whom a line counts.
    """
    most = len(summary.outcomes) if everybody else MOST_LINES
    handed_in, graded = summary.handed_in(), summary.graded()
    absent = [one for one in summary.outcomes if not one.handed_in]
    lines = [
        "",
        f"{summary.assignment}: {len(handed_in)} handed in, "
        f"of {len(summary.outcomes)} in the class",
        _count(len(graded), f"graded{_mean(summary)}"),
        _waiting(graded),
        _count(len(summary.failed()), "could not be graded"),
        *_named([(one, one.problem or "") for one in summary.failed()], most),
    ]
    look = [(one, "; ".join(one.look)) for one in summary.outcomes if one.look]
    if look:
        lines.append(_count(len(look), "to look at: the mark may not be the right one"))
        lines += _named(look, most)
    for reason in sorted({one.ungraded for one in handed_in if one.ungraded}):
        those = [one for one in handed_in if one.ungraded == reason]
        lines += _together(those, reason, most)
    late = [one for one in handed_in if one.mark.late]
    lines += _together(late, "late", most, lambda one: how_late(one.mark.late))
    for note in ("put back", "there twice", "was graded under"):
        noted = [one for one in handed_in if any(note in text for text in one.notes)]
        lines += _together(noted, SAID[note], most)
    lines += _together(absent, "not handed in", most)
    refused = [
        f"{outcome.student}: {file}"
        for outcome in summary.outcomes
        for file in outcome.refused[:MOST_NAMED]
    ]
    if refused:
        count = len(refused)
        lines.append(_count(count, f"file{'s' * (count != 1)} not used"))
        lines += [f"       {file}" for file in refused[:most]]
        lines += _and_more(count - most)
    if graded:
        lines += _tasks(summary)
    return "\n".join([*lines, ""])


SAID = {
    "put back": "with cells that were missing and were put back",
    "there twice": "with copies of the assignment's cells",
    "was graded under": "graded from a file of another name",
}


def _count(number: int, what: str) -> str:
    return f"  {number:4d} {what}"


def _mean(summary: Summary) -> str:
    graded = summary.graded()
    if not graded:
        return ""
    points = [max(0.0, (one.score or 0) - one.mark.penalty) for one in graded]
    so_far = any(outcome.needs_manual_grade for outcome in graded)
    late = any(outcome.mark.penalty for outcome in graded)
    return (
        f", mean {sum(points) / len(points):.1f} of {summary.max_score:g} points"
        + " after penalties" * late
        + " so far" * so_far
    )


def _waiting(graded: Iterable[Outcome]) -> str:
    count = sum(outcome.needs_manual_grade for outcome in graded)
    if not count:
        return _count(0, "need a manual grade")
    need = "needs" if count == 1 else "need"
    return _count(count, f"of them {need} a manual grade: formgrader, Manual Grading")


def _named(said: Sequence[tuple[Outcome, str]], most: int) -> list[str]:
    """Return a line for each, as far as there is room."""
    width = max((len(one.student) for one, _ in said[:most]), default=0)
    lines = [f"       {one.student:<{width}}  {text}" for one, text in said[:most]]
    return lines + _and_more(len(said) - most)


def _together(
    those: Sequence[Outcome],
    what: str,
    most: int,
    more: Callable[[Outcome], str] | None = None,
) -> list[str]:
    """Return one line for all of those, and one that names them."""
    if not those:
        return []
    names = [
        f"{one.student} ({more(one)})" if more else one.student for one in those[:most]
    ]
    rest = f" and {len(those) - most} more" if len(those) > most else ""
    return [_count(len(those), what), f"       {', '.join(names)}{rest}"]


def _and_more(count: int) -> list[str]:
    return [f"       and {count} more: the file has them all"] if count > 0 else []


def _tasks(summary: Summary) -> list[str]:
    shares = summary.shares()
    width = max(len(task) for task in summary.points)
    lines = ["", f"  {'task':<{width}}  points  mean share of points"]
    for task, points in summary.points.items():
        share = f"{shares[task]:5.0%}" if task in shares else "   to be graded by hand"
        lines.append(f"  {task:<{width}}  {points:6g}  {share}")
    return lines


# -- in a file


def as_csv(summary: Summary) -> str:
    """Return the table with a line for every student, for a spreadsheet."""
    written = io.StringIO(newline="")
    table = csv.writer(written, lineterminator="\n")
    table.writerow(COLUMNS)
    for one in summary.outcomes:
        table.writerow(map(plain, _row(one)))
    return written.getvalue()


def _row(one: Outcome) -> Sequence[object]:
    mark = one.mark
    graded = mark.points is not None
    notes = [*one.notes, *(f"not used: {file}" for file in one.refused)]
    return (
        *(mark.student, mark.last_name, mark.first_name),
        f"{mark.status}; {one.ungraded}" if one.ungraded else mark.status,
        *(mark.points, mark.penalty if graded else None, mark.score, mark.max_score),
        *(_minute(mark.handed_in), _minute(mark.due)),
        how_late(mark.late) if mark.late else "",
        *("; ".join(one.look), one.problem, "; ".join(notes)),
    )


def _minute(time: Any) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC" if time else ""


def path_of(course: CourseDirectory, assignment: str) -> Path:
    """Return where the table with everybody is."""
    return Path(course.root, f"{assignment}-closing.csv")


def write(course: CourseDirectory, summary: Summary) -> str:
    """Write the table with everybody; return a line that says where it is."""
    path = path_of(course, summary.assignment)
    fresh = path.with_suffix(".new")
    try:
        fresh.write_text(as_csv(summary), encoding="utf-8-sig")
        fresh.replace(path)
    except OSError as error:
        return f"The table with everybody could not be written: {error}"
    return f"Everybody, a line each: {os.path.relpath(path)}"


# -- at the end of a run


def tell_at_the_end(app: NbGrader) -> None:
    """Let a command end with the table, or with why there is none."""
    if getattr(app.start, "tells", False):
        return  # nbgrader may read the configuration twice
    start = app.start

    def started() -> None:
        try:
            start()
        except BaseException:
            _tell(app, failed=True)
            raise
        _tell(app, failed=False)

    started.tells = True  # type: ignore[attr-defined]
    app.start = started


def begin(app: Any, run: Run) -> None:
    """Take note of what a run is to do, and keep its log to one screen.

    Parameters
    ----------
    app : Application or other
        A command that `tell_at_the_end` knows; a server keeps its log as it is.
    run : Run
    """
    if not getattr(getattr(app, "start", None), "tells", False):
        return
    app.grading = run
    if app.log_level > logging.DEBUG:
        course = app.coursedir
        path = Path(course.root, f".grading-{course.assignment_id}.log")
        app.log.addFilter(OneScreen(path))
        app.grading_log = path


def _tell(app: NbGrader, failed: bool) -> None:
    """Print what became of everybody; nothing of the kind if the run broke off."""
    if app.coursedir is None or not app.coursedir.assignment_id:
        return
    name = app.coursedir.assignment_id
    run: Run | None = getattr(app, "grading", None)
    log = getattr(app, "grading_log", None)
    where = f"What nbgrader said of each: {os.path.relpath(log)}" if log else ""
    sys.stderr.flush()
    if failed and (run is None or not run.ended):
        after = f" after {len(run.come_to)} of {len(run.asked)} hand-ins" if run else ""
        print(f"\n{printable(name)}: the grading broke off{after}. ", end="")
        print("What is recorded stays.")
        if where:
            print(where)
        return
    try:
        summary = summarise(app.coursedir, name, run)
    except MissingEntry:
        return  # nbgrader has said so
    except DatabaseError as problem:
        print(f"\nThe gradebook cannot be read, so there is no table: {problem.orig}")
        return
    print(as_text(summary))
    print(write(app.coursedir, summary), *filter(None, [where]), sep="\n")
