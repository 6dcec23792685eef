"""Take in a class list, as a platform or a spreadsheet writes it.

Reads a CSV file as Excel, Moodle, Canvas and others write it (commas, semicolons or
tabs; with or without a byte-order mark; headings in English, German or French), and
enters the students into the gradebook and into the course's own list, class.csv. Who
was there before stays. With --dry-run it only says what would change. Without a file
it shows the class.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader_apart.tree import printable

from . import classlist
from .classlist import Student
from .command import counted
from .folders import find_course, settings


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("file", nargs="?", type=Path, help="the list, as CSV")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would change, change nothing"
    )


def main(arguments: Namespace) -> int:
    """Take in a list, or show the class."""
    course = find_course()
    known = classlist.load(course)
    if arguments.file is None:
        print(_shown(known) or "No class list yet: python -m term class FILE")
        return 0
    listed = classlist.read(arguments.file)
    merged = classlist.merge(known, listed)
    print(as_text(known, merged, listed))
    if arguments.dry_run:
        print("Nothing was changed: this was a dry run.")
        return 0
    enter(course, merged)
    classlist.store(course, merged)
    return 0


def enter(course: Path, students: Sequence[Student]) -> None:
    """Enter students into the gradebook; nobody is removed."""
    directory = settings(course)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        for student in students:
            gradebook.update_or_create_student(
                student.id,
                first_name=student.first_name or None,
                last_name=student.last_name or None,
                email=student.email or None,
                lms_user_id=student.platform_id or None,
            )


def as_text(
    known: Sequence[Student], merged: Sequence[Student], listed: Sequence[Student]
) -> str:
    """Say what a new list changes, a line for each student that it concerns."""
    before = {student.id: student for student in known}
    on_the_list = {classlist.plain_id(student.id) for student in listed}
    lines = []
    for student in merged:
        old = before.get(student.id)
        if old is None:
            lines.append(f"new      {_shown([student])}")
        elif old != student:
            changes = [
                f"{name} {printable(str(was)) or '(empty)'} -> {printable(str(now))}"
                for name, was in asdict(old).items()
                if (now := asdict(student)[name]) != was
            ]
            lines.append(f"changed  {printable(student.id)}: {'; '.join(changes)}")
        elif classlist.plain_id(student.id) not in on_the_list:
            lines.append(f"kept     {_shown([student])}  (not on this list)")
    same = len(merged) - len(lines)
    everybody = counted(len(merged), "student")
    return "\n".join([*lines, f"{everybody}, {same} of them as before."])


def _shown(students: Sequence[Student]) -> str:
    lines = []
    for student in students:
        more = [student.email, student.section and f"section {student.section}"]
        if student.extra_days:
            more.append(f"{student.extra_days} extra days")
        words = [printable(one) for one in (student.id, student.name, *more) if one]
        lines.append("  ".join(words))
    return "\n".join(lines)
