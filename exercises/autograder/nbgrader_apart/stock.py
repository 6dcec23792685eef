"""What protects a run in which nbgrader runs the notebooks itself, without a box.

There students' code runs as the grader, and nothing can keep it from what the grader
may do. What honest hand-ins do by mistake is kept from doing harm all the same.
"""

from __future__ import annotations

import os
from typing import Any

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import Execute
from nbgrader.preprocessors.execute import UnresponsiveKernelError

from . import cells
from .outputs import error_output

#: pip takes it for the interpreter to work on, finds none, and says its name.
NO_INTERPRETER = "packages-stay-as-they-are-while-grading"


class ExecuteOrSay(Execute):  # type: ignore[misc]  # nbgrader has no types
    """nbgrader's step "run the notebook", which marks what ran if a cell never ends.

    nbgrader's own interrupts such a cell. If that does not end it, or the kernel dies,
    the whole submission stays without a mark. And no ``%pip install`` of a hand-in
    changes the environment that grades it: pip says on its own line that it does
    nothing, and the cell goes on.
    """

    def start_new_kernel(self, **options: Any) -> None:
        """Start the kernel with no interpreter that pip could work on."""
        environment = os.environ | {"PIP_PYTHON": NO_INTERPRETER}
        super().start_new_kernel(env=environment, **options)

    def preprocess(
        self, nb: NotebookNode, *arguments: Any, **options: Any
    ) -> tuple[NotebookNode, Any]:
        """Run the notebook; say of each cell that did not run to its end why."""
        resources = arguments[0] if arguments else options.get("resources")
        try:
            super().preprocess(nb, *arguments, **options)
        except NoSuchKernel:
            raise
        except (CellTimeoutError, UnresponsiveKernelError):
            self.log.warning("A cell took more than %s s", self.timeout)
            say(nb, f"took more than {self.timeout} s, and could not be interrupted")
        except (DeadKernelError, RuntimeError) as error:
            self.log.warning("The kernel died: %s", type(error).__name__)
            say(nb, "ended the process that ran it")
        return nb, resources


def say(notebook: NotebookNode, what: str) -> None:
    """Write into a notebook which cell stopped it, and that the others did not run."""
    code = [cell for cell in notebook.cells if cells.is_code(cell)]
    started = [n for n, cell in enumerate(code) if cell.execution_count is not None]
    last = started[-1] if started else 0
    for number, cell in enumerate(code[last:]):
        name, text = ("Stopped", f"the cell {what}")
        if number:
            name, text = "NotRun", f"not run, because an earlier cell {what}"
        cell.outputs.append(nbformat.from_dict(error_output(name, text)))
