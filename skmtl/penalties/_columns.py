"""Penalties of tasks that have several columns each, as softmax has."""

from dataclasses import dataclass, replace

import numpy as np

from skmtl.penalties._base import Penalty, Sum
from skmtl.penalties._decomposition import Decomposition
from skmtl.penalties._fused import FusedSparseGroup
from skmtl.penalties._group_norms import L1, TaskNorm
from skmtl.penalties._quadratic import Ridge, TaskCoupling
from skmtl.penalties._spectral import ClusterNorm, SquaredTraceNorm, TraceNorm


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
