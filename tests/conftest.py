"""The registry of public estimators: whoever adds one adds a line and inherits test_common.py."""

import os
from importlib.util import find_spec

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_limits

from skmtl import (
    ClusteredTaskClassifier,
    ClusteredTaskRegressor,
    ClusteredTaskRegressorCV,
    DirtyClassifier,
    DirtyRegressor,
    DirtyRegressorCV,
    FusedSparseGroupLasso,
    FusedSparseGroupLassoClassifier,
    IndependentTasks,
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    MeanRegularizedRegressorCV,
    MixedEffectsClassifier,
    MixedEffectsRegressor,
    MultiTaskClassifier,
    MultiTaskCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetClassifier,
    MultiTaskElasticNetCV,
    MultiTaskGaussianProcessClassifier,
    MultiTaskGaussianProcessRegressor,
    MultiTaskGroupLasso,
    MultiTaskGroupLassoClassifier,
    MultiTaskGroupLassoClassifierCV,
    MultiTaskGroupLassoCV,
    MultiTaskKernelRidge,
    MultiTaskKernelRidgeCV,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskLassoClassifierCV,
    MultiTaskLassoCV,
    MultiTaskMixed,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
    MultiTaskNystroemRidge,
    MultiTaskNystroemRidgeCV,
    MultiTaskRegressor,
    MultiTaskRelationshipKernelRidge,
    MultiTaskRelationshipKernelRidgeCV,
    MultiTaskSparseGaussianProcessRegressor,
    MultiTaskSparseGroupLasso,
    MultiTaskSparseGroupLassoClassifier,
    MultiTaskStacking,
    MultiTaskSVC,
    MultiTaskSVR,
    PooledTasks,
    RandomInterceptTasks,
    RobustMultiTaskClassifier,
    RobustMultiTaskFeatureClassifier,
    RobustMultiTaskFeatureRegressor,
    RobustMultiTaskRegressor,
    RobustMultiTaskRegressorCV,
    SafeSharingClassifier,
    SafeSharingRegressor,
    SequentialTasks,
    SharedRepresentation,
    SparseLowRankClassifier,
    SparseLowRankRegressor,
    TaskGraphClassifier,
    TaskGraphRegressor,
    TaskGraphRegressorCV,
    TaskRelationshipClassifier,
    TaskRelationshipRegressor,
    TaskStandardScaler,
    TemporalGroupLasso,
    TemporalGroupLassoClassifier,
    TraceNormClassifier,
    TraceNormClassifierCV,
    TraceNormRegressor,
    TraceNormRegressorCV,
)
from skmtl.meta._task_models import TaskMetaEstimator
from skmtl.penalties import L1, Decomposition, TraceNorm

pytest.register_assert_rewrite("structured")
if "PYTEST_XDIST_WORKER" in os.environ:
    threadpool_limits(1)  # each worker has a core of its own

STRUCTURED = [
    ClusteredTaskRegressor(),
    DirtyRegressor(),
    FusedSparseGroupLasso(),
    TaskGraphRegressor(),
    TaskGraphRegressor(graph="chain", sparsity=0.1, intercept="shared"),
    MeanRegularizedRegressor(),
    MultiTaskRegressor(TraceNorm(0.01) + L1(0.01)),
    MultiTaskRegressor(Decomposition(TraceNorm(0.02), L1(0.01))),
    MultiTaskGroupLasso(0.1),
    MultiTaskSparseGroupLasso(),
    RobustMultiTaskFeatureRegressor(),
    RobustMultiTaskRegressor(),
    SparseLowRankRegressor(),
    TaskRelationshipRegressor(intercept="shared"),
    TemporalGroupLasso(),
    TraceNormRegressor(),
]
STRUCTURED_CV = [  # two folds are as good as five to test what is not about folds
    ClusteredTaskRegressorCV(alphas=3, n_clusters=[1, 2], intercept_alpha=1.0, cv=2),
    DirtyRegressorCV(alphas=3, specific_ratio=[0.4, 0.45], cv=2),
    TaskGraphRegressorCV(alphas=3, ridge=[0.1, 1.0], intercept="free", cv=2),
    MeanRegularizedRegressorCV(alphas=3, ridge=0.1, intercept_alpha=[0.0, 2.0], cv=2),
    MultiTaskGroupLassoCV(alphas=3, cv=2),
    RobustMultiTaskRegressorCV(alphas=3, outlier_ratio=[0.4, 0.45], cv=2),
    TraceNormRegressorCV(alphas=3, intercept_alpha=1.0, cv=2),
    MultiTaskCV(TemporalGroupLasso(), {"alpha": 3, "smoothness": [0.1, 1.0]}, cv=2),
]
CLASSIFIERS = [  # a ridge, where separable classes would have no minimum without it
    ClusteredTaskClassifier(0.05),
    DirtyClassifier(0.05),
    FusedSparseGroupLassoClassifier(0.05),
    TaskGraphClassifier(0.05, ridge=0.1, intercept="shared"),
    MeanRegularizedClassifier(0.05, ridge=0.1),
    MultiTaskClassifier(TraceNorm(0.05) + L1(0.05)),
    MultiTaskElasticNetClassifier(0.05),
    MultiTaskGroupLassoClassifier(0.05),
    MultiTaskLassoClassifier(0.05),
    MultiTaskSparseGroupLassoClassifier(0.05),
    RobustMultiTaskClassifier(0.05),
    RobustMultiTaskFeatureClassifier(0.05),
    SparseLowRankClassifier(0.05),
    TaskRelationshipClassifier(0.05),
    TemporalGroupLassoClassifier(0.05),
    TraceNormClassifier(0.05, intercept="shared"),
]
CLASSIFIERS_CV = [
    MultiTaskLassoClassifierCV(alphas=[0.3, 0.1], cv=2),  # the checks have a task for each row
    MultiTaskGroupLassoClassifierCV(alphas=[0.3, 0.1], cv=2),
    TraceNormClassifierCV(alphas=[0.3, 0.1], intercept="free", cv=2),
    MultiTaskCV(MeanRegularizedClassifier(ridge=0.1), {"alpha": [0.1, 1.0]}, cv=2),
]
LINEAR = [  # they have coef_, objective_ and the like
    *STRUCTURED,
    *STRUCTURED_CV,
    *CLASSIFIERS,
    *CLASSIFIERS_CV,
    MultiTaskLasso(),
    MultiTaskElasticNet(),
    MultiTaskLassoCV(alphas=3, cv=2),
    MultiTaskElasticNetCV(alphas=3, cv=2),
]
KERNEL = [
    MultiTaskKernelRidge(),
    MultiTaskKernelRidgeCV([0.1, 1.0], task_strengths=[0.5], loo="observation"),  # as if long
    MultiTaskNystroemRidge(random_state=0),
    MultiTaskNystroemRidgeCV([1.0, 0.1], task_strengths=[0.5], random_state=0),
    MultiTaskRelationshipKernelRidge(),
    MultiTaskRelationshipKernelRidgeCV([0.1, 1.0], ridges=[0.0, 1.0], cv=2),  # a task a row
    MultiTaskSVC(),
    MultiTaskSVR(),
    MultiTaskGaussianProcessClassifier(),
    MultiTaskGaussianProcessRegressor(n_restarts=0),
    MultiTaskSparseGaussianProcessRegressor(n_inducing=10),
]
TRAINING = {
    "hidden_layer_sizes": (8,),
    "n_members": 2,
    "batch_size": 1000,  # all samples of the checks
    "learning_rate_init": 0.1,
    "max_iter": 20,
    "early_stopping": False,
    "random_state": 0,
}
DEEP = [
    MultiTaskMLP(**TRAINING),
    MultiTaskMLPClassifier(**TRAINING, refit_heads=None),  # refits are tested in test_deep_refit.py
    MultiTaskMLPRegressor(**TRAINING, refit_heads=None),
]
HAS_TORCH = find_spec("torch") is not None
ESTIMATORS = [
    *LINEAR,
    *KERNEL,
    MixedEffectsClassifier(),
    MixedEffectsRegressor(
        "diagonal",
        task_noise="common",  # faster
        fixed_effects="flat",  # the common coefficients are the average
    ),
    MultiTaskMixed(),
    IndependentTasks(Ridge()),
    PooledTasks(Ridge()),
    RandomInterceptTasks(Ridge(tol=1e-10)),
    SequentialTasks(Ridge(tol=1e-10)),
    MultiTaskStacking(Ridge(tol=1e-10), Ridge(tol=1e-10), cv=2),  # the checks have a task a row
    SafeSharingRegressor(
        {
            "lasso": MultiTaskLasso(0.1, normalize_y=True),
            "mean": MeanRegularizedRegressor(normalize_y=True),
        },
        cv=2,  # the checks have a task a row
        task_weights="common",  # as unseen tasks have them
    ),
    SafeSharingClassifier(
        {
            "lasso": MultiTaskLassoClassifier(0.05),
            "mean": MeanRegularizedClassifier(0.05, ridge=0.1),
        },
        cv=2,
        task_weights="common",
    ),
]
if HAS_TORCH:  # else they cannot be fitted: pip install "skmtl[torch]"
    ESTIMATORS.extend(DEEP)


def read_by(estimator):
    """What reads the data: most estimators share it, those that pass a frame on have their own."""
    kind = type(estimator)
    passes_on = kind if issubclass(kind, TaskMetaEstimator) else None
    return kind.fit, kind.predict, is_classifier(estimator), passes_on


READERS = list({read_by(one): one for one in ESTIMATORS}.values())  # one for each way to read
TRANSFORMERS = [  # checked in test_task_scaler.py and test_deep_trunk.py
    TaskStandardScaler(),
    SharedRepresentation(MultiTaskMLPRegressor(**TRAINING)),
]

MODES = {"wide": {}, "long": {"task_column": -1, "handle_unknown": "shared"}}


def in_mode(estimator, mode):
    """The estimator, told how it is given the tasks; skips where it takes them otherwise only."""
    if mode == "long" and isinstance(estimator, MultiTaskMixed):
        pytest.skip("takes two-dimensional y only")
    inner = isinstance(estimator, MultiTaskCV)
    params = {f"estimator__{k}" if inner else k: v for k, v in MODES[mode].items()}
    return estimator.set_params(**params)


def name_of(estimator):
    return type(estimator).__name__


@pytest.fixture(params=ESTIMATORS, ids=name_of)
def estimator(request):
    """Every public estimator, unfitted."""
    return clone(request.param)


@pytest.fixture(params=LINEAR, ids=name_of)
def linear(request):
    """Every linear estimator, unfitted."""
    return clone(request.param)


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


class Data:
    """Three tasks that share 30 rows of four features, the third feature idle.

    `fit` gives them in one of the two modes; `X[mode]` and `y[mode]` are what it gives: numbers, or
    with `labels` two classes that overlap.
    """

    def __init__(self, labels=False):
        rng = np.random.default_rng(0)
        features = rng.normal(size=(30, 4))
        coefs = 5 * rng.normal(size=(4, 3)) * [[1], [1], [0], [1]]
        noise = rng.normal(size=(30, 3))
        Y = features @ coefs + noise + [1, 2, 3]
        if labels:
            Y = (Y + 5 * noise > 0).astype(int)
        self.X = {"wide": features, "long": wide_to_long_X(features, range(3))}
        self.y = {"wide": Y, "long": Y.T.ravel()}

    def fit(self, estimator, mode):
        return in_mode(estimator, mode).fit(self.X[mode], self.y[mode])


def wide_to_long_X(features, tasks):
    """All rows once for each task, the task in the last column."""
    return np.vstack([np.column_stack([features, np.full(len(features), t)]) for t in tasks])


NUMBERS, LABELS = Data(), Data(labels=True)


def data_of(estimator):
    """Labels for a classifier, else numbers."""
    return LABELS if is_classifier(estimator) else NUMBERS


@pytest.fixture(scope="session")
def client():
    """A Dask cluster of two workers in this process."""
    distributed = pytest.importorskip("distributed")
    with distributed.Client(
        processes=False,
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=":0",
    ) as client:
        yield client


@pytest.fixture
def data(request):
    """The data of the estimator of the test."""
    names = {"estimator", "linear"} & set(request.fixturenames)
    return data_of(request.getfixturevalue(names.pop())) if names else NUMBERS
