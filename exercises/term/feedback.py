"""Write the feedback of an assignment as one ZIP file that a platform takes back.

The pages are made anew, so that marks given by hand since are on them. For Moodle
("Upload multiple feedback files in a zip") and Canvas ("Upload submissions") give, with
--download, the file that the hand-ins came in: each page gets the name by which the
platform knows its student there. Without --to the pages are named by students' names
and ids.
Who has no page, and whose page found no place, is named; then the exit status is 1.
"""

from __future__ import annotations

import zipfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader_apart.submission import odd_id
from nbgrader_apart.tree import printable

from . import classlist, collect, demo, downloads, platforms
from .classlist import Roster, Student
from .command import CommandError, counted
from .folders import find_course, require_assignment, settings
from .handins import HandIn, Sorter, folders_above

#: What takes a ZIP file back, and how it names files there.
PLATFORMS: Mapping[str, Sequence[str]] = {
    "moodle": ("moodle", "moodle-anonymous"),
    "canvas": ("canvas",),
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("assignment", help="name of the assignment: metrics")
    parser.add_argument("--to", choices=PLATFORMS, help="for whom")
    parser.add_argument(
        "--download",
        nargs="+",
        action="extend",
        default=[],
        type=Path,
        metavar="FILE",
        help="with --to: what was downloaded there, ZIP files or folders",
    )
    collect.add_who(parser)
    parser.add_argument("--out", type=Path, help="the file to write")


def main(arguments: Namespace) -> int:
    """Write the feedback of one assignment."""
    course, name = find_course(), arguments.assignment
    require_assignment(course, name)
    if arguments.to and not arguments.download:
        raise CommandError(
            f"{arguments.to} knows files by the names it gave them: name the file in "
            "which you downloaded the hand-ins, with --download"
        )
    out = arguments.out or Path(f"{name}-feedback.zip")
    if out.exists():
        raise CommandError(f"{out} exists: remove it, or name another file with --out")
    made = demo.nbgrader(course, "generate_feedback", name, "--force")
    if made.returncode:
        raise CommandError(f"{made.stdout}\nThe feedback could not be made: see above")
    pages = find_pages(course, name)
    roster = Roster(_students(course))
    if arguments.to:
        told = collect.told_by_hand(arguments.who, roster)
        names = PLATFORMS[arguments.to]
        prefixes = named_there(arguments.download, roster, names, told)
    else:
        prefixes = {one.id: f"{in_a_name(one)}_" for one in roster.students}
    lost = [student for student in pages if student not in prefixes]
    count = write(out, pages, prefixes)
    for student in lost:
        print(
            f"  {printable(student)}: has a page, and no hand-in in the download "
            "(--who says whose a file is)"
        )
    for one in roster.students:
        if one.id not in pages:
            print(f"  {printable(one.id)}: nothing was graded, so there is no page")
    print(f"{counted(count, 'page')}. Written: {out}")
    return int(bool(lost))


def _students(course: Path) -> list[Student]:
    directory = settings(course)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        known = [
            Student(one.id, one.first_name or "", one.last_name or "", one.email or "")
            for one in gradebook.students
        ]
    return classlist.of_course(course, known)


def find_pages(course: Path, name: str) -> dict[str, list[Path]]:
    """Return the pages of feedback by student: one for each notebook, and no other."""
    directory = settings(course)
    source = Path(directory.format_path(directory.source_directory, ".", name))
    notebooks = {path.stem for path in source.glob("*.ipynb")}
    pattern = Path(directory.format_path(directory.feedback_directory, "*", name))
    found: dict[str, list[Path]] = {}
    for path in sorted(course.glob(f"{pattern.relative_to(course)}/*.html")):
        student = path.parent.parent.name
        if path.stem in notebooks and not odd_id(student):
            found.setdefault(student, []).append(path)
    return found


def in_a_name(student: Student) -> str:
    """Return a student's name and id as the beginning of a file's name.

    The id stands as it is, for it can be in a file's name, and no two have the same.
    """
    names = [_of_letters(one) for one in (student.last_name, student.first_name) if one]
    return "_".join([*names, student.id]).lstrip(".")


def _of_letters(name: str) -> str:
    return "".join(
        letter if letter.isalnum() or letter in "-." else "-" for letter in name
    )


def named_there(
    paths: Iterable[Path],
    roster: Roster,
    names: Sequence[str],
    told: Mapping[str, Student] | None = None,
) -> dict[str, str]:
    """Return, by student, how the paths begin that a platform knows them by.

    Parameters
    ----------
    paths : iterable of Path
        Downloads of that platform.
    roster : Roster
    names : sequence of str
        Of the platform's patterns.
    told : mapping of str to Student, optional
        Whose a file is whose path begins with a text.

    Raises
    ------
    CommandError
        If a download cannot be read, or is not named so.
    """
    newest: dict[str, tuple[HandIn, str]] = {}
    for path in paths:
        files, _ = downloads.read(path)
        skipped = len(folders_above([file.path for file in files], roster))
        for pattern in (platforms.BY_NAME[name] for name in names):
            sorter = Sorter(roster, told or {}, skipped, pattern)
            for hand_in in sorter.hand_ins(files)[0]:
                first = next(iter(hand_in.files.values()))
                inside = "/".join(first.path.split("/")[skipped:])
                named = pattern.read(inside)
                if named is None:
                    continue
                student = hand_in.student.id
                before = newest.get(student)
                if before is None or before[0].newness <= hand_in.newness:
                    newest[student] = hand_in, inside.removesuffix(named.file)
    if not newest:
        raise CommandError(
            f"no file there is named as {names[0]} names hand-ins of this class"
        )
    return {student: prefix for student, (_, prefix) in newest.items()}


def write(
    out: Path, pages: Mapping[str, Sequence[Path]], prefixes: Mapping[str, str]
) -> int:
    """Write the ZIP file; return how many pages it holds."""
    count = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for student, paths in pages.items():
            if student not in prefixes:
                continue
            for path in paths:
                inside = f"{prefixes[student]}{path.stem}-feedback.html"
                archive.write(path, inside)
                count += 1
    return count
