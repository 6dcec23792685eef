"""What every cohort is made of: tables with a schema, a planted truth, a seed.

A cohort module holds four things, in this order: its planted truth (`TRUTH`),
the schema of each table, the function `make_<name>` that draws the data, and
one `Cohort` that ties them together. One line in ``cohorts/__init__.py`` lists it.
Everything else (files, checksums, the data dictionary, the property tests) works
on `Cohort` and is written once.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from ._truth import Planted

DEFAULT_SEED = 2026


@dataclass(frozen=True)
class Cohort:
    """A synthetic cohort: how it is made, what its tables hold, what is true of it.

    Parameters
    ----------
    name : str
        Name of the cohort; ``make`` is called ``make_<name>``.
    title : str
        One line for people: what the cohort is.
    about : str
        A paragraph for the data dictionary: design, missing values, limits.
    make : callable
        ``make(..., truth=None, random_state=None)``; returns a DataFrame if there is
        one table, else a named tuple of DataFrames in the order of `tables`.
    tables : mapping of str to pandera.DataFrameSchema
        Schema of each table, built from `column`.
    truth : mapping of str to Planted
        The planted parameters.
    size : str
        Name of the argument of `make` that sets how many people, samples,
        trials or reports are drawn; the property tests vary it.
    bundle : named tuple type, optional
        What `make` and `load` return when there are several tables.
    picture : callable, optional
        ``picture(ax, made)`` draws the small picture of the data dictionary.
    sealed : bool
        Whether students are asked what was planted: the book does not tell.
    """

    name: str
    title: str
    about: str
    make: Callable[..., Any]
    tables: Mapping[str, pa.DataFrameSchema]
    truth: Mapping[str, Planted]
    size: str
    bundle: type | None = None
    picture: Callable[..., None] | None = None
    sealed: bool = False

    def frames(self, made: Any) -> dict[str, pd.DataFrame]:
        """Return what `make` or `load` gave as a dict from table name to frame."""
        if isinstance(made, pd.DataFrame):
            made = (made,)
        return dict(zip(self.tables, made, strict=True))

    def filename(self, table: str) -> str:
        """Return the name of the CSV file of one of the tables."""
        if len(self.tables) == 1:
            return f"{self.name}.csv"
        return f"{self.name}_{table}.csv"


def column(
    dtype: Any,
    meaning: str,
    *,
    unit: str | None = None,
    between: tuple[float, float] | None = None,
    isin: list | tuple | None = None,
    unique: bool = False,
    missing: str | None = None,
) -> pa.Column:
    """Describe one column once, for the check and for the data dictionary.

    Parameters
    ----------
    dtype : type or str
        What pandas must hold: ``str``, ``int``, ``float``, ``bool``.
    meaning : str
        What the column says, in words.
    unit : str, optional
        SI or clinical unit; leave out for identifiers and categories.
    between : (float, float), optional
        Smallest and largest value allowed, both included.
    isin : sequence, optional
        The values allowed.
    unique : bool
        Whether no value may occur twice.
    missing : str, optional
        When and why a value may be missing. Without it, none may.

    Returns
    -------
    pandera.Column
    """
    checks = []
    if between is not None:
        checks.append(pa.Check.in_range(*between))
    if isin is not None:
        checks.append(pa.Check.isin(list(isin)))
    return pa.Column(
        dtype,
        checks,
        nullable=missing is not None,
        unique=unique,
        description=meaning,
        metadata={
            "unit": unit,
            "between": between,
            "isin": None if isin is None else list(isin),
            "missing": missing,
        },
    )


def table(
    columns: Mapping[str, pa.Column], *, key: list[str], about: str | None = None
) -> pa.DataFrameSchema:
    """Return the schema of a table: these columns, in this order, and no others.

    Parameters
    ----------
    columns : mapping of str to pandera.Column
        The columns, made by `column`.
    key : list of str
        Columns that together name a row; no two rows share them.
    about : str, optional
        What the table holds, for a table that no `Cohort` describes.
    """
    return pa.DataFrameSchema(
        dict(columns), strict=True, ordered=True, unique=key, description=about
    )


def generator(random_state: Any, name: str) -> np.random.Generator:
    """Return the stream of random numbers of one cohort.

    The cohort's name enters the seed, so that two cohorts made with the same
    number do not share random numbers.

    Parameters
    ----------
    random_state : None, int, numpy.random.SeedSequence or numpy.random.Generator
        As in scikit-learn: None for a fresh draw, an int for a repeatable one,
        a Generator to go on with it.
    name : str
        Name of the cohort.

    Raises
    ------
    ValueError
        If `random_state` is none of these, or a negative int.
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.SeedSequence):
        return np.random.default_rng(random_state)
    if random_state is None:
        return np.random.default_rng()
    if isinstance(random_state, (int, np.integer)) and random_state >= 0:
        entropy = [int(random_state), zlib.crc32(name.encode())]
        return np.random.default_rng(np.random.SeedSequence(entropy))
    raise ValueError(
        f"random_state={random_state!r} is not allowed: give None, an int of 0 or "
        "more, a numpy Generator or a SeedSequence"
    )


def pick(things: Mapping[str, Any], name: str, kind: str) -> Any:
    """Return what has this name, or say that nothing has and which names there are."""
    if name not in things:
        raise ValueError(f"no {kind} is called {name!r}; there are {', '.join(things)}")
    return things[name]


def check_size(
    argument: str, value: Any, smallest: int = 1, largest: int | None = None
) -> int:
    """Return `value` as an int, or say which argument is wrong and what is allowed."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if whole and value >= smallest and (largest is None or value <= largest):
        return int(value)
    to = "or more" if largest is None else f"to {largest}"
    raise ValueError(
        f"{argument}={value!r} is not allowed: give a whole number of {smallest} {to}"
    )


def check_range(argument: str, value: Any, low: float, high: float) -> float:
    """Return `value` as a float if it lies in [low, high], else raise ValueError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not low <= number <= high:
        raise ValueError(
            f"{argument}={value!r} is not allowed: give a number from {low:g} to "
            f"{high:g}"
        )
    return number


def identifiers(prefix: str, n: int, width: int = 4) -> np.ndarray:
    """Return ``n`` identifiers such as ``"P0001"``, in order.

    The number gets more digits than `width` if `n` needs them, so that sorting
    by identifier keeps the order.

    Examples
    --------
    >>> [str(i) for i in identifiers("F", 2, width=2)]
    ['F01', 'F02']
    """
    width = max(width, len(str(n)))
    return np.strings.add(
        prefix, np.strings.zfill(np.arange(1, n + 1).astype(str), width)
    )


def join_pieces(
    pieces: list[dict[str, dict[str, np.ndarray]]],
    tables: Mapping[str, pa.DataFrameSchema],
    names: np.ndarray,
) -> list[pd.DataFrame]:
    """Return the tables of a cohort that was drawn in pieces, some people at a time.

    Pieces that stay in the processor's cache keep the time for a person the same,
    whatever the number of people.

    Parameters
    ----------
    pieces : list of dict
        The columns of each table, piece by piece; emptied on the way. The first
        column of each table holds a person's position in `names`.
    tables : mapping of str to pandera.DataFrameSchema
    names : ndarray of str
        Identifiers of the people.
    """
    names = pd.array(names, dtype="str")
    frames = []
    for table, schema in tables.items():
        columns = {}
        for i, name in enumerate(schema.columns):
            values = np.concatenate([piece[table].pop(name) for piece in pieces])
            if i == 0:
                # Taking by position shares the strings between the rows.
                values = names.take(values)
            elif values.dtype == object:
                # Text, also when there is none: an empty table has its types.
                values = pd.array(values, dtype="str")
            columns[name] = values
        frames.append(pd.DataFrame(columns, copy=False))
    return frames


def lognormal_parameters(mean: float, sd: float) -> tuple[float, float]:
    """Return mean and SD of ln(X) for a log-normal X of this mean and SD.

    From E[X] = exp(mu + s²/2) and Var[X] = E[X]² (exp(s²) - 1).

    Examples
    --------
    >>> mu, s = lognormal_parameters(837, 262)
    >>> round(mu, 3), round(s, 3)
    (6.683, 0.306)
    """
    s = np.sqrt(np.log1p((sd / mean) ** 2))
    return float(np.log(mean) - s**2 / 2), float(s)


def sd_of_log(cv: float) -> float:
    """Return the SD of ln(X) that gives a log-normal X this coefficient of variation.

    ``cv`` is a fraction (0.42 for 42 %): s = sqrt(ln(1 + cv²)).
    """
    return float(np.sqrt(np.log1p(cv**2)))
