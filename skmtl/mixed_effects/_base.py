"""What mixed-effects regressors and classifiers have in common."""

from skmtl._data.checks import check_int, check_option, check_real
from skmtl.base import MultiTaskEstimator


class MixedEffects(MultiTaskEstimator):
    """Mixin: checks of parameters, and the attributes of common effects and deviations."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_options(self, covariances, fixed_effects):
        """Check the parameters that both have, given the names of what can be chosen."""
        self._check_layout_params()
        check_option(self.covariance, "covariance", covariances)
        check_option(self.fixed_effects, "fixed_effects", fixed_effects)
        check_int(self.max_iter, "max_iter")
        check_real(self.tol, "tol")

    def _store_effects(self, units, common, deviations, between):
        """Set coefficients and variances in the units of the user.

        Parameters
        ----------
        units : Units
            Of the following.
        common : ndarray of shape (n_effects,)
            Common effects.
        deviations : ndarray of shape (n_tasks, n_effects)
            What tasks differ by.
        between : ndarray of shape (n_effects, n_effects)
            Covariance of the effects of tasks.
        """
        coefficients = units.coefficients(common)
        self.shared_intercept_ = float(coefficients[0])
        self.shared_coef_ = coefficients[1:]
        self.random_effects_ = units.effects(deviations)
        self.intercept_ = self.shared_intercept_ + self.random_effects_[:, 0]
        self.coef_ = self.shared_coef_ + self.random_effects_[:, 1:]
        at_means = self.covariance != "full"
        self.variance_components_ = units.variances(between, at_means=at_means)
