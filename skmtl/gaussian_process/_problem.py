"""The log marginal likelihood of data as a function of theta."""

import numpy as np

from skmtl.gaussian_process._dense import DensePoint
from skmtl.gaussian_process._inputs import on_rows
from skmtl.gaussian_process._spectral import SpectralLikelihood


class SpectralProblem:
    """Common rows, one term: see :class:`SpectralLikelihood`.

    Parameters
    ----------
    kernels : list of one Kernel
    X : ndarray of shape (n_rows, n_features)
    y : ndarray of shape (n_cells,)
    cells : Cells
    layout : Layout
    """

    def __init__(self, kernels, X, y, cells, layout):
        (kernel,) = kernels
        self.layout, self.inputs = layout, on_rows(kernel, X)
        self.Y, self.seen = cells.matrix(y), cells.seen

    def decomposed(self, inputs):
        """The :class:`SpectralLikelihood` at parameters of the input kernel."""
        return SpectralLikelihood(self.inputs.matrix(inputs), self.Y, self.seen)

    def value(self, theta, eval_gradient=True):
        """The likelihood, and its gradient."""
        (inputs,) = self.layout.inputs(theta)
        likelihood = self.decomposed(inputs)
        point = self.at(likelihood, theta)
        return (
            (point.value, self.gradient(likelihood, point, theta)) if eval_gradient else point.value
        )

    def at(self, likelihood, theta):
        (B,) = self.layout.covariances(theta)
        return likelihood.at(B, self.layout.noise(theta))

    def gradient(self, likelihood, point, theta, by_inputs=True):
        """By theta; zero by the input parameters unless they are asked for."""
        by_B, by_noise = likelihood.gradient(point)
        if by_inputs:
            found = self.inputs.gradient(likelihood.by_kernel(point))
        else:
            found = np.zeros(self.layout.n_inputs[0])
        return self.layout.gradient(theta, [found], [by_B], by_noise)


class DenseProblem:
    """Cells of any kind, any number of terms: see :class:`DensePoint`; as the other one."""

    def __init__(self, kernels, X, y, cells, layout):
        self.layout, self.y, self.cells = layout, y, cells
        own = np.array_equal(cells.row, np.arange(len(X)))
        self.X = X if own else X[cells.row]
        self.terms = [on_rows(kernel, self.X) for kernel in kernels]

    def value(self, theta, eval_gradient=True):
        """The likelihood, and its gradient."""
        layout = self.layout
        Ks = [
            term.matrix(inputs)
            for term, inputs in zip(self.terms, layout.inputs(theta), strict=True)
        ]
        arguments = Ks, layout.covariances(theta), layout.noise(theta), self.y, self.cells
        point = DensePoint(*arguments)
        if not eval_gradient:
            return point.value
        by_K, by_B, by_noise = point.gradients()
        by_inputs = [term.gradient(G) for term, G in zip(self.terms, by_K, strict=True)]
        return point.value, layout.gradient(theta, by_inputs, by_B, by_noise)


def schur_cost(cells):
    """Flops of the likelihood and its gradient with a few missing cells."""
    n, T = cells.n_rows, cells.n_tasks
    m = n * T - len(cells)
    return 9 * n**3 + m**3 + (T + 3) * n * m**2 + T * n**2 * m


def cholesky_cost(cells):
    """Flops of the likelihood and its gradient of all cells at once."""
    return 1.5 * len(cells) ** 3
