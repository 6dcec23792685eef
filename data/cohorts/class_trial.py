"""A trial that a class plays in twenty minutes, as a class of made-up people played it.

Everybody sees twenty words and writes down those that they remember. In the first
round a sealed slip says how to learn them: by reading, or by making a picture of each.
In the second round, with other words, everybody chooses. Who remembers well chooses
pictures more often, so that the second comparison is confounded and the first is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from ._base import Cohort, check_size, column, generator, identifiers, table
from ._truth import SHARE, Planted, true_values

WORDS = 20

TRUTH = {
    "effect": Planted(
        2.0, "Words more by pictures than by reading", (-6, 6), unit="words"
    ),
    "recall_mean": Planted(
        9.0, "Mean of the words remembered after reading", (6, 12), unit="words"
    ),
    "ability_sd": Planted(
        2.2, "SD between people of the words remembered", (0.5, 3), unit="words"
    ),
    "occasion_sd": Planted(
        1.6, "SD of a person's words from round to round", (0.5, 3), unit="words"
    ),
    "practice": Planted(
        0.7, "Words more in the second round, for everybody", (-2, 3), unit="words"
    ),
    "choice_intercept": Planted(
        0.1, "Log-odds that somebody of mean ability chooses pictures", (-2, 2)
    ),
    "choice_slope": Planted(
        1.1, "Rise of these log-odds for each SD of ability", (-3, 3), unit="1 per SD"
    ),
    "rating_mean": Planted(
        5.5, "Mean of the rating of one's own memory, 0 to 10", (3, 7), unit="points"
    ),
    "rating_sd": Planted(1.8, "SD of this rating", (0.5, 3), unit="points"),
    "rating_link": Planted(
        0.5, "Correlation of this rating with ability", (-0.95, 0.95)
    ),
    "gone_share": Planted(
        0.05, "Share of people who leave after the first round", SHARE
    ),
}

WAYS = ("pictures", "reading")
TABLE = table(
    {
        "person": column(str, "Who took part, by the number on the slip"),
        "memory_rating": column(
            int,
            "How well do you remember names? 0 (badly) to 10; asked before the slip is "
            "opened",
            unit="points",
            between=(0, 10),
        ),
        "slip": column(
            str, "Way of learning in the first round, by the lot", isin=WAYS
        ),
        "words_first": column(
            int, "Words remembered in the first round", between=(0, WORDS)
        ),
        "chosen": column(
            str,
            "Way of learning in the second round, as chosen",
            isin=WAYS,
            missing="Left after the first round",
        ),
        "words_second": column(
            float,
            "Words remembered in the second round",
            between=(0, WORDS),
            missing="Left after the first round",
        ),
    },
    key=["person"],
)


def sealed_list(n_people: int, random_state: Any = None) -> pd.Series:
    """Return what stands on the slips, in the order in which they are handed out.

    Parameters
    ----------
    n_people : int
        How many slips, 1 or more.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`. Keep it: it is the list.

    Returns
    -------
    pandas.Series
        ``"pictures"`` or ``"reading"`` by the number of the slip, in blocks of four:
        the arms differ by two people at most, however many come.
    """
    n = check_size("n_people", n_people)
    rng = generator(random_state, "class_trial_slips")
    blocks = np.tile([0, 0, 1, 1], (n // 4 + 1, 1))
    way = rng.permuted(blocks, axis=1).ravel()[:n]
    return pd.Series(
        np.array(WAYS)[way], index=pd.Index(identifiers("S", n, 3), name="person")
    ).rename("slip")


def make_class_trial(
    n_people: int = 120,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> pd.DataFrame:
    """Draw a class that played the trial.

    Parameters
    ----------
    n_people : int
        Rows, 1 or more.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.

    Returns
    -------
    pandas.DataFrame
        One row a person.

    Raises
    ------
    ValueError
        If an argument is not allowed.
    """
    n = check_size("n_people", n_people)
    rng = generator(random_state, "class_trial")
    true = true_values(TRUTH, truth)

    slip = sealed_list(n, rng)
    ability = rng.standard_normal(n)
    link = true["rating_link"]
    rated = link * ability + np.sqrt(1 - link**2) * rng.standard_normal(n)
    log_odds = true["choice_intercept"] + true["choice_slope"] * ability
    pictures = rng.random(n) < expit(log_odds)
    gone = rng.random(n) < true["gone_share"]

    first = _recalled(rng, ability, (slip == "pictures").to_numpy(), true)
    second = _recalled(rng, ability, pictures, true, practice=true["practice"])
    chosen = pd.Series(np.where(pictures, *WAYS), dtype="str").mask(gone)
    return pd.DataFrame(
        {
            "person": slip.index.to_numpy(),
            "memory_rating": np.clip(
                np.round(true["rating_mean"] + true["rating_sd"] * rated), 0, 10
            ).astype(int),
            "slip": slip.to_numpy(),
            "words_first": first.astype(int),
            "chosen": chosen,
            "words_second": np.where(gone, np.nan, second),
        }
    ).astype({"person": "str", "slip": "str", "chosen": "str"})


def _recalled(
    rng: np.random.Generator,
    ability: np.ndarray,
    pictures: np.ndarray,
    true: Mapping[str, Any],
    practice: float = 0.0,
) -> np.ndarray:
    """Return the words that people remember in a round: whole, 0 to 20."""
    words = (
        true["recall_mean"]
        + practice
        + true["ability_sd"] * ability
        + true["effect"] * pictures
        + true["occasion_sd"] * rng.standard_normal(len(ability))
    )
    return np.clip(np.round(words), 0, WORDS)


def picture(ax, made: pd.DataFrame) -> None:
    """Draw the words of both rounds by the way of learning."""
    for place, (way, words) in enumerate(
        [("slip", "words_first"), ("chosen", "words_second")]
    ):
        for i, name in enumerate(WAYS):
            some = made.loc[made[way] == name, words].dropna()
            x = np.full(len(some), 2.0 * place + i)
            ax.plot(
                x + np.linspace(-0.2, 0.2, len(x)), some, "o", ms=2, color="#0072b2"
            )
    ax.set_xticks([0.5, 2.5], ["by lot", "by choice"])
    ax.set_ylabel("Words of 20")


COHORT = Cohort(
    name="class_trial",
    title="A class that played a trial: words remembered, by lot and by choice",
    about=(
        "120 made-up people in a lecture hall. In the first round a sealed slip says "
        "whether to learn twenty words by reading or by making a picture of each; in "
        "the second, with other words, everybody chooses. Who remembers well chooses "
        "pictures more often. A few leave between the rounds. A real class's file has "
        "the same columns."
    ),
    make=make_class_trial,
    tables={"class_trial": TABLE},
    truth=TRUTH,
    size="n_people",
    picture=picture,
)
