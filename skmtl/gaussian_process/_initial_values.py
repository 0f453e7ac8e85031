"""Initial values of theta, and its bounds."""

import numpy as np

_SHARE = 0.1  # initial kappa and noise, relative to the variance of a task
_LOADING_BOUND = 30.0  # largest loading, in standard deviations of the task
_KAPPA_BOUNDS = (0.0, 1e2)  # relative to the variance of the task
_NOISE_BOUNDS = (1e-6, 1e1)  # relative to the variance of the task
_SINGLE_TARGET_NOISE = 0.1  # least noise of a task with one target, which says nothing of its noise
_COUPLING = 0.1  # initial loadings of independent tasks that begin to share, relative to kappa
_LEADERS = 10  # most tasks from whose covariances a search begins
_PERTURBATION = 0.3  # standard deviation of perturbed loadings, relative to the size of the task
_LEAST_SHARE = 0.05  # least kappa and noise where a perturbed search begins


class InitialValues:
    """Initial values of theta for one or several searches.

    Parameters
    ----------
    layout : ParameterLayout
        Where parameters are in theta.
    kernels : list of Kernel
        Input kernels, with their initial parameters.
    y : ndarray of shape (n_observations,)
        Targets, on the scale of theta.
    observations : Observations
        Their samples and tasks.
    rng : RandomState
        Generator of the perturbations.

    Attributes
    ----------
    theta : ndarray
        The first initial value. What tasks share has the leading eigenvectors of their covariances;
        the correlation of two tasks without a common sample counts as one half.
    bounds : ndarray of shape (len(theta), 2)
        Lower and upper bounds of theta.
    scale : ndarray of shape (n_tasks,)
        The root mean square of the targets of each task; for a single target that of the other
        tasks, and 1 for targets that are all zero.
    all_zero : ndarray of bool of shape (n_tasks,)
        Whether all targets of a task are zero.
    default : ndarray
        The first initial value if none is given, within its bounds.
    """

    def __init__(self, layout, kernels, y, observations, rng):
        self.layout = layout
        self.rng = rng
        mean_square = observations.task_mean(y**2)
        several = observations.n_per_task > 1
        self.all_zero = mean_square == 0
        self.variance = _known_variances(mean_square, several)
        self.scale = np.sqrt(self.variance)
        self.covariances = self._empirical_covariances(y, observations)
        self.theta = self._first(kernels)
        self.bounds = self._bounds(kernels, several)
        self.default = self.clip(self.theta)

    def _empirical_covariances(self, y, observations):
        """Second moments of the tasks over common samples, (n_tasks, n_tasks)."""
        Y = observations.matrix(y)
        observed = observations.observed
        n_common = observed.T.astype(float) @ observed
        moments = Y.T @ Y / np.maximum(n_common, 1)
        unknown = 0.5 * np.outer(self.scale, self.scale)
        covariances = np.where(n_common > 0, moments, unknown)
        np.fill_diagonal(covariances, self.variance)
        return covariances

    def _first(self, kernels):
        values, V = np.linalg.eigh(self.covariances)
        root = V * np.sqrt(np.maximum(values, 0.0))
        root = root[:, ::-1] / np.sqrt(len(kernels))
        theta = np.empty(len(self.layout))
        for kernel, term in zip(kernels, self.layout.terms(theta), strict=True):
            term.inputs[:] = kernel.theta
            term.loadings[:] = root[:, : term.loadings.shape[1]]
            term.kappa[:] = _SHARE * self.variance
        theta[self.layout.noise_span] = np.log(_SHARE * self._noise_scale())
        return theta

    def _noise_scale(self):
        """What the noise is compared with: the variance of each task, or their mean as (1,)."""
        if self.layout.task_noise:
            return self.variance
        return self.variance.mean(keepdims=True)

    def _bounds(self, kernels, several):
        bounds = np.empty((len(self.layout), 2))
        for k in range(2):
            sign = (-1, 1)[k]
            column = np.empty(len(self.layout))
            for kernel, term in zip(kernels, self.layout.terms(column), strict=True):
                term.inputs[:] = kernel.bounds.reshape(-1, 2)[:, k]
                term.loadings[:] = sign * _LOADING_BOUND * self.scale[:, None]
                term.kappa[:] = _KAPPA_BOUNDS[k] * self.variance
            column[self.layout.noise_span] = np.log(_NOISE_BOUNDS[k] * self._noise_scale())
            bounds[:, k] = column
        if self.layout.task_noise:
            least_noise = bounds[self.layout.noise_span, 0]
            least_noise[~several] = np.log(_SINGLE_TARGET_NOISE * self.variance[~several])
        return bounds

    def clip(self, theta):
        """Theta within its bounds."""
        return np.clip(theta, *self.bounds.T)

    def begin_at(self, theta):
        """Take another first initial value; None changes nothing."""
        if theta is not None:
            self.theta = self.layout.check(theta, "initial_theta")

    # ------------------------------------------------------------ other initial values

    def shifted(self, theta, shift):
        """Theta with all parameters of input kernels shifted."""
        return self.clip(np.where(self.layout.is_input, theta + shift, theta))

    def independent(self, theta):
        """Theta with tasks that share nothing, of which the gradient of the loadings is zero."""
        theta = theta.copy()
        for term in self.layout.terms(theta):
            term.loadings[:] = 0.0
            term.kappa[:] = (1 - _SHARE) * self.scale**2
        return self.clip(theta)

    def coupled(self, theta):
        """Theta of independent tasks that begin to share, with the signs of the first value."""
        theta = theta.copy()
        first_terms = self.layout.terms(self.theta)
        for term, first in zip(self.layout.terms(theta), first_terms, strict=True):
            size = _COUPLING * np.sqrt(term.kappa)[:, None]
            term.loadings[:] = np.where(first.loadings < 0, -size, size)
        return self.clip(theta)

    def flipped(self, theta):
        """Theta with the signs of tasks changed at random."""
        theta = theta.copy()
        for term in self.layout.terms(theta):
            signs = self.rng.choice([-1, 1], (self.layout.n_tasks, 1))
            term.loadings[:] *= signs
        return theta

    def perturbed(self, theta):
        """Theta with task covariances and noise changed at random."""
        theta = theta.copy()
        for term in self.layout.terms(theta):
            loadings = term.loadings
            size = np.sqrt(self.scale**2 + (loadings**2).sum(axis=1))
            steps = self.rng.standard_normal(loadings.shape)
            loadings += _PERTURBATION * size[:, None] * steps
            least = size if self.rng.randint(2) else self.scale
            np.maximum(term.kappa, _LEAST_SHARE * least**2, out=term.kappa)
        least_noise = np.log(_LEAST_SHARE * self.scale**2)
        if not self.layout.task_noise:
            least_noise = least_noise.min()
        noise = theta[self.layout.noise_span]
        np.maximum(noise, least_noise, out=noise)
        return self.clip(theta)

    def led_by_each(self, theta):
        """Values of theta in which one task after the other has no kappa.

        Such points are local optima: in factor analysis they are called Heywood cases. The tasks
        are those that have most in common with the others.
        """
        if min(self.layout.ranks) == 0:
            return []
        common = (self.covariances / self.scale) ** 2 / self.scale[:, None] ** 2
        leaders = np.argsort(-common.sum(axis=0), kind="stable")
        return [self._led_by(leader, theta) for leader in leaders[:_LEADERS]]

    def _led_by(self, leader, theta):
        theta = theta.copy()
        for term in self.layout.terms(theta):
            term.loadings[:, 0] = self.covariances[leader] / self.scale[leader]
            term.kappa[leader] = 0.0
        return self.clip(theta)


def _known_variances(mean_square, several):
    """Mean squares, with those of other tasks for tasks with one target, and 1 instead of 0.

    Parameters
    ----------
    mean_square : ndarray of shape (n_tasks,)
        Mean squares of the targets of each task.
    several : ndarray of bool of shape (n_tasks,)
        Whether a task has several targets.
    """
    variance = mean_square.copy()
    known = several & (mean_square > 0)
    variance[~several] = mean_square[known].mean() if known.any() else 1.0
    variance[variance == 0] = 1.0
    return variance
