"""One clinician's diary of a remedy that does nothing, and what an honest look shows.

People with recurrent respiratory infections score their symptoms over a week, 0
to 100. The scores of two weeks, four weeks apart, are bivariate normal. The
clinician prescribes the remedy to those who come on a bad week. Nothing in the
model lets the remedy act.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy

from ._base import (
    Cohort,
    check_size,
    column,
    generator,
    identifiers,
    table,
)
from ._truth import SHARE, Planted, true_values

TRUTH = {
    "effect": Planted(
        0.0, "Effect of the remedy on the score", (-40, 40), unit="points"
    ),
    "score_mean": Planted(
        45.0, "Mean score of the practice list", (20, 80), unit="points"
    ),
    "score_sd": Planted(15.0, "SD of the score on the list", (1, 30), unit="points"),
    "reliability": Planted(
        0.6, "Correlation of a person's scores four weeks apart", SHARE
    ),
    "threshold": Planted(
        60.0,
        "The remedy is given to those who score this or more",
        (0, 90),
        unit="points",
    ),
    "natural_change": Planted(
        -4.0,
        "Change in four weeks of everybody: the season ends",
        (-40, 40),
        unit="points",
    ),
    "return_intercept": Planted(
        0.4, "Log-odds that a patient whose score did not change comes back", (-5, 5)
    ),
    "return_slope": Planted(
        0.06,
        "Rise of these log-odds per point of improvement",
        (-1, 1),
        unit="1 per point",
    ),
    "female_share": Planted(0.6, "Share of women", SHARE),
    "age_shape": Planted(
        2.0,
        "Both parameters of the beta distribution of age, from 18 to 80 years",
        (0.5, 20),
    ),
}

SCORE = "Symptom score of a week, 0 (none) to 100 (worst), to 1 point"
PERSON = {
    "sex": column(str, "Sex", isin=["female", "male"]),
    "age_years": column(int, "Age", unit="years", between=(18, 80)),
}


def _score(when: str, **rule: Any):
    return column(float, f"{SCORE}; {when}", unit="points", between=(0, 100), **rule)


TABLES = {
    "list": table(
        {
            "person": column(str, "Person on the practice list"),
            **PERSON,
            "score_first": _score("first week"),
            "score_second": _score("four weeks later"),
        },
        key=["person"],
    ),
    "diary": table(
        {
            "patient": column(str, "Patient who was given the remedy"),
            **PERSON,
            "score_before": _score("the week before the visit"),
            "returned": column(bool, "Whether the patient came back after four weeks"),
            "score_after": _score(
                "four weeks later",
                missing="The patient did not come back: the less the score fell, "
                "the more often",
            ),
        },
        key=["patient"],
    ),
    "trial": table(
        {
            "patient": column(str, "Patient of the trial"),
            **PERSON,
            "arm": column(str, "Randomised arm, masked", isin=["remedy", "placebo"]),
            "score_before": _score("the week before randomisation"),
            "score_after": _score("four weeks later; everybody was seen"),
        },
        key=["patient"],
    ),
}


class ClinicDiary(NamedTuple):
    """The practice list, the diary and the trial, as DataFrames."""

    list: pd.DataFrame
    diary: pd.DataFrame
    trial: pd.DataFrame


def make_clinic_diary(
    n_patients: int = 300,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> ClinicDiary:
    """Draw a practice list, a clinician's diary and a randomised trial.

    Parameters
    ----------
    n_patients : int
        Rows of each table, 1 or more.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.

    Returns
    -------
    ClinicDiary
        ``list``: a random sample of the practice list, seen twice whatever the
        score. ``diary``: patients who scored `threshold` or more, all given the
        remedy; those who improved come back more often. ``trial``: such patients
        randomised to remedy or placebo, all followed.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    For patients selected by a first score X₁ ≥ c the expected fall is
    σ(1 − ρ) φ(z) / (1 − Φ(z)), z = (c − μ) / σ, beside the natural change: the
    regression to the mean of a bivariate normal pair. Scores are cut at 0 and
    100, which touches fewer than one in 500 unless something else is planted.
    """
    n = check_size("n_patients", n_patients)
    rng = generator(random_state, "clinic_diary")
    true = true_values(TRUTH, truth)

    first, second = _two_scores(rng, n, true, lowest=-np.inf)
    practice = _people(rng, "list", n, true).assign(
        score_first=_recorded(first), score_second=_recorded(second)
    )

    before, after = _two_scores(rng, n, true, lowest=true["threshold"])
    before, after = _recorded(before), _recorded(after + true["effect"])
    log_odds = true["return_intercept"] + true["return_slope"] * (before - after)
    returned = rng.random(n) < scipy.special.expit(log_odds)
    diary = _people(rng, "diary", n, true).assign(
        score_before=before,
        returned=returned,
        score_after=np.where(returned, after, np.nan),
    )

    before, after = _two_scores(rng, n, true, lowest=true["threshold"])
    remedy = rng.permutation(n) < n // 2
    trial = _people(rng, "trial", n, true).assign(
        arm=np.where(remedy, "remedy", "placebo"),
        score_before=_recorded(before),
        score_after=_recorded(after + true["effect"] * remedy),
    )
    return ClinicDiary(practice, diary, trial)


def _two_scores(
    rng, n: int, true: dict, lowest: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores four weeks apart of `n` people whose first is `lowest` or more."""
    mean, sd, rho = true["score_mean"], true["score_sd"], true["reliability"]
    # Half a point lower, since a score that rounds to the threshold reaches it.
    below = scipy.special.ndtr((lowest - 0.5 - mean) / sd)
    first = scipy.special.ndtri(below + (1 - below) * rng.random(n))
    second = rho * first + np.sqrt(1 - rho**2) * rng.standard_normal(n)
    change = true["natural_change"]
    return mean + sd * first, mean + change + sd * second


def _recorded(score: np.ndarray) -> np.ndarray:
    """Return the scores as people give them: whole points, 0 to 100."""
    return np.clip(np.round(score), 0, 100)


def _people(rng, which: str, n: int, true: dict) -> pd.DataFrame:
    """Return the first columns of one of the tables."""
    shape = true["age_shape"]
    identifier = "person" if which == "list" else "patient"
    return pd.DataFrame(
        {
            identifier: identifiers(
                {"list": "L", "diary": "D", "trial": "T"}[which], n
            ),
            "sex": np.where(rng.random(n) < true["female_share"], "female", "male"),
            "age_years": np.floor(18 + 63 * rng.beta(shape, shape, n)).astype(int),
        }
    )


def picture(ax, made: ClinicDiary) -> None:
    """Draw the diary's pairs of scores over those of the practice list."""
    ax.plot("score_first", "score_second", "o", data=made.list, color="#c9c9c9", ms=3)
    came = made.diary.dropna()
    ax.plot("score_before", "score_after", "o", data=came, color="#d55e00", ms=3)
    ax.axline((50, 50), slope=1, color="#6e6e6e", lw=1)
    ax.set(xlabel="Score before", ylabel="Score four weeks later")


COHORT = Cohort(
    name="clinic_diary",
    title="A diary of patients given a remedy, and such patients randomised",
    about=(
        "Three samples of 300 from one practice. `list`: anybody, scored twice four "
        "weeks apart. `diary`: those who came on a bad week (60 points or more) and "
        "were given the remedy; the score after is missing for those who did not come "
        "back, and patients who improved came back more often. `trial`: such patients "
        "randomised, masked, all followed. The remedy does nothing."
    ),
    make=make_clinic_diary,
    tables=TABLES,
    truth=TRUTH,
    size="n_patients",
    bundle=ClinicDiary,
    picture=picture,
)
