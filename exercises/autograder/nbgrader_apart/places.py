"""Where hand-ins lie, when they came, and whether they are what was graded."""

from __future__ import annotations

import datetime
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from . import submission, tree
from .submission import GRADED, TIMESTAMP


def place(
    course: CourseDirectory, student: str, assignment: str
) -> tuple[Path, tuple[str, ...]]:
    """Return the folder of all hand-ins, and the way from there to one of them.

    The folder is the instructor's; a student may have made each component of the way.
    """
    parts = Path(course.directory_structure).parts
    of_student = next(
        index for index, part in enumerate(parts) if "{student_id}" in part
    )
    names = [
        part.format(
            nbgrader_step=course.submitted_directory,
            student_id=student,
            assignment_id=assignment,
        )
        for part in parts
    ]
    return Path(course.root, *names[:of_student]), tuple(names[of_student:])


def timestamp(course: CourseDirectory, folder: str) -> datetime.datetime | None:
    """Return when what lies in a folder was handed in, or None.

    It takes the place of ``CourseDirectory.get_existing_timestamp``, which waits for a
    pipe, follows a link and stops the command if it cannot read the time.
    """
    path = Path(folder, TIMESTAMP)
    if path.is_relative_to(course.root):
        content = tree.read_file(
            Path(course.root), *path.relative_to(course.root).parts
        )
    else:
        content = tree.read_file(path.parent, TIMESTAMP)
    return submission.parse_timestamp(content) if content else None


def is_what_was_graded(
    course: CourseDirectory, student: str, assignment: str, graded: Path
) -> bool | None:
    """Say whether the files that lie there are those that were graded.

    Parameters
    ----------
    course : CourseDirectory
    student, assignment : str
    graded : Path
        The folder with what was graded.

    Returns
    -------
    bool or None
        None if that cannot be told: nbgrader alone keeps no digest.
    """
    digest = tree.read_file(graded, GRADED)
    if digest is None:
        return None
    base, below = place(course, student, assignment)
    try:
        found = tree.read(base, *below, ignore=course.ignore)
    except OSError:
        return None
    return submission.digest_of(found).encode() == digest
