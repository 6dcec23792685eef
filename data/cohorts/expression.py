"""Gene expression of T cells with and without a kinase inhibitor.

Cells of 24 donors are stimulated; half of the cultures get the inhibitor. The
table holds normalised log2 expression of 2,000 genes. One gene in ten is moved,
most of them down. Samples were prepared in batches, and a batch shifts some
genes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ._base import Cohort, check_size, column, generator, identifiers, table
from ._truth import SHARE, Planted, true_values

TRUTH = {
    "moved_fraction": Planted(
        0.10, "Part of the genes that the inhibitor moves", SHARE
    ),
    "down_fraction": Planted(0.7, "Part of these that it lowers", SHARE),
    "fold_change_shape": Planted(
        2.0, "Shape of the gamma distribution of |log2 fold change|", (0.5, 50)
    ),
    "fold_change_mean": Planted(
        1.2, "Mean |log2 fold change| of the moved genes", (0, 2), unit="log2"
    ),
    "noise_sd": Planted(
        0.45,
        "Root mean square over genes of the SD between samples",
        (0.05, 1),
        unit="log2",
    ),
    "noise_freedom": Planted(
        8.0,
        "Degrees of freedom of the scaled inverse chi-square by which the variance "
        "differs between genes",
        (4, 100),
    ),
    "batch_sd": Planted(
        0.25, "SD over genes of the shift of a batch", (0, 1), unit="log2"
    ),
    "level": Planted(
        {"mean": 7.0, "sd": 2.0},
        "Mean and SD over genes of the usual expression",
        {"mean": (0, 15), "sd": (0, 4)},
        unit="log2",
    ),
}
GROUPS = ("control", "inhibitor")
N_BATCHES = 3


class Expression(NamedTuple):
    """The samples, the readings and what was planted, as DataFrames."""

    samples: pd.DataFrame
    readings: pd.DataFrame
    genes: pd.DataFrame


LOG2 = "log2 of the normalised expression"
TABLES = {
    "samples": table(
        {
            "sample": column(str, "Sample, one donor each"),
            "group": column(str, "With or without inhibitor", isin=GROUPS),
            "batch": column(
                str,
                "Batch of preparation; each holds as many of both groups as it can",
                isin=["b1", "b2", "b3"],
            ),
        },
        key=["sample"],
    ),
    "readings": table(
        {
            "gene": column(str, "Gene, a code"),
            "sample": column(str, "Sample"),
            "log2_expression": column(
                float, f"{LOG2}, to 0.01", unit="log2", between=(-20, 40)
            ),
        },
        key=["gene", "sample"],
    ),
    "genes": table(
        {
            "gene": column(str, "Gene, a code"),
            "log2_fold_change": column(
                float,
                "Planted change by the inhibitor; 0 if the gene is not moved. "
                "No laboratory sees this table",
                unit="log2",
                between=(-20, 20),
            ),
        },
        key=["gene"],
    ),
}


def make_expression(
    n_genes: int = 2000,
    n_per_group: int = 12,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> Expression:
    """Draw expression of two groups of samples, with the genes that truly move.

    Parameters
    ----------
    n_genes : int
        Genes, 1 or more.
    n_per_group : int
        Samples of each group, 2 or more.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.

    Returns
    -------
    Expression
        ``samples`` (2 n_per_group rows), ``readings`` (a row a gene and sample),
        ``genes`` (what was planted).

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Notes
    -----
    Reading = level of the gene + shift of the batch + planted change in treated
    samples + normal noise with the gene's own SD. Variances come from a scaled
    inverse chi-square, the model behind moderated t-tests. Genes are independent
    given batch: real ones are not, so that a count of false discoveries varies
    more in life than here.
    """
    genes = check_size("n_genes", n_genes)
    per_group = check_size("n_per_group", n_per_group, smallest=2)
    rng = generator(random_state, "expression")
    true = true_values(TRUTH, truth)
    n = 2 * per_group

    moved = rng.permutation(genes) < round(true["moved_fraction"] * genes)
    shape = true["fold_change_shape"]
    change = rng.gamma(shape, true["fold_change_mean"] / shape, genes)
    change *= np.where(rng.random(genes) < true["down_fraction"], -1, 1)
    change = np.where(moved, np.round(change, 3), 0.0)

    treated = np.repeat([False, True], per_group)
    batch = np.tile(np.arange(per_group) % N_BATCHES, 2)
    freedom = true["noise_freedom"]
    # Mean of the variances over genes is noise_sd squared.
    sd = true["noise_sd"] * np.sqrt((freedom - 2) / rng.chisquare(freedom, genes))
    level = rng.normal(true["level"]["mean"], true["level"]["sd"], genes)
    reading = level[:, None] + change[:, None] * treated
    reading += true["batch_sd"] * rng.standard_normal((genes, N_BATCHES))[:, batch]
    reading += sd[:, None] * rng.standard_normal((genes, n))

    gene, sample = identifiers("G", genes), identifiers("S", n, width=2)
    return Expression(
        samples=pd.DataFrame(
            {
                "sample": sample,
                "group": np.array(GROUPS)[treated.astype(int)],
                "batch": np.array(["b1", "b2", "b3"])[batch],
            }
        ),
        readings=pd.DataFrame(
            {
                "gene": np.repeat(gene, n),
                "sample": np.tile(sample, genes),
                "log2_expression": np.round(reading, 2).ravel(),
            }
        ),
        genes=pd.DataFrame({"gene": gene, "log2_fold_change": change}),
    )


def picture(ax, made: Expression) -> None:
    """Draw the mean difference of each gene against its planted change."""
    group = made.samples.set_index("sample")["group"]
    wide = made.readings.pivot(index="gene", columns="sample", values="log2_expression")
    difference = wide.loc[:, group[wide.columns] == "inhibitor"].mean(
        axis=1
    ) - wide.loc[:, group[wide.columns] == "control"].mean(axis=1)
    planted = made.genes.set_index("gene")["log2_fold_change"]
    still = planted == 0
    ax.plot(planted[still], difference[still], "o", color="#c9c9c9", ms=2)
    ax.plot(planted[~still], difference[~still], "o", color="#0072b2", ms=3)
    ax.axline((0, 0), slope=1, color="#222222", lw=1)
    ax.set(xlabel="Planted log2 fold change", ylabel="Observed")


COHORT = Cohort(
    name="expression",
    title="Expression of 2,000 genes with and without a kinase inhibitor",
    about=(
        "Stimulated T cells of 24 donors, twelve cultures with inhibitor and twelve "
        "without, prepared in three balanced batches. One gene in ten is moved by the "
        "inhibitor, mostly down. `genes` holds the planted changes, which no "
        "laboratory sees. Genes are independent, which real ones are not. No value is "
        "missing."
    ),
    make=make_expression,
    tables=TABLES,
    truth=TRUTH,
    size="n_genes",
    bundle=Expression,
    picture=picture,
)
