"""nbgrader's step "run the notebook": submissions are run ahead, on all cores.

nbgrader goes through the class one student at a time, and it alone writes the
gradebook. When it asks for the first notebook, all that it will ask for later
start to run. It gets a result only if cells and files are the same to the byte;
else the notebook is run again, in line.
"""

import atexit
import gc
import hashlib
import json
import os
import queue
import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from traitlets import Dict, Float, Integer, List, TraitError, Unicode, default, validate

from . import box, cluster, gradebook, intake, job, plan, recovery
from .progress import Progress


class RunAhead(Execute):
    """Replaces `Execute` in ``c.Autograde.autograde_preprocessors``."""

    workers = Integer(help="submissions at the same time").tag(config=True)
    level = Unicode("auto", help="the box: bwrap, landlock, limits, none, auto")
    level.tag(config=True)
    limits = Dict(help="for one process: see nbgrader_apart.box.LIMITS").tag(
        config=True
    )
    ahead = List(["scipy", "sklearn"], help="import these ahead if hand-ins want them")
    ahead.tag(config=True)
    call_timeout = Float(10, help="seconds a call from a test").tag(config=True)
    total_timeout = Float(600, help="seconds a notebook").tag(config=True)
    scheduler = Unicode(help="address of a dask.distributed scheduler").tag(config=True)

    @default("workers")
    def _all_cores(self):
        return len(os.sched_getaffinity(0))

    @validate("limits")
    def _known_limits(self, proposal):
        if unknown := sorted(set(proposal.value) - set(box.LIMITS)):
            known = ", ".join(box.LIMITS)
            raise TraitError(f"RunAhead.limits has no {unknown[0]!r}, but {known}")
        return proposal.value

    def preprocess(self, nb, resources, km=None):
        """Fill in the outputs of one notebook."""
        where, folder = resources["nbgrader"], resources["metadata"]["path"]
        cells, files = plan.code_cells(nb.cells), plan.read_files(folder)
        outputs = self.parent.ahead.outputs(where, cells, files)
        code = (cell for cell in nb.cells if cell.cell_type == "code")
        for count, (cell, made) in enumerate(zip(code, outputs, strict=True), 1):
            cell.outputs = nbformat.from_dict(made)
            cell.execution_count = count
        return nb, resources


class RunAheadExporter(intake.SubmissionExporter):
    """Reads hand-ins; nbgrader makes one at the beginning of a run."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.ahead = None
        if isinstance(self.parent, Autograde):
            gradebook.stay_open()
            recovery.clear_folders()
            root, name = self.parent.coursedir.root, self.parent.coursedir.assignment_id
            self._lock = recovery.lock(Path(root, f".grading-{name}.lock"))
            if self._lock:
                recovery.clear_unfinished(self.parent)
            self.ahead = Ahead(RunAhead(parent=self), self.parent)

    def from_notebook_node(self, nb, resources=None, **kw):
        """Return the text of a notebook after the steps, copied and checked no more."""
        resources = self._init_resources(resources)
        for step in self._preprocessors:
            nb, resources = step(nb, resources)
        return json.dumps(nb), resources  # on many lines: ten times slower


class Ahead:
    """All notebooks that one run of nbgrader grades, under way on the benches.

    Parameters
    ----------
    step : RunAhead
        Its settings.
    converter : nbgrader.converters.Autograde
    """

    def __init__(self, step, converter):
        self.converter, self.course, self.log = converter, converter.coursedir, step.log
        level = box.best_level() if step.level == "auto" else step.level
        self.options = {"level": level, "limits": dict(step.limits)}
        self.options["cell_seconds"] = float(step.timeout or step.total_timeout)
        self.options["call_seconds"] = step.call_timeout
        self.options["total_seconds"] = step.total_timeout
        self.log.info("Students' code runs in a box of level %r", level)
        self.workers, self.scheduler = step.workers, step.scheduler
        self.worth_warming = step.ahead
        self.plans, self.released, self.jobs, self.benches = {}, {}, {}, {}
        self.lock = threading.Lock()
        self.pool = ThreadPoolExecutor(self.workers, thread_name_prefix="grading")
        self.todo = todo = list(self._todo())
        self.progress = Progress(len(todo))
        self.last = todo[-1][:2] if todo else None
        for student, notebook, path in todo:
            key = student, notebook
            self.jobs[key] = self.pool.submit(self._prepare_and_run, notebook, path)
        # To look for garbage in what is there now takes long, also at the end.
        gc.freeze()
        atexit.register(gc.freeze)  # after what is registered below
        atexit.register(self.close)

    def _todo(self):
        """Yield the notebooks that nbgrader will still come to, as it decides it."""
        for folder in map(Path, sorted(self.converter.assignments)):
            self.assignment, student = folder.name, folder.parent.name
            if self._wanted(str(folder)):
                notebooks = self.converter.assignments[str(folder)]
                intake.adopt_misnamed(folder.name, student, notebooks)
                for path in sorted(map(Path, notebooks)):
                    yield student, path.stem, path

    def _wanted(self, folder):
        made = recovery.graded_folder(self.converter, folder)
        if self.converter.force or not os.path.exists(made):
            return True
        handed_in = self.course.get_existing_timestamp(folder)
        before = self.course.get_existing_timestamp(made)
        return handed_in is not None and before is not None and handed_in > before

    # -- in nbgrader's thread

    def outputs(self, where, cells, files):
        """Return the outputs of a notebook that nbgrader has come to."""
        under_way = self.jobs.pop((where["student"], where["notebook"]), None)
        try:
            made = under_way and under_way.result()
            ours = self._plan(where["notebook"]).files
            same = made and made[0] == digest(cells, files, ours)
            return made[1] if same else self._run(where["notebook"], cells, files)
        finally:
            self.progress.step()
            if (where["student"], where["notebook"]) == self.last:
                self.close()

    # -- in the threads of the pool

    def _prepare_and_run(self, notebook, path):
        try:
            read = intake.read_cells(path)
        except intake.Unreadable:
            read = None
        restored, _ = intake.restore(read or [], self._released(notebook))
        cells = plan.code_cells(restored)
        ours = self._plan(notebook).files
        files = plan.read_files(path.parent, ignore=self.course.ignore) | ours
        if read is None:
            outputs = [[job.error("NotRun", "the file could not be read")]] * len(cells)
        else:
            outputs = self._run(notebook, cells, files)
        return digest(cells, files, ours), outputs

    def _run(self, notebook, cells, files):
        if self.scheduler:
            return cluster.run(
                self.scheduler, self._plan(notebook), self.options, cells, files
            )
        bench = self._bench(notebook)
        try:
            return bench.run(cells, files)
        finally:
            bench.home.put(bench)

    def _bench(self, notebook):
        """Return a bench that nobody uses, or start one if there may be more."""
        ours = self._plan(notebook)
        with self.lock:
            free, started = self.benches.get(notebook), None
            if free is None:
                free = self.benches[notebook] = queue.Queue()
                free.all = []
            if free.empty() and (slot := len(free.all)) < self.workers:
                shared = free.all[0].shared(slot) if slot else {}
                started = job.Bench(ours, slot, self.options, shared)
                started.home = free
                free.all.append(started)
        return started or free.get()

    def _plan(self, notebook):
        released = self._released(notebook)
        with self.lock:
            if notebook not in self.plans:
                source, wanted = self._source(notebook), self._wanted_ahead(notebook)
                self.plans[notebook] = plan.make(source, released, wanted)
            return self.plans[notebook]

    def _wanted_ahead(self, notebook):
        """Return which modules more of the first hand-ins import than will be warm."""
        names, counted = "|".join(map(re.escape, self.worth_warming)), Counter()
        line = rf"(?:import|from) +((?:{names})\b[.\w]*)(?: +import +(\w+))?"
        line = rf'(?:"|\\n)\s*{line}'  # as a cell's line stands in the file
        for path in [path for _, name, path in self.todo if name == notebook][:100]:
            if names and not intake.unwanted(path):
                found = re.findall(line, path.read_text("utf-8", "replace"))
                counted.update({".".join(filter(None, parts)) for parts in found})
        return [name for name, count in counted.items() if count > self.workers]

    def _released(self, notebook):
        with self.lock:
            if notebook not in self.released:
                course, order = self.course, intake.order(self._source(notebook))
                with gradebook.opened(course.db_url, course.course_id) as book:
                    where = notebook, self.assignment, order
                    self.released[notebook] = intake.released_cells(book, *where)
            return self.released[notebook]

    def _source(self, notebook):
        course = self.course
        folder = course.format_path(course.source_directory, ".", self.assignment)
        return Path(folder, f"{notebook}.ipynb")

    def close(self):
        """End all processes; a server that graded looks for garbage as before."""
        gc.unfreeze()
        with self.lock:
            benches, self.benches = self.benches, {}
        for free in benches.values():
            for bench in free.all:
                bench.close()


def digest(cells, files, ours):
    """Return a number that is the same only for the same cells and files.

    The instructor's files `ours`, large and the same for everybody, are compared only.
    """
    own = {
        name: files[name] == ours.get(name) or hashlib.sha256(files[name]).digest()
        for name in sorted(files)
    }
    return hashlib.sha256(repr((cells, own)).encode()).hexdigest()
