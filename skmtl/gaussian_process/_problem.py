"""The log marginal likelihood of data as a function of theta."""

import numpy as np
from scipy import sparse

from skmtl._task_covariance.dense_likelihood import DensePoint
from skmtl._task_covariance.spectral_likelihood import SpectralLikelihood
from skmtl._task_covariance.systems import largest_eigenvalue, noise_floor
from skmtl.gaussian_process._inputs import on_rows
from skmtl.gaussian_process._posterior import ObservationsPosterior, RowsPosterior


class SpectralProblem:
    """Common rows, one term: see :class:`SpectralLikelihood`.

    Parameters
    ----------
    kernels : list of one Kernel
    X : ndarray of shape (n_rows, n_features)
    y : ndarray of shape (n_cells,)
    cells : Observations
    layout : Layout
    """

    def __init__(self, kernels, X, y, cells, layout):
        self.kernels, self.X, self.y, self.cells, self.layout = kernels, X, y, cells, layout
        self.inputs = on_rows(kernels[0], X)
        self.Y, self.seen = cells.matrix(y), cells.seen

    def decomposed(self, inputs, mean=None):
        """The :class:`SpectralLikelihood` at parameters of the input kernel."""
        Y = self.Y if mean is None else self.Y - mean * self.seen
        return SpectralLikelihood(self.inputs.matrix(inputs), Y, self.seen)

    def value(self, theta, eval_gradient=True, mean=None):
        """The likelihood, and its gradient: by theta, and by means of the tasks if given, (T,)."""
        (inputs,) = self.layout.inputs(theta)
        likelihood = self.decomposed(inputs, mean)
        point = self.at(likelihood, theta)
        if not eval_gradient:
            return point.value
        gradient = self.gradient(likelihood, point, theta)
        if mean is not None:
            gradient = np.append(gradient, likelihood.by_mean(point))
        return point.value, gradient

    def at(self, likelihood, theta):
        """The :class:`Point` at theta, whose input parameters are those of the likelihood."""
        Bs, noise = self.layout.covariances(theta), self.layout.noise(theta)
        floor = noise_floor(likelihood.top * np.trace(Bs[0]))
        return likelihood.at(Bs[0], np.maximum(noise, floor))

    def gradient(self, likelihood, point, theta, by_inputs=True):
        """By theta; zero by the input parameters unless they are asked for."""
        by_B, by_noise = likelihood.gradient(point)
        by_noise = by_noise * (point.noise == self.layout.noise(theta))
        if by_inputs:
            found = self.inputs.gradient(likelihood.by_kernel(point))
        else:
            found = np.zeros(self.layout.n_inputs[0])
        return self.layout.gradient(theta, [found], [by_B], by_noise)

    def posterior(self, Ks, Bs, noise, y):
        """What labels y tell, with the kernel matrix of the rows in a list, and so B."""
        name = "kronecker" if self.seen.all() else "schur"
        return RowsPosterior(name, Ks[0], Bs[0], noise, self.cells, y)


class DenseProblem:
    """Cells of any kind, any number of terms: see :class:`DensePoint`; as the other one."""

    def __init__(self, kernels, X, y, cells, layout):
        self.kernels, self.X, self.y, self.cells, self.layout = kernels, X, y, cells, layout
        self.terms = [on_rows(kernel, X) for kernel in kernels]
        n, shape = len(cells), (len(X), len(cells))
        self.row_of_cell = None
        if not np.array_equal(cells.row, np.arange(len(X))):
            self.row_of_cell = sparse.csr_array((np.ones(n), (cells.row, np.arange(n))), shape)

    def between_cells(self, K):
        """A kernel matrix of rows as one of cells."""
        return K if self.row_of_cell is None else K[np.ix_(self.cells.row, self.cells.row)]

    def between_rows(self, G):
        """A derivative by a kernel matrix of cells as one of rows."""
        if self.row_of_cell is None:
            return G
        return self.row_of_cell @ (self.row_of_cell @ G).T

    def value(self, theta, eval_gradient=True, mean=None):
        """The likelihood, and its gradient: by theta, and by means of the tasks if given, (T,)."""
        layout, y = self.layout, self.y if mean is None else self.y - mean[self.cells.task]
        inputs, Bs, own = layout.inputs(theta), layout.covariances(theta), layout.noise(theta)
        Ks = [term.matrix(one) for term, one in zip(self.terms, inputs, strict=True)]
        noise = effective_noise(own, Ks, Bs)
        point = DensePoint([self.between_cells(K) for K in Ks], Bs, noise, y, self.cells)
        if not eval_gradient:
            return point.value
        by_K, by_B, by_noise = point.gradients()
        by_noise *= noise == own
        pairs = zip(self.terms, by_K, strict=True)
        by_inputs = [term.gradient(self.between_rows(G)) for term, G in pairs]
        gradient = layout.gradient(theta, by_inputs, by_B, by_noise)
        if mean is not None:
            gradient = np.append(gradient, self.cells.task_sum(point.a))
        return point.value, gradient

    def posterior(self, Ks, Bs, noise, y):
        """What labels y tell, with kernel matrices of the rows and covariances of the tasks."""
        return ObservationsPosterior([self.between_cells(K) for K in Ks], Bs, noise, self.cells, y)


def guarded_value(problem, theta, eval_gradient=True, mean=None):
    """The value, and its gradient; minus infinity and 0 where a computer cannot factorize."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        try:
            found = problem.value(theta, eval_gradient, mean)
        except (ValueError, np.linalg.LinAlgError):  # no covariance for a computer
            found = (-np.inf, None) if eval_gradient else -np.inf
    if np.isfinite(found[0] if eval_gradient else found):
        return found
    size = len(theta) + (0 if mean is None else len(mean))
    return (-np.inf, np.zeros(size)) if eval_gradient else -np.inf


def effective_noise(noise, Ks, Bs):
    """The noise, raised to what rounding leaves in effect beside kernels of rows."""
    tops = [largest_eigenvalue(K, np.ones(1)) * np.trace(B) for K, B in zip(Ks, Bs, strict=True)]
    return np.maximum(noise, noise_floor(sum(tops)))


def schur_cost(cells):
    """Flops of the likelihood and its gradient with a few missing cells."""
    n, T = cells.n_rows, cells.n_tasks
    m = n * T - len(cells)
    return 9 * n**3 + m**3 + (T + 3) * n * m**2 + T * n**2 * m


def cholesky_cost(cells):
    """Flops of the likelihood and its gradient of all cells at once."""
    return 1.5 * len(cells) ** 3
