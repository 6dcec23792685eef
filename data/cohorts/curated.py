"""Curated tables: agents, signalling and evidence, with a reference in every row.

>>> from cohorts import curated
>>> curated.names()
['agents', 'signalling', 'evidence']
>>> evidence = curated.load("evidence")
>>> curated.grade_steps(evidence.steps.iloc[0])[0].domain
'imprecision'

``agents``: immune modulators by class, target, direction, form and use.
``signalling``: cytokine or microbial ligand → receptor → kinase or adaptor → effect.
``evidence``: agent × indication × outcome, with the effect and a GRADE rating.

``data/curated/README.md`` says what was looked up and what is the course's own
judgement. A cell that lists several things separates them by a semicolon and a
space; gene symbols are those of HGNC, names of drugs are INN where there is one.
"""

from __future__ import annotations

import re
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd

from ._base import column, table
from ._files import Collection, folder

FOLDER = folder("curated")

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

# How large an effect must be to matter for a decision, as a ratio: a teaching
# assumption, stated by what is at stake and the same for benefit and harm.
STAKES = {
    "death": 1.05,
    "serious event": 1.10,
    "marker": 1.10,
    "response": 1.20,
    "minor illness": 1.20,
}
CONSIDERABLE = 75  # I² in %, from which heterogeneity is called considerable
LARGE = 1.5  # a ratio this far from 1 must have the optimal information size
TWICE = 2  # and so must a difference of this many thresholds
FAR_LESS = 10  # a tenth of that size is far less than it

NOT_SEEN = "not in the source that was seen"
UNKNOWN = "unknown"  # a kinase that is there, and that nobody has named


class Step(NamedTuple):
    """One step of a GRADE rating: how many levels, in which domain, and why."""

    levels: int
    domain: str
    reason: str


class Imprecision(NamedTuple):
    """How many levels the interval of a row costs, and what was asked of it.

    ``good`` and ``bad`` are the thresholds, in the measure of the row.
    ``information`` is what the interval holds, as a multiple of the optimal
    information size; nan where there is no interval.
    """

    levels: int
    good: float
    bad: float
    information: float
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
                "mineral or emulsion",
            ],
        ),
        "origin": column(
            str,
            "endogenous: a molecule that the body makes, or its copy; exogenous: one "
            "that it does not make",
            isin=["endogenous", "exogenous"],
        ),
        "indications": column(
            str,
            "Uses, by disease; complete only where `uses_checked` is filled; "
            "`(studied)` where none is approved",
        ),
        "uses_checked": column(
            str,
            "What the uses were compared with",
            missing="not compared: the main uses that the source names",
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
        "contrast": column(
            str,
            "agent: the arms differ in the agent alone; package: in more than it",
            isin=["agent", "package"],
        ),
        "pooled": column(
            str,
            "What the source pools: `agents: …`, `doses: …` or `forms: …`",
            missing="one agent at one dose, or with one rule for the dose",
        ),
        "indication": column(str, "Disease, or use"),
        "subgroup": column(
            str,
            "People for whom the effect differs, where that splits the row",
            missing="the row is about all people of the study",
        ),
        "outcome": column(str, "Outcome"),
        "kind": column(
            str,
            "clinical: what a patient notices; surrogate: stands for it; harm",
            isin=["clinical", "surrogate", "harm"],
        ),
        "stake": column(str, "What is at stake for a patient", isin=list(STAKES)),
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
        "i2": column(
            float,
            "I² of a meta-analysis",
            unit="%",
            between=(0, 100),
            missing="one study, or not in the source that was seen",
        ),
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
        "threshold": column(
            float,
            "Smallest effect that matters for a decision: a ratio above 1, or a "
            "difference in the unit of the row",
            between=(0, 1e3),
            missing="no estimate",
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
        "own_rating": column(
            str,
            "GRADE: certainty as it was judged before the rules were applied",
            isin=CERTAINTY,
            missing="no result to rate",
        ),
        "settled": column(
            str,
            "Why the certainty is not the one that was judged first",
            missing="both are the same",
        ),
        "doi": column(str, "DOI", missing="no DOI was in the source seen"),
        "source": column(str, "Keys in book/references.bib"),
    },
    key=["agent", "intervention", "indication", "subgroup", "outcome", "study"],
    about="Agent × indication × outcome, with the effect and a GRADE rating",
).update_columns({name: {"coerce": True} for name in _COUNTS})

TABLES = {"agents": _AGENTS, "signalling": _SIGNALLING, "evidence": _EVIDENCE}

_COLLECTION = Collection("curated table", FOLDER, TABLES)
names = _COLLECTION.names
load = _COLLECTION.load


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


def derived_steps(row: NamedTuple) -> dict[str, int]:
    """Return the steps of a row that follow from its fields, by domain.

    Parameters
    ----------
    row : namedtuple
        A row of the table ``evidence``, as ``itertuples`` gives it.

    Returns
    -------
    dict of str to int
        Domain and levels, without the domains that take none:

        - *inconsistency*: −1 from an I² of `CONSIDERABLE` on;
        - *indirectness*: −1 if the arms differ in more than the agent, or if the
          source pools agents;
        - *imprecision*: see `imprecision`;
        - *large effect*: +1 for a ratio of at least 2, +2 for at least 5, in evidence
          that starts low (Guyatt et al., J Clin Epidemiol 2011;64:1311). It counts
          only if nothing takes a level, which `certainty` sees to.

    Risk of bias, publication bias, dose-response and what else may make a study
    inconsistent or indirect are judged, not derived.
    """
    steps = {}
    if row.i2 >= CONSIDERABLE:
        steps["inconsistency"] = -1
    pooled = "" if pd.isna(row.pooled) else row.pooled
    if row.contrast == "package" or pooled.startswith("agents:"):
        steps["indirectness"] = -1
    if (levels := imprecision(row).levels) > 0:
        steps["imprecision"] = -levels
    if row.start == "low" and row.measure in RATIOS:
        size = max(row.estimate, 1 / row.estimate)
        if size >= 2:
            steps["large effect"] = 2 if size >= 5 else 1
    return steps


def imprecision(row: NamedTuple) -> Imprecision:
    """Say how imprecise a row is, by decision thresholds and information size.

    Parameters
    ----------
    row : namedtuple
        A row of the table ``evidence``, as ``itertuples`` gives it.

    Returns
    -------
    Imprecision

    Notes
    -----
    After GRADE guidance 34 (J Clin Epidemiol 2022;150:216). One level is taken for
    each of the two thresholds that the interval crosses: a benefit that matters, and
    a harm that matters. If it crosses none and the effect is large (a ratio of `LARGE`,
    or a difference of `TWICE` the threshold), the interval must hold the optimal
    information size: the information :math:`1/SE^2` with which a trial finds an effect
    of that size with a power of 80 % at a two-sided level of 5 %. One level is taken if
    it does not, two if it holds less than a tenth of it; not where an I² has already
    taken a level, since heterogeneity widens the interval. An interval that was not
    seen takes one.
    A risk without a control group is not asked: nobody falls ill so without the agent.
    """
    ratio = row.measure in RATIOS
    inside, outside = (
        (1 / row.threshold, row.threshold)
        if ratio
        else (
            -row.threshold,
            row.threshold,
        )
    )
    good, bad = (inside, outside) if row.better == "lower" else (outside, inside)
    if row.measure in ("risk", "none"):
        return Imprecision(0, np.nan, np.nan, np.nan, "not asked without a control")
    if pd.isna(row.ci_low):
        return Imprecision(1, good, bad, np.nan, "no interval was seen")
    low, high = row.ci_low, row.ci_high
    size = abs(np.log(row.estimate)) if ratio else abs(row.estimate)
    needed = np.log(LARGE) if ratio else TWICE * row.threshold
    width = np.log(high / low) if ratio else high - low
    se = width / (2 * NormalDist().inv_cdf(0.975))
    power = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
    information = (needed / (power * se)) ** 2
    crossed = sum(low < threshold < high for threshold in (good, bad))
    if crossed:
        what = {1: "one threshold", 2: "both thresholds"}[crossed]
        return Imprecision(
            crossed, good, bad, information, f"the interval crosses {what}"
        )
    mixed = row.i2 >= CONSIDERABLE  # then the width is that of the heterogeneity
    if size >= needed and information < 1 and not mixed:
        levels = 2 if information < 1 / FAR_LESS else 1
        reason = "the optimal information size is not reached"
        return Imprecision(levels, good, bad, information, reason)
    return Imprecision(0, good, bad, information, "no threshold is crossed")


def certainty(start: str, steps: list[Step]) -> str:
    """Return the GRADE certainty from where it starts and its steps.

    A step up counts only if the rating started low and nothing takes a level.

    Examples
    --------
    >>> certainty("high", grade_steps("-1 imprecision: 44 events"))
    'moderate'
    """
    down = sum(step.levels for step in steps if step.levels < 0)
    up = sum(step.levels for step in steps if step.levels > 0)
    if start != "low" or down < 0:
        up = 0
    level = CERTAINTY.index({"high": "high", "low": "low"}[start]) + down + up
    return CERTAINTY[min(max(level, 0), len(CERTAINTY) - 1)]


VERDICTS = [
    "benefit shown",
    "harm shown",
    "benefit excluded",
    "harm excluded",
    "not shown",
    "uncertain",
    "interval not seen",
]


def verdict(evidence: pd.DataFrame) -> pd.Series:
    """Say in a word what each row of the evidence shows.

    A rule, not an opinion. With a certainty that is at least moderate a row shows a
    benefit or a harm if its interval excludes no effect, and excludes a benefit (of a
    harm: a harm) if its interval does not reach the threshold from which on it would
    matter; a harm that is rarer with the agent is excluded. Otherwise an
    effect is ``"not shown"`` if the interval reaches no effect, and ``"uncertain"`` if
    only the certainty is wanting.

    Parameters
    ----------
    evidence : pandas.DataFrame
        Rows of the table ``evidence``.

    Returns
    -------
    pandas.Series of str
        One of `VERDICTS` for each row.
    """
    return pd.Series(
        [_verdict(row) for row in evidence.itertuples()],
        index=evidence.index,
        name="verdict",
        dtype=str,
    )


def _verdict(row: NamedTuple) -> str:
    if pd.isna(row.estimate):
        return "uncertain"
    sure = row.certainty in ("moderate", "high")
    if pd.isna(row.ci_low):
        return "interval not seen" if sure else "uncertain"
    null = 1.0 if row.measure in RATIOS else 0.0
    below, above = row.ci_high < null, row.ci_low > null
    good, bad = (below, above) if row.better == "lower" else (above, below)
    if good or bad:
        shown = "benefit shown" if good else "harm shown"
        if good and row.kind == "harm":
            shown = "harm excluded"
        return shown if sure else "uncertain"
    asked = imprecision(row)
    edge = asked.bad if row.kind == "harm" else asked.good
    reached = row.ci_low < edge < row.ci_high
    if sure and not reached:
        return "harm excluded" if row.kind == "harm" else "benefit excluded"
    return "not shown"
