"""Penalties: frozen dataclasses that know a value, a proximal operator and a dual.

From these everything else follows without code per model: the smallest alpha with an empty model,
the duality gap, the solvers. Norms have a dual norm; squares of norms a conjugate. Penalties add up
(``L1(0.1) + TraceNorm(1.0)``), and :class:`Decomposition` penalizes the parts of W = P + Q apart.
Change the strength of any of them with :meth:`Penalty.scaled`.
"""

from skmtl.penalties._base import Penalty, Sum
from skmtl.penalties._columns import (
    ByTask,
    as_stacked,
    for_columns,
    sees_tasks,
    stack_columns,
    unstack_columns,
)
from skmtl.penalties._decomposition import Decomposition
from skmtl.penalties._fused import FusedSparseGroup
from skmtl.penalties._group_norms import L1, L21, L1Inf, SparseGroup, TaskNorm
from skmtl.penalties._quadratic import Ridge, TaskCoupling
from skmtl.penalties._spectral import ClusterNorm, SquaredTraceNorm, TraceNorm
from skmtl.penalties._terms import bear_unseen, split

__all__ = [
    "L1",
    "L21",
    "ByTask",
    "ClusterNorm",
    "Decomposition",
    "FusedSparseGroup",
    "L1Inf",
    "Penalty",
    "Ridge",
    "SparseGroup",
    "SquaredTraceNorm",
    "Sum",
    "TaskCoupling",
    "TaskNorm",
    "TraceNorm",
    "as_stacked",
    "bear_unseen",
    "for_columns",
    "sees_tasks",
    "split",
    "stack_columns",
    "unstack_columns",
]
