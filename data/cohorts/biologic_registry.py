"""A registry in which the sicker get the biologic, and the sicker get infected.

The biologic raises the hazard of a serious infection by a known factor. Whom it is
given to depends on disease activity, glucocorticoids, comorbidity and earlier
infections, which raise the hazard too: compared crudely, it looks far worse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import scipy

from ._base import Cohort, check_size, column, generator, identifiers, table
from ._truth import SHARE, Planted, true_values

#: Prednisolone-equivalent classes, mg/day, as in George et al. 2020.
STEROID = ("0", "1-5", "6-10", ">10")
CLINICS = 40
#: Days of follow-up at the most.
LONGEST = 5 * 365

# One-year risks of hospitalised infection by dose class (George 2020, Medicare),
# turned into rates by -ln(1 - risk) and divided by that of no glucocorticoid.
_RISK = np.array([0.086, 0.110, 0.144, 0.177])
STEROID_RATIO = np.log1p(-_RISK) / np.log1p(-_RISK[0])

TRUTH = {
    "infection_hazard_ratio": Planted(
        1.2,
        "Causal hazard ratio of a first serious infection, biologic to conventional, "
        "in patients alike in everything else",
        (0.05, 20),
        source="Galloway2011infection",
    ),
    "infection_rate": Planted(
        0.012,
        "Rate of a first serious infection in a patient of 55 with DAS28 5 and "
        "nothing else against them, on a conventional drug",
        (1e-6, 1),
        unit="1 per year",
    ),
    "steroid_rate_ratio": Planted(
        dict(zip(STEROID, (round(float(r), 3) for r in STEROID_RATIO), strict=True)),
        "Rate ratio of infection by class of glucocorticoid dose, from the published "
        "one-year risks",
        (0.05, 20),
        source="George2020steroids",
    ),
    "infection_log_ratios": Planted(
        {"das28": 0.25, "comorbidities": 0.30, "prior_infection": 0.80, "age": 0.02},
        "Rise of the log rate of infection per point of DAS28, comorbidity, earlier "
        "serious infection, and year of age",
        (-2, 2),
        unit="1 per unit",
    ),
    "treatment_log_odds": Planted(
        {
            "intercept": -1.5,
            "das28": 0.9,
            "steroid": 0.6,
            "comorbidities": 0.35,
            "prior_infection": 0.5,
            "age": -0.01,
        },
        "Log-odds of getting the biologic: at DAS28 5 and age 55, and per unit of what "
        "the clinician looks at; a class of glucocorticoid dose counts as one unit",
        (-5, 5),
        unit="1 per unit",
    ),
    "clinic_sd": Planted(
        0.6,
        "SD between clinics of these log-odds: a habit that has no other path to "
        "infection",
        (0, 3),
    ),
    "death_rate": Planted(
        0.008, "Rate of death at 55 without comorbidity", (1e-6, 1), unit="1 per year"
    ),
    "death_log_ratios": Planted(
        {"comorbidities": 0.35, "age": 0.07},
        "Rise of the log rate of death per comorbidity and year of age; the drug has "
        "no part in it",
        (-1, 1),
        unit="1 per unit",
    ),
    "leaving_rate": Planted(
        0.08,
        "Rate of leaving the registry, for no reason",
        (1e-6, 5),
        unit="1 per year",
    ),
    "smoker_missing": Planted(
        0.08, "Probability that smoking was not recorded, for no reason", SHARE
    ),
    "female_share": Planted(0.75, "Share of women", SHARE),
    "age_years": Planted(
        {"mean": 56.0, "sd": 13.0}, "Mean and SD of age", (1, 85), unit="years"
    ),
    "das28": Planted(
        {"mean": 4.6, "sd": 1.3},
        "Mean and SD of disease activity at start",
        (0.1, 9),
        unit="points",
    ),
    "steroid_das28_slope": Planted(
        0.6,
        "Rise, per point of DAS28, of the log-odds of a higher class of "
        "glucocorticoid dose: the more active the disease, the more",
        (-2, 2),
    ),
    "steroid_cuts": Planted(
        (0.0, 1.3, 2.6),
        "Log-odds at a DAS28 of 4.6 of being below the second, third and fourth class",
        (-5, 8),
    ),
    "comorbidities": Planted(
        {"mean": 0.8, "age": 0.025},
        "Mean number of comorbid diseases at 56, and rise of its logarithm per year",
        {"mean": (0, 5), "age": (-0.1, 0.1)},
    ),
    "prior_infection_log_odds": Planted(
        {"intercept": -3.0, "comorbidities": 0.4, "steroid": 0.3},
        "Log-odds of a serious infection in the year before, and their rise per "
        "comorbidity and class of glucocorticoid dose",
        (-6, 3),
    ),
    "smoker_share": Planted(0.22, "Share of smokers", SHARE),
}

SCHEMA = table(
    {
        "patient": column(str, "Patient"),
        "clinic": column(str, "Clinic"),
        "sex": column(str, "Sex", isin=["female", "male"]),
        "age_years": column(int, "Age at start", unit="years", between=(18, 90)),
        "smoker": column(
            str,
            "Whether the patient smokes; no influence on treatment or infection here",
            isin=["yes", "no"],
            missing="Not recorded, for no reason",
        ),
        "das28": column(
            float,
            "Disease activity at start (DAS28)",
            unit="points",
            between=(0.9, 9.4),
        ),
        "steroid_mg_d": column(
            str, "Prednisolone equivalent at start, class, mg per day", isin=STEROID
        ),
        "comorbidities": column(
            int, "Number of comorbid diseases at start", between=(0, 8)
        ),
        "prior_infection": column(
            bool, "Whether there was a serious infection in the year before"
        ),
        "treatment": column(str, "Drug started", isin=["biologic", "conventional"]),
        "follow_up_days": column(
            int,
            "Days from start to the first of infection, death, leaving, end of study",
            unit="d",
            between=(1, LONGEST),
        ),
        "outcome": column(
            str,
            "What ended follow-up",
            isin=["infection", "death", "left", "end of study"],
        ),
    },
    key=["patient"],
)


def make_biologic_registry(
    n_patients: int = 8000,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> pd.DataFrame:
    """Draw a registry with confounding by indication.

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
    pandas.DataFrame, shape (n_patients, 12)
        One row a patient.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    Times to infection, death and leaving are exponential, drawn by inversion; the
    first counts. Everything that drives treatment and infection is in the table:
    no confounder is hidden, which no real registry can promise. That the hazard
    ratio is the same at all times is a simplification: registries find it larger
    in the first months (Galloway2011infection).
    """
    n = check_size("n_patients", n_patients)
    rng = generator(random_state, "biologic_registry")
    true = true_values(TRUTH, truth)

    years, activity = true["age_years"], true["das28"]
    age = np.clip(np.round(rng.normal(years["mean"], years["sd"], n)), 18, 90)
    female = rng.random(n) < true["female_share"]
    das28 = rng.normal(activity["mean"], activity["sd"], n)
    das28 = np.round(np.clip(das28, 0.9, 9.4), 2)
    want = true["steroid_das28_slope"] * (das28 - 4.6) + rng.logistic(0, 1, n)
    steroid = np.digitize(want, true["steroid_cuts"])
    ill = true["comorbidities"]
    ill = rng.poisson(ill["mean"] * np.exp(ill["age"] * (age - 56)))
    comorbidities = np.minimum(ill, 8)
    odds = true["prior_infection_log_odds"]
    prior = rng.random(n) < scipy.special.expit(
        odds["intercept"]
        + odds["comorbidities"] * comorbidities
        + odds["steroid"] * steroid
    )
    smoker = rng.random(n) < true["smoker_share"]
    smoker = np.where(smoker, "yes", "no").astype(object)
    smoker[rng.random(n) < true["smoker_missing"]] = None

    clinic = rng.integers(0, CLINICS, n)
    habit = true["clinic_sd"] * rng.standard_normal(CLINICS)
    want = true["treatment_log_odds"]
    biologic = rng.random(n) < scipy.special.expit(
        want["intercept"]
        + want["das28"] * (das28 - 5)
        + want["steroid"] * steroid
        + want["comorbidities"] * comorbidities
        + want["prior_infection"] * prior
        + want["age"] * (age - 55)
        + habit[clinic]
    )

    on = true["infection_log_ratios"]
    ratio = np.array(list(true["steroid_rate_ratio"].values()))
    infection_rate = true["infection_rate"] * np.exp(
        np.log(true["infection_hazard_ratio"]) * biologic
        + np.log(ratio[steroid])
        + on["das28"] * (das28 - 5)
        + on["comorbidities"] * comorbidities
        + on["prior_infection"] * prior
        + on["age"] * (age - 55)
    )
    on = true["death_log_ratios"]
    death_rate = true["death_rate"] * np.exp(
        on["comorbidities"] * comorbidities + on["age"] * (age - 55)
    )
    rates = np.column_stack(
        [infection_rate, death_rate, np.full(n, true["leaving_rate"])]
    )
    times = 365.25 * rng.exponential(size=(n, 3)) / rates
    # Recruited over four years, all followed to the same day: one to five years.
    end = rng.integers(365, LONGEST + 1, n)
    times = np.column_stack([times, end])
    first = times.argmin(axis=1)
    days = np.ceil(times[np.arange(n), first]).astype(int)

    return pd.DataFrame(
        {
            "patient": identifiers("B", n),
            "clinic": identifiers("C", CLINICS, width=2)[clinic],
            "sex": np.where(female, "female", "male"),
            "age_years": age.astype(int),
            "smoker": pd.array(smoker, dtype="str"),
            "das28": das28,
            "steroid_mg_d": np.array(STEROID)[steroid],
            "comorbidities": comorbidities,
            "prior_infection": prior,
            "treatment": np.where(biologic, "biologic", "conventional"),
            "follow_up_days": np.maximum(days, 1),
            "outcome": np.array(["infection", "death", "left", "end of study"])[first],
        }
    )


def picture(ax, made: pd.DataFrame) -> None:
    """Draw rates of infection by disease activity, one line a treatment."""
    band = made["das28"].clip(2, 8).round()
    for treatment, color in [("conventional", "#6e6e6e"), ("biologic", "#0072b2")]:
        of = made["treatment"] == treatment
        events = (made["outcome"][of] == "infection").groupby(band[of]).sum()
        years = made["follow_up_days"][of].groupby(band[of]).sum() / 365.25
        ax.plot(events.index, 1000 * events / years, "o-", color=color, label=treatment)
    ax.set(xlabel="DAS28 at start", ylabel="Infections per 1,000 years")
    ax.legend()


COHORT = Cohort(
    name="biologic_registry",
    title="Serious infections in 8,000 patients on a biologic or a conventional drug",
    about=(
        "A registry of patients with rheumatoid arthritis, followed to a first serious "
        "infection, death, leaving, or the end of the study after one to five years. "
        "The sicker a patient, the more likely the biologic. Everything that drives "
        "both is recorded. Smoking is missing in one of twelve, for no reason."
    ),
    make=make_biologic_registry,
    tables={"biologic_registry": SCHEMA},
    truth=TRUTH,
    size="n_patients",
    picture=picture,
)
