"""The comparison of models on rows that are streamed."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import ElasticNetCV, LassoCV, Ridge, RidgeCV
from sklearn.model_selection import PredefinedSplit, cross_val_predict

from skmtl.evaluation._errors.held_out_targets import HeldOutTargets
from skmtl.evaluation._gains.label_losses import LabelLosses
from skmtl.evaluation._gains.pairwise_tests import pairwise_tests
from skmtl.evaluation._gains.task_gains import TaskGains
from skmtl.evaluation._streamed.loss_sums import LossSums
from skmtl.evaluation._streamed.moments import pooled
from skmtl.evaluation._streamed.single_tasks import fit_alone
from skmtl.evaluation._streamed.streamed_losses import StreamedLosses
from skmtl.evaluation._streamed.task_intercepts import fit_intercepts
from skmtl.meta import RandomInterceptTasks
from skmtl.statistics import TaskStatistics

N_TASKS = 5
N_REPEATS = 3
N_FOLDS = 4
METHODS = ["single", "multi", "pooled"]


def rows_with_losses(rng, n_rows):
    """Tasks of rows, their fold in each repetition, and losses of models that differ a little."""
    tasks = rng.permutation(np.repeat(np.arange(N_TASKS), n_rows // N_TASKS))
    folds = rng.integers(N_FOLDS, size=(n_rows, N_REPEATS))
    base = rng.chisquare(1, size=(n_rows, 1, 1)) * (1 + tasks[:, None, None])
    luck = 0.1 * rng.standard_normal((1, N_REPEATS, len(METHODS)))
    own = 0.1 * rng.standard_normal((n_rows, N_REPEATS, len(METHODS)))
    losses = base * np.exp(luck + own + [0.0, -0.1, 0.2])
    losses[tasks == 2, :, 1] = losses[tasks == 2, :, 0]  # equal models of a task
    return tasks, folds, losses


def losses_of_labels(tasks, folds, losses, floor):
    """The LabelLosses of the same rows."""
    rows, groups, values, splits = [], [], [], []
    for r in range(N_REPEATS):
        for fold in range(N_FOLDS):
            test = np.flatnonzero(folds[:, r] == fold)
            splits.append((np.flatnonzero(folds[:, r] != fold), test))
            rows.append(test)
            groups.append((r * N_FOLDS + fold) * N_TASKS + tasks[test])
            values.append(losses[test, r])
    held_out = HeldOutTargets(
        np.concatenate(rows), np.concatenate(groups), None, None, (len(splits), N_TASKS)
    )
    by_method = dict(zip(METHODS, np.concatenate(values).T, strict=True))
    return LabelLosses(held_out, by_method, None, splits, 0.5, floor, np.full(N_TASKS, 1e-9))


def streamed_losses(tasks, folds, losses, floor, chunksize):
    """The StreamedLosses of rows that come in chunks; a segment for each row or more."""
    sums = LossSums(len(METHODS), N_REPEATS, N_FOLDS, np.full(N_TASKS, 1e-18))
    for start in range(0, len(tasks), chunksize):
        chunk = slice(start, start + chunksize)
        keys = np.column_stack([tasks[chunk], folds[chunk]])
        order = np.lexsort(keys.T)
        segments, sizes = np.unique(keys[order], axis=0, return_counts=True)
        order = np.lexsort(keys.T[::-1])  # the order of np.unique
        sums.add(losses[chunk][order], segments[:, 0], segments[:, 1:], sizes)
    return StreamedLosses(METHODS, sums, floor, np.full(N_TASKS, 1e-9))


@pytest.mark.parametrize("chunksize", [7, 1000])
def test_sums_of_losses_tell_what_the_losses_of_labels_do(chunksize):
    rng = np.random.default_rng(0)
    rows = rows_with_losses(rng, 200)
    floor = np.array([0.0, 0.01, 0.01, 0.02, 0.0])
    expected = losses_of_labels(*rows, floor)
    found = streamed_losses(*rows, floor, chunksize)
    assert found.overlap == pytest.approx(expected.overlap, rel=1e-12)
    for method in METHODS:
        np.testing.assert_allclose(found.task_errors(method), expected.task_errors(method))
        np.testing.assert_allclose(found.split_errors(method), expected.split_errors(method))
    is_judged = np.ones(N_TASKS, dtype=bool)
    n_train = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    for other in ("single", "pooled"):
        gains = [
            TaskGains(losses, "multi", other, is_judged, n_train, 0.95)
            for losses in (found, expected)
        ]
        assert gains[0].is_equal.tolist() == gains[1].is_equal.tolist()
        for name, column in gains[0].columns().items():
            np.testing.assert_allclose(column, gains[1].columns()[name], rtol=1e-8, err_msg=name)
    tests = [pairwise_tests(one, METHODS, is_judged, 0.95) for one in (found, expected)]
    np.testing.assert_allclose(tests[0]["p_value"], tests[1]["p_value"], rtol=1e-6)


def regression_rows(rng, n_rows=120, n_features=4, n_folds=5):
    """Features, tasks, targets and inner folds; the moments of every fold."""
    X = rng.standard_normal((n_rows, n_features)) * [1.0, 2.0, 0.5, 1.0] + 3.0
    tasks = rng.integers(3, size=n_rows)
    coef = rng.standard_normal((3, n_features)) * 0.5 + 1.0
    y = np.sum(X * coef[tasks], axis=1) + tasks + rng.standard_normal(n_rows)
    folds = rng.integers(n_folds, size=n_rows)
    statistics = TaskStatistics.from_data(X, y, tasks=tasks, folds=folds)
    return X, tasks, y, folds, list(statistics._parts.values())


@pytest.mark.parametrize(
    "estimator",
    [
        RidgeCV(alphas=np.geomspace(1e-2, 1e3, 8)),
        Ridge(alpha=2.0),
        LassoCV(),
        ElasticNetCV(l1_ratio=0.5, alphas=[0.01, 0.1, 1.0]),
    ],
)
def test_a_single_task_is_learned_from_moments_as_by_scikit_learn(estimator):
    X, tasks, y, folds, moments = regression_rows(np.random.default_rng(1))
    own = tasks == 1
    cv = PredefinedSplit(folds[own])
    reference = clone(estimator)
    if isinstance(estimator, RidgeCV):  # the mean over folds is here one over rows
        errors = []
        for alpha in estimator.alphas:
            predicted = cross_val_predict(Ridge(alpha=alpha), X[own], y[own], cv=cv)
            errors.append(np.sum((predicted - y[own]) ** 2))
        reference = Ridge(alpha=estimator.alphas[np.argmin(errors)])
    elif hasattr(estimator, "cv"):
        reference.set_params(cv=cv, tol=1e-10, max_iter=100_000)
    reference.fit(X[own], y[own])
    fitted = fit_alone(estimator, [fold.of_tasks([1]) for fold in moments])
    np.testing.assert_allclose(fitted.coef, reference.coef_, atol=1e-6)
    np.testing.assert_allclose(fitted.intercept, reference.intercept_, atol=1e-5)


def test_all_tasks_are_pooled_from_moments():
    X, _, y, _, moments = regression_rows(np.random.default_rng(2))
    reference = Ridge(alpha=3.0).fit(X, y)
    fitted = fit_alone(Ridge(alpha=3.0), [pooled(fold) for fold in moments])
    np.testing.assert_allclose(fitted.coef, reference.coef_)
    np.testing.assert_allclose(fitted.intercept, reference.intercept_)


def test_intercepts_of_tasks_are_learned_from_moments_as_by_random_intercept_tasks():
    X, tasks, y, folds, moments = regression_rows(np.random.default_rng(3))
    alphas = [1.0, 10.0, 100.0]
    reference = RandomInterceptTasks(
        Ridge(), param_grid={"alpha": alphas}, scales=[0.3, 3.0], cv=PredefinedSplit(folds)
    )
    reference.fit(X, y, tasks=tasks)
    fitted = fit_intercepts(moments, alphas, [0.3, 3.0])
    np.testing.assert_allclose(fitted.coef, reference.estimator_.coef_[:4])
    expected = reference.predict(np.zeros((3, 4)), tasks=[0, 1, 2])
    np.testing.assert_allclose(fitted.intercept + fitted.effects, expected)
