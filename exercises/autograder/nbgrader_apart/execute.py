"""nbgrader's step "run the notebook": submissions are run ahead, on all cores.

nbgrader goes through the class one student at a time, and it alone writes the
gradebook. When it asks for the first notebook, all that it will ask for later
start to run. It gets a result only if cells and files are the same to the byte;
else the notebook is run again, in line.
"""

import atexit
import gc
import hashlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from traitlets import (
    Dict,
    Enum,
    Float,
    Integer,
    List,
    TraitError,
    Unicode,
    default,
    validate,
)

from . import box, cells, cluster, gradebook, intake, leftovers, patches, plan
from .options import Level, Limits, Options
from .outputs import Output, error_output
from .plan import CodeCell, Plan
from .pool import Pool
from .progress import Progress

AUTO = "auto"
LIMIT_NAMES = tuple(Limits.__dataclass_fields__)


class RunAhead(Execute):  # type: ignore[misc]  # nbgrader has no types
    """Replaces `Execute` in ``c.Autograde.autograde_preprocessors``."""

    workers = Integer(help="submissions at the same time").tag(config=True)
    level = Enum(
        [AUTO, *map(str, Level)],
        AUTO,
        help="the box, or auto for the strongest that works here",
    ).tag(config=True)
    limits = Dict(help=f"limits of one process: any of {', '.join(LIMIT_NAMES)}").tag(
        config=True
    )
    preload = List(
        Unicode(),
        ["scipy", "sklearn"],
        help="packages whose modules are imported ahead if many hand-ins want them",
    ).tag(config=True)
    call_timeout = Float(10, help="seconds a call from a test").tag(config=True)
    total_timeout = Float(600, help="seconds a notebook").tag(config=True)
    scheduler = Unicode(help="address of a dask.distributed scheduler").tag(config=True)

    @default("workers")
    def _all_cores(self) -> int:
        return len(os.sched_getaffinity(0))

    @validate("limits")
    def _known_limits(self, proposal: Any) -> dict[str, int]:
        for name in proposal.value:
            if name not in LIMIT_NAMES:
                known = ", ".join(LIMIT_NAMES)
                raise TraitError(f"RunAhead.limits has no {name!r}, but {known}")
        limits: dict[str, int] = proposal.value
        return limits

    def options(self) -> Options:
        """Return the settings as the workers need them."""
        return Options(
            level=box.best_level() if self.level == AUTO else Level(self.level),
            limits=Limits(**self.limits),
            cell_seconds=float(self.timeout or self.total_timeout),
            call_seconds=self.call_timeout,
            total_seconds=self.total_timeout,
        )

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Fill in the outputs of one notebook."""
        where = resources["nbgrader"]
        files = plan.read_files(Path(resources["metadata"]["path"]))
        code = [cell for cell in nb.cells if cells.is_code(cell)]
        run: GradingRun = self.parent.run
        key = Notebook(where["student"], where["notebook"])
        outputs = run.outputs(key, plan.code_cells(code), files)
        for count, (cell, shown) in enumerate(zip(code, outputs, strict=True), 1):
            cell.outputs = nbformat.from_dict(shown)
            cell.execution_count = count
        return nb, resources


class RunAheadExporter(intake.SubmissionExporter):
    """Reads hand-ins; nbgrader makes one at the beginning of a run."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]
        self.run: GradingRun | None = None
        if isinstance(self.parent, Autograde):
            self._begin(self.parent)

    def _begin(self, converter: Autograde) -> None:
        patches.share_gradebook()
        leftovers.clear_work_folders()
        course = converter.coursedir
        lock = Path(course.root, f".grading-{course.assignment_id}.lock")
        self._lock = leftovers.lock(lock)
        if self._lock:
            leftovers.clear_unfinished(converter)
        self.run = GradingRun(RunAhead(parent=self), converter)
        self.run.start()

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Return the text of a notebook after the steps."""
        return patches.text_after_steps(self, nb, resources)


class Notebook(NamedTuple):
    """Names one notebook of one student."""

    student: str
    name: str


@dataclass(frozen=True)
class Result:
    """What came of a notebook that was run ahead, and of which cells and files."""

    digest: str
    outputs: list[list[Output]]


class GradingRun:
    """All notebooks that one run of nbgrader grades, under way on the workers.

    Parameters
    ----------
    step : RunAhead
        Its settings.
    converter : nbgrader.converters.Autograde
    """

    def __init__(self, step: RunAhead, converter: Autograde) -> None:
        self.step, self.options = step, step.options()
        self.converter, self.course = converter, converter.coursedir
        self.assignment: str = self.course.assignment_id
        self.threads = ThreadPoolExecutor(step.workers, thread_name_prefix="grading")
        self.lock = threading.Lock()
        self.released: dict[str, dict[str, NotebookNode]] = {}
        self.plans: dict[str, Plan] = {}
        self.pools: dict[str, Pool] = {}
        self.hand_ins: dict[Notebook, Path] = {}
        self.results: dict[Notebook, Future[Result]] = {}
        self.last: Notebook | None = None
        self.progress = Progress(0)

    def start(self) -> None:
        """Find the notebooks that nbgrader will come to, and begin to run them."""
        level = self.options.level
        self.step.log.info("Students' code runs in a box of level %r", str(level))
        self.hand_ins = dict(self._to_grade())
        self.progress = Progress(len(self.hand_ins))
        self.last = next(reversed(self.hand_ins), None)
        for key, path in self.hand_ins.items():
            self.results[key] = self.threads.submit(self._read_and_run, key.name, path)
        # Garbage is not looked for among what is there now, which is slow; nor when
        # this process ends, after all that is registered below.
        gc.freeze()
        atexit.register(gc.freeze)
        atexit.register(self.close)

    def _to_grade(self) -> Iterator[tuple[Notebook, Path]]:
        """Yield the notebooks that nbgrader will still come to, as it decides it."""
        for folder in map(Path, sorted(self.converter.assignments)):
            if not self._is_wanted(folder):
                continue
            student = folder.parent.name
            notebooks = self.converter.assignments[str(folder)]
            intake.adopt_misnamed(folder.name, student, notebooks)
            for path in sorted(map(Path, notebooks)):
                yield Notebook(student, path.stem), path

    def _is_wanted(self, folder: Path) -> bool:
        graded = leftovers.graded_folder(self.converter, folder)
        if self.converter.force or not graded.exists():
            return True
        handed_in = self.course.get_existing_timestamp(str(folder))
        before = self.course.get_existing_timestamp(str(graded))
        return handed_in is not None and before is not None and handed_in > before

    # -- in nbgrader's thread

    def outputs(
        self, key: Notebook, code: Sequence[CodeCell], files: Mapping[str, bytes]
    ) -> list[list[Output]]:
        """Return the outputs of a notebook that nbgrader has come to."""
        under_way = self.results.pop(key, None)
        try:
            if under_way is not None:
                result = under_way.result()
                shared = self._plan(key.name).files
                if result.digest == digest(code, files, shared):
                    return result.outputs
            return self._run(key.name, code, files)
        finally:
            self.progress.step()
            if key == self.last:
                self.close()

    def close(self) -> None:
        """End all processes; a server that graded looks for garbage as before."""
        gc.unfreeze()
        with self.lock:
            pools, self.pools = self.pools, {}
        for pool in pools.values():
            pool.close()

    # -- in the threads

    def _read_and_run(self, notebook: str, path: Path) -> Result:
        try:
            read = intake.read_cells(path)
            readable = True
        except intake.Unreadable:
            read, readable = [], False
        restored, _ = intake.restore(read, self._released(notebook))
        code = plan.code_cells(restored)
        shared = self._plan(notebook).files
        files = plan.read_files(path.parent, ignore=self.course.ignore) | shared
        if readable:
            outputs = self._run(notebook, code, files)
        else:
            why = error_output("NotRun", "the file could not be read")
            outputs = [[why] for _ in code]
        return Result(digest(code, files, shared), outputs)

    def _run(
        self, notebook: str, code: Sequence[CodeCell], files: Mapping[str, bytes]
    ) -> list[list[Output]]:
        made = self._plan(notebook)
        if self.step.scheduler:
            return cluster.run(self.step.scheduler, made, self.options, code, files)
        with self.lock:
            if notebook not in self.pools:
                self.pools[notebook] = Pool(made, self.options, self.step.workers)
            pool = self.pools[notebook]
        return pool.run(code, files)

    # -- what is known of each notebook, worked out once

    def _plan(self, notebook: str) -> Plan:
        released = self._released(notebook)
        with self.lock:
            if notebook not in self.plans:
                hand_ins = [
                    p for key, p in self.hand_ins.items() if key.name == notebook
                ]
                # An import that few want costs less where it is wanted.
                wanted = plan.imported_by_many(
                    hand_ins, self.step.preload, more_than=self.step.workers
                )
                self.plans[notebook] = plan.make(
                    self._source(notebook), released, wanted
                )
            return self.plans[notebook]

    def _released(self, notebook: str) -> dict[str, NotebookNode]:
        with self.lock:
            if notebook not in self.released:
                order = intake.order(self._source(notebook))
                where = self.course.db_url, self.course.course_id
                with gradebook.opened(*where) as book:
                    self.released[notebook] = intake.released_cells(
                        book, notebook, self.assignment, order
                    )
            return self.released[notebook]

    def _source(self, notebook: str) -> Path:
        folder = self.course.format_path(
            self.course.source_directory, ".", self.assignment
        )
        return Path(folder, f"{notebook}.ipynb")


def digest(
    code: Sequence[CodeCell], files: Mapping[str, bytes], shared: Mapping[str, bytes]
) -> str:
    """Return a text that is the same only for the same cells and files.

    Parameters
    ----------
    code : sequence of CodeCell
    files : mapping of str to bytes
        What lies beside the notebook.
    shared : mapping of str to bytes
        The instructor's files: large and the same for everybody, so that files are
        compared with them and need not be hashed.
    """
    marks = {
        name: files[name] == shared.get(name) or hashlib.sha256(files[name]).digest()
        for name in sorted(files)
    }
    cells_as_text = [(str(cell.kind), cell.source) for cell in code]
    return hashlib.sha256(repr((cells_as_text, marks)).encode()).hexdigest()
