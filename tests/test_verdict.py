"""How sure gains are: variances between rows and training sets, and the hierarchy over tasks."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import polygamma

from skmtl.evaluation._gains import hierarchy as hierarchy_module
from skmtl.evaluation._gains import log_gains as log_gains_module
from skmtl.evaluation._gains.hierarchy import fit_hierarchy
from skmtl.evaluation._gains.log_gains import log_gains, overlap_factor
from skmtl.evaluation._gains.moderation import _inverse_trigamma, moderate_variances
from skmtl.evaluation._gains.tested_labels import TestedLabels

N_TASKS = 4
N_ROWS = 60


def folds(n_rows, n_repeats, n_folds, rng):
    """Pairs (train, test) of repeated folds."""
    splits = []
    for _ in range(n_repeats):
        fold = rng.permutation(n_rows) % n_folds
        for k in range(n_folds):
            splits.append((np.flatnonzero(fold != k), np.flatnonzero(fold == k)))
    return splits


def draw_losses(n_repeats=5, seed=0):
    """Labels of repeated folds and losses of two models, which err alike on the same row."""
    rng = np.random.default_rng(seed)
    splits = folds(N_ROWS, n_repeats, 4, rng)
    rows = np.concatenate([test for _, test in splits])
    of_split = np.repeat(np.arange(len(splits)), [len(test) for _, test in splits])
    tasks = rows % N_TASKS
    noise = rng.standard_normal((N_ROWS, N_TASKS))[rows, tasks]
    luck = 0.3 * rng.standard_normal((2, len(splits), N_TASKS))[:, of_split, tasks]
    alone = (noise + 0.5 + luck[0]) ** 2
    multi = (noise + luck[1]) ** 2
    labels = TestedLabels(rows, of_split, tasks, (len(splits), N_TASKS))
    return labels, alone, multi, splits


def gains_of(labels, alone, multi, splits, floor=0.0):
    return log_gains(
        labels,
        alone,
        multi,
        power=0.5,
        floor=np.full(labels.n_tasks, floor),
        overlap=overlap_factor(splits),
    )


def test_overlap_of_training_sets_by_its_definition():
    rng = np.random.default_rng(0)
    splits = folds(N_ROWS, 5, 4, rng)
    shares = []
    for j, (train, _) in enumerate(splits):
        for k, (other, _) in enumerate(splits):
            if j != k:
                shares.append(np.isin(train, other).mean())
    q = np.mean(shares)
    assert 0.73 < q < 0.75  # 2/3 in the same repeat, about 3/4 in others
    expected = 1 / 20 + 19 / 20 * q / (1 - q)
    assert overlap_factor(splits) == pytest.approx(expected)
    repeated = [(np.tile(train, 2), test) for train, test in splits]
    assert overlap_factor(repeated) == pytest.approx(expected)


def test_log_gains_do_not_depend_on_units_orders_and_names():
    labels, alone, multi, splits = draw_losses()
    gains = gains_of(labels, alone, multi, splits)
    assert gains.theta == pytest.approx(
        [
            0.5 * np.log(alone[labels.tasks == t].mean() / multi[labels.tasks == t].mean())
            for t in range(N_TASKS)
        ]
    )
    unit = np.array([1e-12, 1.0, 1e3, 1e9])[labels.tasks]
    scaled = gains_of(labels, unit * alone, unit * multi, splits)
    assert scaled.theta == pytest.approx(gains.theta)
    assert scaled.variance == pytest.approx(gains.variance)

    order = np.random.default_rng(1).permutation(len(alone))
    names = np.array([2, 0, 3, 1])
    shuffled = TestedLabels(
        labels.rows[order],
        labels.splits[order],
        names[labels.tasks[order]],
        (labels.n_splits, N_TASKS),
    )
    other = gains_of(shuffled, alone[order], multi[order], splits)
    assert other.theta[names] == pytest.approx(gains.theta)
    assert other.variance[names] == pytest.approx(gains.variance)
    assert other.mean_variance == pytest.approx(gains.mean_variance)
    assert other.correlation == pytest.approx(gains.correlation)

    reverse = gains_of(labels, multi, alone, splits)
    assert reverse.theta == pytest.approx(-gains.theta)
    assert reverse.variance == pytest.approx(gains.variance)


def test_rows_that_are_copies_count_once_with_groups():
    labels, alone, multi, splits = draw_losses()
    gains = gains_of(labels, alone, multi, splits)
    twice = np.repeat(np.arange(len(alone)), 2)
    copy = np.tile([0, 1], len(alone))
    copies = TestedLabels(
        2 * labels.rows[twice] + copy,
        labels.splits[twice],
        labels.tasks[twice],
        (labels.n_splits, N_TASKS),
        groups=labels.rows[twice],
    )
    found = gains_of(copies, alone[twice], multi[twice], splits)
    assert found.theta == pytest.approx(gains.theta)
    assert found.variance == pytest.approx(gains.variance)
    assert found.mean_variance == pytest.approx(gains.mean_variance)
    unaware = TestedLabels(copies.rows, copies.splits, copies.tasks, (labels.n_splits, N_TASKS))
    without_luck = {"power": 0.5, "floor": np.zeros(N_TASKS), "overlap": 0.0}
    once = log_gains(labels, alone, multi, **without_luck)
    as_rows = log_gains(unaware, alone[twice], multi[twice], **without_luck)
    assert (as_rows.variance < 0.6 * once.variance).all()


def test_the_variance_between_rows_is_that_of_drawing_rows_anew():
    labels, alone, multi, _ = draw_losses()
    gains = log_gains(labels, alone, multi, power=0.5, floor=np.zeros(N_TASKS), overlap=0.0)
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(2000):
        times = np.bincount(rng.integers(0, N_ROWS, N_ROWS), minlength=N_ROWS)[labels.rows]
        sums = [np.bincount(labels.tasks, times * losses) for losses in (alone, multi)]
        drawn.append(0.5 * np.log(sums[0] / sums[1]).mean())
    assert np.sqrt(gains.mean_variance) == pytest.approx(np.std(drawn), rel=0.2)


def test_tasks_that_share_rows_err_together():
    apart = [gains_of(*draw_losses(seed=seed)).correlation for seed in range(9)]
    assert np.median(apart) < 0.1
    labels, alone, multi, splits = draw_losses()
    rows = np.tile(labels.rows, N_TASKS)
    of_split = np.tile(labels.splits, N_TASKS)
    tasks = np.repeat(np.arange(N_TASKS), len(alone))
    same = TestedLabels(rows, of_split, tasks, (labels.n_splits, N_TASKS))
    together = gains_of(same, np.tile(alone, N_TASKS), np.tile(multi, N_TASKS), splits)
    assert together.correlation > 0.9
    assert together.mean_variance == pytest.approx(together.variance[0], rel=0.35)


def test_more_training_luck_and_a_single_pass_make_gains_less_sure():
    labels, alone, multi, splits = draw_losses()
    few = log_gains(labels, alone, multi, power=0.5, floor=np.zeros(N_TASKS), overlap=0.05)
    many = gains_of(labels, alone, multi, splits)
    assert (many.variance > few.variance).all()
    once, alone, multi, splits = draw_losses(n_repeats=1)
    rows_only = log_gains(once, alone, multi, power=0.5, floor=np.zeros(N_TASKS), overlap=0.0)
    single = gains_of(once, alone, multi, splits)
    assert (single.variance >= 0.999 * rows_only.variance).all()
    assert single.mean_variance >= 3 * _row_variance_of_mean(once, alone, multi)


def _row_variance_of_mean(labels, alone, multi):
    """Variance of the mean log gain by drawing rows."""
    psi = np.zeros(N_ROWS)
    for t in range(N_TASKS):
        own = labels.tasks == t
        influence = alone[own] / alone[own].mean() - multi[own] / multi[own].mean()
        np.add.at(psi, labels.rows[own], 0.5 * influence / own.sum() / N_TASKS)
    return N_ROWS / (N_ROWS - 1) * psi @ psi * 0.999


def test_moderated_variances():
    for value in (1e-3, 0.5, 40.0):
        assert polygamma(1, _inverse_trigamma(value)) == pytest.approx(value)
    rng = np.random.default_rng(0)
    degrees = np.full(4000, 6.0)
    true = 2.0 * 10 / rng.chisquare(10, 4000)
    variances = true * rng.chisquare(6, 4000) / 6
    moderated, total = moderate_variances(variances, degrees)
    assert total[0] == pytest.approx(16, rel=0.1)  # 6 of their own, 10 of all
    posterior = (10 * 2.0 + 6 * variances) / 16
    assert moderated == pytest.approx(posterior, rel=0.05)
    lacking = np.append(variances, np.nan)
    filled, own = moderate_variances(lacking, np.append(degrees, 1.0))
    assert filled[-1] == pytest.approx(2.0, rel=0.1)
    assert own[-1] == pytest.approx(10, rel=0.1)
    few, same = moderate_variances(variances[:2], degrees[:2])
    assert few.tolist() == variances[:2].tolist()
    assert same.tolist() == [6.0, 6.0]


def test_the_hierarchy_is_the_posterior_by_quadrature(monkeypatch):
    monkeypatch.setattr(hierarchy_module, "_PART", 1.0)
    theta = np.array([0.3, 0.05, -0.1])
    variance = np.array([0.02, 0.005, 0.04])

    def posterior(spread):
        """Weight of a spread, and the mean and second moment of the first task given it."""
        total = variance + spread**2
        precision = (1 / total).sum()
        mu = (theta / total).sum() / precision
        density = np.prod(stats.norm.pdf(theta, mu, np.sqrt(total))) / np.sqrt(precision)
        prior = stats.halfcauchy.pdf(spread, scale=0.05)
        shrinkage = variance[0] / total[0]
        mean = theta[0] - shrinkage * (theta[0] - mu)
        own = shrinkage * spread**2 + shrinkage**2 / precision
        return density * prior, mean, own + mean**2

    def integral(function):
        pieces = [0, 0.01, 0.1, 0.5, 5, 50]
        return sum(integrate.quad(function, *ends)[0] for ends in pairwise(pieces))

    weight = integral(lambda s: posterior(s)[0])
    mean = integral(lambda s: posterior(s)[0] * posterior(s)[1]) / weight
    square = integral(lambda s: posterior(s)[0] * posterior(s)[2]) / weight
    hierarchy = fit_hierarchy(theta, variance, np.full(3, 20.0))
    found, low, high = hierarchy.intervals(0.95)
    assert found[0] == pytest.approx(mean, abs=0.003)
    drawn = hierarchy.draws(0)[:, 0]
    assert drawn.std() == pytest.approx(np.sqrt(square - mean**2), rel=0.05)
    assert np.mean(drawn < low[0]) == pytest.approx(0.025, abs=0.012)
    assert np.mean(drawn > high[0]) == pytest.approx(0.025, abs=0.012)
    assert hierarchy.share_below_zero()[0] == pytest.approx(np.mean(drawn < 0), abs=0.02)


def test_limits_of_the_hierarchy():
    one = fit_hierarchy(np.array([0.2]), np.array([0.01]), np.array([30.0]))
    mean, low, high = one.intervals(0.95)
    assert mean == pytest.approx([0.2])
    assert (high - low) / 2 == pytest.approx([1.96 * 0.1], rel=1e-3)

    equal = np.full(50, 0.1)
    alike = fit_hierarchy(equal, np.full(50, 0.01), np.full(50, 30.0))
    mean, low, high = alike.intervals(0.95)
    assert mean == pytest.approx(equal)
    assert (high - low).max() < 0.2  # a task alone has .39
    sure = fit_hierarchy(np.linspace(-1, 1, 50), np.full(50, 1e-6), np.full(50, 30.0))
    assert sure.intervals(0.95)[0] == pytest.approx(np.linspace(-1, 1, 50), abs=1e-4)


def test_gains_that_fall_with_size_are_found():
    rng = np.random.default_rng(0)
    n_train = np.repeat([5.0, 20.0, 80.0], 20)
    theta = 4.0 / n_train + 0.02 * rng.standard_normal(60)
    hierarchy = fit_hierarchy(theta, np.full(60, 0.02**2), n_train)
    assert hierarchy.weight @ hierarchy.power == pytest.approx(1.0, abs=0.05)
    mean, low, high = hierarchy.curve([5, 20, 80], 0.95)
    assert mean == pytest.approx([0.8, 0.2, 0.05], rel=0.1)
    assert (low < mean).all()
    assert (mean < high).all()
    untrained = fit_hierarchy(theta, np.full(60, 0.02**2), np.where(n_train == 5, 0, n_train))
    assert np.isfinite(untrained.intervals(0.95)).all()


def test_errors_in_common_widen_numbers_over_tasks_only():
    theta = np.full(20, 0.1)
    variance = np.full(20, 0.01)
    apart = fit_hierarchy(theta, variance, np.full(20, 30.0))
    together = fit_hierarchy(theta, variance, np.full(20, 30.0), correlation=0.9)
    of_mean = [one.draws(0).mean(axis=1).std() for one in (apart, together)]
    assert of_mean[0] == pytest.approx(0.1 / np.sqrt(20), rel=0.3)
    assert of_mean[1] == pytest.approx(0.1 * np.sqrt(0.9), rel=0.3)


def test_the_luck_of_few_training_sets_stays_unsure_whatever_other_tasks_show():
    """Moderation makes the part of the rows surer, but not that of ten training sets."""
    degrees = np.full(3, 1e6)
    luck = np.array([0.0, 0.5, 1.0])
    found = log_gains_module._degrees_with_luck(degrees, luck, n_splits=10)
    of_ten = 9 / log_gains_module._HEAVY_TAILS
    assert found == pytest.approx([1e6, 4 * of_ten, of_ten], rel=1e-3)


def test_a_task_with_one_row_gets_the_variance_of_the_others():
    labels, alone, multi, splits = draw_losses()
    one_row = (labels.tasks != 0) | (labels.rows == 0)
    fewer = TestedLabels(
        labels.rows[one_row], labels.splits[one_row], labels.tasks[one_row], (len(splits), N_TASKS)
    )
    found = gains_of(fewer, alone[one_row], multi[one_row], splits)
    assert np.isfinite(found.variance).all()
    assert found.variance[0] > found.variance[1:].max()
