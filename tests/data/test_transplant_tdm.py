"""`transplant_tdm`: kinetics, the clinic's protocol, and what each hazard follows."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from cohorts._base import sd_of_log
from cohorts.transplant_tdm import concentration
from recovery import World, assert_recovered, assert_share, only_shipped, worlds
from scipy import stats
from scipy.integrate import solve_ivp, trapezoid
from tolerances import SOLVED

#: A drug that stays longer, a clinic that aims lower and changes less.
ANOTHER = {
    "cl_l_h": 18.0,
    "cl_expresser": 2.0,
    "cl_age_power": 0.3,
    "cl_haematocrit_power": -0.3,
    "cl_cv_between": 0.25,
    "cl_cv_occasion": 0.2,
    "v_l": 900.0,
    "v_cv_between": 0.3,
    "ka_h": 2.0,
    "lag_h": 0.6,
    "expresser_share": 0.5,
    "haematocrit": {"start": 0.27, "late": 0.42},
    "haematocrit_sd": 0.02,
    "haematocrit_rise_days": 90.0,
    "haematocrit_range": (0.21, 0.48),
    "haematocrit_error": 0.008,
    "assay_cv": 0.15,
    "missed_visit": 0.15,
    "after_dose_sample": 0.1,
    "irregular_share": 0.4,
    "irregular_spell": 0.15,
    "irregular_taken": 0.4,
    "rejection_rate": {"early": 0.4, "late": 0.2},
    "rejection_log_ratio": -0.1,
    "infection_rate": {"early": 0.3, "late": 0.6},
    "infection_log_ratio": 0.05,
    "graft_loss_rate": 0.05,
    "graft_loss_ratio": 3.0,
    "death_rate": 0.06,
    "assay_limit_ng_ml": 2.0,
    "female_share": 0.55,
    "age_years": {"mean": 45.0, "sd": 9.0},
    "weight_median_kg": {"female": 60.0, "male": 90.0},
    "weight_log_sd": 0.1,
    "visit_shift_sd": {"weekly": 0.4, "monthly": 1.5},
    "visit_shift_most": {"weekly": 1.0, "monthly": 3.0},
    "trough_time_sd": 0.3,
    "trough_time_range": (11.0, 13.0),
    "after_dose_time": (2.0, 6.0),
    "start_dose_mg_kg": 0.04,
    "window_ng_ml": {"early": (6.0, 9.0), "late": (5.0, 7.0)},
    "dose_change": (0.7, 1.5),
    "dose_step_mg": 0.25,
}
world = worlds("transplant_tdm", ANOTHER)
SEEDS = range(4)
PEOPLE = 3000
#: Three weekly visits, then those of months 1, 2 and 3.
MONTH_3 = 6


@pytest.fixture(scope="module")
def drawn(world):
    return [world.make(PEOPLE, random_state=seed) for seed in SEEDS]


def absorption(world):
    return {name: world.true[name] for name in ("ka_h", "lag_h")}


@pytest.mark.parametrize("cl", [23.0, 60.0])
def test_concentrations_are_those_of_many_doses_solved_step_by_step(world, cl):
    v, ka, dose = 500.0, world.true["ka_h"], 4.0
    state = np.zeros(2)
    for _ in range(40):
        state[0] += 1000 * dose
        run = solve_ivp(
            lambda _, y: [-ka * y[0], ka * y[0] - cl / v * y[1]],
            (0, 12), state, "LSODA", t_eval=[1, 4, 12], rtol=1e-9, atol=1e-9,
        )  # fmt: skip
        state = run.y[:, -1]
    hours = np.array([1, 4, 12]) + world.true["lag_h"]
    np.testing.assert_allclose(
        concentration(dose, cl, v, hours, **absorption(world)),
        run.y[1] / v,
        rtol=SOLVED,
    )


def test_the_average_of_a_dosing_interval_is_dose_rate_over_clearance(world):
    hours = np.linspace(0, 12, 20_001) + world.true["lag_h"]
    level = concentration(3.0, 20.0, 700.0, hours, **absorption(world))
    mean = trapezoid(level, hours) / 12
    assert mean == pytest.approx(1000 * 3.0 / (12 * 20.0), rel=SOLVED)


@only_shipped
def test_dose_per_trough_is_that_of_another_published_cohort(world):
    """38.4 x 0.71 L/h; one allele 1.69, two 2.00 (Passey2011tacrolimus, abstract)."""
    typical = {name: world.true[name] for name in ("cl_l_h", "v_l")}
    rate = 1000 / 12 / concentration(1.0, hours=12.0, **typical)
    assert rate == pytest.approx(38.4 * 0.71, rel=0.1)
    fast = typical | {"cl_l_h": typical["cl_l_h"] * world.true["cl_expresser"]}
    ratio = concentration(1.0, hours=12.0, **typical) / concentration(
        1.0, hours=12.0, **fast
    )
    assert 1.69 < ratio < 2.00


def test_clearance_of_people(world, drawn):
    names = ["cl_l_h", "cl_expresser", "cl_age_power"]
    planted = [
        np.log(world.true[names[0]]),
        np.log(world.true[names[1]]),
        world.true[names[2]],
    ]
    fits = []
    for made in drawn:
        design = np.column_stack(
            [
                np.ones(PEOPLE),
                made.patients["cyp3a5"] == "expresser",
                np.log(made.patients["age_years"] / 50),
            ]
        ).astype(float)
        fits.append(sm.OLS(np.log(made.parameters["cl_l_h"]), design).fit())
    for i, value in enumerate(planted):
        assert_recovered(
            [fit.params.iloc[i] for fit in fits],
            [fit.bse.iloc[i] for fit in fits],
            value,
        )
    spread_error = [1 / np.sqrt(2 * PEOPLE)] * len(SEEDS)
    assert_recovered(
        [np.log(fit.mse_resid) / 2 for fit in fits],
        spread_error,
        np.log(sd_of_log(world.true["cl_cv_between"])),
    )
    volumes = [np.log(made.parameters["v_l"]) for made in drawn]
    assert_recovered(
        [x.mean() for x in volumes],
        [x.sem() for x in volumes],
        np.log(world.true["v_l"]),
    )
    assert_recovered(
        [np.log(x.std()) for x in volumes],
        spread_error,
        np.log(sd_of_log(world.true["v_cv_between"])),
    )


def joined(made):
    """Return attended visits with the truth beside them."""
    rows = made.visits.merge(made.latent, on=["patient", "visit"])
    rows = rows.merge(
        made.parameters, on="patient", suffixes=("", "_own"), validate="m:1"
    )
    return rows.dropna(subset=["trough_ng_ml"])


def test_clearance_follows_haematocrit_and_occasion(world, drawn):
    """The rise with time is the instrument: the measured value has an error."""
    slopes, errors, spreads, spread_errors = [], [], [], []
    for made in drawn:
        rows = joined(made)
        y = np.log(rows["cl_l_h"] / rows["cl_l_h_own"])
        x = np.log(rows["haematocrit"] / 0.34)
        z = -np.expm1(-rows["day"] / world.true["haematocrit_rise_days"])
        z, xc = z - z.mean(), x - x.mean()
        slope = (z @ y) / (z @ xc)
        residual = y - slope * x
        # What the measurement of haematocrit adds to the residual.
        error = world.true["haematocrit_error"] ** 2 + 0.01**2 / 12
        noise = (slope**2 * error / rows["haematocrit"] ** 2).mean()
        slopes.append(slope)
        errors.append(residual.std() * np.sqrt(z @ z) / abs(z @ xc))
        spreads.append(np.log(residual.var() - noise) / 2)
        spread_errors.append(1 / np.sqrt(2 * len(rows)))
    assert_recovered(slopes, errors, world.true["cl_haematocrit_power"])
    assert_recovered(
        spreads, spread_errors, np.log(sd_of_log(world.true["cl_cv_occasion"]))
    )


def test_haematocrit_rises(world, drawn):
    """Mean by visit, fitted by least squares on the planted shape."""
    blood = world.true["haematocrit"]
    fits = []
    for made in drawn:
        seen = made.visits.dropna(subset=["haematocrit"])
        shape = np.exp(-seen["day"] / world.true["haematocrit_rise_days"])
        groups = seen["patient"].astype("category").cat.codes
        fits.append(
            sm.OLS(seen["haematocrit"], np.column_stack([shape, 1 - shape])).fit(
                cov_type="cluster", cov_kwds={"groups": groups}
            )
        )
    for i, name in enumerate(["start", "late"]):
        assert_recovered(
            [fit.params.iloc[i] for fit in fits],
            [fit.bse.iloc[i] for fit in fits],
            blood[name],
        )


def test_what_the_laboratory_reports(world, drawn):
    """True concentration times an error; samples after the dose are no troughs."""
    spreads, means, errors = [], [], []
    for made in drawn:
        rows = joined(made).iloc[:3000]
        own = rows["cl_l_h"], rows["v_l"], rows["hours_after_dose"]
        level = concentration(rows["dose_mg"], *own, **absorption(world))
        true = rows["taken"] * level
        clear = true > 2 * world.true["assay_limit_ng_ml"]
        late = clear & (rows["hours_after_dose"] >= 10)
        off = np.log(rows["trough_ng_ml"] / true)[late]
        means.append(off.mean())
        spreads.append(np.log(off.std()))
        errors.append(1 / np.sqrt(2 * len(off)))
    sd = sd_of_log(world.true["assay_cv"])
    assert_recovered(spreads, errors, np.log(sd))
    assert_recovered(means, [np.sqrt(2) * sd * e for e in errors], 0)
    per_dose = joined(drawn[0]).assign(
        level=lambda rows: rows["trough_ng_ml"] / rows["dose_mg"]
    )
    early = per_dose["hours_after_dose"] < 10
    assert joined(drawn[0])["trough_ng_ml"].min() == world.true["assay_limit_ng_ml"]
    assert per_dose["level"][early].median() > 1.25 * per_dose["level"][~early].median()


def test_the_clinic_keeps_its_protocol(world, drawn):
    step = world.true["dose_step_mg"]
    visits = drawn[0].visits.merge(drawn[0].patients, on="patient")
    assert np.allclose(visits["dose_mg"] / step, np.rint(visits["dose_mg"] / step))
    first = visits[visits["visit"] == 1]
    wanted = world.true["start_dose_mg_kg"] * first["weight_kg"]
    assert ((first["dose_mg"] - wanted).abs() <= step / 2 + 1e-9).all()
    following = visits.groupby("patient")["dose_mg"].shift(-1)
    rows = visits.assign(following=following).dropna(subset=["following"])
    windows = world.true["window_ng_ml"].values()
    early, late = (np.reshape(window, (2, 1)) for window in windows)
    low, high = np.where(rows["month"] < 3, early, late)
    trough = rows["trough_ng_ml"]
    keep = trough.between(low, high) | ~(rows["hours_after_dose"] >= 10)
    assert (rows["following"] == rows["dose_mg"])[keep].all()
    ratio = ((low + high) / 2 / trough).clip(*world.true["dose_change"])
    wanted = (rows["dose_mg"] * ratio).clip(0.5, 20)
    assert ((rows["following"] - wanted).abs()[~keep] <= step / 2 + 1e-9).all()
    assert (~keep).mean() > 0.2
    for bound in world.true["dose_change"]:
        assert (ratio[~keep] == bound).any()


def test_when_samples_are_drawn(world, drawn):
    hours = np.concatenate([made.visits["hours_after_dose"].dropna() for made in drawn])
    troughs, early = hours[hours >= 10], hours[hours < 10]
    low, high = world.true["trough_time_range"]
    assert low <= troughs.min() and troughs.max() <= high
    # Rounded to half an hour: Sheppard's correction.
    variance = troughs.var() - 0.5**2 / 12
    error = troughs.var() * np.sqrt(2 / troughs.size)
    assert_recovered([variance], [error], world.true["trough_time_sd"] ** 2)
    low, high = world.true["after_dose_time"]
    assert (early.min(), early.max()) == (low, high)
    assert_recovered([early.mean()], [stats.sem(early)], (low + high) / 2)


def test_when_patients_come(world, drawn):
    planned = np.array([7, 14, 21, *range(30, 361, 30)])
    visits = pd.concat([made.visits.dropna() for made in drawn])
    shift = visits["day"] - planned[visits["visit"] - 1]
    for which, of in [
        ("weekly", visits["month"] == 0),
        ("monthly", visits["month"] > 0),
    ]:
        assert shift[of].abs().max() == world.true["visit_shift_most"][which]
        sd = world.true["visit_shift_sd"][which]
        # On the day itself come those who are off by less than half a day.
        assert_share((shift[of] == 0).sum(), of.sum(), 1 - 2 * stats.norm.sf(0.5 / sd))


def test_who_the_patients_are(world, drawn):
    people = pd.concat([made.patients for made in drawn])
    n, planted = len(people), world.true["age_years"]
    women = people["sex"] == "female"
    assert_share(women.sum(), n, world.true["female_share"])
    shaken = people["age_years"] + np.random.default_rng(6).uniform(-0.5, 0.5, n)
    low, middle, high = shaken.quantile([0.2, 0.5, 0.8])
    error = planted["sd"] / np.sqrt(n)
    assert_recovered([middle], [1.2533 * error], planted["mean"])
    assert_recovered([(high - low) / 1.6832], [error], planted["sd"])
    for sex, of in [("female", women), ("male", ~women)]:
        log = np.log(people["weight_kg"][of])
        truth = np.log(world.true["weight_median_kg"][sex])
        sd = world.true["weight_log_sd"]
        assert_recovered([log.median()], [1.2533 * sd / np.sqrt(of.sum())], truth)
        # By the middle half: the ends of the column cut the tails.
        spread = np.subtract(*log.quantile([0.75, 0.25])) / 1.349
        assert_recovered([spread], [1.17 * sd / np.sqrt(of.sum())], sd)


def test_haematocrit_between_people_and_its_error(world, drawn):
    """Visits a month apart differ by the error; late ones hold what people keep."""
    own, noise = [], []
    for made in drawn:
        late = made.visits[made.visits["month"] >= 10].dropna()
        wide = late.pivot(
            index="patient", columns="month", values="haematocrit"
        ).dropna()
        # The rise goes on a little, alike in all to the first order.
        steps = wide[12] - wide[11] - (wide[11] - wide[10])
        noise.append((steps.var() / 6, steps.var() / 6 * np.sqrt(2 / len(steps))))
        # A patient's own late level, and what is left of the start.
        left = np.exp(
            -late.groupby("month")["day"].mean() / world.true["haematocrit_rise_days"]
        )
        share = (1 - left[10]) * (1 - left[12]) + left[10] * left[12]
        between = wide[[10, 12]].cov().iloc[0, 1] / share
        own.append((between, between * np.sqrt(2 / len(wide)) * 1.2))
    rounding = 0.01**2 / 12
    assert_recovered(
        *np.transpose(noise), world.true["haematocrit_error"] ** 2 + rounding
    )
    assert_recovered(*np.transpose(own), world.true["haematocrit_sd"] ** 2)


def test_range_of_the_haematocrit(world):
    low, high = 0.28, 0.40
    wide = {"haematocrit_sd": 0.1, "haematocrit_range": (low, high)}
    made = World("transplant_tdm", (world.changed or {}) | wide).make(
        500, random_state=1
    )
    seen = made.visits["haematocrit"].dropna()
    error = 4 * world.true["haematocrit_error"] + 0.005
    assert low - error < seen.min() < low + error
    assert high - error < seen.max() < high + error


@only_shipped
def test_dosing_by_weight_misses_expressers_and_monitoring_finds_them(world, drawn):
    for made in drawn:
        timed = made.visits[made.visits["hours_after_dose"] >= 10]
        status = timed["patient"].map(made.patients.set_index("patient")["cyp3a5"])
        median = timed.groupby([status, "visit"])["trough_ng_ml"].median()
        ratio = median["expresser"] / median["non-expresser"]
        assert ratio[1] < 0.65
        assert abs(ratio.loc[8:] - 1).max() < 0.15
        # Symphony's low-dose arm: P10 3.8 and P90 10.0 ng/mL at the end of the year.
        last = timed.loc[timed["month"] == 12, "trough_ng_ml"].quantile([0.1, 0.9])
        assert 3.5 < last.iloc[0] < 4.8 and 7.5 < last.iloc[1] < 10.0


def intervals(made, event):
    """Return time at risk of a first event, a row an interval between visits."""
    rows = made.latent.merge(made.outcomes, on="patient")
    last = rows[f"{event}_days"]
    rows = rows[last > rows["from_day"]]
    last = rows[f"{event}_days"]
    happened = rows[event] & (last <= rows["to_day"])
    # Days are rounded up: on average the event was half a day earlier.
    until = np.where(happened, last - 0.5, rows["to_day"])
    return rows.assign(
        happened=happened.astype(float),
        years=(until - rows["from_day"]) / 365.25,
        early=(rows["visit"] <= MONTH_3).astype(float),
    )


@pytest.mark.parametrize("event", ["rejection", "infection"])
def test_hazards_follow_the_true_average(world, drawn, event):
    fits = []
    for made in drawn:
        rows = intervals(made, event)
        design = rows[["early"]].assign(
            late=1 - rows["early"], exposure=rows["average_ng_ml"] - 8
        )
        fits.append(
            sm.GLM(
                rows["happened"], design, sm.families.Poisson(), np.log(rows["years"])
            ).fit()
        )
    planted = {
        "early": np.log(world.true[f"{event}_rate"]["early"]),
        "late": np.log(world.true[f"{event}_rate"]["late"]),
        "exposure": world.true[f"{event}_log_ratio"],
    }
    for name, value in planted.items():
        assert_recovered(
            [fit.params[name] for fit in fits], [fit.bse[name] for fit in fits], value
        )


@only_shipped
def test_without_the_time_since_transplantation_exposure_seems_to_protect_less(
    world, drawn
):
    """Early on both are high: more than two thirds of the slope are gone."""
    slopes = []
    for made in drawn:
        rows = intervals(made, "rejection")
        fit = sm.GLM(
            rows["happened"],
            sm.add_constant(rows["average_ng_ml"]),
            family=sm.families.Poisson(),
            offset=np.log(rows["years"]),
        ).fit()
        slopes.append(fit.params["average_ng_ml"])
    assert world.true["rejection_log_ratio"] / 3 < np.mean(slopes) < 0


def test_graft_loss_and_death(world, drawn):
    before, after, death = [], [], []
    for made in drawn:
        out = made.outcomes
        lost = out["end"] == "graft loss"
        first = out["rejection_days"].where(out["rejection"], out["follow_up_days"])
        spans = [
            (before, first, lost & ~out["rejection"]),
            (after, out["follow_up_days"] - first, lost & out["rejection"]),
            (death, out["follow_up_days"], out["end"] == "death"),
        ]
        for found, days, events in spans:
            rate = events.sum() / (days.sum() / 365.25)
            found.append((np.log(rate), 1 / np.sqrt(events.sum())))
    loss = world.true["graft_loss_rate"]
    assert_recovered(*np.transpose(before), np.log(loss))
    assert_recovered(
        *np.transpose(after), np.log(loss * world.true["graft_loss_ratio"])
    )
    assert_recovered(*np.transpose(death), np.log(world.true["death_rate"]))


def test_shares(world, drawn):
    for made in drawn:
        visits = made.visits
        missed = visits["trough_ng_ml"].isna()
        hours = visits["hours_after_dose"].dropna()
        uneven = set(made.parameters["patient"][made.parameters["irregular"]])
        spells = made.latent[made.latent["patient"].isin(uneven)]["taken"]
        regular = made.latent[~made.latent["patient"].isin(uneven)]["taken"]
        assert (regular == 1).all()
        assert set(spells) == {1.0, world.true["irregular_taken"]}
        counts = {
            "missed_visit": missed,
            "after_dose_sample": hours < 10,
            "irregular_share": made.parameters["irregular"],
            "irregular_spell": spells < 1,
            "expresser_share": made.patients["cyp3a5"] == "expresser",
        }
        for name, of in counts.items():
            test = stats.binomtest(int(of.sum()), len(of), world.true[name])
            assert test.pvalue > 1e-4, name
        for column in ("month", "dose_mg"):
            table = pd.crosstab(missed, visits[column].clip(upper=5).round())
            assert stats.chi2_contingency(table).pvalue > 1e-4


def test_nobody_comes_after_the_end(drawn):
    for made in drawn:
        ends = made.outcomes.set_index("patient")["follow_up_days"]
        assert (made.visits["day"] <= made.visits["patient"].map(ends)).all()
        total = made.latent.eval("to_day - from_day").groupby(made.latent["patient"])
        pd.testing.assert_series_equal(total.sum(), ends, check_names=False)
