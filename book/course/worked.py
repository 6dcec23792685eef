"""Worked numbers: each formula of the page *Formulas* that is one expression, once.

What is put in and what comes out are printed beside one another on that page; the
formulas themselves, with their sources, stand in its tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import stats

from . import scores


@dataclass(frozen=True)
class Given:
    """A quantity that is put in: its sign, its value and its unit."""

    sign: str
    value: float
    unit: str = ""


@dataclass(frozen=True)
class Worked:
    """One formula with numbers.

    Attributes
    ----------
    formula : str
        Its name on the page *Formulas*.
    given : tuple of Given
        What is put in, in the order in which `compute` takes it.
    compute : callable
        Takes the values of `given`; returns one number or several.
    unit : str
        Unit of the result.
    digits : int
        Decimals that are printed.
    """

    formula: str
    given: tuple[Given, ...]
    compute: Callable[..., float | tuple[float, ...]]
    unit: str = ""
    digits: int = 2

    def result(self) -> tuple[float, ...]:
        """Return what comes out."""
        found = self.compute(*(one.value for one in self.given))
        return found if isinstance(found, tuple) else (found,)


def accumulation(interval: float, half_life: float) -> float:
    """Return how far repeated doses add up: trough in the long run by the first."""
    return 1 / (1 - math.exp(-math.log(2) * interval / half_life))


def pairs(ligand: float, receptor: float, k_d: float) -> float:
    """Return the pairs of two molecules that use one another up."""
    total = ligand + receptor + k_d
    return (total - math.sqrt(total**2 - 4 * ligand * receptor)) / 2


def change_value(within: float, analytical: float) -> tuple[float, float]:
    """Return the largest fall and rise of chance, for values that vary by factors."""
    sigma = math.sqrt(math.log(1 + within**2) + math.log(1 + analytical**2))
    reach = 1.96 * math.sqrt(2) * sigma
    return math.exp(-reach) - 1, math.exp(reach) - 1


def risk_ratio(x1: float, n1: float, x0: float, n0: float) -> tuple[float, ...]:
    """Return the ratio of two risks and its 95 % limits."""
    ratio = (x1 / n1) / (x0 / n0)
    error = math.sqrt(1 / x1 - 1 / n1 + 1 / x0 - 1 / n0)
    return ratio, ratio * math.exp(-1.96 * error), ratio * math.exp(1.96 * error)


def mean_difference(
    x1: float, s1: float, n1: float, x0: float, s0: float, n0: float
) -> tuple[float, ...]:
    """Return the difference of two means and its 95 % limits."""
    difference, error = x1 - x0, math.sqrt(s1**2 / n1 + s0**2 / n0)
    return difference, difference - 1.96 * error, difference + 1.96 * error


def reporting_odds(a: float, b: float, c: float, d: float) -> tuple[float, ...]:
    """Return the reporting odds ratio and its 95 % limits."""
    ratio = a * d / (b * c)
    error = math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return ratio, ratio * math.exp(-1.96 * error), ratio * math.exp(1.96 * error)


def rate_limits(events: float, years: float) -> tuple[float, float, float]:
    """Return a rate and its exact 95 % limits, per unit of time."""
    low = stats.chi2.ppf(0.025, 2 * events) / 2
    high = stats.chi2.ppf(0.975, 2 * events + 2) / 2
    return events / years, low / years, high / years


def events_needed(ratio: float, power: float) -> float:
    """Return the events of a trial with equal arms, at a two-sided level of 5 %."""
    z = stats.norm.ppf(0.975) + stats.norm.ppf(power)
    return z**2 / (0.25 * math.log(ratio) ** 2)


def right_of_positive(carriers: float, sensitivity: float, specificity: float) -> float:
    """Return the share of positive tests that are right, in per cent."""
    found = carriers * sensitivity
    return 100 * found / (found + (1 - carriers) * (1 - specificity))


def information_component(a: float, b: float, c: float, d: float) -> float:
    """Return the information component of a pair of drug and event."""
    expected = (a + b) * (a + c) / (a + b + c + d)
    return math.log2((a + 0.5) / (expected + 0.5))


def regression_to_mean(limit: float, mean: float, sd: float, rho: float) -> float:
    """Return how far those at or above a limit fall at the next reading."""
    z = (limit - mean) / sd
    return sd * (1 - rho) * stats.norm.pdf(z) / stats.norm.sf(z)


def after_filter(theta: float, error: float) -> float:
    """Return the mean of the estimates that are significantly good."""
    a = 1.96 - theta / error
    return theta + error * stats.norm.pdf(a) / stats.norm.sf(a)


CRP_HALF_LIFE = 19  # h, Vigushin et al. 1993, on the page

WORKED: tuple[Worked, ...] = (
    Worked(
        "Accumulation, one compartment",
        (Given("τ", 28, "d"), Given("t½", 14, "d")),
        accumulation,
    ),
    Worked(
        "Occupancy, no depletion",
        (Given("L", 9, "nmol/L"), Given("K_d", 1, "nmol/L")),
        lambda free, k_d: 100 * free / (free + k_d),
        "%",
        0,
    ),
    Worked(
        "Pairs with depletion",
        (
            Given("L", 1, "nmol/L"),
            Given("R", 1, "nmol/L"),
            Given("K_d", 0.1, "nmol/L"),
        ),
        pairs,
        "nmol/L",
    ),
    Worked(
        "Hill curve",
        (
            Given("b", 10, "%"),
            Given("C", 300, "nmol/L"),
            Given("IC₅₀", 100, "nmol/L"),
            Given("h", 1),
        ),
        lambda b, c, ic50, h: b + (100 - b) / (1 + (c / ic50) ** h),
        "% of the signal",
        1,
    ),
    Worked(
        "Upper limit of ESR",
        (Given("age of a woman", 50, "years"),),
        lambda age: (age + 10) / 2,
        "mm/h",
        0,
    ),
    Worked(
        "Decay to a level",
        (
            Given("s", 0.1),
            Given("t", 38, "h"),
            Given("T", CRP_HALF_LIFE, "h"),
        ),
        lambda s, t, half_life: s + (1 - s) * 2 ** (-t / half_life),
        "of the start",
        3,
    ),
    Worked(
        "Reference change value",
        (Given("CV_I", 0.06), Given("CV_A", 0.02)),
        lambda within, analytical: (
            100 * 1.96 * math.sqrt(2) * math.hypot(within, analytical)
        ),
        "%",
        0,
    ),
    Worked(
        "Reference change value, log-normal",
        (Given("CV_I", 0.42), Given("CV_A", 0.05)),
        lambda within, analytical: tuple(
            100 * one for one in change_value(within, analytical)
        ),
        "%",
        0,
    ),
    Worked(
        "Absolute count",
        (
            Given("WBC", 6, "10⁹/L"),
            Given("lymphocytes", 0.3),
            Given("CD4 subset", 0.4),
        ),
        lambda cells, lymphocytes, subset: 1000 * cells * lymphocytes * subset,
        "cells/µL",
        0,
    ),
    Worked(
        "Limits of a difference of means",
        (
            Given("x̄₁", 12),
            Given("s₁", 4),
            Given("n₁", 16),
            Given("x̄₀", 9),
            Given("s₀", 6),
            Given("n₀", 36),
        ),
        mean_difference,
    ),
    Worked(
        "Reading above a target",
        (Given("a", 2.4), Given("c", 2.6), Given("SEM", 0.4)),
        lambda a, c, error: 100 * float(stats.norm.cdf((a - c) / error)),
        "%",
        0,
    ),
    Worked(
        "DAS28-ESR",
        (
            Given("TJC", 9),
            Given("SJC", 4),
            Given("ESR", 28, "mm/h"),
            Given("PtGA", 50, "mm"),
        ),
        lambda tender, swollen, esr, patient: float(
            scores.das28_esr(tender, swollen, esr, patient)
        ),
    ),
    Worked(
        "DAS28-CRP",
        (
            Given("TJC", 9),
            Given("SJC", 4),
            Given("CRP", 12, "mg/L"),
            Given("PtGA", 50, "mm"),
        ),
        lambda tender, swollen, crp, patient: float(
            scores.das28_crp(tender, swollen, crp, patient)
        ),
    ),
    Worked(
        "CDAI",
        (
            Given("TJC", 9),
            Given("SJC", 4),
            Given("PtGA", 5, "cm"),
            Given("PhGA", 4, "cm"),
        ),
        lambda *items: float(scores.cdai(*items)),
        "",
        0,
    ),
    Worked(
        "SDAI",
        (
            Given("TJC", 9),
            Given("SJC", 4),
            Given("PtGA", 5, "cm"),
            Given("PhGA", 4, "cm"),
            Given("CRP", 1.2, "mg/dL"),
        ),
        lambda *items: float(scores.sdai(*items)),
        "",
        1,
    ),
    Worked(
        "Limits of a risk ratio",
        (Given("x₁", 14), Given("n₁", 63), Given("x₀", 30), Given("n₀", 65)),
        risk_ratio,
    ),
    Worked(
        "Number needed to treat",
        (Given("p₁", 0.22), Given("p₀", 0.46)),
        lambda p1, p0: 1 / abs(p1 - p0),
        "patients",
        1,
    ),
    Worked(
        "Rate, exact limits",
        (Given("x", 4), Given("T", 100, "years")),
        lambda x, t: tuple(100 * one for one in rate_limits(x, t)),
        "per 100 years",
        1,
    ),
    Worked(
        "No event seen",
        (Given("T", 600, "years"),),
        lambda t: 100 * 3 / t,
        "per 100 years",
        1,
    ),
    Worked(
        "Number needed to harm",
        (Given("rate₁", 0.05, "per year"), Given("rate₀", 0.03, "per year")),
        lambda r1, r0: 1 / (r1 - r0),
        "patient-years",
        0,
    ),
    Worked(
        "Events for a trial",
        (Given("ratio", 0.7), Given("power", 0.8)),
        events_needed,
        "events, with half of the person-time in each arm",
        0,
    ),
    Worked(
        "Positive tests that are right",
        (Given("π", 0.02), Given("Se", 0.8), Given("Sp", 0.97)),
        right_of_positive,
        "%",
        0,
    ),
    Worked(
        "Number needed to screen",
        (Given("π", 0.02), Given("Se", 0.8), Given("q", 0.1), Given("RR", 0.3)),
        lambda carriers, sensitivity, risk, ratio: (
            1 / (carriers * sensitivity * risk * (1 - ratio))
        ),
        "people",
        0,
    ),
    Worked(
        "Proportional reporting ratio",
        (Given("a", 20), Given("b", 180), Given("c", 300), Given("d", 29500)),
        lambda a, b, c, d: (a / (a + b)) / (c / (c + d)),
        "",
        1,
    ),
    Worked(
        "Limits of a reporting odds ratio",
        (Given("a", 20), Given("b", 180), Given("c", 300), Given("d", 29500)),
        reporting_odds,
        "",
        1,
    ),
    Worked(
        "Information component",
        (Given("a", 20), Given("b", 180), Given("c", 300), Given("d", 29500)),
        information_component,
    ),
    Worked(
        "Regression to the mean of those at $c$ or more",
        (
            Given("c", 60, "points"),
            Given("µ", 50, "points"),
            Given("σ", 10, "points"),
            Given("ρ", 0.6),
        ),
        regression_to_mean,
        "points",
        1,
    ),
    Worked(
        "Standardised difference",
        (Given("x̄₁", 12), Given("s₁", 4), Given("x̄₀", 9), Given("s₀", 6)),
        lambda x1, s1, x0, s0: (x1 - x0) / math.sqrt((s1**2 + s0**2) / 2),
    ),
    Worked(
        "Most that an unrecorded cause can bias",
        (Given("a", 2), Given("b", 3)),
        lambda a, b: a * b / (a + b - 1),
    ),
    Worked(
        "E-value",
        (Given("RR", 1.5),),
        lambda ratio: ratio + math.sqrt(ratio * (ratio - 1)),
    ),
    Worked(
        "Inconsistency",
        (Given("Q", 20), Given("k", 9)),
        lambda q, k: 100 * max(0.0, (q - (k - 1)) / q),
        "%",
        0,
    ),
    Worked(
        "Mean of what a filter prints",
        (Given("θ", 0.1), Given("s", 0.1)),
        after_filter,
    ),
)
