"""Mixed effects of other samples at the variances that a model estimated."""

import numpy as np

from skmtl.mixed_effects._marginal_likelihood import MarginalLikelihood
from skmtl.mixed_effects._mixed_effects_regressor import MixedEffectsRegressor
from skmtl.mixed_effects._posterior import Posterior
from skmtl.mixed_effects._scoring import Optimum
from skmtl.mixed_effects._task_rows import LEAST_NOISE, compress
from skmtl.mixed_effects._variational import VariationalModel

_MOST_UPDATES = 10  # of the scales of tasks
_SAME = 0.02  # change of the logarithm of a scale that is small enough to be the last


def with_variances_of(model, *, keeps_scales=True):
    """Return an unfitted copy of a fitted MixedEffectsRegressor that keeps its variances.

    Variances of effects stay the same relative to the noise. Clones keep them too.

    Parameters
    ----------
    model : MixedEffectsRegressor
        A fitted model.
    keeps_scales : bool, default=True
        Whether the scales of the deviations, and the noise of each task relative to that of the
        others, stay the same too. The copy is then for the same samples with other targets, of
        which it is a linear map. Else it takes other samples, of some or other tasks, to whose
        scales it is fitted.
    """
    params = model.get_params(deep=False)
    params["covariance"] = model.covariance_
    new = _AtVariances(**params)
    new.estimated = model._posterior
    new.keeps_scales = keeps_scales
    return new


class _AtVariances(MixedEffectsRegressor):
    """A MixedEffectsRegressor with the variances of a posterior, `estimated`."""

    def __sklearn_clone__(self):
        new = _AtVariances(**self.get_params(deep=False))
        new.estimated = self.estimated
        new.keeps_scales = self.keeps_scales
        return new

    def _fit_posterior(self, data):
        estimated = self.estimated
        self.covariance_ = self.covariance
        rows, units = compress(data, only_intercepts=self.covariance == "intercept")
        likelihood, scales = self._likelihood(rows)
        evaluation = estimated.variances.evaluate(likelihood, estimated.parameters)
        posterior = Posterior(
            units,
            estimated.variances,
            likelihood,
            estimated.parameters,
            evaluation,
            scales,
            bound=None,
        )
        optimum = Optimum(
            estimated.parameters,
            evaluation,
            residual=0.0,
            n_iter=0,
            converged=True,
        )
        return posterior, optimum

    def _likelihood(self, rows):
        """The likelihood of these rows, and the scales of tasks that it is given."""
        estimated = self.estimated
        scales = estimated.scales
        model = VariationalModel(
            rows,
            estimated.variances,
            self.deviations_df if scales.omega is not None else None,
            own_noise=scales.precision is not None,
        )
        starts = [scales]
        if not self.keeps_scales:
            starts = model.starts(estimated.evaluation.noise)
        scales = starts[0]
        likelihood = model.likelihood(scales)
        if estimated.likelihood.is_saturated or likelihood.is_saturated:
            likelihood = MarginalLikelihood(
                likelihood.rows,
                estimated.variances.fixed_effects,
                noise=LEAST_NOISE,
                spread=likelihood.spread,
            )
        elif estimated.scales.differ and not self.keeps_scales:
            points = model.points(estimated.parameters, starts)
            fitted = [_with_fitted_scales(model, point) for point in points]
            best = max(fitted, key=_bound, default=None)
            if best is not None:
                scales = best.scales
                likelihood = best.likelihood
        return likelihood, scales


def _with_fitted_scales(model, point):
    """The bound where scales of tasks fit to their samples, given the variances."""
    for _ in range(_MOST_UPDATES):
        scales = model.update(point)
        change = scales.logarithms - point.scales.logarithms
        new = model.point(point.parameters, scales)
        if new is None:
            break
        point = new
        if np.abs(change).max() < _SAME:
            break
    return point


def _bound(point):
    return point.bound
