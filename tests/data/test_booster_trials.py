"""`booster_trials`: all trials together say nothing, the published ones something."""

import cohorts
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from recovery import World, assert_recovered, assert_share, only_shipped, worlds
from scipy import optimize, stats
from statsmodels.stats.meta_analysis import combine_effects, effectsize_2proportions
from statsmodels.tools.numdiff import approx_hess

#: A booster that works, more in some places than in others, judged by fewer.
ANOTHER = {
    "log_risk_ratio": -0.35,
    "tau": 0.2,
    "placebo_risk": 0.3,
    "placebo_risk_sd": 0.3,
    "arm_size_median": 120.0,
    "arm_size_sd": 0.5,
    "publication_intercept": 0.4,
    "publication_slope_z": 0.8,
    "publication_slope_size": -0.6,
    "publication_large": 250,
    "arm_size_range": (40.0, 600.0),
    "lost_at_start": 0.2,
    "concealed_share": 0.7,
}
world = worlds("booster_trials", ANOTHER)
SEEDS = range(10)


@pytest.fixture(scope="module")
def drawn(world):
    """Ten literatures of 600 trials: enough for the large-sample errors to hold."""
    return [world.make(600, random_state=seed) for seed in SEEDS]


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


@only_shipped
def test_all_trials_together_find_nothing(world, drawn):
    assert_recovered(
        *np.transpose([mantel_haenszel(trials) for trials in drawn]),
        world.true["log_risk_ratio"],
    )


@only_shipped
def test_trials_do_not_differ_beyond_chance(world, drawn):
    assert world.true["tau"] == 0
    for trials in drawn:
        large = trials[trials["n_placebo"] > 60]
        y, v = log_ratios(large)
        q = combine_effects(y, v).q
        assert stats.chi2.sf(q, len(large) - 1) > 1e-4


def test_effect_and_its_spread_between_trials(world):
    """Of large trials, where a ratio is nearly normal, mean and excess variance."""
    planted = world.true
    large = {"arm_size_median": 900.0, "arm_size_range": (500.0, 2000.0)}
    wide = World("booster_trials", planted | large)
    means, spreads = [], []
    for seed in SEEDS:
        y, v = log_ratios(wide.make(400, random_state=seed))
        means.append((y.mean(), stats.sem(y)))
        squares = (y - y.mean()) ** 2 * y.size / (y.size - 1)
        spreads.append((np.mean(squares - v), stats.sem(squares)))
    # A mean over trials of ln(ratio) is off by half the difference of 1 / events.
    assert_recovered(*np.transpose(means), planted["log_risk_ratio"])
    assert_recovered(*np.transpose(spreads), planted["tau"] ** 2)


def test_placebo_risk(world, drawn):
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
    risk = world.true["placebo_risk"]
    assert_recovered(*np.transpose(estimates), np.log(risk / (1 - risk)))
    assert_recovered(*np.transpose(spreads), world.true["placebo_risk_sd"] ** 2)


def test_size_of_the_arms(world, drawn):
    """By maximum likelihood of a normal of the logarithm, cut at both ends."""
    low, high = world.true["arm_size_range"]
    lost = 2 * world.true["lost_at_start"]
    centres, spreads = [], []
    for trials in drawn:
        # What was planned is what is left and what was lost, on average.
        arms = trials[["n_booster", "n_placebo"]].mean(axis=1) + lost
        inside = np.log(arms[(arms > low + 2) & (arms < high - 2)])
        ends = np.log([low + 2, high - 2])

        def minus(theta, inside=inside, ends=ends):
            of = stats.norm(theta[0], np.exp(theta[1]))
            return -(of.logpdf(inside) - np.log(np.diff(of.cdf(ends))[0])).sum()

        fit = optimize.minimize(minus, [inside.mean(), np.log(inside.std())])
        errors = np.sqrt(np.diag(np.linalg.inv(approx_hess(fit.x, minus))))
        centres.append((fit.x[0], errors[0]))
        spreads.append((fit.x[1], errors[1]))
        assert arms.min() >= low - 2 and arms.max() <= high + 1
    assert_recovered(*np.transpose(centres), np.log(world.true["arm_size_median"]))
    assert_recovered(*np.transpose(spreads), np.log(world.true["arm_size_sd"]))


def test_who_is_lost_and_what_is_concealed(world, drawn):
    """Two arms of one planned size: they differ by what each lost of two people."""
    trials = pd.concat(drawn)
    p = world.true["lost_at_start"]
    apart = (trials["n_booster"] != trials["n_placebo"]).sum()
    same = p**4 + (2 * p * (1 - p)) ** 2 + (1 - p) ** 4
    assert_share(apart, len(trials), 1 - same)
    assert_share(trials["concealed"].sum(), len(trials), world.true["concealed_share"])


def test_selection_function_from_all_trials(world, drawn):
    fits = []
    for trials in drawn:
        z, total = two_proportion_z(trials), trials["n_booster"] + trials["n_placebo"]
        small = np.where(total < world.true["publication_large"], z, 0.0)
        design = np.column_stack([np.ones(len(trials)), small, np.log(total / 100)])
        fits.append(sm.Logit(trials["published"].astype(int), design).fit(disp=0))
    for position, name in enumerate(["intercept", "slope_z", "slope_size"]):
        estimates = [fit.params.iloc[position] for fit in fits]
        errors = [fit.bse.iloc[position] for fit in fits]
        assert_recovered(estimates, errors, world.true[f"publication_{name}"])


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


@only_shipped
def test_the_published_trials_favour_the_booster(world, drawn):
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


def test_every_ratio_has_a_logarithm_and_counts_are_binomial_without_zero():
    """In arms of ten with little to catch most would have had nobody."""
    little = {"placebo_risk": 0.05, "placebo_risk_sd": 0.0, "lost_at_start": 0.0}
    small = {"arm_size_median": 15.0, "arm_size_sd": 0.0, "arm_size_range": (15, 15)}
    made = cohorts.make_booster_trials(20_000, truth=little | small, random_state=3)
    counts = made[["infected_booster", "infected_placebo"]].to_numpy().ravel()
    assert counts.min() == 1
    those = np.arange(1, 5)
    want = stats.binom.pmf(those, 15, 0.05) / stats.binom.sf(0, 15, 0.05)
    seen = [(counts == one).mean() for one in those]
    assert np.allclose(seen, want, atol=4 * np.sqrt(0.25 / counts.size))
