"""The same work on other machines, with dask.distributed."""

import threading

from . import job

_clients, _benches, _lock = {}, {}, threading.Lock()


def run(scheduler, plan, options, cells, files):
    """Run a notebook on a cluster; the work of a lost machine is done again.

    Parameters
    ----------
    scheduler : str
        The address of a dask.distributed scheduler whose workers have this package.
    plan, options, cells, files
        See `job.Bench`.
    """
    from distributed import Client

    with _lock:
        if scheduler not in _clients:
            _clients[scheduler] = Client(scheduler)
    client = _clients[scheduler]
    return client.submit(_run_here, plan, options, cells, files, pure=False).result()


def _run_here(plan, options, cells, files):
    """Run a notebook on this machine's bench, which stays warm for the next one."""
    with _lock:
        key = repr((plan, options))
        if key not in _benches:
            for bench in _benches.values():
                bench.close()
            _benches.clear()
            _benches[key] = job.Bench(plan, 0, options)
        return _benches[key].run(cells, files)
