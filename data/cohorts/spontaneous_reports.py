"""Five years of spontaneous reports: a signal, a masked one, and an artefact.

A report names one drug and one event. Drug and event are independent but for a
few pairs that are reported more often than chance brings them together. One of
these pairs is an artefact: after a public warning people report what they did
not report before, and harm nobody more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ._base import Cohort, check_size, column, generator, table
from ._truth import Planted, true_values

DRUGS = tuple(f"A{number:02d}" for number in range(1, 61))
#: From the most to the least often reported.
EVENTS = (
    "Headache", "Nausea", "Fatigue", "Rash", "Diarrhoea", "Dizziness", "Fever",
    "Pruritus", "Arthralgia", "Cough", "Vomiting", "Insomnia", "Palpitations",
    "Abdominal pain", "Dyspnoea", "Alopecia", "Oedema", "Pneumonia", "Urticaria",
    "Anaemia", "Hypertension", "Herpes zoster", "Neutropenia", "Weight gain",
    "Hepatitis", "Sinusitis", "Cellulitis", "Hyperglycaemia", "Myalgia",
    "Tuberculosis", "Thrombosis", "Colitis", "Psoriasis", "Vasculitis",
    "Pancreatitis", "Uveitis", "Neuropathy", "Lymphoma", "Sarcoidosis", "Myocarditis",
)  # fmt: skip
QUARTERS = 20

SIGNAL = ("A40", "Uveitis")
MASKED = ("A22", "Tuberculosis")
MASKING = ("A03", "Tuberculosis")
NOTORIOUS = ("A09", "Palpitations")

TRUTH = {
    "signal_ratio": Planted(
        5.0,
        f"{SIGNAL[1]} with {SIGNAL[0]} is reported so many times as often as "
        "chance brings them together: a signal in plain view",
        (0.05, 100),
    ),
    "masked_ratio": Planted(
        4.0,
        f"The same for {MASKED[1].lower()} with {MASKED[0]}, which the next pair hides",
        (0.05, 100),
    ),
    "masking_ratio": Planted(
        40.0,
        f"The same for {MASKING[1].lower()} with {MASKING[0]}: known, much "
        "reported, and so large a part of the event that others look ordinary",
        (0.05, 100),
    ),
    "notoriety_ratio": Planted(
        6.0,
        f"The same for {NOTORIOUS[1].lower()} with {NOTORIOUS[0]} in the "
        "quarters after a public warning; before them it is 1, and the drug never "
        "causes the event",
        (0.05, 100),
    ),
    "warning_quarters": Planted(
        (13, 16),
        "First and last quarter in which the warning is felt",
        (1, 20),
        unit="quarter",
    ),
    "drug_share_exponent": Planted(
        0.7,
        "The share of drug number k among reports goes with k to minus this",
        (0, 3),
    ),
    "event_share_exponent": Planted(
        0.6, "The same for the events, in the order of the list", (0, 3)
    ),
    "reporting_growth": Planted(
        1.5, "Reports of the last quarter as a multiple of the first", (0.1, 10)
    ),
}

SCHEMA = table(
    {
        "report": column(int, "Number of the report", between=(1, 10**9)),
        "quarter": column(
            int, "Quarter in which it arrived, 1 to 20", unit="quarter", between=(1, 20)
        ),
        "drug": column(str, "Suspected drug, a code", isin=DRUGS),
        "event": column(str, "Reported event, a preferred term", isin=EVENTS),
    },
    key=["report"],
)


def make_spontaneous_reports(
    n_reports: int = 200_000,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> pd.DataFrame:
    """Draw spontaneous reports with planted signals.

    Parameters
    ----------
    n_reports : int
        Reports, 1 or more.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.

    Returns
    -------
    pandas.DataFrame, shape (n_reports, 4)
        One row a report, in the order of arrival.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    The probability of drug d and event e is proportional to p_d q_e r_de, with
    r = 1 but for the planted pairs. Over all drugs and events that are not
    planted the odds ratio of a planted pair is therefore its r. One drug and one
    event a report, no duplicates and no missing values: simpler than any real
    collection of reports.
    """
    n = check_size("n_reports", n_reports)
    rng = generator(random_state, "spontaneous_reports")
    true = true_values(TRUTH, truth)
    first, last = true["warning_quarters"]

    weight = np.linspace(1, true["reporting_growth"], QUARTERS)
    arrivals = rng.multinomial(n, weight / weight.sum())
    quarter = np.repeat(np.arange(1, QUARTERS + 1), arrivals)
    warned = (quarter >= first) & (quarter <= last)

    pair = np.empty(n, dtype=np.int32)
    for felt in (False, True):
        here = warned == felt
        cumulated = np.cumsum(pair_probabilities(warned=felt, truth=truth))
        pair[here] = np.searchsorted(cumulated, rng.random(here.sum()), side="right")
    drug, event = np.divmod(np.minimum(pair, len(DRUGS) * len(EVENTS) - 1), len(EVENTS))
    return pd.DataFrame(
        {
            "report": np.arange(1, n + 1),
            "quarter": quarter,
            "drug": pd.array(DRUGS, dtype="str").take(drug),
            "event": pd.array(EVENTS, dtype="str").take(event),
        }
    )


def pair_probabilities(
    *, warned: bool, truth: Mapping[str, Any] | None = None
) -> np.ndarray:
    """Return the probability of every drug-event pair, drugs slowest, summing to 1."""
    true = true_values(TRUTH, truth)
    drug = np.arange(1, len(DRUGS) + 1.0) ** -true["drug_share_exponent"]
    event = np.arange(1, len(EVENTS) + 1.0) ** -true["event_share_exponent"]
    weight = np.outer(drug, event)
    for pair, ratio in [
        (SIGNAL, true["signal_ratio"]),
        (MASKED, true["masked_ratio"]),
        (MASKING, true["masking_ratio"]),
        (NOTORIOUS, true["notoriety_ratio"] if warned else 1.0),
    ]:
        weight[DRUGS.index(pair[0]), EVENTS.index(pair[1])] *= ratio
    return (weight / weight.sum()).ravel()


def picture(ax, made: pd.DataFrame) -> None:
    """Draw the share of the planted events among the reports of their drugs."""
    for (drug, event), color in [
        (SIGNAL, "#d55e00"),
        (MASKED, "#0072b2"),
        (NOTORIOUS, "#6e6e6e"),
    ]:
        of_drug = made[made["drug"] == drug]
        share = (of_drug["event"] == event).groupby(of_drug["quarter"]).mean()
        ax.plot(share.index, 100 * share, color=color, label=f"{event}, {drug}")
    ax.set(xlabel="Quarter", ylabel="Reports of the drug (%)")
    ax.legend()


COHORT = Cohort(
    name="spontaneous_reports",
    title="Two hundred thousand spontaneous reports of 60 drugs and 40 events",
    about=(
        "A line list of five years: each report names one drug and one event. Three "
        "pairs deserve a second look. One is reported too often in plain view, one is "
        "hidden behind a drug that dominates the reports of the same event, and one "
        "swells for a year after a public warning although the drug does not cause "
        "the event. Nobody knows how many people took each drug: a report has no "
        "denominator. No value is missing and no report is a duplicate."
    ),
    make=make_spontaneous_reports,
    tables={"spontaneous_reports": SCHEMA},
    truth=TRUTH,
    size="n_reports",
    picture=picture,
)
