"""Mixed effects of other targets at the variances that a model estimated: a linear map of them."""

from skmtl.mixed_effects._marginal_likelihood import MarginalLikelihood
from skmtl.mixed_effects._mixed_effects_regressor import MixedEffectsRegressor
from skmtl.mixed_effects._posterior import Posterior
from skmtl.mixed_effects._scoring import Optimum
from skmtl.mixed_effects._task_rows import LEAST_NOISE, compress
from skmtl.mixed_effects._variational import VariationalModel


def with_variances_of(model):
    """Return an unfitted copy of a fitted MixedEffectsRegressor that keeps its variances.

    It is fitted to the same samples with other targets. Variances of effects stay the same relative
    to the noise, and so do the scales of the deviations and the noise of each task relative to each
    other.
    """
    params = model.get_params()
    new = _AtVariances(**params)
    new.estimated = model._posterior
    return new


class _AtVariances(MixedEffectsRegressor):
    """A MixedEffectsRegressor with the variances of a posterior, `estimated`."""

    def _fit_posterior(self, data):
        estimated = self.estimated
        rows, units = compress(data, only_intercepts=self.covariance == "intercept")
        likelihood = self._likelihood(rows)
        evaluation = estimated.variances.evaluate(likelihood, estimated.parameters)
        posterior = Posterior(
            units,
            estimated.variances,
            likelihood,
            estimated.parameters,
            evaluation,
            estimated.scales,
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
        """The likelihood of these rows given the scales of tasks."""
        estimated = self.estimated
        if estimated.likelihood.is_saturated:
            return MarginalLikelihood(
                rows,
                estimated.variances.fixed_effects,
                noise=LEAST_NOISE,
            )
        model = VariationalModel(
            rows,
            estimated.variances,
            self.deviations_df,
            own_noise=estimated.scales.precision is not None,
        )
        return model.likelihood(estimated.scales)
