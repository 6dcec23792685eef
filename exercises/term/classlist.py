"""The class list: who takes the course, and how to find somebody by name.

A list comes as a learning platform or a spreadsheet writes it, and is read into plain
`Student` objects by `read`. `load` and `store` keep the course's own list, a file
beside the gradebook, for what the gradebook has no column for: sections, extra days
and the number that a platform gives to each student.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from nbgrader_apart.export import as_it_was, no_formula
from nbgrader_apart.submission import odd_id
from nbgrader_apart.tree import printable

from .command import CommandError

#: The course's own list, beside its gradebook.
FILE = "class.csv"
MOST_BYTES, MOST_STUDENTS = 20_000_000, 20_000


@dataclass(frozen=True)
class Student:
    """Somebody on the class list.

    Parameters
    ----------
    id : str
        As in the gradebook and in the names of folders.
    first_name, last_name, email : str
        Empty where the list does not say.
    section : str
        The group or tutorial that a student is in.
    extra_days : int
        How many days later than the class this student hands in.
    platform_id : str
        The number or name by which the learning platform knows this student.
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    section: str = ""
    extra_days: int = 0
    platform_id: str = ""

    @property
    def name(self) -> str:
        """First and last name, or the id where there is neither."""
        return f"{self.first_name} {self.last_name}".strip() or self.id


#: What platforms and spreadsheets call each column, in small letters. Of several
#: columns for the id, the first of these that is filled in every row counts.
HEADINGS: Mapping[str, Sequence[str]] = {
    "id": (
        *("id", "student_id", "student id", "username", "user name", "benutzername"),
        *("login", "loginname", "login id", "sis login id", "anmeldename", "kennung"),
        *("id number", "idnumber", "sis user id", "student number", "matrikelnummer"),
        *("orgdefinedid", "org defined id", "nom d'utilisateur"),
    ),
    "first_name": (
        *("first_name", "first name", "firstname", "given name", "forename"),
        *("vorname", "prénom", "nombre"),
    ),
    "last_name": (
        *("last_name", "last name", "lastname", "surname", "family name"),
        *("nachname", "nom", "nom de famille", "apellido(s)"),
    ),
    "name": ("name", "full name", "fullname", "student", "student name"),
    "email": (
        *("email", "e-mail", "email address", "e-mail address", "mail"),
        *("e-mail-adresse", "adresse de courriel"),
    ),
    "section": ("section", "sections", "group", "groups", "gruppe", "gruppen"),
    "extra_days": ("extra_days", "extra days", "extension", "extension days"),
    "platform_id": ("platform_id", "platform id", "identifier", "canvas id"),
}
#: What Canvas writes below its headings, and for its own test student.
NO_STUDENT = re.compile(r"points possible|student, test|test student", re.IGNORECASE)
#: What a spreadsheet makes of a long number.
SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)


# -- reading


def read(path: Path) -> list[Student]:
    """Read a class list.

    Parameters
    ----------
    path : Path
        A table as text: commas, semicolons or tabs, in UTF-8, UTF-16 or Windows'
        encoding, with a row of headings.

    Raises
    ------
    CommandError
        If it cannot be read, names no column that could be an id, or has a row that
        cannot be a student; the message says which and what to do.
    """
    headings, rows = _table(_text(path), path)
    if not rows:
        raise CommandError(f"{path.name} names no student below its headings")
    columns = columns_of(headings)
    rows = [row for row in rows if not _is_no_student(row, columns)]
    id_columns = columns.get("id", [])
    chosen = next((one for one in id_columns if _filled(rows, one)), None)
    from_mail = chosen is None and any(_filled(rows, one) for one in columns["email"])
    if chosen is None and not from_mail:
        known = ", ".join(HEADINGS["id"][:8])
        raise CommandError(
            f"{path.name} has no column that holds an id for every student. Its "
            f"columns are: {', '.join(map(printable, headings))}. Give one of them a "
            f"heading such as {known}; or let every student have an e-mail address."
        )
    students, problems = [], []
    for number, row in rows:
        try:
            students.append(_student(row, columns, chosen))
        except ValueError as problem:
            problems.append(f"row {number}: {problem}")
    problems += _twice(students)
    if problems:
        raise CommandError(
            f"{path.name} was not taken, nothing is changed:\n  "
            + "\n  ".join(problems[:20])
            + (f"\n  and {len(problems) - 20} more" if len(problems) > 20 else "")
        )
    if not students:
        raise CommandError(f"{path.name} names no student below its headings")
    return students


Row = tuple[int, list[str]]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CommandError(f"{path.name} is too large for a class list")
        content = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None
    if content[:4] == b"PK\x03\x04" or content[:4] == b"\xd0\xcf\x11\xe0":
        raise CommandError(
            f"{path.name} is a workbook. In your spreadsheet, save it as CSV "
            "(comma-separated, UTF-8) and give that file."
        )
    text = content.decode(encoding_of(content), "replace")
    if text.lstrip()[:1] == "<":
        raise CommandError(
            f"{path.name} is a web page, as some platforms call a workbook. Open it in "
            "your spreadsheet, save it as CSV (comma-separated, UTF-8) and give that."
        )
    return text


def encoding_of(content: bytes) -> str:
    """Return how a table is written: UTF-8, UTF-16 or Windows' encoding."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _table(text: str, path: Path) -> tuple[list[str], list[Row]]:
    """Return the headings, and each row that is not empty with its number."""
    text = "\n".join(text.replace("\x00", "").splitlines())
    delimiter = None
    if text[:4].lower() == "sep=":  # a line that only Excel reads
        first, _, text = text.partition("\n")
        delimiter = first.strip()[4:5] or None
    heading = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = delimiter or max(",;\t", key=heading.count)
    try:
        found = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise CommandError(f"{path.name} is no table: {error}") from None
    rows = [
        (number, [as_it_was(" ".join(cell.split())) for cell in row])
        for number, row in enumerate(found, 1)
    ]
    rows = [(number, row) for number, row in rows if any(row)]
    if not rows:
        raise CommandError(f"{path.name} is empty")
    if len(rows) > MOST_STUDENTS:
        raise CommandError(f"{path.name} has more than {MOST_STUDENTS} rows")
    return rows[0][1], rows[1:]


def columns_of(headings: Sequence[str]) -> dict[str, list[int]]:
    """Return the places of the columns that each field may come from, best first.

    Canvas' column ID is taken for what it is: the number in the names of hand-ins.
    """
    plain = [heading.strip("'\" ").casefold() for heading in headings]
    columns = {
        field: [plain.index(word) for word in words if word in plain]
        for field, words in HEADINGS.items()
    }
    if "id" in plain and any(word.startswith("sis ") for word in plain):
        place = plain.index("id")
        columns["id"].remove(place)
        columns["platform_id"].insert(0, place)
    return columns


def student_in(
    row: Sequence[str], columns: Mapping[str, Sequence[int]], roster: Roster
) -> Student | None:
    """Return the student of the class in a row of another table, if it is clear who.

    An id counts before an e-mail address, the platform's number and a name.
    """
    for place in columns["id"]:
        cell = row[place].strip().lstrip("#") if place < len(row) else ""
        if cell and (student := roster.with_id(cell)):
            return student
    email = _cell(row, columns["email"]).strip().casefold()
    same = [one for one in roster.students if email and one.email.casefold() == email]
    if len(same) == 1:
        return same[0]
    first, last = _cell(row, columns["first_name"]), _cell(row, columns["last_name"])
    name = f"{first} {last}".strip() or _cell(row, columns["name"])
    return roster.find(name, _platform_id(row, columns)).only


def _cell(row: Sequence[str], places: Sequence[int]) -> str:
    return next((row[one] for one in places if one < len(row) and row[one]), "")


def _is_no_student(row: Row, columns: Mapping[str, Sequence[int]]) -> bool:
    return bool(NO_STUDENT.fullmatch(_cell(row[1], columns["name"])))


def _platform_id(row: Sequence[str], columns: Mapping[str, Sequence[int]]) -> str:
    """Return a platform's number without the word before it: ``Participant 4711``."""
    return re.sub(r"\D+(?=\d+$)", "", _cell(row, columns["platform_id"]))


def _filled(rows: Sequence[Row], place: int) -> bool:
    return bool(rows) and all(len(row) > place and row[place] for _, row in rows)


def _student(
    row: Sequence[str], columns: Mapping[str, Sequence[int]], chosen: int | None
) -> Student:
    """Return the student in a row; a `ValueError` says what is wrong with it."""
    email = _cell(row, columns["email"])
    student_id = row[chosen] if chosen is not None else email.partition("@")[0]
    if reason := odd_id(student_id):
        raise ValueError(f"{printable(student_id) or 'an empty cell'} {reason}")
    if SHORTENED.fullmatch(student_id):
        raise ValueError(
            f"{student_id} is a number that a spreadsheet has shortened: format the "
            "column as text, and save the list again"
        )
    first, last = _cell(row, columns["first_name"]), _cell(row, columns["last_name"])
    if not first and not last:
        first, last = split_name(_cell(row, columns["name"]))
    days = _cell(row, columns["extra_days"])
    if days and not re.fullmatch(r"\d{1,3}", days):
        raise ValueError(f"{printable(days)} is no number of extra days")
    return Student(
        student_id,
        first,
        last,
        email,
        _cell(row, columns["section"]),
        int(days or 0),
        _platform_id(row, columns),
    )


def split_name(name: str) -> tuple[str, str]:
    """Return first and last name of a name written in one piece.

    "Berg, Anna" has its last name first; otherwise the last word is the last name.
    """
    last, comma, first = name.partition(",")
    if comma:
        return first.strip(), last.strip()
    first, _, last = name.rpartition(" ")
    return first.strip(), last.strip()


def _twice(students: Iterable[Student]) -> list[str]:
    counts = Counter(plain_id(student.id) for student in students)
    return [
        f"{one} is the id of {count} rows" for one, count in counts.items() if count > 1
    ]


# -- the course's own list


def load(course: Path) -> list[Student]:
    """Return the students of a course's own list; none if there is no list yet."""
    path = course / FILE
    return read(path) if path.is_file() else []


def of_course(course: Path, others: Iterable[Student]) -> list[Student]:
    """Return the class: a course's own list, and whom the gradebook knows besides."""
    students = {student.id: student for student in load(course)}
    for student in others:
        students.setdefault(student.id, student)
    return list(students.values())


def extra_days(course: Path) -> dict[str, int]:
    """Return who hands in later than the class, with the days; for LatePolicy."""
    return {one.id: one.extra_days for one in load(course) if one.extra_days}


def merge(known: Sequence[Student], listed: Sequence[Student]) -> list[Student]:
    """Return the class with a new list taken in.

    Who is only on the old list stays. What the new list leaves empty stays as it was,
    and so does an id that the new list writes in other letters: in capitals or not.
    """
    merged = {plain_id(student.id): student for student in known}
    for student in listed:
        before = merged.get(plain_id(student.id), Student(student.id))
        filled = {name: value for name, value in asdict(student).items() if value}
        filled["id"] = before.id
        merged[plain_id(student.id)] = Student(**(asdict(before) | filled))
    return list(merged.values())


def store(course: Path, students: Iterable[Student]) -> None:
    """Write a course's own list; the one before is there until this is complete.

    It may be opened in a spreadsheet, and students can choose their names.
    """
    path = course / FILE
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [one.name for one in fields(Student)])
        writer.writeheader()
        writer.writerows(
            {name: no_formula(str(value)) for name, value in asdict(student).items()}
            for student in students
        )
    fresh.replace(path)


# -- finding somebody


def plain_id(text: str) -> str:
    """Return an id without case, its accents in one piece; a Macintosh parts them."""
    return unicodedata.normalize("NFC", text.casefold())


def plain_name(text: str) -> str:
    """Return a name without case, accents, spaces and signs: ``Müller`` is ``muller``.

    Letters of other scripts stay.
    """
    text = text.casefold().replace("ß", "ss").replace("ø", "o").replace("ł", "l")
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if letter.isalnum())


def _german(text: str) -> str:
    for letter, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        text = unicodedata.normalize("NFC", text.casefold()).replace(letter, written)
    return text


@dataclass(frozen=True)
class Found:
    """Who is meant by a text.

    Parameters
    ----------
    students : tuple of Student
        One if it is clear; several if the text fits them all; or nobody.
    sought : str
        The name that was looked for, if nobody fits: see `Roster.nearest`.
    """

    students: tuple[Student, ...]
    sought: str = ""

    @property
    def only(self) -> Student | None:
        """The student, if it is clear who is meant."""
        return self.students[0] if len(self.students) == 1 else None


class Roster:
    """Finds students by what a platform calls them.

    Parameters
    ----------
    students : iterable of Student
    """

    def __init__(self, students: Iterable[Student]) -> None:
        self.students = tuple(students)
        self._by_id: dict[str, list[Student]] = {}
        self._by_platform: dict[str, list[Student]] = {}
        self._by_name: dict[str, list[Student]] = {}
        for student in self.students:
            self._by_id.setdefault(plain_id(student.id), []).append(student)
            if student.platform_id:
                self._by_platform.setdefault(student.platform_id, []).append(student)
            for name in self._names_of(student):
                self._by_name.setdefault(name, []).append(student)

    @staticmethod
    def _names_of(student: Student) -> set[str]:
        orders = (
            f"{student.first_name} {student.last_name}",
            f"{student.last_name} {student.first_name}",
        )
        names = {plain_name(write(one)) for one in orders for write in (str, _german)}
        mail = student.email.partition("@")[0].casefold()
        return (names | {plain_name(mail)} if mail else names) - {""}

    def with_id(self, text: str) -> Student | None:
        """Return the student with an id, in capitals or not, if it is clear who."""
        found = self._with_id(text)
        return found[0] if len(found) == 1 else None

    def _with_id(self, text: str) -> list[Student]:
        """Return who may be meant by an id: of several, whose id is the same letters.

        A class list has no two ids that differ in case only; a gradebook may.
        """
        fitting = self._by_id.get(plain_id(text), [])
        return [student for student in fitting if student.id == text] or fitting

    def that_begins(self, text: str) -> Student | None:
        """Return whose id a text begins with, the longest one that it does.

        The id ends before a ``_``, or where the text ends.
        """
        parts = text.split("_")
        return self._first_of("_".join(parts[:end]) for end in range(len(parts), 0, -1))

    def that_ends(self, text: str) -> Student | None:
        """Return whose id a text ends with, the longest one that it does."""
        parts = text.split("_")
        return self._first_of("_".join(parts[begin:]) for begin in range(len(parts)))

    def _first_of(self, texts: Iterable[str]) -> Student | None:
        """Return the student with the first text that is an id, if it is clear who."""
        known = (text for text in texts if plain_id(text) in self._by_id)
        return self.with_id(next(known, ""))

    def find(self, name: str, platform_id: str = "") -> Found:
        """Return who is meant by a name or id, and by a platform's number if known."""
        named = {
            student.id: student for student in self._by_name.get(plain_name(name), ())
        }
        named |= {student.id: student for student in self._with_id(name)}
        numbered = {one.id: one for one in self._by_platform.get(platform_id, ())}
        both = [numbered[one] for one in numbered if one in named]
        if both or named or numbered:  # a name and a number of two people are nobody's
            return Found(tuple(both or (named | numbered).values()))
        return Found((), name)

    def nearest(self, name: str) -> tuple[Student, ...]:
        """Return up to three students with a name or an id like this one.

        It compares with every name of the class: for who reads it, not for sorting.
        """
        names = [*self._by_name, *self._by_id]
        close = difflib.get_close_matches(plain_name(name), names, 3, 0.6)
        near: dict[str, Student] = {}
        for one in close:
            for student in self._by_name.get(one) or self._by_id[one]:
                near[student.id] = student
        return tuple(near.values())[:3]
