"""Monthly lymphocyte counts under an agent that depletes them, and infections.

A single course of a fictional agent is given at month 0. Two weeks later each
subset is down to a fraction of the patient's baseline; the deficit then halves
again and again, quickly for B cells, slowly for CD4 T cells. The hazard of a
treated infection is log-linear in the CD4 count of the visit before, and a visit
is missed more often when there was an infection: given the record of infections
what is missing is missing at random, and without that record it is not.
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
    lognormal_parameters,
    sd_of_log,
    table,
)
from ._truth import SHARE, Planted, true_values

MONTH = 30.4375  # days

#: Measured subsets, and the rest of the lymphocytes (NK and double-negative T cells).
SUBSETS = ["cd4", "cd8", "cd19", "other"]

TRUTH = {
    "baseline_mean": Planted(
        {
            "female": {"cd4": 839.0, "cd8": 628.0, "cd19": 356.0, "other": 483.0},
            "male": {"cd4": 837.0, "cd8": 660.0, "cd19": 349.0, "other": 584.0},
        },
        "Mean count of each subset before treatment, by sex (log-normal); other = NK "
        "cells and T cells without CD4 and CD8",
        (50, 3000),
        unit="cells/µL",
        source="Chng2004subsets",
    ),
    "baseline_sd": Planted(
        {
            "female": {"cd4": 273.0, "cd8": 242.0, "cd19": 138.0, "other": 231.0},
            "male": {"cd4": 262.0, "cd8": 231.0, "cd19": 213.0, "other": 253.0},
        },
        "SD between patients of those counts",
        (1, 1500),
        unit="cells/µL",
        source="Chng2004subsets",
    ),
    "baseline_correlation": Planted(
        0.3,
        "Correlation of the logarithms of any two baseline counts between patients",
        SHARE,
        source="Chng2004subsets",
    ),
    "fraction_left": Planted(
        {"cd4": 0.12, "cd8": 0.15, "cd19": 0.08, "other": 0.30},
        "Mean fraction of the baseline that is left at the lowest point, standard dose",
        (0.01, 0.99),
    ),
    "half_dose_power": Planted(
        0.5,
        "At half the dose the fraction left is the standard one to this power",
        (0.01, 2),
    ),
    "fraction_concentration": Planted(
        12.0,
        "Sum of the two parameters of the beta distribution of the fraction left",
        (2, 500),
    ),
    "nadir_month": Planted(
        0.5, "Time of the lowest counts; recovery starts then", (0, 6), unit="months"
    ),
    "recovery_half_time": Planted(
        {"cd4": 9.0, "cd8": 6.0, "cd19": 3.0, "other": 3.0},
        "Time in which half the deficit is made up, at the mean rate; the order of "
        "the subsets is that seen after alemtuzumab, where all are slower",
        (0.1, 60),
        unit="months",
    ),
    "recovery_rate_cv": Planted(
        0.4,
        "Variation between patients of the rate of recovery (gamma), one for all "
        "subsets",
        (0.05, 1.5),
    ),
    "count_cv": Planted(
        {"shared": 0.12, "own": 0.08},
        "Variation from visit to visit: shared by all lymphocytes, and each subset's "
        "own, as fractions",
        (0, 0.5),
    ),
    "infection_rate_at_500": Planted(
        0.05,
        "Hazard of a treated infection at a CD4 count of 500 cells/µL",
        (0, 2),
        unit="per month",
    ),
    "infection_ratio_per_100": Planted(
        1.25, "Ratio of the hazards for a CD4 count lower by 100 cells/µL", (0.5, 2)
    ),
    "missed_visit": Planted(
        {"no infection": 0.05, "infection": 0.45},
        "Probability of missing a visit, without and with an infection in the month "
        "before it",
        SHARE,
    ),
    "half_dose_share": Planted(
        1 / 3, "Share of the patients who get half the dose", SHARE
    ),
    "female_share": Planted(0.6, "Share of women", SHARE),
    "visit_shift_sd": Planted(
        4.0, "SD of the time by which a visit is early or late", (0, 20), unit="days"
    ),
    "visit_shift_most": Planted(
        10.0, "Longest time by which a visit is early or late", (0, 14), unit="days"
    ),
}

MISSED = (
    "The visit was missed: more often after an infection in the month before. "
    "Then all four counts are missing"
)

PATIENTS = table(
    {
        "patient": column(str, "Patient", unique=True),
        "sex": column(str, "Sex", isin=["female", "male"]),
        "age_years": column(int, "Age at month 0", unit="years", between=(18, 65)),
        "agent_dose": column(
            str, "Dose of the agent, given once", isin=["standard", "half"]
        ),
    },
    key=["patient"],
)


def _count(meaning: str) -> Any:
    """Describe one count."""
    return column(
        float,
        f"{meaning}, whole cells",
        unit="cells/µL",
        between=(0, 100_000),
        missing=MISSED,
    )


COUNTS = table(
    {
        "patient": column(str, "Patient"),
        "month": column(int, "Month since treatment", unit="months", between=(0, 600)),
        "day": column(
            int,
            "Day of the visit since treatment; of a missed visit, the day it was due",
            unit="days",
            between=(0, 20_000),
        ),
        "alc_cells_ul": _count("All lymphocytes"),
        "cd4_cells_ul": _count("CD4 T cells"),
        "cd8_cells_ul": _count("CD8 T cells"),
        "cd19_cells_ul": _count("B cells"),
        "infection": column(
            bool,
            "Whether an infection was treated since the month before; from the "
            "prescription record, so known for missed visits too",
        ),
    },
    key=["patient", "month"],
)


class LymphocyteFollowup(NamedTuple):
    """The two tables of `make_lymphocyte_followup`."""

    patients: pd.DataFrame
    counts: pd.DataFrame


def make_lymphocyte_followup(
    n_patients: int = 150,
    n_months: int = 18,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> LymphocyteFollowup:
    """Draw monthly lymphocyte counts after depletion, infections and missed visits.

    Parameters
    ----------
    n_patients : int
        Patients, 1 or more.
    n_months : int
        Visits of each patient, at months 0 to ``n_months - 1``; 1 to 600.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.

    Returns
    -------
    LymphocyteFollowup
        ``patients`` (n_patients rows) and ``counts`` (n_patients * n_months rows,
        sorted by patient and month), columns as in `PATIENTS` and `COUNTS`.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    With baseline B, fraction left f and half-time h, a subset's count t months
    after its lowest point is B (1 - (1 - f) 2**(-t r / h)), where r is the patient's
    own rate, gamma with mean 1. Baselines follow Chng et al. 2004 [1]_. B cells
    come back before CD8 and these before CD4 T cells, as after alemtuzumab [2]_;
    the agent and its numbers are made up. Counts do not depend on infections.

    References
    ----------
    .. [1] Chng2004subsets, Clin Diagn Lab Immunol 11:168-173, table 3.
    .. [2] HillCawthorne2012alemtuzumab, J Neurol Neurosurg Psychiatry.
    """
    n = check_size("n_patients", n_patients)
    m = check_size("n_months", n_months, largest=600)
    rng = generator(random_state, "lymphocyte_followup")

    true = true_values(TRUTH, truth)
    female = rng.random(n) < true["female_share"]
    age = rng.integers(18, 66, n)
    half = rng.random(n) < true["half_dose_share"]
    patients = pd.DataFrame(
        {
            "patient": identifiers("L", n, width=3),
            "sex": np.where(female, "female", "male"),
            "age_years": age,
            "agent_dose": np.where(half, "half", "standard"),
        }
    )

    most = true["visit_shift_most"]
    shift = rng.normal(0, true["visit_shift_sd"], (n, m)).clip(-most, most)
    day = np.rint(MONTH * np.arange(m) + shift)
    day[:, 0] = 0
    count = _counts(rng, female, half, day, true)

    # The infection of a month is due to the CD4 count at the visit that opens it.
    fewer = (500 - count["cd4"][:, :-1]) / 100
    rate = true["infection_ratio_per_100"] ** fewer
    rate *= true["infection_rate_at_500"]
    at_risk = np.diff(day, axis=1) / MONTH
    infection = np.zeros((n, m), dtype=bool)
    infection[:, 1:] = rng.exponential(size=(n, m - 1)) < rate * at_risk

    chance = true["missed_visit"]
    missed = rng.random((n, m)) < np.where(
        infection, chance["infection"], chance["no infection"]
    )
    missed[:, 0] = False
    count["alc"] = sum(count.values())
    for cells in count.values():
        cells[missed] = np.nan

    counts = pd.DataFrame(
        {
            # Repeating by position shares the strings between the rows.
            "patient": patients["patient"].repeat(m).array,
            "month": np.tile(np.arange(m), n),
            "day": day.ravel().astype(int),
            "alc_cells_ul": count["alc"].ravel(),
            "cd4_cells_ul": count["cd4"].ravel(),
            "cd8_cells_ul": count["cd8"].ravel(),
            "cd19_cells_ul": count["cd19"].ravel(),
            "infection": infection.ravel(),
        },
        copy=False,
    )
    return LymphocyteFollowup(patients, counts)


def _counts(
    rng: np.random.Generator,
    female: np.ndarray,
    half: np.ndarray,
    day: np.ndarray,
    true: dict,
) -> dict[str, np.ndarray]:
    """Return whole cells/µL of each of `SUBSETS`, each of shape (patients, visits)."""
    n = female.size
    rho = true["baseline_correlation"]
    shared = rng.standard_normal(n)
    shape = 1 / true["recovery_rate_cv"] ** 2
    rate = rng.gamma(shape, 1 / shape, (n, 1))
    recovering = np.maximum(day / MONTH - true["nadir_month"], 0) * rate
    treated = day > 0
    s_shared, s_own = (sd_of_log(true["count_cv"][key]) for key in ("shared", "own"))
    wave = s_shared * rng.standard_normal(day.shape) - (s_shared**2 + s_own**2) / 2

    count = {}
    for name in SUBSETS:
        baseline = np.empty(n)
        z = np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.standard_normal(n)
        for sex, of_sex in (("female", female), ("male", ~female)):
            mu, s = lognormal_parameters(
                true["baseline_mean"][sex][name], true["baseline_sd"][sex][name]
            )
            baseline[of_sex] = np.exp(mu + s * z[of_sex])
        left = true["fraction_left"][name]
        left = np.where(half, left ** true["half_dose_power"], left)
        total = true["fraction_concentration"]
        left = rng.beta(left * total, (1 - left) * total)[:, None]
        present = 0.5 ** (recovering / true["recovery_half_time"][name])
        present *= -(1 - left) * treated
        present += 1
        present *= np.exp(wave + s_own * rng.standard_normal(day.shape))
        present *= baseline[:, None]
        count[name] = np.rint(present, out=present)
    return count


def picture(ax, made: LymphocyteFollowup) -> None:
    """Draw the median count of each subset by month, as a share of month 0."""
    median = made.counts.drop(columns=["patient", "day", "infection"])
    median = median.groupby("month").median()
    hue = {"cd4": "#0072b2", "cd8": "#e69f00", "cd19": "#009e73"}
    for name, colour in hue.items():
        one = median[f"{name}_cells_ul"]
        ax.plot(one.index, 100 * one / one.iloc[0], color=colour, label=name.upper())
    ax.legend(frameon=False, fontsize=8)
    ax.set(xlabel="Months since treatment", ylabel="Median count (% of month 0)")
    ax.set_ylim(0)


COHORT = Cohort(
    name="lymphocyte_followup",
    title="Lymphocyte counts in the 18 months after depletion, and infections",
    about=(
        "150 patients get one course of a fictional lymphocyte-depleting agent, two "
        "in three the standard dose, and are to come every month for 18 months (a few "
        "days early or late). The counts of a missed visit are missing. A visit is "
        "missed far more often after an infection, so that what is missing says "
        "something; infections come from the prescription record and are always "
        "known. The hazard of an infection depends on the CD4 count alone: age, dose "
        "and earlier infections add nothing, and an infection does not change the "
        "counts. All this is simpler than a clinic."
    ),
    make=make_lymphocyte_followup,
    tables={"patients": PATIENTS, "counts": COUNTS},
    truth=TRUTH,
    size="n_patients",
    bundle=LymphocyteFollowup,
    picture=picture,
)
