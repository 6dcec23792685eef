"""Write the marks of an assignment as a learning platform reads them.

With --template, the platform's own exported gradebook, the marks are put into its
column for the assignment and everything else in it stays as it was; Canvas and
Blackboard need one. Where there is no mark the cell stays as it is: not handed in, not
readable and not yet marked are not 0. The table that is printed says which is which,
and whose mark found no place; then the exit status is 1.
"""

from __future__ import annotations

import csv
import io
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader_apart import marks
from nbgrader_apart.export import plain
from nbgrader_apart.marks import Mark
from nbgrader_apart.tree import printable

from . import classlist
from .classlist import Roster, Student
from .command import CommandError, NotInGradebook
from .folders import find_course, settings

TEMPLATE_NEEDED = ("canvas", "blackboard")
PLATFORMS = ("csv", "moodle", "brightspace", *TEMPLATE_NEEDED)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("assignment", help="name of the assignment: metrics")
    parser.add_argument("--to", choices=PLATFORMS, default="csv", help="for whom")
    parser.add_argument(
        "--template", type=Path, help="the platform's own gradebook, as it exports it"
    )
    parser.add_argument("--column", help="heading of the assignment's column in it")
    parser.add_argument("--out", type=Path, help="the file to write")


def main(arguments: Namespace) -> int:
    """Write the marks of one assignment."""
    course, name = find_course(), arguments.assignment
    if arguments.to in TEMPLATE_NEEDED and arguments.template is None:
        raise CommandError(
            f"{arguments.to} takes back only its own gradebook: export it there, and "
            "give that file with --template"
        )
    known = _marks(course, name)
    lost: Sequence[Mark] = ()
    if arguments.template is not None:
        table = Table.read(arguments.template)
        roster = Roster(_students(course, known))
        lost = table.fill(known, roster, arguments.column or name)
    else:
        table = WRITERS[arguments.to](
            known, {one.id: one for one in classlist.load(course)}
        )
    out = arguments.out or Path(f"{name}-{arguments.to}.csv")
    if out.exists():
        raise CommandError(f"{out} exists: remove it, or name another file with --out")
    out.write_bytes(table.as_bytes())
    print(as_text(known, lost))
    print(f"Written: {out}")
    return int(bool(lost))


def _marks(course: Path, name: str) -> list[Mark]:
    directory = settings(course)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            assignment = gradebook.find_assignment(name)
        except MissingEntry:
            raise NotInGradebook(name) from None
        return marks.of_class(directory, gradebook, assignment)


def _students(course: Path, known: Iterable[Mark]) -> list[Student]:
    """Return the class, with whom the gradebook knows besides."""
    return classlist.of_course(
        course,
        (
            Student(one.student, one.first_name, one.last_name, one.email)
            for one in known
        ),
    )


def number(score: float | None) -> str:
    """Return a mark as a platform reads it; nothing where there is none."""
    return "" if score is None else f"{score:.10g}"


# -- tables


@dataclass
class Table:
    """A table as text, with what has to stay as it was.

    Parameters
    ----------
    rows : list of list of str
        The first one holds the headings.
    delimiter, encoding, newline : str
    """

    rows: list[list[str]]
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    newline: str = "\r\n"

    @classmethod
    def read(cls, path: Path) -> Table:
        """Read a table that a platform wrote.

        Raises
        ------
        CommandError
            If it cannot be read.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from None
        encoding = classlist.encoding_of(content)
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            raise CommandError(
                f"{path.name} is not text: export the gradebook as CSV"
            ) from None
        heading = text.partition("\n")[0]
        delimiter = max(",;\t", key=heading.count)
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        except csv.Error as error:
            raise CommandError(f"{path.name} is no table: {error}") from None
        if len(rows) < 2:
            raise CommandError(f"{path.name} holds no students")
        newline = "\r\n" if "\r\n" in text else "\n"
        return cls(rows, delimiter, encoding, newline)

    def as_bytes(self) -> bytes:
        """Return what is written."""
        written = io.StringIO(newline="")
        writer = csv.writer(
            written, delimiter=self.delimiter, lineterminator=self.newline
        )
        writer.writerows(self.rows)
        return written.getvalue().encode(self.encoding)

    def fill(self, known: Iterable[Mark], roster: Roster, name: str) -> list[Mark]:
        """Put marks into the column of an assignment.

        Parameters
        ----------
        known : iterable of Mark
        roster : Roster
        name : str
            What the column's heading begins with.

        Returns
        -------
        list of Mark
            Those that found no row.

        Raises
        ------
        CommandError
            If there is no such column, or several.
        """
        place = self._column(name)
        scores = {mark.student: mark for mark in known}
        columns = classlist.columns_of(self.rows[0])
        for row in self.rows[1:]:
            student = classlist.student_in(row, columns, roster)
            mark = scores.pop(student.id, None) if student else None
            if mark is not None and mark.score is not None:
                row += [""] * (place + 1 - len(row))
                row[place] = number(mark.score)
        return [mark for mark in scores.values() if mark.score is not None]

    def _column(self, name: str) -> int:
        wanted = name.casefold()
        headings = [heading.strip().casefold() for heading in self.rows[0]]
        exact = [place for place, one in enumerate(headings) if one == wanted]
        found = exact or [
            place
            for place, one in enumerate(headings)
            if one.startswith((f"{wanted} ", f"{wanted}[", f"{wanted}("))
        ]
        if len(found) != 1:
            there = ", ".join(printable(heading) for heading in self.rows[0])
            raise CommandError(
                f"{len(found) or 'no'} column of the template is called {name}. Name "
                f"one with --column. There are: {there}"
            )
        return found[0]


# -- without a template


def _csv(known: Iterable[Mark], listed: Mapping[str, Student]) -> Table:
    """Return a table to read: with the status of each, and nothing like a formula."""
    rows: list[list[str]] = [
        ["id", "last_name", "first_name", "email", "section", "status", "score"]
        + ["max_score", "penalty", "handed_in"]
    ]
    for mark in known:
        section = listed[mark.student].section if mark.student in listed else ""
        words = [mark.student, mark.last_name, mark.first_name, mark.email, section]
        handed_in = f"{mark.handed_in:%Y-%m-%d %H:%M} UTC" if mark.handed_in else ""
        numbers = [number(mark.score), number(mark.max_score), number(mark.penalty)]
        cells = [*words, mark.status, *numbers, handed_in]
        rows.append([plain(cell) for cell in cells])
    return Table(rows)


def _moodle(known: Iterable[Mark], listed: Mapping[str, Student]) -> Table:
    """Return what Moodle's grade import maps: a user's keys, and the grade."""
    known = list(known)
    heading = known[0].assignment if known else "grade"
    rows = [["Username", "Email address", heading]]
    rows += [[one.student, plain(one.email), number(one.score)] for one in known]
    return Table(rows, encoding="utf-8", newline="\n")


def _brightspace(known: Iterable[Mark], listed: Mapping[str, Student]) -> Table:
    """Return what Brightspace imports: a sign before each user and at each end."""
    known = list(known)
    heading = f"{known[0].assignment if known else 'grade'} Points Grade"
    rows = [["Username", heading, "End-of-Line Indicator"]]
    rows += [[f"#{one.student}", number(one.score), "#"] for one in known]
    return Table(rows, encoding="utf-8", newline="\n")


WRITERS = {"csv": _csv, "moodle": _moodle, "brightspace": _brightspace}


def as_text(known: Sequence[Mark], lost: Iterable[Mark]) -> str:
    """Say how many marks there are, and name who has none, with the reason."""
    counts = Counter(mark.status for mark in known)
    lines = [f"{count} {status}" for status, count in counts.items()]
    for mark in known:
        if mark.score is None:
            lines.append(
                f"  {printable(mark.student)}: {mark.status}, the cell is blank"
            )
    lines += [f"  {printable(mark.student)}: not in the template" for mark in lost]
    return "\n".join(lines)
