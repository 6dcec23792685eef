"""``nbgrader zip_collect``: hand-ins in archives from a learning platform.

The archive of a class is the platform's; the names and files in it are the students'.
An archive that a student handed in is not unpacked: what lies in it could have any
name, and a name says whose work it is.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from nbgrader.api import Gradebook
from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin

from . import collecting, submission
from .tree import LIMITS, Refusal, Unopened, odd_name, printable

try:
    from lzma import LZMAError
except ImportError:  # some builds of Python are without
    LZMAError = zlib.error  # type: ignore[misc,assignment]

#: The archive of a class; a file in it is held to `tree.LIMITS`.
MOST_FILES, MOST_BYTES, DEEPEST = 20_000, 4_000_000_000, 16
TOO_LARGE = f"is larger than {LIMITS.file_bytes / 1e6:g} MB"
ZIP, TAR = (".zip",), (".tar", ".tar.gz", ".tgz")


#: What the libraries raise for archives that are damaged, or made to do damage.
UNREADABLE = (
    *(OSError, EOFError, ValueError, OverflowError, RuntimeError),
    *(LookupError, struct.error),
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, LZMAError),
)


class BadArchive(Exception):
    """An archive that cannot be read; the message completes "The archive ..."."""


@dataclass(frozen=True)
class Member:
    """A file in an archive.

    Parameters
    ----------
    name : str
        Its path in the archive, with slashes.
    size : int
        What the archive says of its size, in bytes.
    source : file or None
        None if it is not an ordinary file.
    modified : float or None
        When it was last changed, in seconds since 1970.
    """

    name: str
    size: int
    source: IO[bytes] | None
    modified: float | None = None


@dataclass
class Unpacked:
    """Counts what was unpacked, and keeps what was refused.

    Parameters
    ----------
    into : Path
        A new folder.
    inner : bool
        Whether to unpack ZIP files in the archive, too, one level deep: each becomes a
        folder of its name. It is one hand-in, and held to `tree.LIMITS`: so it takes
        no room from the others.
    most_files, most_bytes : int
        How much is unpacked.
    """

    into: Path
    inner: bool = False
    most_files: int = MOST_FILES
    most_bytes: int = MOST_BYTES
    files: int = 0
    size: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def take(self, member: Member) -> None:
        """Unpack one file, or refuse it."""
        reason = self._why_not(member)
        if reason is None and member.source is not None:
            path = self.into.joinpath(*member.name.split("/"))
            reason = self._write(path, member.source, member.size)
            if reason is None and member.modified is not None:
                # A time that no file can have, or none, is not kept.
                with contextlib.suppress(OSError, OverflowError, ValueError):
                    os.utime(path, (member.modified, member.modified))
            if reason is None and self.inner and member.name.lower().endswith(ZIP):
                reason = self._open(path, member.name)
        if reason is not None:
            self.refused.append(Refusal(printable(member.name), reason))

    def _open(self, path: Path, name: str) -> str | None:
        """Put a folder with what is in it in the place of an archive in the archive."""
        packed = path.with_name(f"{path.name}.packed")
        path.rename(packed)
        room = min(LIMITS.total_bytes, self.most_bytes - self.size)
        below = Unpacked(path, most_files=LIMITS.files, most_bytes=room)
        try:
            path.mkdir()
            if entries(packed) > LIMITS.files:
                return f"holds more than {LIMITS.files:,} files"
            for member in _of_zip(packed):
                below.take(member)
        except UNREADABLE as why:
            return f"cannot be unpacked ({why})"
        finally:
            packed.unlink()
            self.size += below.size
        for refusal in below.refused:
            inside = f"{printable(name)}/{refusal.name}"
            self.refused.append(Refusal(inside, refusal.reason))
        return None

    def _why_not(self, member: Member) -> str | None:
        name, size = member.name, member.size
        parts = name.split("/")
        closed = (*TAR, ".gz", ".7z", ".rar", *(() if self.inner else ZIP))
        reasons = {
            f"lies more than {DEEPEST} folders deep": len(parts) > DEEPEST,
            "is not an ordinary file": member.source is None,
            "is an archive in the archive: ask for the notebook itself": (
                name.lower().endswith(closed)
            ),
            TOO_LARGE: size > LIMITS.file_bytes,
            "is beyond what is unpacked of one archive": (
                self.files >= self.most_files or self.size + size > self.most_bytes
            ),
        }
        odd = [reason for part in parts if (reason := odd_name(part))]
        return next(iter([*odd, *(why for why, true in reasons.items() if true)]), None)

    def _write(self, path: Path, source: IO[bytes], size: int) -> str | None:
        if path.exists():
            return "is in the archive twice"
        self.size += size  # also of what turns out to be damaged: it was unpacked
        try:
            content = source.read(LIMITS.file_bytes + 1)
        except UNREADABLE as why:
            return f"cannot be unpacked ({why})"
        if len(content) > LIMITS.file_bytes:
            return TOO_LARGE
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as why:
            return f"cannot be unpacked ({why.strerror})"
        self.files += 1
        return None


def unpack(archive: Path, into: Path, *, inner: bool = False) -> list[Refusal]:
    """Unpack an archive into a new folder; return what was refused.

    Parameters
    ----------
    archive, into : Path
    inner : bool
        See `Unpacked`.

    Raises
    ------
    BadArchive
        If it is not one.
    """
    unpacked = Unpacked(into, inner)
    into.mkdir(parents=True, exist_ok=True)
    members = _of_zip if archive.name.lower().endswith(ZIP) else _of_tar
    try:
        for member in members(archive):
            unpacked.take(member)
    except UNREADABLE as why:
        raise BadArchive(f"cannot be read ({why})") from None
    return unpacked.refused


#: What each entry of the table in a ZIP file begins with.
ENTRY = b"PK\x01\x02"


def entries(archive: Path) -> int:
    """Return about how many files a ZIP file lists, without a look at the list.

    The library reads the whole list, which can be a million times a file of no bytes.
    """
    return archive.read_bytes().count(ENTRY)


#: How files in a ZIP file are packed. What is packed in another way the library
#: unpacks as a whole, however little is asked for: a kilobyte can fill the memory.
USUAL = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def _of_zip(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            name, changed = name_in_zip(info), _changed(info)
            if name.endswith("/"):  # a folder; the library stumbles over no name at all
                continue
            # The upper half holds the mode of UNIX; 0 where the archive has none.
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                yield Member(name, 0, None)
                continue
            try:
                if info.compress_type not in USUAL:
                    raise ValueError("packed otherwise than ZIP files usually are")
                source = file.open(info)
            except UNREADABLE as why:
                yield Member(name, info.file_size, _Broken(str(why)), changed)
                continue
            with source:
                yield Member(name, info.file_size, source, changed)


#: What a ZIP file says of a name that is in UTF-8.
IN_UTF8 = 0x800


def name_in_zip(info: zipfile.ZipInfo) -> str:
    """Return the path of a file in a ZIP file, with slashes.

    Older programs on Windows write backslashes, and others UTF-8 without saying so.
    """
    name = info.filename
    if not info.flag_bits & IN_UTF8 and not name.isascii():
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _changed(info: zipfile.ZipInfo) -> float | None:
    try:  # a ZIP file holds the time of the clock on the wall where it was made
        return time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return None


class _Broken(io.BytesIO):
    """A member that is not opened: it needs a password, is damaged or oddly packed."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError(self.why)


def _of_tar(archive: Path) -> Iterator[Member]:
    with tarfile.open(archive, "r:*") as file:
        for info in file:
            if info.isdir():
                continue
            name = info.name.removeprefix("./")
            source = file.extractfile(info) if info.isreg() else None
            yield Member(name, info.size, source, info.mtime)


class SafeExtractor(ExtractorPlugin):  # type: ignore[misc]  # nbgrader has no types
    """Unpacks what an instructor downloaded, and nothing that lies inside of it."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack the archives of a folder, and copy the other files, into another."""
        source, into = Path(archive_path), Path(extracted_path)
        for root, folders, names in os.walk(source):
            folders.sort()
            below = into / Path(root).relative_to(source)
            below.mkdir(parents=True, exist_ok=True)
            for name in sorted(names):
                self._take(Path(root, name), below)

    def _take(self, path: Path, into: Path) -> None:
        shown = printable(path.name)
        if reason := odd_name(path.name):
            self.log.warning("%s %s, and is left out", shown, reason)
        elif not stat.S_ISREG(path.lstat().st_mode):
            self.log.warning("%s is not an ordinary file, and is left out", shown)
        elif path.name.lower().endswith((*ZIP, *TAR)):
            self.log.info("Extracting from: %s", shown)
            try:
                refused = unpack(path, into / path.name.split(".")[0])
            except BadArchive as problem:
                self.log.error("%s %s", shown, problem)
                return
            for refusal in refused:
                self.log.warning("%s: %s, and is left out", shown, refusal)
        elif path.stat().st_size > LIMITS.file_bytes:
            self.log.warning("%s is too large, and is left out", shown)
        else:
            shutil.copyfile(path, into / path.name)


class OnTheClassList(FileNameCollectorPlugin):  # type: ignore[misc]
    """Tells whose a file is from its name, with the help of the class list.

    Of two ids that a name begins with, the longer one counts: ``anna_m_metrics.ipynb``
    is ``anna_m``'s if there is one. Without a class list the regular expression says.
    """

    def collect(self, submitted_file: str) -> dict[str, Any] | None:
        """Return student, notebook and time that the name of a file tells, or None."""
        found: dict[str, Any] | None = super().collect(submitted_file)
        if found is None:
            return None
        name = os.path.basename(submitted_file)
        student = self._listed(name) or found["student_id"]
        found["student_id"] = student
        if reason := submission.odd_id(student):
            return self._left_out(name, f"{printable(student)} {reason}")
        if reason := odd_name(found["file_id"]):
            return self._left_out(name, reason)
        try:
            course = self.parent.coursedir
            collecting.folder_of(course, student, course.assignment_id)
        except (Unopened, OSError) as problem:
            return self._left_out(name, str(problem))
        stamp = found.get("timestamp")
        if stamp and submission.parse_timestamp(stamp.encode()) is None:
            found["timestamp"] = None
            self.log.warning("%s has no readable time in its name", printable(name))
        return found

    def _left_out(self, name: str, reason: str) -> dict[str, Any] | None:
        self.log.warning("%s is left out: %s", printable(name), reason)
        return None

    def _listed(self, name: str) -> str | None:
        """Return the longest id of the class list that a file's name begins with."""
        begins = [one for one in self._class_list() if name.startswith(f"{one}_")]
        return max(begins, key=len, default=None)

    def _class_list(self) -> list[str]:
        course = self.parent.coursedir
        with Gradebook(course.db_url, course.course_id) as gradebook:
            return [student.id for student in gradebook.students]
