"""Curated tables: agents, signalling and evidence, with a reference in every row.

>>> from cohorts import curated
>>> curated.names()
['agents', 'signalling', 'evidence']
>>> evidence = curated.load("evidence")
>>> curated.grade_steps(evidence.steps.iloc[0])
[Step(levels=-1, domain='imprecision', reason='44 patients with an event in one trial')]

``data/curated/README.md`` says what was looked up and what is the course's own
judgement. A cell that lists several things separates them by a semicolon and a
space; gene symbols are those of HGNC, names of drugs are INN where there is one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ._base import column, pick, table
from ._files import read_table

FOLDER = Path(__file__).resolve().parents[1] / "curated"

CERTAINTY = ["very low", "low", "moderate", "high"]
DOWN = [
    "risk of bias",
    "inconsistency",
    "indirectness",
    "imprecision",
    "publication bias",
]
UP = ["large effect", "dose-response", "opposing confounding"]
RATIOS = ["risk ratio", "odds ratio", "hazard ratio", "rate ratio"]
DIFFERENCES = ["risk difference", "mean difference"]

NOT_SEEN = "not in the source that was seen"
UNKNOWN = "unknown"  # a kinase that is there, and that nobody has named


class Step(NamedTuple):
    """One step of a GRADE rating: how many levels, in which domain, and why."""

    levels: int
    domain: str
    reason: str


_AGENTS = table(
    {
        "inn": column(
            str, "Agent: INN, or the usual name where there is none", unique=True
        ),
        "class": column(str, "Class of drug"),
        "target": column(
            str, "What it acts on: HGNC symbol, or words; or `not established`"
        ),
        "direction": column(
            str,
            "What it is meant to do to the immune response",
            isin=["enhance", "suppress", "adjust"],
        ),
        "specificity": column(
            str,
            "narrow: adds, blocks or removes one or two signals, or one kind of cell; "
            "broad: more, or not known",
            isin=["narrow", "broad"],
        ),
        "form": column(
            str,
            "Form",
            isin=[
                "small molecule",
                "antibody or fusion protein",
                "cytokine or hormone",
                "peptide or polymer",
                "microbial product",
                "cell therapy",
                "plant or nutrient",
            ],
        ),
        "origin": column(
            str,
            "endogenous: a molecule that the body makes, or its copy; exogenous: one "
            "that it does not make",
            isin=["endogenous", "exogenous"],
        ),
        "indications": column(
            str, "Main uses named in the source; `(studied)` where none is approved"
        ),
        "first_approval_year": column(
            "Int64",
            "Year of the first approval for any use by the agency in the next column",
            unit="year",
            between=(1950, 2026),
            missing="not approved by FDA or EMA, or the year was in no source seen",
        ),
        "first_approval_by": column(
            str,
            "FDA; EMA only where the FDA has not approved the agent",
            isin=["FDA", "EMA"],
            missing="as for `first_approval_year`",
        ),
        "status": column(
            str,
            "marketed; withdrawn: left the market; never approved: by FDA or EMA for "
            "a use in the row",
            isin=["marketed", "withdrawn", "never approved"],
        ),
        "status_year": column(
            "Int64",
            "Year in which the agent left the market",
            unit="year",
            between=(1950, 2026),
            missing="not withdrawn, or sources disagree on the year",
        ),
        "source": column(str, "Keys in book/references.bib"),
    },
    key=["inn"],
    about="Immune modulators by class, target, direction, form and use",
).update_columns(
    {name: {"coerce": True} for name in ("first_approval_year", "status_year")}
)

_SIGNALLING = table(
    {
        "cytokine": column(str, "Cytokine, or microbial ligand", unique=True),
        "kind": column(
            str, "What the signal is", isin=["cytokine", "microbial ligand"]
        ),
        "receptor": column(
            str, "Chains of the receptor, or of all its receptors; HGNC symbols"
        ),
        "complexes": column(
            str, "Receptors: chains joined by ` + `, several receptors by `; `"
        ),
        "pathway": column(
            str, "Main way to the nucleus", isin=["JAK-STAT", "NF-κB", "SMAD"]
        ),
        "jaks": column(
            str,
            "Janus kinases; `unknown` where the source prints a question mark",
            missing="the receptor uses none",
        ),
        "stats": column(
            str, "STAT proteins that are activated", missing="the receptor uses none"
        ),
        "adaptors": column(
            str,
            "Adaptors, or SMAD proteins, HGNC symbols",
            missing="the receptor binds a Janus kinase itself",
        ),
        "source_cells": column(str, "Main source", missing=NOT_SEEN),
        "target_cells": column(str, "Main targets"),
        "effect": column(str, "Main effect"),
        "source": column(str, "Keys in book/references.bib"),
    },
    key=["cytokine"],
    about="Cytokine or microbial ligand → receptor → kinase or adaptor → effect",
)

_COUNTS = ["n", "events_treated", "n_treated", "events_control", "n_control"]


def _count(meaning: str, unit: str = "people"):
    return column("Int64", meaning, unit=unit, between=(0, 10**6), missing=NOT_SEEN)


_EVIDENCE = table(
    {
        "agent": column(str, "Agent, as in the table of agents"),
        "intervention": column(str, "What was given"),
        "comparator": column(str, "What it was compared with"),
        "indication": column(str, "Disease, or use"),
        "outcome": column(str, "Outcome"),
        "kind": column(
            str,
            "clinical: what a patient notices; surrogate: stands for it; harm",
            isin=["clinical", "surrogate", "harm"],
        ),
        "better": column(
            str, "Which way the outcome is good", isin=["lower", "higher"]
        ),
        "study": column(str, "Study, or review, and year of the report"),
        "design": column(
            str,
            "Design",
            isin=[
                "meta-analysis of randomised trials",
                "randomised trial",
                "meta-analysis of mixed designs",
                "meta-analysis of cohorts",
                "cohort",
                "first trial in man",
                "registered trial without result",
            ],
        ),
        "n": _count("People in the comparison"),
        "events_treated": _count("People with the outcome, treated"),
        "n_treated": _count("People treated"),
        "events_control": _count("People with the outcome, control"),
        "n_control": _count("People in the control group"),
        "measure": column(
            str,
            "Measure of effect; risk and risk difference in % and percentage points",
            isin=[*RATIOS, *DIFFERENCES, "risk", "none"],
        ),
        "estimate": column(
            float,
            "Effect, treated against control",
            between=(-1e3, 1e3),
            missing="no estimate could be seen",
        ),
        "ci_low": column(
            float, "Lower 95 % limit", between=(-1e3, 1e3), missing=NOT_SEEN
        ),
        "ci_high": column(
            float, "Upper 95 % limit", between=(-1e3, 1e3), missing=NOT_SEEN
        ),
        "basis": column(
            str,
            "Where the estimate comes from: printed in the source, or computed here",
            isin=[
                "published",
                "counts",
                "published rates",
                "trial data",
                "no estimate",
            ],
        ),
        "start": column(
            str,
            "GRADE: where the rating starts, high for trials and low for others",
            isin=["high", "low"],
            missing="no result to rate",
        ),
        "steps": column(
            str,
            "GRADE: steps down and up, each with its reason",
            missing="no step, or no result to rate",
        ),
        "certainty": column(
            str,
            "GRADE: certainty, the course's own judgement",
            isin=CERTAINTY,
            missing="no result to rate",
        ),
        "doi": column(str, "DOI", missing="no DOI was in the source seen"),
        "source": column(str, "Keys in book/references.bib"),
    },
    key=["agent", "intervention", "indication", "outcome", "study"],
    about="Agent × indication × outcome, with the effect and a GRADE rating",
).update_columns({name: {"coerce": True} for name in _COUNTS})

TABLES = {"agents": _AGENTS, "signalling": _SIGNALLING, "evidence": _EVIDENCE}


def names() -> list[str]:
    """Return the names of the curated tables."""
    return list(TABLES)


def load(name: str) -> pd.DataFrame:
    """Read one curated table and check it against its schema.

    Parameters
    ----------
    name : {"agents", "signalling", "evidence"}
        ``agents``: immune modulators by class, target, direction, form and use.
        ``signalling``: cytokine or microbial ligand → receptor → kinase or
        adaptor → effect.
        ``evidence``: agent × indication × outcome, with the effect and a GRADE
        rating.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    ValueError
        If the name is unknown, or the file does not fit its schema.
    FileNotFoundError
        If the file is missing.
    """
    schema = pick(TABLES, name, "curated table")
    return read_table(FOLDER / f"{name}.csv", schema)


def split(cell: str) -> list[str]:
    """Return the items of a cell that lists several; none for a missing cell.

    Examples
    --------
    >>> split("JAK1; JAK3")
    ['JAK1', 'JAK3']
    """
    return [] if pd.isna(cell) else cell.split("; ")


def grade_steps(cell: str) -> list[Step]:
    """Return the steps of a GRADE rating, as the column ``steps`` writes them.

    Parameters
    ----------
    cell : str
        Steps such as ``"-1 imprecision: 44 events; -1 risk of bias: open"``;
        a missing cell gives no step.

    Raises
    ------
    ValueError
        If a step is not written so, or its domain is not one of GRADE.
    """
    steps = []
    for item in split(cell):
        match = re.fullmatch(r"([+-][12]) ([a-z -]+): (.+)", item)
        domains = UP if item.startswith("+") else DOWN
        if not match or match[2] not in domains:
            raise ValueError(
                f"{item!r} is not a GRADE step: write `-1 domain: reason` with a "
                f"domain of {', '.join(DOWN)}, or `+1 domain: reason` with one of "
                f"{', '.join(UP)}"
            )
        steps.append(Step(int(match[1]), match[2], match[3]))
    return steps


def verdict(evidence: pd.DataFrame) -> pd.Series:
    """Say in a word what each row of the evidence shows.

    A rule, not an opinion: with low or very low certainty the row is
    ``"uncertain"``; with no interval it is ``"interval not seen"``; else it is
    ``"benefit"`` or ``"harm"`` if the interval excludes no effect on the good or
    on the bad side, and ``"no effect shown"`` if it does not.

    Parameters
    ----------
    evidence : pandas.DataFrame
        Rows of the table ``evidence``.

    Returns
    -------
    pandas.Series of str
    """
    null = np.where(evidence.measure.isin(RATIOS), 1.0, 0.0)
    below, above = evidence.ci_high < null, evidence.ci_low > null
    lower = evidence.better == "lower"
    sure = evidence.certainty.isin(["moderate", "high"])
    words = np.select(
        [
            ~sure,
            evidence.ci_low.isna(),
            (below & lower) | (above & ~lower),
            (above & lower) | (below & ~lower),
        ],
        ["uncertain", "interval not seen", "benefit", "harm"],
        default="no effect shown",
    )
    return pd.Series(words, index=evidence.index, name="verdict")
