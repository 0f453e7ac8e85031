"""The parameters of mixed-effects logistic regressions, and the criterion they minimize.

Effects are in standardized units: of features with variance 1 over the samples of all tasks.
"""

import numpy as np

from skmtl.mixed_effects._damped_scoring import Point, minimize
from skmtl.mixed_effects._fixed_effects import determined_directions
from skmtl.mixed_effects._laplace import Prior, evaluate, find_mode, hessian_at
from skmtl.mixed_effects._variances import positive_part

_WIDTH = 100.0  # prior standard deviation of shared effects that are called flat
_STARTS = (0.03, 0.3, 3.0)  # variances of log-odds
_TOL_OF_MODE = 1e-4  # relative to that of the search
_LEAST_TOL = 1e-11  # what rounding allows
_NO_INFORMATION = 10.0  # standard deviation of log-odds that are not determined

FIXED_EFFECTS = ("flat", "ridge")


class _LogisticModel:
    """What both models have in common.

    The parameters are `n_shared_parameters` of the shared effects, then those of the covariance.

    Parameters
    ----------
    rows : LogisticRows
        The samples.
    covariance : DiagonalCovariance or FullCovariance
        Covariance of the effects of tasks.
    tol : float
        Length of a step of the search, in standard errors, that is short enough to be the last.
    """

    variance_rate = 0.0  # of the exponential prior of variances

    def __init__(self, rows, covariance, tol):
        self.rows = rows
        self.covariance = covariance
        self.tol = tol
        self.tol_of_mode = max(_TOL_OF_MODE * tol, _LEAST_TOL)
        self.varying = np.flatnonzero(covariance.varying)

    @property
    def lower(self):
        """Lower bounds of the parameters."""
        of_covariance = np.full(self.covariance.n_parameters, self.covariance.lower)
        return np.append(self.lower_of_shared, of_covariance)

    def prior(self, x):
        """The :class:`Prior` of parameters."""
        root = self.covariance.root(self._theta(x))
        inner = np.ix_(self.varying, self.varying)
        return Prior(*self._of_shared(x), root[inner], self.varying)

    def _theta(self, x):
        return x[self.n_shared_parameters :]

    def covariance_matrix(self, point):
        """The covariance of the effects of tasks."""
        return self.covariance.matrix(self._theta(point.x))

    def _embed(self, matrices):
        """Matrices of the effects that vary, as those of all effects."""
        n_effects = self.rows.n_effects
        whole = np.zeros((*matrices.shape[:-2], n_effects, n_effects))
        whole[..., self.varying[:, None], self.varying] = matrices
        return whole

    def start(self):
        """Return a point near the minimum, where effects have the best of few variances."""
        n_features = self.rows.n_effects - 1
        near = None
        points = []
        for variance in _STARTS:
            variances = np.append(variance, np.full(n_features, variance / n_features))
            theta = self.covariance.from_variances(variances)
            near = self._start_at(theta, variance / n_features, near)
            points.append(near)
        return min(points, key=lambda point: point.value)

    def _joint_mode(self, x, near):
        """The mode of shared effects and deviations, from that of a point or from zero."""
        prior = self.prior(x)
        delta = np.zeros(len(prior.precision))
        s = np.zeros((self.rows.n_tasks, len(self.varying)))
        if near is not None:
            delta = near.state.delta
            s = near.state.s
        return find_mode(
            self.rows,
            prior,
            delta,
            s,
            integrate_shared=True,
            tol=self.tol_of_mode,
        )

    def _point(self, x, mode, value, shared, by_covariance):
        """A :class:`Point` from the derivatives by shared parameters and by the covariance."""
        theta = self._theta(x)
        slope = self._embed(by_covariance) + self.variance_rate * np.eye(self.rows.n_effects)
        value += self.variance_rate * self.covariance.variances(theta).sum()
        precisions = self._embed(mode.hessian.precisions)
        information = 0.5 * self.covariance.information(theta, precisions)
        information = information + self.covariance.curvature(positive_part(slope))
        by_shared, shared_information = shared
        n_shared = self.n_shared_parameters
        whole = np.zeros((len(x), len(x)))
        whole[:n_shared, :n_shared] = shared_information
        whole[n_shared:, n_shared:] = information
        gradient = np.append(by_shared, self.covariance.gradient(theta, slope))
        return Point(x, value, gradient, whole, mode)

    def fit(self, max_iter):
        """Return the :class:`~skmtl.mixed_effects._damped_scoring.Minimum`."""
        start = self.start()
        return minimize(self.evaluate, start, self.lower, max_iter=max_iter, tol=self.tol)


class FlatModel(_LogisticModel):
    """Shared effects of maximum likelihood: the parameters are delta, then theta.

    The basis of delta gives predictions of unit variance, so that delta is in log-odds per standard
    deviation; collinear features are one direction of it.
    """

    def __init__(self, rows, covariance, tol):
        super().__init__(rows, covariance, tol)
        gram = rows.pooled_gram(rows.weight) / rows.weight.sum()
        values, vectors = determined_directions(gram)
        self.basis = vectors / np.sqrt(values)
        self.n_shared_parameters = self.basis.shape[1]
        self.precision = np.full(self.n_shared_parameters, _WIDTH**-2)
        self.lower_of_shared = np.full(self.n_shared_parameters, -np.inf)

    def _of_shared(self, x):
        return self.basis, self.precision

    def _start_at(self, theta, slope_variance, near):
        x = np.append(np.zeros(self.n_shared_parameters), theta)
        mode = self._joint_mode(x, near)
        x = np.append(mode.delta, theta)
        return self._evaluate(x, mode.s)

    def evaluate(self, x, near):
        """The :class:`Point` of parameters."""
        return self._evaluate(x, near.state.s)

    def _evaluate(self, x, s):
        delta = x[: self.n_shared_parameters]
        mode = find_mode(
            self.rows,
            self.prior(x),
            delta,
            s,
            integrate_shared=False,
            tol=self.tol_of_mode,
        )
        derivatives = evaluate(self.rows, mode)
        joint = self.joint_hessian(mode)
        gradient = self.basis.T @ derivatives.by_shared + self.precision * delta
        shared = gradient, joint.shared_precision
        return self._point(x, mode, derivatives.value, shared, derivatives.by_covariance)

    def joint_hessian(self, mode):
        """The Hessian as if shared effects were integrated out: that of their uncertainty."""
        return hessian_at(self.rows, mode.hessian.prior, mode.probability, integrate_shared=True)

    def log_likelihood(self, point):
        penalty = 0.5 * self.precision @ point.state.delta**2
        return -(point.value - penalty)

    def is_separable(self, hessian):
        """Whether the samples leave a direction of the shared effects undetermined."""
        variances = np.linalg.eigvalsh(hessian.shared_covariance)
        return bool(variances[-1] > _NO_INFORMATION**2)


class RidgeModel(_LogisticModel):
    """Shared effects that are integrated out: the parameters are the prior variance, then theta.

    All variances have an exponential prior of mean 2.
    """

    n_shared_parameters = 1
    variance_rate = 0.5
    lower_of_shared = np.zeros(1)

    def _of_shared(self, x):
        n_features = self.rows.n_effects - 1
        basis = np.diag(np.append(1.0, np.full(n_features, np.sqrt(x[0]))))
        precision = np.append(_WIDTH**-2, np.ones(n_features))
        return basis, precision

    def _start_at(self, theta, slope_variance, near):
        return self.evaluate(np.append(slope_variance, theta), near)

    def evaluate(self, x, near):
        """The :class:`Point` of parameters."""
        mode = self._joint_mode(x, near)
        derivatives = evaluate(self.rows, mode)
        hessian = mode.hessian
        slopes = derivatives.by_shared_covariance.diagonal()[1:] + self.variance_rate
        information = 0.5 * np.sum(hessian.shared_information[1:, 1:] ** 2)
        value = derivatives.value + self.variance_rate * len(slopes) * x[0]
        shared = slopes.sum(), information
        return self._point(x, mode, value, shared, derivatives.by_covariance)

    def joint_hessian(self, mode):
        """The Hessian by the shared effects and the deviations."""
        return mode.hessian

    def log_likelihood(self, point):
        variances = self.covariance.variances(self._theta(point.x))
        n_features = self.rows.n_effects - 1
        penalty = self.variance_rate * (variances.sum() + n_features * point.x[0])
        return -(point.value - penalty)

    def is_separable(self, hessian):
        """Never: the prior holds shared effects."""
        return False
