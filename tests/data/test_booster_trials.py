"""`booster_trials`: all trials together say nothing, the published ones something."""

import cohorts
import numpy as np
import pytest
import statsmodels.api as sm
from recovery import assert_recovered
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects, effectsize_2proportions

TRUE = cohorts.truth("booster_trials")
SEEDS = range(10)


@pytest.fixture(scope="module")
def drawn():
    """Ten literatures of 600 trials: enough for the large-sample errors to hold."""
    return [cohorts.make_booster_trials(600, random_state=seed) for seed in SEEDS]


def log_ratios(trials):
    """Return ln risk ratios and their variances, by statsmodels."""
    return effectsize_2proportions(
        trials["infected_booster"].to_numpy(),
        trials["n_booster"].to_numpy(),
        trials["infected_placebo"].to_numpy(),
        trials["n_placebo"].to_numpy(),
        statistic="risk-ratio",
        zero_correction=0.5,
    )


def mantel_haenszel(trials):
    """Return the pooled ln risk ratio and its error (Greenland and Robins).

    Unlike inverse variances, its weights do not lean on the outcome, so that
    small trials do not bias it.
    """
    a, b = trials["infected_booster"], trials["infected_placebo"]
    n, m = trials["n_booster"], trials["n_placebo"]
    total = n + m
    top, bottom = (a * m / total).sum(), (b * n / total).sum()
    spread = (((a + b) * n * m - a * b * total) / total**2).sum()
    return np.log(top / bottom), np.sqrt(spread / (top * bottom))


def test_all_trials_together_find_nothing(drawn):
    assert_recovered(
        *np.transpose([mantel_haenszel(trials) for trials in drawn]),
        TRUE["log_risk_ratio"],
    )


def test_trials_do_not_differ_beyond_chance(drawn):
    assert TRUE["tau"] == 0
    for trials in drawn:
        large = trials[trials["n_placebo"] > 60]
        y, v = log_ratios(large)
        q = combine_effects(y, v).q
        assert stats.chi2.sf(q, len(large) - 1) > 1e-4


def test_placebo_risk(drawn):
    """Log-odds by trial, less the sampling variance, have the planted mean and SD."""
    estimates, spreads = [], []
    for trials in drawn:
        events, people = trials["infected_placebo"], trials["n_placebo"]
        log_odds = np.log((events + 0.5) / (people - events + 0.5))
        noise = 1 / (events + 0.5) + 1 / (people - events + 0.5)
        estimates.append((log_odds.mean(), log_odds.sem()))
        within = log_odds.var(ddof=1) - noise.mean()
        error = log_odds.var(ddof=1) * np.sqrt(2 / len(trials))
        spreads.append((within, error))
    risk = TRUE["placebo_risk"]
    assert_recovered(*np.transpose(estimates), np.log(risk / (1 - risk)))
    assert_recovered(*np.transpose(spreads), TRUE["placebo_risk_sd"] ** 2)


def test_size_of_the_arms(drawn):
    logs = [np.log(trials["n_booster"] + 1) for trials in drawn]
    centre = [(log.median(), 1.2533 * log.sem()) for log in logs]
    assert_recovered(*np.transpose(centre), np.log(TRUE["arm_size_median"]))
    # The smallest arms are cut at 10 people: the interquartile range is not touched.
    for log in logs:
        spread = (log.quantile(0.75) - log.quantile(0.25)) / 1.349
        assert spread == pytest.approx(TRUE["arm_size_sd"], rel=0.15)


def test_selection_function_from_all_trials(drawn):
    fits = []
    for trials in drawn:
        z, total = two_proportion_z(trials), trials["n_booster"] + trials["n_placebo"]
        small = np.where(total < TRUE["publication_large"], z, 0.0)
        design = np.column_stack([np.ones(len(trials)), small, np.log(total / 100)])
        fits.append(sm.Logit(trials["published"].astype(int), design).fit(disp=0))
    for position, name in enumerate(["intercept", "slope_z", "slope_size"]):
        estimates = [fit.params.iloc[position] for fit in fits]
        errors = [fit.bse.iloc[position] for fit in fits]
        assert_recovered(estimates, errors, TRUE[f"publication_{name}"])


def two_proportion_z(trials):
    """Return z in favour of the booster as the signed root of Pearson's chi-square."""
    infected = trials[["infected_booster", "infected_placebo"]].to_numpy()
    people = trials[["n_booster", "n_placebo"]].to_numpy()
    tables = np.stack([infected, people - infected], axis=2)
    z = []
    for counts, risk in zip(tables, infected / people, strict=True):
        if not counts.sum(axis=0).all():
            z.append(0.0)
            continue
        chi2 = stats.chi2_contingency(counts, correction=False).statistic
        z.append(np.sign(risk[1] - risk[0]) * np.sqrt(chi2))
    return np.array(z)


def test_the_published_trials_favour_the_booster(drawn):
    """Pooled naively, the literature finds 5 to 15 % fewer infections, every time."""
    for trials in drawn:
        published, error = mantel_haenszel(trials[trials["published"]])
        assert published / error < -4
        assert 0.85 < np.exp(published) < 0.95
        unpublished, error = mantel_haenszel(trials[~trials["published"]])
        assert unpublished / error > 2


def test_the_literature_of_the_default_seed_has_24_of_60_and_a_significant_effect():
    """About one term's seed in ten, chance leaves no significant effect."""
    trials = cohorts.make_booster_trials(random_state=cohorts.DEFAULT_SEED)
    assert (len(trials), trials["published"].sum()) == (60, 24)
    seen, error = mantel_haenszel(trials[trials["published"]])
    assert seen / error < -1.96
    everything, error = mantel_haenszel(trials)
    assert abs(everything / error) < 1.96
