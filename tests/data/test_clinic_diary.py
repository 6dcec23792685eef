"""`clinic_diary`: the illusion has the size that its parts predict, the remedy none."""

import numpy as np
import pytest
import statsmodels.api as sm
from recovery import assert_recovered, assert_share, only_shipped, worlds
from scipy import stats
from tolerances import SOLVED

#: A remedy that works, an autumn that makes everybody worse.
ANOTHER = {
    "effect": -8.0,
    "score_mean": 50.0,
    "score_sd": 12.0,
    "reliability": 0.4,
    "threshold": 58.0,
    "natural_change": 3.0,
    "return_intercept": -0.2,
    "return_slope": 0.1,
    "female_share": 0.3,
    "age_shape": 4.0,
}
world = worlds("clinic_diary", ANOTHER)
SEEDS = range(10)


@pytest.fixture(scope="module")
def drawn(world):
    return [world.make(random_state=seed) for seed in SEEDS]


def mean_and_error(values):
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))


def expected_regression(world):
    """Fall by regression alone, by numerical integration over the first score."""
    mean, sd, rho = (world.true[k] for k in ("score_mean", "score_sd", "reliability"))
    first = stats.truncnorm(
        (world.true["threshold"] - 0.5 - mean) / sd, np.inf, mean, sd
    )
    return (1 - rho) * (first.expect(lambda x: x) - mean)


def test_list_gives_mean_spread_reliability_and_natural_change(world, drawn):
    pairs = [(d.list["score_first"], d.list["score_second"]) for d in drawn]
    n = len(pairs[0][0])
    assert_recovered(
        *np.transpose([mean_and_error(a) for a, _ in pairs]), world.true["score_mean"]
    )
    assert_recovered(
        *np.transpose([mean_and_error(b - a) for a, b in pairs]),
        world.true["natural_change"],
    )
    log_sd = [np.log(a.std()) for a, _ in pairs]
    assert_recovered(
        log_sd, [1 / np.sqrt(2 * n)] * len(SEEDS), np.log(world.true["score_sd"])
    )
    fisher = [np.arctanh(stats.pearsonr(a, b).statistic) for a, b in pairs]
    assert_recovered(
        fisher, [1 / np.sqrt(n - 3)] * len(SEEDS), np.arctanh(world.true["reliability"])
    )


def test_selected_patients_fall_by_regression_and_season_alone(world, drawn):
    falls = [
        mean_and_error((of["score_before"] - of["score_after"]).to_numpy())
        for of in (d.trial[d.trial["arm"] == "placebo"] for d in drawn)
    ]
    assert_recovered(
        *np.transpose(falls), expected_regression(world) - world.true["natural_change"]
    )


def test_who_the_people_are(world, drawn):
    women, spreads = [], []
    for made in drawn:
        people = [made.list, made.diary, made.trial]
        women += [table["sex"] == "female" for table in people]
        # Whole years: the middle of the year, as a part of 18 to 81.
        x = np.concatenate([(t["age_years"] + 0.5 - 18) / 63 for t in people])
        spreads.append(mean_and_error((x - 0.5) ** 2))
    women = np.concatenate(women)
    assert_share(women.sum(), women.size, world.true["female_share"])
    # The variance of a symmetric beta distribution, and of rounding to a year.
    variance = 1 / (4 * (2 * world.true["age_shape"] + 1)) - 1 / (12 * 63**2)
    assert_recovered(*np.transpose(spreads), variance)


def test_the_closed_form_agrees_with_integration(world):
    mean, sd, rho = (world.true[k] for k in ("score_mean", "score_sd", "reliability"))
    z = (world.true["threshold"] - 0.5 - mean) / sd
    closed = sd * (1 - rho) * stats.norm.pdf(z) / stats.norm.sf(z)
    assert closed == pytest.approx(expected_regression(world), rel=SOLVED)


def test_randomised_the_remedy_does_what_is_planted(world, drawn):
    effects = []
    for made in drawn:
        trial = made.trial
        design = np.column_stack(
            [np.ones(len(trial)), trial["arm"] == "remedy", trial["score_before"]]
        ).astype(float)
        fit = sm.OLS(trial["score_after"].to_numpy(), design).fit()
        effects.append((fit.params[1], fit.bse[1]))
    assert_recovered(*np.transpose(effects), world.true["effect"])


def test_return_depends_on_improvement_as_planted(world):
    """Known from the model alone: who returns is seen, the score of those lost is not.

    The marginal return rate is integrated over the scores; among those who
    returned, the fall must exceed that of all patients by what the slope implies.
    """
    rng = np.random.default_rng(1)
    mean, sd, rho = (world.true[k] for k in ("score_mean", "score_sd", "reliability"))
    z = stats.truncnorm((world.true["threshold"] - 0.5 - mean) / sd, np.inf).rvs(
        400_000, random_state=rng
    )
    fall = sd * ((1 - rho) * z - np.sqrt(1 - rho**2) * rng.standard_normal(z.size))
    fall -= world.true["natural_change"] + world.true["effect"]
    p = 1 / (
        1 + np.exp(-world.true["return_intercept"] - world.true["return_slope"] * fall)
    )
    rates, falls = [], []
    for seed in SEEDS:
        diary = world.make(3000, random_state=seed).diary
        rates.append(mean_and_error(diary["returned"]))
        seen = (diary["score_before"] - diary["score_after"]).dropna()
        falls.append(mean_and_error(seen))
    assert_recovered(*np.transpose(rates), p.mean())
    assert_recovered(*np.transpose(falls), np.average(fall, weights=p))


@only_shipped
def test_the_diary_shows_a_large_effect_of_nothing(world, drawn):
    """What the clinician sees: a mean fall of over 10 points, three in four better."""
    for made in drawn:
        seen = made.diary.dropna()
        fall = seen["score_before"] - seen["score_after"]
        mean, error = mean_and_error(fall)
        assert mean > 10 and mean / error > 10
        assert (fall > 0).mean() > 0.7
        everybody = expected_regression(world) - world.true["natural_change"]
        assert mean > everybody
