"""Conjugate gradients for tasks coupled by a quadratic penalty, and their preconditioner."""

import numpy as np

from skmtl.solvers._alike_systems import AlikeSystems


def conjugate_gradients(
    systems,
    b,
    W=None,
    *,
    max_iter,
    tol,
):
    """W with `product(W) = b` up to a residual of `tol ||b||`, and the number of steps.

    Parameters
    ----------
    systems : object
        It has two functions of an array of W's shape that return one: `product`, the operator,
        and `precondition`, a positive definite approximation of its inverse; and `only(kept)`
        returns some of the systems, if they are several.
    b : ndarray of shape (n_unknowns, n_systems)
        The right-hand sides of separate systems.
    W : ndarray, default=None
        Initial values, of b's shape; None is zero.
    max_iter : int
        Largest number of steps.
    tol : float
        Relative size of the residual of each system.

    Returns
    -------
    (ndarray, int)
    """
    enough = tol * _norms(b)
    if W is None:
        W = np.zeros(b.shape)
        R = b
    else:
        W = W.copy()
        R = b - systems.product(W)
    left = np.arange(len(enough))  # systems that are not yet solved
    D = np.zeros(b.shape)
    before = np.ones(len(enough))
    for n_iter in range(max_iter):
        kept = _norms(R) > enough[left]
        if not kept.any():
            return W, n_iter
        if not kept.all():
            systems = systems.only(kept)
            left = left[kept]
            R = R[:, kept]
            D = D[:, kept]
            before = before[kept]
        Z = systems.precondition(R)
        RZ = _inner(R, Z)
        D = Z + RZ / before * D
        AD = systems.product(D)
        curvature = _inner(D, AD)
        convex = curvature > 0
        step = np.divide(RZ, curvature, out=np.zeros(len(left)), where=convex)
        W[:, left] += step * D
        R = np.where(convex, R - step * AD, 0.0)  # there is no more to gain in the others
        before = RZ
    return W, max_iter


def _norms(A):
    """The norm of each column."""
    return np.sqrt(_inner(A, A))


def _inner(A, B):
    """The inner product of each pair of columns."""
    return np.einsum("ia,ia->a", A, B)


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
                self.mean_system = _MeanSystem(*datafit.mean_spectrum(), coupling)
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

    def __init__(self, values, V, coupling):
        self.V = V
        largest = values[-1] + coupling.largest
        values = np.maximum(values, 1e-8 * largest)
        self.solve_rows = coupling.shifted_solver(values)

    def solve(self, R):
        """Z with `G Z + Z M = R`."""
        return self.V @ self.solve_rows(self.V.T @ R)
