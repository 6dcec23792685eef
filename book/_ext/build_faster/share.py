"""The pages of the book, shared out among processes: each takes the next that is left.

Sphinx cuts the list of pages into parts and reads each in a process of its own: the
process with the last part works on while the others have gone. It resolves the links of
all pages in its main process, and writes the pages in the others. Here there are as
many processes as cores. Each takes a page, reads it, and takes the next; later, each
takes a page, resolves its links, and writes it.
"""

from __future__ import annotations

import functools
import gc
import multiprocessing
import pickle
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.errors import ExtensionError
from sphinx.util.build_phase import BuildPhase
from sphinx.util.parallel import ParallelTasks, parallel_available


def take_over(app: Sphinx) -> None:
    """Share pages out in this way, where Sphinx works in several processes."""
    builder = app.builder
    builder._read_parallel = functools.partial(read, builder)
    # Sphinx's own search learns of each page in the main process; the book's does not.
    if not getattr(builder, "search", False):
        builder._write_parallel = functools.partial(write, builder)


class Waiting:
    """Pages that wait for a process; to go through them is to take them.

    Parameters
    ----------
    pages : sequence of str
        Those that take longest first: the last ones end together.
    """

    def __init__(self, pages: Sequence[str]) -> None:
        self.pages = pages
        self.taken = multiprocessing.Value("i", 0)

    def __iter__(self) -> Iterator[str]:
        while True:
            with self.taken.get_lock():
                place = self.taken.value
                self.taken.value += 1
            if place >= len(self.pages):
                return
            yield self.pages[place]


def slow_first(builder: Builder, pages: Sequence[str]) -> list[str]:
    """Return the pages in an order in which the last ones take little time."""

    def place(page: str) -> tuple[bool, int]:
        # What draws or computes is written in Markdown. A notebook has been run.
        path = Path(builder.env.doc2path(page))
        return path.suffix != ".md", -path.stat().st_size

    return sorted(pages, key=place)


def read(builder: Builder, pages: Sequence[str], nproc: int) -> None:
    """Read pages, and take over what the processes have learnt from them."""
    env = builder.env
    for page in pages:
        builder.events.emit("env-purge-doc", env, page)
        env.clear_doc(page)
    waiting = Waiting(slow_first(builder, pages))

    def read_some() -> bytes:
        env.app = builder.app
        mine = []
        for page in waiting:
            builder.read_doc(page, _cache=False)
            mine.append(page)
        return pickle.dumps((mine, env), pickle.HIGHEST_PROTOCOL)

    def merge(_: None, learnt: bytes) -> None:
        theirs, other = pickle.loads(learnt)
        env.merge_info_from(theirs, other, builder.app)

    in_processes(nproc, read_some, merge)


def write(builder: Builder, pages: Sequence[str], nproc: int) -> None:
    """Resolve the links of pages and write them."""
    waiting = Waiting(slow_first(builder, pages))

    def write_some() -> dict[str, str]:
        for page in waiting:
            builder.app.phase = BuildPhase.RESOLVING
            doctree = builder.env.get_and_resolve_doctree(page, builder)
            builder.app.phase = BuildPhase.WRITING
            builder.write_doc_serialized(page, doctree)
            builder.write_doc(page, doctree)
        return builder.images

    # Pictures are copied when all pages are written.
    in_processes(
        builder.app.parallel, write_some, lambda _, shown: builder.images.update(shown)
    )


def in_processes(
    count: int, work: Callable[[], Any], take: Callable[[None, Any], None]
) -> None:
    """Do the same work in several processes, and take what each returns."""
    gc.freeze()  # what is there is needed to the end: nobody need look at it again
    tasks = ParallelTasks(count)
    for _ in range(count):
        tasks.add_task(work, None, take)
    tasks.join()


def beside(app: Sphinx, work: Callable[[Sphinx], None]) -> None:
    """Do what hangs on no written page in a process of its own, beside the writing.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The build.
    work : callable
        Takes the build when all pages were read, and writes files. It is called once in
        each build, also if no page is written.
    """
    started: list[BaseProcess] = []

    def start(app: Sphinx, builder: Builder) -> None:
        if app.parallel > 1 and parallel_available:
            fork = multiprocessing.get_context("fork")
            started.append(fork.Process(target=work, args=[app]))
            started[0].start()

    def wait(app: Sphinx, error: Exception | None) -> None:
        for process in started:
            process.join()
            if process.exitcode and not error:
                raise ExtensionError(f"{work.__module__}: see above")
        if not started and not error:
            work(app)

    app.connect("write-started", start)
    app.connect("build-finished", wait, priority=100)
