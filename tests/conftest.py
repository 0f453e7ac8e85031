"""The registry of public estimators: whoever adds one adds a line and inherits test_common.py."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge

from skmtl import (
    IndependentTasks,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    PooledTasks,
)

LINEAR = [  # they have coef_, objective_ and the like
    MultiTaskLasso(),
    MultiTaskElasticNet(),
    MultiTaskLassoCV(alphas=5),
    MultiTaskElasticNetCV(alphas=5),
]
ESTIMATORS = [*LINEAR, IndependentTasks(Ridge()), PooledTasks(Ridge())]

MODES = {"wide": {}, "long": {"task_column": -1, "handle_unknown": "shared"}}


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

    `fit` gives them in one of the two modes; `X[mode]` and `y[mode]` are what it gives.
    """

    def __init__(self):
        rng = np.random.default_rng(0)
        features = rng.normal(size=(30, 4))
        coefs = 5 * rng.normal(size=(4, 3)) * [[1], [1], [0], [1]]
        Y = features @ coefs + rng.normal(size=(30, 3)) + [1, 2, 3]
        self.X = {"wide": features, "long": wide_to_long_X(features, range(3))}
        self.y = {"wide": Y, "long": Y.T.ravel()}

    def fit(self, estimator, mode):
        return estimator.set_params(**MODES[mode]).fit(self.X[mode], self.y[mode])


def wide_to_long_X(features, tasks):
    """All rows once for each task, the task in the last column."""
    return np.vstack([np.column_stack([features, np.full(len(features), t)]) for t in tasks])


@pytest.fixture(scope="session")
def data():
    return Data()
