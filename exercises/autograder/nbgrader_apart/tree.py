"""Reads what lies below a folder that a student filled, and follows no link.

A hand-in is whatever a student could put into a folder or an archive: links out of
it, pipes that never answer, devices, folders a thousand deep, names that forge a
line of a log. This is the one place where such a tree is opened. Every component of
a path is opened in the folder before it, so that nothing can be exchanged for a link
between a look and a read; what is too large, too many, too deep or oddly named stays
unread, and is listed with the reason. What comes out is plain: names and bytes.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import os
import re
import shutil
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: Set where a folder can be opened relative to another one: not on Windows, where
#: each component is looked at before it is opened.
RELATIVE = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


#: What no name on Windows may have.
OF_WINDOWS = re.compile(
    r"""[<>:"|?*] | [. ]$
    | ^(?: con | prn | aux | nul | com\d | lpt\d )\s*(?: \. | $ )""",
    re.I | re.X,
)


@dataclass(frozen=True)
class Limits:
    """What one hand-in may hold.

    Parameters
    ----------
    file_bytes, total_bytes : int
        The size of one file, and of all together.
    files : int
        Entries of all folders together: files, folders and whatever else.
    depth : int
        Folders inside each other.
    name_bytes, path_bytes : int
        The length of a name, and of a path below the hand-in's folder.
    """

    file_bytes: int = 50_000_000
    total_bytes: int = 100_000_000
    files: int = 2_000
    depth: int = 16
    name_bytes: int = 200
    path_bytes: int = 240


LIMITS = Limits()


@dataclass(frozen=True)
class Refusal:
    """Something of a hand-in that was not taken.

    Parameters
    ----------
    name : str
        Its path below the hand-in's folder, as it can be printed.
    reason : str
        Completes the sentence that the name begins: ``"is a link"``.
    """

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} {self.reason}"


@dataclass
class Tree:
    """What was read below a folder.

    Parameters
    ----------
    files : dict of str to bytes
        Contents by path below the folder, with slashes, in the order of the paths.
    folders : list of str
        The paths of the folders that were opened.
    refused : list of Refusal
        In the order of the names.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


class Unopened(OSError):
    """A folder could not be opened safely; the message completes "The folder ..."."""


def printable(text: str, longest: int = 120) -> str:
    """Return a name that a student chose as it may be printed.

    Control characters and what turns the direction of writing are escaped, so that
    a name cannot forge a line of a table or command a terminal.
    """
    plain = "".join(
        letter if is_written(letter) else letter.encode("unicode_escape").decode()
        for letter in text.encode("utf-8", "backslashreplace").decode()
    )
    return plain if len(plain) <= longest else f"{plain[: longest - 3]}..."


#: Join and part letters: Persian and Hindi are written with them, and some pictures.
JOINERS = "\u200c\u200d"


def is_written(letter: str) -> bool:
    """Say whether a letter is one that people write, and no command.

    Python calls only one space printable. Names from Japan and France have others, and
    so have the names that a Mac gives to pictures of its screen.
    """
    return (
        letter.isprintable()
        or letter in JOINERS
        or unicodedata.category(letter) == "Zs"
    )


def odd_name(
    name: str, limits: Limits = LIMITS, windows: bool = os.name == "nt"
) -> str | None:
    """Return why a name cannot be taken, or None.

    On Windows some names are those of devices, or lead to another disk.
    """
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return "has a name that is not UTF-8"
    if length > limits.name_bytes:
        return f"has a name longer than {limits.name_bytes} bytes"
    if not all(map(is_written, name)):
        return "has a control character in its name"
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        return "has a name that is not one of a file"
    if windows and OF_WINDOWS.search(name):
        return "has a name that Windows does not allow"
    return None


def read(
    base: Path, *names: str, ignore: Sequence[str] = (), limits: Limits = LIMITS
) -> Tree:
    """Read the files below a folder.

    Parameters
    ----------
    base : Path
        A folder of the instructor's, which may be reached by links.
    *names : str
        The components of the path from `base` to the folder: a student may have
        made each of them.
    ignore : sequence of str
        Patterns of names that are passed over in silence, with all below them.
    limits : Limits

    Raises
    ------
    Unopened
        If one of the components is not a folder, or cannot be opened.
    """
    with opened(base, *names) as folder:
        reader = _Reader(ignore, limits)
        reader.walk(folder, ())
    return Tree(
        dict(sorted(reader.tree.files.items())),
        sorted(reader.tree.folders),
        sorted(reader.tree.refused, key=lambda refusal: refusal.name),
    )


def read_file(base: Path, *names: str, limits: Limits = LIMITS) -> bytes | None:
    """Return the content of one file as `read` would, or None if it would not."""
    *folders, name = names
    with contextlib.suppress(OSError), opened(base, *folders) as folder:
        reader = _Reader((), limits)
        reader.file(folder, (name,), folder.state(name))
        return reader.tree.files.get(name)
    return None


# -- folders


@dataclass(frozen=True)
class Folder:
    """An open folder: its descriptor, or its path where there are no descriptors."""

    place: int | str

    def names(self, most: int) -> list[str]:
        """Return the names in it, sorted, but no more than `most` and one."""
        found = []
        with os.scandir(self.place) as entries:
            for entry in entries:
                found.append(entry.name)
                if len(found) > most:
                    break
        return sorted(found)

    def state(self, name: str) -> os.stat_result:
        """Return what lies there under a name, itself and not what it points to."""
        if isinstance(self.place, int):
            return os.stat(name, dir_fd=self.place, follow_symlinks=False)
        return os.lstat(os.path.join(self.place, name))

    @contextlib.contextmanager
    def file(self, name: str) -> Iterator[int]:
        """Open an ordinary file to read it.

        Raises
        ------
        OSError
            If it is something else: then it is not waited for, and not read.
        """
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)
        if isinstance(self.place, int):
            flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
            number = os.open(name, flags, dir_fd=self.place)
        else:
            flags |= getattr(os, "O_BINARY", 0)
            number = os.open(os.path.join(self.place, name), flags)
        try:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise OSError(errno.EINVAL, "is not an ordinary file")
            yield number
        finally:
            os.close(number)

    @contextlib.contextmanager
    def folder(self, name: str) -> Iterator[Folder]:
        """Open a folder in it.

        Raises
        ------
        OSError
            If it is not a folder, or a link to one.
        """
        if not isinstance(self.place, int):
            path = os.path.join(self.place, name)
            if not stat.S_ISDIR(os.lstat(path).st_mode) or _is_junction(path):
                raise NotADirectoryError(errno.ENOTDIR, "is not a folder")
            yield Folder(path)
            return
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        number = os.open(name, flags, dir_fd=self.place)
        try:
            yield Folder(number)
        finally:
            os.close(number)


def _is_junction(path: str) -> bool:
    """Say whether it is a folder of Windows that points to another one."""
    attributes = getattr(os.lstat(path), "st_file_attributes", 0)
    return bool(attributes & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0))


@contextlib.contextmanager
def opened(base: Path, *names: str) -> Iterator[Folder]:
    """Open a folder below one of the instructor's, component by component.

    Raises
    ------
    Unopened
        If a component is missing, a link, or no folder.
    """
    with contextlib.ExitStack() as open_folders:
        folder = Folder(str(base))
        if RELATIVE:
            number = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            open_folders.callback(os.close, number)
            folder = Folder(number)
        for name in names:
            if odd_name(name):
                raise Unopened(f"{printable(name)} {odd_name(name)}")
            try:
                folder = open_folders.enter_context(folder.folder(name))
            except OSError as error:
                raise Unopened(f"{printable(name)} {_why_not(error)}") from None
        yield folder


def _why_not(error: OSError) -> str:
    """Say why something of a hand-in could not be opened."""
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return "is a link"
    if error.errno == errno.ENOTDIR:
        return "is a link or a file, not a folder"
    return f"cannot be read ({error.strerror})"


# -- reading


class _Reader:
    """Walks a tree once, and keeps count of what it has taken."""

    def __init__(self, ignore: Sequence[str], limits: Limits) -> None:
        self.ignore, self.limits = ignore, limits
        self.tree = Tree()
        self.entries_left, self.bytes_left = limits.files, limits.total_bytes

    def refuse(self, path: Sequence[str], reason: str) -> None:
        self.tree.refused.append(Refusal(printable("/".join(path)), reason))

    def walk(self, folder: Folder, above: tuple[str, ...]) -> None:
        """Read what lies in a folder, its own files before those in folders below."""
        names = folder.names(self.entries_left)
        if len(names) > self.entries_left:
            self.refuse(above or (".",), f"holds more than {self.limits.files} files")
            return
        self.entries_left -= len(names)
        below = []
        for name in names:
            path = (*above, name)
            if any(fnmatch.fnmatch(name, pattern) for pattern in self.ignore):
                continue
            if reason := odd_name(name, self.limits) or self._odd_path(path):
                self.refuse(path, reason)
                continue
            try:
                state = folder.state(name)
                if stat.S_ISDIR(state.st_mode):
                    below.append(name)
                else:
                    self.file(folder, path, state)
            except OSError as error:
                self.refuse(path, _why_not(error))
        for name in below:
            self._folder(folder, (*above, name))

    def _odd_path(self, path: Sequence[str]) -> str | None:
        if len("/".join(path).encode()) > self.limits.path_bytes:
            return f"has a path longer than {self.limits.path_bytes} bytes"
        return None

    def _folder(self, folder: Folder, path: tuple[str, ...]) -> None:
        if len(path) > self.limits.depth:
            self.refuse(path, f"lies more than {self.limits.depth} folders deep")
            return
        try:
            with folder.folder(path[-1]) as below:
                self.tree.folders.append("/".join(path))
                self.walk(below, path)
        except OSError as error:
            self.refuse(path, _why_not(error))

    def file(
        self, folder: Folder, path: tuple[str, ...], state: os.stat_result
    ) -> None:
        """Read one file, or refuse it; `state` is what `Folder.state` said of it."""
        if stat.S_ISLNK(state.st_mode):
            return self.refuse(path, "is a link")
        if not stat.S_ISREG(state.st_mode):
            return self.refuse(path, "is not an ordinary file")
        if state.st_size > self.limits.file_bytes:
            return self.refuse(path, f"is larger than {_size(self.limits.file_bytes)}")
        if state.st_size > self.bytes_left:
            return self.refuse(
                path, f"is beyond the {_size(self.limits.total_bytes)} of a hand-in"
            )
        with folder.file(path[-1]) as number:
            content = _read_whole(number, state.st_size)
        if content is None:
            return self.refuse(path, "grew while it was read")
        self.bytes_left -= len(content)
        self.tree.files["/".join(path)] = content
        return None


def _read_whole(number: int, size: int) -> bytes | None:
    """Return what an open file holds, or None if that is more than `size`."""
    parts, left = [], size + 1
    while left and (part := os.read(number, min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts) if left else None


def _size(number: int) -> str:
    return f"{number / 1e6:g} MB"


# -- writing


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Write files, by their paths, below a folder that nobody else has written into."""
    for name, content in files.items():
        path = folder.joinpath(*name.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def remove(path: Path) -> None:
    """Remove what lies at a path, however deep it is; a link, and not its target.

    Python removes a tree by recursion, which ends about a thousand folders deep.
    Folders below that depth are moved up first. Nobody else may change the tree
    meanwhile: folders that their owner may not look into are opened.

    Raises
    ------
    OSError
        If it cannot be removed.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    try:
        shutil.rmtree(path)
    except RecursionError:
        _flatten(path)
        shutil.rmtree(path)
    except PermissionError:
        _open(path)
        shutil.rmtree(path)


def _open(top: Path) -> None:
    """Let the owner look into, and change, every folder of a tree."""
    waiting = [str(top)]
    while waiting:
        place = waiting.pop()
        os.chmod(place, stat.S_IRWXU)
        with os.scandir(place) as entries:
            waiting += [
                one.path for one in entries if one.is_dir(follow_symlinks=False)
            ]


def _flatten(top: Path) -> None:
    """Move every folder of a tree right below its top."""
    with opened(top) as folder:
        if not isinstance(folder.place, int):
            return
        waiting, moved = os.listdir(folder.place), 0
        while waiting:
            with (
                contextlib.suppress(NotADirectoryError),
                folder.folder(waiting.pop()) as below,
            ):
                if not isinstance(below.place, int):
                    return
                for name in os.listdir(below.place):
                    if stat.S_ISDIR(below.state(name).st_mode):
                        moved += 1
                        waiting.append(f".moved-{moved}")
                        os.rename(
                            name,
                            waiting[-1],
                            src_dir_fd=below.place,
                            dst_dir_fd=folder.place,
                        )
