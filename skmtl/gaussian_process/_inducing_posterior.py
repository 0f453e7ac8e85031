"""The posterior of functions that inducing points describe, and the process that predicts."""

import numpy as np
from scipy.linalg import solve_triangular

from skmtl.gaussian_process._process import Process, ProcessAtSamples


class InducingPosterior:
    """The posterior of weights ``w_t`` of the features, as of :class:`BoundPoint`.

    New samples have features (q, m). New functions are sums of the tasks' functions with weights
    (q, p, n_tasks): p functions at each sample. The methods take both as a pair `cross`, as those
    of :class:`DensePosterior` take covariances.

    Parameters
    ----------
    root : ndarray of shape (m, m)
        What makes features of kernel values between samples and inducing points.
    point : BoundPoint
        The bound of the data.
    """

    def __init__(self, root, point):
        statistics = point.statistics
        self.root = root
        self.U = statistics.U
        self.tasks = statistics.tasks
        self.B = np.asarray(point.B)
        self.loadings = point.B.loadings
        noise = point.noise[:, None]
        self.own_variance = point.B.diagonal[:, None] * noise / point.own
        self.shrunk = noise / point.own
        self.factor = point.factor[0]
        self.weights = np.empty_like(point.weights)
        for U, tasks in statistics.groups():
            self.weights[tasks] = point.weights[tasks] @ U.T

    def width(self, n_functions):
        """Numbers in memory for each new sample with so many functions."""
        m = len(self.root)
        return 3 * m + n_functions * (2 * len(self.factor) + len(self.B))

    def mean(self, cross):
        """The mean of each function at each sample, (q, p)."""
        features, functions = cross
        by_task = features @ self.weights.T
        return np.einsum("qt,qpt->qp", by_task, functions)

    def variance(self, cross):
        """Explained variances, (q, p)."""
        features, functions = cross
        own, shared = self._roots(cross)
        left = (shared**2).sum(axis=-1)
        for rows, which, root in own:
            squares = _squares(root)
            left[rows] += which**2 * squares[:, None]
        by_task = functions @ self.B
        prior = np.einsum("qpt,qpt->qp", by_task, functions)
        squares = _squares(features)
        return prior * squares[:, None] - left

    def covariance_by_sample(self, cross):
        """Explained covariances of the functions at each sample, (q, p, p)."""
        features, functions = cross
        own, shared = self._roots(cross)
        left = shared @ shared.transpose(0, 2, 1)
        for rows, which, root in own:
            length = np.sqrt(_squares(root))
            scaled = which * length[:, None]
            left[rows] += scaled[:, :, None] * scaled[:, None, :]
        by_task = functions @ self.B
        prior = by_task @ functions.transpose(0, 2, 1)
        squares = _squares(features)
        return prior * squares[:, None, None] - left

    def covariance(self, cross):
        """Explained covariances of all functions at all samples, (q, p, q, p)."""
        features, functions = cross
        own, shared = self._roots(cross)
        by_task = functions @ self.B
        explained = np.tensordot(by_task, functions, axes=(2, 2))
        between = features @ features.T
        explained *= between[:, None, :, None]
        explained -= np.tensordot(shared, shared, axes=(2, 2))
        every = np.arange(functions.shape[1])
        for rows, which, root in own:
            between = root @ root.T
            part = np.multiply.outer(which, which)
            part *= between[:, None, :, None]
            where = np.ix_(rows, every, rows, every)
            explained[where] -= part
        return explained

    def _roots(self, cross):
        """Roots of the posterior covariances of the functions.

        Returns
        -------
        own : list of tuple
            For each task the samples where it has a part in a function, its weights there (n, p)
            and a root of the covariance of its own weights, (n, m).
        shared : ndarray of shape (q, p, rank m)
            A root of the covariance of what is shared.
        """
        features, functions = cross
        q, p, _ = functions.shape
        rank = self.loadings.shape[1]
        m = len(self.root)
        shared = np.zeros((q, p, rank, m))
        own = []
        for U, tasks in zip(self.U, self.tasks, strict=True):
            for task in tasks:
                which = functions[:, :, task]
                rows = np.flatnonzero(which.any(axis=1))
                if len(rows) == 0:
                    continue
                which = which[rows]
                P = features[rows] @ U
                deviations = np.sqrt(self.own_variance[task])
                own.append((rows, which, P * deviations))
                P *= self.shrunk[task]
                back = P @ U.T
                scaled = np.multiply.outer(which, self.loadings[task])
                back = back[:, None, None, :]
                shared[rows] += scaled[..., None] * back
        flat = shared.reshape(q * p, rank * m)
        solved = solve_triangular(self.factor, flat.T, lower=True, check_finite=False)
        return own, solved.T.reshape(q, p, rank * m)


def _squares(rows):
    """The squared lengths of rows."""
    return np.einsum("ij,ij->i", rows, rows)


class InducingProcess(Process):
    """A :class:`Process` that knows the targets by inducing points.

    Parameters
    ----------
    likelihood : InducingLikelihood
        The data.
    theta, scale
        As in :class:`Process`.

    Attributes
    ----------
    value : float
        The bound.
    """

    def __init__(self, likelihood, theta, scale):
        layout = likelihood.layout
        self.n_tasks = layout.n_tasks
        self.X = likelihood.Z
        (kernel,) = likelihood.kernels
        (inputs,) = layout.inputs(theta)
        self.kernels = [kernel.clone_with_theta(inputs)]
        statistics = likelihood.given_inputs(theta)
        point = likelihood.at(statistics, theta)
        self.value = point.value
        self.jitter = float((point.noise - layout.noise(theta)).max())
        self.posterior = InducingPosterior(likelihood.root, point)
        self._append_average_task([point.B], point.noise, np.zeros(self.n_tasks), scale)
        average = scale / scale.sum()
        self.combinations = np.vstack([np.eye(self.n_tasks), average])

    def at(self, X, codes):
        """As :meth:`Process.at`."""
        return InducingProcessAtSamples(self, X, codes)


class InducingProcessAtSamples(ProcessAtSamples):
    """As :class:`ProcessAtSamples`; functions are known by the weights of the tasks in them."""

    def _cross_covariance(self):
        (kernel,) = self.process.kernels
        features = kernel(self.X, self.process.X) @ self.posterior.root
        functions = np.broadcast_to(self.functions, (len(self.X), self.functions.shape[-1]))
        return features, self.process.combinations[functions]
