"""What *Answers to look at* say in words, held against what the cells print.

Each test guards the sentences that ``tests/book/claims/answers-*.toml`` name it for. It
runs on the shipped data and, with ``term new``, on those of every new term. Only the
answers of the capstone speak of the shipped data alone, and say so.
"""

import functools
import json
import re

import cohorts
import numpy as np
import pytest
from course import scores


def skip_data_of_another_term():
    """Skip a test of what an answer says of the shipped data, if these are others."""
    manifest = json.loads((cohorts.SYNTHETIC / "manifest.json").read_text())
    if manifest["seed"] != cohorts.DEFAULT_SEED:
        pytest.skip("the answers speak of the data as they come with the course")


@pytest.fixture
def text(looked):
    """Return a function: what the cells of a task print."""

    def of(assignment, task):
        (one,) = (
            one
            for name, one in looked(assignment).items()
            if name.startswith(f"Task {task} ·")
        )
        return one

    return of


@pytest.fixture
def shown(text):
    """Return a function: the numbers that a pattern finds in what a task prints."""

    def numbers(assignment, task, pattern):
        found = re.search(pattern, text(assignment, task))
        assert found, f"{pattern!r} is not in:\n{text(assignment, task)}"
        return [float(one.replace(",", "")) for one in found.groups()]

    return numbers


def by_patient(trial):
    """Return the visits of the trial in arthritis with the arm, a row a patient."""
    visits = trial.visits.merge(trial.patients[["patient", "arm"]], on="patient")
    return visits.pivot(index="patient", columns="week")


@pytest.fixture(scope="module")
def wide():
    return by_patient(cohorts.load("ra_trial"))


# -- metrics


def test_the_last_draws_flatten_the_line(shown):
    (found,) = shown("metrics", 4, r"half-life ([\d.]+) h")
    truth = cohorts.truth("acute_phase")
    assert found > 1.05 * truth["crp_half_life_h"]
    table = cohorts.load("acute_phase")
    recover = table[table["group"] != "stable"]["crp_mg_l"]
    assert recover.min() > truth["crp_detection_limit"]


def test_how_far_off_gating_is(text):
    lines = text("metrics", 5).splitlines()
    rows = [line.split()[1:] for line in lines if " F" in line]
    found = {person: (float(gated), float(known)) for person, gated, known in rows}
    off = [gated / known - 1 for gated, known in found.values()]
    assert sum(abs(one) <= 0.04 for one in off) > len(off) / 2  # "mostly by a few"
    assert min(off) < 0 < max(off)
    assert min(found, key=lambda person: found[person][1]) == "F04"


def test_what_at_some_visit_promises(shown):
    of = "{}  good response at some visit +(\\d+) %.* earlier +(\\d+) %"
    some, lasting = shown("metrics", 6, of.format("placebo"))
    some_8, lasting_8 = shown("metrics", 6, of.format("8 mg/kg"))
    assert some - lasting > some / 2  # "most of the count"
    assert some_8 / some < lasting_8 / lasting
    assert some_8 > lasting_8


def test_what_crp_adds_to_the_response(shown, wide):
    drug, none = (
        shown("metrics", 7, rf"{arm} +([\d.]+)")[0] for arm in ("8 mg/kg", "placebo")
    )
    assert drug > none
    crp = wide["crp_mg_l"][wide["arm"][0] == "8 mg/kg"]
    seen = crp.dropna(subset=[0, 24])
    assert (seen[24] < 0.3 * seen[0]).mean() > 0.85  # "in nearly everybody"
    assert (seen[24] / seen[0]).median() < 0.15  # "by far more than 70 %"


def test_joints_of_those_whom_crp_alone_makes_responders(wide):
    """Most of them have improved joints; these improve more on 8 mg/kg than without."""
    crp, joints, arm = wide["crp_mg_l"], wide["sjc66"], wide["arm"][0]
    fall = 0.36 * np.log((crp[0] + 1) / (crp[24] + 1))
    start = scores.das28_crp(
        *(wide[one][0] for one in ("tjc28", "sjc28", "crp_mg_l", "ptga_mm"))
    )
    alone = ((fall > 0.6) & (start - fall <= 5.1)) | (fall > 1.2)
    better = joints[24] < joints[0]
    assert better[(arm == "8 mg/kg") & alone & joints[24].notna()].mean() > 0.6
    left = (joints[24] / joints[0]).groupby(arm).median()
    assert left["8 mg/kg"] < left["placebo"]


def test_what_crp_tells_within_arms(shown):
    whole, within = shown("metrics", 11, r"fall of CRP at week 4 +([\d.]+) +([\d.]+)")
    joints, joints_within = shown(
        "metrics", 11, r"swollen joints at week 4 +([\d.]+) +([\d.]+)"
    )
    alone, nothing = shown("metrics", 11, r"arm alone +([\d.]+) +([\d.]+)")
    assert 0.6 < within < joints_within and whole < joints
    assert joints - joints_within < 0.03
    assert nothing == 0.5 < alone
    of = "{}  CRP halved at week 4 +(\\d+) %.* week 24 +(\\d+) %.* halved +(\\d+) %"
    halved, better, those = shown("metrics", 11, of.format("8 mg/kg"))
    assert halved > 90 and abs(those - better) < 5
    _, better, those = shown("metrics", 11, of.format("placebo"))
    assert those > better


# -- mechanism


def test_where_twice_the_dose_is_twice_the_exposure(shown):
    auc, most, trough = (
        shown("mechanism", 3, rf"{one} +[\d.]+ +[\d.]+ +([\d.]+)")[0]
        for one in ("auc", "cmax", "cmin")
    )
    assert 1.3 < most < auc < trough  # people differ in volume, a few at each dose


def test_when_crp_tells_the_doses_apart(shown):
    def crp(dose, day):
        pattern = rf"{dose} mg/kg, day +{day}: CRP at +(\d+) %"
        return shown("mechanism", 4, pattern)[0]

    for day in ("7.0", "14.0"):
        assert abs(crp(4, day) - crp(8, day)) < 10 and crp(4, day) < 20
    assert crp(4, "27.99") > 1.3 * crp(8, "27.99") and crp(4, "27.99") > 20


def test_which_inhibitor_is_strong_and_which_selective(shown):
    of = {
        name: shown("mechanism", 5, rf"{name}: IC50 .*? +([\d.]+) nM.* +([\d.]+)")
        for name in ("K1", "K2", "K3", "K4", "K5")
    }
    assert sorted(of, key=lambda name: of[name][0])[:2] == ["K2", "K1"]
    assert max(of, key=lambda name: of[name][1]) == "K2"
    assert of["K1"][1] < 3 and of["K3"][0] > of["K1"][0] and of["K3"][1] > 4
    assert 1 / 8 < of["K4"][1] < 1 / 3.5  # "five times less"


# -- application


def test_few_leave_before_the_end(shown):
    (left,) = shown("application", 5, r"(\d+) % left")
    day_365, share = shown("application", 5, r"day 365: .*? ([\d.]+) %,.*? ([\d.]+) %")
    assert left < 8 and 0 <= share - day_365 < 1


def test_what_a_prior_adds_once_there_is_a_trough(shown):
    rightly = []
    for used in (1, 3):
        typical, own, weighed = shown(
            "application",
            7,
            rf"error, {used} .*typical (\d+) %, own (\d+) %, MAP (\d+) %",
        )
        assert abs(own - weighed) <= 5 and typical > max(own, weighed)
        rightly += shown("application", 7, rf"{used} .* called expressers, (\d+) of")
    (are,) = shown("application", 7, r"(\d+) of 100 are")
    assert max(rightly) < 0.75 * are and abs(rightly[1] - rightly[0]) <= 6


def test_where_to_aim_if_a_rejection_counts_three(shown):
    """So says the assignment's model answer; the rates are the task's own."""
    of = (
        "{} +a rejection counts 3: .* 0: +([\\d.]+), sd 2: +([\\d.]+), sd 4: +([\\d.]+)"
    )
    early, late = (shown("application", 8, of.format(one)) for one in ("early", "late"))
    assert 14 <= min(early) and max(early) <= 16 and 9 <= min(late) and max(late) <= 11


def test_some_samples_are_no_troughs():
    visits = cohorts.load("transplant_tdm").visits
    early = visits["hours_after_dose"] < 6
    window = cohorts.truth("transplant_tdm")["window_ng_ml"]["early"]
    assert visits["trough_ng_ml"][early].max() > 1.6 * max(window)  # "far above"


# -- risk


def test_rates_move_by_chance_and_their_intervals_overlap(text):
    lines = text("risk", 2).splitlines()
    rows = [line.split() for line in lines if line[:4] in ("year", "late")]
    limits = [tuple(map(float, row[-2:])) for row in rows]
    assert len(limits) == 8
    for (low, high), (late_low, late_high) in (limits[:4:3], limits[4::3]):
        assert low < late_high and late_low < high


def test_the_rate_ratio_errs_upwards(shown):
    crude, least = shown(
        "risk", 6, r"([\d.]+)  everybody[^$]*\n([\d.]+)  das28_band, .*n"
    )
    truth = cohorts.truth("biologic_registry")["infection_hazard_ratio"]
    assert crude > 1.4 * truth and crude > least
    events = (cohorts.load("biologic_registry")["outcome"] == "infection").sum()
    assert 300 < events < 900  # "some hundred infections"


def test_which_organ_in_which_week_and_how_severe(shown):
    day, severe = {}, {}
    for organ in ("colon", "liver", "lung", "skin", "thyroid"):
        day[organ], severe[organ] = shown(
            "risk", 7, rf"{organ} +\d+ +([\d.]+) +([\d.]+)"
        )
    rest = [value for organ, value in day.items() if organ != "skin"]
    assert day["skin"] < 45 and min(rest) > 56  # weeks 4 and 12
    assert severe["skin"] < 25 and min(severe["colon"], severe["liver"]) > 40


def test_a_past_that_recovers_makes_the_chart_deaf(shown):
    of = "{} months: .* (\\d+) false alarms, (\\d+) falls"
    short, long = (shown("risk", 8, of.format(months)) for months in (4, 8))
    assert long[0] <= short[0] and long[1] < 0.9 * short[1]


def test_most_events_come_early(shown):
    days, censored, each = shown(
        "risk", 9, r"PD-1 +(\d+) of 365.* censored (\d+);.* lose (\d+) each"
    )
    assert days < censored and each > 365 / 2


def test_rows_make_signals_of_worries(shown):
    rows, of_cases = shown("risk", 11, r"ROR of rows ([\d.]+), of cases ([\d.]+)")
    assert rows > 1.5 * of_cases


def test_the_draft_of_the_window(shown):
    whole, draft, split = shown(
        "risk", 12, r"500 .* time ([\d.]+); draft ([\d.]+); time split ([\d.]+)"
    )
    assert abs(draft - whole) < 0.1 and whole < 0.8 and split > whole + 0.2


# -- evidence


def test_the_fall_without_a_remedy(shown):
    (placebo,) = shown("evidence", 1, r"placebo +changed by -([\d.]+)")
    (diary,) = shown("evidence", 9, r"fall in the diary +([\d.]+)")
    assert abs(diary - placebo) < 5 < placebo


def test_which_way_missing_outcomes_push_in_the_shipped_data(shown):
    """In other draws many more can leave placebo: then it is the other way round."""
    skip_data_of_another_term()
    for dose in ("4 mg/kg", "8 mg/kg"):
        complete, imputed = shown(
            "evidence", 3, rf"{dose}: complete ([\d.]+), imputed ([\d.]+)"
        )
        assert complete > imputed


def test_a_tipping_point_asks_most_of_those_who_left(shown, text):
    if "tipping point None" not in text("evidence", 3):
        (tipping,) = shown("evidence", 3, r"8 mg/kg: .* tipping point (\d+)")
        (left,) = shown("evidence", 3, r"'placebo': (\d+)")
        assert tipping > left / 2  # "most of those who left"


def test_on_placebo_far_fewer_responded_than_the_tipping_point_asks():
    """Of the shipped data, for which the page says so; of others it does not."""
    made = by_patient(cohorts.make_ra_trial(random_state=cohorts.DEFAULT_SEED))
    joints = made["sjc66"][made["arm"][0] == "placebo"].dropna(subset=[24])
    assert (joints[24] <= 0.8 * joints[0]).mean() < 36 / 51 - 0.1  # ACR20 asks more


def test_the_columns_take_most_away(text):
    ratios = [float(one) for one in re.findall(r"\d\.\d\d", text("evidence", 5))]
    assert len(ratios) == 5
    assert np.log(ratios[-1]) < np.log(ratios[0]) / 2


def test_what_smoking_takes_away(shown):
    (ratio,) = shown("evidence", 8, r"weighted rate ratio ([\d.]+)")
    weak, doubled = (
        shown("evidence", 8, rf"by +{times}: ([\d.]+) is left")[0]
        for times in ("1.2", "2")
    )
    assert ratio - weak < 0.05 < ratio - doubled
    assert ratio < 1.6  # "a little above 1"


def test_regression_goes_slowly_with_readings(shown):
    one, two, four, many = (
        shown("evidence", 9, rf"readings: +{count} +([\d.]+)")[0]
        for count in (1, 2, 4, 16)
    )
    assert one > two > four > one / 4 and many < two / 3
    diary = cohorts.load("clinic_diary").diary
    assert 0.5 < diary["returned"].mean() < 0.95


def test_what_a_filter_makes_of_a_tenth(shown):
    of = " {} times .* printed +(\\d+) %, wrong way +([\\d.]+) %.* for ([\\d.]+)"
    printed, wrong, taken = shown("evidence", 10, of.format(1)[1:])
    assert printed < 15 and wrong > 1 and 0.5 < taken < 0.67  # "four in ten"
    assert abs(shown("evidence", 10, of.format(16)[1:])[2] - 0.9) < 0.08
    printed, _, taken = shown("evidence", 10, of.format(64)[1:])
    assert printed > 80 and 0.88 < taken < 0.92


# -- the capstone, whose answers speak of the shipped data


@pytest.fixture
def shipped(shown):
    """Return `shown` for the capstone, or skip under the data of another term."""
    skip_data_of_another_term()
    return functools.partial(shown, "capstone")


def test_what_the_laboratory_shows(shipped):
    for marker in ("nk_cells_ul", "crp_mg_l", "ifng_pg_ml"):
        low, high = shipped(2, rf"zelimod +{marker} .*\(([\d.]+) to ([\d.]+)\)")
        assert not low < 1 < high
        low, high = shipped(2, rf"corvatide +{marker} .*\(([\d.]+) to ([\d.]+)\)")
        assert low < 1 < high
        for agent in ("zelimod", "corvatide"):
            before, change = shipped(
                3, rf"{agent} +{marker} +before (\S+), change (\S+)"
            )
            assert abs(before) < 2 / np.sqrt(360) and abs(change) < 2 / np.sqrt(120)
            assert abs(change) <= 0.16


def test_what_the_trial_shows(shipped):
    of = "{} .*, {} % interval ([\\d.]+) to ([\\d.]+)"
    for level, above in (("95", False), ("97.5", True)):
        low, high = shipped(5, of.format("zelimod", level))
        assert 0.78 < low < 0.82 and 0.98 < high < 1.02 and (high > 1) == above
        assert low < 0.9 < high
        low, high = shipped(5, of.format("corvatide", level))
        assert high < 0.9
    none, _, _, most = shipped(6, r"corvatide .*: (\S+), (\S+), (\S+), (\S+) points")
    assert 4 > none > most > 0
    assert abs(shipped(6, r"zelimod .*: (\S+), ")[0]) < 0.5
    left = np.array(
        [shipped(6, rf"\n{one} +(\S+) +(\S+) +(\S+)") for one in (1, 2, 3, 4)]
    )
    assert (left[3] > left[0]).all() and left[3, 2] > left[3, :2].max()


def test_what_is_said_of_harm(shipped):
    count, rate = {}, {}
    for arm in ("placebo", "zelimod", "corvatide"):
        count[arm], rate[arm] = shipped(7, rf"{arm} +(\d+) injured, ([\d.]+)")
    assert list(count.values()) == [2, 3, 18]
    assert [round(18 / one) for one in (2, 3, 1)] == [9, 6, 18]  # one more, one less
    difference = rate["corvatide"] - rate["placebo"]
    assert round(difference) == 2 and round(rate["corvatide"] / rate["placebo"]) == 9
    years = count["corvatide"] / rate["corvatide"]  # hundreds
    for more in (17, 19):
        assert 2 < abs(100 / difference - 100 * years / (more - 2)) < 4
    (zelimod,) = shipped(8, r"zelimod .*injury more in (\d+)")
    years = [count[arm] / rate[arm] for arm in ("placebo", "zelimod")]
    assert 0.35 < 100 / (4 / years[1] - 2 / years[0]) / zelimod < 0.65
    assert abs(2 / years[1] - 2 / years[0]) < 0.01  # "practically equal"
    low, high = shipped(14, r"(?s)zelimod .*?difference \S+ per .*?\((\S+) to (\S+)\)")
    assert low < 0 < high  # the interval of its inverse has a hole


def test_what_the_registry_shows(shipped):
    education, smoker = shipped(9, r"zelimod +education (\S+), smoker (\S+),")
    (prior,) = shipped(9, r"corvatide .*prior_exacerbations (\S+),")
    assert education > 0.1 and smoker < -0.1 and prior > 0.1
    low, middle, high = shipped(9, r"\{0: (\S+), 1: (\S+), 2: (\S+)\} by education")
    assert low > middle > high
    without, smoking = shipped(9, r"False: (\S+), True: (\S+)\}")
    assert without < smoking
    ratio = {}
    for agent in ("zelimod", "corvatide"):
        ratio[agent] = shipped(10, rf"{agent} +crude (\S+)") + [
            shipped(10, rf"(?s){agent}.*?by {by}: (\S+)")[0]
            for by in ("education", "smoker", "prior", "education, smoker, prior")
        ]
    crude, education, smoker, prior, whole = ratio["zelimod"]
    assert crude < prior < smoker < education < whole - 0.05
    crude, education, smoker, prior, whole = ratio["corvatide"]
    assert abs(prior - whole) < 0.03 and whole < crude - 0.1
    assert min(education, smoker) > crude - 0.05


def test_what_the_reports_and_the_weights_show(shipped, text):
    reports = text("capstone", 11)
    assert re.findall(r"^(\w+) +(\w+ \w+):", reports, re.M) == [
        ("corvatide", "Liver injury")
    ]
    net = {
        weight: shipped(
            12, rf"corvatide .*weighs +{weight} .*: +(\S+) .*\((\S+) to (\S+)\)"
        )
        for weight in (0, 5, 10, 20)
    }
    assert net[10][0] > 0 > net[20][0] and net[5][1] > 0 > net[10][1]
    width = [high - low for _, low, high in net.values()]
    assert width == sorted(width)
    injury = (net[0][0] - net[20][0]) / 20  # more injuries per 100 patient-years
    assert round(net[0][0] / injury) == 18
