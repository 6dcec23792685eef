"""Before a class is graded: what a killed run left, and files that are no files.

A run may be killed at any moment. What is half done then is done again, for
nbgrader writes a student's marks in one transaction and protects the student's
graded files last of all.
"""

import fcntl
import logging
import os
import shutil
import stat
import tempfile
from pathlib import Path

#: A hand-in has no reason to hold a larger file.
MAX_BYTES = 50_000_000


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
    """Remove what killed runs left half done; return the students concerned."""
    students = []
    for folder in converter.assignments:
        made = graded_folder(converter, folder)
        if made.is_dir() and unfinished(made, converter.permissions):
            converter.log.warning("%s: the last run was killed here; again", made)
            shutil.rmtree(made)
            students.append(Path(folder).parent.name)
    return students


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


def quarantine(converter):
    """Move away what nbgrader should not open; return a line for each.

    Links, pipes, devices and files that are too large go to the folder
    ``quarantine``. Notebooks stay: `intake` says what is wrong with them.
    """
    lines = []
    for submitted in map(Path, converter.assignments):
        for path in sorted(submitted.rglob("*")):
            reason = problem(path)
            if not reason or path.suffix == ".ipynb":
                continue
            student, assignment = submitted.parent.name, submitted.name
            away = Path(converter.coursedir.root, "quarantine", student, assignment)
            away.mkdir(parents=True, exist_ok=True)
            os.replace(path, away / path.name)
            lines.append(f"{student}: {path.name} {reason}, and is in quarantine")
            converter.log.warning(lines[-1])
    return lines


def problem(path):
    """Return why a file should not be opened, or None."""
    state = path.lstat()
    if stat.S_ISDIR(state.st_mode):
        return None
    if not stat.S_ISREG(state.st_mode):
        return "is a link" if path.is_symlink() else "is no ordinary file"
    if state.st_size > MAX_BYTES:
        return f"is larger than {MAX_BYTES / 1e6:g} MB"
    return None


class Explain(logging.Filter):
    """Puts the reason of a failure where nbgrader has a traceback, or a guess."""

    reason = ""

    def filter(self, record):
        """Reduce a traceback to its reason; say at the end what to do."""
        text = str(record.msg)
        if text.startswith("Traceback"):
            logging.getLogger(record.name).debug("The whole of it:\n%s", text)
            self.reason = reason_of(text)
            record.msg = self.reason
        elif "recently upgraded nbgrader" in text or "the above traceback" in text:
            record.msg = (
                f"{self.reason}. Nothing is half written. See that no other program "
                "holds the gradebook and that the disk has room, then run the same "
                "command again (with --debug it says more)."
            )
        return not record.exc_info  # nbgrader says it twice


def reason_of(traceback):
    """Return what a traceback ends with, in plain words if it is the gradebook."""
    lines = [line for line in traceback.splitlines() if line.strip()]
    for line in lines:
        if line.startswith("sqlalchemy.exc.OperationalError"):
            said = line.split("OperationalError)")[-1].strip()
            return f"The gradebook cannot be written: {said}"
    return lines[-1]
