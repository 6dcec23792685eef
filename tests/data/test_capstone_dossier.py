"""`capstone_dossier`: what each file says of the two agents, right and wrong."""

import cohorts
import numpy as np
import pytest
import statsmodels.api as sm
from recovery import assert_recovered
from scipy import stats

TRUE = cohorts.truth("capstone_dossier")
SEEDS = range(6)
AGENTS = ["zelimod", "corvatide"]
EDUCATED = ["education", "prior_exacerbations", "smoker"]


@pytest.fixture(scope="module")
def drawn():
    return [cohorts.make_capstone_dossier(random_state=seed) for seed in SEEDS]


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
def test_the_trial_finds_the_effect_on_exacerbations(trial_fits, agent):
    truth = np.log(TRUE["exacerbation_rate_ratio"][agent])
    recovered(trial_fits, 1 + AGENTS.index(agent), truth)


def test_earlier_exacerbations_predict_later_ones(trial_fits):
    recovered(trial_fits, 3, TRUE["rate_prior"])


def test_placebo_rate_and_frailty():
    """Moments of those who stayed the whole year, the stay weighted away.

    Nobody's stay depends on the count given the rate; with leaving switched to
    chance by weights from the planted odds it would need the rate. So the mean and
    the variance are compared with a numerical integral over the planted model.
    """
    rng = np.random.default_rng(3)
    m = 1_000_000
    prior = 1 + rng.poisson(1.0, m)
    crp = np.sqrt(np.log1p(0.9**2)) * rng.standard_normal(m)
    log_rate = (
        np.log(TRUE["placebo_rate"])
        + TRUE["rate_prior"] * (prior - 2)
        + TRUE["marker_crp_predicts"] * crp
        + TRUE["frailty_sd"] * rng.standard_normal(m)
    )
    rate = np.exp(log_rate)
    odds = TRUE["leaving_log_odds"]
    leave = 1 / (1 + np.exp(-odds["intercept"] - odds["per exacerbation"] * rate))
    mean = np.average(rate, weights=1 - leave)
    variance = mean + np.average((rate - mean) ** 2, weights=1 - leave)
    means, variances, leaving = [], [], []
    for seed in SEEDS:
        t = cohorts.make_capstone_dossier(random_state=seed).trial
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
def test_markers_move_as_planted(drawn, agent, marker, column):
    """Change from week 0 to 26, when 0.01 % of the effect is still to come."""
    fits = []
    for made in drawn:
        wide = made.laboratory.pivot(index="patient", columns="week", values=column)
        change = np.log(wide[26] / wide[0])
        arm = made.trial.set_index("patient")["arm"].loc[change.index]
        a, b = change[arm == agent], change[arm == "placebo"]
        # CRP is cut at 0.2 mg/L: the median does not feel it.
        difference = a.median() - b.median()
        fits.append((difference, 1.2533 * np.hypot(a.sem(), b.sem())))
    assert_recovered(*np.transpose(fits), np.log(TRUE[f"marker_ratio_{marker}"][agent]))


def test_crp_predicts_exacerbations_although_lowering_it_does_nothing():
    """Errors in the marker thin the slope; its reliability brings it back."""
    within, between = np.log1p(0.42**2), np.log1p(0.9**2)
    reliability = between / (between + within)
    fits = []
    for seed in SEEDS:
        made = cohorts.make_capstone_dossier(8000, random_state=seed)
        first = made.laboratory[made.laboratory["week"] == 0].set_index("patient")
        both = made.trial.set_index("patient").join(first["crp_mg_l"], how="inner")
        crp = np.log(both["crp_mg_l"])
        design = np.column_stack(
            [np.ones(len(both)), crp - crp.mean(), both["prior_exacerbations"] - 2,
             of_agents(both["arm"])]
        )  # fmt: skip
        fit = rate_model(both["exacerbations"], design, both["follow_up_days"] / 365)
        fits.append((fit.params.iloc[1] / reliability, fit.bse.iloc[1] / reliability))
    assert_recovered(*np.transpose(fits), TRUE["marker_crp_predicts"])


@pytest.mark.parametrize("agent", AGENTS)
def test_quality_of_life_among_those_alike_before(drawn, agent):
    fits = []
    for made in drawn:
        t = made.trial.dropna(subset="quality_after")
        design = np.column_stack(
            [np.ones(len(t)), of_agents(t["arm"]), t["quality_before"]]
        )
        fits.append(sm.OLS(t["quality_after"].to_numpy(), design.astype(float)).fit())
    recovered(fits, 1 + AGENTS.index(agent), TRUE["quality_effect"][agent])


@pytest.mark.parametrize("arm", ["placebo", *AGENTS])
def test_liver_injury(drawn, arm):
    injured = [
        made.trial.loc[made.trial["arm"] == arm, "liver_injury"] for made in drawn
    ]
    seen, people = sum(x.sum() for x in injured), sum(x.size for x in injured)
    risk = TRUE["liver_injury_risk"][arm]
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
def test_the_registry_agrees_once_adjusted(registry_fits, agent):
    truth = np.log(TRUE["exacerbation_rate_ratio"][agent])
    recovered(registry_fits, 1 + AGENTS.index(agent), truth)


def test_what_else_drives_exacerbations_in_the_registry(registry_fits):
    for position, slope in enumerate(TRUE["registry_rate_log_ratios"].values()):
        recovered(registry_fits, 3 + position, slope)


@pytest.mark.parametrize("agent", AGENTS)
def test_who_uses_what(drawn, agent):
    fits = []
    for made in drawn:
        r = made.registry[made.registry["use"].isin(["neither", agent])]
        design = sm.add_constant(r[EDUCATED].astype(float))
        fits.append(sm.Logit((r["use"] == agent).astype(int), design).fit(disp=0))
    planted = TRUE["registry_use_log_odds"][agent]
    for position, name in enumerate(["education", "prior", "smoker"]):
        recovered(fits, 1 + position, planted[name])


def test_compared_crudely_the_registry_turns_the_agents_round(drawn):
    """The useless one looks protective, the useful one loses most of its effect."""
    crude = []
    for made in drawn:
        mean = made.registry.groupby("use")["exacerbations"].mean()
        crude.append([mean[agent] / mean["neither"] for agent in AGENTS])
        assert crude[-1][0] < 0.9
    zelimod, corvatide = np.mean(crude, axis=0)
    assert zelimod < 0.82
    assert corvatide > 0.92


def test_reports_hold_one_signal(drawn):
    for agent, truth in [("corvatide", np.log(TRUE["report_ratio"])), ("zelimod", 0.0)]:
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
