"""Make a new term: other patients, and all that follows from them, proved.

It draws the cohorts anew, runs every chapter on them, makes the students' copies, and
proves that the course still holds: every sentence of pages and assignments that
compares or counts is judged, and none that is guarded is false; solutions score in full
with the new data, every wrong answer of the banks loses its task, other right answers
score in full; and what the pages compute agrees with other computations.

All this happens in a copy, _build/term-SEED, or the folder that --to names. Only when
every proof holds, data and chapters are put in place here, and the assignments are
released. What fails is named, nothing here has changed then, and the same command goes
on where it stopped: what is done, and whose sources are the same, is not done again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory

from . import gradebooks, release
from .command import CommandError
from .folders import assignments, find_course, settings

#: Of the course's tree, what a term is made of. Nothing of students is among it.
FOLDERS = (
    *("book", "data", "lite", "tests"),
    *(f"exercises/{one}" for one in ("source", "answers", "mutants", "term")),
    "exercises/autograder",
)
FILES = ("*.toml", "*.py", "*.yml", "*.md", "requirements*", "exercises/*.py")
#: Folders that are made, wherever they lie.
MADE = {"__pycache__", ".ipynb_checkpoints"}
#: Copies of the data, which `release` puts beside an assignment.
COPIED = re.compile(r"exercises/source/[^/]+/[^/]+\.(?:csv|html)")
#: What is done, and from what: kept in the copy.
JOURNAL = ".term.json"
#: Held by who makes a term there.
LOCK = ".term.lock"
DATA, MANIFEST = "data/synthetic", "data/synthetic/manifest.json"
#: Tests that say whether pages and assignments hold with these data, by step.
PROOFS: Mapping[str, Sequence[str]] = {
    "proof: solutions and banks of answers": ("tests/exercises/test_answers.py",),
    "proof: assignments and what their pages say": (
        "tests/exercises/test_assignments.py",
        "tests/exercises/test_answers_to_look_at.py",
        "tests/exercises/test_answers_with_any_seed.py",
        "tests/exercises/test_capstone.py",
    ),
    "proof: numbers of the pages, computed otherwise": ("tests/book",),
}
#: What is left out needs the book as it is built, or a browser, or hours.
PYTEST = (
    *("-m", "pytest", "-q", "-p", "no:cacheprovider", "--dist", "worksteal"),
    *("-m", "not draws and not browser and not downloads and not autograder"),
)

#: Seconds after which it is said how far a long step is, and how pytest says it.
SILENCE = 60.0
PERCENT = re.compile(r"\[ *(\d+)%\]")
#: What no seed is to blame for, as Python and the system say it.
NOT_THE_SEED = re.compile(
    r"\b(?:ModuleNotFoundError|ImportError|MemoryError)\b.*|.*\bNo module named\b.*|"
    r".*(?:No space left on device|Disk quota exceeded|database or disk is full).*"
)
#: How a kernel colours what it says of an error.
COLOUR = re.compile(r"\x1b\[[\d;]*m")

Say = Callable[[str], None]
Ending = Future[tuple[str | None, float]]


def _seed(words: str) -> int:
    if not words.isdecimal():
        raise ArgumentTypeError(f"{words!r} is no whole number, 0 or more")
    return int(words)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--seed", type=_seed, required=True, help="a number for the term: 2027"
    )
    parser.add_argument(
        "--to",
        type=Path,
        help="make the term in this folder, and change nothing here",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        help="so many steps at a time (%(default)s)",
    )


def main(arguments: Namespace) -> int:
    """Make the term."""
    course = find_course()
    tree = Tree(course.parent)
    tree.require()
    in_place = arguments.to is None
    folder = (
        arguments.to or tree.root / "_build" / f"term-{arguments.seed}"
    ).absolute()
    if in_place:
        refuse_hand_ins(course)
    with contextlib.ExitStack() as held:
        if in_place:
            held.enter_context(alone(tree.root / "_build"))
        term = Term(tree, folder, arguments.seed, max(1, arguments.jobs))
        try:
            term.make()
        except KeyboardInterrupt:
            print("Stopped. Nothing is changed here; the same command goes on.")
            raise
        if not in_place:
            print(f"Proved. The term lies in {folder}")
            return 0
        refuse_hand_ins(course)
        return _put_in_place(term, tree, course)


def _put_in_place(term: Term, tree: Tree, course: Path) -> int:
    before = tree.seed()
    count = term.put_in_place()
    print(f"{count} files are put in place.")
    for name in assignments(course):
        print(f"{name}: {os.path.relpath(release.release(name, course))}")
    print(
        f"The term of seed {term.seed} is made. `make book` builds its book.\n"
        f"The one before had the seed {before}: `python -m term new --seed {before}` "
        "brings it back."
    )
    return 0


def refuse_hand_ins(course: Path) -> None:
    """Refuse to change the data below hand-ins or marks.

    Raises
    ------
    CommandError
        It names what is there.
    """
    directory: CourseDirectory = settings(course)
    found = ""
    for step in (directory.submitted_directory, directory.autograded_directory):
        first = next((course / step).glob("*/*"), None)
        if first is not None:
            found = os.path.relpath(first)
    if not found and gradebooks.is_there(directory.db_url):
        with Gradebook(directory.db_url) as gradebook:
            count = gradebook.db.query(SubmittedAssignment).count()
        found = f"the gradebook, which has {count} hand-ins" if count else ""
    if found:
        raise CommandError(
            f"there is {found}: hand-ins belong to the data that they were made for. "
            "Keep the old term first (python -m term archive ../term.zip, then the "
            "same with --delete), or make the new one elsewhere (--to FOLDER)"
        )


# -- the tree of the course


@dataclass(frozen=True)
class Tree:
    """The folder that the course lies in: book, data, exercises, tests."""

    root: Path

    def require(self) -> None:
        """Refuse a course that has no book and no cohorts of its own.

        Raises
        ------
        CommandError
        """
        for folder in FOLDERS:
            if not (self.root / folder).is_dir():
                raise CommandError(
                    f"{self.root} has no folder {folder}: a new term is made where "
                    "book, data, lite, exercises and tests lie together"
                )

    def seed(self) -> int | str:
        """Return the seed of the data that are there."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            found: int = json.loads((self.root / MANIFEST).read_bytes())["seed"]
            return found
        return "unknown"

    def files(self) -> Iterator[str]:
        """Yield the files that a term is made of, as paths below the root."""
        for pattern in FILES:
            for path in sorted(self.root.glob(pattern)):
                if path.is_file():
                    yield path.relative_to(self.root).as_posix()
        for folder in FOLDERS:
            for here, below, names in os.walk(self.root / folder):
                below[:] = sorted(
                    one for one in below if one not in MADE and one[:1] != "."
                )
                for name in sorted(names):
                    path = Path(here, name)
                    below_root = path.relative_to(self.root).as_posix()
                    if path.is_symlink() or COPIED.fullmatch(below_root):
                        continue
                    yield below_root

    def chapters(self) -> list[str]:
        """Return the notebooks of the book."""
        found = (self.root / "book").glob("*/*.ipynb")
        return sorted(path.relative_to(self.root).as_posix() for path in found)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file; of one that is not there, nothing."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


# -- a term in the making


class StepFailed(Exception):
    """A step could not be done, or what it was to prove is not so."""


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder, so that no other process makes a term there.

    Raises
    ------
    CommandError
        If another does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # A transaction of SQLite is a lock on every system, and ends with its process.
    held = sqlite3.connect(folder / LOCK, timeout=0, isolation_level=None)
    try:
        held.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        raise CommandError(
            f"a term is being made in {folder}: wait until it is done, or name another "
            "folder (--to FOLDER)"
        ) from None
    else:
        yield
    finally:
        held.close()


@dataclass(frozen=True)
class Step:
    """A part of the work.

    Parameters
    ----------
    name : str
    made_of : tuple of str
        Paths of files, and of folders with a slash at their end: if none of them has
        changed, what is done is not done again.
    command : tuple of str
        Arguments of Python, run in the copy.
    """

    name: str
    made_of: tuple[str, ...]
    command: tuple[str, ...]


@dataclass
class Journal:
    """What is done, kept in a file.

    Parameters
    ----------
    path : Path
    seed : int
    taken : dict of str to str
        The sums of the files as they were taken over from the course.
    done : dict of str to str
        By step, the sum of what it was made of.
    """

    path: Path
    seed: int
    taken: dict[str, str] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, seed: int) -> Journal:
        """Read what is done; a file that is damaged says that nothing is."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            found = json.loads(path.read_bytes())
            if found["seed"] == seed:
                return cls(path, seed, dict(found["taken"]), dict(found["done"]))
        return cls(path, seed)

    def write(self) -> None:
        """Keep it."""
        kept = {"seed": self.seed, "taken": self.taken, "done": self.done}
        replace(self.path, json.dumps(kept, indent=1).encode())


def replace(path: Path, content: bytes) -> None:
    """Write a file as a whole, or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class Term:
    """A term in the making, in a copy of the tree.

    Parameters
    ----------
    tree : Tree
    folder : Path
        Where the copy lies.
    seed : int
    jobs : int
        So many steps at a time.
    say : callable
        Tells how far it is.
    """

    def __init__(
        self, tree: Tree, folder: Path, seed: int, jobs: int, say: Say = print
    ) -> None:
        self.tree, self.folder, self.seed = tree, folder, seed
        self.jobs, self.say = jobs, say
        self.journal = Journal.read(folder / JOURNAL, seed)

    def make(self) -> None:
        """Copy, draw, run and prove, as far as it is not done.

        Raises
        ------
        CommandError
            If a step fails; all others that do not need it are done.
        """
        self._refuse()
        with alone(self.folder):
            # Another may have gone on with it since it was read.
            self.journal = Journal.read(self.folder / JOURNAL, self.seed)
            self._take()
            self._do(self._steps())

    def _do(self, steps: Sequence[Sequence[Step]]) -> None:
        failed: dict[str, str] = {}
        count = 0
        for together in steps:
            waiting = [one for one in together if not self._is_done(one)]
            count += len(together) - len(waiting)
            if before := len(together) - len(waiting):
                self.say(f"Done before: {before}")
            for one, why, seconds in self._run(waiting):
                count += 1
                total = sum(map(len, steps))
                result = "" if why is None else ": FAILED"
                self.say(f"{count:3}/{total} {one.name} ({seconds:.0f} s){result}")
                if why is not None:
                    failed[one.name] = why
            if failed:
                break
        if failed:
            raise CommandError(self._report(failed))

    def _report(self, failed: Mapping[str, str]) -> str:
        told = [f"  {name}\n    {why}" for name, why in failed.items()]
        if all(map(NOT_THE_SEED.search, failed.values())):
            first = "The term could not be made, and the seed is not to blame."
            advice = "Mend that (`make env` installs what is missing), and run"
        else:
            first = f"The seed {self.seed} does not do."
            advice = (
                "Take another seed. Or change the sentence together with its "
                "assertion, and run"
            )
        return "\n".join(
            [
                f"{first} Nothing is changed in the course.",
                *told,
                f"{advice} the same command again, which goes on from here. "
                f"{self._logs()} has all that was said.",
            ]
        )

    def _logs(self) -> Path:
        return self.folder / "_build" / "logs"

    def _log(self, step: Step) -> Path:
        return self._logs() / f"{step.name.replace('/', '-').replace(':', '')}.log"

    # -- the copy

    def _refuse(self) -> None:
        """Refuse a folder that holds something else.

        Raises
        ------
        CommandError
        """
        folder = self.folder.resolve()
        for one in FOLDERS:
            if folder.is_relative_to((self.tree.root / one).resolve()):
                raise CommandError(f"{self.folder} lies in {one}: name another folder")
        if folder == self.tree.root.resolve():
            raise CommandError("the course itself lies there: leave out --to")
        there = [one.name for one in folder.iterdir()] if folder.is_dir() else []
        others = [name for name in there if not name.startswith(LOCK)]
        if others and not self._is_ours(folder):
            raise CommandError(f"{self.folder} holds something else: name a new folder")

    def _take(self) -> None:
        """Bring the copy up to what the course is now."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.journal.write()
        known = set()
        for name in self.tree.files():
            known.add(name)
            source, copy = self.tree.root / name, self.folder / name
            now = digest(source)
            if self.journal.taken.get(name) == now and copy.is_file():
                continue
            # What this command made, and has put in place, is nobody's change.
            if name in self.journal.taken and digest(copy) == now:
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            self.journal.taken[name] = now
        for name in self.journal.taken.keys() - known:
            (self.folder / name).unlink(missing_ok=True)
            del self.journal.taken[name]
        self.journal.write()

    def _is_ours(self, folder: Path) -> bool:
        return (folder / JOURNAL).is_file()

    # -- the steps

    def _steps(self) -> list[list[Step]]:
        """Return the steps: those of one list need all lists before, and no other."""
        chapters = self.tree.chapters()
        shared = ("data/", "book/course/")
        data = Step("cohorts", ("data/",), ("-m", "cohorts", "--seed", str(self.seed)))
        run = [
            Step(one, (*shared, one), ("-m", "course.execute", one)) for one in chapters
        ]
        names = assignments(self.tree.root / "exercises")
        copies = Step(
            "students' copies",
            ("data/", "exercises/source/", "exercises/term/release.py"),
            ("-m", "term", "release", "--without-gradebook", *names),
        )
        proofs = [
            Step(
                name,
                ("data/", "book/", "exercises/", "tests/"),
                (*PYTEST, "-n", str(self.jobs), *tests),
            )
            for name, tests in PROOFS.items()
        ]
        return [[data], run, [copies], proofs]

    def _key(self, step: Step) -> str:
        """Return the sum of what a step is made of."""
        summed = hashlib.sha256(repr((self.seed, step.command)).encode())
        for name, content in sorted(self.journal.taken.items()):
            if any(
                name == one or (one.endswith("/") and name.startswith(one))
                for one in step.made_of
            ):
                summed.update(f"{name}\0{content}\n".encode())
        return summed.hexdigest()

    def _is_done(self, step: Step) -> bool:
        return self.journal.done.get(step.name) == self._key(step)

    def _run(self, steps: Iterable[Step]) -> Iterator[tuple[Step, str | None, float]]:
        """Yield each step that has ended, why it failed, and what it took."""
        with ThreadPoolExecutor(self.jobs) as threads:
            jobs = {threads.submit(self._timed, one): one for one in steps}
            try:
                for job in self._as_they_end(jobs):
                    why, seconds = job.result()
                    if why is None:
                        self.journal.done[jobs[job].name] = self._key(jobs[job])
                        self.journal.write()
                    yield jobs[job], why, seconds
            finally:
                threads.shutdown(cancel_futures=True)

    def _as_they_end(self, jobs: Mapping[Ending, Step]) -> Iterator[Ending]:
        """Yield what has ended; where that takes long, say how far the others are."""
        waiting = set(jobs)
        while waiting:
            ended, waiting = wait(waiting, SILENCE, FIRST_COMPLETED)
            yield from ended
            if not ended:
                for job in sorted(waiting, key=lambda job: jobs[job].name):
                    if job.running() and (share := self._share(jobs[job])):
                        self.say(f"        {jobs[job].name}: {share}")

    def _share(self, step: Step) -> str:
        """Return how much of a step is done, as its tests say it, or nothing."""
        with contextlib.suppress(OSError):
            if told := PERCENT.findall(self._log(step).read_text("utf-8", "replace")):
                return f"{told[-1]} %"
        return ""

    def _timed(self, step: Step) -> tuple[str | None, float]:
        began = time.monotonic()
        try:
            self._run_one(step)
        except StepFailed as problem:
            return str(problem), time.monotonic() - began
        return None, time.monotonic() - began

    def _run_one(self, step: Step) -> None:
        """Run one step in the copy.

        Raises
        ------
        StepFailed
            With the line that says why.
        """
        below = ("exercises", "exercises/autograder", "data", "book")
        path = [str(self.folder / one) for one in below]
        before = os.environ.get("PYTHONPATH")
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([*path, *([before] if before else [])]),
            "PYTHONDONTWRITEBYTECODE": "1",
            # pytest cuts what it tells of a failure to the width of a terminal.
            "COLUMNS": "500",
        }
        # One that was stopped in the middle may have left half a notebook.
        if step.name in self.journal.taken:
            shutil.copyfile(self.tree.root / step.name, self.folder / step.name)
        # The gradebook of the term that is in here is none of the new one's.
        environment.pop("GRADEBOOK_URL", None)
        environment.pop("EXCHANGE", None)
        log = self._log(step)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as said:
            ended = subprocess.run(
                [sys.executable, *step.command],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        if ended.returncode:
            raise StepFailed(telling(log.read_text("utf-8", "replace")))

    # -- in place

    def changed(self) -> list[str]:
        """Return what the new term changes in the course: data and chapters."""
        made = [
            path.relative_to(self.folder).as_posix()
            for path in sorted((self.folder / DATA).iterdir())
            if path.is_file()
        ]
        # The manifest, which names the seed, comes last.
        made.sort(key=lambda name: (name == MANIFEST, name))
        every = [*self.tree.chapters(), *made]
        return [
            name
            for name in every
            if digest(self.folder / name) != digest(self.tree.root / name)
        ]

    def put_in_place(self) -> int:
        """Put data and chapters in the place of those in the course.

        Returns
        -------
        int
            How many files are others now.

        Raises
        ------
        CommandError
            If a file was changed meanwhile, or one cannot be written; then all are as
            they were.
        """
        names = self.changed()
        for name in names:
            if digest(self.tree.root / name) != self.journal.taken.get(name, ""):
                raise CommandError(
                    f"{name} was changed meanwhile, and nothing was put in place: run "
                    "the same command again"
                )
        kept = self.folder / "_build" / "before"
        for name in names:
            self._keep(name, kept)
        begun = []
        try:
            for name in names:
                begun.append(name)
                replace(self.tree.root / name, (self.folder / name).read_bytes())
        except BaseException as error:
            for name in begun:
                self._bring_back(name, kept)
            if not isinstance(error, OSError):
                raise
            what = error.filename or "a file"
            raise CommandError(
                f"{what} could not be written ({error.strerror}): "
                f"the course is as it was, and {kept} has what was there, too"
            ) from None
        return len(names)

    def _keep(self, name: str, kept: Path) -> None:
        path = self.tree.root / name
        if path.is_file():
            (kept / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, kept / name)

    def _bring_back(self, name: str, kept: Path) -> None:
        if (kept / name).is_file():
            replace(self.tree.root / name, (kept / name).read_bytes())
        else:
            (self.tree.root / name).unlink(missing_ok=True)


def telling(said: str) -> str:
    """Return the lines of what was said that tell why something failed."""
    lines = COLOUR.sub("", said).splitlines()
    lines = [line.strip() for line in lines if line.strip()]
    failed = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
    if failed:
        more = len(failed) - 5
        return "\n    ".join([*failed[:5], *([f"and {more} more"] if more > 0 else [])])
    elsewhere = [line for line in lines if NOT_THE_SEED.fullmatch(line)]
    errors = elsewhere or [line for line in lines if "Error: " in line]
    return (errors or lines or ["it said nothing"])[-1][:500]
