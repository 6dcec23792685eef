"""`biologic_registry`: the crude ratio is twice the causal one, adjustment finds it."""

import cohorts
import numpy as np
import pytest
import statsmodels.api as sm
from cohorts.biologic_registry import STEROID
from recovery import assert_recovered
from scipy import stats

TRUE = cohorts.truth("biologic_registry")
SEEDS = range(6)
LOG_HR = np.log(TRUE["infection_hazard_ratio"])


@pytest.fixture(scope="module")
def drawn():
    return [cohorts.make_biologic_registry(random_state=seed) for seed in SEEDS]


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


PLANTED = [
    np.log(TRUE["infection_rate"]),
    LOG_HR,
    *np.log(list(TRUE["steroid_rate_ratio"].values())[1:]),
    *TRUE["infection_log_ratios"].values(),
]


@pytest.mark.parametrize("position", range(len(PLANTED)))
def test_rates_of_infection(infection_fits, position):
    assert_recovered(
        [fit.params.iloc[position] for fit in infection_fits],
        [fit.bse.iloc[position] for fit in infection_fits],
        PLANTED[position],
    )


def test_cox_regression_agrees(drawn):
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
    assert_recovered(*np.transpose(fits), LOG_HR)


def test_crude_comparison_is_about_twice_too_large(drawn):
    excess = []
    for frame in drawn:
        years = frame.groupby("treatment")["follow_up_days"].sum() / 365.25
        events = (frame["outcome"] == "infection").groupby(frame["treatment"]).sum()
        rate = events / years
        excess.append(np.log(rate["biologic"] / rate["conventional"]) - LOG_HR)
        assert excess[-1] / np.sqrt((1 / events).sum()) > 3
    assert 1.75 < np.exp(np.mean(excess)) < 2.25


def test_who_gets_the_biologic(drawn):
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
    want = TRUE["treatment_log_odds"]
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
    assert_recovered(spread, errors, TRUE["clinic_sd"] ** 2)
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


def test_death_and_leaving(drawn):
    deaths, slopes, leaving = [], [], []
    for frame in drawn:
        fit = poisson(frame, "death")
        assert abs(fit.params.iloc[1] / fit.bse.iloc[1]) < 4
        deaths.append((fit.params.iloc[0], fit.bse.iloc[0]))
        slopes.append((fit.params.iloc[-1], fit.bse.iloc[-1]))
        years = (frame["follow_up_days"] - 0.5).sum() / 365.25
        left = (frame["outcome"] == "left").sum()
        leaving.append((np.log(left / years), 1 / np.sqrt(left)))
    assert_recovered(*np.transpose(deaths), np.log(TRUE["death_rate"]))
    assert_recovered(*np.transpose(slopes), TRUE["death_log_ratios"]["age"])
    assert_recovered(*np.transpose(leaving), np.log(TRUE["leaving_rate"]))


def test_smoking_is_missing_for_no_reason(drawn):
    for frame in drawn:
        missing = frame["smoker"].isna()
        share = stats.binomtest(int(missing.sum()), len(frame), TRUE["smoker_missing"])
        assert share.pvalue > 1e-4
        for column in ("treatment", "outcome", "sex"):
            counts = frame.groupby([missing, frame[column]]).size().unstack()
            assert stats.chi2_contingency(counts).pvalue > 1e-4


def test_steroid_ratios_come_from_the_published_risks():
    """8.6, 11.0, 14.4 and 17.7 % in one year (George 2020)."""
    risk = np.array([8.6, 11.0, 14.4, 17.7]) / 100
    ratio = -np.log(1 - risk) / -np.log(1 - risk[0])
    planted = list(TRUE["steroid_rate_ratio"].values())
    np.testing.assert_allclose(planted, ratio, atol=5e-4)
