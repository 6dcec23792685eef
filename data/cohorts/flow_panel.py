"""Cytometry events of twelve people, with the cell type of every event known.

Each person has absolute counts of five lymphocyte subsets, log-normal with the
means and SDs of Chng et al. 2004. A fixed number of events is then drawn from
the person's cells: lymphocytes, monocytes, debris, and pairs of lymphocytes that
passed the laser together. An event's signals are normal on the arcsinh scale
around the mean of its cell type, share a part of their noise, move with the
person's staining, and spill from the CD3 into the CD16/56 detector.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ._base import (
    Cohort,
    check_size,
    column,
    generator,
    identifiers,
    lognormal_parameters,
    table,
)
from ._truth import SHARE, Planted, true_values

SUBSETS = ["CD4 T", "CD8 T", "double-negative T", "B", "NK"]
POPULATIONS = [*SUBSETS, "monocyte", "debris", "doublet"]
MONOCYTE, DEBRIS, DOUBLET = range(5, 8)
CHANNELS = ["fsc", "ssc", "cd3", "cd4", "cd8", "cd19", "cd16_56"]
CD3, CD16_56 = CHANNELS.index("cd3"), CHANNELS.index("cd16_56")

TRUTH = {
    "count_mean": Planted(
        {
            "female": {"CD4 T": 839.0, "CD8 T": 628.0, "B": 356.0, "NK": 375.0},
            "male": {"CD4 T": 837.0, "CD8 T": 660.0, "B": 349.0, "NK": 472.0},
        },
        "Mean absolute count of each subset in blood, by sex (log-normal)",
        (20, 3000),
        unit="cells/µL",
        source="Chng2004subsets",
    ),
    "count_sd": Planted(
        {
            "female": {"CD4 T": 273.0, "CD8 T": 242.0, "B": 138.0, "NK": 224.0},
            "male": {"CD4 T": 262.0, "CD8 T": 231.0, "B": 213.0, "NK": 247.0},
        },
        "SD between people of the absolute count of each subset, by sex",
        (1, 1500),
        unit="cells/µL",
        source="Chng2004subsets",
    ),
    "double_negative_mean": Planted(
        {"female": 108.0, "male": 112.0},
        "Mean count of double-negative T cells: published mean of CD3 less those of "
        "CD4 and CD8",
        (10, 1000),
        unit="cells/µL",
        source="Chng2004subsets",
    ),
    "double_negative_sd": Planted(
        55.0, "SD between people of that count", (1, 500), unit="cells/µL"
    ),
    "count_correlation": Planted(
        0.3,
        "Correlation of the logarithms of any two subset counts between people; near "
        "0.3 the SD of all lymphocytes comes out as published",
        SHARE,
        source="Chng2004subsets",
    ),
    "monocyte_count": Planted(
        {"mean": 450.0, "sd": 150.0},
        "Mean and SD of the count of monocytes (log-normal)",
        (10, 3000),
        unit="cells/µL",
    ),
    "granulocyte_count": Planted(
        {"mean": 3600.0, "sd": 1100.0},
        "Mean and SD of the count of granulocytes (log-normal); they are part of the "
        "white cell count, but not of the events",
        (10, 10_000),
        unit="cells/µL",
    ),
    "event_share": Planted(
        {"debris": 0.08, "doublet": 0.03},
        "Share of the events that are debris and pairs of lymphocytes",
        (0, 0.4),
    ),
    "lymphopenic_person": Planted(
        "F04",
        "A person with the typical mix of lymphocytes and too few of all of them "
        "(every twelfth person from the fourth on)",
        unit="id",
    ),
    "lymphopenia_fraction_left": Planted(
        0.25,
        "Fraction of the typical count that is left, the same in every subset",
        (0.02, 1),
    ),
    "expanded_person": Planted(
        "F08",
        "A person with typical counts, but too many CD8 T cells "
        "(every twelfth person from the eighth on)",
        unit="id",
    ),
    "cd8_expansion": Planted(
        3.0, "CD8 T cells of that person as a multiple of the typical", (1, 20)
    ),
    "separation": Planted(
        {"cd3": 4.0, "cd4": 4.4, "cd8": 4.8, "cd19": 3.5, "cd16_56": 2.8},
        "Distance between the mean signals of positive and of negative lymphocytes",
        (0, 6),
        unit="arcsinh units",
    ),
    "noise_correlation": Planted(
        0.25,
        "Correlation of the noise of any two channels within one event: a larger cell "
        "is brighter in all",
        SHARE,
    ),
    "staining_sd": Planted(
        0.25,
        "SD between people of the shift of each channel",
        (0, 0.6),
        unit="arcsinh units",
    ),
    "spill_cd3_to_cd16_56": Planted(
        0.03,
        "Part of the CD3 signal, before scaling, that the CD16/56 detector also sees",
        (0, 0.5),
    ),
    "nk_cd8_dim": Planted(0.35, "Share of NK cells that carry some CD8", SHARE),
    "cd8_t_cd16_56": Planted(
        0.12, "Share of CD8 T cells that carry some CD16/56", SHARE
    ),
    "negative_signal": Planted(
        0.4,
        "Mean signal of a lymphocyte without the marker: autofluorescence",
        (0, 2),
        unit="arcsinh units",
    ),
    "signal_sd": Planted(
        {
            "negative": 0.35,
            "cd3": 0.35,
            "cd4": 0.35,
            "cd8": 0.45,
            "cd19": 0.45,
            "cd16_56": 0.7,
        },
        "SD between lymphocytes of the signal of those without a marker, and of those "
        "with each",
        (0.05, 1),
        unit="arcsinh units",
    ),
    "scatter_mean": Planted(
        {
            "lymphocyte": {"fsc": 4.0, "ssc": 1.5},
            "NK": {"fsc": 4.4, "ssc": 1.9},
            "monocyte": {"fsc": 6.6, "ssc": 4.0},
            "debris": {"fsc": 1.4, "ssc": 1.0},
        },
        "Mean scatter of NK cells, of the other lymphocytes, and of what is none",
        (0.5, 15),
        unit="a.u.",
    ),
    "scatter_sd": Planted(
        {
            "lymphocyte": {"fsc": 0.55, "ssc": 0.45},
            "NK": {"fsc": 0.55, "ssc": 0.45},
            "monocyte": {"fsc": 0.8, "ssc": 0.8},
            "debris": {"fsc": 0.6, "ssc": 0.6},
        },
        "SD of the scatter between cells of a kind",
        (0.05, 1.5),
        unit="a.u.",
    ),
    "double_negative_cd3_gain": Planted(
        0.5,
        "Signal of CD3 on double-negative T cells beyond that on other T cells: many "
        "are gamma-delta cells",
        (0, 2),
        unit="arcsinh units",
    ),
    "odd_signal": Planted(
        {
            "double-negative T": {"cd8": 1.3},
            "monocyte": {"cd4": 2.6, "cd16_56": 0.9},
            "NK": {"cd8": 2.6},
            "CD8 T": {"cd16_56": 2.8},
        },
        "Mean signal of cells with a little of a marker: all double-negative T cells "
        "and monocytes, some NK and CD8 T cells",
        (0, 4),
        unit="arcsinh units",
    ),
    "odd_signal_sd": Planted(
        {
            "double-negative T": {"cd8": 0.9},
            "monocyte": {"cd4": 0.6, "cd16_56": 0.6},
            "NK": {"cd8": 0.6},
            "CD8 T": {"cd16_56": 0.6},
            "debris": 0.6,
        },
        "SD between cells of that signal; broken cells bind every antibody at random",
        (0.05, 1.2),
        unit="arcsinh units",
    ),
    "doublet_scatter": Planted(
        0.75,
        "Scatter of two cells in line as a part of the sum of their own",
        (0.5, 1),
    ),
    "female_share": Planted(0.5, "Share of women", SHARE),
}


def _profiles(true: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and SD of the signals, each of shape (populations, channels)."""
    negative, sd = true["negative_signal"], true["signal_sd"]
    odd, odd_sd = true["odd_signal"], true["odd_signal_sd"]

    def scatter(kind: str) -> dict:
        mean, spread = true["scatter_mean"][kind], true["scatter_sd"][kind]
        return {name: (mean[name], spread[name]) for name in ("fsc", "ssc")}

    def positive(marker: str, gain: float = 0.0) -> dict:
        mean = negative + true["separation"][marker]
        return {marker: (mean + gain, sd[marker])}

    def little(kind: str) -> dict:
        return {name: (odd[kind][name], odd_sd[kind][name]) for name in odd[kind]}

    lymphocyte = scatter("lymphocyte")
    t_cell = lymphocyte | positive("cd3")
    bright = positive("cd3", true["double_negative_cd3_gain"])
    special = {
        "CD4 T": t_cell | positive("cd4"),
        "CD8 T": t_cell | positive("cd8"),
        "double-negative T": lymphocyte | bright | little("double-negative T"),
        "B": lymphocyte | positive("cd19"),
        "NK": scatter("NK") | positive("cd16_56"),
        "monocyte": scatter("monocyte") | little("monocyte"),
        "debris": dict.fromkeys(CHANNELS, (negative, odd_sd["debris"]))
        | scatter("debris"),
    }
    table = np.full((len(POPULATIONS), len(CHANNELS), 2), (negative, sd["negative"]))
    for population, signals in special.items():
        for channel, signal in signals.items():
            table[POPULATIONS.index(population), CHANNELS.index(channel)] = signal
    return table[..., 0], table[..., 1]


PEOPLE = table(
    {
        "person": column(str, "Person", unique=True),
        "sex": column(str, "Sex", isin=["female", "male"]),
        "age_years": column(int, "Age", unit="years", between=(18, 70)),
        "wbc_10e9_l": column(
            float,
            "White cell count of the haematology analyser, to 0.1",
            unit="10⁹/L",
            between=(0.1, 100),
        ),
        "lymphocyte_percent": column(
            float,
            "Lymphocytes, of all white cells, to 0.1",
            unit="%",
            between=(0, 100),
        ),
    },
    key=["person"],
)


def _signal(meaning: str) -> Any:
    """Describe one detector; the signal is arcsinh(counts / 150), to 0.01."""
    return column(float, f"{meaning}, arcsinh-scaled", unit="a.u.", between=(-10, 15))


EVENTS = table(
    {
        "person": column(str, "Person"),
        "event": column(int, "Number of the event", between=(1, 10_000_000)),
        "fsc": column(
            float, "Forward scatter (size), linear", unit="a.u.", between=(0, 30)
        ),
        "ssc": column(
            float, "Side scatter (granularity), linear", unit="a.u.", between=(0, 30)
        ),
        "cd3": _signal("CD3"),
        "cd4": _signal("CD4"),
        "cd8": _signal("CD8"),
        "cd19": _signal("CD19"),
        "cd16_56": _signal("CD16 and CD56, one detector"),
        "population": column(
            str, "What the event is: known because it was planted", isin=POPULATIONS
        ),
    },
    key=["person", "event"],
)


class FlowPanel(NamedTuple):
    """The two tables of `make_flow_panel`."""

    people: pd.DataFrame
    events: pd.DataFrame


def make_flow_panel(
    n_people: int = 12,
    n_events: int = 5000,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> FlowPanel:
    """Draw people's blood counts and the cytometry events of their cells.

    Parameters
    ----------
    n_people : int
        People, 1 or more.
    n_events : int
        Events recorded for each person, 1 or more.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.

    Returns
    -------
    FlowPanel
        ``people`` (n_people rows) and ``events`` (n_people * n_events rows, sorted
        by person), columns as in `PEOPLE` and `EVENTS`.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    Subset counts follow the means and SDs of 104 men and 128 women [1]_; that they
    are log-normal is an assumption. Age has no effect here. Granulocytes are left
    out of the events, as if removed in preparation. NK cells may carry CD8 [2]_,
    and gamma-delta T cells are bright in CD3 [3]_.

    References
    ----------
    .. [1] Chng2004subsets, Clin Diagn Lab Immunol 11:168-173, table 3.
    .. [2] Reichert1991subsets, Clin Immunol Immunopathol 60:190-208.
    .. [3] Lambert2004cd3bright, Cytometry B Clin Cytom 61:45-53.
    """
    n = check_size("n_people", n_people)
    m = check_size("n_events", n_events, largest=10_000_000)
    rng = generator(random_state, "flow_panel")

    true = true_values(TRUTH, truth)
    female = rng.random(n) < true["female_share"]
    age = rng.integers(18, 71, n)
    cells = _cell_counts(rng, female, true)
    lymphocytes = cells[:, :5].sum(axis=1)
    granulocytes = _lognormal(rng, true["granulocyte_count"], n)
    white = cells.sum(axis=1) + granulocytes
    person = identifiers("F", n, width=2)
    people = pd.DataFrame(
        {
            "person": person,
            "sex": np.where(female, "female", "male"),
            "age_years": age,
            "wbc_10e9_l": np.round(white / 1000, 1),
            "lymphocyte_percent": np.round(100 * lymphocytes / white, 1),
        }
    )

    share = true["event_share"]
    artefact = np.array([share["debris"], share["doublet"]])
    intact = (1 - artefact.sum()) * cells / cells.sum(axis=1, keepdims=True)
    chance = np.hstack([intact, np.tile(artefact, (n, 1))])
    number = rng.multinomial(m, chance)
    code = np.repeat(np.tile(np.arange(len(POPULATIONS)), n), number.ravel())
    code = rng.permuted(code.reshape(n, m), axis=1).ravel()
    signal = _signals(rng, code, np.repeat(np.arange(n), m), cells[:, :5], true)

    events = pd.DataFrame(signal, columns=CHANNELS)
    # Repeating by position shares the strings between the rows.
    events.insert(0, "person", people["person"].repeat(m).array)
    events.insert(1, "event", np.tile(np.arange(1, m + 1), n))
    events["population"] = pd.Series(POPULATIONS).take(code).array
    return FlowPanel(people, events)


def _lognormal(rng: np.random.Generator, moments: dict, n: int) -> np.ndarray:
    """Return n log-normal values with this mean and SD."""
    return rng.lognormal(*lognormal_parameters(moments["mean"], moments["sd"]), n)


def _cell_counts(
    rng: np.random.Generator, female: np.ndarray, true: dict
) -> np.ndarray:
    """Return cells/µL of the five subsets and of monocytes, shape (people, 6)."""
    n = female.size
    log_mean, log_sd = np.empty((n, 5)), np.empty((n, 5))
    for sex, of_sex in (("female", female), ("male", ~female)):
        mean = true["count_mean"][sex] | {
            "double-negative T": true["double_negative_mean"][sex]
        }
        sd = true["count_sd"][sex] | {"double-negative T": true["double_negative_sd"]}
        both = [lognormal_parameters(mean[name], sd[name]) for name in SUBSETS]
        log_mean[of_sex], log_sd[of_sex] = np.transpose(both)
    rho = true["count_correlation"]
    shared, own = rng.standard_normal((n, 1)), rng.standard_normal((n, 5))
    z = np.sqrt(rho) * shared + np.sqrt(1 - rho) * own
    # The two planted people are typical (z = 0) but for what is planted in them.
    z[3::12] = z[7::12] = 0
    counts = np.exp(log_mean + log_sd * z)
    counts[3::12] *= true["lymphopenia_fraction_left"]
    counts[7::12, SUBSETS.index("CD8 T")] *= true["cd8_expansion"]
    monocytes = _lognormal(rng, true["monocyte_count"], n)
    return np.column_stack([counts, monocytes])


def _signals(
    rng: np.random.Generator,
    code: np.ndarray,
    person: np.ndarray,
    subsets: np.ndarray,
    true: dict,
) -> np.ndarray:
    """Return what the detectors read for each event, shape (events, 7).

    Parameters
    ----------
    rng : Generator
    code : array of int, shape (events,)
        Index into `POPULATIONS`.
    person : array of int, shape (events,)
        Index of the person.
    subsets : array, shape (people, 5)
        Counts of the lymphocyte subsets, from which pairs are drawn.
    true : dict
        The planted values.
    """
    shift = rng.normal(0, true["staining_sd"], (len(subsets), len(CHANNELS)))
    pair = np.flatnonzero(code == DOUBLET)
    # A pair is two lymphocytes, met as often as the person's blood has them.
    reach = np.cumsum(subsets / subsets.sum(axis=1, keepdims=True), axis=1)[:, :4]
    which = rng.random((2, pair.size, 1)) > reach[person[pair]]
    one, other = which.sum(axis=2)
    code = code.copy()
    code[pair] = one
    signal = _cells(rng, code, true) + shift[person]
    second = _cells(rng, other, true) + shift[person[pair]]
    # Light adds up before scaling. Two cells in line scatter less than their sum.
    signal[pair, 2:] = np.arcsinh(np.sinh(signal[pair, 2:]) + np.sinh(second[:, 2:]))
    signal[pair, :2] = true["doublet_scatter"] * (signal[pair, :2] + second[:, :2])
    spilt = true["spill_cd3_to_cd16_56"] * np.sinh(signal[:, CD3])
    signal[:, CD16_56] = np.arcsinh(np.sinh(signal[:, CD16_56]) + spilt)
    np.maximum(signal[:, :2], 0, out=signal[:, :2])
    return np.round(signal, 2) + 0.0  # no negative zero


def _cells(rng: np.random.Generator, code: np.ndarray, true: dict) -> np.ndarray:
    """Return the signals of single cells of these populations, shape (cells, 7)."""
    mean, sd = _profiles(true)
    odd, odd_sd = true["odd_signal"], true["odd_signal_sd"]
    rho = true["noise_correlation"]
    noise = np.sqrt(1 - rho) * rng.standard_normal((code.size, len(CHANNELS)))
    noise += np.sqrt(rho) * rng.standard_normal((code.size, 1))
    signal = mean[code] + sd[code] * noise
    chance = rng.random(code.size)
    for kind, share, channel in [
        ("NK", true["nk_cd8_dim"], "cd8"),
        ("CD8 T", true["cd8_t_cd16_56"], "cd16_56"),
    ]:
        dim = (code == SUBSETS.index(kind)) & (chance < share)
        at = CHANNELS.index(channel)
        signal[dim, at] = odd[kind][channel] + odd_sd[kind][channel] * noise[dim, at]
    return signal


def picture(ax, made: FlowPanel) -> None:
    """Draw one person's T cells by CD4 and CD8, and everything else behind."""
    events = made.events
    one = events[events["person"] == events["person"].iloc[0]]
    colour = {"CD4 T": "#0072b2", "CD8 T": "#e69f00", "double-negative T": "#222222"}
    rest = one[~one["population"].isin(colour)]
    ax.scatter(rest["cd4"], rest["cd8"], s=1, color="#c9c9c9", label="other")
    for name, hue in colour.items():
        cells = one[one["population"] == name]
        ax.scatter(cells["cd4"], cells["cd8"], s=2, color=hue, label=name)
    ax.legend(markerscale=4, frameon=False, fontsize=7)
    ax.set(xlabel="CD4 (arcsinh, a.u.)", ylabel="CD8 (arcsinh, a.u.)")


COHORT = Cohort(
    name="flow_panel",
    title="Cytometry events of twelve people, with the cell type of every event",
    about=(
        "Twelve adults, 5,000 events each, in the order of recording. Ten vary as "
        "healthy adults do. F04 is lymphopenic: the typical mix of lymphocytes, a "
        "quarter of the number. F08 has three times as many CD8 T cells as is "
        "typical. White cell count and lymphocyte percentage come from a haematology "
        "analyser. Events are lymphocytes, monocytes, debris, and pairs of "
        "lymphocytes (doublets); granulocytes are left out. Fluorescence is "
        "arcsinh(counts / 150). Staining differs from person to person, and CD3 "
        "spills into the CD16/56 detector. Nothing is missing. The cell types are "
        "known because they were planted; in a laboratory nobody knows them."
    ),
    make=make_flow_panel,
    tables={"people": PEOPLE, "events": EVENTS},
    truth=TRUTH,
    size="n_events",
    bundle=FlowPanel,
    picture=picture,
)
