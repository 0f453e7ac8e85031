"""How certain a fitted mixed-effects regression is of common coefficients and of variances."""

from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_real
from skmtl.mixed_effects._degrees_of_freedom import degrees_of_freedom
from skmtl.mixed_effects._region import Region, effects_of_user, profile_interval
from skmtl.mixed_effects._summary import summarize


class ConfidenceIntervals(NamedTuple):
    """Lower and upper ends, in the units of the user.

    Attributes
    ----------
    fixed_effects : ndarray of shape (1 + n_features, 2)
        Of the common intercept and the common coefficients.
    random_effects : ndarray of shape (1 + n_features, 2)
        Of the standard deviations between tasks of the intercept and of the coefficients, 0 where
        they do not vary.
    noise : ndarray of shape (2,)
        Of the standard deviation of the noise; of its root mean square over tasks with
        ``task_noise="own"``, whose ratios between tasks are taken as known.
    """

    fixed_effects: np.ndarray
    random_effects: np.ndarray
    noise: np.ndarray


class InferenceMixin:
    """Standard errors, intervals and the summary, from ``_posterior`` and public attributes."""

    @property
    def fixed_effects_covariance_(self):
        """Covariance of the estimates of the common intercept and coefficients."""
        check_is_fitted(self)
        self._posterior.check_variances_known()
        return self._posterior.units.covariance(self._posterior.common_covariance)

    @property
    def random_effects_covariance_(self):
        """Covariance of the intercept and the coefficients between tasks.

        The intercept is where all features are 0, so that it is correlated with the coefficients
        also where `covariance` has them independent, which is at the means of the features.
        """
        check_is_fitted(self)
        return self._posterior.units.covariance(self._posterior.covariance)

    @property
    def standard_errors_(self):
        """Standard errors of the common intercept and coefficients."""
        return np.sqrt(self.fixed_effects_covariance_.diagonal())

    def confidence_intervals(self, level=0.95):
        """Intervals of the common coefficients, and of standard deviations between tasks.

        Those of coefficients are the estimates and standard errors with quantiles of Student's t
        distribution. Its degrees of freedom are Satterthwaite's, which count tasks rather than
        samples where a coefficient varies between tasks.

        Those of standard deviations hold what a likelihood-ratio test does not reject (the profile
        of the restricted likelihood). They are not symmetric, and begin at 0 where the targets do
        not show that tasks differ.

        Parameters
        ----------
        level : float, default=0.95
            Confidence level, between 0 and 1.

        Returns
        -------
        ConfidenceIntervals
            `fixed_effects` and `random_effects` of shape (1 + n_features, 2), the intercept first,
            and `noise` of shape (2,).

        Notes
        -----
        An end of the interval of a standard deviation takes some thirty evaluations of the
        likelihood.

        With `deviations` of t or noise of tasks' own, both are conditional on the estimated weights
        of tasks, and somewhat short. With a prior of the common coefficients, their intervals are
        those of the posterior.

        References
        ----------
        Venzon, Moolgavkar (1988), "A method for computing profile-likelihood-based confidence
        intervals", Applied Statistics 37. Giesbrecht, Burns (1985), "Two-stage analysis based on a
        mixed model: large-sample asymptotic theory and small-sample simulation results", Biometrics
        41: the degrees of freedom.
        """
        check_is_fitted(self)
        check_real(level, "level", high=1, include="neither")
        self._posterior.check_variances_known()
        region = Region(self._posterior)
        return self._intervals(region, self._degrees_of_freedom(region), level)

    def summary(self, level=0.95):
        """What mixed-effects software prints of a fit: random effects, fixed effects, the groups.

        Parameters
        ----------
        level : float, default=0.95
            Level of the intervals, those of :meth:`confidence_intervals`.

        Returns
        -------
        MixedEffectsSummary
            Print it, or see its tables `random_effects` and `fixed_effects`.
        """
        check_is_fitted(self)
        check_real(level, "level", high=1, include="neither")
        self._posterior.check_variances_known()
        region = Region(self._posterior)
        freedom = self._degrees_of_freedom(region)
        intervals = self._intervals(region, freedom, level)
        return summarize(
            self,
            self._posterior,
            freedom,
            intervals,
            level,
        )

    def _degrees_of_freedom(self, region):
        return degrees_of_freedom(region, self._posterior.units.matrix)

    def _intervals(self, region, freedom, level):
        """The :class:`ConfidenceIntervals` for these degrees of freedom."""
        estimates = np.append(self.shared_intercept_, self.shared_coef_)
        quantiles = stats.t.ppf((1 + level) / 2, freedom)
        margins = quantiles * self.standard_errors_
        lower = estimates - margins
        upper = estimates + margins
        return ConfidenceIntervals(
            fixed_effects=np.column_stack([lower, upper]),
            random_effects=_intervals_between_tasks(
                self._posterior,
                region,
                level,
            ),
            noise=_interval_of_noise(
                self._posterior,
                region,
                level,
            ),
        )


def _interval_of_noise(posterior, region, level):
    """Ends of the standard deviation of the noise: of what it is a multiple of, scaled."""
    ends = profile_interval(region, None, level)
    ratios = np.array(ends) / posterior.noise
    variances = posterior.mean_noise * ratios
    return posterior.units.size * np.sqrt(variances)


def _intervals_between_tasks(posterior, region, level):
    """Ends of the standard deviations of effects; those of a variance are searched once."""
    groups = posterior.variances.covariance.groups
    directions, factors = effects_of_user(posterior)
    intervals = np.zeros((len(groups), 2))
    varying = groups[groups >= 0]
    for group in np.unique(varying):
        members = np.flatnonzero(groups == group)
        first = members[0]
        ends = profile_interval(
            region,
            directions[first],
            level,
        )
        deviations = np.sqrt(ends)
        intervals[members] = np.outer(factors[members], deviations)
    return intervals
