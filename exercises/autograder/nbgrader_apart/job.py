"""One notebook of one submission: which cell runs where, and what came of it.

The job is a function of its arguments: text and files in, outputs out. It needs
no gradebook and no course folder, so it can run on any machine.
"""

import contextlib
import socket
import threading
import time

from . import box
from .warm import Fork, Lost, Zygote, ZygoteError

NOT_RUN = "not run, because an earlier cell {}"


class Warm:
    """A warm process for one role in an assignment, started again if it dies.

    Parameters
    ----------
    plan : plan.Plan
    role : {"student", "trusted"}
    options : dict
        ``level`` (see `box`), ``limits``, ``cell_seconds``, ``call_seconds``,
        ``total_seconds``.
    """

    def __init__(self, plan, role, options):
        self.plan, self.lock = plan, threading.Lock()
        self.conf = {"role": role, "imports": plan.imports[role]}
        self.conf |= {"prefix": plan.prefix, "known": plan.known.get(role, [])}
        self.conf |= options
        self.zygote = self._start()

    def _start(self):
        return Zygote(self.conf, self.plan.files, self.plan.visible(self.conf["role"]))

    def renew(self, dead):
        """Start it again, if nobody else has done so since it died."""
        with self.lock:
            if self.zygote is dead:
                dead.close()
                self.zygote = self._start()


class Bench:
    """Where one worker runs submissions, one after the other.

    Parameters
    ----------
    plan : plan.Plan
    slot : int
        Benches that work at the same time on one machine have different ones.
    options : dict
        See `Warm`.
    warm : dict of str to Warm, optional
        By role: the warm processes of another bench.
    """

    def __init__(self, plan, slot, options, warm=None):
        self.plan, self.slot, self.options = plan, slot, options
        self.warm = dict(warm or {})
        for role in {"student", "trusted"} - set(self.warm):
            self.warm[role] = Warm(plan, role, options)

    def shared(self, slot):
        """Return the warm processes that another bench may use at the same time."""
        apart = box.user(self.options["level"], "student", slot)
        # Without users of their own the forks of one process could meet.
        return {r: one for r, one in self.warm.items() if apart or r == "trusted"}

    def run(self, cells, files):
        """Run the code cells of one notebook.

        Parameters
        ----------
        cells : list of plan.Cell
        files : dict of str to bytes
            What lies beside the notebook.

        Returns
        -------
        list of list of dict
            The outputs of each cell.
        """
        zygotes = {role: one.zygote for role, one in self.warm.items()}
        try:
            return Run(self, zygotes, cells, files).outputs
        except ZygoteError:
            # Not the submission's fault, or it killed what it should not reach.
            self.warm["student"].renew(zygotes["student"])
            zygotes["student"] = self.warm["student"].zygote
            return Run(self, zygotes, cells, files).outputs

    def close(self):
        """End the warm processes."""
        for one in self.warm.values():
            one.zygote.close()


class Run:
    """One submission on a bench; `outputs` is the result."""

    def __init__(self, bench, zygotes, cells, files):
        self.options, self.left = bench.options, bench.options["total_seconds"]
        self.lost, ours, slot = {}, bench.plan, bench.slot
        first = cells[: len(ours.prefix)]
        setup = [cell.source for cell in first if cell.kind == "setup"]
        same = setup == ours.prefix
        student, trusted = zygotes["student"], zygotes["trusted"]
        with contextlib.ExitStack() as ending:
            here, there = socket.socketpair()
            with here, there:
                self.sides = {"student": Fork(student, here, files, slot, not same)}
                ending.callback(self.sides["student"].end)
                self.sides["test"] = Fork(trusted, there, ours.files, slot)
                ending.callback(self.sides["test"].end)
            done = student.started["prefix"] if same else []
            self.prepared = ours.prefix[: len(trusted.started["prefix"])]
            self.outputs = done + [self._cell(cell) for cell in cells[len(done) :]]

    def _cell(self, cell):
        if cell.kind == "setup" and cell.source not in self.prepared:
            self._run("test", cell.source)
        return self._run("test" if cell.kind == "test" else "student", cell.source)

    def _run(self, side, source):
        """Run a cell on one side; a side that is lost runs no more."""
        if side in self.lost:
            return [error("NotRun", NOT_RUN.format(self.lost[side]))]
        seconds = min(self.options["cell_seconds"], self.left)
        began = time.monotonic()
        try:
            if seconds <= 0:
                raise Lost("used up the time of the whole notebook")
            return self.sides[side].run(source, seconds)
        except Lost as reason:
            self.lost[side] = str(reason)
            self.sides[side].end()
            return [error("Stopped", f"the cell {reason}")]
        finally:
            self.left -= time.monotonic() - began


def error(name, text):
    """Return an output that says what went wrong."""
    found = {"output_type": "error", "ename": name, "evalue": text}
    return found | {"traceback": [f"{name}: {text}"]}
