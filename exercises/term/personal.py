"""A cohort of their own for each student, drawn from a secret of the course.

A student's seed is the HMAC-SHA256 of assignment, student and a number, keyed with the
secret. So the grader draws the same data again at any time, and whoever has the course
and all the released copies, but not the secret, can draw nobody's. A register keeps the
number and a sum of the data of each student, and no data.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader_apart import tree

from .command import CommandError
from .folders import assignments, notebook_path

if TYPE_CHECKING:
    from cohorts import Cohort

SECRET, FOLDER, REGISTER = "course.secret", "personal", "register.csv"
#: The secret, as it stands in its file: 32 bytes.
FORM = re.compile(r"[0-9a-f]{64}")
HEADINGS = ("student", "draw", "sha256")

Files = dict[str, bytes]


@dataclass(frozen=True)
class Given:
    """What a student was given.

    Parameters
    ----------
    draw : int
        The number that enters the seed: 0, unless data were drawn that did not do.
    sha256 : str
        The sum of the data.
    """

    draw: int
    sha256: str


# -- which assignments


def is_declared(course: Path, name: str) -> bool:
    """Return whether an assignment says that each student may have a cohort.

    Its metadata has ``course.personal`` then: all its cells take the cohort from the
    files beside the notebook, and no test types a number of the cohort.
    """
    source = nbformat.read(notebook_path(course, "source", name), as_version=4)
    return source.metadata.get("course", {}).get("personal") is True


def require_declared(course: Path, name: str) -> None:
    """Refuse an assignment that does not.

    Raises
    ------
    CommandError
        The message names those that do.
    """
    if not is_declared(course, name):
        others = [one for one in assignments(course) if is_declared(course, one)]
        raise CommandError(
            f"{name} is not made for personal data: its metadata has no "
            f"course.personal. These are: {', '.join(others) or 'none'}"
        )


def tables(course: Path, name: str) -> dict[str, tuple[Cohort, str]]:
    """Return by file the cohort and the table that an assignment hands out.

    What is curated or from a real trial is the same for all, and is not among them.
    """
    # Every command of nbgrader reads this module; few want all that cohorts import.
    from cohorts import COHORTS

    source = nbformat.read(notebook_path(course, "source", name), as_version=4)
    wanted = source.metadata["course"]["data"]
    return {
        cohort.filename(table): (cohort, table)
        for cohort in COHORTS.values()
        for table in cohort.tables
        if cohort.filename(table) in wanted
    }


# -- the secret


def secret(course: Path) -> bytes:
    """Return the secret of a course.

    Raises
    ------
    CommandError
        If there is none, or it is none.
    """
    path = course / SECRET
    try:
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        raise CommandError(
            f"{path} is missing, and without it nobody's own data can be drawn again: "
            "put back the file that `term release --personal` made (`term archive` "
            "keeps it)"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None
    if not FORM.fullmatch(text):
        raise CommandError(
            f"{path} is no secret of this course: 64 signs of 0-9 and a-f, drawn by "
            "`term release --personal`. A word that somebody thinks of can be guessed"
        )
    return bytes.fromhex(text)


def make_secret(course: Path) -> bytes:
    """Return the secret; draw one if there is none yet.

    Raises
    ------
    CommandError
        If others can read the file, or it is under version control.
    """
    path = course / SECRET
    if not path.exists():
        if next(course.glob(f"{FOLDER}/*/{REGISTER}"), None):
            return secret(course)  # says that it is missing
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w") as file:
            file.write(f"{secrets.token_hex(32)}\n")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise CommandError(f"others can read {path}: chmod 600 {path}")
    if _is_tracked(path):
        raise CommandError(
            f"{path} is under version control, and so in every copy of the "
            f"repository: `git rm --cached {SECRET}`, remove the file, and hand out "
            "anew, for it is no secret any more"
        )
    return secret(course)


def _is_tracked(path: Path) -> bool:
    try:
        asked = subprocess.run(
            ["git", "ls-files", "--error-unmatch", path.name],
            cwd=path.parent,
            capture_output=True,
        )
    except OSError:
        return False  # no git, no version control by it
    return asked.returncode == 0


def seed(key: bytes, assignment: str, student: str, draw: int) -> int:
    """Return what a student's cohorts are drawn from: a number of 256 bits."""
    message = json.dumps([assignment, student, draw]).encode()
    return int.from_bytes(hmac.digest(key, message, "sha256"), "big")


def draw_files(
    wanted: Mapping[str, tuple[Cohort, str]], random_state: int
) -> dict[str, bytes]:
    """Return the data files of one student, as `cohorts.write_all` writes them."""
    made = {}
    for cohort in {cohort.name: cohort for cohort, _ in wanted.values()}.values():
        frames = cohort.frames(cohort.make(random_state=random_state))
        for file, (its, table) in wanted.items():
            if its is cohort:
                text = frames[table].to_csv(index=False, lineterminator="\n")
                made[file] = text.encode()
    return dict(sorted(made.items()))


def digest(files: Mapping[str, bytes]) -> str:
    """Return the sum of a student's data."""
    summed = hashlib.sha256()
    for name, content in sorted(files.items()):
        summed.update(f"{name} {len(content)}\n".encode())
        summed.update(content)
    return summed.hexdigest()


# -- the register


def register_path(course: Path, name: str) -> Path:
    """Return where it is kept who was given which data."""
    return course / FOLDER / name / REGISTER


def register(course: Path, name: str) -> dict[str, Given]:
    """Return by student what was given; nothing if the assignment is not personal.

    Raises
    ------
    CommandError
        If the file cannot be read as a register.
    """
    path = register_path(course, name)
    try:
        text = path.read_text("utf-8")
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
        return {row["student"]: Given(int(row["draw"]), row["sha256"]) for row in rows}
    except FileNotFoundError:
        return {}
    except (KeyError, ValueError, TypeError, csv.Error):
        raise CommandError(
            f"{path} is damaged: put back a copy of it, for it says who has which data"
        ) from None


def write_register(course: Path, name: str, given: Mapping[str, Given]) -> None:
    """Keep who was given which data."""
    path = register_path(course, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADINGS)
    for student, one in sorted(given.items()):
        writer.writerow([student, one.draw, one.sha256])
    part = path.with_suffix(".part")
    part.write_text(text.getvalue(), encoding="utf-8")
    part.replace(path)


def copy(course: Path, other: Path, name: str) -> None:
    """Let another folder of the course grade an assignment on the same data."""
    if not register_path(course, name).is_file():
        return
    register_path(other, name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(register_path(course, name), register_path(other, name))
    shutil.copyfile(course / SECRET, other / SECRET)
    (other / SECRET).chmod(0o600)


# -- what the grading asks


class OwnData:
    """Gives a student's own data again.

    Parameters
    ----------
    course : Path
    name : str
        The assignment.
    given : mapping of str to Given
    """

    def __init__(self, course: Path, name: str, given: Mapping[str, Given]) -> None:
        self.name, self.given = name, given
        self.key, self.wanted = secret(course), tables(course, name)

    def __call__(self, student: str) -> Files:
        """Return the files by name; none of a student who was given the course's.

        Raises
        ------
        tree.Unopened
            If other data come out than those that were given.
        """
        one = self.given.get(student)
        if one is None:
            return {}
        files = draw_files(self.wanted, seed(self.key, self.name, student, one.draw))
        if digest(files) != one.sha256:
            raise tree.Unopened(
                "the data that were handed out to this student do not come out again: "
                "are secret, cohorts and packages those of the release?"
            )
        return files


def own_data(directory: CourseDirectory) -> Callable[[str], Mapping[str, bytes]] | None:
    """Return what gives the own data of each student in a run of the grading.

    Raises
    ------
    NbGraderException
        If data were handed out that do not come out again.
    """
    course, name = Path(directory.root), directory.assignment_id
    try:
        given = register(course, name)
        if not given:
            return None
        found = OwnData(course, name, given)
        found(min(given))  # if it is so for one, it is so for all
    except (CommandError, tree.Unopened, OSError) as problem:
        raise NbGraderException(
            f"Nothing was graded, for {name} was handed out with personal data, and "
            f"{problem}"
        ) from None
    return found


# -- what no copy may hold


def reveals(files: Mapping[str, bytes], key: bytes, seeds: Iterable[int]) -> list[str]:
    """Return the files that hold the secret, or a seed, in any usual way of writing."""
    numbers = list(seeds)
    written = [key, key.hex().encode(), key.hex().upper().encode()]
    written += [str(one).encode() for one in (int.from_bytes(key, "big"), *numbers)]
    written += [f"{one:x}".encode() for one in numbers]
    # Base64 in three alignments, without the signs that hang on what stands beside.
    written += [_base64(key, shift) for shift in range(3)]
    return [
        name
        for name, content in files.items()
        if any(one in content for one in written) or Path(name).name == SECRET
    ]


def _base64(key: bytes, shift: int) -> bytes:
    import base64

    coded = base64.b64encode(bytes(shift) + key)
    return coded[(0, 2, 3)[shift] : len(coded) - 4]
