"""CRP and ESR of people who are well, and of people whose inflammation has just ended.

Stable people: ln(CRP) and ln(ESR) are normal between people and within a person.
Recovering people: plasma CRP is what steady synthesis keeps up plus an excess
that is cleared with one half-life, the same in everybody (Vigushin et al. 1993).
The laboratory adds its own error, a lower limit and a rounding step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

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

TRUTH = {
    "crp_median": Planted(
        1.3, "Median CRP of stable people 50 years old", (0.2, 10), unit="mg/L"
    ),
    "crp_age_slope": Planted(
        0.05,
        "Rise of the mean of ln(CRP) for ten years more of age: a weak one",
        (-0.3, 0.3),
        unit="1 per 10 years",
    ),
    "crp_cv_within": Planted(
        0.422,
        "Biological variation of CRP within a stable person, as a fraction",
        (0, 1),
        source="Macy1997crpvariation",
    ),
    "crp_cv_between": Planted(
        0.925,
        "Variation of CRP between stable people of the same age, as a fraction",
        (0, 2),
        source="Macy1997crpvariation",
    ),
    "crp_cv_analytical": Planted(
        0.052,
        "Variation of CRP when one sample is measured again, as a fraction",
        (0, 0.3),
        source="Macy1997crpvariation",
    ),
    "crp_detection_limit": Planted(
        0.6,
        "Smaller values are reported as the limit, with a flag",
        (0.6, 10),
        unit="mg/L",
    ),
    "crp_half_life_h": Planted(
        19.0,
        "Half-life of CRP in plasma, the same in every person",
        (1, 200),
        unit="h",
        source="Vigushin1993crp",
    ),
    "crp_excess_median": Planted(
        90.0,
        "Median excess of CRP over the steady level at the first draw, recovering",
        (0, 150),
        unit="mg/L",
    ),
    "crp_excess_cv": Planted(
        0.6, "Variation of that excess between people, as a fraction", (0, 1)
    ),
    "crp_steady_ratio": Planted(
        4.0,
        "Steady CRP of recovering people, who have a chronic inflammatory disease, "
        "as a multiple of that of stable people",
        (0.2, 10),
    ),
    "esr_limit_offset_years": Planted(
        {"female": 10.0, "male": 0.0},
        "The 98th centile of ESR in stable people is (age + offset) / 2; beyond 65 "
        "years, where the survey ends, the rule is drawn on",
        (-10, 40),
        unit="years",
        source="Miller1983esr",
    ),
    "esr_cv_within": Planted(
        0.25,
        "Variation of ESR within a stable person, reading included, as a fraction",
        (0, 1),
    ),
    "esr_cv_between": Planted(
        0.80,
        "Variation of ESR between stable people of one age and sex, as a fraction",
        (0, 2),
    ),
    "crp_esr_correlation": Planted(
        0.5,
        "Correlation between people of their own levels of ln(CRP) and ln(ESR), "
        "age and sex being equal",
        (-0.99, 0.99),
    ),
    "esr_excess_median": Planted(
        35.0,
        "Median excess of ESR over the steady level at the first draw, recovering",
        (0, 100),
        unit="mm/h",
    ),
    "esr_excess_cv": Planted(
        0.3,
        "Variation of that excess between people, as a fraction; who has a large "
        "excess of CRP has a large one of ESR",
        (0, 1),
    ),
    "esr_half_time_h": Planted(
        168.0,
        "Half-time of the excess of ESR in recovering people",
        (10, 2000),
        unit="h",
    ),
    "esr_missing": Planted(
        {"stable": 0.06, "recovering": 0.15},
        "Probability that the ESR of a draw is missing",
        SHARE,
    ),
    "recovering_share": Planted(
        0.25, "Part of the people who are recovering, to the nearest person", SHARE
    ),
    "female_share": Planted(0.6, "Share of women", SHARE),
    "age_shape": Planted(
        {"young": 2.2, "old": 1.9},
        "The two parameters of the beta distribution of age, from 18 to 90 years",
        (0.5, 20),
    ),
    "draw_every_h": Planted(
        {"stable": 336.0, "recovering": 24.0},
        "Time from one planned draw to the next",
        {"stable": (100, 400), "recovering": (10, 400)},
        unit="h",
    ),
    "draw_window_h": Planted(
        {"stable": 48.0, "recovering": 4.0},
        "Longest time by which a draw is early or late",
        {"stable": (0, 48), "recovering": (0, 11)},
        unit="h",
    ),
    "draw_shift_sd": Planted(
        0.4, "SD of the time by which a draw is early or late, in windows", (0, 2)
    ),
}

#: Standard normal quantile of 0.98: Miller's rule gives the 98th centile.
Z_98 = 2.053749

LIMIT = TRUTH["crp_detection_limit"].value

SCHEMA = table(
    {
        "person": column(str, "Person"),
        "sex": column(str, "Sex", isin=["female", "male"]),
        "age_years": column(
            int, "Age at the first draw", unit="years", between=(18, 90)
        ),
        "group": column(
            str,
            "Stable: no acute illness at any draw. Recovering: a chronic inflammatory "
            "disease, and the trigger of an acute episode ended before the first draw",
            isin=["stable", "recovering"],
        ),
        "draw": column(int, "Number of the draw", between=(1, 1000)),
        "hours": column(
            float, "Time since the person's first draw", unit="h", between=(0, 400_000)
        ),
        "crp_mg_l": column(
            float,
            "C-reactive protein in serum, to 0.1 mg/L; if below the limit, the limit",
            unit="mg/L",
            between=(LIMIT, 2000),
        ),
        "crp_below_limit": column(
            bool, f"Whether CRP was below the detection limit of {LIMIT} mg/L"
        ),
        "esr_mm_h": column(
            float,
            "Erythrocyte sedimentation rate (Westergren, first hour), to 1 mm/h",
            unit="mm/h",
            between=(1, 200),
            missing="The tube was not set up in time. More often in the recovering, "
            "who are drawn at night too; within a group it depends on nothing",
        ),
    },
    key=["person", "draw"],
)


def make_acute_phase(
    n_people: int = 400,
    n_draws: int = 4,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> pd.DataFrame:
    """Draw CRP and ESR of stable and of recovering people.

    Stable people come every two weeks
    (a day or two early or late), recovering people every 24 h (up to 4 h early
    or late).

    Parameters
    ----------
    n_people : int
        People, 1 or more.
    n_draws : int
        Draws of each person, 1 to 1,000.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.

    Returns
    -------
    pandas.DataFrame, shape (n_people * n_draws, 9)
        One row a draw, sorted by person and draw; columns as in `SCHEMA`.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    Stable CRP is log-normal with the variation of Macy et al. 1997 [1]_. In
    recovering people CRP(t) = steady(t) + excess * 2**(-t / half-life): clearance
    does not depend on the level or the disease [2]_. That synthesis falls to
    its steady rate all at once, before the first draw, is a teaching assumption.
    The 98th centile of ESR follows age and sex as in Miller et al. 1983 [3]_.

    References
    ----------
    .. [1] Macy1997crpvariation, Clin Chem 43:52-58.
    .. [2] Vigushin1993crp, J Clin Invest 91:1351-1357.
    .. [3] Miller1983esr, BMJ 286:266.
    """
    n = check_size("n_people", n_people)
    m = check_size("n_draws", n_draws, largest=1000)
    rng = generator(random_state, "acute_phase")
    true = true_values(TRUTH, truth)

    female = rng.random(n) < true["female_share"]
    shape = true["age_shape"]
    age = np.floor(18 + 73 * rng.beta(shape["young"], shape["old"], n)).astype(int)
    recovering = rng.permutation(n) < round(n * true["recovering_share"])
    ill = recovering[:, None]

    hours = _draw_times(rng, recovering, m, true)

    # Each person's own level of ln(CRP) and ln(ESR), correlated between people.
    rho = true["crp_esr_correlation"]
    own_crp = rng.standard_normal(n)
    own_esr = rho * own_crp + np.sqrt(1 - rho**2) * rng.standard_normal(n)

    log_level = (
        np.log(true["crp_median"])
        + true["crp_age_slope"] * (age - 50) / 10
        + np.where(recovering, np.log(true["crp_steady_ratio"]), 0)
        + sd_of_log(true["crp_cv_between"]) * own_crp
    )
    size = rng.standard_normal(n)
    excess = true["crp_excess_median"] * np.exp(sd_of_log(true["crp_excess_cv"]) * size)
    within = sd_of_log(true["crp_cv_within"]) * rng.standard_normal((n, m))
    error = sd_of_log(true["crp_cv_analytical"]) * rng.standard_normal((n, m))
    crp = np.exp(log_level[:, None] + within)
    crp += ill * excess[:, None] * 0.5 ** (hours / true["crp_half_life_h"])
    crp *= np.exp(error)
    lowest = true["crp_detection_limit"]
    below = crp < lowest

    sd_within, sd_between = (
        sd_of_log(true["esr_cv_within"]),
        sd_of_log(true["esr_cv_between"]),
    )
    offset = true["esr_limit_offset_years"]
    limit = (age + np.where(female, offset["female"], offset["male"])) / 2
    # Put the median so far below the limit that 2 % of stable people exceed it.
    log_median = np.log(limit) - Z_98 * np.hypot(sd_within, sd_between)
    esr = np.exp((log_median + sd_between * own_esr)[:, None])
    # One size of the episode drives both markers.
    esr_excess = true["esr_excess_median"] * np.exp(
        sd_of_log(true["esr_excess_cv"]) * size
    )
    esr = esr + ill * esr_excess[:, None] * 0.5 ** (hours / true["esr_half_time_h"])
    esr *= np.exp(sd_within * rng.standard_normal((n, m)))
    lost = np.where(
        recovering, true["esr_missing"]["recovering"], true["esr_missing"]["stable"]
    )
    esr = np.clip(np.round(esr), 1, 200)
    esr[rng.random((n, m)) < lost[:, None]] = np.nan

    people = pd.DataFrame(
        {
            "person": identifiers("P", n),
            "sex": np.where(female, "female", "male"),
            "age_years": age,
            "group": np.where(recovering, "recovering", "stable"),
        }
    )
    return (
        people.loc[people.index.repeat(m)]
        .reset_index(drop=True)
        .assign(
            draw=np.tile(np.arange(1, m + 1), n),
            hours=hours.ravel(),
            crp_mg_l=np.where(below, lowest, np.round(crp, 1)).ravel(),
            crp_below_limit=below.ravel(),
            esr_mm_h=esr.ravel(),
        )
    )


def _draw_times(
    rng: np.random.Generator, recovering: np.ndarray, n_draws: int, true: dict
) -> np.ndarray:
    """Return hours since the first draw, shape (people, draws), in steps of 0.5 h."""
    step, window = (
        np.where(recovering, hours["recovering"], hours["stable"])[:, None]
        for hours in (true["draw_every_h"], true["draw_window_h"])
    )
    early_or_late = rng.normal(0, true["draw_shift_sd"], (recovering.size, n_draws))
    early_or_late = early_or_late.clip(-1, 1)
    hours = step * np.arange(n_draws) + window * early_or_late
    hours = np.round(2 * hours) / 2
    hours[:, 0] = 0
    return hours


def picture(ax, made: pd.DataFrame) -> None:
    """Draw CRP over time: forty recovering people, and the middle of the stable."""
    recovering = made[made["group"] == "recovering"]
    for person in recovering["person"].unique()[:40]:
        one = recovering[recovering["person"] == person]
        ax.plot(one["hours"], one["crp_mg_l"], color="#d55e00", lw=0.8, alpha=0.5)
    stable = made.loc[made["group"] == "stable", "crp_mg_l"]
    ax.axhspan(*stable.quantile([0.25, 0.75]), color="#c9c9c9", alpha=0.7, lw=0)
    ax.axhline(LIMIT, color="#6e6e6e", ls=":")
    ax.set(yscale="log", xlabel="Hours since the first draw", ylabel="CRP (mg/L)")


COHORT = Cohort(
    name="acute_phase",
    title="CRP and ESR, drawn four times, in stable and in recovering people",
    about=(
        "400 people, each drawn four times. 300 are stable and come every two weeks. "
        "100 have a chronic inflammatory disease and recover from an acute episode; "
        "they are drawn every day. CRP below the detection limit of 0.6 mg/L is "
        "reported as the limit, with a flag. ESR is missing when the tube was not set "
        "up in time, more often in the recovering. Nobody in the stable group has an "
        "illness between draws, and synthesis of CRP in the recovering has already "
        "fallen to its steady rate: both make these data simpler than a clinic's."
    ),
    make=make_acute_phase,
    tables={"acute_phase": SCHEMA},
    truth=TRUTH,
    size="n_people",
    picture=picture,
)
