"""Keep a term in one ZIP file, and delete personal data from the course's folder.

The file holds the gradebook (as an SQLite file, wherever it is), the class list,
hand-ins, graded notebooks, feedback, earlier hand-ins, tables and logs, and the
assignments that they belong to. With --delete all that belongs to persons is removed
from the course's folder and from the gradebook, after the file was compared with it;
assignments and settings stay. What lies elsewhere is named: downloads, exports and a
shared exchange are yours to delete.
"""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
import zlib
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader_apart import tree
from nbgrader_apart.tree import printable

from . import gradebooks
from .command import CommandError, counted
from .folders import CONFIG, find_course, settings

GRADEBOOK = "gradebook.db"
#: Folders that hold something of persons, beside those that nbgrader names.
PERSONAL = (
    *("downloaded", "older", "quarantine", "regrade"),
    *("marking", "items", "alike", "exchange", "personal"),
)
#: Files in the course's own folder that do.
PERSONAL_FILES = ("*.csv", "*.zip", ".grading-*", "course.secret")
#: What the work of students belongs to; it stays in any case.
ASSIGNMENTS = ("source", "release")
CHUNK = 1 << 20


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("file", type=Path, help="the ZIP file: ../term-2027.zip")
    parser.add_argument(
        "--delete",
        action="store_true",
        help="delete personal data, if the file that is there holds them",
    )


def main(arguments: Namespace) -> int:
    """Write the archive of a term, or delete what it holds."""
    course, path = find_course(), arguments.file.absolute()
    if path.resolve().is_relative_to(course):
        raise CommandError(
            f"{path.name} would lie in the folder that is to be archived: name a "
            f"place outside of it, for example ../{path.name}"
        )
    archive = Archive(course, path)
    print(archive.delete() if arguments.delete else archive.write())
    return 0


class Archive:
    """What a course holds of a term, and the file that keeps it.

    Parameters
    ----------
    course : Path
    path : Path
        The ZIP file.
    """

    def __init__(self, course: Path, path: Path) -> None:
        self.course, self.path = course, path
        self.directory: CourseDirectory = settings(course)
        steps = (
            self.directory.submitted_directory,
            self.directory.autograded_directory,
            self.directory.feedback_directory,
        )
        self.personal = [self.course / name for name in (*steps, *PERSONAL)]

    def write(self) -> str:
        """Write the file; return what it holds.

        Raises
        ------
        CommandError
            If there is such a file already, or nothing to keep.
        """
        if self.path.exists():
            raise CommandError(f"{self.path} exists: remove it, or name another file")
        if not gradebooks.is_there(self.directory.db_url):
            raise CommandError("there is no gradebook, so there is nothing to archive")
        part = self.path.with_name(f"{self.path.name}.part")
        left_out, count = [], 0
        with tempfile.TemporaryDirectory() as folder:
            copied = Path(folder, GRADEBOOK)
            gradebooks.copy(self.directory.db_url, copied)
            with zipfile.ZipFile(
                part, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False
            ) as archive:
                archive.write(copied, GRADEBOOK)
                for found in self._files(everything=True):
                    if stat.S_ISREG(found.lstat().st_mode):
                        archive.write(found, self._name(found))
                        count += 1
                    else:
                        left_out.append(self._name(found))
        part.replace(self.path)
        lines = [f"{counted(count, 'file')} and the gradebook. Written: {self.path}"]
        lines += [f"  not a file, and left out: {printable(one)}" for one in left_out]
        lines.append(
            "It holds names and marks: keep it where only you can read it, and as long "
            "as your rules say.\nTo delete them here: python -m term archive "
            f"{os.path.relpath(self.path)} --delete"
        )
        return "\n".join(lines)

    def delete(self) -> str:
        """Delete personal data that the file holds; return what else there may be.

        Raises
        ------
        CommandError
            If it does not hold all of them; then nothing is deleted.
        """
        count = self._compare()
        for folder in self.personal:
            tree.remove(folder)
        for found in self._loose():
            found.unlink()
        gradebooks.empty(self.directory.db_url)
        lines = [
            f"Deleted: {counted(count, 'file')}, and everybody in the gradebook. "
            f"{self.path.name} holds them."
        ]
        exchange = os.environ.get("EXCHANGE")
        if exchange:
            lines.append(f"Hand-ins and feedback in the exchange are there: {exchange}")
        lines.append(
            "Downloads and exported tables that you put elsewhere are yours to delete."
        )
        return "\n".join(lines)

    def _compare(self) -> int:
        """Return how many files of persons there are, if the archive has them all."""
        try:
            archive = zipfile.ZipFile(self.path)
        except (OSError, zipfile.BadZipFile):
            raise CommandError(
                f"{self.path} is no archive: write it first, without --delete"
            ) from None
        count = 0
        with archive, tempfile.TemporaryDirectory() as folder:
            if damaged := archive.testzip():
                raise CommandError(f"{self.path} is damaged: {damaged}")
            sums = {one.filename: one.CRC for one in archive.infolist()}
            for found in self._files(everything=False):
                if not stat.S_ISREG(found.lstat().st_mode):
                    continue
                if sums.get(self._name(found)) != _checksum(found):
                    raise CommandError(
                        f"{printable(self._name(found))} is not in {self.path.name} "
                        "as it is now, and nothing was deleted: archive again, "
                        "into another file"
                    )
                count += 1
            if gradebooks.is_there(self.directory.db_url):
                if GRADEBOOK not in sums:
                    raise CommandError(f"{self.path.name} holds no gradebook")
                archive.extract(GRADEBOOK, folder)
                kept = f"sqlite:///{Path(folder, GRADEBOOK)}"
                here = self.directory.db_url
                if gradebooks.digest(kept) != gradebooks.digest(here):
                    raise CommandError(
                        "the gradebook has changed since, and nothing was deleted: "
                        "archive again, into another file"
                    )
        return count

    def _files(self, everything: bool) -> Iterator[Path]:
        """Yield what is archived, or only what belongs to persons; follow no link."""
        folders = list(self.personal)
        if everything:
            folders += [self.course / name for name in ASSIGNMENTS]
            yield self.course / CONFIG
        for folder in folders:
            for here, below, files in os.walk(folder):
                yield from (Path(here, name) for name in sorted(files))
                for name in below:
                    if Path(here, name).is_symlink():
                        yield Path(here, name)
        yield from self._loose()

    def _loose(self) -> Iterator[Path]:
        for pattern in PERSONAL_FILES:
            yield from sorted(one for one in self.course.glob(pattern) if one.is_file())

    def _name(self, path: Path) -> str:
        """Return a path as the archive has it: names that are no text are escaped."""
        name = path.relative_to(self.course).as_posix()
        return os.fsencode(name).decode("utf-8", "backslashreplace")


def _checksum(path: Path) -> int:
    """Return the sum that a ZIP file keeps of a file."""
    summed = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            summed = zlib.crc32(chunk, summed)
    return summed
