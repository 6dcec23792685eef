"""Application: the notebooks' methods against other routes and published numbers.

The cells that define a method are run by themselves. They are held against the
cohort's own solver, a general optimiser, statsmodels, brute force, and R's results in
`tests/data/oracle.json`; the numbers that the pages print, against the papers.
"""

import json
from pathlib import Path

import cohorts
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from cohorts import transplant_tdm, trials
from course import scores
from course.exposure import time_in_range
from notebooks import definitions, numbers
from scipy import integrate, optimize, stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import survdiff
from tolerances import FITTED, ROUNDING, SOLVED

ROOT = Path(__file__).resolve().parents[2]
REJECTION = "application/01-preventing-rejection"
STIMULATION = "application/02-stimulating-immunity"
TARGET = "application/03-treat-to-target"
ORACLE = json.loads((ROOT / "tests/data/oracle.json").read_text())["cgd"]
TRUE = cohorts.truth("transplant_tdm")


# Tacrolimus: the model, MAP, time in range


def tdm(*cells):
    return definitions(REJECTION, "normalised", "model", "map", *cells)


def test_the_trough_is_that_of_many_single_doses_added_up():
    """Superposition of 60 doses, each by the one-dose formula, without steady state."""
    cl, v, ka = 23.0, TRUE["v_l"], TRUE["ka_h"]
    since = np.arange(1, 61) * 12 - TRUE["lag_h"]
    single = ka / (v * (ka - cl / v)) * (np.exp(-cl / v * since) - np.exp(-ka * since))
    trough = np.exp(tdm()["log_trough"](3.0, np.log(cl), 0.34))
    assert trough == pytest.approx(3000 * single.sum(), rel=SOLVED)


@pytest.mark.parametrize("haematocrit", [0.28, 0.34, 0.42])
def test_the_trough_is_that_of_the_cohort(haematocrit):
    cl = 23.0 * (haematocrit / 0.34) ** TRUE["cl_haematocrit_power"]
    theirs = transplant_tdm.concentration(4.0, cl, TRUE["v_l"], 12.0)
    ours = tdm()["log_trough"](4.0, np.log(23.0), haematocrit)
    assert ours == pytest.approx(np.log(theirs), abs=ROUNDING)


def test_map_is_where_a_general_optimiser_ends_and_where_the_density_peaks():
    names = tdm("check")
    for row in range(3, 250, 25):
        best = optimize.minimize(
            names["minus_log_posterior"],
            3.0,
            args=(row,),
            method="Nelder-Mead",
            options={"xatol": 1e-8, "fatol": 1e-10},
        ).x[0]
        assert names["theta"][row] == pytest.approx(best, abs=SOLVED)


def test_the_sd_left_is_that_of_the_posterior_by_integration():
    names = tdm("check")
    for row in (0, 60, 120):
        grid = names["theta"][row] + np.linspace(-0.5, 0.5, 2001)
        height = [-0.5 * names["minus_log_posterior"](t, row) for t in grid]
        density = np.exp(height - np.max(height))
        density /= integrate.trapezoid(density, grid)
        mean = integrate.trapezoid(density * grid, grid)
        sd = np.sqrt(integrate.trapezoid(density * (grid - mean) ** 2, grid))
        assert names["left_sd"][row] == pytest.approx(sd, rel=0.03)


def test_without_a_sample_map_is_the_prior_and_many_samples_outweigh_it():
    names = tdm()
    none = np.full((1, 3), np.nan)
    dose, blood, prior = np.full((1, 3), 4.0), np.full((1, 3), 0.34), np.array([3.1])
    theta, sd = names["map_clearance"](dose, blood, none, prior)
    assert (theta[0], sd[0]) == pytest.approx((3.1, names["omega"]))
    many = np.full((1, 400), 4.0), np.full((1, 400), 0.34)
    y = names["log_trough"](many[0], 3.7, many[1])
    theta, _ = names["map_clearance"](*many, y, prior)
    assert theta[0] == pytest.approx(3.7, abs=0.01)


def test_genotype_moves_the_trough_as_planted():
    """The planted clearances, put through the cohort's solver, give the ratio."""
    cl = 23.0 * np.array([1, TRUE["cl_expresser"]])
    planted = np.divide(*transplant_tdm.concentration(1.0, cl, TRUE["v_l"], 12.0))
    low, high = (numbers(REJECTION)[f"rej_{end}"] for end in ("low", "high"))
    assert low < planted < high


@pytest.mark.parametrize("seed", range(3))
def test_time_in_range_is_that_of_a_fine_grid(seed):
    rng = np.random.default_rng(seed)
    day = np.cumsum(rng.integers(5, 40, 12))
    trough = np.round(rng.lognormal(1.8, 0.4, 12), 1)
    trough[4] = trough[5]
    grid = np.linspace(day[0], day[-1], 400_001)
    line = np.interp(grid, day, trough)
    brute = ((line >= 4) & (line <= 8)).mean()
    found = time_in_range(day, trough, 4, 8)
    assert found == pytest.approx(brute, abs=FITTED)


def test_the_exposure_of_the_days_at_risk_recovers_the_planted_slopes():
    """And the last trough, which was acted upon, does not: it has the wrong sign."""
    names = tdm("intervals", "poisson")
    for event in ("rejection", "infection"):
        fit = names["rate_model"](event, "predicted", "early")
        miss = fit.params["predicted"] - TRUE[f"{event}_log_ratio"]
        # Four standard errors: each new term draws both slopes again.
        assert abs(miss) < 4 * fit.bse["predicted"]
    crude = names["rate_model"]("rejection", "trough")
    wrong = crude.params["trough"] - TRUE["rejection_log_ratio"]
    assert wrong > 5 * crude.bse["trough"]


def test_the_poisson_rate_is_events_over_years_without_terms():
    names = tdm("intervals", "poisson")
    between = names["between"]
    own = between[between["day"] < between["infection_days"]]
    years = (np.minimum(own["to"], own["infection_days"]) - own["day"]).sum() / 365.25
    events = (own["infection"] & (own["infection_days"] <= own["to"])).sum()
    rate = np.exp(names["rate_model"]("infection").params["const"])
    assert rate == pytest.approx(events / years, rel=SOLVED)


def test_a_heavier_rejection_asks_for_a_higher_target():
    """At the best aim the two weighted slopes cancel (checked by differences)."""
    names = tdm("intervals", "poisson", "tradeoff", "target")
    aims = [names["best_aim"][w][1] for w in sorted(names["best_aim"])]
    assert aims == sorted(aims)
    assert aims[0] < aims[-1]
    w, aim = 2, names["best_aim"][2][1]

    def cost(c):
        total = 0.0
        for event, weight in (("rejection", w), ("infection", 1)):
            slope = TRUE[f"{event}_log_ratio"] * (c - 8)
            rate = TRUE[f"{event}_rate"]["late"] * np.exp(slope)
            total += weight * -np.expm1(-rate * 275 / 365.25)
        return total

    assert aim == pytest.approx(
        optimize.minimize_scalar(cost, bounds=(3, 16), method="bounded").x, abs=0.06
    )


def test_the_dose_asked_for_gives_the_trough_asked_for():
    names = tdm("protocol")
    goals, theta = np.array([6.0, 10.0]), np.log([20.0, 35.0])
    doses = names["dose_for"](goals, theta, 0.34)
    assert (2 * doses == np.round(2 * doses)).all()
    per_mg = np.exp(names["log_trough"](1.0, theta, 0.34))
    assert (np.abs(doses * per_mg - goals) <= 0.25 * per_mg + 1e-9).all()


def test_expected_events_at_a_constant_concentration_are_a_closed_form():
    """90 days at the early rate and 270 at the late one, at 8 and at 10 ng/mL."""
    names = tdm("protocol", "react", "loop", "benefit")
    for event in ("rejection", "infection"):
        early, late = TRUE[f"{event}_rate"]["early"], TRUE[f"{event}_rate"]["late"]
        for level in (8, 10):
            ratio = np.exp(TRUE[f"{event}_log_ratio"] * (level - 8))
            hazard = ratio * (early * 90 + late * 270) / 365.25
            found = names["expected"](event, np.full((7, 15), float(level)))
            assert found == pytest.approx(100 * -np.expm1(-hazard))


def test_the_late_window_is_left_upwards_without_a_loop():
    names = tdm("protocol", "react", "loop")
    troughs = names["years"]["fixed"][0][:, 6:]
    assert (troughs > 8).mean() > 0.5


# The interferon-gamma trial


@pytest.fixture(scope="module")
def cgd():
    return trials.load("cgd")


def trial(*cells):
    return definitions(STIMULATION, "table-patients", "counts", "risk", *cells)


def test_what_the_alt_texts_say_of_the_trial(cgd):
    """Counted patient by patient, and the curves' intervals by hand at three times."""
    infections = cgd.groupby(["treat", "id"])["status"].sum()
    placebo, treated = infections["placebo"], infections["rIFN-g"]
    assert (placebo >= 4).sum() == 3 and placebo.max() == 7
    assert (treated == treated.max()).sum() == 1 and treated.max() == 3
    assert 0.4 < (placebo > 0).mean() < 0.5 and (treated > 0).mean() < 0.25
    first = cgd[cgd["enum"] == 1]
    ends = {}
    for arm, sign in (("placebo", 1), ("rIFN-g", -1)):
        own = first[first["treat"] == arm]
        fit = sm.SurvfuncRight(own["tstop"], own["status"])
        for day in (100, 220, 320):
            last = np.searchsorted(fit.surv_times, day, side="right") - 1
            error = fit.surv_prob_se[last]
            ends[arm, day] = fit.surv_prob[last] + sign * 1.96 * error
    apart = [ends["placebo", day] < ends["rIFN-g", day] for day in (100, 220, 320)]
    assert apart == [True, False, True]


def test_the_counts_are_the_published_ones():
    """N Engl J Med 1991;324:509: 14 of 63 v 30 of 65; 20 v 56 infections."""
    count = trial()["count"]
    assert count.loc["rIFN-g"].tolist() == [63, 14, 20]
    assert count.loc["placebo"].tolist() == [65, 30, 56]


def test_the_risk_ratio_is_that_of_statsmodels():
    table = sm.stats.Table2x2([[14, 63 - 14], [30, 65 - 30]])
    names = trial()
    assert names["ratio"] == pytest.approx(table.riskratio)
    ours = names["ratio"] * np.exp(names["z"][1:] * names["se_log"])
    assert ours == pytest.approx(table.riskratio_confint(), rel=FITTED)


def test_the_exact_rate_is_where_the_poisson_tails_are_a_fortieth():
    rate, low, high = trial("rates")["exact_rate"](20, 51.89)
    assert rate == pytest.approx(20 / 51.89)
    assert stats.poisson.sf(19, low * 51.89) == pytest.approx(0.025)
    assert stats.poisson.cdf(20, high * 51.89) == pytest.approx(0.025)
    # Dixon 2010: 5 cases in 12,744 patient-years, 39 (13 to 92) per 100,000.
    published = 1e5 * trial("rates")["exact_rate"](5, 12_744)
    assert np.round(published).tolist() == [39, 13, 92]


def test_the_rate_ratio_is_that_of_poisson_regression():
    names = trial("rates", "rate-ratio")
    own = names["patients"]
    x = sm.add_constant((own["arm"] == "rIFN-g").astype(float))
    fit = sm.GLM(
        own["infections"], x, sm.families.Poisson(), exposure=own["days"]
    ).fit()
    assert names["rate_ratio"] == pytest.approx(np.exp(fit.params["arm"]))
    assert names["se_poisson"] == pytest.approx(fit.bse["arm"], rel=FITTED)


def test_the_bootstrap_is_as_wide_as_the_robust_interval(cgd):
    names = trial("rates", "rate-ratio", "clustering", "bootstrap", "cox")
    robust = names["hazard_ratio"](cgd)[2]
    width = np.log(names["boot"][1] / names["boot"][0]) / (2 * 1.96)
    assert width == pytest.approx(robust, rel=0.15)


def test_repeated_infections_agree_with_r(cgd):
    """R's coxph with ties by Breslow and cluster(id)."""
    beta, model, robust = trial("cox")["hazard_ratio"](cgd)
    assert beta == pytest.approx(ORACLE["recurrent_breslow"]["log_hr"], abs=SOLVED)
    assert robust == pytest.approx(ORACLE["recurrent_breslow"]["se_robust"], abs=SOLVED)
    # se(coef) of the same fit, R 4.2.2, survival 3.5-3.
    assert model == pytest.approx(0.26106907, abs=SOLVED)


def test_the_first_infection_agrees_with_statsmodels_and_with_r(cgd):
    first = cgd[cgd["enum"] == 1]
    beta, se, _ = trial("cox")["hazard_ratio"](first)
    theirs = PHReg(
        first["tstop"], (first["treat"] == "rIFN-g").astype(float), first["status"]
    ).fit()
    assert (beta, se) == pytest.approx((theirs.params[0], theirs.bse[0]), abs=SOLVED)
    # R takes ties by Efron, which moves the third digit.
    hr = np.exp(beta + np.array([0, -1.96, 1.96]) * se)
    theirs = [ORACLE["cox_first"][key] for key in ("hr", "ci_low", "ci_high")]
    assert hr == pytest.approx(theirs, abs=1e-3)


def test_the_log_rank_test_agrees_with_statsmodels_and_the_paper(cgd):
    first = cgd[cgd["enum"] == 1]
    chi2, p = trial("cox", "first", "logrank")["logrank"](first)
    theirs = survdiff(first["tstop"], first["status"], first["treat"])
    assert (chi2, p) == pytest.approx(theirs, rel=SOLVED)
    assert round(p, 4) == 0.0006


# Treat to target


def loop(*cells):
    return definitions(TARGET, *cells)


def one_patient(readings, target=3.2, top=3):
    """Follow the rule in words, for one patient, one visit at a time."""
    step, changed, since, path = 0, False, [], []
    for reading in readings:
        since.append(reading <= target)
        before = step
        if not changed and reading > target:
            step = min(step + 1, top)
        elif not changed and since[-3:] == [True] * 3:
            step = max(step - 1, 0)
        changed = step != before
        since = [] if changed else since
        path.append(step)
    return path


@pytest.mark.parametrize("seed", range(5))
def test_the_rule_for_all_is_the_rule_for_each(seed):
    names = loop("table-woman", "decide")
    readings = np.random.default_rng(seed).normal(3.1, 0.7, (200, 13)).round(1)
    step, run, changed = np.zeros(200, int), np.zeros(200, int), np.zeros(200, bool)
    path = []
    for score in readings.T:
        step, changed, run = names["decide"](score, step, changed, run)
        path.append(step)
    assert np.transpose(path).tolist() == [one_patient(row) for row in readings]


def test_the_rule_sends_the_woman_up_the_ladder():
    names = loop("table-woman", "decide")
    assert names["path"] == one_patient(names["readings"])


def test_the_standard_error_comes_from_the_published_difference():
    """Ann Rheum Dis 2009;68:972: 1.32 points for DAS28."""
    sem = loop("ladder", "people")["SEM"]
    rng = np.random.default_rng(1)
    differences = np.diff(rng.normal(4, sem, (400_000, 2)), axis=1)
    assert np.quantile(np.abs(differences), 0.95) == pytest.approx(1.32, abs=0.01)


def test_the_wrong_side_is_what_drawing_gives():
    names = loop("ladder", "people", "wrong-side")
    rng = np.random.default_rng(2)
    read = 2.9 + names["SEM"] * rng.standard_normal((200_000, 6))
    once, pair = names["reads_above"](2.9), names["reads_above"](2.9, readings=2)
    assert (read[:, 0] > 3.2).mean() == pytest.approx(once, abs=0.005)
    assert (read[:, :2].mean(1) > 3.2).mean() == pytest.approx(pair, abs=0.005)
    assert (read > 3.2).any(1).mean() == pytest.approx(1 - (1 - once) ** 6, abs=0.005)


STRATEGIES = ("table-woman", "ladder", "decide", "people", "strategies", "follow")


def strategies():
    return loop(*STRATEGIES)


def test_fixed_dosing_settles_where_start_minus_fall_lies():
    names = strategies()
    true, _, step = names["follow"](names["fixed"])
    assert (step == 0).all()
    settled = np.maximum(names["start"] - names["fall"][:, 0], 0.5).mean()
    assert true[:, -1].mean() == pytest.approx(settled, abs=0.03)


def test_transitions_agree_with_a_cross_table():
    names = loop(*STRATEGIES, "compare", "transitions")
    true = names["runs"]["to target"][0]
    before = scores.das28_category(true[:, 6])
    after = scores.das28_category(true[:, 12])
    cross = pd.crosstab(before, after, normalize="index")
    state = names["state"]
    ours = names["transitions"](state[:, 6], state[:, 12])
    assert ours == pytest.approx(cross.to_numpy())


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_error_raises_treatment_and_bias_hides_activity(seed):
    """What the text says of directions holds for other draws."""
    names = strategies()
    made = {
        sem: names["follow"](names["to_target"](), sem=sem, seed=seed)
        for sem in (0.0, names["SEM"], 0.8)
    }
    biologic = [(step[:, 6:] >= 2).mean() for _, _, step in made.values()]
    at = [(true[:, 6:] <= 3.2).mean() for true, _, _ in made.values()]
    assert biologic == sorted(biologic)
    assert at == sorted(at)
    true, score, _ = names["follow"](names["to_target"](), bias=-0.5, seed=seed)
    assert (score[:, 6:] <= 3.2).mean() > (true[:, 6:] <= 3.2).mean() + 0.05


def test_the_trials_are_as_published():
    """Counts of the abstracts, under Findings and Results.

    TICORA (Grigor2004ticora): remission, a disease activity score below 1.6. ARCTIC
    (Haavardsholm2016arctic): the primary end point.
    """
    table = loop("trials")["trials"]
    for name, counts in {
        "TICORA": (36 / 55, 9 / 55),
        "ARCTIC": (26 / 118, 21 / 112),
    }.items():
        shown = table.loc[name, ["strategy, %", "without, %"]].astype(float)
        assert shown.tolist() == [round(100 * share) for share in counts]
