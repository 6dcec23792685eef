"""The class's trial: the lot recovers the effect, the choice is off by what it must."""

import cohorts
import numpy as np
import pytest
from cohorts.class_trial import sealed_list
from scipy import integrate, stats
from statsmodels.stats.weightstats import CompareMeans

SEEDS = range(40)


def compared(made, way, words):
    """Return the difference, pictures minus reading, and its standard error (Welch)."""
    made = made.dropna(subset=[way, words])
    one, other = (
        made.loc[made[way] == name, words] for name in ("pictures", "reading")
    )
    means = CompareMeans.from_data(one, other)
    low, high = means.tconfint_diff(usevar="unequal")
    return one.mean() - other.mean(), (high - low) / 2 / 1.97


def selection(true):
    """Return the difference in ability between those who choose, in words."""

    def share(ability):
        odds = np.exp(true["choice_intercept"] + true["choice_slope"] * ability)
        return odds / (1 + odds)

    def mean(weight):
        total, _ = integrate.quad(lambda a: stats.norm.pdf(a) * weight(a), -8, 8)
        first, _ = integrate.quad(lambda a: a * stats.norm.pdf(a) * weight(a), -8, 8)
        return first / total

    gap = mean(share) - mean(lambda a: 1 - share(a))
    return true["ability_sd"] * gap


@pytest.mark.parametrize("planted", [{}, {"effect": 0.0}, {"choice_slope": -1.0}])
def test_the_lot_recovers_the_effect_and_the_choice_does_not(planted):
    true = cohorts.truth("class_trial", planted)
    by_lot, by_choice = [], []
    for seed in SEEDS:
        made = cohorts.make_class_trial(400, truth=planted, random_state=seed)
        difference, error = compared(made, "slip", "words_first")
        by_lot.append((difference - true["effect"]) / error)
        difference, error = compared(made, "chosen", "words_second")
        bias = selection(true)
        by_choice.append((difference - true["effect"] - bias) / error)
        assert abs(bias) > 1.5
    for z in (np.array(by_lot), np.array(by_choice)):
        assert abs(z.mean()) < 4 / np.sqrt(len(z))
        assert 0.7 < z.std() < 1.4


def test_the_slips_are_balanced_and_repeat():
    for n in (1, 3, 30, 101):
        slips = sealed_list(n, 5)
        assert len(slips) == n and slips.equals(sealed_list(n, 5))
        counts = slips.value_counts()
        assert abs(counts.get("pictures", 0) - counts.get("reading", 0)) <= 2
    assert not sealed_list(40, 5).equals(sealed_list(40, 6))


def test_the_slip_knows_nothing_of_the_person():
    made = cohorts.make_class_trial(20_000, random_state=1)
    rating = made.groupby("slip")["memory_rating"].mean()
    assert abs(rating["pictures"] - rating["reading"]) < 0.1
    rating = made.groupby("chosen")["memory_rating"].mean()
    assert rating["pictures"] - rating["reading"] > 0.4


def test_who_left_is_missing_in_the_second_round_alone():
    made = cohorts.make_class_trial(20_000, random_state=2)
    assert (made["chosen"].isna() == made["words_second"].isna()).all()
    assert abs(made["chosen"].isna().mean() - 0.05) < 0.01
