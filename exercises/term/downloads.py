"""What an instructor downloaded from a learning platform, read as hostile."""

from __future__ import annotations

import datetime
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nbgrader_apart import archives, tree
from nbgrader_apart.tree import Refusal, printable

from .command import CommandError

#: Files that systems and platforms add, which are nobody's.
ADDED = re.compile(
    r"__MACOSX/.*|(.*/)?(\.DS_Store|Thumbs\.db|desktop\.ini)|index\.html"
)
#: What a Macintosh writes beside a file on a foreign disk begins so.
APPLE_DOUBLE = b"\x00\x05\x16\x07"


@dataclass(frozen=True)
class File:
    """A file of a download.

    Parameters
    ----------
    path : str
        Its path in the download, with slashes; also of one in a ZIP file in it.
    content : bytes
    changed : datetime
        When it was last changed (UTC, without a zone).
    """

    path: str
    content: bytes
    changed: datetime.datetime


def read(path: Path) -> tuple[list[File], list[Refusal]]:
    """Read every file of a download, as hostile; say what was refused."""
    name = path.name.lower()
    if path.is_dir():
        return _files_below(path)
    if not path.is_file():
        raise CommandError(f"{path}: there is no such file or folder")
    if not name.endswith((*archives.ZIP, *archives.TAR)):
        content = tree.read_file(path.parent, path.name)
        if content is None:
            return [], [
                Refusal(printable(path.name), "cannot be read, or is too large")
            ]
        return [File(path.name, content, utc(path.stat().st_mtime))], []
    with tempfile.TemporaryDirectory(prefix="collecting-") as folder:
        into = Path(folder, "unpacked")
        try:
            refused = archives.unpack(path, into, inner=True)
        except archives.BadArchive as problem:
            raise CommandError(f"{path.name} {problem}") from None
        files, more = _files_below(into)
        return files, [*refused, *more]


#: A class's folder is larger than one hand-in, and ZIP files in it are by now folders.
OF_A_CLASS = tree.Limits(
    files=archives.MOST_FILES * 10,
    total_bytes=archives.MOST_BYTES,
    depth=archives.DEEPEST + 2,
    path_bytes=1_000,
)


def _files_below(folder: Path) -> tuple[list[File], list[Refusal]]:
    try:
        found = tree.read(folder, limits=OF_A_CLASS)
    except tree.Unopened as problem:
        raise CommandError(f"{folder} {problem}") from None
    files = [
        File(name, content, utc(folder.joinpath(name).lstat().st_mtime))
        for name, content in found.files.items()
        if not (ADDED.fullmatch(name) or content.startswith(APPLE_DOUBLE))
    ]
    return files, found.refused


def utc(seconds: float) -> datetime.datetime:
    """Return a time in seconds since 1970 in UTC, without a zone, as nbgrader does.

    An archive may have given a file a time that no calendar has: then it is 1970.
    """
    try:
        time = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (OverflowError, OSError, ValueError):
        time = datetime.datetime.fromtimestamp(0, datetime.UTC)
    return time.replace(tzinfo=None)
