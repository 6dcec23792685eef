"""`crp_timecourse`: the solver, the label's values, and each planted parameter."""

import numpy as np
import pytest
from cohorts._base import sd_of_log
from cohorts.crp_timecourse import INFUSION_D, simulate
from recovery import assert_recovered, assert_share, only_shipped, worlds
from scipy import stats
from scipy.integrate import solve_ivp, trapezoid
from scipy.optimize import least_squares

ANOTHER = {
    "cl_l_d": 0.2,
    "cl_female": 1.2,
    "v1_l": 4.5,
    "q_l_d": 0.3,
    "v2_l": 2.0,
    "vmax_mg_d": 5.0,
    "km_ug_ml": 4.0,
    "cv_between": {"cl_l_d": 0.25, "v1_l": 0.2, "v2_l": 0.3, "vmax_mg_d": 0.35},
    "k_out_d": 0.8,
    "k_out_cv": 0.25,
    "imax": 0.9,
    "ic50_ug_ml": 1.5,
    "ic50_cv": 0.4,
    "crp_baseline_mean": 20.0,
    "crp_baseline_sd": 15.0,
    "drug_assay_cv": 0.05,
    "crp_cv_within": 0.1,
    "drug_limit_ug_ml": 0.5,
    "crp_limit_mg_l": 0.5,
    "correlation": {
        "cl_l_d, v1_l": 0.2,
        "cl_l_d, v2_l": 0.3,
        "cl_l_d, vmax_mg_d": 0.1,
        "v1_l, v2_l": -0.2,
        "v1_l, vmax_mg_d": 0.4,
        "v2_l, vmax_mg_d": -0.3,
    },
    "crp_baseline_range": (2.0, 80.0),
    "female_share": 0.5,
    "weight_median_kg": {"female": 60.0, "male": 90.0},
    "weight_log_sd": 0.1,
}
world = worlds("crp_timecourse", ANOTHER)
SEEDS = range(4)
NAMES = ["cl_l_d", "v1_l", "v2_l", "vmax_mg_d", "ic50_ug_ml", "k_out_d"]


def typical(world, **changed):
    own = (
        {name: world.true[name] for name in NAMES}
        | {"crp_baseline_mg_l": 30.0}
        | changed
    )
    return {name: np.array([value]) for name, value in own.items()}


def woman(world):
    return typical(world, cl_l_d=world.true["cl_l_d"] * world.true["cl_female"])


def solved_by_scipy(world, own, dose, days):
    """The same model through an adaptive implicit method, piece by piece."""
    p = {name: value[0] for name, value in own.items()}

    def rates(infusion):
        def f(_, y):
            a1, a2, r = y
            c = a1 / p["v1_l"]
            lost = p["cl_l_d"] * c + p["vmax_mg_d"] * c / (world.true["km_ug_ml"] + c)
            exchange = world.true["q_l_d"] * (c - a2 / p["v2_l"])
            inhibited = 1 - world.true["imax"] * c / (p["ic50_ug_ml"] + c)
            turnover = p["crp_baseline_mg_l"] * inhibited - r
            return [infusion - lost - exchange, exchange, p["k_out_d"] * turnover]

        return f

    state = [0.0, 0.0, p["crp_baseline_mg_l"]]
    found = {}
    begin = 0.0
    while begin <= days[-1]:
        for start, end, rate in [
            (begin, begin + INFUSION_D, dose / INFUSION_D),
            (begin + INFUSION_D, begin + 28, 0.0),
        ]:
            wanted = [t for t in days if start < t <= end + 1e-9]
            run = solve_ivp(
                rates(rate), (start, end), state, "LSODA",
                t_eval=sorted({*np.clip(wanted, start, end), end}),
                rtol=1e-9, atol=1e-9,
            )  # fmt: skip
            found |= dict(zip(run.t.round(9), run.y.T, strict=True))
            state = run.y[:, -1]
        begin += 28
    rows = np.array([found[round(t, 9)] for t in days[1:]])
    return rows[:, 0] / p["v1_l"], rows[:, 2]


@pytest.mark.parametrize(
    "changed", [{}, {"cl_l_d": 0.9, "v1_l": 2.0, "vmax_mg_d": 20.0}]
)
def test_the_solver_agrees_with_an_adaptive_one(world, changed):
    own, days = (
        typical(world, **changed),
        np.array([0, 0.25, 1, 3, 10, 27.99, 29, 40, 56.0]),
    )
    drug, crp = simulate(own, np.array([280.0]), days, world.changed)
    by_scipy = solved_by_scipy(world, own, 280.0, days)
    np.testing.assert_allclose(drug[0, 1:], by_scipy[0], rtol=3e-3, atol=1e-3)
    np.testing.assert_allclose(crp[0, 1:], by_scipy[1], rtol=3e-3)


@only_shipped
@pytest.mark.parametrize(
    ("mg_kg", "cmax", "cmin", "auc", "label"),
    [
        (8, 169.6, 10.05, 34_895, [(183, 86), (9.7, 10.5), (35_000, 15_500)]),
        (4, 80.7, 0.93, 12_614, [(88, 41), (1.49, 2.13), (13_000, 5_800)]),
    ],
)
def test_steady_state_of_the_typical_person_is_that_of_the_label(
    world, mg_kg, cmax, cmin, auc, label
):
    """A woman of 70 kg, every four weeks: an independent run, the label's mean ± SD.

    The label's are in its section 12.3, rheumatoid arthritis, intravenous.
    """
    start = 11 * 28.0
    days = np.concatenate([[0], start + np.linspace(0, 28, 1345)])
    drug, _ = simulate(woman(world), np.array([70.0 * mg_kg]), days)
    cycle = drug[0, 1:]
    found = cycle.max(), cycle[-1], 24 * trapezoid(cycle, days[1:])
    np.testing.assert_allclose(found, (cmax, cmin, auc), rtol=0.01)
    for value, (mean, sd) in zip(found, label, strict=True):
        assert abs(value - mean) < sd / 2


@only_shipped
def test_exposure_rises_more_than_the_dose(world):
    days = np.concatenate([[0], 11 * 28.0 + np.linspace(0, 28, 400)])
    low, high = (
        trapezoid(
            simulate(woman(world), np.array([70.0 * d]), days)[0][0, 1:], days[1:]
        )
        for d in (4, 8)
    )
    assert high / low == pytest.approx(2.77, abs=0.03)


@pytest.fixture(scope="module")
def drawn(world):
    return [world.make(400, random_state=seed) for seed in SEEDS]


@pytest.mark.parametrize("name", NAMES)
def test_parameters_of_people_have_the_planted_centre_and_spread(world, drawn, name):
    spreads = world.true["cv_between"] | {
        "ic50_ug_ml": world.true["ic50_cv"],
        "k_out_d": world.true["k_out_cv"],
    }
    logs = [np.log(made.parameters[name]) for made in drawn]
    if name == "cl_l_d":
        women = [made.people["sex"] == "female" for made in drawn]
        pairs = list(zip(logs, women, strict=True))
        effects = [x[w].mean() - x[~w].mean() for x, w in pairs]
        errors = [np.hypot(x[w].sem(), x[~w].sem()) for x, w in pairs]
        assert_recovered(effects, errors, np.log(world.true["cl_female"]))
        logs = [x - w * np.log(world.true["cl_female"]) for x, w in pairs]
    n = len(logs[0])
    assert_recovered(
        [x.mean() for x in logs],
        [x.std() / np.sqrt(n) for x in logs],
        np.log(world.true[name]),
    )
    assert_recovered(
        [np.log(x.std()) for x in logs],
        [1 / np.sqrt(2 * (n - 1))] * len(SEEDS),
        np.log(sd_of_log(spreads[name])),
    )


def test_parameters_go_together_as_published(world, drawn):
    for pair, planted in world.true["correlation"].items():
        fisher = [
            np.arctanh(np.log(made.parameters[pair.split(", ")]).corr().iloc[0, 1])
            for made in drawn
        ]
        errors = [1 / np.sqrt(397)] * len(SEEDS)
        assert_recovered(fisher, errors, np.arctanh(planted))


def test_a_fit_to_the_samples_of_one_person_finds_their_parameters(world, drawn):
    """Least squares in the logarithm, through `solve_ivp`, for four people.

    Each person's z-score for clearance, central volume, IC50 and CRP turnover comes
    from the curvature of their own fit.
    """
    made = drawn[0]
    z = []
    for person in made.people["person"].iloc[1:8:2]:
        z.append(fit_person(world, made, person))
    z = np.array(z)
    p = stats.chi2.sf((z**2).sum(axis=0), len(z))
    assert (p > 1e-4).all(), z.round(1)


def fit_person(world, made, person):
    who = made.people.set_index("person").loc[person]
    one = made.samples[made.samples["person"] == person]
    planted = made.parameters.set_index("person").loc[person]
    days = one["day"].to_numpy().copy()
    days[days == 0.04] = 1 / 24
    days[days == 28.04] = 28 + 1 / 24
    dose = who["weight_kg"] * who["dose_mg_kg"]
    sd_drug, sd_crp = (
        sd_of_log(world.true[k]) for k in ("drug_assay_cv", "crp_cv_within")
    )
    seen_drug = ~one["drug_below_limit"].to_numpy()[1:]
    seen_crp = ~one["crp_below_limit"].to_numpy()[1:]
    drug = np.log(one["drug_ug_ml"].to_numpy()[1:])
    crp = np.log(one["crp_mg_l"].to_numpy()[1:])
    names = [*NAMES, "crp_baseline_mg_l"]
    usual = [world.true[name] for name in NAMES]

    def residual(theta):
        own = {k: np.array([np.exp(v)]) for k, v in zip(names, theta, strict=True)}
        c, r = simulate(own, np.array([dose]), days, world.changed)
        c, r = np.maximum(c[0, 1:], 1e-6), r[0, 1:]
        first = np.log(own["crp_baseline_mg_l"][0] / one["crp_mg_l"].iloc[0])
        # The volumes and the saturable path are little known from one person.
        prior = (theta[2:4] - np.log(usual[2:4])) / [
            sd_of_log(world.true["cv_between"][name]) for name in NAMES[2:4]
        ]
        return np.concatenate(
            [
                ((np.log(c) - drug) / sd_drug)[seen_drug],
                ((np.log(r) - crp) / sd_crp)[seen_crp],
                [first / sd_crp],
                prior,
            ]
        )

    start = np.log([*usual, max(one["crp_mg_l"].iloc[0], 0.3)])
    fit = least_squares(residual, start, x_scale=0.3)
    error = np.sqrt(np.diag(np.linalg.inv(fit.jac.T @ fit.jac)))
    off = (fit.x - np.log(planted[names].to_numpy(float))) / error
    return off[[0, 1, 4, 5]]


def test_errors_and_limits_of_the_two_assays(world, drawn):
    """Against the model at each person's planted parameters."""
    planned = np.r_[0, 1 / 24, 0.25, 1, 3, 7, 14, 21, 27.99]
    planned = np.r_[planned, 28 + 1 / 24, 29, 31, 35, 42, 49, 56]
    found = {"drug_ug_ml": [], "crp_mg_l": []}
    for made in drawn:
        own = made.parameters.drop(columns="person")
        dose = made.people["weight_kg"] * made.people["dose_mg_kg"]
        model = simulate(
            {name: own[name].to_numpy() for name in own},
            dose.to_numpy(), planned, world.changed,
        )  # fmt: skip
        flags = ["drug_below_limit", "crp_below_limit"]
        limits = [world.true["drug_limit_ug_ml"], world.true["crp_limit_mg_l"]]
        pairs = zip(found.items(), flags, limits, model, strict=True)
        for (column, estimates), flag, limit, expected in pairs:
            below = made.samples[flag].to_numpy()
            value = made.samples[column].to_numpy()
            assert (value[below] == limit).all() and below.any()
            assert value[~below].min() >= 0.95 * limit
            # Well above the limit neither it nor rounding takes part.
            clear = (expected > 20 * limit).ravel()
            off = np.log(value[clear] / expected.ravel()[clear])
            estimates.append((np.log(off.std()), 1 / np.sqrt(2 * off.size)))
    for column, name in [
        ("drug_ug_ml", "drug_assay_cv"),
        ("crp_mg_l", "crp_cv_within"),
    ]:
        assert_recovered(
            *np.transpose(found[column]), np.log(sd_of_log(world.true[name]))
        )


def test_who_the_people_are(world, drawn):
    women = sum((made.people["sex"] == "female").sum() for made in drawn)
    people = sum(len(made.people) for made in drawn)
    assert_share(women, people, world.true["female_share"])
    weights = {"female": [], "male": []}
    spreads, means, sds = [], [], []
    mean, sd = (world.true[f"crp_baseline_{what}"] for what in ("mean", "sd"))
    s = np.sqrt(np.log1p((sd / mean) ** 2))
    low, high = world.true["crp_baseline_range"]
    for made in drawn:
        log = np.log(made.people["weight_kg"])
        for sex, found in weights.items():
            of = log[made.people["sex"] == sex]
            found.append((of.median(), 1.2533 * of.sem()))
        own = log - log.groupby(made.people["sex"]).transform("mean")
        spreads.append((np.log(own.std()), 1 / np.sqrt(2 * len(own))))
        crp = made.parameters["crp_baseline_mg_l"]
        assert crp.min() >= low and crp.max() <= high
        # By the middle, which the range does not cut.
        q = np.log(crp.quantile([0.25, 0.5, 0.75])).to_numpy()
        means.append((q[1], 1.2533 * s / np.sqrt(len(crp))))
        sds.append(((q[2] - q[0]) / 1.349, 1.17 * s / np.sqrt(len(crp))))
    for sex, found in weights.items():
        truth = world.true["weight_median_kg"][sex]
        assert_recovered(*np.transpose(found), np.log(truth))
    assert_recovered(*np.transpose(spreads), np.log(world.true["weight_log_sd"]))
    assert_recovered(*np.transpose(means), np.log(mean) - s**2 / 2)
    assert_recovered(*np.transpose(sds), s)


@only_shipped
def test_crp_falls_in_everybody_although_nobody_gets_better(world, drawn):
    for made in drawn:
        crp = made.samples.pivot(index="person", columns="day", values="crp_mg_l")
        fall = crp[14.0] / crp[0.0]
        dose = made.people.set_index("person")["dose_mg_kg"]
        high = crp[0.0] > 5
        assert (fall[high & (dose == 8)] < 0.5).mean() > 0.97
        # At the trough of the lower dose CRP is on its way back.
        back = crp[27.99] / crp[0.0]
        assert back[high & (dose == 4)].median() > 2 * back[high & (dose == 8)].median()
