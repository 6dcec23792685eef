"""What a student's feedback shows, and what it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, GetGrades
from traitlets import List, Unicode

from .cells import is_test
from .submission import GRADED


def drop_data(assignment: str, student: str, notebooks: list[str]) -> None:
    """Leave the copies of files out of the feedback: it is a page to read.

    A post-convert hook of nbgrader, called after each student's feedback is made.
    """
    folder = Path(notebooks[0]).parent  # autograded/<student>/<assignment>
    copies = Path("feedback", folder.parent.name, folder.name)
    for data in Path("source", folder.name).glob("*.csv"):
        (copies / data.name).unlink(missing_ok=True)
    (copies / GRADED).unlink(missing_ok=True)


class HideHiddenTests(ClearHiddenTests):  # type: ignore[misc]  # nbgrader has no types
    """Keep hidden tests out of the feedback: of a failed one, its message stays."""

    #: Set for every step, and of no use here.
    display_data_priority = List(Unicode(), config=True)

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Cut the hidden part of one cell and all but the message of its error.

        A student may write the words that begin and end hidden tests.
        """
        if is_test(cell) and self.begin_test_delimeter in cell.source:
            self._remove_hidden_test_region(cell)
            cell.outputs = [
                nbformat.from_dict(
                    {**output, "traceback": [f"{output.ename}: {output.evalue}"]}
                )
                for output in cell.outputs
                if output.output_type == "error"
            ]
        return cell, resources


#: nbgrader's own steps, and `HideHiddenTests`.
STEPS = [GetGrades, HideHiddenTests, CSSHTMLHeaderPreprocessor]
