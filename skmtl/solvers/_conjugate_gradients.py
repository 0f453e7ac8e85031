"""Conjugate gradients for tasks coupled by a quadratic penalty, and their preconditioner."""

import numpy as np

from skmtl.datafits import eigen, inner
from skmtl.solvers._alike_systems import AlikeSystems


def conjugate_gradients(
    product,
    precondition,
    b,
    W,
    max_iter,
    tol,
):
    """W with `product(W) = b` up to a residual of `tol ||b||`, and the number of steps.

    Parameters
    ----------
    product, precondition : callable
        Functions of an array of W's shape that return one: the operator, and a positive definite
        approximation of its inverse.
    b, W : ndarray
        The right-hand side and the initial values.
    max_iter : int
        Largest number of steps.
    tol : float
        Relative size of the residual.

    Returns
    -------
    (ndarray, int)
    """
    R = b - product(W)
    enough = tol * np.linalg.norm(b)
    Z = precondition(R)
    D = Z
    RZ = inner(R, Z)
    for n_iter in range(max_iter):
        if np.linalg.norm(R) <= enough:
            return W, n_iter
        AD = product(D)
        curvature = inner(D, AD)
        if curvature <= 0:
            return W, n_iter
        step = RZ / curvature
        W = W + step * D
        R = R - step * AD
        Z = precondition(R)
        before = RZ
        RZ = inner(R, Z)
        D = Z + RZ / before * D
    return W, max_iter


class Preconditioner:
    """A function of the residual, symmetric and positive definite.

    In Gram form, own systems of the tasks, then the mean system of what is left, then own systems
    again. In residual form own systems only, or systems that all tasks have in common where these
    are alike; of sparse data their diagonal only, since a product costs much less than a factor.
    The diagonals of own systems are those of the coupling M, or larger, such that `2 diag - M` is
    positive semidefinite.

    Parameters
    ----------
    datafit : GramForm or ResidualForm
        The loss.
    coupling : Coupling
        M.
    product : callable
        The operator that is preconditioned.
    """

    def __init__(self, datafit, coupling, product):
        self.product = product
        shift = coupling.dominant_diagonal()
        shift = np.maximum(shift, 1e-6 * shift.max())
        self.mean_system = None
        if datafit.is_gram:
            of_blocks = [shift[tasks].max() for tasks in datafit.blocks]
            self.own_systems = datafit.shifted_solver(np.array(of_blocks))
            if coupling.is_narrow:
                self.mean_system = _MeanSystem(datafit.mean_gram(), coupling)
        elif datafit.is_sparse:
            diagonal = datafit.curvature + shift
            self.own_systems = lambda R: R / diagonal
        elif datafit.sample_spectrum is not None:
            spectrum = datafit.sample_spectrum()
            self.own_systems = AlikeSystems(*spectrum, datafit.task_total, coupling)
        else:
            self.own_systems = datafit.shifted_solver(shift)

    def __call__(self, R):
        """An approximate solution Z of `product(Z) = R`."""
        Z = self.own_systems(R)
        if self.mean_system is None:
            return Z
        left = R - self.product(Z)
        Z = Z + self.mean_system.solve(left)
        left = R - self.product(Z)
        return Z + self.own_systems(left)


class _MeanSystem:
    """The system of tasks that all have the mean Gram, feature by feature in its eigenbasis."""

    def __init__(self, gram, coupling):
        values, self.V = eigen(gram)
        largest = values[-1] + coupling.largest
        values = np.maximum(values, 1e-8 * largest)
        self.solve_rows = coupling.shifted_solver(values)

    def solve(self, R):
        """Z with `G Z + Z M = R`."""
        return self.V @ self.solve_rows(self.V.T @ R)
