"""The exchange beyond collecting: what lies in it, and the way back of the feedback.

nbgrader opens there what students wrote, and stops at the first hand-in that is not as
`nbgrader submit` leaves it. Here such a hand-in is named, and the others are served.
"""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeList, ExchangeReleaseFeedback

from . import submission, tree
from .submission import SUFFIX, TIMESTAMP
from .tree import printable

#: By what is in this file the exchange knows whose feedback a page is.
SECRET = "submission_secret.txt"
#: Bytes of it that are read; nbgrader writes 128.
LONGEST_SECRET = 1_000


class ListReadOnce(ExchangeList):  # type: ignore[misc]  # nbgrader has no types
    """nbgrader's `ExchangeList`, which waits for no pipe and stops for nobody."""

    assignments: list[str]

    def parse_assignments(self) -> list[dict[str, Any]]:
        """Return what lies in the exchange; of hand-ins, those that can be read."""
        if self.inbound:
            self.assignments = [one for one in self.assignments if self._is_plain(one)]
        found: list[dict[str, Any]] = super().parse_assignments()
        return found

    def _is_plain(self, path: str) -> bool:
        reason = _why_not_listed(Path(path))
        if reason is not None:
            name = printable(Path(path).name)
            self.log.warning("%s %s, and is not listed", name, reason)
        return reason is None

    def remove_files(self) -> Any:
        """List and remove what lies in the exchange, whatever it is."""
        every = list(self.assignments)
        listed = self.list_files()
        for path in every:
            tree.remove(Path(path))
        return listed


def _why_not_listed(folder: Path) -> str | None:
    """Return why nbgrader cannot list a hand-in of the exchange, or None."""
    if reason := submission.odd_id(folder.name.partition("+")[0]):
        return reason
    try:
        found = tree.read(folder.parent, folder.name)
    except OSError as problem:
        return f"cannot be read: {problem}"
    odd = [one for one in found.refused if one.name.endswith(SUFFIX)]
    if odd:
        return f"holds what cannot be read: {odd[0]}"
    there = {refusal.name for refusal in found.refused} | found.files.keys()
    if SECRET in there and _text(found.files.get(SECRET)) is None:
        return f"holds a {SECRET} that cannot be read"
    return None


class ReleaseFeedbackToEach(ExchangeReleaseFeedback):  # type: ignore[misc]
    """nbgrader's `ExchangeReleaseFeedback`, which goes on where a secret is missing.

    What did not come through the exchange has none.
    """

    src_path: str

    def copy_files(self) -> None:
        """Release the feedback of one student after the other."""
        for folder in sorted(map(Path, glob.glob(self.src_path))):
            files = [tree.read_file(folder, name) for name in (TIMESTAMP, SECRET)]
            if all(_text(content) for content in files):
                self.src_path = glob.escape(str(folder))
                super().copy_files()
            else:
                self.log.warning(
                    "%s: not released, for no time and no secret of the exchange came "
                    "with the hand-in; hand over %s by another way",
                    printable(folder.parent.name),
                    folder,
                )


def _text(content: bytes | None) -> str | None:
    """Return a short text that a file holds, or None."""
    if content is None or len(content) > LONGEST_SECRET:
        return None
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
