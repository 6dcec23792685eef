"""The files that an assignment's notebook reads, on the grader's side.

A file that is missing there would cost every student its task. So before anything is
graded, what was handed out and is not there any more is put back, and if that cannot
be done the run stops.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import find_all_files

from . import released
from .submission import SUFFIX


def named(notebook: Path) -> list[str]:
    """Return the files that an instructor's notebook says it needs.

    Its metadata lists them as ``course.data``.
    """
    try:
        metadata = json.loads(notebook.read_text("utf-8")).get("metadata", {})
        listed = metadata.get("course", {}).get("data") or []
    except (OSError, ValueError, AttributeError):
        return []
    return [one for one in listed if isinstance(one, str)]


def provide(course: CourseDirectory, folders: Sequence[str | Path] = ()) -> list[str]:
    """See that all files of the assignment are there; return those put back.

    Parameters
    ----------
    course : CourseDirectory
        Its `assignment_id` is the assignment.
    folders : sequence of Path
        Where the files that notebooks name can be found.

    Raises
    ------
    NbGraderException
        If one is missing for good, or is not the one that was handed out.
    """
    source = released.source_folder(course)
    if not source.is_dir():
        return []  # what was handed out stands in the gradebook
    name = course.assignment_id
    handed_out = Path(course.format_path(course.release_directory, ".", name))
    put_back, wrong = [], []
    for file in sorted({*_needed(source), *_files(handed_out, course)}):
        here, released_one = source / file, handed_out / file
        if here.is_file():
            if released_one.is_file() and not _same(here, released_one):
                wrong.append(f"{here} is not the one handed out, {released_one}")
            continue
        origins = [released_one, *(Path(folder, file) for folder in folders)]
        origin = next((one for one in origins if one.is_file()), None)
        if origin is None:
            wrong.append(f"{here} is missing")
            continue
        here.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, here)
        put_back.append(file)
    if wrong:
        raise NbGraderException(
            f"Nothing was graded, for every student would lose points: "
            f"{'; '.join(wrong)}. Put there what students were given (for data that "
            f"are made: `make data`, then `make release`), and run this again"
        )
    return put_back


def _needed(source: Path) -> Iterator[str]:
    """Yield the names, beside the notebook, of the files that notebooks need."""
    for notebook in source.glob(f"*{SUFFIX}"):
        yield from (Path(file).name for file in named(notebook))


def _files(folder: Path, course: CourseDirectory) -> Iterator[str]:
    if folder.is_dir():
        for path in find_all_files(str(folder), [*course.ignore, f"*{SUFFIX}"]):
            yield Path(path).relative_to(folder).as_posix()


def _same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()
