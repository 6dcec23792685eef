"""Where the course and its assignments lie."""

import contextlib
from pathlib import Path

from nbgrader.apps import NbGraderApp
from nbgrader.coursedir import CourseDirectory

from .command import CommandError

CONFIG = "nbgrader_config.py"
#: The course that this package belongs to.
BESIDE = Path(__file__).resolve().parents[1]


def find_course(start: Path | None = None) -> Path:
    """Return the folder of the nbgrader course that a command works on.

    It is the folder `start` (the current one) if that is a course, else the folder
    ``exercises`` in it, else the course that this package belongs to. So a command
    can be run in the root of the repository, in ``exercises`` and in ``demo``.

    Raises
    ------
    CommandError
        If none of them is a course.
    """
    start = start or Path.cwd()
    for folder in (start, start / "exercises", BESIDE):
        if (folder / CONFIG).is_file():
            return folder.resolve()
    raise CommandError(
        f"{start} is not the folder of a course (it holds no {CONFIG}): run this in "
        "the folder `exercises` or in the one above it"
    )


def settings(course: Path) -> CourseDirectory:
    """Return what nbgrader's configuration says of a course: folders and gradebook."""
    app = NbGraderApp()
    with contextlib.chdir(course):
        app.initialize([])
    return app.coursedir


def find_data(course: Path) -> Path:
    """Return the folder with the synthetic cohorts that a course hands out.

    It lies beside the course. A course that was made elsewhere from this one, as
    ``demo`` is, has no data of its own and hands out this one's.
    """
    own = course.parent / "data" / "synthetic"
    return own if own.is_dir() else BESIDE.parent / "data" / "synthetic"


def assignments(course: Path) -> list[str]:
    """Return the names of the assignments that have a source notebook."""
    found = (course / "source").glob("*/*.ipynb")
    return sorted(path.stem for path in found if path.stem == path.parent.name)


def notebook_path(course: Path, step: str, name: str) -> Path:
    """Return where the notebook of an assignment lies: step is source or release."""
    return course / step / name / f"{name}.ipynb"


def require_assignment(course: Path, name: str) -> None:
    """Refuse the name of an assignment that does not exist.

    Raises
    ------
    CommandError
        The message lists those that do.
    """
    if name not in assignments(course):
        raise CommandError(
            f"there is no assignment {name!r}; there are: "
            + (", ".join(assignments(course)) or "none")
        )
