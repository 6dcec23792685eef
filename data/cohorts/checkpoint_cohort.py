"""PD-1 inhibitors: immune-related adverse events, progression and death in competition.

An adverse event can only happen while treatment lasts, and treatment ends with
progression. So patients with an adverse event lived longer without progression
before it; by design the event itself changes nothing in progression or survival.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ._base import (
    Cohort,
    check_size,
    column,
    generator,
    identifiers,
    join_pieces,
    table,
)
from ._hazards import time_of_event
from ._truth import SHARE, Planted, true_values

LARKIN = "Larkin2015checkmate"
ARMS = ("PD-1", "PD-1 + CTLA-4")
ORGANS = ("skin", "colon", "liver", "thyroid", "lung")
TUMOURS = ("melanoma", "kidney", "lung")
MONTH = 365.25 / 12
#: Day on which each period of the adverse events begins: weeks 1-6, 7-24, later.
PERIODS = {"weeks 1-6": 0, "weeks 7-24": 42, "later": 168}
#: Treatment lasts two years at most; recruited over two years, one followed at least.
LONGEST_TREATMENT = 730
FOLLOWED = (365, 3 * 365)
CHUNK = 20_000


def _by_organ(*values) -> dict:
    return dict(zip(ORGANS, values, strict=True))


def _by_period(*rates) -> dict[str, float]:
    return dict(zip(PERIODS, rates, strict=True))


TRUTH = {
    "irae_rate": Planted(
        _by_organ(
            _by_period(0.170, 0.050, 0.015),
            _by_period(0.030, 0.035, 0.012),
            _by_period(0.012, 0.018, 0.005),
            _by_period(0.020, 0.035, 0.005),
            _by_period(0.004, 0.010, 0.006),
        ),
        "Rate of a first immune-related adverse event of each organ on a PD-1 "
        "inhibitor alone, by time since the first infusion, while treatment lasts: "
        "early in the skin, later elsewhere",
        (0, 1),
        unit="1 per month",
    ),
    "irae_ratio_combination": Planted(
        _by_organ(1.6, 3.5, 6.0, 2.0, 3.0),
        "Rate ratio of the combination with a CTLA-4 inhibitor",
        (0, 20),
    ),
    "grade_34": Planted(
        {
            "PD-1": _by_organ(0.08, 0.40, 0.50, 0.05, 0.40),
            "PD-1 + CTLA-4": _by_organ(0.18, 0.65, 0.75, 0.08, 0.55),
        },
        "Probability that an adverse event is of grade 3 or 4",
        SHARE,
    ),
    "ever_grade_34": Planted(
        {"PD-1": 0.163, "PD-1 + CTLA-4": 0.550},
        "Share of patients with a treatment-related adverse event of grade 3 or 4 that "
        "the rates above are set to come near, in CheckMate 067: these were events of "
        "all kinds, not of five organs",
        source=LARKIN,
    ),
    "toxicity_stop": Planted(
        0.5, "Probability that an event of grade 3 or 4 ends treatment", SHARE
    ),
    "progression_rate": Planted(
        {"melanoma": 0.07, "kidney": 0.08, "lung": 0.11},
        "Rate of progression, by tumour; the same in both arms and after a stop",
        (1e-6, 1),
        unit="1 per month",
    ),
    "death_rate": Planted(
        {"0": 0.008, "1": 0.012, "2": 0.020},
        "Rate of death before progression, by ECOG performance status",
        (1e-6, 1),
        unit="1 per month",
    ),
    "death_ratio_progression": Planted(
        6.0, "Rate of death after progression, as a multiple", (0, 50)
    ),
    "irae_death_ratio": Planted(
        1.0,
        "Causal hazard ratio of death after a first adverse event to before it: none",
        (0.05, 20),
    ),
    "combination_share": Planted(
        1 / 3,
        "Share of patients on the combination, whatever tumour, age and status",
        SHARE,
    ),
    "female_share": Planted(0.4, "Share of women", SHARE),
    "age_years": Planted(
        {"mean": 64.0, "sd": 11.0}, "Mean and SD of age", (1, 90), unit="years"
    ),
    "tumour_share": Planted(
        dict(zip(TUMOURS, (0.4, 0.2, 0.4), strict=True)),
        "Weight of each tumour among the patients",
        (0.001, 1),
    ),
    "ecog_share": Planted(
        {"0": 0.45, "1": 0.42, "2": 0.13},
        "Weight of each ECOG performance status among the patients",
        (0.001, 1),
    ),
}


class CheckpointCohort(NamedTuple):
    """The two tables of `make_checkpoint_cohort`."""

    patients: pd.DataFrame
    events: pd.DataFrame


def _days(meaning: str, longest: int, **missing):
    return column(
        float if missing else int, meaning, unit="d", between=(1, longest), **missing
    )


TABLES = {
    "patients": table(
        {
            "patient": column(str, "Patient"),
            "sex": column(str, "Sex", isin=["female", "male"]),
            "age_years": column(
                int, "Age at the first infusion", unit="years", between=(18, 95)
            ),
            "tumour": column(str, "Advanced cancer of", isin=TUMOURS),
            "ecog": column(
                int, "ECOG performance status at the first infusion", between=(0, 2)
            ),
            "treatment": column(
                str,
                "A PD-1 inhibitor alone or in combination with a CTLA-4 inhibitor",
                isin=ARMS,
            ),
            "treatment_days": _days(
                "Days from the first infusion to the end of treatment, or to the data "
                "cut",
                LONGEST_TREATMENT,
            ),
            "stop_reason": column(
                str,
                "What ended treatment; completed: two years of it",
                isin=["progression", "toxicity", "death", "completed", "data cut"],
            ),
            "progression_days": _days(
                "Days to progression",
                FOLLOWED[1],
                missing="No progression before death or the data cut",
            ),
            "follow_up_days": _days("Days to death or the data cut", FOLLOWED[1]),
            "status": column(
                str, "State at the end of follow-up", isin=["alive", "dead"]
            ),
        },
        key=["patient"],
    ),
    "events": table(
        {
            "patient": column(str, "Patient"),
            "organ": column(str, "Organ of the adverse event", isin=ORGANS),
            "grade": column(str, "Worst CTCAE grade of it", isin=["1-2", "3-4"]),
            "day": _days("Day of onset since the first infusion", LONGEST_TREATMENT),
        },
        key=["patient", "organ"],
    ),
}


def make_checkpoint_cohort(
    n_patients: int = 500,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> CheckpointCohort:
    """Draw patients on a PD-1 inhibitor, their adverse events and their survival.

    Parameters
    ----------
    n_patients : int
        Patients, 1 or more.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.

    Returns
    -------
    CheckpointCohort
        ``patients`` (a row a patient) and ``events`` (a row a patient and organ with
        an adverse event; without rows if nobody has one).

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    All times are drawn by inversion of hazards that are constant within periods. The
    time to the first event of an organ, to progression and to death are independent,
    but for the rise of the hazard of death with progression; treatment, and with it
    the risk of an adverse event, ends with the first of progression, a stop for
    toxicity, death and two years. Progression and death do not depend on the arm,
    the adverse events not on age, tumour or performance status: nothing but the time
    without progression links them to survival. In reality the combination also
    delays progression [1]_, and adverse events come after a stop too.

    The rates give an event to 56 % of patients on a PD-1 inhibitor alone, the first
    after 7.3 weeks (median); one series had 68 % [2]_, a pooled analysis of PD-1 and
    PD-L1 inhibitors a median of 8.4 weeks [3]_.

    References
    ----------
    .. [1] Larkin2015checkmate, N Engl J Med 373:23-34.
    .. [2] FreemanKeller2016irae, Clin Cancer Res 22:886-894.
    .. [3] Tang2021onset, Cancer Res Treat 53:339-354.
    """
    n = check_size("n_patients", n_patients)
    rng = generator(random_state, "checkpoint_cohort")
    true = true_values(TRUTH, truth)
    pieces = [
        _draw(rng, min(CHUNK, n - start), start, true) for start in range(0, n, CHUNK)
    ]
    return CheckpointCohort(*join_pieces(pieces, TABLES, identifiers("I", n)))


def _draw(rng: np.random.Generator, n: int, first: int, true: dict) -> dict[str, dict]:
    """Return the columns of each table for `n` patients, numbered from `first`."""
    female = rng.random(n) < true["female_share"]
    years = true["age_years"]
    age = np.round(rng.normal(years["mean"], years["sd"], n))
    age = np.clip(age, 18, 95).astype(int)
    tumour = rng.choice(3, n, p=_shares(true["tumour_share"]))
    ecog = rng.choice(3, n, p=_shares(true["ecog_share"]))
    arm = (rng.random(n) < true["combination_share"]).astype(int)

    onset = np.column_stack([_onset(rng, organ, arm, true) for organ in ORGANS])
    risk = np.array([list(true["grade_34"][name].values()) for name in ARMS])
    severe = rng.random(onset.shape) < risk[arm]
    stops = severe & (rng.random(onset.shape) < true["toxicity_stop"])

    rate = np.array(list(true["progression_rate"].values()))[tumour] / MONTH
    progression = rng.exponential(size=n) / rate
    rate = np.array(list(true["death_rate"].values()))[ecog] / MONTH
    level = rng.exponential(size=n)
    cut = rng.integers(FOLLOWED[0], FOLLOWED[1] + 1, n)

    toxicity = np.where(stops, onset, np.inf).min(axis=1)
    # A first event happens on treatment, so before progression, or not at all.
    event = onset.min(axis=1)
    event = np.where(event <= np.minimum(cut, LONGEST_TREATMENT), event, np.inf)
    after = np.where(event < progression, true["irae_death_ratio"], 1.0)
    death = time_of_event(
        level,
        [0, np.minimum(event, progression), progression],
        [rate, rate * after, rate * after * true["death_ratio_progression"]],
    )
    ends = np.column_stack(
        [progression, toxicity, death, np.full(n, LONGEST_TREATMENT), cut]
    )
    stop = ends.min(axis=1)
    reasons = ["progression", "toxicity", "death", "completed", "data cut"]
    end = np.minimum(death, cut)

    number = np.arange(first, first + n)
    happened = onset <= stop[:, None]
    who, organ = np.nonzero(happened)
    return {
        "patients": {
            "patient": number,
            "sex": _words(["male", "female"], female.astype(int)),
            "age_years": age,
            "tumour": _words(TUMOURS, tumour),
            "ecog": ecog,
            "treatment": _words(ARMS, arm),
            "treatment_days": _whole_days(stop),
            "stop_reason": _words(reasons, ends.argmin(axis=1)),
            "progression_days": np.where(
                progression < end, np.ceil(progression), np.nan
            ),
            "follow_up_days": _whole_days(end),
            "status": _words(["alive", "dead"], (death < cut).astype(int)),
        },
        "events": {
            "patient": number[who],
            "organ": _words(ORGANS, organ),
            "grade": _words(["1-2", "3-4"], severe[happened].astype(int)),
            "day": _whole_days(onset[happened]),
        },
    }


def _shares(weights: Mapping[str, float]) -> np.ndarray:
    """Return the weights as shares, which add up to 1."""
    values = np.array(list(weights.values()))
    return values / values.sum()


def _onset(rng, organ: str, arm: np.ndarray, true: dict) -> np.ndarray:
    """Return the day of the first event of an organ if treatment went on for ever."""
    ratio = np.array([1.0, true["irae_ratio_combination"][organ]])[arm]
    rates = [ratio * rate / MONTH for rate in true["irae_rate"][organ].values()]
    level = rng.exponential(size=arm.size)
    return time_of_event(level, list(PERIODS.values()), rates)


def _words(words, which: np.ndarray) -> np.ndarray:
    return np.array(words, dtype=object)[which]


def _whole_days(time: np.ndarray) -> np.ndarray:
    return np.ceil(time).astype(int)


def picture(ax, made: CheckpointCohort) -> None:
    """Draw first events of each organ per 100 patients by week since the start."""
    hues = ["#d55e00", "#e69f00", "#009e73", "#0072b2", "#6e6e6e"]
    for organ, color in zip(ORGANS, hues, strict=True):
        weeks = np.sort(made.events.loc[made.events["organ"] == organ, "day"]) / 7
        share = 100 * np.arange(1, weeks.size + 1) / len(made.patients)
        ax.step(weeks, share, where="post", color=color, label=organ)
    ax.set(xlabel="Weeks since the first infusion", ylabel="Patients with event (%)")
    ax.set(xlim=(0, 52), ylim=(0, 50))
    ax.legend(loc="upper left", ncols=3, frameon=False, fontsize=8)


COHORT = Cohort(
    name="checkpoint_cohort",
    title="Adverse events and survival of 500 patients on a PD-1 inhibitor",
    about=(
        "500 patients with advanced cancer, a third of them on the combination with a "
        "CTLA-4 inhibitor, followed to death or the data cut after one to three years. "
        "`events` holds the first immune-related adverse event of each of five organs "
        "that began on treatment. Treatment ends with progression, toxicity, death or "
        "after two years. Adverse events change neither progression nor survival, and "
        "depend on the arm and the time alone. No value is missing, but the day of a "
        "progression that was not seen. Two things on the same day happened in the "
        "order adverse event, progression, death."
    ),
    make=make_checkpoint_cohort,
    tables=TABLES,
    truth=TRUTH,
    size="n_patients",
    bundle=CheckpointCohort,
    picture=picture,
)
