"""The gradebook opened once a run, and a notebook's marks in one transaction.

nbgrader opens it anew for every question, and commits after every cell;
`patches.share_gradebook` lets it use what stands here.
"""

import functools
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from nbgrader.api import Comment, Grade, Gradebook, SubmittedNotebook

#: A gradebook that was closed opens again when it is asked. Its table definitions,
#: which are slow to read, are read once.
opened = functools.cache(Gradebook)


@dataclass
class Records:
    """What the gradebook holds of one submitted notebook, by the names of its cells."""

    grades: dict[str, Grade]
    comments: dict[str, Comment]
    #: Kept so that the names of the cells, read in one query, stay in memory.
    cells: list[Any]

    @classmethod
    def of(cls, submitted: SubmittedNotebook) -> "Records":
        """Read everything at once."""
        cells = list(submitted.notebook._base_cells)
        return cls(
            grades={grade.name: grade for grade in submitted.grades},
            comments={comment.name: comment for comment in submitted.comments},
            cells=cells,
        )


class Marks:
    """The gradebook as nbgrader's step `SaveAutoGrades` asks it.

    What it finds is read at once, and written at once when the step ends.
    """

    def __init__(self, db_url: str) -> None:
        self.gradebook = opened(db_url)
        self.db = self  # the step commits through it
        self.records: Records | None = None

    def __enter__(self) -> "Marks":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.gradebook.db.commit()
        self.gradebook.close()

    def commit(self) -> None:
        """Wait: a notebook is marked as a whole or not at all."""

    def find_grade(self, cell: str, *where: str) -> Grade:
        """Return the grade of a cell."""
        return self._of(where).grades[cell]

    def find_comment(self, cell: str, *where: str) -> Comment:
        """Return the comment on a cell."""
        return self._of(where).comments[cell]

    def _of(self, where: tuple[str, ...]) -> Records:
        if self.records is None:
            found = self.gradebook.find_submission_notebook(*where)
            self.records = Records.of(found)
        return self.records
