"""Kernel models beside their single-task baselines."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVR

from skmtl import (
    MultiTaskKernelRidge,
    MultiTaskKernelRidgeCV,
    MultiTaskNystroemRidge,
    MultiTaskRelationshipKernelRidge,
    MultiTaskSVC,
    MultiTaskSVR,
    TaskStratifiedKFold,
    compare_to_single_task,
)
from skmtl.evaluation import single_task

LONG = {"task_column": -1}
FOLDS = TaskStratifiedKFold(3)
MODELS = {
    "ridge": MultiTaskKernelRidge(0.1, **LONG),
    "cv": MultiTaskKernelRidgeCV(**LONG),
    "nystroem": MultiTaskNystroemRidge(0.1, random_state=0, **LONG),
}


@pytest.fixture(scope="module")
def curves():
    """Five tasks of twenty samples on one curve, each with its own offset."""
    rng = np.random.default_rng(0)
    tasks, x = np.repeat(np.arange(5), 20), rng.uniform(-3, 3, size=100)
    y = np.sin(x) + 0.1 * tasks + 0.2 * rng.normal(size=100)
    return np.column_stack([x, tasks]), y


def test_kernel_ridges_gain_over_a_tuned_kernel_ridge_for_each_task(curves):
    report = compare_to_single_task(MODELS, *curves, cv=FOLDS, random_state=0)
    assert "single" in report.cv_results_["methods"]  # one baseline for all of them
    for name in MODELS:
        assert np.median(report[name].table_["own_gain"]) > 0.05


@pytest.fixture(scope="module")
def unrelated():
    """Four tasks of eighty samples on curves of their own, too narrow for the default gamma."""
    rng = np.random.default_rng(0)
    tasks, x = np.repeat(np.arange(4), 80), rng.uniform(-3, 3, size=320)
    frequency, phase = rng.uniform(8, 10, 4), rng.uniform(0, 6, 4)
    y = np.sin(frequency[tasks] * x + phase[tasks]) + 0.2 * rng.normal(size=320)
    return np.column_stack([x, tasks]), y


@pytest.mark.parametrize(
    "strengths", [{"gammas": [1, 10, 100]}, {"alphas": [0.03, 0.1, 0.3], "gammas": [30]}]
)
def test_single_task_models_gain_nothing_over_single_task_models(strengths, unrelated):
    model = MultiTaskKernelRidgeCV(**strengths, task_kernel="identity", **LONG)
    options = {"cv": FOLDS, "random_state": 0, "rivals": (), "model_figures": False}
    report = compare_to_single_task(model, *unrelated, **options)
    assert abs(report.summary_["median_gain"]) < 0.02


def test_the_baseline_tries_what_the_model_tries(unrelated):
    (x, _), y = unrelated[0].T, unrelated[1]
    baseline = single_task(MultiTaskKernelRidgeCV([1e-7, 5.0], gammas=[3, 0.2]))
    tried = baseline.fit(x[:80, None], y[:80]).estimator_
    assert {1e-7, 1e-4, 5.0, 100.0} <= set(tried.alphas_)
    np.testing.assert_array_equal(tried.gammas_, [0.2, 3])
    for kind in (MultiTaskKernelRidge, MultiTaskNystroemRidge, MultiTaskRelationshipKernelRidge):
        for params, gamma in (({"gamma": 4.0}, 4.0), ({}, None), ({"kernel": "linear"}, None)):
            baseline = single_task(kind(**params)).fit(x[:80, None], y[:80])
            assert baseline.estimator_.gamma_ == gamma
    bare = single_task(MultiTaskKernelRidge(fit_intercept=False)).fit(x[:, None], y + 9)
    assert bare.estimator_.intercept_[0] == 0


def test_the_baseline_of_a_machine_is_the_machine_with_its_kernel(curves):
    (X, _), y = curves[0].T, curves[1]
    X = X[:, None]
    model = MultiTaskSVR(kernel="poly", gamma=0.5, coef0=1.0, degree=2, epsilon=0.3, mu=0.1)
    baseline = single_task(model)
    assert isinstance(baseline, GridSearchCV)
    expected = SVR(kernel="poly", gamma=0.5, coef0=1.0, degree=2, epsilon=0.3)
    expected = GridSearchCV(expected, {"C": baseline.param_grid["estimator__C"]}).fit(X, y)
    baseline.fit(X, y)
    assert baseline.best_params_["estimator__C"] == expected.best_params_["C"]
    np.testing.assert_allclose(baseline.predict(X), expected.predict(X), atol=1e-3)
    np.testing.assert_allclose(baseline.predict(sparse.csr_array(X)), baseline.predict(X))


def dot(x, z, scale=1.0):
    """The linear kernel of two samples."""
    return scale * float(x @ z)


@pytest.mark.parametrize(
    "params",
    [
        {"kernel": "laplacian"},
        {"gamma": None},
        {"kernel": dot, "kernel_params": {"scale": 2.0}},
        {"kernel": "linear"},
    ],
)
def test_machines_are_compared_whatever_their_kernel(params, curves):
    X, y = curves[0][:40], curves[1][:40]
    folds = TaskStratifiedKFold(2)
    options = {"cv": folds, "random_state": 0, "rivals": (), "model_figures": False}
    report = compare_to_single_task(MultiTaskSVR(**params, **LONG), X, y, **options)
    assert np.isfinite(report.summary_["median_gain"])


@pytest.mark.parametrize("baseline", ["auto", LogisticRegression()])
def test_classifiers_without_probabilities_are_refused(baseline, curves):
    X, y = curves
    with pytest.raises(TypeError, match=r"judged by probabilities, but MultiTaskSVC.* gives none"):
        compare_to_single_task(MultiTaskSVC(**LONG), X, (y > 0).astype(int), baseline=baseline)


def test_a_precomputed_kernel_asks_for_a_baseline(curves):
    X, y = curves
    K = np.column_stack([np.exp(-((X[:, :1] - X[:, 0]) ** 2)), X[:, 1]])
    with pytest.raises(ValueError, match="give a baseline"):
        compare_to_single_task(MultiTaskKernelRidge(kernel="precomputed", **LONG), K, y, cv=2)
