"""Who gave which points, in which order: a table beside the gradebook.

The gradebook has one mark for an answer, and no marker. What `mark` gives is written
here as well, a line at once, so that two markers can be compared.
"""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from .command import CommandError

LARGEST = 50_000_000


@dataclass(frozen=True)
class Given:
    """What one marker gave one answer.

    Parameters
    ----------
    when : str
        ISO 8601, UTC.
    marker, task, student : str
    place : int
        The how many-th of this marker's answers to this task it was.
    points : float
    elements : str
        The numbers of the elements that were there, with blanks between: ``"1 3"``.
    comment : str
    """

    when: str
    marker: str
    task: str
    student: str
    place: int
    points: float
    elements: str
    comment: str

    def has(self, element: int) -> bool:
        """Say whether an element was there, counted from 1."""
        return str(element) in self.elements.split()


COLUMNS = [one.name for one in fields(Given)]


def path_of(course: Path, assignment: str) -> Path:
    """Return where the log of an assignment lies."""
    return course / "marking" / f"{assignment}.csv"


def append(course: Path, assignment: str, given: Given) -> None:
    """Write one line, and see that it is on the disk's way before the next answer."""
    path = path_of(course, assignment)
    path.parent.mkdir(exist_ok=True)
    fresh = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if fresh:
            writer.writeheader()
        writer.writerow(asdict(given))


def load(course: Path, assignment: str) -> list[Given]:
    """Return what was given so far, in order; nothing if nobody has marked.

    Raises
    ------
    CommandError
        If the file is not what `append` writes; the message names the line.
    """
    path = path_of(course, assignment)
    if not path.exists():
        return []
    try:
        if path.stat().st_size > LARGEST:
            raise CommandError(f"{path} is larger than {LARGEST / 1e6:.0f} MB")
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if rows.fieldnames != COLUMNS:
                raise CommandError(
                    f"{path}: the first line must be {','.join(COLUMNS)}. Put back the "
                    "file as it was, or move it away: the gradebook keeps its marks"
                )
            return [_given(row, path, rows.line_num) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None


def _given(row: dict[str, str], path: Path, line: int) -> Given:
    try:
        return Given(
            **{
                **row,
                "place": int(row["place"]),
                "points": float(row["points"]),
            }  # type: ignore[arg-type]
        )
    except (TypeError, ValueError):
        raise CommandError(
            f"{path}, line {line}, is not a line of marks: mend it or take it out"
        ) from None
