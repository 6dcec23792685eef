"""The workers of one notebook: as many as are busy at the same time."""

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from queue import SimpleQueue

from .options import Options
from .outputs import Output
from .plan import CodeCell, Plan
from .worker import Worker


class Pool:
    """Starts workers when all others are busy, and ends them together.

    Parameters
    ----------
    plan : Plan
    options : Options
    size : int
        As many workers may there be.
    """

    def __init__(self, plan: Plan, options: Options, size: int) -> None:
        self.plan, self.options, self.size = plan, options, size
        self.lock = threading.Lock()
        self.workers: list[Worker] = []
        self.free: SimpleQueue[Worker] = SimpleQueue()

    def run(
        self,
        cells: Sequence[CodeCell],
        files: Mapping[str, bytes],
        own: Mapping[str, bytes] | None = None,
    ) -> list[list[Output]]:
        """Run the code cells of one notebook on a worker; see `Worker.run`."""
        with self._worker() as worker:
            return worker.run(cells, files, own)

    @contextlib.contextmanager
    def _worker(self) -> Iterator[Worker]:
        worker = self._started() or self.free.get()
        try:
            yield worker
        finally:
            self.free.put(worker)

    def _started(self) -> Worker | None:
        """Return a new worker if all are busy and there may be more."""
        with self.lock:
            slot = len(self.workers)
            if slot == self.size or not self.free.empty():
                return None
            servers = self.workers[0].shareable(slot) if self.workers else {}
            worker = Worker(self.plan, slot, self.options, servers)
            self.workers.append(worker)
            return worker

    def close(self) -> None:
        """End all workers."""
        with self.lock:
            for worker in self.workers:
                worker.close()
