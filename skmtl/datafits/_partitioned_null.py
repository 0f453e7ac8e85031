"""The null model of a likelihood in partitions, by Newton's method: a step is a round."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skmtl.datafits._linear_algebra import inner
from skmtl.datafits._partitioned_sums import intercept_sums

_STEPS = 100
_CLOSE = 1e-7  # what may be left of the value
_NEARLY = 1e-4  # the same with unpenalized features, which move on with the others
_SHORTEST = 1e-9  # step of an intercept
_WIDTH = 0.1  # in units of predictions, over which second derivatives are averaged
_FLAT = 1e-14  # curvature, relative to the largest, that is rounding


class NullModel(NamedTuple):
    """Intercepts (n_columns,), the value there, and the unit and width of a ColumnSetup."""

    b: np.ndarray
    value: float
    unit: float
    width: float


def settle_null(likelihood):
    """Return the :class:`NullModel` of W = 0, the features not read.

    It is one round where the link of the mean target is the optimum.
    """
    f = likelihood
    b = f.first_b if f.pull is None else f.pull.feasible(f.first_b)
    value, slopes, curvature = _derivatives(f, f.setup, b)
    unit = _unit(value, curvature)
    width = _WIDTH * unit
    if not f.fit_intercept:
        return NullModel(b, value, unit, width)
    setup = replace(f.setup, width=width)
    step = _newton_step(f, slopes, curvature)
    for _ in range(_STEPS):
        if -inner(slopes, step) <= _CLOSE * value or np.abs(step).max() <= _SHORTEST:
            break
        moved, new_slopes, curvature = _derivatives(f, setup, b + step)
        if not moved < value:
            step = 0.5 * step
            continue
        b = b + step
        value = moved
        slopes = new_slopes
        step = _newton_step(f, slopes, curvature)
    return NullModel(b, value, unit, width)


def _unit(value, curvature):
    """By how much predictions move for the loss to change by about as much as it is."""
    total = float(np.einsum("tkk->", curvature))
    if total > 0 and value > 0:
        return float(np.sqrt(2 * value / total))
    return 1.0


def _derivatives(likelihood, setup, b):
    """Value and gradient of W = 0, the pull of the intercepts included, and curvature; a round."""
    value, slopes, curvature = likelihood.parts.sum(intercept_sums, setup, b)
    value = float(value[0])
    if likelihood.pull is not None:
        value += likelihood.pull.value(b)
        slopes = slopes + likelihood.pull.gradient(b)
    return value, slopes, curvature


def _newton_step(likelihood, slopes, curvature):
    """Newton's step of the intercepts, (n_columns,)."""
    if likelihood.pull is not None:
        return likelihood.pull.newton(slopes, curvature)
    setup = likelihood.setup
    inverses = np.linalg.pinv(curvature, rcond=_FLAT, hermitian=True)
    step = np.zeros(len(slopes))
    for task, K in enumerate(setup.sizes):
        columns = setup.columns(task)
        inverse = inverses[task, :K, :K]
        step[columns] = -inverse @ slopes[columns]
    return step


def minimize_unpenalized(point, features, positive):
    """Return the point with these features and the intercepts close to their optimum."""
    f = point.likelihood
    for _ in range(_STEPS):
        before = point.value
        quadratic = point.quadratic()
        W = quadratic.minimize_features(point.W, features, positive)
        point, step = f.search(point, f.minimum_of(quadratic, W))
        if step == 0.0 or point.value >= before * (1 - _NEARLY):
            break
    return point
