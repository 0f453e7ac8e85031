"""Graphs of tasks with a ridge, whose systems cost no more than the graph is wide."""

from functools import cached_property, lru_cache

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgError, cho_solve_banded, cholesky_banded
from scipy.sparse.csgraph import connected_components, reverse_cuthill_mckee
from scipy.sparse.linalg import splu

from skmtl.penalties._coupling import Coupling, DenseCoupling

_FEW = 300  # tasks whose eigenvectors cost less than many systems
_DENSE = 0.05  # share of pairs with an edge, above which a graph is a dense matrix
_OPERATIONS = 1e9  # of a banded factor
_ROUNDING = 1e-12  # of the diagonal, in the sum of a row
_NEGLIGIBLE = 1e-10  # of the diagonal: a ridge that leaves a group of tasks all but free


def coupling_of(M):
    """The :class:`Coupling` of a psd array or sparse matrix: a graph with a ridge, if it is one."""
    if not sparse.issparse(M):
        pulled = _mean_of_array(M)
        if pulled is not None:
            return pulled
    entries = sparse.csr_array(M)
    diagonal = entries.diagonal()
    edges = sparse.csr_array(sparse.diags_array(diagonal) - entries)
    edges.eliminate_zeros()
    is_dense = edges.nnz > _DENSE * len(diagonal) ** 2
    repels = edges.nnz > 0 and edges.data.min() < 0
    ridge = _without_rounding(diagonal - edges.sum(axis=1), diagonal)
    if is_dense or repels or ridge is None:
        return DenseCoupling(entries.toarray())
    return GraphCoupling(ridge, edges)


def _mean_of_array(M):
    """The coupling of an array that pulls tasks to a mean, with a ridge; None for any other."""
    pull = _pull_to_mean(M)
    if pull is None:
        return None
    ridge = _without_rounding(M.sum(axis=1), np.diag(M))
    return None if ridge is None else GraphCoupling(ridge, pulls=pull[None])


def graph_coupling(weights, strength=1.0):
    """`strength` times the Laplacian of the symmetric weights of edges, an array or sparse."""
    n_tasks = weights.shape[0]
    edges = sparse.csr_array(weights, dtype=float) * strength
    edges.eliminate_zeros()
    coupling = GraphCoupling(np.zeros(n_tasks), edges)
    if edges.nnz > _DENSE * n_tasks**2:
        return coupling.dense
    return coupling


def ridge_coupling(ridge, n_tasks):
    """The coupling of a ridge, a number or one for each task: none at all."""
    ridge = np.broadcast_to(np.asarray(ridge, dtype=float), (n_tasks,))
    return GraphCoupling(ridge)


def mean_coupling(pull):
    """That of `1/2 sum_t pull_t ||w_t - wbar||^2`, wbar the mean weighted by the pull."""
    pull = np.asarray(pull, dtype=float)
    pulls = pull[None] if pull.any() else None
    return GraphCoupling(np.zeros(len(pull)), pulls=pulls)


def _without_rounding(ridge, diagonal):
    """A ridge that is zero where it is a rounding error; None if it is negative."""
    least = _ROUNDING * np.abs(diagonal)
    if (ridge < -least).any():
        return None
    return np.where(ridge > least, ridge, 0.0)


def _pull_to_mean(M):
    """The pull (n_tasks,) with `M_st = -pull_s pull_t / sum(pull)` off the diagonal, or None."""
    n_tasks = len(M)
    off = ~np.eye(n_tasks, dtype=bool)
    if n_tasks < 3 or (M[off] >= 0).any():
        return None
    u = -M[0]
    first = np.sqrt(u[1] * u[2] / -M[1, 2])
    u = u / first
    u[0] = first
    product = np.outer(u, u)
    error = np.abs(M + product)
    fits = error <= 1e-12 * product
    return u * u.sum() if fits[off].all() else None


@lru_cache
def _no_edges(n_tasks):
    """An empty matrix, made once: nobody changes the edges of a graph."""
    return sparse.csr_array((n_tasks, n_tasks))


class GraphCoupling(Coupling):
    """`diag(ridge) + L + sum_k [diag(c_k) - c_k c_k' / sum(c_k)]`, L the Laplacian of a graph.

    Each c_k pulls tasks to a mean, as edges to a node of its own would.

    Parameters
    ----------
    ridge : ndarray of shape (n_tasks,)
        At least 0.
    edges : csr_array of shape (n_tasks, n_tasks), default=None
        Weights of the edges: symmetric, at least 0, nothing on the diagonal.
    pulls : ndarray of shape (n_pulls, n_tasks), default=None
        The c_k, at least 0.
    """

    def __init__(self, ridge, edges=None, pulls=None):
        n_tasks = len(ridge)
        self.n_tasks = n_tasks
        self.ridge = ridge
        self.edges = _no_edges(n_tasks) if edges is None else edges
        self.pulls = np.zeros((0, n_tasks)) if pulls is None else pulls

    @cached_property
    def degree(self):
        """Sum of the weights of each task's edges, (n_tasks,)."""
        if not self.edges.nnz:
            return np.zeros(self.n_tasks)
        return self.edges.sum(axis=1)

    @cached_property
    def pull(self):
        """Sum of the c_k, (n_tasks,)."""
        return self.pulls.sum(axis=0)

    @cached_property
    def totals(self):
        """Sum of each c_k over tasks, (n_pulls,)."""
        return self.pulls.sum(axis=1)

    def _product(self, W):
        product = W * (self.ridge + self.degree + self.pull)
        if self.edges.nnz:
            product -= (self.edges @ W.T).T
        for pull, total in zip(self.pulls, self.totals, strict=True):
            mean = W @ (pull / total)
            product -= np.multiply.outer(mean, pull)
        return product

    def __add__(self, other):
        if not isinstance(other, GraphCoupling):
            return other + self
        edges = self.edges
        if other.edges.nnz:
            edges = edges + other.edges
        return GraphCoupling(
            self.ridge + other.ridge,
            edges,
            np.vstack([self.pulls, other.pulls]),
        )

    def __mul__(self, factor):
        if factor == 1:
            return self
        if factor == 0:
            return GraphCoupling(np.zeros(self.n_tasks))
        edges = self.edges
        if edges.nnz:
            edges = edges * factor
        return GraphCoupling(self.ridge * factor, edges, self.pulls * factor)

    def repeated(self, n_columns):
        edges = sparse.csr_array(sparse.kron(self.edges, np.eye(n_columns)))
        edges.eliminate_zeros()
        return GraphCoupling(
            np.repeat(self.ridge, n_columns),
            edges,
            np.kron(self.pulls, np.eye(n_columns)),
        )

    def any(self):
        return bool(self.ridge.any()) or self.is_coupled

    @property
    def is_coupled(self):
        """Whether tasks have to do with each other."""
        return self.edges.nnz > 0 or len(self.pulls) > 0

    def toarray(self):
        return np.eye(self.n_tasks) @ self

    @cached_property
    def dense(self):
        """The same as a :class:`DenseCoupling`."""
        return DenseCoupling(self.toarray())

    def diagonal(self):
        diagonal = self.ridge + self.degree + self.pull
        for pull, total in zip(self.pulls, self.totals, strict=True):
            diagonal = diagonal - pull**2 / total
        return diagonal

    def dominant_diagonal(self):
        return self.diagonal()

    @property
    def common_ridge(self):
        if self.is_coupled or (self.ridge != self.ridge[0]).any():
            return None
        return float(self.ridge[0])

    @property
    def largest(self):
        return float((self.ridge + 2 * self.degree + self.pull).max())

    @property
    def least(self):
        return 0.0

    @cached_property
    def _components(self):
        """Number of groups of tasks that are connected, the group of each task and of each pull."""
        if not self.is_coupled:
            each = np.arange(self.n_tasks)
            return self.n_tasks, each, each[:0]
        pulls = sparse.csr_array(self.pulls)
        whole = sparse.block_array([[self.edges, pulls.T], [pulls, None]])
        n_groups, labels = connected_components(whole, directed=False)
        return n_groups, labels[: self.n_tasks], labels[self.n_tasks :]

    @cached_property
    def _is_free(self):
        """Whether the tasks of a group have no ridge but rounding errors, (n_groups,)."""
        return self._mean_ridges <= 10 * np.finfo(float).eps * self.largest

    @property
    def _mean_ridges(self):
        """The mean ridge of each group, (n_groups,)."""
        _, labels, _ = self._components
        return np.bincount(labels, self.ridge) / np.bincount(labels)

    @property
    def is_definite(self):
        largest = max(self.diagonal().max(), 1e-300)
        return bool(self._mean_ridges.min() > _NEGLIGIBLE * largest)

    @property
    def n_free(self):
        return int(np.count_nonzero(self._is_free))

    def free_groups(self):
        n_groups, labels, _ = self._components
        order = np.argsort(labels, kind="stable")
        ends = np.cumsum(np.bincount(labels, minlength=n_groups))
        groups = np.split(order, ends[:-1])
        return [group for group, free in zip(groups, self._is_free, strict=True) if free]

    def pulled_to_mean(self):
        diagonal = self.ridge + self.pull
        if self.edges.nnz or len(self.pulls) != 1 or not (diagonal > 0).all():
            return None
        return diagonal, self.pull / np.sqrt(self.totals[0])

    @cached_property
    def _free_means(self):
        """The group of each task, its indicators, and the factors of sums of free groups."""
        n_groups, labels, _ = self._components
        members = sparse.csr_array(
            (np.ones(self.n_tasks), (np.arange(self.n_tasks), labels)),
            shape=(self.n_tasks, n_groups),
        )
        sizes = np.bincount(labels, minlength=n_groups)
        return labels, members, np.where(self._is_free, 1 / sizes, 0.0)

    def in_range(self, C):
        if not self.n_free:
            return C
        labels, members, factors = self._free_means
        means = (C @ members) * factors
        return C - means[:, labels]

    @cached_property
    def _band(self):
        """The order of the tasks in which edges are shortest, and the longest of them then."""
        order = reverse_cuthill_mckee(sparse.csr_matrix(self.edges), symmetric_mode=True)
        position = np.argsort(order)
        edges = self.edges.tocoo()
        lengths = np.abs(position[edges.row] - position[edges.col])
        return order, int(lengths.max(initial=0))

    @property
    def is_narrow(self):
        """Whether systems of M cost about as much as its graph is long."""
        if self.n_tasks <= _FEW or not self.edges.nnz:
            return True
        _, width = self._band
        return self.n_tasks * width**2 <= _OPERATIONS

    def shifted_solver(self, shift):
        if len(shift) > 1 and self.n_tasks <= _FEW:
            return self.dense.shifted_solver(shift)
        systems = [self._system(row) for row in shift]

        def solve(B):
            X = np.empty(B.shape)
            for x, b, system in zip(X, B, systems, strict=True):
                x[:] = system(b[None])
            return X

        return solve

    def _system(self, shift):
        return _System(self, self.ridge + shift, self.pulls)

    @cached_property
    def _grounded(self):
        """A system whose solutions are those of M, on its range.

        Of every free group one node is held: the mean that it is pulled to, or else a task.
        """
        n_groups, labels, of_pulls = self._components
        free = self._is_free
        first_pull = np.full(n_groups, -1)
        first_pull[of_pulls[::-1]] = np.arange(len(of_pulls))[::-1]
        by_pull = free & (first_pull >= 0)
        kept = np.setdiff1d(np.arange(len(self.pulls)), first_pull[by_pull])
        _, first_task = np.unique(labels, return_index=True)
        held = first_task[free & ~by_pull]
        diagonal = self.diagonal()[held]
        ridge = self.ridge.copy()
        ridge[held] = np.where(diagonal > 0, diagonal, 1.0)
        return _System(self, ridge, self.pulls[kept])

    def solve(self, C):
        return self._grounded(C)


class _System:
    """A function of B (n, n_tasks) whose rows x solve the system of a graph with another ridge.

    The sparse part A of the system has all pulls on its diagonal. What they take off is of low
    rank; `S = I - U' A^-1 U`, `u_k = c_k / sqrt(sum c_k)`, loses no digits since
    `A 1 = ridge + sum_k c_k` (of the pulls that are held, to which the rest belongs).
    """

    def __init__(self, coupling, ridge, pulls):
        diagonal = ridge + coupling.degree + coupling.pull
        self.solve = _sparse_solver(coupling, diagonal)
        self.n_pulls = len(pulls)
        if self.n_pulls == 0:
            return
        roots = np.sqrt(pulls.sum(axis=1))
        self.U = (pulls / roots[:, None]).T
        self.AU = self.solve(self.U)
        S = -self.U.T @ self.AU
        rest = ridge + coupling.pull - pulls.sum(axis=0)
        slack = self.AU.T @ rest / roots
        others = -(S * roots) / roots[:, None]
        np.fill_diagonal(others, 0.0)
        np.fill_diagonal(S, slack + others.sum(axis=1))
        self.S = S

    def __call__(self, B):
        X = self.solve(B.T)
        if self.n_pulls:
            hubs = np.linalg.solve(self.S, self.U.T @ X)
            X = X + self.AU @ hubs
        return X.T


def _sparse_solver(coupling, diagonal):
    """A function of B (n_tasks, n) that solves `(diag(diagonal) - edges) X = B`."""
    edges = coupling.edges
    if not edges.nnz:
        return lambda B: B / diagonal[:, None]
    if not coupling.is_narrow:
        system = sparse.csc_matrix(sparse.diags(diagonal) - edges)
        factor = splu(system, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
        return factor.solve
    order, width = coupling._band
    position = np.argsort(order)
    lower = edges.tocoo()
    row = position[lower.row]
    column = position[lower.col]
    below = row > column
    band = np.zeros((width + 1, len(diagonal)))
    band[0] = diagonal[order]
    band[(row - column)[below], column[below]] = -lower.data[below]
    try:
        factor = cholesky_banded(band, lower=True)
    except LinAlgError:  # all but singular
        band[0] *= 1 + _ROUNDING
        factor = cholesky_banded(band, lower=True)

    def solve(B):
        X = np.empty(B.shape)
        X[order] = cho_solve_banded((factor, True), B[order])
        return X

    return solve
