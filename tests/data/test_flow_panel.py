"""The planted truth of `flow_panel` is recovered; percent alone misses the lymphopenia.

Estimators know the two tables and the labels, as a reader does, and nothing of
how an event is drawn.
"""

import cohorts
import numpy as np
import pandas as pd
import pytest
from recovery import assert_recovered, assert_share, only_shipped, worlds
from sklearn.mixture import GaussianMixture

ANOTHER = {
    "count_mean": {
        "female": {"CD4 T": 600.0, "CD8 T": 500.0, "B": 250.0, "NK": 300.0},
        "male": {"CD4 T": 900.0, "CD8 T": 450.0, "B": 300.0, "NK": 250.0},
    },
    "count_sd": {
        "female": {"CD4 T": 120.0, "CD8 T": 150.0, "B": 80.0, "NK": 120.0},
        "male": {"CD4 T": 250.0, "CD8 T": 120.0, "B": 120.0, "NK": 90.0},
    },
    "double_negative_mean": {"female": 200.0, "male": 150.0},
    "double_negative_sd": 60.0,
    "count_correlation": 0.6,
    "monocyte_count": {"mean": 700.0, "sd": 300.0},
    "granulocyte_count": {"mean": 2500.0, "sd": 600.0},
    "event_share": {"debris": 0.15, "doublet": 0.06},
    "lymphopenia_fraction_left": 0.5,
    "cd8_expansion": 2.0,
    "separation": {"cd3": 4.5, "cd4": 3.8, "cd8": 4.2, "cd19": 4.0, "cd16_56": 3.4},
    "noise_correlation": 0.5,
    "staining_sd": 0.15,
    "spill_cd3_to_cd16_56": 0.015,
    "nk_cd8_dim": 0.6,
    "cd8_t_cd16_56": 0.3,
    "negative_signal": 0.7,
    "signal_sd": {
        "negative": 0.25, "cd3": 0.45, "cd4": 0.3, "cd8": 0.35, "cd19": 0.3,
        "cd16_56": 0.5,
    },
    "scatter_mean": {
        "lymphocyte": {"fsc": 5.0, "ssc": 2.0},
        "NK": {"fsc": 5.5, "ssc": 2.6},
        "monocyte": {"fsc": 8.0, "ssc": 5.0},
        "debris": {"fsc": 2.5, "ssc": 2.2},
    },
    "scatter_sd": {
        "lymphocyte": {"fsc": 0.4, "ssc": 0.3},
        "NK": {"fsc": 0.35, "ssc": 0.4},
        "monocyte": {"fsc": 0.5, "ssc": 0.6},
        "debris": {"fsc": 0.4, "ssc": 0.35},
    },
    "double_negative_cd3_gain": 0.9,
    "odd_signal": {
        "double-negative T": {"cd8": 1.9},
        "monocyte": {"cd4": 3.0, "cd16_56": 1.4},
        "NK": {"cd8": 3.2},
        "CD8 T": {"cd16_56": 3.3},
    },
    "odd_signal_sd": {
        "double-negative T": {"cd8": 0.5},
        "monocyte": {"cd4": 0.4, "cd16_56": 0.3},
        "NK": {"cd8": 0.45},
        "CD8 T": {"cd16_56": 0.4},
        "debris": 0.4,
    },
    "doublet_scatter": 0.6,
    "female_share": 0.3,
}  # fmt: skip
world = worlds("flow_panel", ANOTHER)
LYMPHOCYTES = ["CD4 T", "CD8 T", "double-negative T", "B", "NK"]
SEEDS = range(4)


@pytest.fixture(scope="module")
def many_people(world):
    """Six hundred people with enough events to count most subsets well, by seed."""
    return [world.make(600, 1000, random_state=seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def counted(many_people):
    """Absolute counts of `many_people`."""
    return [absolute_counts(made) for made in many_people]


@pytest.fixture(scope="module")
def many_events(world):
    """Sixty people with enough events for every small population, by seed."""
    return [world.make(60, 3000, random_state=seed) for seed in SEEDS]


def is_typical(people):
    """Say who is neither lymphopenic nor expanded, from their place in the table."""
    place = np.arange(len(people)) % 12
    return (place != 3) & (place != 7)


def absolute_counts(made):
    """Return cells/µL by person and population: analyser count times share."""
    number = pd.crosstab(made.events["person"], made.events["population"])
    number = number.reindex(made.people["person"])
    people = made.people.set_index("person")
    lymphocytes = people["wbc_10e9_l"] * 10 * people["lymphocyte_percent"]
    per_event = lymphocytes / number[LYMPHOCYTES].sum(axis=1)
    return number[[*LYMPHOCYTES, "monocyte"]].mul(per_event, axis=0)


def mean_and_error(values):
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))


def sd_and_error(values):
    """Return the SD and its standard error, which a fat tail makes larger."""
    values = np.asarray(values, dtype=float)
    centred = values - values.mean()
    variance = np.mean(centred**2)
    error = np.sqrt((np.mean(centred**4) - variance**2) / values.size)
    return np.sqrt(variance), error / (2 * np.sqrt(variance))


# --- Absolute counts ------------------------------------------------------------


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("subset", LYMPHOCYTES)
def test_mean_absolute_count(world, many_people, counted, sex, subset):
    found = []
    for made, counts in zip(many_people, counted, strict=True):
        keep = is_typical(made.people) & (made.people["sex"] == sex).to_numpy()
        found.append(mean_and_error(counts[subset].to_numpy()[keep]))
    truth = world.true["count_mean"][sex] | {
        "double-negative T": world.true["double_negative_mean"][sex]
    }
    assert_recovered(*zip(*found, strict=True), truth[subset])


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("subset", LYMPHOCYTES)
def test_sd_between_people(world, many_people, counted, sex, subset):
    """On the log scale, where the tail of a log-normal does not rule the estimate."""
    mean = world.true["count_mean"][sex] | {
        "double-negative T": world.true["double_negative_mean"][sex]
    }
    sd = world.true["count_sd"][sex] | {
        "double-negative T": world.true["double_negative_sd"]
    }
    found = []
    for made, counts in zip(many_people, counted, strict=True):
        keep = is_typical(made.people) & (made.people["sex"] == sex).to_numpy()
        counts = counts[keep]
        whole = counts[LYMPHOCYTES].sum(axis=1)
        intact = 1 - sum(world.true["event_share"].values())
        events = 1000 * intact * counts[subset] / counts.sum(axis=1)
        # Counting k events adds (1 - share) / k to the variance of ln(count).
        added = np.mean((1 - counts[subset] / whole) / events)
        variance = np.log(counts[subset]).var() - added
        found.append((variance, (variance + added) * np.sqrt(2 / keep.sum())))
    truth = np.log1p((sd[subset] / mean[subset]) ** 2)
    assert_recovered(*zip(*found, strict=True), truth)


def test_counts_of_one_person_are_correlated(world, many_events):
    z, errors = [], []
    for made in many_events:
        keep = is_typical(made.people)
        for sex in ("female", "male"):
            who = keep & (made.people["sex"] == sex).to_numpy()
            log = np.log(absolute_counts(made)[["CD4 T", "CD8 T"]].to_numpy()[who])
            z.append(np.arctanh(np.corrcoef(log.T)[0, 1]))
            errors.append(1 / np.sqrt(who.sum() - 3))
    assert_recovered(z, errors, np.arctanh(world.true["count_correlation"]))


@only_shipped
@pytest.mark.parametrize("sex, published", [("female", 667), ("male", 645)])
def test_all_lymphocytes_vary_as_published(world, sex, published):
    """Chng2004subsets, table 3: standard deviation of the absolute count, per µL."""
    made = world.make(20_000, 1, random_state=5).people
    made = made[is_typical(made) & (made["sex"] == sex)]
    sd, _ = sd_and_error(10 * made["wbc_10e9_l"] * made["lymphocyte_percent"])
    assert abs(sd / published - 1) < 0.1


def test_monocytes_and_granulocytes(world, many_events):
    found = {"monocyte": [], "granulocyte": []}
    for made in many_events:
        counts = absolute_counts(made)
        white = 1000 * made.people["wbc_10e9_l"].to_numpy()
        found["monocyte"].append(mean_and_error(counts["monocyte"]))
        rest = white - counts.sum(axis=1).to_numpy()
        found["granulocyte"].append(mean_and_error(rest))
    for name, pairs in found.items():
        assert_recovered(*zip(*pairs, strict=True), world.true[f"{name}_count"]["mean"])


# --- The two people who differ ----------------------------------------------------


def shift_of_log_count(made, counts, place, subset):
    """Return how far ln(count) of planted people lies from the others', and error."""
    log = np.log(counts[subset].to_numpy())
    at = np.arange(len(log)) % 12
    shifts, weights = [], []
    for sex in ("female", "male"):
        of_sex = (made.people["sex"] == sex).to_numpy()
        some = log[of_sex & (at == place)]
        others = log[of_sex & is_typical(made.people)]
        shifts.append(some.mean() - others.mean())
        weights.append(1 / (some.var() / some.size + others.var() / others.size))
    return np.average(shifts, weights=weights), 1 / np.sqrt(np.sum(weights))


@pytest.mark.parametrize("subset", ["CD4 T", "CD8 T", "B", "NK"])
def test_lymphopenia_takes_the_same_part_of_every_subset(
    world, many_people, counted, subset
):
    both = zip(many_people, counted, strict=True)
    found = [shift_of_log_count(*one, 3, subset) for one in both]
    truth = np.log(world.true["lymphopenia_fraction_left"])
    assert_recovered(*zip(*found, strict=True), truth)


def test_one_person_in_twelve_has_too_many_cd8_cells(world, many_people, counted):
    both = zip(many_people, counted, strict=True)
    found = [shift_of_log_count(*one, 7, "CD8 T") for one in both]
    assert_recovered(*zip(*found, strict=True), np.log(world.true["cd8_expansion"]))


@only_shipped
@pytest.mark.parametrize("seed", [cohorts.DEFAULT_SEED, *SEEDS])
def test_percent_without_the_count_misses_the_lymphopenia(world, seed):
    made = world.make(random_state=seed)
    counts = absolute_counts(made)
    percent = 100 * counts["CD4 T"] / counts[LYMPHOCYTES].sum(axis=1)
    low, expanded = world.true["lymphopenic_person"], world.true["expanded_person"]
    # Lower limits: 28 % (Reichert1991subsets, abstract); 313 and 399 cells/µL
    # (Chng2004subsets, table 3, men and women).
    assert percent[low] > 28 and counts["CD4 T"][low] < 300
    assert percent[expanded] < 28 and counts["CD4 T"][expanded] > 600
    assert counts["CD4 T"][expanded] / counts["CD8 T"][expanded] < 0.6


# --- Signals ------------------------------------------------------------------------


def by_person(made, population, channel, transform=lambda x: x):
    """Return the mean transformed signal of a population, by person."""
    events = made.events[made.events["population"] == population]
    return transform(events[channel]).groupby(events["person"]).mean()


def without_spill(made, spill):
    """Take the light of CD3 off the CD16/56 detector, before scaling."""
    light = np.sinh(made.events["cd16_56"]) - spill * np.sinh(made.events["cd3"])
    return made._replace(events=made.events.assign(cd16_56=np.arcsinh(light)))


@pytest.mark.parametrize(
    "marker, positive, negative",
    [
        ("cd3", "CD4 T", "B"),
        ("cd4", "CD4 T", "CD8 T"),
        ("cd8", "CD8 T", "CD4 T"),
        ("cd19", "B", "CD4 T"),
        ("cd16_56", "NK", "B"),
    ],
)
def test_separation_of_positive_and_negative(
    world, many_events, marker, positive, negative
):
    found = []
    for made in many_events:
        if marker == "cd16_56":
            made = without_spill(made, world.true["spill_cd3_to_cd16_56"])
        step = by_person(made, positive, marker) - by_person(made, negative, marker)
        found.append(mean_and_error(step))
    assert_recovered(*zip(*found, strict=True), world.true["separation"][marker])


def test_cd3_spills_into_the_cd16_56_detector(world, many_events):
    found = []
    for made in many_events:
        gain = {
            channel: by_person(made, "CD4 T", channel, np.sinh)
            - by_person(made, "B", channel, np.sinh)
            for channel in ("cd16_56", "cd3")
        }
        found.append(mean_and_error(gain["cd16_56"] / gain["cd3"]))
    assert_recovered(*zip(*found, strict=True), world.true["spill_cd3_to_cd16_56"])


def test_staining_differs_between_people(world, many_events):
    found = [sd_and_error(by_person(made, "CD4 T", "cd4")) for made in many_events]
    assert_recovered(*zip(*found, strict=True), world.true["staining_sd"])


def test_noise_is_shared_between_channels(world, many_events):
    z, errors = [], []
    for made in many_events:
        cells = made.events[made.events["population"] == "CD4 T"]
        own = cells[["cd4", "ssc"]] - cells.groupby("person")[["cd4", "ssc"]].transform(
            "mean"
        )
        z.append(np.arctanh(own.corr().iloc[0, 1]))
        errors.append(1 / np.sqrt(len(own) - made.people.shape[0] - 3))
    assert_recovered(z, errors, np.arctanh(world.true["noise_correlation"]))


def own_signal(made, population, channel):
    """Return mean over people of a signal, its error, and its SD within a person."""
    events = made.events[made.events["population"] == population]
    people = events.groupby("person")[channel]
    enough = people.transform("size") >= 10
    within = (events[channel] - people.transform("mean"))[enough]
    groups = events.loc[enough, "person"].nunique()
    variance = (within**2).sum() / (len(within) - groups)
    fourth = (within**4).mean()
    error = np.sqrt(max(fourth - variance**2, 0) / len(within))
    return mean_and_error(people.mean()), (variance, error)


def planted_signals(true):
    """Return (mean, SD) of each kind of cell in the channels without a spill."""
    negative, sd, odd = true["negative_signal"], true["signal_sd"], true["odd_signal"]
    odd_sd, up = true["odd_signal_sd"], true["separation"]
    found = {}
    for kind, cells in [
        ("lymphocyte", "CD4 T"), ("lymphocyte", "CD8 T"), ("NK", "NK"),
        ("lymphocyte", "double-negative T"), ("lymphocyte", "B"),
        ("monocyte", "monocyte"), ("debris", "debris"),
    ]:  # fmt: skip
        for channel in ("fsc", "ssc"):
            both = true["scatter_mean"][kind], true["scatter_sd"][kind]
            found[cells, channel] = tuple(of[channel] for of in both)
    positive = {
        "CD4 T": ("cd3", "cd4"),
        "CD8 T": ("cd3", "cd8"),
        "B": ("cd19",),
    }
    for cells, markers in positive.items():
        for marker in ("cd3", "cd4", "cd8", "cd19"):
            found[cells, marker] = (
                (negative + up[marker], sd[marker])
                if marker in markers
                else (negative, sd["negative"])
            )
    gain = true["double_negative_cd3_gain"]
    found["double-negative T", "cd3"] = negative + up["cd3"] + gain, sd["cd3"]
    for cells, marker in [("double-negative T", "cd8"), ("monocyte", "cd4")]:
        found[cells, marker] = odd[cells][marker], odd_sd[cells][marker]
    for marker in ("cd3", "cd4", "cd8", "cd19"):
        found["debris", marker] = negative, odd_sd["debris"]
    return found


def test_every_kind_of_cell_has_its_signals(world, many_events):
    """Means over people, whose staining differs, and the spread within a person."""
    planted = planted_signals(world.true)
    for channel in ("fsc", "ssc"):
        # Debris is so small that some of it scatters nothing: by the upper half.
        mean, sd = planted.pop(("debris", channel))
        for made in many_events:
            debris = made.events.query("population == 'debris'")
            people = debris.groupby("person")[channel]
            upper = people.quantile(0.8413) - people.median()
            assert_recovered([upper.mean()], [np.hypot(upper.sem(), 0.005)], sd)
            assert_recovered(*([x] for x in mean_and_error(people.median())), mean)
    for (cells, channel), (mean, sd) in planted.items():
        pairs = [own_signal(made, cells, channel) for made in many_events]
        means, variances = zip(*pairs, strict=True)
        assert_recovered(*zip(*means, strict=True), mean)
        # Signals are rounded to 0.01.
        truth = sd**2 + 0.01**2 / 12
        assert_recovered(*zip(*variances, strict=True), truth)


def test_the_spread_of_the_cd16_56_detector(world, many_events):
    """The spill of CD3, which B and NK cells lack, is taken off before scaling."""
    true = world.true
    spill = true["spill_cd3_to_cd16_56"]
    negative, up = true["negative_signal"], true["separation"]["cd16_56"]
    odd = true["odd_signal"]["monocyte"]["cd16_56"]
    odd_sd = true["odd_signal_sd"]["monocyte"]["cd16_56"]
    for cells, mean, sd in [
        ("NK", negative + up, true["signal_sd"]["cd16_56"]),
        ("B", negative, true["signal_sd"]["negative"]),
        ("monocyte", odd, odd_sd),
    ]:
        means, variances = [], []
        for made in many_events:
            found = own_signal(without_spill(made, spill), cells, "cd16_56")
            means.append(found[0])
            variances.append(found[1])
        assert_recovered(*zip(*means, strict=True), mean)
        assert_recovered(*zip(*variances, strict=True), sd**2 + 0.01**2 / 12)


def test_who_is_dim_and_how(world, many_events):
    """The brighter of two normal components is the dim kind."""
    true, spill = world.true, world.true["spill_cd3_to_cd16_56"]
    for cells, channel in [("NK", "cd8"), ("CD8 T", "cd16_56")]:
        means, sds = [], []
        for made in many_events:
            kind = made.events.query("population == @cells")
            light = np.sinh(kind[channel])
            if channel == "cd16_56":
                light = light - spill * np.sinh(kind["cd3"])
            values = np.arcsinh(light).to_numpy()[:, None]
            fit = GaussianMixture(2, random_state=0, n_init=2).fit(values)
            bright = np.argmax(fit.means_[:, 0])
            means.append(fit.means_[bright, 0])
            sds.append(np.sqrt(fit.covariances_[bright, 0, 0]))
        # Sixty people's staining and the overlap of the components: 0.1 at most.
        planted = true["odd_signal"][cells][channel]
        assert abs(np.mean(means) - planted) < 0.1, (cells, means)
        wide = np.hypot(true["odd_signal_sd"][cells][channel], true["staining_sd"])
        assert abs(np.mean(sds) - wide) < 0.08, (cells, sds)


def test_two_cells_in_line_scatter_less_than_their_sum(world, many_events):
    """Mean scatter of pairs, from the mean of the lymphocytes that they are made of."""
    for channel in ("fsc", "ssc"):
        ratios, errors = [], []
        for made in many_events:
            single = made.events[made.events["population"].isin(LYMPHOCYTES)]
            pairs = made.events[made.events["population"] == "doublet"]
            one = single.groupby("person")[channel].mean()
            ratio = pairs[channel] / (2 * pairs["person"].map(one))
            ratios.append(ratio.mean())
            errors.append(ratio.sem())
        assert_recovered(ratios, errors, world.true["doublet_scatter"])


def test_spread_of_monocytes_and_granulocytes(world):
    """Of many people at a time: the analyser counts all white cells together."""
    made = world.make(6000, 200, random_state=8)
    counts = absolute_counts(made)
    white = 1000 * made.people["wbc_10e9_l"].to_numpy()
    rest = white - counts.sum(axis=1).to_numpy()
    spread, error = sd_and_error(rest)
    # Counting the 200 events and rounding to 0.1 add some.
    assert abs(spread / world.true["granulocyte_count"]["sd"] - 1) < 0.04 + 3 * (
        error / spread
    )
    made = world.make(1000, 3000, random_state=9)
    spread, error = sd_and_error(absolute_counts(made)["monocyte"])
    truth = world.true["monocyte_count"]["sd"]
    assert abs(spread / truth - 1) < 0.02 + 3 * error / spread


def test_women(world, many_people):
    women = sum((made.people["sex"] == "female").sum() for made in many_people)
    people = sum(len(made.people) for made in many_people)
    assert_share(women, people, world.true["female_share"])


def share_of_brighter(values):
    """Return the weight of the brighter of two normal components, and its error."""
    values = np.asarray(values)[:, None]
    fit = GaussianMixture(2, random_state=0, n_init=2).fit(values)
    share = fit.weights_[np.argmax(fit.means_[:, 0])]
    return share, 1.2 * np.sqrt(share * (1 - share) / len(values))


def test_some_nk_cells_carry_cd8(world, many_events):
    found = [
        share_of_brighter(made.events.query("population == 'NK'")["cd8"])
        for made in many_events
    ]
    assert_recovered(*zip(*found, strict=True), world.true["nk_cd8_dim"])


def test_some_cd8_cells_carry_cd16_56(world, many_events):
    found = []
    for made in many_events:
        cells = made.events.query("population == 'CD8 T'")
        spilt = world.true["spill_cd3_to_cd16_56"] * np.sinh(cells["cd3"])
        found.append(share_of_brighter(np.arcsinh(np.sinh(cells["cd16_56"]) - spilt)))
    assert_recovered(*zip(*found, strict=True), world.true["cd8_t_cd16_56"])


@pytest.mark.parametrize("what", ["debris", "doublet"])
def test_share_of_artefacts(world, many_events, what):
    share = [np.mean(made.events["population"] == what) for made in many_events]
    n = len(many_events[0].events)
    assert_recovered(
        share, np.sqrt(np.multiply(share, 1) / n), world.true["event_share"][what]
    )


def test_a_doublet_is_two_lymphocytes_of_that_person(world, many_events):
    between = world.true["negative_signal"] + world.true["separation"]["cd19"] / 2
    excess, variance = 0.0, 0.0
    for made in many_events:
        events = made.events
        single = events[events["population"].isin(LYMPHOCYTES)]
        share = (single["population"] == "B").groupby(single["person"]).mean()
        pairs = events[events["population"] == "doublet"]
        expected = pairs["person"].map(1 - (1 - share) ** 2)
        excess += ((pairs["cd19"] > between) - expected).sum()
        variance += (expected * (1 - expected)).sum()
    assert abs(excess) < 4 * np.sqrt(variance)


def test_events_come_in_the_order_of_recording():
    events = cohorts.make_flow_panel(1, 4000, random_state=3).events
    is_cd4 = (events["population"] == "CD4 T").to_numpy()
    runs = 1 + np.sum(is_cd4[1:] != is_cd4[:-1])
    p = is_cd4.mean()
    expected = 1 + 2 * p * (1 - p) * (is_cd4.size - 1)
    assert abs(runs - expected) < 5 * np.sqrt(is_cd4.size) / 2


def test_a_wrong_number_of_people_is_named():
    with pytest.raises(ValueError, match="n_people=0"):
        cohorts.make_flow_panel(0)
