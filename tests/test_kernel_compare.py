"""Kernel models beside their single-task limits."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skmtl import (
    MultiTaskKernelRidge,
    MultiTaskKernelRidgeCV,
    MultiTaskNystroemRidge,
    MultiTaskSVR,
    compare_to_single_task,
)

LONG = {"task_column": -1}
MODELS = {
    "ridge": MultiTaskKernelRidge(0.1, **LONG),
    "cv": MultiTaskKernelRidgeCV(**LONG),
    "nystroem": MultiTaskNystroemRidge(0.1, random_state=0, **LONG),
}


@pytest.fixture(scope="module")
def curves():
    """Five tasks of twenty rows on one curve, at levels of their own."""
    rng = np.random.default_rng(0)
    tasks, x = np.repeat(np.arange(5), 20), rng.uniform(-3, 3, size=100)
    y = np.sin(x) + 0.1 * tasks + 0.2 * rng.normal(size=100)
    return np.column_stack([x, tasks]), y


def test_kernel_ridges_gain_over_a_tuned_kernel_ridge_for_each_task(curves):
    report = compare_to_single_task(MODELS, *curves, cv=3, random_state=0)
    assert "single" in report.cv_results_["methods"]  # one limit for all of them
    for name in MODELS:
        assert report[name].summary_["delta_m"] > 0.1


def test_the_limit_of_a_machine_is_the_machine_with_its_kernel():
    model = MultiTaskSVR(kernel="poly", degree=2, epsilon=0.3)
    alone = model._single_task_limit()
    assert isinstance(alone, GridSearchCV)
    assert (alone.estimator.kernel, alone.estimator.degree) == ("poly", 2)
    assert alone.estimator.epsilon == 0.3


def test_a_precomputed_kernel_asks_for_a_baseline(curves):
    X, y = curves
    K = np.column_stack([np.exp(-((X[:, :1] - X[:, 0]) ** 2)), X[:, 1]])
    with pytest.raises(ValueError, match="give a baseline"):
        compare_to_single_task(MultiTaskKernelRidge(kernel="precomputed", **LONG), K, y, cv=2)
