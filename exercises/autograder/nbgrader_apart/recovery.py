"""Before a class is graded: what a killed run left.

A run may be killed at any moment. What is half done then is done again, for
nbgrader writes a student's marks in one transaction and protects the student's
graded files last of all.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path


def lock(path):
    """Return an open file that no other run holds, or None if one does."""
    file = open(path, "a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def unfinished(folder, permissions):
    """Return whether a run was killed while it graded into this folder."""
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    mode = int(str(permissions), 8)
    return not files or any(stat.S_IMODE(one.stat().st_mode) != mode for one in files)


def clear_unfinished(converter):
    """Remove what killed runs left half done."""
    for folder in converter.assignments:
        made = graded_folder(converter, folder)
        if made.is_dir() and unfinished(made, converter.permissions):
            converter.log.warning("%s: the last run was killed here; again", made)
            shutil.rmtree(made)


def clear_folders():
    """Remove the work folders of runs that are no more."""
    for folder in Path(tempfile.gettempdir()).glob("grading-[0-9]*-*"):
        pid = folder.name.split("-")[1]
        if folder.stat().st_uid == os.geteuid() and not Path("/proc", pid).exists():
            shutil.rmtree(folder, ignore_errors=True)


def graded_folder(converter, submitted):
    """Return where nbgrader puts a graded submission."""
    course, folder = converter.coursedir, Path(submitted)
    names = course.autograded_directory, folder.parent.name, folder.name
    return Path(course.format_path(*names))
