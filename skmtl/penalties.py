"""Penalties: frozen dataclasses that know a value, a proximal operator and a dual.

From these everything else follows without code per model: the smallest alpha with an empty model,
the duality gap, the solvers. Norms have a dual norm; squares of norms a conjugate. Penalties add up
(``L1(0.1) + TraceNorm(1.0)``), and :class:`Decomposition` penalises the parts of W = P + Q apart.
Change the strength of any of them with :meth:`Penalty.scaled`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from skmtl._checks import check_int, check_real
from skmtl.prox import (
    clip_rows,
    fill,
    fuse,
    group_shrink,
    map_singular_values,
    singular_values,
    soft_threshold,
)


class Penalty(ABC):
    """A convex function of W (n_features, n_tasks), zero at zero: a norm, or the square of one.

    A subclass is a frozen dataclass whose first field is its strength `alpha`. It implements
    `value`, `prox` and, being a norm, `dual_norm`, or, being the square of a norm, `conjugate`.
    """

    alpha: float

    def __post_init__(self):
        """Check the parameters; the base checks alpha."""
        check_real(self.alpha, "alpha")

    @abstractmethod
    def value(self, W):
        """The penalty at W, a float."""

    @abstractmethod
    def prox(self, W, step):
        """`argmin_V 1/2 ||V - W||^2 + step * penalty(V)`, of W's shape."""

    def dual_norm(self, G):
        """The smallest c >= 0 with `<G, V> <= c * penalty(V)` for every V (penalised part).

        0 for the square of a norm, which has a `conjugate` instead.
        """
        if type(self).conjugate is Penalty.conjugate:
            raise NotImplementedError(
                f"{type(self).__name__} has no dual: give it dual_norm if it is a norm, or "
                "conjugate if it is the square of one. Certificates need it."
            )
        return 0.0

    def conjugate(self, G):
        """`max_V <G, V> - penalty(V)` of the square of a norm; 0 for a norm."""
        return 0.0

    def unpenalised_rows(self, n_features):
        """Indices of the features that the penalty never sees; none unless it says so."""
        return np.empty(0, dtype=np.intp)

    def scaled(self, factor):
        """The same penalty, `factor` times as strong."""
        return replace(self, alpha=self.alpha * factor)

    def restrict(self, rows):
        """The penalty of these rows of W alone, None where rows are not penalised apart."""
        return None

    @property
    def terms(self):
        """The penalties that this one is the sum of."""
        return (self,)

    def __add__(self, other):
        if not isinstance(other, Penalty):
            return NotImplemented
        return Sum((*self.terms, *other.terms))


# ---------------------------------------------------------------- of entries, rows and columns


@dataclass(frozen=True)
class L1(Penalty):
    """`alpha * sum_jt |W_jt|`: single coefficients vanish.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    """

    alpha: float

    def restrict(self, rows):
        return self

    def value(self, W):
        return self.alpha * float(np.abs(W).sum())

    def prox(self, W, step):
        return soft_threshold(W, step * self.alpha)

    def dual_norm(self, G):
        return _ratio(np.abs(G).max(), self.alpha)


@dataclass(frozen=True)
class L21(Penalty):
    """`alpha * sum_j u_j ||W_j||_2` over the rows of W, optionally with W >= 0.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    feature_weight : ndarray of shape (n_features,) or None, default=None
        u, at least 0; 0 leaves the feature unpenalised; None is 1 everywhere.
    positive : bool, default=False
        Constrain W >= 0.
    """

    alpha: float
    feature_weight: np.ndarray | None = None
    positive: bool = False

    def __post_init__(self):
        super().__post_init__()
        u = self.feature_weight
        if u is not None and not isinstance(u, np.ndarray):
            object.__setattr__(self, "feature_weight", np.asarray(u, dtype=float))

    def restrict(self, rows):
        """The penalty of these rows of W alone."""
        u = self.feature_weight
        return self if u is None else replace(self, feature_weight=u[rows])

    def row_weights(self, n_features):
        """`alpha * u`, shape (n_features,)."""
        u = np.ones(n_features) if self.feature_weight is None else self.feature_weight
        return self.alpha * u

    def value(self, W):
        norms = np.linalg.norm(W, axis=1)
        return float(self.row_weights(len(W)) @ norms)

    def prox(self, W, step):
        if self.positive:  # clip first, then shrink: this order is exact
            W = np.maximum(W, 0.0)
        return group_shrink(W, step * self.row_weights(len(W)))

    def dual_norm(self, G):
        if self.positive:
            G = np.maximum(G, 0.0)
        weights = self.row_weights(len(G))
        seen = weights > 0
        if not seen.any():
            return 0.0
        return float(np.max(np.linalg.norm(G[seen], axis=1) / weights[seen]))

    def unpenalised_rows(self, n_features):
        return np.flatnonzero(self.row_weights(n_features) == 0)


@dataclass(frozen=True)
class L1Inf(Penalty):
    """`alpha * sum_j max_t |W_jt|`: rows vanish, and the others tend to equal sizes.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    """

    alpha: float

    def restrict(self, rows):
        return self

    def value(self, W):
        return self.alpha * float(np.abs(W).max(axis=1).sum())

    def prox(self, W, step):
        return clip_rows(W, step * self.alpha)

    def dual_norm(self, G):
        return _ratio(np.abs(G).sum(axis=1).max(), self.alpha)


@dataclass(frozen=True)
class TaskNorm(Penalty):
    """`alpha * sum_t ||w_t||_2` over the columns of W: whole tasks vanish.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    """

    alpha: float

    def value(self, W):
        return self.alpha * float(np.linalg.norm(W, axis=0).sum())

    def prox(self, W, step):
        return group_shrink(W.T, step * self.alpha).T

    def dual_norm(self, G):
        return _ratio(np.linalg.norm(G, axis=0).max(), self.alpha)


@dataclass(frozen=True)
class SparseGroup(Penalty):
    """`alpha * [(1 - l1_ratio) sum_j ||W_j||_2 + l1_ratio sum_jt |W_jt|]`.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    l1_ratio : float
        Between 0 (rows only) and 1 (entries only).
    """

    alpha: float
    l1_ratio: float

    def restrict(self, rows):
        return self

    def __post_init__(self):
        super().__post_init__()
        check_real(self.l1_ratio, "l1_ratio", high=1.0)

    def value(self, W):
        rows, entries = np.linalg.norm(W, axis=1).sum(), np.abs(W).sum()
        return self.alpha * float((1 - self.l1_ratio) * rows + self.l1_ratio * entries)

    def prox(self, W, step):
        step = step * self.alpha  # entries first: this order is exact
        return group_shrink(soft_threshold(W, step * self.l1_ratio), step * (1 - self.l1_ratio))

    def dual_norm(self, G):
        """Per row the root c of `||soft(g, c r)||_2 = c (1 - r)`: with the k largest entries left,
        a quadratic equation."""
        r, n = self.l1_ratio, np.arange(1, G.shape[1] + 1)
        size = np.sort(np.abs(G), axis=1)[:, ::-1]
        sums, squares = np.cumsum(size, axis=1), np.cumsum(size**2, axis=1)
        left = np.maximum(squares - 2 * size * sums + n * size**2, 0.0)  # ||soft(g, size)||^2
        k = np.maximum((r**2 * left < (1 - r) ** 2 * size**2).sum(axis=1), 1)
        B1, B2 = (np.take_along_axis(a, k[:, None] - 1, axis=1)[:, 0] for a in (sums, squares))
        root = np.sqrt(np.maximum((r * B1) ** 2 - (k * r**2 - (1 - r) ** 2) * B2, 0.0))
        norms = np.divide(B2, r * B1 + root, out=np.zeros_like(B2), where=B2 > 0)
        return _ratio(norms.max(), self.alpha)


@dataclass(frozen=True)
class FusedSparseGroup(Penalty):
    """`alpha * sum_j [l1_ratio ||W_j||_1 + fused_ratio sum_t |W_j,t+1 - W_jt| / gap_t
    + (1 - l1_ratio - fused_ratio) ||W_j||_2]`, for tasks in an order.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    l1_ratio, fused_ratio : float
        At least 0, their sum at most 1.
    gaps : ndarray of shape (n_tasks - 1,) or None, default=None
        Distances of neighbours; None is 1 everywhere.
    order : ndarray of shape (n_tasks,) or None, default=None
        Positions of the tasks in their order; None is as they are.
    """

    alpha: float
    l1_ratio: float
    fused_ratio: float
    gaps: np.ndarray | None = None
    order: np.ndarray | None = None

    def __post_init__(self):
        super().__post_init__()
        check_real(self.l1_ratio, "l1_ratio", high=1.0)
        check_real(self.fused_ratio, "fused_ratio", high=1.0, include="left")
        if self.l1_ratio + self.fused_ratio > 1 + 1e-12:
            raise ValueError(
                f"l1_ratio + fused_ratio is {self.l1_ratio + self.fused_ratio:.4g}, but may be 1 "
                "at most: they are shares of alpha."
            )

    def _inverse_gaps(self, n_tasks):
        return np.ones(n_tasks - 1) if self.gaps is None else 1 / self.gaps

    def _rest(self):
        return SparseGroup(self.alpha * (1 - self.fused_ratio), self._share())

    def _share(self):
        rest = 1 - self.fused_ratio
        return min(self.l1_ratio / rest, 1.0) if rest > 0 else 1.0

    def restrict(self, rows):
        return self

    def value(self, W):
        ordered = W if self.order is None else W[:, self.order]
        differences = np.abs(np.diff(ordered, axis=1)) @ self._inverse_gaps(W.shape[1])
        return self.alpha * self.fused_ratio * float(differences.sum()) + self._rest().value(W)

    def prox(self, W, step):
        # fuse, then entries, then rows: this order is exact
        thresholds = step * self.alpha * self.fused_ratio * self._inverse_gaps(W.shape[1])
        if self.order is None:
            fused = fuse(W, thresholds)
        else:
            fused = np.empty_like(W)
            fused[:, self.order] = fuse(W[:, self.order], thresholds)
        return self._rest().prox(fused, step)

    def dual_norm(self, G):
        """The smallest c at which `prox(G / c, 1)` is zero, by bisection of the largest row."""
        largest, step = 0.0, 1 / max(self.alpha, np.finfo(float).tiny)
        unit = replace(self, alpha=1.0)
        rows = G[np.argsort(-np.linalg.norm(G, axis=1))]
        while len(rows):
            if largest > 0:
                rows = rows[unit.prox(rows, largest * (1 + 1e-12)).any(axis=1)]
                if len(rows) == 0:
                    break
            low, high = largest, max(2 * largest, np.abs(rows[0]).max())
            while unit.prox(rows[:1], high).any():
                low, high = high, 2 * high
                if high > 1e300:
                    return np.inf  # only differences are penalised: a constant row is free
            while high - low > 1e-13 * high:
                middle = 0.5 * (low + high)
                if unit.prox(rows[:1], middle).any():
                    low = middle
                else:
                    high = middle
            largest, rows = high, rows[1:]
        return largest * step


# ---------------------------------------------------------------- of singular values


@dataclass(frozen=True)
class TraceNorm(Penalty):
    """`alpha * ||W||_*`, the sum of the singular values: W becomes low-rank.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    """

    alpha: float

    def value(self, W):
        return self.alpha * float(singular_values(W).sum())

    def prox(self, W, step):
        return map_singular_values(W, lambda s: np.maximum(s - step * self.alpha, 0.0))

    def dual_norm(self, G):
        return _ratio(singular_values(G)[0], self.alpha)


@dataclass(frozen=True)
class SquaredTraceNorm(Penalty):
    """`alpha/2 * ||W||_*^2 = alpha/2 * min_Omega tr(W Omega^-1 W')`, Omega psd, `tr Omega = 1`.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    """

    alpha: float

    def value(self, W):
        return 0.5 * self.alpha * float(singular_values(W).sum()) ** 2

    def prox(self, W, step):
        return map_singular_values(W, lambda s: _shrink_by_sum(s, step * self.alpha))

    def conjugate(self, G):
        return 0.5 * _ratio(singular_values(G)[0] ** 2, self.alpha)


def _shrink_by_sum(s, strength):
    """x >= 0 with `x_i = max(s_i - strength * sum x, 0)`."""
    k = np.arange(1, len(s) + 1)
    size = np.sort(s)[::-1]
    cut = strength * np.cumsum(size) / (1 + strength * k)
    return np.maximum(s - cut[max(np.count_nonzero(size > cut), 1) - 1], 0.0)


@dataclass(frozen=True)
class ClusterNorm(Penalty):
    """`alpha/2 * min_M tr(W (eta I + M)^-1 W')`, `0 <= M <= I`, `tr M = n_clusters`.

    With the singular values s of W it is `alpha/2 min_theta sum_i s_i^2 / theta_i`,
    `eta <= theta_i <= 1 + eta`, `sum theta = n_clusters + eta * n_tasks`: directions of the tasks
    within the clusters cost little, the others much.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    n_clusters : int
        At least 1; clipped at the number of tasks.
    eta : float
        Positive; the smaller, the closer the tasks of a cluster are pulled together.
    """

    alpha: float
    n_clusters: int
    eta: float

    def __post_init__(self):
        super().__post_init__()
        check_int(self.n_clusters, "n_clusters")
        check_real(self.eta, "eta", include="neither")

    def weights(self, s, n_tasks, offset=0.0):
        """theta of the singular values s (n_tasks,), with `offset` added where it divides."""
        k = min(self.n_clusters, n_tasks)
        return fill(s, self.eta, 1 + self.eta, k + self.eta * n_tasks, offset)

    def _padded(self, s, n_tasks):
        return np.concatenate([s, np.zeros(max(n_tasks - len(s), 0))])

    def value(self, W):
        s = self._padded(singular_values(W), W.shape[1])
        return 0.5 * self.alpha * float((s**2 / self.weights(s, W.shape[1])).sum())

    def prox(self, W, step):
        strength, n_tasks = step * self.alpha, W.shape[1]

        def shrink(s):
            theta = self.weights(self._padded(s, n_tasks), n_tasks, strength)[: len(s)]
            return s * theta / (theta + strength)

        return map_singular_values(W, shrink)

    def conjugate(self, G):
        squares = singular_values(G) ** 2
        k = min(self.n_clusters, G.shape[1])
        return 0.5 * _ratio(self.eta * squares.sum() + squares[:k].sum(), self.alpha)


# ---------------------------------------------------------------- quadratic


@dataclass(frozen=True)
class Ridge(Penalty):
    """`alpha/2 * ||W||_F^2`.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    """

    alpha: float

    def value(self, W):
        return 0.5 * self.alpha * float(np.vdot(W, W))

    def prox(self, W, step):
        return W / (1 + step * self.alpha)

    def conjugate(self, G):
        return 0.5 * _ratio(float(np.vdot(G, G)), self.alpha)

    def matrix(self, n_tasks):
        """M of `1/2 tr(W M W')`, (n_tasks, n_tasks)."""
        return self.alpha * np.eye(n_tasks)


@dataclass(frozen=True)
class TaskCoupling(Penalty):
    """`alpha/2 * tr(W M W')` with a positive semidefinite matrix M between tasks.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    coupling : ndarray of shape (n_tasks, n_tasks)
        M, symmetric: the Laplacian of a graph, for one.
    """

    alpha: float
    coupling: np.ndarray

    def __post_init__(self):
        super().__post_init__()
        M = np.asarray(self.coupling, dtype=float)
        object.__setattr__(self, "coupling", M)
        if M.ndim != 2 or M.shape[0] != M.shape[1]:
            raise ValueError(f"coupling has shape {M.shape}, expected (n_tasks, n_tasks).")
        if not np.isfinite(M).all() or not np.allclose(M, M.T, rtol=1e-10, atol=0):
            raise ValueError("coupling must be finite and symmetric.")

    def value(self, W):
        return 0.5 * self.alpha * float(np.vdot(W, W @ self.coupling))

    def prox(self, W, step):
        A = np.eye(W.shape[1]) + step * self.alpha * self.coupling
        return np.linalg.solve(A, W.T).T

    def conjugate(self, G):
        values, U = np.linalg.eigh(self.coupling)
        kept = values > len(values) * np.finfo(float).eps * values[-1]
        if np.linalg.norm(G @ U[:, ~kept]) > 1e-12 * np.linalg.norm(G):
            return np.inf
        return 0.5 * _ratio(float(((G @ U[:, kept]) ** 2 / values[kept]).sum()), self.alpha)

    def matrix(self, n_tasks):
        """alpha M, (n_tasks, n_tasks)."""
        return self.alpha * self.coupling


# ---------------------------------------------------------------- of several


@dataclass(frozen=True)
class Sum(Penalty):
    """The sum of several penalties of the same W: what ``+`` makes."""

    penalties: tuple

    def __post_init__(self):
        """Its terms are checked already."""

    def value(self, W):
        return sum(penalty.value(W) for penalty in self.penalties)

    def prox(self, W, step):
        raise NotImplementedError(
            f"A sum of {len(self.penalties)} penalties has no proximal operator of its own; "
            "skmtl.solvers.minimise takes it apart."
        )

    def scaled(self, factor):
        return Sum(tuple(penalty.scaled(factor) for penalty in self.penalties))

    @property
    def terms(self):
        return self.penalties


@dataclass(frozen=True)
class Decomposition(Penalty):
    """`min shared(P) + specific(Q)` over P + Q = W.

    Parameters
    ----------
    shared, specific : Penalty
        Of the part P that tasks share, and the part Q that is each task's own. Not sums.
    """

    shared: Penalty
    specific: Penalty

    def __post_init__(self):
        for part in self.parts:
            if not isinstance(part, Penalty) or isinstance(part, Sum | Decomposition):
                raise TypeError(
                    f"A part of a Decomposition must be a single penalty, got {part!r}; what both "
                    "parts pay is added to the Decomposition, if it is a Ridge."
                )

    @property
    def parts(self):
        return self.shared, self.specific

    def value(self, W):
        raise NotImplementedError("The value of W needs its best decomposition: a problem itself.")

    def prox(self, W, step):
        raise NotImplementedError("The prox needs the best decomposition: a problem itself.")

    def dual_norm(self, G):
        return max(part.dual_norm(G) for part in self.parts)

    def conjugate(self, G):
        return sum(part.conjugate(G) for part in self.parts)

    def scaled(self, factor):
        return Decomposition(*(part.scaled(factor) for part in self.parts))


@dataclass(frozen=True)
class ByTask(Penalty):
    """A penalty of tasks that have several columns each: it sees one long column for each task.

    Parameters
    ----------
    penalty : Penalty
        Of a matrix (n_columns * n_features, n_tasks).
    n_columns : int
        Of every task, one after the other.
    """

    penalty: Penalty
    n_columns: int

    @property
    def alpha(self):
        return self.penalty.alpha

    def value(self, W):
        return self.penalty.value(stack_columns(W, self.n_columns))

    def prox(self, W, step):
        shrunk = self.penalty.prox(stack_columns(W, self.n_columns), step)
        return unstack_columns(shrunk, self.n_columns)

    def dual_norm(self, G):
        return self.penalty.dual_norm(stack_columns(G, self.n_columns))

    def conjugate(self, G):
        return self.penalty.conjugate(stack_columns(G, self.n_columns))

    def scaled(self, factor):
        return ByTask(self.penalty.scaled(factor), self.n_columns)


def stack_columns(W, n_columns):
    """(n_features, n_tasks * n_columns) -> (n_columns * n_features, n_tasks)."""
    p = len(W)
    return W.reshape(p, -1, n_columns).transpose(2, 0, 1).reshape(n_columns * p, -1)


def unstack_columns(W, n_columns):
    """(n_columns * n_features, n_tasks) -> (n_features, n_tasks * n_columns)."""
    p, T = len(W) // n_columns, W.shape[1]
    return np.ascontiguousarray(W.reshape(n_columns, p, T).transpose(1, 2, 0).reshape(p, -1))


def for_columns(penalty, n_columns):
    """The penalty when every task has `n_columns` columns.

    Entries are entries, and rows hold all columns of all tasks; what couples tasks or sees their
    singular values sees a task as one long column.
    """
    if n_columns == 1:
        return penalty
    if isinstance(penalty, Sum):
        return Sum(tuple(for_columns(term, n_columns) for term in penalty.penalties))
    if isinstance(penalty, Decomposition):
        return Decomposition(*(for_columns(part, n_columns) for part in penalty.parts))
    if isinstance(penalty, TaskCoupling):
        return replace(penalty, coupling=np.kron(penalty.coupling, np.eye(n_columns)))
    return ByTask(penalty, n_columns) if isinstance(penalty, _OF_TASKS) else penalty


def as_stacked(penalty, n_columns):
    """A penalty of columns, as one of W in the layout of :func:`stack_columns`."""
    if isinstance(penalty, Sum):
        return Sum(tuple(as_stacked(term, n_columns) for term in penalty.penalties))
    if isinstance(penalty, Decomposition):
        return Decomposition(*(as_stacked(part, n_columns) for part in penalty.parts))
    if isinstance(penalty, ByTask):
        return penalty.penalty
    if isinstance(penalty, TaskCoupling):
        return replace(penalty, coupling=penalty.coupling[::n_columns, ::n_columns])
    return penalty if isinstance(penalty, L1 | Ridge) else _Unstacked(penalty, n_columns)


@dataclass(frozen=True)
class _Unstacked(Penalty):
    """A penalty of columns that is given them stacked."""

    penalty: Penalty
    n_columns: int

    @property
    def alpha(self):
        return self.penalty.alpha

    def value(self, W):
        return self.penalty.value(unstack_columns(W, self.n_columns))

    def prox(self, W, step):
        shrunk = self.penalty.prox(unstack_columns(W, self.n_columns), step)
        return stack_columns(shrunk, self.n_columns)

    def dual_norm(self, G):
        return self.penalty.dual_norm(unstack_columns(G, self.n_columns))

    def conjugate(self, G):
        return self.penalty.conjugate(unstack_columns(G, self.n_columns))


_OF_TASKS = (TaskNorm, FusedSparseGroup, TraceNorm, SquaredTraceNorm, ClusterNorm)


def sees_tasks(penalty):
    """Whether columns of a task count together, so that every task needs the same number."""
    if isinstance(penalty, Sum):
        return any(sees_tasks(term) for term in penalty.penalties)
    if isinstance(penalty, Decomposition):
        return any(sees_tasks(part) for part in penalty.parts)
    return isinstance(penalty, (*_OF_TASKS, TaskCoupling))


def split(penalty, n_tasks):
    """Its terms that do something and are not quadratic, and the matrix M of those that are.

    These add up to `1/2 tr(W M W')`, M (n_tasks, n_tasks).
    """
    terms = [term for term in penalty.terms if _strength(term) > 0]
    coupling = np.zeros((n_tasks, n_tasks))
    for term in terms:
        if hasattr(term, "matrix"):
            coupling = coupling + term.matrix(n_tasks)
    return [term for term in terms if not hasattr(term, "matrix")], coupling


def _strength(term):
    """0 for a term that does nothing."""
    if getattr(term, "positive", False):
        return 1.0
    if isinstance(term, Decomposition):
        return min(part.alpha for part in term.parts)
    return term.alpha


def bear_unseen(bears, terms):
    """What every term of a sum bears, of rows that it does not see nothing: others bear that."""
    unseen = [term.unpenalised_rows(len(B)) for term, B in zip(terms, bears, strict=True)]
    everywhere = [k for k, rows in enumerate(unseen) if len(rows) == 0]
    if len(everywhere) in (0, len(terms)):
        return bears
    bears = [B.copy() for B in bears]
    for rows, B in zip(unseen, bears, strict=True):
        if len(rows):
            bears[everywhere[0]][rows] += B[rows]
            B[rows] = 0.0
    return bears


def _ratio(value, alpha):
    """value / alpha; 0 where both are, else infinite for a penalty of no strength."""
    return float(value) / alpha if alpha > 0 else (np.inf if value > 0 else 0.0)
