"""One notebook of one submission: which cell runs where, and what came of it.

The job is a function of its arguments: text and files in, outputs out. It needs
no gradebook and no course folder, so it can run on any machine.
"""

import contextlib
import socket
import time

from .warm import Fork, Lost, Zygote, ZygoteError

NOT_RUN = "not run, because an earlier cell {}"


class Bench:
    """The warm processes that one worker uses, one submission after the other.

    Parameters
    ----------
    plan : plan.Plan
    slot : int
        Benches that work at the same time on one machine have different ones.
    options : dict
        ``level`` (see `box`), ``limits``, ``cell_seconds``, ``call_seconds``,
        ``total_seconds``.
    trusted : Zygote, optional
        Tests run no student's line, so several benches can share one.
    """

    def __init__(self, plan, slot, options, trusted=None):
        self.plan, self.slot, self.options = plan, slot, options
        self.shared = trusted
        self.zygotes = {"student": start(plan, "student", slot, options)}
        self.zygotes["trusted"] = trusted or start(plan, "trusted", slot, options)

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
        try:
            return Run(self, cells, files).outputs
        except ZygoteError:
            # Not the submission's fault, or it killed what it should not reach.
            self.zygotes["student"].close()
            again = start(self.plan, "student", self.slot, self.options)
            self.zygotes["student"] = again
            return Run(self, cells, files).outputs

    def close(self):
        """End the warm processes."""
        for zygote in self.zygotes.values():
            if zygote is not self.shared:
                zygote.close()


def start(plan, role, slot, options):
    """Start a warm process for one role in an assignment."""
    conf = {"role": role, "imports": plan.imports[role], "prefix": plan.prefix}
    conf |= options | {"known": plan.known.get(role, [])}
    return Zygote(conf, slot, plan.files, plan.visible(role))


class Run:
    """One submission on a bench; `outputs` is the result."""

    def __init__(self, bench, cells, files):
        self.options, self.left = bench.options, bench.options["total_seconds"]
        self.lost, ours = {}, bench.plan
        setup = [
            cell.source for cell in cells[: len(ours.prefix)] if cell.kind == "setup"
        ]
        same = setup == ours.prefix
        student, trusted = (bench.zygotes[role] for role in ("student", "trusted"))
        with contextlib.ExitStack() as ending:
            here, there = socket.socketpair()
            with here, there:
                self.sides = {"student": Fork(student, here, files, fresh=not same)}
                ending.callback(self.sides["student"].end)
                self.sides["test"] = Fork(trusted, there, ours.files)
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
