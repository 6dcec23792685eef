"""Context 1: the notebook's counts, from the CSV file and without a graph library.

The numbers are read from the outputs that are committed with the notebook. Paths
are counted with products of Boolean matrices.
"""

import csv
from pathlib import Path

import numpy as np
import pytest
from notebooks import glued

ROOT = Path(__file__).resolve().parents[2]
PAGE = "context/01-cells-and-signals"
with open(ROOT / "data/curated/signalling.csv", encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))
JAK_ROWS = [row for row in ROWS if row["pathway"] == "JAK-STAT"]


def users(column, node):
    """Return the signals whose cell of a column lists the node."""
    return {row["cytokine"] for row in ROWS if node in row[column].split("; ")}


@pytest.mark.parametrize(
    ("column", "node"),
    [("jaks", kinase) for kinase in ("JAK1", "JAK2", "JAK3", "TYK2")]
    + [("receptor", "IL2RG"), ("adaptors", "MYD88")],
)
def test_reach(column, node):
    assert int(glued(PAGE)[f"cs_reach_{node}"]) == len(users(column, node))


def test_the_shared_chain_and_its_kinase_serve_the_same_signals():
    assert users("receptor", "IL2RG") == users("jaks", "JAK3")
    assert glued(PAGE)["cs_same"] == "the same"
    assert {"IL-7", "IL-15"} < users("jaks", "JAK3")
    assert users("receptor", "IL7R") == {"IL-7"}


@pytest.mark.parametrize(
    ("drug", "blocked"),
    [
        ("upadacitinib", ["JAK1"]),
        ("baricitinib", ["JAK1", "JAK2"]),
        ("tofacitinib", ["JAK1", "JAK3"]),
        ("deucravacitinib", ["TYK2"]),
    ],
)
def test_what_an_inhibitor_silences_under_both_rules(drug, blocked):
    left = [
        [kinase for kinase in row["jaks"].split("; ") if kinase not in blocked]
        for row in JAK_ROWS
    ]
    used = [row["jaks"].count(";") + 1 for row in JAK_ROWS]
    assert int(glued(PAGE)[f"cs_{drug}_or"]) == sum(not kinases for kinases in left)
    fewer = sum(len(kinases) < n for kinases, n in zip(left, used, strict=True))
    assert int(glued(PAGE)[f"cs_{drug}_and"]) == fewer


def test_which_part_of_the_opening_table_reaches_furthest():
    """By count it is not the part without which children have no T cells."""
    parts = {part: "receptor" for part in ("IL2RG", "IL7R", "IL12RB1", "IL17RA")}
    parts |= {"JAK3": "jaks", "TYK2": "jaks", "MYD88": "adaptors", "IL10RA": "receptor"}
    reach = {part: len(users(column, part)) for part, column in parts.items()}
    assert glued(PAGE)["cs_widest"] == max(reach, key=reach.get)
    assert int(glued(PAGE)["cs_widest_reach"]) == max(reach.values())
    assert max(reach.values()) > reach["IL2RG"] == reach["MYD88"]


def test_an_antibody_against_a_chain_stops_what_uses_the_chain():
    with open(ROOT / "data/curated/agents.csv", encoding="utf-8", newline="") as file:
        agents = [r for r in csv.DictReader(file) if r["form"].startswith("antibody")]
    stopped = {row["inn"]: users("receptor", row["target"]) for row in agents}
    counts = {drug: len(signals) for drug, signals in stopped.items() if signals}
    assert int(glued(PAGE)["cs_antibodies"]) == len(counts)
    assert int(glued(PAGE)["cs_antibody_one"]) == list(counts.values()).count(1)
    two = {drug for drug, count in counts.items() if count == 2}
    assert set(glued(PAGE)["cs_antibody_2"].split(" and ")) == two
    assert set(counts.values()) == {1, 2}


def test_what_a_jak1_inhibitor_spares():
    spared = {row["cytokine"] for row in JAK_ROWS} - users("jaks", "JAK1")
    assert set(glued(PAGE)["cs_spared"].split(", ")) == spared
    assert {"IL-12", "IL-23", "erythropoietin"} < spared


def matrix(rows, here, there):
    """Return which items of one column share a row with which of another."""
    nothing = {"", "unknown"}
    cells = [[set(row[c].split("; ")) - nothing for row in rows] for c in (here, there)]
    names = [sorted(set().union(*column)) for column in cells]
    joined = np.zeros([len(n) for n in names], dtype=bool)
    for left, right in zip(*cells, strict=True):
        above = [names[0].index(item) for item in left]
        below = [names[1].index(item) for item in right]
        joined[np.ix_(above, below)] = True
    return names, joined


def test_paths_that_no_signal_takes():
    """Signal × chain × kinase, and on to STAT, as matrix products."""
    # Chains are shared by JAK-STAT rows only, so the other rows add no path.
    (signals, _), chain = matrix(JAK_ROWS, "cytokine", "receptor")
    (_, kinases), relay = matrix(JAK_ROWS, "receptor", "jaks")
    (_, stats), factor = matrix(JAK_ROWS, "jaks", "stats")
    to_kinase = chain @ relay
    column = to_kinase[:, kinases.index("JAK3")]
    on_paper = {s for s, joined in zip(signals, column, strict=True) if joined}
    assert glued(PAGE)["cs_jak3_extra"] == ", ".join(on_paper - users("jaks", "JAK3"))
    assert int(glued(PAGE)["cs_drawn"]) == (to_kinase @ factor).sum()
    real = sum(len(row["stats"].split("; ")) for row in JAK_ROWS)
    assert int(glued(PAGE)["cs_real"]) == real < (to_kinase @ factor).sum()
    assert len(stats) == int(glued(PAGE)["cs_stats"])


def test_false_alarms_of_the_graph_for_tyk2():
    """IL-6 and interferon lambda are in the table's TYK2 rows and were normal."""
    normal = {"IL-6", "IL-21", "interferon gamma", "interferon lambda"}
    impaired = {"IL-12", "IL-23", "IL-10", "interferon alpha/beta"}
    false = normal & users("jaks", "TYK2")
    assert set(glued(PAGE)["cs_false"].split(" and ")) == false
    assert int(glued(PAGE)["cs_found"]) == len(impaired & users("jaks", "TYK2"))


def test_cytokines_that_nothing_covers():
    """Deeds counted pair by pair over all other rows."""
    own = [row for row in ROWS if row["kind"] == "cytokine"]

    def does(row):
        factors = row["stats"] or row["pathway"]
        cells = row["target_cells"].split("; ")
        return [(cell, factor) for cell in cells for factor in factors.split("; ")]

    covered = [
        [
            any(deed in does(other) for other in own if other is not row)
            for deed in does(row)
        ]
        for row in own
    ]
    assert int(glued(PAGE)["cs_alone"]) == sum(not any(one) for one in covered)
    assert int(glued(PAGE)["cs_all_shared"]) == sum(all(one) for one in covered)
