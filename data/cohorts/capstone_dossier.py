"""Two invented agents and all that is known of them: the dossier of the capstone.

The disease is a chronic inflammatory airway disease with exacerbations. Zelimod has
a rich mechanism, moves every biomarker, and prevents nothing. Corvatide moves little
in the laboratory, prevents one exacerbation in five, and harms the liver of a few.
Four files: a laboratory substudy, a randomised trial, a registry, and reports.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from ._base import (
    Cohort,
    Planted,
    check_size,
    column,
    generator,
    identifiers,
    sd_of_log,
    table,
)

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
        _by_agent(1.0, 0.80), "1", "Causal rate ratio of exacerbations against none, "
        "in the trial and in the registry", "teaching",
    ),
    "marker_ratio_nk": Planted(
        _by_agent(1.45, 1.05), "1", "Ratio of the NK-cell count at full effect to that "
        "without the agent", "teaching",
    ),
    "marker_ratio_crp": Planted(
        _by_agent(0.60, 0.90), "1", "The same for CRP", "teaching"
    ),
    "marker_ratio_ifng": Planted(
        _by_agent(1.80, 1.00), "1", "The same for interferon-γ released by stimulated "
        "blood", "teaching",
    ),
    "marker_crp_predicts": Planted(
        0.20, "1", "Rise of the log rate of exacerbations for a rise of 1 in the usual "
        "ln CRP of a person: the marker predicts, although lowering it does nothing",
        "teaching",
    ),
    "placebo_rate": Planted(
        1.1, "1 per year", "Median over placebo patients of the rate of exacerbations",
        "teaching",
    ),
    "frailty_sd": Planted(
        0.5, "1", "SD of the log rate between patients beyond what is measured",
        "teaching",
    ),
    "rate_prior": Planted(
        0.25, "1", "Rise of the log rate for each exacerbation of the year before",
        "teaching",
    ),
    "quality_effect": Planted(
        _by_agent(0.0, 2.0, none=0.0), "points", "Effect on quality of life after one "
        "year, 0 to 100; a difference of 4 is called noticeable here", "teaching",
    ),
    "liver_injury_risk": Planted(
        _by_agent(0.004, 0.020, none=0.004), "1", "Risk of liver injury in the trial",
        "teaching",
    ),
    "leaving_log_odds": Planted(
        {"intercept": -2.2, "per exacerbation": 0.35}, "1", "Log-odds of leaving the "
        "trial in its year, and their rise for each exacerbation expected: the worse, "
        "the more leave, in every arm", "teaching",
    ),
    "registry_use_log_odds": Planted(
        {"zelimod": {"education": 0.8, "prior": -0.15, "smoker": -0.9},
         "corvatide": {"education": 0.0, "prior": 0.55, "smoker": 0.2}}, "1 per unit",
        "Log-odds of using an agent against neither, per level of education, earlier "
        "exacerbation, smoking: the well-off choose zelimod, doctors give corvatide to "
        "the sick", "teaching",
    ),
    "registry_rate_log_ratios": Planted(
        {"education": -0.20, "prior": 0.25, "smoker": 0.35}, "1 per unit",
        "Rise of the log rate of exacerbations per unit of the same", "teaching",
    ),
    "report_ratio": Planted(
        4.0, "1", "Liver injury with corvatide is reported so many times as often as "
        "chance brings them together; no other pair is", "teaching",
    ),
}  # fmt: skip


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
    n_per_arm: int = 800, *, random_state: Any = None
) -> CapstoneDossier:
    """Draw the four files on two invented agents.

    Parameters
    ----------
    n_per_arm : int
        Patients of each of the three arms of the trial, 1 or more. The laboratory
        holds three in twenty of them (at least one), the registry five times as many
        patients as an arm, and there are 25 reports for each patient of an arm.
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
    true = {name: planted.value for name, planted in TRUTH.items()}
    trial, log_crp, arm = _trial(rng, n, true)
    return CapstoneDossier(
        laboratory=_laboratory(rng, trial["patient"].to_numpy(), arm, log_crp, n, true),
        trial=trial,
        registry=_registry(rng, 5 * n, true),
        reports=_reports(rng, 25 * n, true),
    )


def _people(rng, n: int) -> dict[str, np.ndarray]:
    return {
        "age_years": np.clip(np.round(rng.normal(64, 9, n)), 40, 90).astype(int),
        "sex": np.where(rng.random(n) < 0.45, "female", "male"),
    }


def _of(values: dict, codes: np.ndarray) -> np.ndarray:
    """Return the planted value of each patient's arm, given its number."""
    return np.array(list(values.values()))[codes]


def _trial(rng, n_per_arm: int, true: dict):
    """Return the table, each patient's usual ln CRP about its mean, and the arm."""
    n = 3 * n_per_arm
    arm = rng.permutation(np.arange(n) % 3)
    prior = 1 + rng.poisson(1.0, n)
    log_crp = sd_of_log(0.9) * rng.standard_normal(n)
    rate = true["placebo_rate"] * np.exp(
        true["rate_prior"] * (prior - 2)
        + true["marker_crp_predicts"] * log_crp
        + true["frailty_sd"] * rng.standard_normal(n)
    )
    # What is to be expected decides who leaves, alike in every arm.
    odds = true["leaving_log_odds"]
    leaves = rng.random(n) < expit(odds["intercept"] + odds["per exacerbation"] * rate)
    days = np.where(leaves, rng.integers(14, YEAR, n), YEAR)
    count = rng.poisson(rate * _of(true["exacerbation_rate_ratio"], arm) * days / YEAR)
    before = np.clip(np.round(rng.normal(55, 14, n) - 3 * np.log(rate)), 0, 100)
    after = 22 + 0.6 * before + _of(true["quality_effect"], arm) + rng.normal(0, 10, n)
    frame = pd.DataFrame(
        {"patient": identifiers("T", n), "arm": np.array(ARMS)[arm]}
        | _people(rng, n)
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
    # The effect builds up with a half-time of two weeks.
    grown = 1 - 0.5 ** (np.array(WEEKS) / 2)

    def marker(median, own, within, ratio):
        effect = np.log(_of(ratio, arm[chosen]))[:, None] * grown
        noise = sd_of_log(within) * rng.standard_normal((chosen.size, len(WEEKS)))
        return (median * np.exp(own[:, None] + effect + noise)).ravel()

    def usual(cv):
        return sd_of_log(cv) * rng.standard_normal(chosen.size)

    crp = marker(4.0, log_crp[chosen], 0.42, true["marker_ratio_crp"])
    nk = marker(250, usual(0.45), 0.2, true["marker_ratio_nk"])
    ifng = marker(600, usual(0.7), 0.35, true["marker_ratio_ifng"])
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
    education = rng.choice(3, n, p=[0.4, 0.4, 0.2])
    smoker = rng.random(n) < expit(-0.2 - 0.4 * education)
    prior = rng.poisson(1.3 * np.exp(-0.1 * education + 0.2 * smoker))
    log_odds = [np.zeros(n)]
    for agent, intercept in [("zelimod", -1.2), ("corvatide", -2.2)]:
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
    rate = 0.8 * np.exp(
        on["education"] * education
        + on["prior"] * prior
        + on["smoker"] * smoker
        + np.log(_of(true["exacerbation_rate_ratio"], use))
        + true["frailty_sd"] * rng.standard_normal(n)
    )
    return pd.DataFrame(
        {"patient": identifiers("G", n), "use": np.array(USES)[use]}
        | _people(rng, n)
        | {
            "education": education,
            "smoker": smoker,
            "prior_exacerbations": prior,
            "exacerbations": rng.poisson(rate),
        }
    )


def _reports(rng, n: int, true: dict) -> pd.DataFrame:
    drug = np.r_[0.05, 0.04, np.full(len(DRUGS) - 2, 0.91 / (len(DRUGS) - 2))]
    event = 1 / np.arange(1.0, len(EVENTS) + 1)
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
)
