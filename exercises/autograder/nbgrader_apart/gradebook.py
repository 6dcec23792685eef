"""The gradebook opened once a run, and a notebook's marks in one transaction.

nbgrader opens it anew for every question, and commits after every cell.
"""

import functools

from nbgrader.api import Gradebook
from nbgrader.converters import autograde
from nbgrader.preprocessors import latesubmissions, overwritekernelspec, saveautogrades

from . import intake

#: A gradebook that is closed opens again when it is asked; what it knows of the
#: database's form stays.
opened = functools.cache(Gradebook)


def stay_open():
    """Let nbgrader's steps of this process share what they read and write."""
    for module in (autograde, latesubmissions, overwritekernelspec, intake):
        module.Gradebook = opened
    saveautogrades.Gradebook = Marks


class Marks:
    """The gradebook as nbgrader's step `SaveAutoGrades` asks it.

    What it finds is read at once, and written at once when the step ends.
    """

    def __init__(self, db_url):
        self.gradebook, self.db = opened(db_url), self
        self.grades = self.comments = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.gradebook.db.commit()
        self.gradebook.close()

    def commit(self):
        """Wait: a notebook is marked as a whole or not at all."""

    def find_grade(self, cell, *where):
        """Return the grade of a cell."""
        return self._read(where).grades[cell]

    def find_comment(self, cell, *where):
        """Return the comment on a cell."""
        return self._read(where).comments[cell]

    def _read(self, where):
        if self.grades is None:
            notebook = self.gradebook.find_submission_notebook(*where)
            # The names of all cells in one query; they are looked up by it below.
            self.cells = list(notebook.notebook._base_cells)
            self.grades, self.comments = (
                {one.name: one for one in some}
                for some in (notebook.grades, notebook.comments)
            )
        return self
