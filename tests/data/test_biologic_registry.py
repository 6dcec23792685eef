"""`biologic_registry`: the crude ratio is twice the causal one, adjustment finds it."""

import numpy as np
import pytest
import statsmodels.api as sm
from cohorts.biologic_registry import STEROID
from recovery import assert_recovered, assert_share, only_shipped, worlds
from scipy import stats
from tolerances import as_printed

#: A biologic that protects, given to the young and well, by clinics that agree.
ANOTHER = {
    "infection_hazard_ratio": 0.7,
    "infection_rate": 0.03,
    "steroid_rate_ratio": {"1-5": 1.1, "6-10": 1.4, ">10": 3.0},
    "infection_log_ratios": {
        "das28": -0.1,
        "comorbidities": 0.1,
        "prior_infection": 0.4,
        "age": 0.04,
    },
    "treatment_log_odds": {
        "intercept": -0.5,
        "das28": -0.4,
        "steroid": 0.2,
        "comorbidities": -0.2,
        "prior_infection": -0.6,
        "age": -0.03,
    },
    "clinic_sd": 0.3,
    "death_rate": 0.02,
    "death_log_ratios": {"comorbidities": 0.1, "age": 0.03},
    "leaving_rate": 0.2,
    "smoker_missing": 0.2,
    "female_share": 0.4,
    "age_years": {"mean": 50.0, "sd": 10.0},
    "das28": {"mean": 5.2, "sd": 0.8},
    "steroid_das28_slope": 0.2,
    "steroid_cuts": (-0.5, 0.6, 1.5),
    "comorbidities": {"mean": 1.4, "age": 0.01},
    "prior_infection_log_odds": {
        "intercept": -1.5,
        "comorbidities": 0.2,
        "steroid": 0.1,
    },
    "smoker_share": 0.4,
}
world = worlds("biologic_registry", ANOTHER)
SEEDS = range(6)


@pytest.fixture(scope="module")
def drawn(world):
    return [world.make(random_state=seed) for seed in SEEDS]


def covariates(frame):
    """Return the columns that the planted rates use, one a planted slope."""
    steroid = frame["steroid_mg_d"].map({dose: i for i, dose in enumerate(STEROID)})
    return steroid, np.column_stack(
        [
            frame["das28"] - 5,
            frame["comorbidities"],
            frame["prior_infection"],
            frame["age_years"] - 55,
        ]
    ).astype(float)


def poisson(frame, event):
    """Fit exponential times of one kind of event: Poisson with an offset of time."""
    steroid, others = covariates(frame)
    design = np.column_stack(
        [
            np.ones(len(frame)),
            frame["treatment"] == "biologic",
            *[steroid == level for level in (1, 2, 3)],
            others,
        ]
    ).astype(float)
    # Days are rounded up: on average half a day is too much.
    years = (frame["follow_up_days"] - 0.5) / 365.25
    happened = (frame["outcome"] == event).astype(float)
    return sm.GLM(
        happened, design, family=sm.families.Poisson(), offset=np.log(years)
    ).fit()


@pytest.fixture(scope="module")
def infection_fits(drawn):
    return [poisson(frame, "infection") for frame in drawn]


@pytest.mark.parametrize("position", range(9))
def test_rates_of_infection(world, infection_fits, position):
    planted = [
        np.log(world.true["infection_rate"]),
        np.log(world.true["infection_hazard_ratio"]),
        *np.log(list(world.true["steroid_rate_ratio"].values())[1:]),
        *world.true["infection_log_ratios"].values(),
    ]
    assert_recovered(
        [fit.params.iloc[position] for fit in infection_fits],
        [fit.bse.iloc[position] for fit in infection_fits],
        planted[position],
    )


def test_cox_regression_agrees(world, drawn):
    """Another model for the same ratio, which assumes no constant rate."""
    fits = []
    for frame in drawn[:3]:
        steroid, others = covariates(frame)
        design = np.column_stack(
            [frame["treatment"] == "biologic"]
            + [steroid == level for level in (1, 2, 3)]
            + [others]
        ).astype(float)
        status = (frame["outcome"] == "infection").astype(int)
        fit = sm.PHReg(
            frame["follow_up_days"], design, status=status, ties="efron"
        ).fit()
        fits.append((fit.params[0], fit.bse[0]))
    assert_recovered(*np.transpose(fits), np.log(world.true["infection_hazard_ratio"]))


@only_shipped
def test_crude_comparison_is_about_twice_too_large(world, drawn):
    excess = []
    truth = np.log(world.true["infection_hazard_ratio"])
    for frame in drawn:
        years = frame.groupby("treatment")["follow_up_days"].sum() / 365.25
        events = (frame["outcome"] == "infection").groupby(frame["treatment"]).sum()
        rate = events / years
        excess.append(np.log(rate["biologic"] / rate["conventional"]) - truth)
        assert excess[-1] / np.sqrt((1 / events).sum()) > 3
    assert 1.75 < np.exp(np.mean(excess)) < 2.25


def test_who_gets_the_biologic(world, drawn):
    """Logistic regression with the clinics as fixed effects gives the slopes."""
    fits = []
    for frame in drawn:
        steroid, others = covariates(frame)
        clinics = frame["clinic"].to_numpy()[:, None] == np.sort(
            frame["clinic"].unique()
        )
        design = np.column_stack([steroid, others, clinics]).astype(float)
        fits.append(
            sm.Logit((frame["treatment"] == "biologic").astype(int), design).fit(disp=0)
        )
    want = world.true["treatment_log_odds"]
    names = ["steroid", "das28", "comorbidities", "prior_infection", "age"]
    for position, name in enumerate(names):
        # Forty fixed effects inflate slopes by a factor of the order 1 + 40 / 8000.
        assert_recovered(
            [fit.params.iloc[position] / 1.005 for fit in fits],
            [fit.bse.iloc[position] for fit in fits],
            want[name],
        )
    habits = [fit.params.iloc[5:] for fit in fits]
    noise = [np.mean(fit.bse.iloc[5:] ** 2) for fit in fits]
    spread = [np.var(h, ddof=1) - v for h, v in zip(habits, noise, strict=True)]
    errors = [np.var(h, ddof=1) * np.sqrt(2 / 39) for h in habits]
    assert_recovered(spread, errors, world.true["clinic_sd"] ** 2)
    middle = [h.mean() for h in habits]
    middle_error = [h.std() / np.sqrt(40) for h in habits]
    assert_recovered(middle, middle_error, want["intercept"])


def test_a_clinics_habit_has_no_other_path_to_infection(drawn):
    """Given what is recorded, a clinic's infections are as its patients predict."""
    for frame, fit in zip(drawn, [poisson(f, "infection") for f in drawn], strict=True):
        observed = (frame["outcome"] == "infection").groupby(frame["clinic"]).sum()
        expected = fit.fittedvalues.groupby(frame["clinic"]).sum()
        chi2 = ((observed - expected) ** 2 / expected).sum()
        assert stats.chi2.sf(chi2, 39) > 1e-4


def test_death_and_leaving(world, drawn):
    deaths, slopes, ill, leaving = [], [], [], []
    for frame in drawn:
        fit = poisson(frame, "death")
        assert abs(fit.params.iloc[1] / fit.bse.iloc[1]) < 4
        deaths.append((fit.params.iloc[0], fit.bse.iloc[0]))
        slopes.append((fit.params.iloc[-1], fit.bse.iloc[-1]))
        ill.append((fit.params.iloc[-3], fit.bse.iloc[-3]))
        years = (frame["follow_up_days"] - 0.5).sum() / 365.25
        left = (frame["outcome"] == "left").sum()
        leaving.append((np.log(left / years), 1 / np.sqrt(left)))
    assert_recovered(*np.transpose(deaths), np.log(world.true["death_rate"]))
    assert_recovered(*np.transpose(slopes), world.true["death_log_ratios"]["age"])
    assert_recovered(
        *np.transpose(ill), world.true["death_log_ratios"]["comorbidities"]
    )
    assert_recovered(*np.transpose(leaving), np.log(world.true["leaving_rate"]))


def test_smoking_is_missing_for_no_reason(world, drawn):
    for frame in drawn:
        missing = frame["smoker"].isna()
        share = stats.binomtest(
            int(missing.sum()), len(frame), world.true["smoker_missing"]
        )
        assert share.pvalue > 1e-4
        for column in ("treatment", "outcome", "sex"):
            counts = frame.groupby([missing, frame[column]]).size().unstack()
            assert stats.chi2_contingency(counts).pvalue > 1e-4


# -- Who the patients are


def test_age_and_disease_activity(world, drawn):
    """By the middle 60 %: the ends of the two columns cut their tails."""
    for name, column in [("age_years", "age_years"), ("das28", "das28")]:
        planted = world.true[name]
        middles, spreads = [], []
        for frame in drawn:
            n = len(frame)
            # Half of the rounding step, at random, makes the ranks smooth.
            step = 1.0 if column == "age_years" else 0.01
            shaken = frame[column] + step * np.random.default_rng(n).uniform(
                -0.5, 0.5, n
            )
            low, middle, high = shaken.quantile([0.2, 0.5, 0.8])
            middles.append((middle, 1.2533 * planted["sd"] / np.sqrt(n)))
            spreads.append(((high - low) / 1.6832, 1.0 * planted["sd"] / np.sqrt(n)))
        assert_recovered(*np.transpose(middles), planted["mean"])
        assert_recovered(*np.transpose(spreads), planted["sd"])


def test_women_and_smokers(world, drawn):
    women = sum((frame["sex"] == "female").sum() for frame in drawn)
    assert_share(women, sum(map(len, drawn)), world.true["female_share"])
    known = [frame["smoker"].dropna() == "yes" for frame in drawn]
    smokers, people = sum(k.sum() for k in known), sum(map(len, known))
    assert_share(smokers, people, world.true["smoker_share"])


def test_the_more_active_the_disease_the_more_glucocorticoid(world, drawn):
    """A proportional-odds model, level by level as logistic regressions."""
    cuts = world.true["steroid_cuts"]
    for level, cut in enumerate(cuts, start=1):
        fits = []
        for frame in drawn:
            steroid, _ = covariates(frame)
            design = sm.add_constant(frame["das28"] - 4.6)
            fits.append(sm.Logit((steroid >= level).astype(int), design).fit(disp=0))
        slopes = [(fit.params["das28"], fit.bse["das28"]) for fit in fits]
        assert_recovered(*np.transpose(slopes), world.true["steroid_das28_slope"])
        starts = [(fit.params["const"], fit.bse["const"]) for fit in fits]
        assert_recovered(*np.transpose(starts), -cut)


def test_comorbidities_and_earlier_infections(world, drawn):
    counts, odds = [], []
    for frame in drawn:
        age = sm.add_constant(frame["age_years"] - 56.0)
        poisson = sm.families.Poisson()
        counts.append(sm.GLM(frame["comorbidities"], age, family=poisson).fit())
        steroid, _ = covariates(frame)
        design = sm.add_constant(
            frame[["comorbidities"]].astype(float).assign(steroid=steroid)
        )
        odds.append(sm.Logit(frame["prior_infection"].astype(int), design).fit(disp=0))
    mean, age = world.true["comorbidities"].values()
    for position, truth in enumerate([np.log(mean), age]):
        found = [(fit.params.iloc[position], fit.bse.iloc[position]) for fit in counts]
        assert_recovered(*np.transpose(found), truth)
    for position, truth in enumerate(world.true["prior_infection_log_odds"].values()):
        found = [(fit.params.iloc[position], fit.bse.iloc[position]) for fit in odds]
        assert_recovered(*np.transpose(found), truth)


@only_shipped
def test_steroid_ratios_come_from_the_published_risks(world):
    """8.6, 11.0, 14.4 and 17.7 % in a year (George2020steroids, abstract, Medicare)."""
    risk = np.array([8.6, 11.0, 14.4, 17.7]) / 100
    ratio = -np.log(1 - risk) / -np.log(1 - risk[0])
    planted = list(world.true["steroid_rate_ratio"].values())
    np.testing.assert_allclose(planted, ratio, atol=as_printed(3))
