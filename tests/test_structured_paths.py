"""Paths of structured models: their separate fits, where they start, what is refused."""

import numpy as np
import pytest
from sklearn import linear_model
from sklearn.base import clone
from structured import (
    ALPHAS,
    MODELS,
    ROUNDING,
    SQUARES,
    TIGHT,
    critical,
    each_emptied,
    each_given,
    make,
    null_loss,
)

from skmtl import (
    MultiTaskRegressor,
    TraceNormRegressor,
    TraceNormRegressorCV,
    alpha_max,
    multi_task_path,
)
from skmtl.penalties import L1

WITH_ALPHA = [name for name in MODELS if name != "custom"]


@pytest.mark.parametrize("name", WITH_ALPHA)
@each_given
def test_a_path_is_its_separate_fits(name, given):
    estimator = clone(MODELS[name].estimator).set_params(task_column=given.task_column)
    path = multi_task_path(
        given.X, given.y, estimator=estimator, alphas=ALPHAS, sample_weight=given.weight, **TIGHT
    )
    np.testing.assert_array_equal(path.alphas, sorted(ALPHAS, reverse=True))
    for k, alpha in enumerate(path.alphas):
        model = given.fit(estimator, alpha=alpha)
        np.testing.assert_allclose(path.coefs[:, :, k], model.coef_, atol=5e-5)  # as assert_close
        np.testing.assert_allclose(path.intercepts[:, k], model.intercept_, atol=3e-4)
    assert (path.dual_gaps <= 1e-11 * null_loss(given) * (1 + ROUNDING)).all() or name in SQUARES


@each_emptied
def test_a_path_starts_where_the_model_is_empty(name):
    given = make("holes")
    path = multi_task_path(
        given.X,
        given.y,
        estimator=MODELS[name].estimator,
        n_alphas=3,
        eps=0.1,
        sample_weight=given.weight,
    )
    assert path.alphas[0] == pytest.approx(critical(name, given), rel=1e-12)
    assert path.alphas[-1] == pytest.approx(0.1 * path.alphas[0], rel=1e-12)
    np.testing.assert_allclose(path.coefs[:, :, 0], 0.0, atol=1e-9)  # at it, up to rounding
    assert path.coefs[:, :, 1].any()


@pytest.mark.parametrize("function", [alpha_max, multi_task_path])
@pytest.mark.parametrize(
    ("estimator", "options", "error", "message"),
    [
        (TraceNormRegressor(), {"l1_ratio": 0.5}, ValueError, "l1_ratio=0.5 was given beside"),
        (TraceNormRegressor(), {"task_column": -1}, ValueError, "task_column=-1 was given beside"),
        (linear_model.Ridge(), {}, TypeError, "must be a linear estimator of skmtl that has alpha"),
        (MultiTaskRegressor(L1(0.1)), {}, TypeError, "linear estimator of skmtl that has alpha"),
        (TraceNormRegressorCV(), {}, TypeError, "must be a linear estimator of skmtl that has alp"),
        (TraceNormRegressor(ridge=-1), {}, ValueError, "ridge == -1, must be >= 0"),
    ],
)
def test_paths_that_cannot_be_meant_are_refused(function, estimator, options, error, message):
    given = make("wide")
    with pytest.raises(error, match=message):
        function(given.X, given.y, estimator=estimator, **options)
