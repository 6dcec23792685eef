"""Tacrolimus after kidney transplantation, dosed by its trough for a year.

One compartment at steady state; clearance differs by CYP3A5, age, person, occasion
and haematocrit. The clinic sees troughs and changes the dose in proportion. What
rejection and infection follow is the true average concentration, which it never sees.
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
    sd_of_log,
    table,
)
from ._hazards import time_of_event
from ._truth import SHARE, Planted, true_values

ANDREWS = "Andrews2019tacrolimus"

TRUTH = {
    "cl_l_h": Planted(
        23.0,
        "Oral clearance (CL/F) of the typical non-expresser; that this holds at 50 "
        "years of age and a haematocrit of 0.34 is a teaching assumption",
        (8, 60),
        unit="L/h",
        source=ANDREWS,
    ),
    "cl_expresser": Planted(
        1.63,
        "Clearance of CYP3A5 expressers as a multiple of the others'",
        (1, 3),
        source=ANDREWS,
    ),
    "cl_age_power": Planted(
        -0.43, "Power of (age / 50 years) in the clearance", (-1.5, 1.5), source=ANDREWS
    ),
    "cl_haematocrit_power": Planted(
        -0.76, "Power of (haematocrit / 0.34) in the clearance", (-2, 2), source=ANDREWS
    ),
    "cl_cv_between": Planted(
        0.386,
        "Variation of clearance between people alike in these",
        (0, 0.6),
        source=ANDREWS,
    ),
    "cl_cv_occasion": Planted(
        0.136,
        "Variation of a person's clearance from visit to visit",
        (0, 0.4),
        source=ANDREWS,
    ),
    "v_l": Planted(
        692.0,
        "Volume of distribution (V/F): the published central volume stands for the "
        "only compartment here",
        (200, 2000),
        unit="L",
        source=ANDREWS,
    ),
    "v_cv_between": Planted(
        0.492, "Its variation between people", (0, 0.8), source=ANDREWS
    ),
    "ka_h": Planted(
        3.58,
        "Rate of absorption, the same in everybody",
        (1, 10),
        unit="1/h",
        source=ANDREWS,
    ),
    "lag_h": Planted(
        0.38, "Delay before absorption begins", (0, 0.9), unit="h", source=ANDREWS
    ),
    "expresser_share": Planted(0.20, "Share of patients who express CYP3A5", SHARE),
    "haematocrit": Planted(
        {"start": 0.31, "late": 0.39},
        "Mean at transplantation and late after it",
        (0.2, 0.5),
        unit="L/L",
    ),
    "haematocrit_sd": Planted(
        0.035, "SD between people of each of the two", (0, 0.1), unit="L/L"
    ),
    "haematocrit_rise_days": Planted(
        60.0, "Time constant of the rise between them", (1, 1000), unit="days"
    ),
    "haematocrit_range": Planted(
        (0.2, 0.5),
        "Nobody's haematocrit lies outside of this",
        (0.16, 0.58),
        unit="L/L",
    ),
    "haematocrit_error": Planted(
        0.005, "SD of the error of a measured haematocrit", (0, 0.01), unit="L/L"
    ),
    "assay_cv": Planted(0.08, "Error of a tacrolimus concentration", (0, 0.3)),
    "missed_visit": Planted(
        0.06, "Probability that a visit is missed, for no reason", SHARE
    ),
    "after_dose_sample": Planted(
        0.03,
        "Probability that the sample is drawn 1 to 4 h after the morning dose, which "
        "should have waited",
        SHARE,
    ),
    "irregular_share": Planted(
        0.15, "Share of patients who sometimes take only a part", SHARE
    ),
    "irregular_spell": Planted(
        0.30, "Probability of this between two visits of such a patient", SHARE
    ),
    "irregular_taken": Planted(0.60, "Part of the doses taken in such a spell", SHARE),
    "rejection_rate": Planted(
        {"early": 0.75, "late": 0.075},
        "Rate of a first acute rejection at an average concentration of 8 ng/mL, to "
        "the visit of month 3 and after it",
        (0, 10),
        unit="1 per year",
    ),
    "rejection_log_ratio": Planted(
        -0.25,
        "Change of the log rate of rejection per ng/mL of average concentration",
        (-1, 0.5),
        unit="1 per ng/mL",
    ),
    "infection_rate": Planted(
        {"early": 0.60, "late": 0.35},
        "Rate of a first infection that needs treatment, likewise",
        (0, 10),
        unit="1 per year",
    ),
    "infection_log_ratio": Planted(
        0.10,
        "Change of the log rate of infection per ng/mL of average concentration",
        (-0.5, 0.5),
        unit="1 per ng/mL",
    ),
    "graft_loss_rate": Planted(
        0.015, "Rate of losing the graft without a rejection", (0, 2), unit="1 per year"
    ),
    "graft_loss_ratio": Planted(
        6.0, "Rate of losing the graft after a rejection, as a multiple", (0, 50)
    ),
    "death_rate": Planted(
        0.015, "Rate of death with a functioning graft", (1e-6, 2), unit="1 per year"
    ),
    "assay_limit_ng_ml": Planted(
        1.0, "Lower concentrations are reported as this", (1, 4), unit="ng/mL"
    ),
    "female_share": Planted(0.4, "Share of women", SHARE),
    "age_years": Planted(
        {"mean": 52.0, "sd": 13.0}, "Mean and SD of age", (1, 75), unit="years"
    ),
    "weight_median_kg": Planted(
        {"female": 68.0, "male": 82.0}, "Median body weight", (45, 130), unit="kg"
    ),
    "weight_log_sd": Planted(0.17, "SD of the logarithm of body weight", (0, 0.5)),
    "visit_shift_sd": Planted(
        {"weekly": 0.6, "monthly": 2.5},
        "SD of the time by which a visit is early or late",
        (0, 5),
        unit="days",
    ),
    "visit_shift_most": Planted(
        {"weekly": 1.0, "monthly": 5.0},
        "Longest time by which a visit is early or late",
        (0, 5),
        unit="days",
    ),
    "trough_time_sd": Planted(
        0.5, "SD of the time from dose to trough, about 12 h", (0, 2), unit="h"
    ),
    "trough_time_range": Planted(
        (10.0, 14.0), "No trough is drawn outside of these times", (10, 14), unit="h"
    ),
    "after_dose_time": Planted(
        (1.0, 4.0),
        "Earliest and latest time of a sample drawn after the morning dose",
        (1, 9.5),
        unit="h",
    ),
    "start_dose_mg_kg": Planted(
        0.05, "Each of the two daily doses at the start", (0.01, 0.2), unit="mg/kg"
    ),
    "window_ng_ml": Planted(
        {"early": (8.0, 12.0), "late": (4.0, 8.0)},
        "Trough that the clinic aims at, before the visit of month 3 and from then "
        "on. A teaching value: in the low-dose arm of Symphony the target was 3 to 7 "
        "ng/mL and the median seen 6.5 to 6.9",
        (1, 30),
        unit="ng/mL",
    ),
    "dose_change": Planted(
        (0.5, 2.0), "A dose changes at most to these multiples of itself", (0.1, 10)
    ),
    "dose_step_mg": Planted(
        0.5, "Doses are whole multiples of this", (0.1, 1), unit="mg"
    ),
}

YEAR = 365.25
STUDY_DAYS = 365
#: Planned visits: three weekly ones, then one a month (30 days).
MONTHS = np.array([0, 0, 0, *range(1, 13)])
PLANNED = np.array([7, 14, 21, *range(30, 361, 30)])
VISITS = len(PLANNED)
#: First visit of the late period: the lower window and the lower rates begin here.
LATE = int(np.argmax(MONTHS == 3))

DOSES = (0.5, 20.0)  # mg, the smallest and the largest
INTERVAL_H = 12.0
SHORTEST_H = TRUTH["trough_time_range"].value[0]
LOWEST = TRUTH["assay_limit_ng_ml"].value
CHUNK = 10_000


class TransplantTdm(NamedTuple):
    """The five tables of `make_transplant_tdm`."""

    patients: pd.DataFrame
    visits: pd.DataFrame
    outcomes: pd.DataFrame
    parameters: pd.DataFrame
    latent: pd.DataFrame


def _patient():
    return column(str, "Patient")


def _visit():
    return column(int, "Number of the visit", between=(1, VISITS))


def _days(meaning: str):
    return column(int, meaning, unit="d", between=(0, STUDY_DAYS))


TABLES = {
    "patients": table(
        {
            "patient": _patient(),
            "sex": column(str, "Sex", isin=["female", "male"]),
            "age_years": column(
                int, "Age at transplantation", unit="years", between=(18, 80)
            ),
            "weight_kg": column(float, "Body weight", unit="kg", between=(40, 140)),
            "cyp3a5": column(
                str,
                "CYP3A5: an expresser carries an allele *1",
                isin=["expresser", "non-expresser"],
            ),
        },
        key=["patient"],
    ),
    "visits": table(
        {
            "patient": _patient(),
            "visit": _visit(),
            "month": column(
                int,
                "Month after transplantation; 0 for the first three, weekly visits",
                unit="months",
                between=(0, 12),
            ),
            "day": _days(
                "Day after transplantation; of a missed visit, the day it was due"
            ),
            "dose_mg": column(
                float,
                "Each of the two daily doses of tacrolimus prescribed up to this visit",
                unit="mg",
                between=DOSES,
            ),
            "hours_after_dose": column(
                float,
                "Time from the last dose to the sample, to 0.5 h; a trough is drawn "
                "after about 12 h, before the morning dose",
                unit="h",
                between=(1, 14),
                missing="The visit was missed",
            ),
            "haematocrit": column(
                float,
                "Haematocrit, to 0.01",
                unit="L/L",
                between=(0.15, 0.60),
                missing="The visit was missed",
            ),
            "trough_ng_ml": column(
                float,
                "Tacrolimus in whole blood, to 0.1 ng/mL; below 1.0 reported as 1.0. A "
                "trough only if the sample was drawn in time",
                unit="ng/mL",
                between=(LOWEST, 300),
                missing="The visit was missed, for no reason",
            ),
        },
        key=["patient", "visit"],
    ),
    "outcomes": table(
        {
            "patient": _patient(),
            "rejection": column(bool, "Whether an acute rejection was seen"),
            "rejection_days": _days(
                "Days to the first one, or to the end of follow-up"
            ),
            "infection": column(bool, "Whether an infection needed treatment"),
            "infection_days": _days(
                "Days to the first one, or to the end of follow-up"
            ),
            "follow_up_days": _days("Days to the end of follow-up"),
            "end": column(
                str,
                "What ended follow-up",
                isin=["graft loss", "death", "end of study"],
            ),
        },
        key=["patient"],
    ),
    "parameters": table(
        {
            "patient": _patient(),
            "cl_l_h": column(
                float,
                "Planted own oral clearance (CL/F) at a haematocrit of 0.34",
                unit="L/h",
                between=(1, 500),
            ),
            "v_l": column(
                float,
                "Planted own volume of distribution (V/F)",
                unit="L",
                between=(20, 20_000),
            ),
            "irregular": column(
                bool, "Whether the patient sometimes takes only a part"
            ),
        },
        key=["patient"],
    ),
    "latent": table(
        {
            "patient": _patient(),
            "visit": column(
                int,
                "Number of the visit that the time leads up to",
                between=(1, VISITS),
            ),
            "from_day": _days("Day on which the time begins"),
            "to_day": _days("Day on which it ends: a visit, or the end of follow-up"),
            "taken": column(
                float, "Part of the doses that was taken", unit="1", between=(0, 1)
            ),
            "cl_l_h": column(
                float, "Clearance in that time", unit="L/h", between=(1, 1000)
            ),
            "average_ng_ml": column(
                float,
                "True average concentration, which the hazards follow",
                unit="ng/mL",
                between=(0, 300),
            ),
        },
        key=["patient", "visit"],
    ),
}


def make_transplant_tdm(
    n_patients: int = 250,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> TransplantTdm:
    """Draw a year of tacrolimus monitoring after kidney transplantation.

    Patients start with 0.05 mg/kg twice a day. At each of 15 visits a trough outside
    the window (8 to 12 ng/mL before the visit of month 3, 4 to 8 ng/mL from then on)
    changes the dose in proportion towards the middle of the window, at most to the
    half or the double, in steps of 0.5 mg. A sample drawn after the dose, or a
    missed visit, changes nothing.

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
    TransplantTdm
        ``patients`` and ``outcomes`` (a row a patient), ``visits`` (up to 15 rows a
        patient, until follow-up ends), and what no clinic sees: ``parameters`` of
        each patient, and ``latent``, the true exposure between visits.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    Clearance, its covariates and its variation are those of Andrews 2019 [1]_. Left
    out of it are a second compartment, body size, albumin, creatinine and CYP3A4.
    The typical dose rate per trough is 28 L/h, as in another cohort [2]_: 27 L/h.
    Between two visits dose, clearance and the part taken stay the same, and the
    sample is that of their steady state: half-lives are hours, visits weeks apart.
    A rejection or infection does not change the dose. All hazards and the protocol
    are teaching assumptions; 13 % have a rejection in the year, 12 % had one in the
    arm with low-dose tacrolimus of Symphony [3]_.

    References
    ----------
    .. [1] Andrews2019tacrolimus, Br J Clin Pharmacol 85:601-615, table 2.
    .. [2] Passey2011tacrolimus, Br J Clin Pharmacol 72:948-957: 38.4 * 0.71 L/h,
       days 11 to 180, age 50.
    .. [3] Ekberg2007symphony, N Engl J Med 357:2562-2575.
    """
    n = check_size("n_patients", n_patients)
    rng = generator(random_state, "transplant_tdm")
    true = true_values(TRUTH, truth)
    pieces = [
        _draw(rng, min(CHUNK, n - start), start, true) for start in range(0, n, CHUNK)
    ]
    return TransplantTdm(*join_pieces(pieces, TABLES, identifiers("K", n)))


def concentration(
    dose_mg,
    cl_l_h,
    v_l,
    hours,
    *,
    ka_h: float = TRUTH["ka_h"].value,
    lag_h: float = TRUTH["lag_h"].value,
) -> np.ndarray:
    """Return the concentration some hours after a dose, at steady state of two a day.

    C(s) = D ka / (V (ka - k)) (f(k) - f(ka)), f(r) = exp(-r s) / (1 - exp(-r 12 h)),
    with k = CL/V and s the time since absorption began: repeated doses of one
    compartment with first-order absorption, superposed. It holds until the next
    dose is absorbed, also when this one is late.

    Parameters
    ----------
    dose_mg, cl_l_h, v_l, hours : float or ndarray of float
        Dose (mg), oral clearance (L/h), volume (L) and time since the dose, from the
        lag on (h).
    ka_h, lag_h : float
        Rate of absorption (1/h) and the delay before it (h).

    Returns
    -------
    float or ndarray of float
        ng/mL.
    """
    ka, since = ka_h, hours - lag_h
    k = cl_l_h / v_l
    left = np.exp(-k * since) / -np.expm1(-k * INTERVAL_H)
    left -= np.exp(-ka * since) / -np.expm1(-ka * INTERVAL_H)
    return 1000 * dose_mg * ka / (v_l * (ka - k)) * left


def next_dose(
    dose_mg,
    trough_ng_ml,
    window: tuple[float, float],
    *,
    change: tuple[float, float] = TRUTH["dose_change"].value,
    step_mg: float = TRUTH["dose_step_mg"].value,
) -> np.ndarray:
    """Return the dose that the protocol prescribes after a trough (mg, float)."""
    low, high = window
    outside = (trough_ng_ml < low) | (trough_ng_ml > high)
    factor = np.clip((low + high) / 2 / trough_ng_ml, *change)
    wanted = np.clip(_to_step(dose_mg * factor, step_mg), *DOSES)
    return np.where(outside, wanted, dose_mg)


def _to_step(dose_mg, step_mg: float):
    return np.round(dose_mg / step_mg) * step_mg


def _draw(rng: np.random.Generator, n: int, first: int, true: dict) -> dict[str, dict]:
    """Return the columns of each table for `n` patients, numbered from `first`."""
    number = np.arange(first, first + n)
    female = rng.random(n) < true["female_share"]
    years, usual = true["age_years"], true["weight_median_kg"]
    age = np.clip(np.round(rng.normal(years["mean"], years["sd"], n)), 18, 80)
    weight = np.where(female, usual["female"], usual["male"])
    weight = weight * np.exp(true["weight_log_sd"] * rng.standard_normal(n))
    weight = np.round(np.clip(weight, 40, 140), 1)
    irregular = rng.random(n) < true["irregular_share"]
    expresser = rng.random(n) < true["expresser_share"]
    cl = true["cl_l_h"] * np.exp(
        sd_of_log(true["cl_cv_between"]) * rng.standard_normal(n)
        + np.log(true["cl_expresser"]) * expresser
        + true["cl_age_power"] * np.log(age / 50)
    )
    v = true["v_l"] * np.exp(sd_of_log(true["v_cv_between"]) * rng.standard_normal(n))

    dose = _to_step(true["start_dose_mg_kg"] * weight, true["dose_step_mg"])
    visits, latent = _year(rng, np.clip(dose, *DOSES), cl, v, irregular, true)
    outcomes, end = _outcomes(rng, visits["day"], latent["average_ng_ml"], true)

    begun = np.column_stack([np.zeros(n, dtype=int), visits["day"][:, :-1]])
    until = visits["day"].copy()
    until[:, -1] = STUDY_DAYS
    latent["from_day"] = begun
    latent["to_day"] = np.minimum(until, outcomes["follow_up_days"][:, None])
    come, lived = visits["day"] <= end[:, None], begun < end[:, None]
    grid = {
        "patient": np.repeat(number, VISITS).reshape(n, VISITS),
        "visit": np.tile(np.arange(1, VISITS + 1), (n, 1)),
        "month": np.tile(MONTHS, (n, 1)),
    }
    return {
        "patients": {
            "patient": number,
            "sex": np.where(female, "female", "male").astype(object),
            "age_years": age.astype(int),
            "weight_kg": weight,
            "cyp3a5": np.where(expresser, "expresser", "non-expresser").astype(object),
        },
        "visits": {key: values[come] for key, values in (grid | visits).items()},
        "outcomes": {"patient": number} | outcomes,
        "parameters": {
            "patient": number,
            "cl_l_h": np.round(cl, 2),
            "v_l": np.round(v, 1),
            "irregular": irregular,
        },
        "latent": {key: values[lived] for key, values in (grid | latent).items()},
    }


def _year(rng, dose, cl, v, irregular, true) -> tuple[dict, dict]:
    """Return visits and true exposure, arrays of shape (patients, visits)."""
    n = len(dose)
    blood = true["haematocrit"]
    start, late = (
        rng.normal(blood[when], true["haematocrit_sd"], n).clip(
            *true["haematocrit_range"]
        )
        for when in ("start", "late")
    )

    # Weekly visits a day early or late, monthly ones up to five.
    sd, most = (
        np.where(MONTHS == 0, days["weekly"], days["monthly"])
        for days in (true["visit_shift_sd"], true["visit_shift_most"])
    )
    shift = np.clip(np.round(rng.normal(0, sd, (n, VISITS))), -most, most)
    missed = rng.random((n, VISITS)) < true["missed_visit"]
    day = PLANNED + np.where(missed, 0, shift).astype(int)

    hours = rng.normal(INTERVAL_H, true["trough_time_sd"], (n, VISITS))
    hours = np.clip(hours, *true["trough_time_range"])
    after = rng.random((n, VISITS)) < true["after_dose_sample"]
    hours = np.where(after, rng.uniform(*true["after_dose_time"], (n, VISITS)), hours)

    rise = late - start
    haematocrit = start[:, None] - rise[:, None] * np.expm1(
        -day / true["haematocrit_rise_days"]
    )
    occasion = rng.standard_normal((n, VISITS)) * sd_of_log(true["cl_cv_occasion"])
    now = cl[:, None] * np.exp(occasion)
    now *= (haematocrit / 0.34) ** true["cl_haematocrit_power"]
    spell = irregular[:, None] & (rng.random((n, VISITS)) < true["irregular_spell"])
    taken = np.where(spell, true["irregular_taken"], 1.0)
    # Per mg prescribed: what the sample would hold, and what the laboratory reports.
    absorption = {"ka_h": true["ka_h"], "lag_h": true["lag_h"]}
    level = taken * concentration(1.0, now, v[:, None], hours, **absorption)
    level *= np.exp(sd_of_log(true["assay_cv"]) * rng.standard_normal((n, VISITS)))

    doses, trough = np.empty((n, VISITS)), np.empty((n, VISITS))
    for j in range(VISITS):
        doses[:, j] = dose
        trough[:, j] = np.round(dose * level[:, j], 1)
        trough[:, j] = np.maximum(trough[:, j], true["assay_limit_ng_ml"])
        wanted = next_dose(
            dose,
            trough[:, j],
            true["window_ng_ml"]["early" if j < LATE else "late"],
            change=true["dose_change"],
            step_mg=true["dose_step_mg"],
        )
        dose = np.where(~missed[:, j] & ~after[:, j], wanted, dose)

    measured = np.round(
        haematocrit + rng.normal(0, true["haematocrit_error"], (n, VISITS)), 2
    )
    visits = {
        "day": day,
        "dose_mg": doses,
        "hours_after_dose": np.where(missed, np.nan, np.round(2 * hours) / 2),
        "haematocrit": np.where(missed, np.nan, measured),
        "trough_ng_ml": np.where(missed, np.nan, trough),
    }
    latent = {
        "taken": taken,
        "cl_l_h": np.round(now, 2),
        "average_ng_ml": np.round(1000 * doses * taken / (INTERVAL_H * now), 2),
    }
    return visits, latent


def _outcomes(rng, day, average, true) -> tuple[dict, np.ndarray]:
    """Return the columns of the outcomes, and the exact end of follow-up in days."""
    n = len(day)
    # The last time goes on to the end of the study.
    starts = [0, *day.T[:-1]]
    period = np.where(np.arange(VISITS) <= LATE, "early", "late")

    def first(event):
        base = np.array([true[f"{event}_rate"][p] for p in period]) / YEAR
        rates = base * np.exp(true[f"{event}_log_ratio"] * (average - 8))
        return time_of_event(rng.exponential(size=n), starts, rates.T)

    rejection, infection = first("rejection"), first("infection")
    loss = true["graft_loss_rate"] / YEAR
    graft_loss = time_of_event(
        rng.exponential(size=n),
        [0, np.minimum(rejection, STUDY_DAYS)],
        [loss, loss * true["graft_loss_ratio"]],
    )
    death = rng.exponential(YEAR / true["death_rate"], n)
    ends = np.column_stack([graft_loss, death, np.full(n, STUDY_DAYS)])
    end = ends.min(axis=1)
    why = np.array(["graft loss", "death", "end of study"], dtype=object)
    follow_up = np.ceil(end).astype(int)
    return {
        "rejection": rejection < end,
        "rejection_days": np.ceil(np.minimum(rejection, end)).astype(int),
        "infection": infection < end,
        "infection_days": np.ceil(np.minimum(infection, end)).astype(int),
        "follow_up_days": follow_up,
        "end": why[ends.argmin(axis=1)],
    }, end


def picture(ax, made: TransplantTdm) -> None:
    """Draw median and 10th to 90th centile of the trough, a colour a CYP3A5 status."""
    timed = made.visits[made.visits["hours_after_dose"] >= SHORTEST_H]
    status = timed["patient"].map(made.patients.set_index("patient")["cyp3a5"])
    for of, color in [("expresser", "#d55e00"), ("non-expresser", "#0072b2")]:
        by_visit = timed[status == of].groupby("visit")["trough_ng_ml"]
        days = PLANNED[by_visit.median().index - 1]
        ax.fill_between(
            days,
            by_visit.quantile(0.1),
            by_visit.quantile(0.9),
            color=color,
            alpha=0.15,
        )
        ax.plot(days, by_visit.median(), "o-", ms=3, color=color, label=of)
    windows = TRUTH["window_ng_ml"].value.values()
    for (low, high), span in zip(windows, [(0, 90), (90, 365)], strict=True):
        ax.hlines([low, high], *span, color="#6e6e6e", ls=":")
    ax.set(xlabel="Days after transplantation", ylabel="Trough (ng/mL)", ylim=(0, None))
    ax.legend()


COHORT = Cohort(
    name="transplant_tdm",
    title="A year of tacrolimus troughs after kidney transplantation",
    about=(
        "250 patients, 15 planned visits each: three weekly, then monthly, a few days "
        "early or late. The clinic starts by weight and changes the dose by the "
        "trough. One visit in seventeen is missed, for no reason; one sample in thirty "
        "is drawn after the morning dose and is no trough, which `hours_after_dose` "
        "shows. Some patients at times take only a part of their doses, which nobody "
        "records. Visits stop with graft loss or death. `parameters` and `latent` hold "
        "what no clinic sees: each patient's clearance, and the true average "
        "concentration between visits, on which the hazards of rejection and "
        "infection depend."
    ),
    make=make_transplant_tdm,
    tables=TABLES,
    truth=TRUTH,
    size="n_patients",
    bundle=TransplantTdm,
    picture=picture,
)
