"""The planted truth of `flow_panel` is recovered; percent alone misses the lymphopenia.

Estimators know the two tables and the labels, as a reader does, and nothing of
how an event is drawn.
"""

import cohorts
import numpy as np
import pandas as pd
import pytest
from recovery import assert_recovered
from sklearn.mixture import GaussianMixture

TRUE = cohorts.truth("flow_panel")
LYMPHOCYTES = ["CD4 T", "CD8 T", "double-negative T", "B", "NK"]
SEEDS = range(4)


@pytest.fixture(scope="module")
def many_people():
    """Six hundred people with enough events to count most subsets well, by seed."""
    return [cohorts.make_flow_panel(600, 1000, random_state=seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def counted(many_people):
    """Absolute counts of `many_people`."""
    return [absolute_counts(made) for made in many_people]


@pytest.fixture(scope="module")
def many_events():
    """Sixty people with enough events for every small population, by seed."""
    return [cohorts.make_flow_panel(60, 3000, random_state=seed) for seed in SEEDS]


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
def test_mean_absolute_count(many_people, counted, sex, subset):
    found = []
    for made, counts in zip(many_people, counted, strict=True):
        keep = is_typical(made.people) & (made.people["sex"] == sex).to_numpy()
        found.append(mean_and_error(counts[subset].to_numpy()[keep]))
    truth = TRUE["count_mean"][sex] | {
        "double-negative T": TRUE["double_negative_mean"][sex]
    }
    assert_recovered(*zip(*found, strict=True), truth[subset])


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("subset", LYMPHOCYTES)
def test_sd_between_people(many_people, counted, sex, subset):
    """On the log scale, where the tail of a log-normal does not rule the estimate."""
    mean = TRUE["count_mean"][sex] | {
        "double-negative T": TRUE["double_negative_mean"][sex]
    }
    sd = TRUE["count_sd"][sex] | {"double-negative T": TRUE["double_negative_sd"]}
    found = []
    for made, counts in zip(many_people, counted, strict=True):
        keep = is_typical(made.people) & (made.people["sex"] == sex).to_numpy()
        counts = counts[keep]
        whole = counts[LYMPHOCYTES].sum(axis=1)
        events = 1000 * 0.89 * counts[subset] / counts.sum(axis=1)
        # Counting k events adds (1 - share) / k to the variance of ln(count).
        added = np.mean((1 - counts[subset] / whole) / events)
        variance = np.log(counts[subset]).var() - added
        found.append((variance, (variance + added) * np.sqrt(2 / keep.sum())))
    truth = np.log1p((sd[subset] / mean[subset]) ** 2)
    assert_recovered(*zip(*found, strict=True), truth)


def test_counts_of_one_person_are_correlated(many_events):
    z, errors = [], []
    for made in many_events:
        keep = is_typical(made.people)
        for sex in ("female", "male"):
            who = keep & (made.people["sex"] == sex).to_numpy()
            log = np.log(absolute_counts(made)[["CD4 T", "CD8 T"]].to_numpy()[who])
            z.append(np.arctanh(np.corrcoef(log.T)[0, 1]))
            errors.append(1 / np.sqrt(who.sum() - 3))
    assert_recovered(z, errors, np.arctanh(TRUE["count_correlation"]))


@pytest.mark.parametrize("sex, published", [("female", 667), ("male", 645)])
def test_all_lymphocytes_vary_as_published(sex, published):
    """Chng2004subsets, table 3: standard deviation of the absolute count, per µL."""
    made = cohorts.make_flow_panel(20_000, 1, random_state=5).people
    made = made[is_typical(made) & (made["sex"] == sex)]
    sd, _ = sd_and_error(10 * made["wbc_10e9_l"] * made["lymphocyte_percent"])
    assert abs(sd / published - 1) < 0.1


def test_monocytes_and_granulocytes(many_events):
    found = {"monocyte": [], "granulocyte": []}
    for made in many_events:
        counts = absolute_counts(made)
        white = 1000 * made.people["wbc_10e9_l"].to_numpy()
        found["monocyte"].append(mean_and_error(counts["monocyte"]))
        rest = white - counts.sum(axis=1).to_numpy()
        found["granulocyte"].append(mean_and_error(rest))
    for name, pairs in found.items():
        assert_recovered(*zip(*pairs, strict=True), TRUE[f"{name}_count"]["mean"])


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
def test_lymphopenia_takes_the_same_part_of_every_subset(many_people, counted, subset):
    both = zip(many_people, counted, strict=True)
    found = [shift_of_log_count(*one, 3, subset) for one in both]
    truth = np.log(TRUE["lymphopenia_fraction_left"])
    assert_recovered(*zip(*found, strict=True), truth)


def test_one_person_in_twelve_has_too_many_cd8_cells(many_people, counted):
    both = zip(many_people, counted, strict=True)
    found = [shift_of_log_count(*one, 7, "CD8 T") for one in both]
    assert_recovered(*zip(*found, strict=True), np.log(TRUE["cd8_expansion"]))


@pytest.mark.parametrize("seed", [cohorts.DEFAULT_SEED, *SEEDS])
def test_percent_without_the_count_misses_the_lymphopenia(seed):
    made = cohorts.make_flow_panel(random_state=seed)
    counts = absolute_counts(made)
    percent = 100 * counts["CD4 T"] / counts[LYMPHOCYTES].sum(axis=1)
    low, expanded = TRUE["lymphopenic_person"], TRUE["expanded_person"]
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
def test_separation_of_positive_and_negative(many_events, marker, positive, negative):
    found = []
    for made in many_events:
        step = by_person(made, positive, marker) - by_person(made, negative, marker)
        found.append(mean_and_error(step))
    assert_recovered(*zip(*found, strict=True), TRUE["separation"][marker])


def test_cd3_spills_into_the_cd16_56_detector(many_events):
    found = []
    for made in many_events:
        gain = {
            channel: by_person(made, "CD4 T", channel, np.sinh)
            - by_person(made, "B", channel, np.sinh)
            for channel in ("cd16_56", "cd3")
        }
        found.append(mean_and_error(gain["cd16_56"] / gain["cd3"]))
    assert_recovered(*zip(*found, strict=True), TRUE["spill_cd3_to_cd16_56"])


def test_staining_differs_between_people(many_events):
    found = [sd_and_error(by_person(made, "CD4 T", "cd4")) for made in many_events]
    assert_recovered(*zip(*found, strict=True), TRUE["staining_sd"])


def test_noise_is_shared_between_channels(many_events):
    z, errors = [], []
    for made in many_events:
        cells = made.events[made.events["population"] == "CD4 T"]
        own = cells[["cd4", "ssc"]] - cells.groupby("person")[["cd4", "ssc"]].transform(
            "mean"
        )
        z.append(np.arctanh(own.corr().iloc[0, 1]))
        errors.append(1 / np.sqrt(len(own) - made.people.shape[0] - 3))
    assert_recovered(z, errors, np.arctanh(TRUE["noise_correlation"]))


def share_of_brighter(values):
    """Return the weight of the brighter of two normal components, and its error."""
    values = np.asarray(values)[:, None]
    fit = GaussianMixture(2, random_state=0, n_init=2).fit(values)
    share = fit.weights_[np.argmax(fit.means_[:, 0])]
    return share, 1.2 * np.sqrt(share * (1 - share) / len(values))


def test_some_nk_cells_carry_cd8(many_events):
    found = [
        share_of_brighter(made.events.query("population == 'NK'")["cd8"])
        for made in many_events
    ]
    assert_recovered(*zip(*found, strict=True), TRUE["nk_cd8_dim"])


def test_some_cd8_cells_carry_cd16_56(many_events):
    found = []
    for made in many_events:
        cells = made.events.query("population == 'CD8 T'")
        spilt = TRUE["spill_cd3_to_cd16_56"] * np.sinh(cells["cd3"])
        found.append(share_of_brighter(np.arcsinh(np.sinh(cells["cd16_56"]) - spilt)))
    assert_recovered(*zip(*found, strict=True), TRUE["cd8_t_cd16_56"])


@pytest.mark.parametrize("what", ["debris", "doublet"])
def test_share_of_artefacts(many_events, what):
    share = [np.mean(made.events["population"] == what) for made in many_events]
    n = len(many_events[0].events)
    assert_recovered(
        share, np.sqrt(np.multiply(share, 1) / n), TRUE["event_share"][what]
    )


def test_a_doublet_is_two_lymphocytes_of_that_person(many_events):
    excess, variance = 0.0, 0.0
    for made in many_events:
        events = made.events
        single = events[events["population"].isin(LYMPHOCYTES)]
        share = (single["population"] == "B").groupby(single["person"]).mean()
        pairs = events[events["population"] == "doublet"]
        expected = pairs["person"].map(1 - (1 - share) ** 2)
        excess += ((pairs["cd19"] > 2.15) - expected).sum()
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
