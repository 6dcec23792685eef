"""Mechanism 1 and 2: the notebooks' models against other routes to the same numbers.

The cells that define a model are run by themselves. They are held against the
solver of the cohort `crp_timecourse`, against matrix exponentials, root finding and
mass balance, and against what the label of tocilizumab prints.
"""

import cohorts
import numpy as np
import pytest
from cohorts.crp_timecourse import simulate
from notebooks import definitions, numbers
from scipy import linalg, optimize
from scipy.integrate import solve_ivp, trapezoid
from tolerances import FITTED, SOLVED, as_printed

EXPOSURE = "mechanism/01-exposure-and-occupancy"
BLOCKING = "mechanism/02-blocking-a-cytokine"
TRUE = cohorts.truth("crp_timecourse")
START = 11 * 28.0  # the twelfth infusion

#: Genentech2024actemra, section 12.3, rheumatoid arthritis, intravenous: mean and SD of
#: Cmax, Cmin (µg/mL) and AUC (µg·h/mL) at steady state.
LABEL = {
    4: [(88.3, 41.4), (1.49, 2.13), (13_000, 5_800)],
    8: [(183, 85.6), (9.74, 10.5), (35_000, 15_500)],
}


def kinetics():
    return definitions(EXPOSURE, "model", "course", "occupancy", "target")


def woman(**changed):
    """Return the typical woman as the cohort's solver takes her."""
    own = {name: TRUE[name] for name in ("v1_l", "v2_l", "vmax_mg_d")} | {
        "cl_l_d": TRUE["cl_l_d"] * TRUE["cl_female"],
        "ic50_ug_ml": TRUE["ic50_ug_ml"],
        "k_out_d": TRUE["k_out_d"],
        "crp_baseline_mg_l": 30.0,
    }
    return {name: np.array([value]) for name, value in (own | changed).items()}


def cycle_of(mg_kg, first=False):
    """Return times and concentrations of one interval, by the cohort's solver."""
    start = 0.0 if first else START
    days = start + np.concatenate(
        [np.linspace(0, 1 / 24, 9), np.linspace(0.05, 28, 1200)]
    )
    drug, _ = simulate(woman(), np.array([70.0 * mg_kg]), np.unique([0, *days]))
    return days, drug[0, -days.size :]


def summary(days, c):
    return np.array([c.max(), c[-1], 24 * trapezoid(c, days)])


# Exposure ------------------------------------------------------------------


@pytest.mark.parametrize("mg_kg", [4, 8])
def test_the_course_is_that_of_the_cohorts_solver(mg_kg):
    days, c = kinetics()["course"](70 * mg_kg, n_doses=12)
    asked, expected = cycle_of(mg_kg)
    np.testing.assert_allclose(np.interp(asked[1:], days, c), expected[1:], rtol=4e-3)


@pytest.mark.parametrize("mg_kg", [4, 8])
def test_the_label_is_reproduced(mg_kg):
    days, c = kinetics()["course"](70 * mg_kg, n_doses=12)
    last = days >= START
    for value, (mean, sd) in zip(
        summary(days[last], c[last]), LABEL[mg_kg], strict=True
    ):
        assert abs(value - mean) < sd / 2


#: Genentech2024actemra, section 12.3, same paragraphs: accumulation of Cmax, Cmin and
#: AUC. The trough at 4 mg/kg (1.96) is left out: the label's mean is far from the
#: typical one.
ACCUMULATION = {4: [1.02, None, 1.11], 8: [1.06, 2.35, 1.22]}


@pytest.mark.parametrize("mg_kg", ACCUMULATION)
def test_accumulation_is_that_of_the_label(mg_kg):
    ratio = summary(*cycle_of(mg_kg)) / summary(*cycle_of(mg_kg, first=True))
    for value, printed in zip(ratio, ACCUMULATION[mg_kg], strict=True):
        if printed:
            assert value == pytest.approx(printed, rel=0.03)


def test_ratios_in_the_text_are_those_of_the_cohorts_solver():
    ratio = summary(*cycle_of(8)) / summary(*cycle_of(4))
    told = numbers(EXPOSURE)
    names = ["exp_cmax_ratio", "exp_cmin_ratio", "exp_auc_ratio"]
    np.testing.assert_allclose([told[name] for name in names], ratio, rtol=0.01)
    assert told["exp_auc_ratio"] == pytest.approx(2.77, abs=0.02)


def test_without_fcrn_the_exposure_is_that_of_the_cohorts_solver():
    """Five times the clearance by the wide door, at the twelfth infusion."""
    own = woman(cl_l_d=5 * TRUE["cl_l_d"] * TRUE["cl_female"])
    days = START + np.concatenate(
        [np.linspace(0, 1 / 24, 9), np.linspace(0.05, 28, 1200)]
    )
    drug, _ = simulate(own, np.array([560.0]), np.unique([0, *days]))
    _, trough, area = summary(days, drug[0, -days.size :])
    told = numbers(EXPOSURE)
    with_fcrn = summary(*cycle_of(8))[2]
    assert told["exp_fcrn_auc"] == pytest.approx(100 * area / with_fcrn, abs=0.6)
    assert told["exp_fcrn_trough"] == pytest.approx(trough, abs=as_printed(1))
    assert told["exp_given_back"] == 80  # 1 - 1/5


def test_without_a_target_the_course_is_a_matrix_exponential():
    p = kinetics()["WOMAN"]
    days, c = kinetics()["course"](280, vmax=0)
    matrix = np.array(
        [
            [-(p["cl"] + p["q"]) / p["v1"], p["q"] / p["v2"]],
            [p["q"] / p["v1"], -p["q"] / p["v2"]],
        ]
    )
    hour, speed = 1 / 24, np.array([280 * 24.0, 0])
    after = linalg.solve(matrix, (linalg.expm(matrix * hour) - np.eye(2)) @ speed)
    for day in (1.0, 7.0, 28.0):
        blood = (linalg.expm(matrix * (day - hour)) @ after)[0]
        assert np.interp(day, days, c) == pytest.approx(blood / p["v1"], rel=FITTED)


def test_exposure_is_proportional_to_dose_only_without_a_target():
    course = kinetics()["course"]

    def area(dose, **changed):
        days, c = course(dose, interval=300.0, **changed)
        return trapezoid(c, days)

    assert area(560, vmax=0) == pytest.approx(2 * area(280, vmax=0), rel=SOLVED)
    assert area(560, vmax=0) == pytest.approx(560 / kinetics()["WOMAN"]["cl"], rel=2e-3)
    assert area(560) > 2.2 * area(280)


@pytest.mark.parametrize("how", [{}, {"injected": 0.8, "ka": 0.136}])
def test_all_that_goes_in_comes_out(how):
    p = kinetics()["WOMAN"]
    days, c = kinetics()["course"](162, interval=300.0, **how)
    out = trapezoid(p["cl"] * c + p["vmax"] * c / (p["km"] + c), days)
    assert out == pytest.approx(162 * how.get("injected", 1.0), rel=1e-3)


@pytest.mark.parametrize(("mg_kg", "label"), [(4, 11), (8, 13)])
def test_the_slowest_half_life_at_the_trough_is_seen_in_a_frozen_body(mg_kg, label):
    """Clearance held at its value at the trough: the tail of such a course."""
    p = kinetics()["WOMAN"]
    trough = cycle_of(mg_kg)[1][-1]
    frozen = p["cl"] + p["vmax"] / (p["km"] + trough)
    days, c = kinetics()["course"](280, interval=150.0, vmax=0, cl=frozen)
    tail = days > 100
    half_life = -np.log(2) / np.polyfit(days[tail], np.log(c[tail]), 1)[0]
    assert numbers(EXPOSURE)[f"exp_slow_{mg_kg}"] == pytest.approx(
        half_life, abs=as_printed(1)
    )
    assert round(half_life) == label


# Occupancy and the target --------------------------------------------------


@pytest.mark.parametrize("total", [0.3, 5.0, 10.0, 400.0])
@pytest.mark.parametrize("receptor", [0.01, 5.0, 50.0])
def test_occupancy_with_depletion_obeys_mass_action(total, receptor):
    kd = 1.0
    pairs = optimize.brentq(
        lambda x: (total - x) * (receptor - x) - kd * x, 0, min(total, receptor)
    )
    found = kinetics()["occupancy_depleted"](total, receptor, kd)
    assert found == pytest.approx(pairs / receptor, rel=SOLVED)
    # What the free antibody would give is the same thing.
    assert found == pytest.approx(
        kinetics()["occupancy"](total - pairs, kd), rel=SOLVED
    )


def test_occupancy_of_the_worked_example():
    assert kinetics()["occupancy_depleted"](10, 5, 1) == pytest.approx(
        0.8517, abs=as_printed(4)
    )
    assert kinetics()["occupancy"](10, 1) == pytest.approx(0.9091, abs=as_printed(4))
    assert kinetics()["nanomolar"](10) == pytest.approx(67.57, abs=0.01)


@pytest.mark.parametrize("antibody", [0.0, 1.0, 200.0])
def test_the_receptor_settles_where_synthesis_meets_loss(antibody):
    p = kinetics()["TARGET"]
    days = np.linspace(0, 300, 601)
    everything, free = kinetics()["receptor"](days, np.full(days.size, antibody))
    bound = antibody / (antibody + p["kd"])
    expected = p["k_syn"] / (p["k_deg"] * (1 - bound) + p["k_pair"] * bound)
    assert everything[-1] == pytest.approx(expected, rel=5e-3)
    assert free[-1] == pytest.approx(expected * (1 - bound), rel=5e-3)


# CRP under the block -------------------------------------------------------


@pytest.mark.parametrize("mg_kg", [4, 8])
def test_crp_is_that_of_the_cohorts_solver(mg_kg):
    """Driven by the true concentrations, on a grid that joins them closely."""
    days = np.concatenate(
        [[0], np.linspace(1 / 24, 28, 700), 28 + np.linspace(1 / 24, 28, 700)]
    )
    own = woman()
    drug, crp = simulate(own, np.array([70.0 * mg_kg]), days)
    course = definitions(BLOCKING, "crp-course")["crp_course"]
    found = course(
        days, days, np.maximum(drug[0], 1e-6),
        k_out=TRUE["k_out_d"], ic50=TRUE["ic50_ug_ml"], baseline=30.0,
        leak=1 - TRUE["imax"],
    )  # fmt: skip
    np.testing.assert_allclose(found, crp[0], rtol=0.02)


def test_without_a_drug_crp_follows_the_disease_alone():
    course = definitions(BLOCKING, "crp-course")["crp_course"]
    days, none = np.linspace(0, 40, 81), np.full(2, 1e-12)
    at_rest = course(days, [0, 40], none, 0.57, 0.5, 12.0)
    np.testing.assert_allclose(at_rest, 12.0, rtol=FITTED)
    doubled = course(days, [0, 40], none, 0.57, 0.5, 12.0, disease=lambda t: 2.0)
    np.testing.assert_allclose(doubled, 24 - 12 * np.exp(-0.57 * days), rtol=1e-3)


@pytest.mark.parametrize("inhibition", [0.6, 0.8, 0.97, 1.0])
def test_hours_to_half_of_the_baseline(inhibition):
    names = definitions(BLOCKING, "half-suppression")
    run = solve_ivp(
        lambda t, x: names["K_OUT"] * (1 - inhibition - x),
        (0, 60), [1.0], rtol=1e-9, atol=1e-10, dense_output=True,
    )  # fmt: skip
    day = optimize.brentq(lambda t: run.sol(t)[0] - 0.5, 0, 60)
    assert names["hours_to_half"](inhibition) == pytest.approx(24 * day, rel=FITTED)
    assert names["share_left"](3.0, inhibition) == pytest.approx(
        run.sol(3.0)[0], rel=SOLVED
    )


def test_a_weak_block_never_halves_crp():
    assert definitions(BLOCKING, "half-suppression")["hours_to_half"](0.5) == np.inf


def test_the_delay_that_makes_19_hours_look_like_29():
    """Three equal steps as a chain of equations, and a search on a grid."""
    drain = np.log(2) / 19
    hours = np.array([0, 6, 12, 24, 36, 48, 72, 96, 168])
    halves = np.linspace(19, 40, 421)
    plain = 0.03 + 0.97 * np.exp(-np.log(2) * hours / halves[:, None])

    def apparent(delay):
        step = 3 / delay

        def rate(t, y):
            *order, crp = y
            before = [0.0, *order[:-1]]
            steps = [step * (b - o) for b, o in zip(before, order, strict=True)]
            # Production lasts as long as anything is on its way.
            made = 0.03 + 0.97 * sum(order)
            return [*steps, drain * (made - crp)]

        run = solve_ivp(
            rate, (0, 168), [1.0, 0, 0, 1.0], t_eval=hours, rtol=1e-8, atol=1e-10
        )
        return halves[((np.log(plain) - np.log(run.y[3])) ** 2).sum(axis=1).argmin()]

    delay = optimize.brentq(lambda d: apparent(d) - 29.02, 5, 40, xtol=0.05)
    assert numbers(BLOCKING)["blk_delay"] == pytest.approx(delay, abs=0.8)


def test_the_trough_of_the_lower_dose_lets_crp_return():
    """Medians of the shipped samples over the planted baselines, counted anew."""
    made = cohorts.load("crp_timecourse")
    frame = made.samples.merge(made.people, on="person").merge(
        made.parameters, on="person"
    )
    frame["share"] = 100 * frame["crp_mg_l"] / frame["crp_baseline_mg_l"]
    told = numbers(BLOCKING)
    for mg_kg in (4, 8):
        for day, name in [(14.0, "day14"), (27.99, "day28")]:
            here = frame[(frame["dose_mg_kg"] == mg_kg) & (frame["day"] == day)]
            assert told[f"blk_{name}_{mg_kg}"] == round(here["share"].median())
