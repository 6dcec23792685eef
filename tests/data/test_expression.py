"""`expression`: t-tests find the planted genes, and unadjusted ones find others too."""

import numpy as np
import pytest
import statsmodels.api as sm
from recovery import assert_recovered, only_shipped, worlds
from scipy import stats
from statsmodels.stats.multitest import multipletests

ANOTHER = {
    "moved_fraction": 0.3,
    "down_fraction": 0.2,
    "fold_change_shape": 4.0,
    "fold_change_mean": 0.8,
    "noise_sd": 0.3,
    "noise_freedom": 20.0,
    "batch_sd": 0.6,
    "level": {"mean": 5.0, "sd": 1.0},
}
world = worlds("expression", ANOTHER)
SEEDS = range(5)


@pytest.fixture(scope="module")
def drawn(world):
    return [world.make(random_state=seed) for seed in SEEDS]


def fits(made):
    """Return change, its error, residual variance and degrees of freedom by gene.

    Ordinary least squares of each gene on group and batch.
    """
    wide = made.readings.pivot(index="gene", columns="sample", values="log2_expression")
    samples = made.samples.set_index("sample").loc[wide.columns]
    design = np.column_stack(
        [
            np.ones(len(samples)),
            samples["group"] == "inhibitor",
            samples["batch"] == "b2",
            samples["batch"] == "b3",
        ]
    ).astype(float)
    coefficients, *_ = np.linalg.lstsq(design, wide.T.to_numpy(), rcond=None)
    residuals = wide.T.to_numpy() - design @ coefficients
    freedom = design.shape[0] - design.shape[1]
    variance = (residuals**2).sum(axis=0) / freedom
    scale = np.linalg.inv(design.T @ design)[1, 1]
    return coefficients, np.sqrt(scale * variance), variance, freedom


def test_least_squares_by_hand_agree_with_statsmodels(drawn):
    made = drawn[0]
    coefficients, error, _, _ = fits(made)
    wide = made.readings.pivot(index="gene", columns="sample", values="log2_expression")
    samples = made.samples.set_index("sample").loc[wide.columns]
    design = sm.add_constant(
        np.column_stack(
            [samples["group"] == "inhibitor", samples["batch"] == "b2",
             samples["batch"] == "b3"]
        ).astype(float)
    )  # fmt: skip
    fit = sm.OLS(wide.iloc[7].to_numpy(), design).fit()
    assert fit.params[1] == pytest.approx(coefficients[1, 7])
    assert fit.bse[1] == pytest.approx(error[7])


def test_every_planted_change_lies_where_its_t_statistic_says(drawn):
    for made in drawn:
        coefficients, error, _, freedom = fits(made)
        t = (coefficients[1] - made.genes["log2_fold_change"].to_numpy()) / error
        assert stats.kstest(t, "t", args=(freedom,)).pvalue > 1e-4


def test_how_many_genes_move_and_which_way(world, drawn):
    for made in drawn:
        change = made.genes["log2_fold_change"]
        moved = change[change != 0]
        assert len(moved) == round(world.true["moved_fraction"] * len(change))
        down = stats.binomtest(
            int((moved < 0).sum()), len(moved), world.true["down_fraction"]
        )
        assert down.pvalue > 1e-4
    sizes = [m.genes["log2_fold_change"].abs() for m in drawn]
    sizes = [s[s > 0] for s in sizes]
    assert_recovered(
        [s.mean() for s in sizes],
        [s.sem() for s in sizes],
        world.true["fold_change_mean"],
    )
    # The variance of a gamma is mean² / shape.
    shapes = [s.mean() ** 2 / s.var() for s in sizes]
    assert np.mean(shapes) == pytest.approx(world.true["fold_change_shape"], rel=0.25)


def test_noise_and_its_spread_over_genes(world, drawn):
    means, shapes = [], []
    for made in drawn:
        _, _, variance, freedom = fits(made)
        means.append((variance.mean(), stats.sem(variance)))
        # s² / s0² follows F(freedom, d0): its distribution is the whole model.
        d0 = world.true["noise_freedom"]
        prior = world.true["noise_sd"] ** 2 * (d0 - 2) / d0
        shapes.append(stats.kstest(variance / prior, "f", args=(freedom, d0)).pvalue)
    assert_recovered(*np.transpose(means), world.true["noise_sd"] ** 2)
    assert min(shapes) > 1e-4


def test_batches_shift_genes(world, drawn):
    estimates = []
    for made in drawn:
        coefficients, _, variance, _ = fits(made)
        shift = coefficients[2]
        # Eight samples a batch: Var = 2 batch_sd² + 2 s² / 8.
        excess = shift**2 - variance / 4
        estimates.append((excess.mean() / 2, stats.sem(excess) / 2))
    assert_recovered(*np.transpose(estimates), world.true["batch_sd"] ** 2)


def test_usual_expression_of_genes(world, drawn):
    """Mean of the control samples, less what noise and batches add to its spread."""
    means, spreads = [], []
    for made in drawn:
        coefficients, _, variance, _ = fits(made)
        level = coefficients[0]
        n, noise = level.size, variance.mean() / 6 + world.true["batch_sd"] ** 2
        means.append((level.mean(), level.std() / np.sqrt(n)))
        spreads.append((level.var() - noise, level.var() * np.sqrt(2 / n)))
    assert_recovered(*np.transpose(means), world.true["level"]["mean"])
    assert_recovered(*np.transpose(spreads), world.true["level"]["sd"] ** 2)


@only_shipped
def test_without_adjustment_a_third_or_more_of_the_discoveries_are_false(world, drawn):
    for made in drawn:
        coefficients, error, _, freedom = fits(made)
        p = 2 * stats.t.sf(np.abs(coefficients[1] / error), freedom)
        null = (made.genes["log2_fold_change"] == 0).to_numpy()
        naive = null[p < 0.05].mean()
        adjusted = multipletests(p, 0.05, method="fdr_bh")[0]
        assert naive > 0.3
        assert null[adjusted].mean() < 0.12
