"""An interleukin-6 receptor blocker and CRP, sampled densely over two infusions.

The antibody follows the two-compartment model of Frey et al. 2010 with linear and
saturable (Michaelis-Menten) elimination side by side. CRP follows an indirect
response: the drug inhibits its production, and what is there is lost at a rate
of its own (Li et al. 2018).
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
    sd_of_log,
    table,
)
from ._truth import SHARE, Planted, true_values

FREY, LI = "Frey2010tocilizumab", "Li2018antiil6"

TRUTH = {
    "cl_l_d": Planted(
        0.3, "Linear clearance, typical man", (0.05, 2), unit="L/d", source=FREY
    ),
    "cl_female": Planted(
        0.84, "Clearance of women as a multiple of men's", (0.5, 2), source=FREY
    ),
    "v1_l": Planted(3.5, "Central volume", (1, 10), unit="L", source=FREY),
    "q_l_d": Planted(
        0.2, "Clearance between the compartments", (0, 1), unit="L/d", source=FREY
    ),
    "v2_l": Planted(2.9, "Peripheral volume", (0.5, 10), unit="L", source=FREY),
    "vmax_mg_d": Planted(
        7.5, "Largest rate of saturable elimination", (0, 30), unit="mg/d", source=FREY
    ),
    "km_ug_ml": Planted(
        2.7,
        "Concentration at which it runs at half",
        (0.2, 30),
        unit="µg/mL",
        source=FREY,
    ),
    "cv_between": Planted(
        {"cl_l_d": 0.39, "v1_l": 0.37, "v2_l": 0.66, "vmax_mg_d": 0.54},
        "Variation of each parameter between people, as a fraction",
        (0, 0.9),
        source=FREY,
    ),
    "k_out_d": Planted(
        0.0238 * 24, "Rate at which CRP is lost", (0.1, 1.5), unit="1/d", source=LI
    ),
    "k_out_cv": Planted(0.15, "Its variation between people", (0, 0.5)),
    "imax": Planted(0.97, "Largest inhibition of CRP production", SHARE, source=LI),
    "ic50_ug_ml": Planted(
        0.5,
        "Concentration that inhibits by half of that, median person: set so that the "
        "trough of 4 mg/kg lets CRP return and that of 8 mg/kg does not",
        (0.01, 10),
        unit="µg/mL",
    ),
    "ic50_cv": Planted(0.6, "Its variation between people", (0, 1)),
    "crp_baseline_mean": Planted(
        30.0,
        "Mean CRP before the first infusion",
        (1, 100),
        unit="mg/L",
        source="Emery2008radiate",
    ),
    "crp_baseline_sd": Planted(
        36.0,
        "SD between people of the same",
        (0, 100),
        unit="mg/L",
        source="Emery2008radiate",
    ),
    "drug_assay_cv": Planted(0.10, "Error of a concentration", (0, 0.5)),
    "crp_cv_within": Planted(
        0.20, "Scatter of a CRP about its person's curve", (0, 0.6)
    ),
    "drug_limit_ug_ml": Planted(
        0.1,
        "Lower concentrations are reported as this, with a flag",
        (0, 2),
        unit="µg/mL",
    ),
    "crp_limit_mg_l": Planted(
        0.2, "Lower CRP is reported as this, with a flag", (0.2, 5), unit="mg/L"
    ),
    "correlation": Planted(
        {
            "cl_l_d, v1_l": 0.6,
            "cl_l_d, v2_l": -0.1,
            "cl_l_d, vmax_mg_d": -0.5,
            "v1_l, v2_l": 0.5,
            "v1_l, vmax_mg_d": 0.2,
            "v2_l, vmax_mg_d": 0.2,
        },
        "Correlation between people of the logarithms of these parameters",
        (-0.95, 0.95),
        source=FREY,
    ),
    "crp_baseline_range": Planted(
        (0.3, 300.0),
        "Nobody's CRP before the first infusion lies outside of this",
        (0.1, 500),
        unit="mg/L",
    ),
    "female_share": Planted(0.8, "Share of women", SHARE),
    "weight_median_kg": Planted(
        {"female": 70.0, "male": 82.0}, "Median body weight", (40, 140), unit="kg"
    ),
    "weight_log_sd": Planted(0.18, "SD of the logarithm of body weight", (0, 0.5)),
}

DOSES = (4, 8)  # mg/kg
INFUSION_D = 1 / 24
INTERVAL_D = 28.0
#: Planned samples, days after the first infusion began; two infusions.
PLANNED = (
    0, 1 / 24, 0.25, 1, 3, 7, 14, 21, 27.99,
    28 + 1 / 24, 29, 31, 35, 42, 49, 56,
)  # fmt: skip
#: Longest step of the solver, days. The typical rates are below 1.5 per day, those of
#: one person in a thousand below 5.
STEP_D = 1 / 6
CHUNK = 20_000


class CrpTimecourse(NamedTuple):
    """The people, their samples and their own parameters, as DataFrames."""

    people: pd.DataFrame
    samples: pd.DataFrame
    parameters: pd.DataFrame


def _parameter(meaning: str, unit: str, high: float):
    return column(float, meaning, unit=unit, between=(0, high))


TABLES = {
    "people": table(
        {
            "person": column(str, "Person with rheumatoid arthritis"),
            "sex": column(str, "Sex", isin=["female", "male"]),
            "weight_kg": column(float, "Body weight", unit="kg", between=(38, 150)),
            "dose_mg_kg": column(
                int, "Dose of each of the two infusions", unit="mg/kg", between=(4, 8)
            ),
        },
        key=["person"],
    ),
    "samples": table(
        {
            "person": column(str, "Person"),
            "day": column(
                float,
                "Time since the first infusion began; the second begins on day 28, and "
                "the sample of day 27.99 is drawn just before it",
                unit="d",
                between=(0, 57),
            ),
            "drug_ug_ml": column(
                float,
                "Concentration of the antibody in serum, three significant digits",
                unit="µg/mL",
                between=(0, 2000),
            ),
            "drug_below_limit": column(bool, "Whether it was below 0.1 µg/mL"),
            "crp_mg_l": column(
                float,
                "C-reactive protein, to 0.1 mg/L",
                unit="mg/L",
                between=(0.2, 2000),
            ),
            "crp_below_limit": column(bool, "Whether it was below 0.2 mg/L"),
        },
        key=["person", "day"],
    ),
    "parameters": table(
        {
            "person": column(str, "Person"),
            "cl_l_d": _parameter("Planted linear clearance", "L/d", 20),
            "v1_l": _parameter("Planted central volume", "L", 100),
            "v2_l": _parameter("Planted peripheral volume", "L", 300),
            "vmax_mg_d": _parameter("Planted saturable elimination", "mg/d", 400),
            "ic50_ug_ml": _parameter("Planted IC50 of CRP production", "µg/mL", 100),
            "k_out_d": _parameter("Planted rate of loss of CRP", "1/d", 5),
            "crp_baseline_mg_l": _parameter("Planted steady CRP", "mg/L", 2000),
        },
        key=["person"],
    ),
}


def make_crp_timecourse(
    n_people: int = 60,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> CrpTimecourse:
    """Draw antibody and CRP concentrations over two infusions four weeks apart.

    Every other person gets 4 mg/kg, the others 8 mg/kg, as infusions of 1 h.

    Parameters
    ----------
    n_people : int
        People, 1 or more.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.

    Returns
    -------
    CrpTimecourse
        ``people``, ``samples`` (16 rows a person) and ``parameters``, the planted
        parameters of each person, which no laboratory sees.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    Typical values, variation and correlations of the antibody are those of Frey
    2010 [1]_; of its covariates sex is kept, and weight enters by the dose. The
    inhibition of CRP by Imax and the loss of CRP are those that Li 2018 fitted in
    arthritis [2]_ to an antibody against interleukin-6 itself; its potency does
    not carry over to a blocker of the receptor and is a teaching value here.

    References
    ----------
    .. [1] Frey2010tocilizumab, J Clin Pharmacol 50:754-766.
    .. [2] Li2018antiil6, Br J Clin Pharmacol 84:2059-2074.
    """
    n = check_size("n_people", n_people)
    rng = generator(random_state, "crp_timecourse")
    true = true_values(TRUTH, truth)

    female = rng.random(n) < true["female_share"]
    usual = true["weight_median_kg"]
    weight = np.where(female, usual["female"], usual["male"])
    weight = weight * np.exp(true["weight_log_sd"] * rng.standard_normal(n))
    weight = np.round(np.clip(weight, 38, 150), 1)
    dose = np.array(DOSES)[np.arange(n) % 2]
    own = _own_parameters(rng, female, true)

    days = np.array(PLANNED)
    drug, crp = simulate(own, dose * weight, days, truth)
    drug *= np.exp(sd_of_log(true["drug_assay_cv"]) * rng.standard_normal(drug.shape))
    drug[:, 0] = 0
    crp *= np.exp(sd_of_log(true["crp_cv_within"]) * rng.standard_normal(crp.shape))
    low_drug, low_crp = drug < true["drug_limit_ug_ml"], crp < true["crp_limit_mg_l"]

    person = identifiers("T", n)
    return CrpTimecourse(
        people=pd.DataFrame(
            {
                "person": person,
                "sex": np.where(female, "female", "male"),
                "weight_kg": weight,
                "dose_mg_kg": dose,
            }
        ),
        samples=pd.DataFrame(
            {
                "person": np.repeat(person, days.size),
                "day": np.tile(np.round(days, 2), n),
                "drug_ug_ml": np.where(
                    low_drug, true["drug_limit_ug_ml"], _three_digits(drug)
                ).ravel(),
                "drug_below_limit": low_drug.ravel(),
                "crp_mg_l": np.where(
                    low_crp, true["crp_limit_mg_l"], np.round(crp, 1)
                ).ravel(),
                "crp_below_limit": low_crp.ravel(),
            }
        ),
        parameters=pd.DataFrame(
            {"person": person} | {name: np.round(v, 4) for name, v in own.items()}
        ),
    )


def _own_parameters(rng, female: np.ndarray, true: dict) -> dict[str, np.ndarray]:
    """Return each person's parameters, arrays of the shape of `female`."""
    n = female.size
    cv = true["cv_between"]
    sd = np.array([sd_of_log(value) for value in cv.values()])
    # As correlated normals of the logarithms.
    normal = rng.standard_normal((n, 4)) @ _root(true["correlation"], list(cv)).T
    own = {name: true[name] * np.exp(sd[i] * normal[:, i]) for i, name in enumerate(cv)}
    own["cl_l_d"] *= np.where(female, true["cl_female"], 1)
    own["ic50_ug_ml"] = true["ic50_ug_ml"] * np.exp(
        sd_of_log(true["ic50_cv"]) * rng.standard_normal(n)
    )
    own["k_out_d"] = true["k_out_d"] * np.exp(
        sd_of_log(true["k_out_cv"]) * rng.standard_normal(n)
    )
    mean, spread = lognormal_parameters(
        true["crp_baseline_mean"], true["crp_baseline_sd"]
    )
    own["crp_baseline_mg_l"] = np.clip(
        np.exp(mean + spread * rng.standard_normal(n)), *true["crp_baseline_range"]
    )
    return own


def _root(correlation: Mapping[str, float], names: list[str]) -> np.ndarray:
    """Return the Cholesky root of the correlation matrix of these parameters."""
    matrix = np.eye(len(names))
    for pair, value in correlation.items():
        i, j = (names.index(name) for name in pair.split(", "))
        matrix[i, j] = matrix[j, i] = value
    try:
        return np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        raise ValueError(
            f"truth['correlation']={dict(correlation)} is not allowed: no four "
            "variables go together like this; give values closer to 0"
        ) from None


def simulate(
    own: dict,
    dose_mg: np.ndarray,
    days: np.ndarray,
    truth: Mapping[str, Any] | None = None,
):
    """Solve the model by the classical Runge-Kutta method, all people at once.

    dA1/dt = input − (CL/V1) A1 − Vmax C/(Km + C) − (Q/V1) A1 + (Q/V2) A2,
    dA2/dt = (Q/V1) A1 − (Q/V2) A2, C = A1/V1,
    dR/dt = k_out R0 (1 − Imax C/(IC50 + C)) − k_out R, R(0) = R0.

    Parameters
    ----------
    own : dict of str to ndarray of float, shape (n,)
        The columns of the table ``parameters``.
    dose_mg : ndarray of float, shape (n,)
        Dose of each infusion; one every 28 days, over 1 h.
    days : ndarray of float, shape (m,)
        Times asked for, ascending, from 0.
    truth : mapping, optional
        Planted values to change, as for `make_crp_timecourse`: those that all people
        share enter here.

    Returns
    -------
    drug_ug_ml, crp_mg_l : ndarray of float, shape (n, m)
    """
    n, true = len(dose_mg), true_values(TRUTH, truth)
    drug, crp = np.empty((n, len(days))), np.empty((n, len(days)))
    # In pieces that stay in the processor's cache, whatever n is.
    for start in range(0, n, CHUNK):
        part = slice(start, start + CHUNK)
        piece = {name: values[part] for name, values in own.items()}
        drug[part], crp[part] = _simulate_piece(piece, dose_mg[part], days, true)
    return drug, crp


def _simulate_piece(own: dict, dose_mg: np.ndarray, days: np.ndarray, true: dict):
    km, imax, q = true["km_ug_ml"], true["imax"], true["q_l_d"]
    v1, ic50, k_out = own["v1_l"], own["ic50_ug_ml"], own["k_out_d"]
    out, there, back = own["cl_l_d"] / v1, q / v1, q / own["v2_l"]
    vmax, base = own["vmax_mg_d"], own["crp_baseline_mg_l"]

    def rates(a1, a2, r, infusion):
        c = a1 / v1
        exchange = there * a1 - back * a2
        lost = out * a1 + vmax * c / (km + c)
        made = base * (1 - imax * c / (ic50 + c))
        return infusion - lost - exchange, exchange, k_out * (made - r)

    state = np.zeros_like(base), np.zeros_like(base), base.copy()
    drug = np.empty((base.size, len(days)))
    crp = np.empty_like(drug)
    drug[:, 0], crp[:, 0] = 0, base
    for begin, end, sample in _steps(days):
        running = begin % INTERVAL_D < INFUSION_D - 1e-9
        infusion = dose_mg / INFUSION_D if running else 0.0
        h = end - begin
        k1 = rates(*state, infusion)
        k2 = rates(*(s + h / 2 * k for s, k in zip(state, k1, strict=True)), infusion)
        k3 = rates(*(s + h / 2 * k for s, k in zip(state, k2, strict=True)), infusion)
        k4 = rates(*(s + h * k for s, k in zip(state, k3, strict=True)), infusion)
        state = tuple(
            s + h / 6 * (a + 2 * b + 2 * c + d)
            for s, a, b, c, d in zip(state, k1, k2, k3, k4, strict=True)
        )
        if sample is not None:
            drug[:, sample], crp[:, sample] = state[0] / v1, state[2]
    return drug, crp


def _steps(days: np.ndarray):
    """Yield (begin, end, sample or None): steps that end at every event and sample."""
    last = float(days[-1])
    events = [k * INTERVAL_D for k in range(int(last // INTERVAL_D) + 1)]
    stops = {float(day): i for i, day in enumerate(days)}
    for event in events + [e + INFUSION_D for e in events] + [e + 1 for e in events]:
        if event <= last:
            stops.setdefault(event, None)
    times = sorted(stops)
    for begin, end in zip(times, times[1:], strict=False):
        # Shorter steps while the drug runs in, and on that day while it distributes.
        since = begin % INTERVAL_D
        longest = STEP_D if since >= 1 else STEP_D / 2
        if since < INFUSION_D - 1e-9:
            longest = INFUSION_D / 6
        grid = np.linspace(begin, end, int(np.ceil((end - begin) / longest)) + 1)
        for a, b in zip(grid, grid[1:], strict=False):
            yield a, b, stops[end] if b == grid[-1] else None


def _three_digits(x: np.ndarray) -> np.ndarray:
    """Round to three significant digits, as the laboratory reports."""
    digits = 10.0 ** (2 - np.floor(np.log10(np.maximum(x, 1e-3))))
    return np.round(x * digits) / digits


def picture(ax, made: CrpTimecourse) -> None:
    """Draw CRP of twenty people, coloured by dose."""
    doses = made.people.set_index("person")["dose_mg_kg"]
    for person in doses.index[:20]:
        one = made.samples[made.samples["person"] == person]
        color = {4: "#56b4e9", 8: "#0072b2"}[doses[person]]
        ax.plot("day", "crp_mg_l", data=one, color=color, lw=0.9)
    ax.set(yscale="log", xlabel="Days since the first infusion", ylabel="CRP (mg/L)")


COHORT = Cohort(
    name="crp_timecourse",
    title="An interleukin-6 receptor blocker and CRP, sampled densely",
    about=(
        "60 people with rheumatoid arthritis, half on 4 and half on 8 mg/kg, two "
        "infusions four weeks apart, 16 samples each. Concentrations below the limit "
        "of an assay are reported as the limit, with a flag. `parameters` holds each "
        "person's planted parameters, which no laboratory sees. Nobody gets better or "
        "worse: CRP moves by the mechanism alone. No value is missing."
    ),
    make=make_crp_timecourse,
    tables=TABLES,
    truth=TRUTH,
    size="n_people",
    bundle=CrpTimecourse,
    picture=picture,
)
