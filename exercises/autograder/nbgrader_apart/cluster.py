"""The same work on other machines, with dask.distributed."""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .options import Options
from .outputs import Output
from .plan import CodeCell, Plan
from .worker import Worker

if TYPE_CHECKING:
    from distributed import Client

_clients: dict[str, "Client"] = {}
_workers: dict[str, Worker] = {}
_lock = threading.Lock()


def run(
    scheduler: str,
    plan: Plan,
    options: Options,
    cells: Sequence[CodeCell],
    files: Mapping[str, bytes],
    own: Mapping[str, bytes] | None = None,
) -> list[list[Output]]:
    """Run a notebook on a cluster; the work of a lost machine is done again.

    Parameters
    ----------
    scheduler : str
        The address of a dask.distributed scheduler whose workers have this package.
    plan, options, cells, files, own
        See `worker.Worker`.
    """
    from distributed import Client

    with _lock:
        if scheduler not in _clients:
            _clients[scheduler] = Client(scheduler)
    client = _clients[scheduler]
    task = client.submit(_run_here, plan, options, cells, files, own, pure=False)
    outputs: list[list[Output]] = task.result()
    return outputs


def _run_here(
    plan: Plan,
    options: Options,
    cells: Sequence[CodeCell],
    files: Mapping[str, bytes],
    own: Mapping[str, bytes] | None,
) -> list[list[Output]]:
    """Run a notebook on this machine's worker, which is kept for the next one."""
    with _lock:
        key = repr((plan, options))
        if key not in _workers:
            for worker in _workers.values():
                worker.close()
            _workers.clear()
            _workers[key] = Worker(plan, 0, options)
        return _workers[key].run(cells, files, own)
