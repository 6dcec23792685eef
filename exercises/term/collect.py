"""Collect hand-ins that were downloaded from a learning platform, or came by mail.

Takes ZIP files, folders and single files, as Moodle, Canvas, Blackboard, Brightspace,
ILIAS and Google Classroom name them, or named by ids, and finds out whose each one is
with the help of the class list. Of several hand-ins of a student the newest counts;
the others are kept in older/. A hand-in whose owner is not clear is not guessed: it
is named, and `--who` says whose it is. At the end a table has a line for every file,
and the exit status is 1 if something was left out.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader_apart import tree
from nbgrader_apart.tree import printable

from . import classlist, downloads, platforms
from .classlist import Roster, Student
from .command import CommandError, counted
from .folders import find_course, require_assignment, settings
from .handins import HandIn, Sorter, folders_above, plain
from .platforms import Platform
from .submissions import Submissions

#: What becomes of a file, in the order of the table.
TAKEN, SAME, OLD = "taken", "same as before", "older"
NO_NOTEBOOK, UNMATCHED, UNREADABLE = "no notebook", "whose?", "not readable"
OUTCOMES = (TAKEN, SAME, OLD, NO_NOTEBOOK, UNMATCHED, UNREADABLE)
LEFT_OUT = (NO_NOTEBOOK, UNMATCHED, UNREADABLE)


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Parameters
    ----------
    outcome : str
        One of `OUTCOMES`.
    what : str
        The file.
    remark : str
        Whose it is, or why it was left out.
    """

    outcome: str
    what: str
    remark: str


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("assignment", help="name of the assignment: metrics")
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="ZIP file, folder or notebook",
    )
    parser.add_argument(
        "--from",
        dest="platform",
        choices=platforms.BY_NAME,
        help="how the files are named, if that is not clear",
    )
    add_who(parser)


def add_who(parser: ArgumentParser) -> None:
    """Declare the option that says whose a file is."""
    parser.add_argument(
        "--who",
        action="append",
        default=[],
        metavar="NAME=ID",
        help="whose a file or folder is whose name begins so; may be given repeatedly",
    )


def main(arguments: Namespace) -> int:
    """Collect the hand-ins of one assignment."""
    course = find_course()
    require_assignment(course, arguments.assignment)
    directory = settings(course)
    directory.assignment_id = arguments.assignment
    roster = _roster(course, directory)
    told = told_by_hand(arguments.who, roster)
    lines: list[Line] = []
    for path in arguments.files:
        lines += collect(
            path, directory, roster, told, platforms.BY_NAME.get(arguments.platform)
        )
    print(as_text(lines))
    return int(any(line.outcome in LEFT_OUT for line in lines))


def _roster(course: Path, directory: CourseDirectory) -> Roster:
    """Return the class, with whom the gradebook knows besides."""
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        known = [
            Student(one.id, one.first_name or "", one.last_name or "", one.email or "")
            for one in gradebook.students
        ]
    students = classlist.of_course(course, known)
    if not students:
        raise CommandError(
            "there is no class list, so nobody can tell whose a hand-in is. Take one "
            "in first: python -m term class FILE"
        )
    return Roster(students)


def told_by_hand(words: Iterable[str], roster: Roster) -> dict[str, Student]:
    """Read what ``--who`` says: by the beginning of a path, whose it is.

    Raises
    ------
    CommandError
        If a word says nothing of the kind, or the student is not known.
    """
    told = {}
    for word in words:
        name, equals, student_id = word.rpartition("=")
        student = roster.with_id(student_id)
        if not equals or student is None:
            raise CommandError(
                f"--who {word}: write the beginning of the file's or folder's name, "
                "an equals sign, and an id of the class list"
            )
        told[name] = student
    return told


def collect(
    path: Path,
    directory: CourseDirectory,
    roster: Roster,
    told: Mapping[str, Student] | None = None,
    platform: Platform | None = None,
) -> list[Line]:
    """Collect the hand-ins in one download.

    Parameters
    ----------
    path : Path
        A ZIP or TAR file, a folder or a single file.
    directory : CourseDirectory
        Its `assignment_id` is the assignment.
    roster : Roster
    told : mapping of str to Student, optional
        Whose a file is whose path begins with a text.
    platform : Platform, optional
        How the files are named; by default it is found out.

    Returns
    -------
    list of Line
        One for every file.

    Raises
    ------
    CommandError
        If the download cannot be read, or could come from several platforms.
    """
    files, refused = downloads.read(path)
    lines = [Line(UNREADABLE, one.name, one.reason) for one in refused]
    above = folders_above([file.path for file in files], roster)
    sorter = Sorter(roster, told or {}, len(above), platform)
    hand_ins, unmatched = sorter.hand_ins(files)
    lines += [
        Line(UNMATCHED, printable(one.file.path, 200), one.reason) for one in unmatched
    ]
    of_student: dict[str, list[HandIn]] = defaultdict(list)
    for hand_in in hand_ins:
        of_student[hand_in.student.id].append(hand_in)
    for several in of_student.values():
        lines += _of_one_student(several, Submissions(directory))
    return lines


def _of_one_student(hand_ins: list[HandIn], submissions: Submissions) -> list[Line]:
    """Keep what one student handed in: the newest to be graded, the others aside."""
    student = hand_ins[0].student.id
    with_notebook = sorted(
        (one for one in hand_ins if one.notebooks), key=lambda one: one.newness
    )
    others = [one for one in hand_ins if not one.notebooks]
    if not with_notebook:
        return _lines(NO_NOTEBOOK, others, f"{student}: no notebook among it")
    *older, newest = with_notebook
    if older and older[-1].newness == newest.newness:
        remark = f"{student}: which is the newer cannot be told: collect it alone"
        return _lines(UNMATCHED, hand_ins, remark)
    apart = [one for one in others if not (one.alone and newest.alone)]
    for one in others:
        if one not in apart:  # handed in with one of the notebooks
            newest.files |= {
                plain(name, newest.files): one.files[name] for name in one.files
            }
    aside = [_set_aside(one, submissions, "a newer one is taken") for one in older]
    return [
        *chain.from_iterable(aside),
        *_lines(NO_NOTEBOOK, apart, f"{student}: no notebook among it"),
        *_submit(newest, submissions),
    ]


def _set_aside(older: HandIn, submissions: Submissions, why: str) -> list[Line]:
    """Keep a hand-in that is not to be graded."""
    student = older.student.id
    try:
        submissions.set_aside(older)
    except OSError as problem:
        return _lines(UNREADABLE, [older], f"{student}: {problem}")
    return _lines(OLD, [older], f"{student}: {why}")


def _submit(newest: HandIn, submissions: Submissions) -> list[Line]:
    """Let a hand-in be graded, unless what is there is the same, or newer."""
    student = newest.student.id
    try:
        before = submissions.before(student)
        if before is not None and before.files == submissions.files(newest):
            return _lines(SAME, [newest], student)
        if before is not None and before.time > newest.time:
            return _set_aside(newest, submissions, "has a newer one already")
        # Of two with one and the same time the one that was collected later counts,
        # also when the earlier download is collected once more.
        if before and before.time == newest.time and submissions.is_aside(newest):
            return _lines(OLD, [newest], f"{student}: another one took its place")
        submissions.take(newest)
    except (tree.Unopened, OSError) as problem:
        return _lines(UNREADABLE, [newest], f"{student}: {problem}")
    late = ", late" if newest.late else ""
    instead = (
        f", in the place of that of {before.time:%Y-%m-%d %H:%M}" if before else ""
    )
    return _lines(TAKEN, [newest], student + late + instead)


def _lines(outcome: str, hand_ins: Iterable[HandIn], remark: str) -> list[Line]:
    return [
        Line(outcome, printable(file.path, 200), printable(remark, 200))
        for hand_in in hand_ins
        for file in hand_in.files.values()
    ]


def as_text(lines: Sequence[Line]) -> str:
    """Return the table: a line for every file, what was left out at the end."""
    if not lines:
        return "There was nothing to collect."
    ordered = sorted(
        lines, key=lambda line: (OUTCOMES.index(line.outcome), line.remark)
    )
    wide = max(len(line.outcome) for line in ordered)
    table = [f"{one.outcome:<{wide}}  {one.what}  |  {one.remark}" for one in ordered]
    counts = {one: sum(line.outcome == one for line in lines) for one in OUTCOMES}
    total = ", ".join(f"{count} {one}" for one, count in counts.items() if count)
    return "\n".join([*table, "", f"{counted(len(lines), 'file')}: {total}."])
