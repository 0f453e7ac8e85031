"""Initial values of theta, and its bounds."""

import numpy as np
from scipy.linalg import eigh

_SHARE = 0.1  # initial kappa and noise, relative to the variance of a task
_LOADING_BOUNDS = (-30.0, 30.0)  # in standard deviations of the task
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
        tasks, also for targets that are all zero; 1 if there are no others.
    unit : ndarray of shape (len(theta),)
        Powers of 2 near the sizes that entries of theta have for tasks of these scales.
    all_zero : ndarray of bool of shape (n_tasks,)
        Whether all targets of a task are zero.
    default : ndarray
        The first initial value if none is given, within its bounds.
    """

    def __init__(
        self,
        layout,
        kernels,
        y,
        observations,
        rng,
    ):
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
        self.unit = self._unit()
        self.default = self.clip(self.theta)

    def _empirical_covariances(self, y, observations):
        """Second moments of the tasks over common samples, (n_tasks, n_tasks)."""
        unknown = 0.5 * np.outer(self.scale, self.scale)
        if len(observations) == observations.n_samples:
            # No two tasks have a common sample.
            np.fill_diagonal(unknown, self.variance)
            return unknown
        Y = observations.matrix(y)
        observed = observations.observed.astype(float)
        n_common = observed.T @ observed
        sums = Y.T @ Y
        moments = sums / np.maximum(n_common, 1)
        covariances = np.where(
            n_common > 0,
            moments,
            unknown,
        )
        np.fill_diagonal(covariances, self.variance)
        return covariances

    def _first(self, kernels):
        """The default of `theta`."""
        layout = self.layout
        root = self._leading(max(layout.ranks)) / np.sqrt(len(kernels))
        theta = np.empty(len(layout))
        terms = layout.terms(theta)
        for kernel, term in zip(kernels, terms, strict=True):
            rank = term.loadings.shape[1]
            term.inputs[:] = kernel.theta
            term.loadings[:] = root[:, :rank]
            term.kappa[:] = _SHARE * self.variance
        noise = _SHARE * self._noise_unit()
        theta[layout.noise_span] = np.log(noise)
        return theta

    def _leading(self, rank):
        """The leading eigenvectors of the tasks' covariances, in their lengths, (n_tasks, rank)."""
        relative = self.covariances / self.scale / self.scale[:, None]
        n_tasks = len(relative)
        first = max(n_tasks - rank, 0)
        values, V = eigh(relative, subset_by_index=[min(first, n_tasks - 1), n_tasks - 1])
        deviations = np.sqrt(np.maximum(values, 0.0))
        root = V * deviations * self.scale[:, None]
        return root[:, ::-1]

    def _noise_unit(self):
        """The unit of the noise: the variance of each task, or their mean as (1,)."""
        if self.layout.task_noise:
            return self.variance
        return self.variance.mean(keepdims=True)

    def _unit(self):
        """The value of `unit`."""
        unit = np.ones(len(self.layout))
        size = 2.0 ** np.rint(np.log2(self.scale))
        for term in self.layout.terms(unit):
            term.loadings[:] = size[:, None]
            term.kappa[:] = size**2
        return unit

    def _bounds(self, kernels, several):
        """The value of `bounds`; `several` says whether a task has several targets."""
        lower = self._bound(kernels, 0)
        upper = self._bound(kernels, 1)
        if self.layout.task_noise:
            single = ~several
            least_noise = _SINGLE_TARGET_NOISE * self.variance[single]
            log_noise = lower[self.layout.noise_span]  # a view
            log_noise[single] = np.log(least_noise)
        return np.column_stack([lower, upper])

    def _bound(self, kernels, side):
        """The lower (0) or the upper (1) bounds of theta but for single targets."""
        layout = self.layout
        bound = np.empty(len(layout))
        terms = layout.terms(bound)
        for kernel, term in zip(kernels, terms, strict=True):
            input_bounds = kernel.bounds.reshape(-1, 2)
            loading_bounds = _LOADING_BOUNDS[side] * self.scale
            term.inputs[:] = input_bounds[:, side]
            term.loadings[:] = loading_bounds[:, None]
            term.kappa[:] = _KAPPA_BOUNDS[side] * self.variance
        noise = _NOISE_BOUNDS[side] * self._noise_unit()
        bound[layout.noise_span] = np.log(noise)
        return bound

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
        theta = theta.copy()
        theta[self.layout.is_input] += shift
        return self.clip(theta)

    def independent(self, theta):
        """Theta with tasks that share nothing, of which the gradient of the loadings is zero."""
        theta = theta.copy()
        kappa = (1 - _SHARE) * self.scale**2
        for term in self.layout.terms(theta):
            term.loadings[:] = 0.0
            term.kappa[:] = kappa
        return self.clip(theta)

    def coupled(self, theta):
        """Theta of independent tasks that begin to share, with the signs of the first value."""
        layout = self.layout
        theta = theta.copy()
        terms = layout.terms(theta)
        first_terms = layout.terms(self.theta)
        for term, first in zip(terms, first_terms, strict=True):
            size = _COUPLING * np.sqrt(term.kappa)
            size = size[:, None]
            term.loadings[:] = np.where(
                first.loadings < 0,
                -size,
                size,
            )
        return self.clip(theta)

    def flipped(self, theta):
        """Theta with the signs of tasks changed at random."""
        theta = theta.copy()
        n_tasks = self.layout.n_tasks
        for term in self.layout.terms(theta):
            signs = self.rng.choice([-1, 1], (n_tasks, 1))
            term.loadings[:] *= signs
        return theta

    def perturbed(self, theta):
        """Theta with task covariances and noise changed at random."""
        theta = theta.copy()
        for term in self.layout.terms(theta):
            self._perturb(term)
        least_noise = _LEAST_SHARE * self.scale**2
        if not self.layout.task_noise:
            least_noise = least_noise.min()
        noise = theta[self.layout.noise_span]
        np.maximum(noise, np.log(least_noise), out=noise)
        return self.clip(theta)

    def _perturb(self, term):
        """Change the task covariance of a term at random, in place."""
        loadings = term.loadings
        kappa = term.kappa
        shared = (loadings**2).sum(axis=1)
        size = np.sqrt(self.scale**2 + shared)
        width = _PERTURBATION * size
        steps = self.rng.standard_normal(loadings.shape)
        loadings += width[:, None] * steps
        unit = self.scale
        if self.rng.randint(2):
            unit = size
        least_kappa = _LEAST_SHARE * unit**2
        np.maximum(kappa, least_kappa, out=kappa)

    def led_by_each(self, theta):
        """Values of theta in which one task after the other has no kappa.

        Such points are local optima: in factor analysis they are called Heywood cases. The tasks
        are those that have most in common with the others.
        """
        if min(self.layout.ranks) == 0:
            return []
        squares = (self.covariances / self.scale) ** 2
        squares = squares / self.scale[:, None] ** 2
        common = squares.sum(axis=0)
        leaders = np.argsort(-common, kind="stable")
        leaders = leaders[:_LEADERS]
        return [self._led_by(leader, theta) for leader in leaders]

    def _led_by(self, leader, theta):
        theta = theta.copy()
        covariances = self.covariances[leader]
        loadings = covariances / self.scale[leader]
        for term in self.layout.terms(theta):
            term.loadings[:, 0] = loadings
            term.kappa[leader] = 0.0
        return self.clip(theta)


def _known_variances(mean_square, several):
    """Mean squares, with those of other tasks for tasks with one target or with zeros only.

    Parameters
    ----------
    mean_square : ndarray of shape (n_tasks,)
        Mean squares of the targets of each task.
    several : ndarray of bool of shape (n_tasks,)
        Whether a task has several targets.
    """
    variance = mean_square.copy()
    known = several & (mean_square > 0)
    typical = 1.0
    if known.any():
        typical = np.median(mean_square[known])
    variance[~known] = typical
    return variance
