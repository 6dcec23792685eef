"""What a killed run left behind is removed before a class is graded.

A run may be killed at any moment. What is half done then is done again, for
nbgrader writes a student's marks in one transaction and protects the student's
graded files last of all.
"""

import contextlib
import fcntl
import os
import stat
import tempfile
from pathlib import Path
from typing import IO

from nbgrader.converters import Autograde

from . import tree


def lock(path: Path) -> IO[str] | None:
    """Return an open file that no other run holds, or None if one does."""
    file = open(path, "a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def is_unfinished(folder: Path, permissions: int) -> bool:
    """Say whether a run was killed while it graded into this folder.

    Parameters
    ----------
    folder : Path
    permissions : int
        As nbgrader's ``permissions``: the octal mode read as a decimal number.
    """
    files = [path for path in folder.rglob("*") if path.is_file()]
    mode = int(str(permissions), 8)
    return not files or any(stat.S_IMODE(path.stat().st_mode) != mode for path in files)


def clear_unfinished(converter: Autograde) -> None:
    """Remove what killed runs left half done."""
    for folder in converter.assignments:
        graded = graded_folder(converter, folder)
        if graded.is_dir() and is_unfinished(graded, converter.permissions):
            converter.log.warning("%s: the last run was killed here; again", graded)
            tree.remove(graded)


def clear_work_folders() -> None:
    """Remove the work folders of runs that have ended; what resists stays.

    Anybody may have put anything under such a name into the temporary folder.
    """
    for folder in Path(tempfile.gettempdir()).glob("grading-[0-9]*-*"):
        pid = folder.name.split("-")[1]
        with contextlib.suppress(OSError, RecursionError):
            state = folder.lstat()
            ours = stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid()
            if ours and not Path("/proc", pid).exists():
                tree.remove(folder)


def graded_folder(converter: Autograde, submitted: str | Path) -> Path:
    """Return where nbgrader puts a graded submission."""
    course, folder = converter.coursedir, Path(submitted)
    return Path(
        course.format_path(course.autograded_directory, folder.parent.name, folder.name)
    )
