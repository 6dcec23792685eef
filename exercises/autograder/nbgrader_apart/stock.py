"""What protects a run in which nbgrader runs the notebooks itself, without a box.

There students' code runs as the grader, and nothing can keep it from what the grader
may do. What honest hand-ins do by mistake is kept from doing harm all the same.
"""

from __future__ import annotations

import os
import time
from typing import Any

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import (
    CellExecutionComplete,
    CellTimeoutError,
    DeadKernelError,
)
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import Execute
from nbgrader.preprocessors.execute import UnresponsiveKernelError
from traitlets import Bool, Float

from . import cells
from .kernels import OwnFilesAsync
from .outputs import clean, error_output, size_of
from .safehtml import SHOWN

#: pip and uv take it for the interpreter to work on, find none, and say its name.
NO_INTERPRETER = "packages-stay-as-they-are-while-grading"
#: Characters of output that one notebook may have.
MOST_SHOWN = 40_000_000
#: Messages of a kernel that hold an output, and the one that changes an earlier one.
UPDATE = "update_display_data"
OF_OUTPUTS = ("stream", "error", "display_data", "execute_result", UPDATE)


class TimeIsUp(Exception):
    """A notebook has used up its time."""


class ExecuteOrSay(Execute):  # type: ignore[misc]  # nbgrader has no types
    """nbgrader's step "run the notebook", which marks what ran if a cell never ends.

    nbgrader's own interrupts such a cell. If that does not end it, or the kernel dies,
    or sends what no kernel sends, the whole submission stays without a mark. A notebook
    of cells that never end holds up the class for as many times. And no
    ``%pip install`` of a hand-in changes the environment that grades it: pip says on
    its own line that it does nothing, and the cell goes on.
    """

    total_timeout = Float(600, help="seconds a notebook").tag(config=True)
    #: No page shows widgets, and what a kernel calls their state may be anything.
    store_widget_state = Bool(False)

    def __init__(self, **options: Any) -> None:
        # nbgrader's own chooses here, too, so that no default of the class counts.
        super().__init__(**{"kernel_manager_class": OwnFilesAsync} | options)

    def start_new_kernel(self, **options: Any) -> None:
        """Start the kernel with no interpreter that pip or uv could work on."""
        none = dict.fromkeys(("PIP_PYTHON", "UV_PYTHON"), NO_INTERPRETER)
        super().start_new_kernel(env=os.environ | none, **options)

    def preprocess(
        self, nb: NotebookNode, *arguments: Any, **options: Any
    ) -> tuple[NotebookNode, Any]:
        """Run the notebook; say of each cell that did not run to its end why."""
        resources = arguments[0] if arguments else options.get("resources")
        self.until = time.monotonic() + self.total_timeout
        self.shown = self.at = 0
        try:
            super().preprocess(nb, *arguments, **options)
        except NoSuchKernel:
            raise
        except TimeIsUp:
            self.log.warning("A notebook took more than %g s", self.total_timeout)
            for cell in filter(cells.is_code, nb.cells[self.at :]):
                why = f"the notebook took more than {self.total_timeout:g} s"
                cell.outputs.append(failed("NotRun", f"not run, because {why}"))
        except (CellTimeoutError, UnresponsiveKernelError):
            self.log.warning("A cell took more than %s s", self.timeout)
            took = f"took more than {self.timeout} s, and could not be interrupted"
            say(nb, took, self.at)
        except (DeadKernelError, RuntimeError) as error:
            self.log.warning("The kernel died: %s", type(error).__name__)
            say(nb, "ended the process that ran it", self.at)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            # nbclient takes for granted that a kernel keeps to the protocol.
            self.log.warning("The kernel sent no message: %s", type(error).__name__)
            say(nb, "changed how its process talks to the grading", self.at)
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, index: int
    ) -> tuple[NotebookNode, Any]:
        """Run one cell, if there is time left."""
        self.at = index
        if cells.is_code(cell) and time.monotonic() > self.until:
            raise TimeIsUp
        ran: tuple[NotebookNode, Any] = super().preprocess_cell(cell, resources, index)
        return ran

    def _get_timeout(self, cell: NotebookNode | None) -> int:
        """Return how many seconds a cell may take: no more than the notebook has."""
        left = max(1, int(self.until - time.monotonic()))
        wanted: int | None = super()._get_timeout(cell)
        return min(wanted or left, left)

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Take one message of a kernel, whose form a student's code may have changed.

        Raises
        ------
        CellExecutionComplete
            If it says that the cell has ended.
        """
        plain = plain_message(msg)
        if plain is None:
            return None
        self.shown += size_of(plain["content"])
        if plain["msg_type"] in OF_OUTPUTS and self.shown > MOST_SHOWN:
            return None
        try:
            taken: NotebookNode | None = super().process_message(
                plain, cell, cell_index
            )
        except CellExecutionComplete:
            raise
        except (LookupError, TypeError):
            return None  # it changes an output that is not there any more
        return taken


def plain_message(message: dict[str, Any]) -> dict[str, Any] | None:
    """Return a message as nbclient may have it, or None if there is nothing in it.

    Parameters
    ----------
    message : dict
        As the library that speaks with kernels returns it: what stands in ``content``
        is the student's.
    """
    kind, content = message["msg_type"], message["content"]
    if not isinstance(content, dict):
        return None
    plain: dict[str, Any]
    if kind in OF_OUTPUTS:
        plain = _plain_output("display_data" if kind == UPDATE else kind, content)
    elif kind == "status" and content.get("execution_state") == "idle":
        plain = {"execution_state": "idle"}
    elif kind == "clear_output":
        plain = {"wait": bool(content.get("wait"))}
    elif kind == "execute_input":
        plain = {}
    else:
        return None
    if kind in OF_OUTPUTS and not plain:
        return None
    count = content.get("execution_count")
    if isinstance(count, int) and 0 <= count < 1 << 31:
        plain["execution_count"] = count
    return message | {"content": plain}


def _plain_output(output_type: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return an output with texts only: what is no text, no page shows."""
    data = content.get("data")
    if isinstance(data, dict):
        texts = {
            kind: text if isinstance(text, str) else ""
            for kind, text in data.items()
            if isinstance(text, str) or kind not in SHOWN
        }
        content = content | {"data": texts}
    found = clean([content | {"output_type": output_type}])
    if not found:
        return {}
    plain = {name: value for name, value in found[0].items() if name != "output_type"}
    transient = content.get("transient")
    shown_as = transient.get("display_id") if isinstance(transient, dict) else None
    if isinstance(shown_as, str):
        plain["transient"] = {"display_id": shown_as}
    return plain


def say(notebook: NotebookNode, what: str, at: int) -> None:
    """Write into a notebook which cell stopped it, and that the others did not run.

    Parameters
    ----------
    notebook : NotebookNode
    what : str
        What the cell did; completes the sentence that begins with it.
    at : int
        Its place. Before the first cell has run, it is the first one's fault.
    """
    code = [cell for cell in notebook.cells[at:] if cells.is_code(cell)]
    for cell in code[:1]:
        cell.outputs.append(failed("Stopped", f"the cell {what}"))
    for cell in code[1:]:
        cell.outputs.append(
            failed("NotRun", f"not run, because an earlier cell {what}")
        )


def failed(name: str, text: str) -> NotebookNode:
    """Return an output that says what went wrong."""
    output: NotebookNode = nbformat.from_dict(error_output(name, text))
    return output
