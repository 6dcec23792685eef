"""`spontaneous_reports`: a signal has its planted size once nothing hides it."""

import cohorts
import numpy as np
import pandas as pd
import pytest
from cohorts.spontaneous_reports import MASKED, MASKING, NOTORIOUS, SIGNAL
from recovery import assert_recovered, only_shipped, worlds
from scipy import stats

ANOTHER = {
    "signal_ratio": 2.5,
    "masked_ratio": 8.0,
    "masking_ratio": 15.0,
    "notoriety_ratio": 3.0,
    "warning_quarters": (5, 11),
    "drug_share_exponent": 0.4,
    "event_share_exponent": 0.9,
    "reporting_growth": 0.6,
}
world = worlds("spontaneous_reports", ANOTHER)
SEEDS = range(5)
PLANTED = (SIGNAL, MASKED, MASKING, NOTORIOUS)


@pytest.fixture(scope="module")
def drawn(world):
    return [world.make(random_state=seed) for seed in SEEDS]


def two_by_two(reports, pair):
    drug, event = reports["drug"] == pair[0], reports["event"] == pair[1]
    return [(drug & event).sum(), (drug & ~event).sum(),
            (~drug & event).sum(), (~drug & ~event).sum()]  # fmt: skip


def log_odds_ratio(reports, pair):
    """Return ln ROR and its error (Woolf)."""
    counts = np.array(two_by_two(reports, pair), float)
    return np.log(counts) @ [1, -1, -1, 1], np.sqrt((1 / counts).sum())


def without_other_pairs(reports, pair):
    """Leave out the reports of the other planted pairs, which distort the rest."""
    for other in set(PLANTED) - {pair}:
        if other[1] == pair[1]:
            reports = reports[reports["drug"] != other[0]]
        else:
            reports = reports[reports["event"] != other[1]]
    return reports


def proportional_ratio(reports, pair):
    a, b, c, d = two_by_two(reports, pair)
    return (a / (a + b)) / (c / (c + d))


@pytest.mark.parametrize(
    ("pair", "name"),
    [(SIGNAL, "signal"), (MASKED, "masked"), (MASKING, "masking")],
)
def test_planted_ratio(world, drawn, pair, name):
    fits = [log_odds_ratio(without_other_pairs(frame, pair), pair) for frame in drawn]
    assert_recovered(*np.transpose(fits), np.log(world.true[f"{name}_ratio"]))


def test_the_artefact_lives_in_the_quarters_after_the_warning_only(world, drawn):
    inside, outside = [], []
    for frame in drawn:
        clean = without_other_pairs(frame, NOTORIOUS)
        felt = clean["quarter"].between(*world.true["warning_quarters"])
        inside.append(log_odds_ratio(clean[felt], NOTORIOUS))
        outside.append(log_odds_ratio(clean[~felt], NOTORIOUS))
    assert_recovered(*np.transpose(inside), np.log(world.true["notoriety_ratio"]))
    assert_recovered(*np.transpose(outside), 0.0)


@only_shipped
def test_the_masked_signal_passes_unseen_until_the_masking_drug_is_left_out(
    world, drawn
):
    for frame in drawn:
        assert proportional_ratio(frame, MASKED) < 2
        unmasked = frame[frame["drug"] != MASKING[0]]
        assert proportional_ratio(unmasked, MASKED) > 3


@only_shipped
def test_over_all_years_the_artefact_looks_like_a_signal(world, drawn):
    for frame in drawn:
        a = two_by_two(frame, NOTORIOUS)
        chi2 = stats.chi2_contingency(np.reshape(a, (2, 2))).statistic
        assert proportional_ratio(frame, NOTORIOUS) > 1.8 and chi2 > 4 and a[0] >= 3


def test_shares_of_drugs_and_events(world, drawn):
    """Away from the planted pairs shares go with a power of the rank."""
    for column, name in [("drug", "drug"), ("event", "event")]:
        estimates = []
        for frame in drawn:
            for _, event in PLANTED:
                if column == "drug":
                    frame = frame[frame["event"] != event]
            for drug, _ in PLANTED:
                if column == "event":
                    frame = frame[frame["drug"] != drug]
            ranks = {
                "drug": cohorts.spontaneous_reports.DRUGS,
                "event": cohorts.spontaneous_reports.EVENTS,
            }[column]
            counts = frame[column].value_counts().reindex(ranks).to_numpy()
            log_rank = np.log(np.arange(1, len(ranks) + 1))
            estimates.append(power_law(counts, log_rank))
        assert_recovered(*np.transpose(estimates), world.true[f"{name}_share_exponent"])


def power_law(counts, log_rank):
    """Return the exponent of multinomial counts by one-dimensional likelihood."""
    exponent = 0.5
    for _ in range(30):
        share = np.exp(-exponent * log_rank)
        share /= share.sum()
        mean = share @ log_rank
        variance = share @ log_rank**2 - mean**2
        exponent += (mean - counts @ log_rank / counts.sum()) / variance
    return exponent, 1 / np.sqrt(counts.sum() * variance)


def test_reporting_grows(world, drawn):
    """Expected reports rise in a straight line from the first quarter to the last."""
    estimates = []
    for frame in drawn:
        counts = frame["quarter"].value_counts().sort_index()
        assert counts.index.tolist() == list(range(1, 21))
        fit = stats.linregress((counts.index - 1) / 19, counts / counts.sum())
        # Of a line a (1 + b x): 1 + b is the last quarter over the first.
        ratio = 1 + fit.slope / fit.intercept
        error = ratio * np.sqrt(2 * 20 / counts.sum()) * 1.8
        estimates.append((ratio, error))
    assert_recovered(*np.transpose(estimates), world.true["reporting_growth"])


def test_every_other_pair_is_as_frequent_as_chance_makes_it():
    frame = cohorts.load("spontaneous_reports")
    for drug, event in PLANTED:
        frame = frame[(frame["drug"] != drug) & (frame["event"] != event)]
    table = pd.crosstab(frame["drug"], frame["event"])
    assert stats.chi2_contingency(table).pvalue > 1e-3
