"""`capstone_dossier`: what each file says of the two agents, right and wrong."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from cohorts.capstone_dossier import EVENTS
from recovery import assert_recovered, assert_share, only_shipped, worlds
from scipy import stats

#: Zelimod prevents, corvatide does not, and the well-off choose what works.
ANOTHER = {
    "exacerbation_rate_ratio": {"zelimod": 0.7, "corvatide": 1.1},
    "marker_ratio_nk": {"zelimod": 0.8, "corvatide": 1.3},
    "marker_ratio_crp": {"zelimod": 1.2, "corvatide": 0.7},
    "marker_ratio_ifng": {"zelimod": 1.2, "corvatide": 0.7},
    "marker_crp_predicts": -0.3,
    "placebo_rate": 0.8,
    "frailty_sd": 0.3,
    "rate_prior": 0.1,
    "quality_effect": {"zelimod": 3.0, "corvatide": -2.0},
    "liver_injury_risk": {"placebo": 0.01, "zelimod": 0.03, "corvatide": 0.005},
    "leaving_log_odds": {"intercept": -1.0, "per exacerbation": -0.3},
    "registry_use_log_odds": {
        "zelimod": {"education": -0.3, "prior": 0.2, "smoker": 0.4},
        "corvatide": {"education": 0.4, "prior": -0.2, "smoker": -0.5},
    },
    "registry_rate_log_ratios": {"education": 0.1, "prior": 0.1, "smoker": -0.2},
    "report_ratio": 8.0,
    "age_years": {"mean": 60.0, "sd": 5.0},
    "female_share": 0.6,
    "prior_mean": 1.6,
    "marker_median": {"nk": 150.0, "crp": 9.0, "ifng": 300.0},
    "marker_cv_between": {"nk": 0.3, "crp": 0.6, "ifng": 0.4},
    "marker_cv_within": {"nk": 0.3, "crp": 0.25, "ifng": 0.2},
    "marker_half_time_weeks": 5.0,
    "quality_before": {"mean": 45.0, "sd": 8.0, "log rate": -5.0},
    "quality_after": {"intercept": 10.0, "before": 0.8, "sd": 6.0},
    "leaving_first_day": 60,
    "education_share": {"0": 0.2, "1": 0.3, "2": 0.5},
    "smoker_log_odds": {"intercept": 0.3, "education": -0.8},
    "registry_prior": {"mean": 0.8, "education": 0.2, "smoker": -0.2},
    "registry_use_intercept": {"zelimod": -0.5, "corvatide": -1.0},
    "registry_rate": 1.3,
    "report_share": {"zelimod": 0.03, "corvatide": 0.10},
    "event_share_exponent": 0.5,
}
world = worlds("capstone_dossier", ANOTHER)
SEEDS = range(6)
AGENTS = ["zelimod", "corvatide"]
EDUCATED = ["education", "prior_exacerbations", "smoker"]


@pytest.fixture(scope="module")
def drawn(world):
    return [world.make(random_state=seed) for seed in SEEDS]


def rate_model(count, design, exposure=None):
    """Poisson regression with the dispersion taken from the data (quasi-Poisson)."""
    model = sm.GLM(
        count,
        design.astype(float),
        family=sm.families.Poisson(),
        offset=None if exposure is None else np.log(exposure),
    )
    return model.fit(scale="X2")


def of_agents(column):
    return np.column_stack([column == agent for agent in AGENTS])


def recovered(fits, position, truth):
    assert_recovered(
        [np.asarray(fit.params)[position] for fit in fits],
        [np.asarray(fit.bse)[position] for fit in fits],
        truth,
    )


@pytest.fixture(scope="module")
def trial_fits(drawn):
    fits = []
    for made in drawn:
        t = made.trial
        design = np.column_stack(
            [np.ones(len(t)), of_agents(t["arm"]), t["prior_exacerbations"] - 2]
        )
        fits.append(rate_model(t["exacerbations"], design, t["follow_up_days"] / 365))
    return fits


@pytest.mark.parametrize("agent", AGENTS)
def test_the_trial_finds_the_effect_on_exacerbations(world, trial_fits, agent):
    truth = np.log(world.true["exacerbation_rate_ratio"][agent])
    recovered(trial_fits, 1 + AGENTS.index(agent), truth)


def test_earlier_exacerbations_predict_later_ones(world, trial_fits):
    recovered(trial_fits, 3, world.true["rate_prior"])


def test_placebo_rate_and_frailty(world):
    """Moments of those who stayed the whole year, the stay weighted away.

    Nobody's stay depends on the count given the rate; with leaving switched to
    chance by weights from the planted odds it would need the rate. So the mean and
    the variance are compared with a numerical integral over the planted model.
    """
    rng = np.random.default_rng(3)
    m = 1_000_000
    prior = 1 + rng.poisson(world.true["prior_mean"], m)
    spread = np.sqrt(np.log1p(world.true["marker_cv_between"]["crp"] ** 2))
    crp = spread * rng.standard_normal(m)
    log_rate = (
        np.log(world.true["placebo_rate"])
        + world.true["rate_prior"] * (prior - 2)
        + world.true["marker_crp_predicts"] * crp
        + world.true["frailty_sd"] * rng.standard_normal(m)
    )
    rate = np.exp(log_rate)
    odds = world.true["leaving_log_odds"]
    leave = 1 / (1 + np.exp(-odds["intercept"] - odds["per exacerbation"] * rate))
    mean = np.average(rate, weights=1 - leave)
    variance = mean + np.average((rate - mean) ** 2, weights=1 - leave)
    means, variances, leaving = [], [], []
    for seed in SEEDS:
        t = world.make(random_state=seed).trial
        placebo = t[t["arm"] == "placebo"]
        stayed = placebo["quality_after"].notna()
        count = placebo.loc[stayed, "exacerbations"]
        means.append((count.mean(), count.sem()))
        squares = (count - count.mean()) ** 2
        variances.append((squares.mean(), squares.sem()))
        left = t["quality_after"].isna()
        leaving.append((left.mean(), left.std() / np.sqrt(len(t))))
    assert_recovered(*np.transpose(means), mean)
    assert_recovered(*np.transpose(variances), variance)
    assert_recovered(*np.transpose(leaving), leave.mean())


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize(
    ("marker", "column"),
    [("nk", "nk_cells_ul"), ("crp", "crp_mg_l"), ("ifng", "ifng_pg_ml")],
)
def test_markers_move_as_planted(world, drawn, agent, marker, column):
    """Change from week 0 to 26, and what is still to come then."""
    grown = 1 - 0.5 ** (26 / world.true["marker_half_time_weeks"])
    fits = []
    for made in drawn:
        wide = made.laboratory.pivot(index="patient", columns="week", values=column)
        change = np.log(wide[26] / wide[0])
        arm = made.trial.set_index("patient")["arm"].loc[change.index]
        a, b = change[arm == agent], change[arm == "placebo"]
        # CRP is cut at 0.2 mg/L: the median does not feel it.
        difference = a.median() - b.median()
        fits.append((difference, 1.2533 * np.hypot(a.sem(), b.sem())))
    truth = np.log(world.true[f"marker_ratio_{marker}"][agent])
    assert_recovered(*np.transpose(fits), grown * truth)


def test_crp_predicts_exacerbations_although_lowering_it_does_nothing(world):
    """Errors in the marker thin the slope; its reliability brings it back."""
    within, between = (
        np.log1p(world.true[f"marker_cv_{where}"]["crp"] ** 2)
        for where in ("within", "between")
    )
    reliability = between / (between + within)
    fits = []
    for seed in SEEDS:
        made = world.make(8000, random_state=seed)
        first = made.laboratory[made.laboratory["week"] == 0].set_index("patient")
        both = made.trial.set_index("patient").join(first["crp_mg_l"], how="inner")
        crp = np.log(both["crp_mg_l"])
        design = np.column_stack(
            [np.ones(len(both)), crp - crp.mean(), both["prior_exacerbations"] - 2,
             of_agents(both["arm"])]
        )  # fmt: skip
        fit = rate_model(both["exacerbations"], design, both["follow_up_days"] / 365)
        fits.append((fit.params.iloc[1] / reliability, fit.bse.iloc[1] / reliability))
    assert_recovered(*np.transpose(fits), world.true["marker_crp_predicts"])


@pytest.mark.parametrize("agent", AGENTS)
def test_quality_of_life_among_those_alike_before(world, drawn, agent):
    fits = []
    for made in drawn:
        t = made.trial.dropna(subset="quality_after")
        design = np.column_stack(
            [np.ones(len(t)), of_agents(t["arm"]), t["quality_before"]]
        )
        fits.append(sm.OLS(t["quality_after"].to_numpy(), design.astype(float)).fit())
    recovered(fits, 1 + AGENTS.index(agent), world.true["quality_effect"][agent])
    after = world.true["quality_after"]
    recovered(fits, 0, after["intercept"])
    recovered(fits, 3, after["before"])
    # The rounding of both qualities adds little to the SD.
    spreads = [np.log(fit.mse_resid) / 2 for fit in fits]
    errors = [1 / np.sqrt(2 * fit.df_resid) for fit in fits]
    truth = np.log(after["sd"] ** 2 + 1 / 12) / 2
    assert_recovered(spreads, errors, truth)


@pytest.mark.parametrize("arm", ["placebo", *AGENTS])
def test_liver_injury(world, drawn, arm):
    injured = [
        made.trial.loc[made.trial["arm"] == arm, "liver_injury"] for made in drawn
    ]
    seen, people = sum(x.sum() for x in injured), sum(x.size for x in injured)
    risk = world.true["liver_injury_risk"][arm]
    assert stats.binomtest(int(seen), int(people), risk).pvalue > 1e-4


@pytest.fixture(scope="module")
def registry_fits(drawn):
    fits = []
    for made in drawn:
        r = made.registry
        design = np.column_stack([np.ones(len(r)), of_agents(r["use"]), r[EDUCATED]])
        fits.append(rate_model(r["exacerbations"], design))
    return fits


@pytest.mark.parametrize("agent", AGENTS)
def test_the_registry_agrees_once_adjusted(world, registry_fits, agent):
    truth = np.log(world.true["exacerbation_rate_ratio"][agent])
    recovered(registry_fits, 1 + AGENTS.index(agent), truth)


def test_what_else_drives_exacerbations_in_the_registry(world, registry_fits):
    # The mean over patients lies above the median by half the variance of the log.
    middle = np.log(world.true["registry_rate"]) + world.true["frailty_sd"] ** 2 / 2
    recovered(registry_fits, 0, middle)
    for position, slope in enumerate(world.true["registry_rate_log_ratios"].values()):
        recovered(registry_fits, 3 + position, slope)


@pytest.mark.parametrize("agent", AGENTS)
def test_who_uses_what(world, drawn, agent):
    fits = []
    for made in drawn:
        r = made.registry[made.registry["use"].isin(["neither", agent])]
        design = sm.add_constant(r[EDUCATED].astype(float))
        fits.append(sm.Logit((r["use"] == agent).astype(int), design).fit(disp=0))
    planted = world.true["registry_use_log_odds"][agent]
    recovered(fits, 0, world.true["registry_use_intercept"][agent])
    for position, name in enumerate(["education", "prior", "smoker"]):
        recovered(fits, 1 + position, planted[name])


# -- What patients are like


def test_ages_women_and_earlier_exacerbations(world, drawn):
    ages = np.concatenate(
        [t["age_years"] for made in drawn for t in (made.trial, made.registry)]
    )
    shaken = ages + np.random.default_rng(7).uniform(-0.5, 0.5, ages.size)
    low, middle, high = np.quantile(shaken, [0.2, 0.5, 0.8])
    planted = world.true["age_years"]
    error = planted["sd"] / np.sqrt(ages.size)
    assert_recovered([middle], [1.2533 * error], planted["mean"])
    assert_recovered([(high - low) / 1.6832], [error], planted["sd"])
    women = [
        t["sex"] == "female" for made in drawn for t in (made.trial, made.registry)
    ]
    women = np.concatenate(women)
    assert_share(women.sum(), women.size, world.true["female_share"])
    prior = [made.trial["prior_exacerbations"] - 1 for made in drawn]
    means, errors = [x.mean() for x in prior], [x.sem() for x in prior]
    assert_recovered(means, errors, world.true["prior_mean"])


@pytest.mark.parametrize(
    ("marker", "column"),
    [("nk", "nk_cells_ul"), ("crp", "crp_mg_l"), ("ifng", "ifng_pg_ml")],
)
def test_level_and_variation_of_a_marker(world, marker, column):
    """At weeks 0 and 4 of placebo: what lasts, and what changes from visit to visit."""
    true = world.true
    within, between = (
        np.log1p(true[f"marker_cv_{where}"][marker] ** 2)
        for where in ("within", "between")
    )
    medians, lasting, passing, builds = [], [], [], []
    for seed in SEEDS:
        made = world.make(4000, random_state=seed)
        arm = made.trial.set_index("patient")["arm"]
        wide = made.laboratory.pivot(index="patient", columns="week", values=column)
        log = np.log(wide)
        alone = log[arm.loc[log.index] == "placebo"]
        n, spread = len(alone), np.sqrt(within + between)
        medians.append((alone[0].median(), 1.2533 * spread / np.sqrt(n)))
        covariance = alone[[0, 26]].cov().iloc[0, 1]
        lasting.append((covariance, (within + between) * np.sqrt(1 / n) * 1.2))
        change = (alone[26] - alone[0]).var() / 2
        passing.append((change, change * np.sqrt(2 / n) * 1.2))
        # A part of the effect is there after four weeks.
        treated = log[arm.loc[log.index] == "zelimod"]
        gain = treated[4] - treated[0]
        error = np.hypot(gain.sem(), (alone[4] - alone[0]).sem())
        builds.append((gain.mean() - (alone[4] - alone[0]).mean(), error))
    assert_recovered(*np.transpose(medians), np.log(true["marker_median"][marker]))
    assert_recovered(*np.transpose(lasting), between)
    assert_recovered(*np.transpose(passing), within)
    grown = 1 - 0.5 ** (4 / true["marker_half_time_weeks"])
    effect = np.log(true[f"marker_ratio_{marker}"]["zelimod"])
    assert_recovered(*np.transpose(builds), grown * effect)


def test_quality_of_life_before(world):
    """Mean and variance, against an integral over the rates of the patients."""
    true, rng = world.true, np.random.default_rng(11)
    m = 400_000
    spread = np.sqrt(np.log1p(true["marker_cv_between"]["crp"] ** 2))
    prior = 1 + rng.poisson(true["prior_mean"], m)
    log_rate = (
        np.log(true["placebo_rate"])
        + true["rate_prior"] * (prior - 2)
        + true["marker_crp_predicts"] * spread * rng.standard_normal(m)
        + true["frailty_sd"] * rng.standard_normal(m)
    )
    life = true["quality_before"]
    expected = life["mean"] + life["sd"] * rng.standard_normal(m)
    expected = np.clip(np.round(expected + life["log rate"] * log_rate), 0, 100)
    slope = np.polyfit(prior, expected, 1)[0]
    means, variances, slopes = [], [], []
    for seed in SEEDS:
        trial = world.make(3000, random_state=seed).trial
        before = trial["quality_before"]
        means.append((before.mean(), before.sem()))
        squares = (before - before.mean()) ** 2
        variances.append((squares.mean(), squares.sem()))
        fit = stats.linregress(trial["prior_exacerbations"], before)
        slopes.append((fit.slope, fit.stderr))
    assert_recovered(*np.transpose(means), expected.mean())
    assert_recovered(*np.transpose(variances), expected.var())
    # Through the rate alone do earlier exacerbations lower the quality.
    assert_recovered(*np.transpose(slopes), slope)


def test_who_leaves_does_so_after_the_first_days(world, drawn):
    for made in drawn:
        left = made.trial[made.trial["quality_after"].isna()]
        days = left["follow_up_days"]
        first = world.true["leaving_first_day"]
        assert first <= days.min() < first + 25
        assert_recovered([days.mean()], [days.sem()], (first + 364) / 2)


def test_education_smoking_and_earlier_exacerbations_in_the_registry(world, drawn):
    registry = pd.concat([made.registry for made in drawn])
    counts = registry["education"].astype(str).value_counts()
    for level, share in world.true["education_share"].items():
        assert_share(counts[level], len(registry), share)
    education = sm.add_constant(registry["education"].astype(float))
    smoking = sm.Logit(registry["smoker"].astype(int), education).fit(disp=0)
    recovered([smoking], 0, world.true["smoker_log_odds"]["intercept"])
    recovered([smoking], 1, world.true["smoker_log_odds"]["education"])
    both = education.assign(smoker=registry["smoker"].astype(float))
    prior = sm.GLM(registry["prior_exacerbations"], both, sm.families.Poisson()).fit()
    had = world.true["registry_prior"]
    for position, truth in enumerate(
        [np.log(had["mean"]), had["education"], had["smoker"]]
    ):
        recovered([prior], position, truth)


def test_what_is_reported_and_how_often(world, drawn):
    """Without the event that is reported too often of one agent."""
    reports = pd.concat([made.reports for made in drawn])
    others = reports[reports["event"] != "Liver injury"]
    for agent, share in world.true["report_share"].items():
        assert_share((others["drug"] == agent).sum(), len(others), share)
    alone = reports[reports["drug"] != "corvatide"]
    counts = alone["event"].value_counts().reindex(EVENTS).to_numpy()
    log_rank = np.log(np.arange(1, len(EVENTS) + 1))
    family = sm.families.Poisson()
    fit = sm.GLM(counts, sm.add_constant(log_rank), family=family).fit()
    recovered([fit], 1, -world.true["event_share_exponent"])


@only_shipped
def test_compared_crudely_the_registry_turns_the_agents_round(world, drawn):
    """The useless one looks protective, the useful one loses most of its effect."""
    crude = []
    for made in drawn:
        mean = made.registry.groupby("use")["exacerbations"].mean()
        crude.append([mean[agent] / mean["neither"] for agent in AGENTS])
        assert crude[-1][0] < 0.9
    zelimod, corvatide = np.mean(crude, axis=0)
    assert zelimod < 0.82
    assert corvatide > 0.92


def test_reports_hold_one_signal(world, drawn):
    for agent, truth in [
        ("corvatide", np.log(world.true["report_ratio"])),
        ("zelimod", 0.0),
    ]:
        fits = []
        for made in drawn:
            other = "zelimod" if agent == "corvatide" else "corvatide"
            r = made.reports[made.reports["drug"] != other]
            drug, event = r["drug"] == agent, r["event"] == "Liver injury"
            table = np.array(
                [(drug & event).sum(), (drug & ~event).sum(),
                 (~drug & event).sum(), (~drug & ~event).sum()], float,
            )  # fmt: skip
            fits.append((np.log(table) @ [1, -1, -1, 1], np.sqrt((1 / table).sum())))
        assert_recovered(*np.transpose(fits), truth)
