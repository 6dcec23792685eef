"""Every trial of an immune booster that does nothing, and the part that was published.

Sixty two-arm trials count people with at least one respiratory infection in a
season. The booster has no effect in any of them. Which trials were published
depends on what they found and on their size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    "log_risk_ratio": Planted(
        0.0, "ln of the risk ratio of infection, booster to placebo", (-3, 0.7)
    ),
    "tau": Planted(0.0, "SD between trials of the ln risk ratio: none differs", (0, 1)),
    "placebo_risk": Planted(
        0.45, "Median over trials of the risk of infection in a season", (0.01, 0.99)
    ),
    "placebo_risk_sd": Planted(
        0.5, "SD between trials of the log-odds of this risk: setting, season", (0, 2)
    ),
    "arm_size_median": Planted(
        45.0, "Median number of people in an arm", (15, 1000), unit="people"
    ),
    "arm_size_sd": Planted(0.7, "SD of ln of that number", (0, 2)),
    "publication_intercept": Planted(
        -0.99,
        "Log-odds of publication of a trial of 50 people an arm with z = 0; chosen so "
        "that 24 of the 60 shipped trials are published",
        (-10, 10),
    ),
    "publication_slope_z": Planted(
        1.9,
        "Rise of these log-odds for one standard error in favour of the booster, in "
        "trials of fewer than 300 people",
        (-10, 10),
    ),
    "publication_slope_size": Planted(
        0.5, "Rise of these log-odds when a trial is e times as large", (-5, 5)
    ),
    "publication_large": Planted(
        300,
        "Trials of this size or more are published whatever their z says",
        (20, 100_000),
        unit="people",
    ),
    "arm_size_range": Planted(
        (10.0, 2000.0), "No arm is smaller or larger", (10, 100_000), unit="people"
    ),
    "lost_at_start": Planted(
        0.5,
        "Probability of losing each of two people of an arm between randomisation and "
        "the first dose",
        SHARE,
    ),
    "concealed_share": Planted(
        0.4, "Share of trials whose allocation was concealed", SHARE
    ),
}

SCHEMA = table(
    {
        "trial": column(str, "Trial"),
        "year": column(int, "Year the trial ended", unit="year", between=(1985, 2024)),
        "concealed": column(bool, "Whether the allocation was concealed"),
        "n_booster": column(
            int, "Randomised to the booster", unit="people", between=(8, 1_000_000)
        ),
        "n_placebo": column(
            int, "Randomised to placebo", unit="people", between=(8, 1_000_000)
        ),
        "infected_booster": column(
            int,
            "With one infection or more, booster",
            unit="people",
            between=(1, 1_000_000),
        ),
        "infected_placebo": column(
            int,
            "With one infection or more, placebo",
            unit="people",
            between=(1, 1_000_000),
        ),
        "published": column(bool, "Whether the trial was published"),
    },
    key=["trial"],
)


def make_booster_trials(
    n_trials: int = 60,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> pd.DataFrame:
    """Draw all trials of an ineffective booster and say which were published.

    Parameters
    ----------
    n_trials : int
        Trials, published or not, 1 or more.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.

    Returns
    -------
    pandas.DataFrame, shape (n_trials, 8)
        One row a trial, in the order in which they ended.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    With z the difference of risks in favour of the booster over its standard
    error and n the people randomised, a trial is published with the log-odds
    a + b z [n < 300] + c ln(n / 100). The register takes in trials with one
    infection or more in each arm, so that every ratio has a logarithm: the numbers
    of infections are binomial without their zero. The selection function is a teaching
    assumption in the manner of models that make publication depend on p and on
    size. Concealment depends on nothing here and carries no bias.
    """
    n = check_size("n_trials", n_trials)
    rng = generator(random_state, "booster_trials")
    true = true_values(TRUTH, truth)

    year = np.sort(rng.integers(1985, 2025, n))
    arm = true["arm_size_median"] * np.exp(true["arm_size_sd"] * rng.standard_normal(n))
    arm = np.clip(np.round(arm), *true["arm_size_range"]).astype(int)
    # A few people are lost between randomisation and the first dose.
    size = arm[:, None] - rng.binomial(2, true["lost_at_start"], (n, 2))

    log_odds = np.log(true["placebo_risk"] / (1 - true["placebo_risk"]))
    risk_placebo = scipy.special.expit(
        log_odds + true["placebo_risk_sd"] * rng.standard_normal(n)
    )
    log_ratio = true["log_risk_ratio"] + true["tau"] * rng.standard_normal(n)
    risk = np.column_stack([risk_placebo * np.exp(log_ratio), risk_placebo])
    infected = rng.binomial(size, np.clip(risk, 0, 1))
    none = infected == 0
    infected[none] = one_or_more(rng, size[none], risk[none])

    total = size.sum(axis=1)
    z = z_in_favour(infected, size)
    publication = (
        true["publication_intercept"]
        + true["publication_slope_z"]
        * np.where(total < true["publication_large"], z, 0)
        + true["publication_slope_size"] * np.log(total / 100)
    )
    return pd.DataFrame(
        {
            "trial": identifiers("B", n, width=3),
            "year": year,
            "concealed": rng.random(n) < true["concealed_share"],
            "n_booster": size[:, 0],
            "n_placebo": size[:, 1],
            "infected_booster": infected[:, 0],
            "infected_placebo": infected[:, 1],
            "published": rng.random(n) < scipy.special.expit(publication),
        }
    )


def one_or_more(
    rng: np.random.Generator, size: np.ndarray, risk: np.ndarray
) -> np.ndarray:
    """Draw from binomial distributions without their zero.

    Parameters
    ----------
    rng : Generator
    size : ndarray of int, shape (n,)
    risk : ndarray of float, shape (n,)
        Above 0 and below 1.
    """
    nobody = scipy.stats.binom.pmf(0, size, risk)
    return scipy.stats.binom.ppf(rng.uniform(nobody, 1), size, risk).astype(int)


def z_in_favour(infected: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the pooled z of two proportions, positive if the booster looks better.

    Parameters
    ----------
    infected, size : ndarray of int, shape (trials, 2)
        Booster first, placebo second.
    """
    risk = infected / size
    pooled = infected.sum(axis=1) / size.sum(axis=1)
    variance = pooled * (1 - pooled) * (1 / size).sum(axis=1)
    # Nobody or everybody infected: the trial says nothing either way.
    return (risk[:, 1] - risk[:, 0]) / np.sqrt(np.where(variance > 0, variance, np.inf))


def picture(ax, made: pd.DataFrame) -> None:
    """Draw the funnel: published trials filled, the others hollow."""
    a, b = made["infected_booster"] + 0.5, made["infected_placebo"] + 0.5
    n, m = made["n_booster"] + 0.5, made["n_placebo"] + 0.5
    ratio, error = (a / n) / (b / m), np.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
    seen = made["published"]
    ax.plot(ratio[~seen], error[~seen], "o", mfc="none", color="#6e6e6e", ms=4)
    ax.plot(ratio[seen], error[seen], "o", color="#0072b2", ms=4)
    ax.axvline(1, color="#222222", lw=1)
    ax.set(xscale="log", xlabel="Risk ratio of infection", ylabel="Standard error")
    ax.invert_yaxis()


COHORT = Cohort(
    name="booster_trials",
    title="Sixty trials of a booster that does nothing, some of them published",
    about=(
        "All trials of one booster over forty years, as a register that nobody has "
        "would list them: people with one respiratory infection or more in a season, "
        "in two arms. It lists trials in which each arm had an infection. "
        "`published` marks those that a reader of the literature meets. "
        "A trial of fewer than 300 people was published more often the more it "
        "favoured the booster; larger trials were published more often whatever they "
        "said. No value is missing."
    ),
    make=make_booster_trials,
    tables={"booster_trials": SCHEMA},
    truth=TRUTH,
    size="n_trials",
    picture=picture,
)
