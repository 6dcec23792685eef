"""Two invented agents and all that is known of them: the dossier of the capstone.

The disease is a chronic inflammatory airway disease with exacerbations. Zelimod has
a rich mechanism, moves every biomarker, and prevents nothing. Corvatide moves little
in the laboratory, prevents one exacerbation in five, and harms the liver of a few.
Four files: a laboratory substudy, a randomised trial, a registry, and reports.
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
    sd_of_log,
    table,
)
from ._truth import SHARE, Planted, true_values

ARMS = ("placebo", "zelimod", "corvatide")
USES = ("neither", "zelimod", "corvatide")
WEEKS = (0, 4, 12, 26)
YEAR = 365
DRUGS = ("zelimod", "corvatide", *(f"other {n:02d}" for n in range(1, 31)))
EVENTS = (
    "Cough", "Headache", "Nausea", "Diarrhoea", "Rash", "Fatigue", "Dizziness",
    "Pneumonia", "Insomnia", "Pruritus", "Arthralgia", "Oedema", "Palpitations",
    "Liver injury", "Thrombosis", "Anaphylaxis",
)  # fmt: skip


def _by_agent(zelimod, corvatide, reference="placebo", none=1.0):
    return {reference: none, "zelimod": zelimod, "corvatide": corvatide}


TRUTH = {
    "exacerbation_rate_ratio": Planted(
        _by_agent(1.0, 0.80),
        "Causal rate ratio of exacerbations against none, "
        "in the trial and in the registry",
        (0.05, 5),
    ),
    "marker_ratio_nk": Planted(
        _by_agent(1.45, 1.05),
        "Ratio of the NK-cell count at full effect to that without the agent",
        (0.05, 10),
    ),
    "marker_ratio_crp": Planted(_by_agent(0.60, 0.90), "The same for CRP", (0.05, 10)),
    "marker_ratio_ifng": Planted(
        _by_agent(1.80, 1.00),
        "The same for interferon-γ released by stimulated blood",
        (0.05, 10),
    ),
    "marker_crp_predicts": Planted(
        0.20,
        "Rise of the log rate of exacerbations for a rise of 1 in the usual "
        "ln CRP of a person: the marker predicts, although lowering it does nothing",
        (-1, 1),
    ),
    "placebo_rate": Planted(
        1.1,
        "Median over placebo patients of the rate of exacerbations",
        (0.05, 5),
        unit="1 per year",
    ),
    "frailty_sd": Planted(
        0.5, "SD of the log rate between patients beyond what is measured", (0, 1)
    ),
    "rate_prior": Planted(
        0.25,
        "Rise of the log rate for each exacerbation of the year before",
        (-0.5, 0.5),
    ),
    "quality_effect": Planted(
        _by_agent(0.0, 2.0, none=0.0),
        "Effect on quality of life after one "
        "year, 0 to 100; a difference of 4 is called noticeable here",
        (-30, 30),
        unit="points",
    ),
    "liver_injury_risk": Planted(
        _by_agent(0.004, 0.020, none=0.004), "Risk of liver injury in the trial", SHARE
    ),
    "leaving_log_odds": Planted(
        {"intercept": -2.2, "per exacerbation": 0.35},
        "Log-odds of leaving the "
        "trial in its year, and their rise for each exacerbation expected: the worse, "
        "the more leave, in every arm",
        (-5, 5),
    ),
    "registry_use_log_odds": Planted(
        {
            "zelimod": {"education": 0.8, "prior": -0.15, "smoker": -0.9},
            "corvatide": {"education": 0.0, "prior": 0.55, "smoker": 0.2},
        },
        "Log-odds of using an agent against neither, per level of education, earlier "
        "exacerbation, smoking: the well-off choose zelimod, doctors give corvatide to "
        "the sick",
        (-5, 5),
        unit="1 per unit",
    ),
    "registry_rate_log_ratios": Planted(
        {"education": -0.20, "prior": 0.25, "smoker": 0.35},
        "Rise of the log rate of exacerbations per unit of the same",
        (-0.5, 0.5),
        unit="1 per unit",
    ),
    "report_ratio": Planted(
        4.0,
        "Liver injury with corvatide is reported so many times as often as "
        "chance brings them together; no other pair is",
        (0.05, 50),
    ),
    "age_years": Planted(
        {"mean": 64.0, "sd": 9.0}, "Mean and SD of age", (1, 85), unit="years"
    ),
    "female_share": Planted(0.45, "Share of women", SHARE),
    "prior_mean": Planted(
        1.0,
        "Mean number of exacerbations in the year before, beyond the one that a "
        "patient of the trial must have had",
        (0, 5),
        unit="exacerbations",
    ),
    "marker_median": Planted(
        {"nk": 250.0, "crp": 4.0, "ifng": 600.0},
        "Median NK cells (cells/µL), CRP (mg/L) and interferon-γ (pg/mL) without an "
        "agent",
        {"nk": (10, 1500), "crp": (0.5, 50), "ifng": (10, 5000)},
    ),
    "marker_cv_between": Planted(
        {"nk": 0.45, "crp": 0.9, "ifng": 0.7},
        "Variation of each marker between people, as a fraction",
        (0, 1.5),
    ),
    "marker_cv_within": Planted(
        {"nk": 0.2, "crp": 0.42, "ifng": 0.35},
        "Variation of each marker within a person, as a fraction",
        (0, 1),
    ),
    "marker_half_time_weeks": Planted(
        2.0,
        "Half-time in which the effect on a marker builds up",
        (0.1, 52),
        unit="weeks",
    ),
    "quality_before": Planted(
        {"mean": 55.0, "sd": 14.0, "log rate": -3.0},
        "Quality of life before at a rate of 1 per year: mean, SD, and change for a "
        "rise of 1 in the log rate of exacerbations",
        {"mean": (0, 100), "sd": (0, 40), "log rate": (-20, 20)},
        unit="points",
    ),
    "quality_after": Planted(
        {"intercept": 22.0, "before": 0.6, "sd": 10.0},
        "Quality of life after one year without an effect: intercept, part of the "
        "quality before that stays, SD",
        {"intercept": (0, 60), "before": (0, 1), "sd": (0, 40)},
        unit="points",
    ),
    "leaving_first_day": Planted(
        14, "Nobody leaves the trial before this day", (1, 300), unit="d"
    ),
    "education_share": Planted(
        {"0": 0.4, "1": 0.4, "2": 0.2},
        "Weight of each level of education in the registry",
        (0.001, 1),
    ),
    "smoker_log_odds": Planted(
        {"intercept": -0.2, "education": -0.4},
        "Log-odds of smoking at the lowest level of education, and per level",
        (-4, 4),
    ),
    "registry_prior": Planted(
        {"mean": 1.3, "education": -0.1, "smoker": 0.2},
        "Mean number of exacerbations in the year before, and rise of its logarithm "
        "per level of education and with smoking",
        {"mean": (0, 5), "education": (-1, 1), "smoker": (-1, 1)},
    ),
    "registry_use_intercept": Planted(
        {"zelimod": -1.2, "corvatide": -2.2},
        "Log-odds of using an agent against neither when all else is 0",
        (-6, 3),
    ),
    "registry_rate": Planted(
        0.8,
        "Median over patients of the rate of exacerbations in the registry, without "
        "an agent and when all else is 0",
        (0.01, 5),
        unit="1 per year",
    ),
    "report_share": Planted(
        {"zelimod": 0.05, "corvatide": 0.04},
        "Part of the reports that name an agent, before any is reported more often",
        (0.001, 0.4),
    ),
    "event_share_exponent": Planted(
        1.0,
        "The share of event number k among reports goes with k to minus this",
        (0, 3),
    ),
}


class CapstoneDossier(NamedTuple):
    """The four files of the dossier, as DataFrames."""

    laboratory: pd.DataFrame
    trial: pd.DataFrame
    registry: pd.DataFrame
    reports: pd.DataFrame


def _count(meaning: str):
    return column(int, meaning, unit="exacerbations", between=(0, 500))


_AGE = column(int, "Age", unit="years", between=(40, 90))
_SEX = column(str, "Sex", isin=["female", "male"])
_PRIOR = _count("Exacerbations in the year before")
TABLES = {
    "laboratory": table(
        {
            "patient": column(str, "Patient of the trial who gave blood"),
            "week": column(int, "Week of the trial", unit="week", between=(0, 26)),
            "nk_cells_ul": column(
                float, "NK cells", unit="cells/µL", between=(0, 20_000)
            ),
            "crp_mg_l": column(
                float, "CRP, to 0.1 mg/L; lower values as 0.2", unit="mg/L",
                between=(0.2, 2000),
            ),
            "ifng_pg_ml": column(
                float, "Interferon-γ released by stimulated blood, to 1 pg/mL",
                unit="pg/mL", between=(0, 1_000_000),
            ),
        },
        key=["patient", "week"],
    ),
    "trial": table(
        {
            "patient": column(str, "Patient"),
            "arm": column(str, "Randomised arm, masked", isin=ARMS),
            "age_years": _AGE,
            "sex": _SEX,
            "prior_exacerbations": _PRIOR,
            "quality_before": column(
                float, "Quality of life before, to 1 point; 100 is best", unit="points",
                between=(0, 100),
            ),
            "follow_up_days": column(
                int, "Days in the trial", unit="d", between=(1, YEAR)
            ),
            "exacerbations": _count("Exacerbations while in the trial"),
            "quality_after": column(
                float, "Quality of life after one year, to 1 point", unit="points",
                between=(0, 100),
                missing="The patient had left the trial",
            ),
            "liver_injury": column(bool, "Whether liver injury was seen"),
        },
        key=["patient"],
    ),
    "registry": table(
        {
            "patient": column(str, "Patient of the registry"),
            "use": column(str, "Agent used during the year", isin=USES),
            "age_years": _AGE,
            "sex": _SEX,
            "education": column(
                int, "Education: 0 basic, 1 secondary, 2 higher", between=(0, 2)
            ),
            "smoker": column(bool, "Whether the patient smokes"),
            "prior_exacerbations": _PRIOR,
            "exacerbations": _count("Exacerbations in the year"),
        },
        key=["patient"],
    ),
    "reports": table(
        {
            "report": column(int, "Number of the report", between=(1, 10**9)),
            "drug": column(str, "Suspected drug", isin=DRUGS),
            "event": column(str, "Reported event", isin=EVENTS),
        },
        key=["report"],
    ),
}  # fmt: skip


def make_capstone_dossier(
    n_per_arm: int = 800,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> CapstoneDossier:
    """Draw the four files on two invented agents.

    Parameters
    ----------
    n_per_arm : int
        Patients of each of the three arms of the trial, 1 or more. The laboratory
        holds three in twenty of them (at least one), the registry five times as many
        patients as an arm, and there are 25 reports for each patient of an arm.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.

    Returns
    -------
    CapstoneDossier
        ``laboratory``, ``trial``, ``registry``, ``reports``.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    Exacerbations are Poisson with a log-normal frailty. All values are teaching
    assumptions: the agents, the disease's course and their effects are invented.
    """
    n = check_size("n_per_arm", n_per_arm)
    rng = generator(random_state, "capstone_dossier")
    true = true_values(TRUTH, truth)
    trial, log_crp, arm = _trial(rng, n, true)
    return CapstoneDossier(
        laboratory=_laboratory(rng, trial["patient"].to_numpy(), arm, log_crp, n, true),
        trial=trial,
        registry=_registry(rng, 5 * n, true),
        reports=_reports(rng, 25 * n, true),
    )


def _people(rng, n: int, true: dict) -> dict[str, np.ndarray]:
    years = true["age_years"]
    return {
        "age_years": np.clip(
            np.round(rng.normal(years["mean"], years["sd"], n)), 40, 90
        ).astype(int),
        "sex": np.where(rng.random(n) < true["female_share"], "female", "male"),
    }


def _of(values: dict, codes: np.ndarray) -> np.ndarray:
    """Return the planted value of each patient's arm, given its number."""
    return np.array(list(values.values()))[codes]


def _trial(rng, n_per_arm: int, true: dict):
    """Return the table, each patient's usual ln CRP about its mean, and the arm."""
    n = 3 * n_per_arm
    arm = rng.permutation(np.arange(n) % 3)
    prior = 1 + rng.poisson(true["prior_mean"], n)
    log_crp = sd_of_log(true["marker_cv_between"]["crp"]) * rng.standard_normal(n)
    rate = true["placebo_rate"] * np.exp(
        true["rate_prior"] * (prior - 2)
        + true["marker_crp_predicts"] * log_crp
        + true["frailty_sd"] * rng.standard_normal(n)
    )
    # What is to be expected decides who leaves, alike in every arm.
    odds = true["leaving_log_odds"]
    leaves = rng.random(n) < scipy.special.expit(
        odds["intercept"] + odds["per exacerbation"] * rate
    )
    days = np.where(leaves, rng.integers(true["leaving_first_day"], YEAR, n), YEAR)
    count = rng.poisson(rate * _of(true["exacerbation_rate_ratio"], arm) * days / YEAR)
    life = true["quality_before"]
    before = rng.normal(life["mean"], life["sd"], n) + life["log rate"] * np.log(rate)
    before = np.clip(np.round(before), 0, 100)
    life = true["quality_after"]
    after = life["intercept"] + life["before"] * before
    after = after + _of(true["quality_effect"], arm) + rng.normal(0, life["sd"], n)
    frame = pd.DataFrame(
        {"patient": identifiers("T", n), "arm": np.array(ARMS)[arm]}
        | _people(rng, n, true)
        | {
            "prior_exacerbations": prior,
            "quality_before": before,
            "follow_up_days": days,
            "exacerbations": count,
            "quality_after": np.where(leaves, np.nan, np.clip(np.round(after), 0, 100)),
            "liver_injury": rng.random(n) < _of(true["liver_injury_risk"], arm),
        }
    )
    return frame, log_crp, arm


def _laboratory(rng, patient, arm, log_crp, n_per_arm: int, true: dict) -> pd.DataFrame:
    """Return markers of the first three in twenty patients of every arm."""
    rank = np.empty(arm.size, dtype=int)
    for code in range(len(ARMS)):
        rank[arm == code] = np.arange((arm == code).sum())
    chosen = np.flatnonzero(rank < max(round(0.15 * n_per_arm), 1))
    grown = 1 - 0.5 ** (np.array(WEEKS) / true["marker_half_time_weeks"])

    def marker(name, own):
        ratio = _of(true[f"marker_ratio_{name}"], arm[chosen])
        effect = np.log(ratio)[:, None] * grown
        within = sd_of_log(true["marker_cv_within"][name])
        noise = within * rng.standard_normal((chosen.size, len(WEEKS)))
        median = true["marker_median"][name]
        return (median * np.exp(own[:, None] + effect + noise)).ravel()

    def usual(name):
        cv = true["marker_cv_between"][name]
        return sd_of_log(cv) * rng.standard_normal(chosen.size)

    crp = marker("crp", log_crp[chosen])
    nk = marker("nk", usual("nk"))
    ifng = marker("ifng", usual("ifng"))
    return pd.DataFrame(
        {
            "patient": np.repeat(patient[chosen], len(WEEKS)),
            "week": np.tile(WEEKS, chosen.size),
            "nk_cells_ul": np.round(nk),
            "crp_mg_l": np.maximum(np.round(crp, 1), 0.2),
            "ifng_pg_ml": np.round(ifng),
        }
    )


def _registry(rng, n: int, true: dict) -> pd.DataFrame:
    share = np.array(list(true["education_share"].values()))
    education = rng.choice(3, n, p=share / share.sum())
    odds = true["smoker_log_odds"]
    smoker = rng.random(n) < scipy.special.expit(
        odds["intercept"] + odds["education"] * education
    )
    had = true["registry_prior"]
    prior = rng.poisson(
        had["mean"] * np.exp(had["education"] * education + had["smoker"] * smoker)
    )
    log_odds = [np.zeros(n)]
    for agent, intercept in true["registry_use_intercept"].items():
        want = true["registry_use_log_odds"][agent]
        log_odds.append(
            intercept
            + want["education"] * education
            + want["prior"] * prior
            + want["smoker"] * smoker
        )
    weight = np.cumsum(np.exp(log_odds), axis=0)
    use = (rng.random(n) * weight[-1] > weight[:-1]).sum(axis=0)
    on = true["registry_rate_log_ratios"]
    rate = true["registry_rate"] * np.exp(
        on["education"] * education
        + on["prior"] * prior
        + on["smoker"] * smoker
        + np.log(_of(true["exacerbation_rate_ratio"], use))
        + true["frailty_sd"] * rng.standard_normal(n)
    )
    return pd.DataFrame(
        {"patient": identifiers("G", n), "use": np.array(USES)[use]}
        | _people(rng, n, true)
        | {
            "education": education,
            "smoker": smoker,
            "prior_exacerbations": prior,
            "exacerbations": rng.poisson(rate),
        }
    )


def _reports(rng, n: int, true: dict) -> pd.DataFrame:
    agents = list(true["report_share"].values())
    others = len(DRUGS) - len(agents)
    drug = np.r_[agents, np.full(others, (1 - sum(agents)) / others)]
    event = np.arange(1.0, len(EVENTS) + 1) ** -true["event_share_exponent"]
    weight = np.outer(drug, event)
    weight[DRUGS.index("corvatide"), EVENTS.index("Liver injury")] *= true[
        "report_ratio"
    ]
    cumulated = np.cumsum(weight) / weight.sum()
    pair = np.searchsorted(cumulated, rng.random(n), side="right")
    pair = np.minimum(pair, weight.size - 1)
    return pd.DataFrame(
        {
            "report": np.arange(1, n + 1),
            "drug": np.array(DRUGS)[pair // len(EVENTS)],
            "event": np.array(EVENTS)[pair % len(EVENTS)],
        }
    )


def picture(ax, made: CapstoneDossier) -> None:
    """Draw each arm's median CRP and exacerbation rate: what moved, what helped."""
    trial = made.trial
    by_arm = trial.groupby("arm")
    rate = by_arm["exacerbations"].sum() / (by_arm["follow_up_days"].sum() / YEAR)
    late = made.laboratory[made.laboratory["week"] == 26].merge(trial, on="patient")
    crp = late.groupby("arm")["crp_mg_l"].median()
    for arm, color in zip(ARMS, ("#6e6e6e", "#d55e00", "#0072b2"), strict=True):
        ax.plot(crp[arm], rate[arm], "o", color=color, label=arm, ms=8)
    ax.set(xlabel="Median CRP at week 26 (mg/L)", ylabel="Exacerbations per year")
    ax.legend()


COHORT = Cohort(
    name="capstone_dossier",
    title="The dossier of two invented agents: laboratory, trial, registry, reports",
    about=(
        "Everything there is on zelimod and corvatide, both invented, in a chronic "
        "inflammatory airway disease. `trial`: 800 patients an arm, one year, masked; "
        "patients may leave. `laboratory`: markers of three in twenty of them. "
        "`registry`: 4,000 patients in practice; nobody drew lots. `reports`: 20,000 "
        "spontaneous reports on these and other drugs."
    ),
    make=make_capstone_dossier,
    tables=TABLES,
    truth=TRUTH,
    size="n_per_arm",
    bundle=CapstoneDossier,
    picture=picture,
    sealed=True,
)
