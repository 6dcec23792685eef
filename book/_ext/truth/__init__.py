"""The role ``truth``: a planted value, printed as it is declared.

``{truth}`acute_phase.crp_half_life_h``` prints "19 h". A value that differs between
groups is asked for by group, ``{truth}`ra_trial.acr20_week24[8 mg/kg]```; with
groups in groups, by both in turn; an interval has the ends ``[low]`` and ``[high]``.
After a colon, separated by commas, may follow:

``.2f``, ``.3g``
    Digits, as in Python's format; without it, all that are declared.
``%``, ``.1%``
    A share as a percentage.
``abs``
    Without its sign, for a sentence that says "lower by".
``exp``
    The exponential of a value that is planted as a logarithm.
``bare``
    Without its unit.

``{truth}`booster_trials.publication_slope_z:.1f,bare``` uses two of them. Whoever
changes a planted value changes the sentences with it; a name, group or format that
does not exist is a warning of the build.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Mapping
from typing import Any

import cohorts
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

LOGGER = logging.getLogger(__name__)

ASKED = re.compile(
    r"(?P<cohort>\w+)\.(?P<name>\w+)(?P<groups>(\[[^\[\]]+\])*)(:(?P<format>[^\[\]]+))?"
)
DIGITS = re.compile(r"\.\d[fg]")
PERCENT = re.compile(r"(?:\.(\d))?%")
NO_BREAK = "\N{NO-BREAK SPACE}"
#: Units that a sentence words differently, or leaves out.
SAID = {"1": "", "1/d": "per day", "1/h": "per hour", "1 per unit": "", "id": ""}


def printed(asked: str) -> str:
    """Return a planted value as the page prints it.

    Parameters
    ----------
    asked : str
        The text of the role.

    Raises
    ------
    ValueError
        If the text does not name a declared value; the message says what there is.

    Examples
    --------
    >>> printed("acute_phase.crp_half_life_h:bare")
    '19'
    >>> printed("biologic_registry.smoker_missing:%").replace(NO_BREAK, " ")
    '8 %'
    """
    found = ASKED.fullmatch(asked.strip())
    if not found:
        raise ValueError(
            "write cohort.parameter, cohort.parameter[group], or "
            "cohort.parameter:format, such as acute_phase.crp_half_life_h:.1f"
        )
    cohort = cohorts.get(found["cohort"])
    if cohort.sealed:
        raise ValueError(
            f"what was planted in {cohort.name} is for the students to find out"
        )
    planted = _one_of(cohort.truth, found["name"], f"{cohort.name} plants")
    value = planted.value
    for group in re.findall(r"\[([^\[\]]+)\]", found["groups"]):
        if isinstance(value, tuple):
            value = {"low": value[0], "high": value[-1]}
        if not isinstance(value, Mapping):
            raise ValueError(f"{found['name']} has no group {group!r}: leave it out")
        value = _one_of(value, group, f"{found['name']} has")
    if isinstance(value, Mapping):
        raise ValueError(
            f"{found['name']} differs between groups: add one of "
            f"{', '.join(f'[{group}]' for group in value)}"
        )
    return _formatted(value, planted.unit, found["format"] or "")


def _one_of(among: Mapping[str, Any], name: str, subject: str) -> Any:
    if name not in among:
        raise ValueError(f"{subject} no {name!r}; there are {', '.join(among)}")
    return among[name]


def _formatted(value: Any, unit: str, options: str) -> str:
    """Return a value with its unit, in the format asked for."""
    if isinstance(value, str):
        if options:
            raise ValueError(f"{value!r} is no number: leave out {options!r}")
        return value
    digits, after = ",.6g", SAID.get(unit, unit.removeprefix("1 "))
    numbers = list(value) if isinstance(value, tuple) else [value]
    for option in filter(None, (part.strip() for part in options.split(","))):
        percent = PERCENT.fullmatch(option)
        if option == "bare":
            after = ""
        elif option == "abs":
            numbers = [abs(number) for number in numbers]
        elif option == "exp":
            numbers = [math.exp(number) for number in numbers]
        elif DIGITS.fullmatch(option):
            digits = f",{option}"
        elif percent and unit == "1":
            numbers, after = [100 * number for number in numbers], "%"
            digits = f",.{percent[1]}f" if percent[1] else ",.6g"
        elif percent:
            raise ValueError(f"only a pure number is a percentage; this is in {unit}")
        else:
            raise ValueError(
                f"there is no format {option!r}; there are bare, abs, exp, %, and "
                "digits such as .2f, .3g and .1%"
            )
    text = " to ".join(format(number, digits) for number in numbers)
    text = text.replace("-", "\N{MINUS SIGN}")
    return f"{text}{NO_BREAK}{after}" if after else text


class TruthRole(SphinxRole):
    """Print a planted value."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the value as text, or warn and return what was asked for."""
        try:
            text = printed(self.text)
        except ValueError as error:
            LOGGER.warning(
                "{truth}`%s`: %s", self.text, error, location=self.get_location()
            )
            return [nodes.problematic(self.rawtext, self.rawtext)], []
        made = cohorts.get(self.text.strip().partition(".")[0]).make
        self.env.note_dependency(inspect.getsourcefile(made))
        return [nodes.Text(text)], []


def setup(app: Sphinx) -> dict:
    """Register the role with Sphinx."""
    app.add_role("truth", TruthRole())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
