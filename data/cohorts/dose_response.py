"""Five kinase inhibitors, four stimuli, eight donors: phosphorylation against dose.

Whole blood of a donor is incubated with an inhibitor, then with a cytokine, and
the phosphorylated STAT of the T cells is read as per cent of the same donor's
stimulated blood without inhibitor. The curve is a Hill curve; donors differ in
sensitivity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ._base import Cohort, check_size, column, generator, identifiers, table
from ._truth import Planted, true_values

INHIBITORS = ("K1", "K2", "K3", "K4", "K5")
#: Cytokine and the STAT whose phosphorylation is read.
STIMULI = ("IL-6/pSTAT3", "IL-2/pSTAT5", "IFN-α/pSTAT1", "GM-CSF/pSTAT5")
#: Threefold steps from 1 nM.
CONCENTRATIONS = tuple(float(3**step) for step in range(9))

# IC50, one row an inhibitor, one column a stimulus, nM. K1 hits JAK1 and JAK2, K2 is
# JAK1-selective, K3 prefers the JAK1/JAK3 pair, K4 prefers JAK2, K5 is weak on all.
_IC50 = (
    (40.0, 50.0, 35.0, 70.0),
    (20.0, 45.0, 15.0, 600.0),
    (110.0, 25.0, 90.0, 900.0),
    (150.0, 400.0, 300.0, 30.0),
    (900.0, 1100.0, 800.0, 1500.0),
)

TRUTH = {
    "ic50_nm": Planted(
        {
            inhibitor: dict(zip(STIMULI, row, strict=True))
            for inhibitor, row in zip(INHIBITORS, _IC50, strict=True)
        },
        "Concentration that halves the inhibitable signal, in the median donor",
        (0.1, 1e5),
        unit="nM",
    ),
    "hill": Planted(
        dict(zip(INHIBITORS, (1.0, 1.0, 1.1, 0.9, 1.0), strict=True)),
        "Hill slope of each inhibitor",
        (0.3, 4),
    ),
    "bottom_percent": Planted(
        4.0, "Signal that no dose removes: background of the reading", (0, 50), unit="%"
    ),
    "donor_sd": Planted(
        0.30, "SD between donors of ln IC50, the same for all curves", (0, 1)
    ),
    "curve_sd": Planted(
        0.12, "SD of ln IC50 between a donor's curves beyond that", (0, 1)
    ),
    "assay_cv": Planted(
        0.06, "Variation of one reading about its curve, as a fraction", (0, 0.15)
    ),
}

SCHEMA = table(
    {
        "donor": column(str, "Blood donor"),
        "inhibitor": column(str, "Inhibitor, a code", isin=INHIBITORS),
        "stimulus": column(str, "Cytokine added / STAT that was read", isin=STIMULI),
        "concentration_nm": column(
            float, "Concentration of the inhibitor", unit="nM", between=(1, 6561)
        ),
        "signal_percent": column(
            float,
            "Phosphorylated STAT, per cent of the donor's blood without inhibitor, "
            "to 0.1 %",
            unit="%",
            between=(0, 200),
        ),
    },
    key=["donor", "inhibitor", "stimulus", "concentration_nm"],
)


def make_dose_response(
    n_donors: int = 8,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> pd.DataFrame:
    """Draw dose-response readings of every inhibitor and stimulus.

    Parameters
    ----------
    n_donors : int
        Blood donors, 1 or more.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.

    Returns
    -------
    pandas.DataFrame, shape (n_donors * 180, 5)
        One row a reading, sorted by donor, inhibitor, stimulus, concentration.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    signal = b + (100 - b) / (1 + (C / IC50)^h), times a log-normal reading error.
    All IC50 are teaching values in the range that whole-blood assays of Janus
    kinase inhibitors report; no code stands for a real drug.
    """
    n = check_size("n_donors", n_donors)
    rng = generator(random_state, "dose_response")
    true = true_values(TRUTH, truth)
    shape = (n, len(INHIBITORS), len(STIMULI), len(CONCENTRATIONS))

    shift = true["donor_sd"] * rng.standard_normal((n, 1, 1))
    shift = shift + true["curve_sd"] * rng.standard_normal(shape[:3])
    ic50 = np.array([list(row.values()) for row in true["ic50_nm"].values()])
    ic50 = (ic50 * np.exp(shift))[..., None]
    hill = np.array(list(true["hill"].values()))[:, None, None]
    bottom = true["bottom_percent"]
    signal = bottom + (100 - bottom) / (1 + (CONCENTRATIONS / ic50) ** hill)
    signal *= np.exp(true["assay_cv"] * rng.standard_normal(shape))

    donor, inhibitor, stimulus, concentration = np.indices(shape).reshape(4, -1)
    return pd.DataFrame(
        {
            "donor": identifiers("D", n, width=2)[donor],
            "inhibitor": np.array(INHIBITORS)[inhibitor],
            "stimulus": np.array(STIMULI)[stimulus],
            "concentration_nm": np.array(CONCENTRATIONS)[concentration],
            "signal_percent": np.round(signal.ravel(), 1),
        }
    )


def picture(ax, made: pd.DataFrame) -> None:
    """Draw the curves of one stimulus, one thin line a donor and inhibitor."""
    colors = ("#0072b2", "#009e73", "#cc79a7", "#e69f00", "#6e6e6e")
    one = made[made["stimulus"] == STIMULI[0]]
    for inhibitor, color in zip(INHIBITORS, colors, strict=True):
        of_inhibitor = one[one["inhibitor"] == inhibitor]
        for _, curve in of_inhibitor.groupby("donor"):
            ax.plot(
                "concentration_nm", "signal_percent", data=curve, color=color, lw=0.7
            )
    ax.set(xscale="log", xlabel="Concentration (nM)", ylabel=f"{STIMULI[0]} (%)")


COHORT = Cohort(
    name="dose_response",
    title="Inhibition of cytokine signalling in whole blood, by dose and donor",
    about=(
        "Five coded kinase inhibitors, four cytokines, eight donors and nine "
        "concentrations in threefold steps. A reading is per cent of the same donor's "
        "stimulated blood without inhibitor. A sensitive donor is sensitive to every "
        "inhibitor. Every curve levels off above zero, at the background of the "
        "reading. No value is missing."
    ),
    make=make_dose_response,
    tables={"dose_response": SCHEMA},
    truth=TRUTH,
    size="n_donors",
    picture=picture,
)
