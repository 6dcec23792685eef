"""`clinic_diary`: the illusion has the size that its parts predict, the remedy none."""

import cohorts
import numpy as np
import pytest
import statsmodels.api as sm
from recovery import assert_recovered
from scipy import stats

TRUE = cohorts.truth("clinic_diary")
SEEDS = range(10)


@pytest.fixture(scope="module")
def drawn():
    return [cohorts.make_clinic_diary(random_state=seed) for seed in SEEDS]


def mean_and_error(values):
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))


def expected_regression():
    """Fall by regression alone, by numerical integration over the first score."""
    mean, sd, rho = (TRUE[k] for k in ("score_mean", "score_sd", "reliability"))
    first = stats.truncnorm((TRUE["threshold"] - 0.5 - mean) / sd, np.inf, mean, sd)
    return (1 - rho) * (first.expect(lambda x: x) - mean)


def test_list_gives_mean_spread_reliability_and_natural_change(drawn):
    pairs = [(d.list["score_first"], d.list["score_second"]) for d in drawn]
    n = len(pairs[0][0])
    assert_recovered(
        *np.transpose([mean_and_error(a) for a, _ in pairs]), TRUE["score_mean"]
    )
    assert_recovered(
        *np.transpose([mean_and_error(b - a) for a, b in pairs]), TRUE["natural_change"]
    )
    log_sd = [np.log(a.std()) for a, _ in pairs]
    assert_recovered(
        log_sd, [1 / np.sqrt(2 * n)] * len(SEEDS), np.log(TRUE["score_sd"])
    )
    fisher = [np.arctanh(stats.pearsonr(a, b).statistic) for a, b in pairs]
    assert_recovered(
        fisher, [1 / np.sqrt(n - 3)] * len(SEEDS), np.arctanh(TRUE["reliability"])
    )


def test_selected_patients_fall_by_regression_and_season_alone(drawn):
    falls = [
        mean_and_error((d.trial["score_before"] - d.trial["score_after"]).to_numpy())
        for d in drawn
    ]
    assert_recovered(
        *np.transpose(falls), expected_regression() - TRUE["natural_change"]
    )


def test_the_closed_form_agrees_with_integration():
    mean, sd, rho = (TRUE[k] for k in ("score_mean", "score_sd", "reliability"))
    z = (TRUE["threshold"] - 0.5 - mean) / sd
    closed = sd * (1 - rho) * stats.norm.pdf(z) / stats.norm.sf(z)
    assert closed == pytest.approx(expected_regression(), rel=1e-6)


def test_randomised_the_remedy_does_nothing(drawn):
    effects = []
    for made in drawn:
        trial = made.trial
        design = np.column_stack(
            [np.ones(len(trial)), trial["arm"] == "remedy", trial["score_before"]]
        ).astype(float)
        fit = sm.OLS(trial["score_after"].to_numpy(), design).fit()
        effects.append((fit.params[1], fit.bse[1]))
    assert_recovered(*np.transpose(effects), TRUE["effect"])


def test_return_depends_on_improvement_as_planted():
    """Known from the model alone: who returns is seen, the score of those lost is not.

    The marginal return rate is integrated over the scores; among those who
    returned, the fall must exceed that of all patients by what the slope implies.
    """
    rng = np.random.default_rng(1)
    mean, sd, rho = (TRUE[k] for k in ("score_mean", "score_sd", "reliability"))
    z = stats.truncnorm((TRUE["threshold"] - 0.5 - mean) / sd, np.inf).rvs(
        400_000, random_state=rng
    )
    fall = -TRUE["natural_change"] + sd * (
        (1 - rho) * z - np.sqrt(1 - rho**2) * rng.standard_normal(z.size)
    )
    p = 1 / (1 + np.exp(-TRUE["return_intercept"] - TRUE["return_slope"] * fall))
    rates, falls = [], []
    for seed in SEEDS:
        diary = cohorts.make_clinic_diary(3000, random_state=seed).diary
        rates.append(mean_and_error(diary["returned"]))
        seen = (diary["score_before"] - diary["score_after"]).dropna()
        falls.append(mean_and_error(seen))
    assert_recovered(*np.transpose(rates), p.mean())
    assert_recovered(*np.transpose(falls), np.average(fall, weights=p))


def test_the_diary_shows_a_large_effect_of_nothing(drawn):
    """What the clinician sees: a mean fall of over 10 points, three in four better."""
    for made in drawn:
        seen = made.diary.dropna()
        fall = seen["score_before"] - seen["score_after"]
        mean, error = mean_and_error(fall)
        assert mean > 10 and mean / error > 10
        assert (fall > 0).mean() > 0.7
        everybody = expected_regression() - TRUE["natural_change"]
        assert mean > everybody
