"""What is planted in a cohort, what may be planted instead, and the check of it.

A cohort's `TRUTH` says everything that makes its world what it is: effects, rates,
spreads, limits of the laboratory, rules of the clinic. What fixes the shape of the
tables is design and stands beside it: which arms, visits, sites and names there
are, how many, and where a column's range ends.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Ranges that many planted values share.
SHARE = (0.0, 1.0)
ANY_SIZE = (1e-3, 1e3)  # a ratio, or a multiple


@dataclass(frozen=True)
class Planted:
    """A value that the generator plants and a reader can look for.

    Parameters
    ----------
    value : float, int, str, tuple or mapping
        The planted value; a tuple of ascending numbers; or a mapping from group
        to value, which may hold mappings itself.
    meaning : str
        What it is, in a sentence that the data dictionary prints.
    between : (float, float), or mapping of str to (float, float), optional
        Smallest and largest value that may be planted instead, both included; a
        mapping gives each group its own. Left out if the value cannot be changed:
        it follows from the others, or from the design.
    unit : str
        Its unit; ``"1"`` for a pure number.
    source : str
        Key in ``book/references.bib``, or ``"teaching"`` for a value that was
        chosen for the course and calibrated to nothing.
    """

    value: Any
    meaning: str
    between: tuple[float, float] | Mapping[str, tuple[float, float]] | None = None
    unit: str = "1"
    source: str = "teaching"


def true_values(
    declared: Mapping[str, Planted], changed: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the planted values by name, with some of them changed.

    Parameters
    ----------
    declared : mapping of str to Planted
        The `TRUTH` of a cohort.
    changed : mapping, optional
        New values by name. A mapping changes the groups that it names and leaves
        the others. A number may come with its unit, as ``(38.0, "h")``, which must
        be the declared one.

    Returns
    -------
    dict
        All values. If something is changed, those that follow from others are left
        out: they no longer hold.

    Raises
    ------
    ValueError
        If a name or group is not declared, or a value has the wrong type or unit or
        lies outside the declared range; the message says what is allowed.

    Examples
    --------
    >>> true_values({"half_life_h": Planted(19.0, "Half-life", (1, 200), "h")})
    {'half_life_h': 19.0}
    >>> declared = {"risk": Planted({"placebo": 0.3, "drug": 0.2}, "Risk", SHARE)}
    >>> true_values(declared, {"risk": {"drug": 0.3}})
    {'risk': {'placebo': 0.3, 'drug': 0.3}}
    """
    if changed is None:
        changed = {}
    if not isinstance(changed, Mapping):
        raise ValueError(
            f"truth={changed!r} is not allowed: give a mapping from names of planted "
            "values to new values"
        )
    for name in changed:
        _known(name, declared, "truth")
        if declared[name].between is None:
            raise ValueError(
                f"truth[{name!r}] cannot be changed: it follows from other planted "
                f"values or from the design ({declared[name].meaning})"
            )
    values = {}
    for name, planted in declared.items():
        if name in changed:
            where = f"truth[{name!r}]"
            values[name] = _merged(planted, planted.value, changed[name], where)
        elif planted.between is not None or not changed:
            values[name] = planted.value
    return values


def _known(name: Any, among: Mapping[str, Any], what: str) -> None:
    """Raise ValueError if `among` has no such name."""
    if name in among:
        return
    near = difflib.get_close_matches(str(name), among, n=3, cutoff=0.5)
    if near and len(among) > 12:
        hint = f"did you mean {' or '.join(near)}?"
    else:
        hint = f"there are {', '.join(map(str, among))}"
    raise ValueError(f"{what} has no {name!r}; {hint}")


def _merged(planted: Planted, old: Any, new: Any, where: str, group: str = "") -> Any:
    """Return `new` in place of `old`, group by group, or say what is wrong with it."""
    if isinstance(old, Mapping):
        if not isinstance(new, Mapping):
            raise ValueError(
                f"{where}={new!r} is not allowed: give a mapping from one or more of "
                f"{', '.join(old)} to new values"
            )
        for key in new:
            _known(key, old, where)
        return {
            key: _merged(planted, value, new[key], f"{where}[{key!r}]", group or key)
            if key in new
            else value
            for key, value in old.items()
        }
    between = planted.between
    if isinstance(between, Mapping):
        between = between[group]
    if isinstance(old, tuple):
        return _interval(old, new, between, planted.unit, where)
    if isinstance(new, tuple) and len(new) == 2 and isinstance(new[1], str):
        new, unit = new
        if unit != planted.unit:
            raise ValueError(
                f"{where}: the unit {unit!r} is not allowed; give {planted.unit!r}"
            )
    return _number(old, new, between, planted.unit, where)


def _interval(old: tuple, new: Any, between, unit: str, where: str) -> tuple:
    """Return `new` as a tuple of as many ascending numbers as `old`."""
    try:
        found = tuple(new)
    except TypeError:
        found = ()
    if len(found) != len(old):
        raise ValueError(
            f"{where}={new!r} is not allowed: give {len(old)} numbers, the smallest "
            "first"
        )
    pairs = zip(old, found, strict=True)
    found = tuple(_number(was, now, between, unit, where) for was, now in pairs)
    if list(found) != sorted(found):
        raise ValueError(f"{where}={new!r} is not allowed: give the smallest first")
    return found


def _number(old: float, new: Any, between, unit: str, where: str) -> float:
    """Return `new` as a number of the type of `old` that lies in the range."""
    low, high = between
    whole = isinstance(old, int)
    try:
        number = math.nan if isinstance(new, (bool, str)) else float(new)
    except (TypeError, ValueError):
        number = math.nan
    if not low <= number <= high or (whole and number != int(number)):
        kind = "a whole number" if whole else "a number"
        raise ValueError(
            f"{where}={new!r} is not allowed: give {kind} from {low:g} to {high:g}"
            + ("" if unit == "1" else f" (in {unit})")
        )
    return int(number) if whole else number
