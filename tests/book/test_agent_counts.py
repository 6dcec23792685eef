"""Start and Context 3: what they count, from the CSV files and without pandas."""

import csv
import re
from pathlib import Path

import pytest
from notebooks import glued, numbers

ROOT = Path(__file__).resolve().parents[2]
START = "start/what-is-an-immune-modulator"
USES = "context/03-where-modulation-matters"


def read(name):
    with open(ROOT / f"data/curated/{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


AGENTS = read("agents")
#: One use under two names.
SAME = {
    "chronic hepatitis C": "chronic hepatitis",
    "prevention of kidney transplant rejection": "prevention of transplant rejection",
}


def uses(row):
    """Return the uses of an agent; one that was stopped has none."""
    listed = [SAME.get(use, use) for use in row["indications"].split("; ")]
    return [use for use in listed if not use.startswith("none")]


def count(**wanted):
    return sum(
        all(row[key] == value for key, value in wanted.items()) for row in AGENTS
    )


def test_start_counts_the_agents():
    told = numbers(START)
    assert told["st_agents"] == numbers(USES)["wm_agents"] == len(AGENTS)
    assert told["st_endogenous"] == count(origin="endogenous")
    assert told["st_suppress"] == round(100 * count(direction="suppress") / len(AGENTS))
    assert told["st_never"] == count(status="never approved")
    assert told["st_never_enhance"] == count(
        status="never approved", direction="enhance"
    )
    unknown = {"target": "not established"}
    assert told["st_enhance_unknown"] == count(direction="enhance", **unknown)
    assert told["st_suppress_unknown"] == count(direction="suppress", **unknown)
    antibody = {"form": "antibody or fusion protein"}
    assert told["st_antibody"] == count(**antibody)
    assert told["st_antibody_narrow"] == count(specificity="narrow", **antibody)
    small = {"form": "small molecule", "specificity": "broad"}
    assert told["st_small_broad"] == count(**small)


def test_uses_and_targets_have_one_denominator():
    """A use counts once under one name, and has a target only if one is named."""
    known = [row for row in AGENTS if row["target"] != "not established"]
    targets = {t for row in known if uses(row) for t in row["target"].split("; ")}
    told = numbers(USES)
    assert told["wm_uses"] == len({use for row in AGENTS for use in uses(row)})
    assert told["wm_uses_known"] == len({use for row in known for use in uses(row)})
    assert told["wm_targets"] == len(targets) < told["wm_uses_known"]


@pytest.mark.parametrize("small_are_early", [True, False])
def test_the_bounds_hold_whatever_the_missing_years_are(small_are_early):
    """All that is unknown is put where it moves the share most, either way."""
    early = small = 0
    for row in AGENTS:
        if row["status"] == "never approved":
            continue
        is_small = row["form"] == "small molecule"
        year = row["first_approval_year"]
        before = int(year) < 1995 if year else is_small == small_are_early
        early += before
        small += before and is_small
    told = numbers(USES)["wm_high" if small_are_early else "wm_least"]
    assert told == round(100 * small / early)


def test_those_that_left_the_market_are_named():
    gone = {row["inn"] for row in AGENTS if row["status"] == "withdrawn"}
    assert set(glued(USES)["wm_gone_names"].split(", ")) == gone
    assert numbers(USES)["wm_gone"] == len(gone)


def test_verdicts_of_agents_with_and_without_a_target():
    """From the fields of the rows: certainty, interval, and which way is good."""
    target = {row["inn"]: row["target"] != "not established" for row in AGENTS}
    shown = {True: 0, False: 0}
    for row in read("evidence"):
        sure = row["certainty"] in ("moderate", "high")
        if row["kind"] != "clinical" or not sure or not row["ci_low"]:
            continue
        null = 1.0 if re.search("ratio", row["measure"]) else 0.0
        below = float(row["ci_high"]) < null
        above = float(row["ci_low"]) > null
        shown[target[row["agent"]]] += below if row["better"] == "lower" else above
    told = numbers(START)
    assert told["st_known_shown"] == shown[True]
    assert told["st_unknown_shown"] == shown[False]
