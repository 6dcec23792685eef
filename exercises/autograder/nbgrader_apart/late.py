"""What a late hand-in loses: a rule in words, read into numbers.

``c.LatePolicy.rule`` in ``nbgrader_config.py`` holds the rule, and ``FORMS`` says what
may stand there. It is applied to the points that there are when somebody asks, so a
text that is marked a week later, a corrected due date and an extension all count.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets import Any as AnyTrait
from traitlets import TraitError, Unicode, validate

NONE = "none"
UNITS = {
    "minute": datetime.timedelta(minutes=1),
    "hour": datetime.timedelta(hours=1),
    "day": datetime.timedelta(days=1),
    "week": datetime.timedelta(weeks=1),
}
FORMS = (
    "'none', or some of these, with commas between: '1 point a day' (or an hour, a "
    "week), '10% a day' (of the points got), '10% of the maximum a day', 'at most 50%' "
    "(or points), 'nothing after 7 days', '15 minutes of grace'"
)
NO_TIME = datetime.timedelta(0)

_NUMBER = r"(?P<number>\d+(?:\.\d+)?)"
_UNIT = r"(?P<unit>minute|hour|day|week)s?"
_CLAUSES = {
    "rate": (
        rf"{_NUMBER}\s*(?P<kind>points?|%)(?P<of> of the maximum)? (?:an?|per) {_UNIT}"
    ),
    "most": rf"at most {_NUMBER}\s*(?P<kind>points?|%)",
    "cut_off": rf"nothing after {_NUMBER} {_UNIT}",
    "grace": rf"{_NUMBER} {_UNIT} of grace",
}


@dataclass(frozen=True)
class Rule:
    """What a late hand-in loses.

    Parameters
    ----------
    rate : float
        For each unit of time that has begun: points, or a share if `is_share`.
    is_share : bool
    of_maximum : bool
        Whether a share is one of the points that there are to get; else of those got.
    unit : timedelta
    most : float or None
        It loses no more than these points, or than this share if `most_is_share`.
    most_is_share : bool
    cut_off : timedelta or None
        Later than this it gets no points.
    grace : timedelta
        So late is not late; one that is later counts from the due date.
    """

    rate: float = 0.0
    is_share: bool = False
    of_maximum: bool = False
    unit: datetime.timedelta = UNITS["day"]
    most: float | None = None
    most_is_share: bool = False
    cut_off: datetime.timedelta | None = None
    grace: datetime.timedelta = NO_TIME

    def penalty(
        self,
        points: float,
        maximum: float,
        late: datetime.timedelta,
        part: float = 1.0,
    ) -> float:
        """Return the points that a hand-in loses.

        Parameters
        ----------
        points, maximum : float
            Got, and to get.
        late : timedelta
        part : float
            Of the assignment, if it is one notebook of several: points that are lost
            by the assignment are shared out.
        """
        if late <= self.grace or points <= 0:
            return 0.0
        if self.cut_off is not None and late > self.cut_off:
            return points
        base = maximum if self.of_maximum else points
        lost = ceil(late / self.unit) * self.rate * (base if self.is_share else part)
        if self.most is not None:
            lost = min(lost, self.most * (base if self.most_is_share else part))
        return min(lost, points)


def read(text: str) -> Rule:
    """Read a rule.

    Parameters
    ----------
    text : str
        See `FORMS`.

    Raises
    ------
    ValueError
        If it is no rule; the message says what may stand there.
    """
    found: dict[str, re.Match[str]] = {}
    plain = " ".join(text.split()).casefold()
    for clause in filter(None, (part.strip() for part in plain.split(","))):
        if clause == NONE and plain == NONE:
            return Rule()
        matches = {
            name: match
            for name, pattern in _CLAUSES.items()
            if (match := re.fullmatch(pattern, clause))
        }
        if not matches:
            raise ValueError(f"{clause!r} is no rule for late hand-ins. Write {FORMS}")
        if matches.keys() & found.keys():
            raise ValueError(f"{clause!r} says again what was said before it")
        found |= matches
    if not found.keys() & {"rate", "cut_off"}:
        raise ValueError(f"{text!r} takes nothing away. Write {FORMS}")
    return _rule(found)


def _rule(found: Mapping[str, re.Match[str]]) -> Rule:
    values: dict[str, Any] = {}
    if rate := found.get("rate"):
        values["is_share"] = rate["kind"] == "%"
        values["rate"] = float(rate["number"]) / (100 if values["is_share"] else 1)
        values["of_maximum"] = bool(rate["of"])
        values["unit"] = UNITS[rate["unit"]]
        if rate["of"] and not values["is_share"]:
            raise ValueError(f"{rate[0]!r}: points are of nothing; leave out 'of ...'")
    if most := found.get("most"):
        values["most_is_share"] = most["kind"] == "%"
        values["most"] = float(most["number"]) / (100 if values["most_is_share"] else 1)
    for name in ("cut_off", "grace"):
        if match := found.get(name):
            values[name] = float(match["number"]) * UNITS[match["unit"]]
    return Rule(**values)


class LatePolicy(LateSubmissionPlugin):  # type: ignore[misc]  # nbgrader has no types
    """The course's rule for late hand-ins, and who has more time than the class."""

    rule = Unicode(NONE, help=f"what a late hand-in loses: {FORMS}").tag(config=True)
    extra_days = AnyTrait(
        None,
        allow_none=True,
        help="called with the folder of the course; returns days by student's id",
    ).tag(config=True)

    @validate("rule")
    def _is_a_rule(self, proposal: Any) -> str:
        try:
            read(proposal.value)
        except ValueError as problem:
            raise TraitError(f"c.LatePolicy.rule: {problem}") from None
        text: str = proposal.value
        return text

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float:
        """Return what a notebook loses, if all that is known is its score."""
        late = datetime.timedelta(seconds=total_seconds_late)
        return read(self.rule).penalty(score, score, late)


@dataclass(frozen=True)
class Policy:
    """What `LatePolicy` says for one course.

    Parameters
    ----------
    rule : Rule or None
        None if the course has a plugin of its own: what it recorded counts.
    extra : mapping of str to timedelta
        By student.
    """

    rule: Rule | None
    extra: Mapping[str, datetime.timedelta]

    def due(
        self, submission: SubmittedAssignment | None, student: str, due: Any
    ) -> datetime.datetime | None:
        """Return when a student hands in at the latest: UTC, without a zone."""
        if due is None:
            return None
        granted = submission.extension if submission else None
        longest: datetime.datetime
        longest = due + max(granted or NO_TIME, self.extra.get(student, NO_TIME))
        return longest


def of_course(course: CourseDirectory) -> Policy:
    """Return what a course's configuration says of late hand-ins.

    Raises
    ------
    TraitError
        If its rule is none.
    """
    config = (course.parent or course).config  # nbgrader fills it after the course's
    plugin = config.AssignLatePenalties.get("plugin_class", LatePolicy)
    policy = LatePolicy(config=config)
    ask: Callable[[Path], Mapping[str, int]] | None = policy.extra_days
    days = ask(Path(course.root)) if ask else {}
    extra = {one: datetime.timedelta(days=number) for one, number in days.items()}
    return Policy(read(policy.rule) if plugin is LatePolicy else None, extra)


class LatePenalties(AssignLatePenalties):  # type: ignore[misc]
    """Records what a late hand-in loses, for all that reads the gradebook itself.

    nbgrader's own step does not tell its plugin what there was to get.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Record it for one notebook."""
        policy: Policy = self.parent.parent.late_policy
        if policy.rule is None:
            stepped: tuple[NotebookNode, ResourcesDict]
            stepped = super().preprocess(nb, resources)
            return stepped
        where = resources["nbgrader"]
        with Gradebook(where["db_url"]) as gradebook:
            record(
                gradebook.find_submission(where["assignment"], where["student"]), policy
            )
            gradebook.db.commit()
        return nb, resources


def record(submission: SubmittedAssignment, policy: Policy) -> None:
    """Write into the gradebook's own columns what a hand-in loses; do not commit."""
    student, assignment = submission.student.id, submission.assignment
    if policy.rule is None:
        return
    due = policy.due(submission, student, assignment.duedate)
    late = NO_TIME
    if due is not None:
        if due > assignment.duedate:
            submission.extension = due - assignment.duedate
        if submission.timestamp is not None:
            late = max(NO_TIME, submission.timestamp - due)
    for notebook in submission.notebooks:
        part = notebook.max_score / assignment.max_score if assignment.max_score else 0
        lost = policy.rule.penalty(notebook.score, notebook.max_score, late, part)
        notebook.late_submission_penalty = lost or None
