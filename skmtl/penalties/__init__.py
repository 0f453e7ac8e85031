"""Penalties: frozen dataclasses that know a value, a proximal operator and a dual.

From these everything else follows without code per model: the critical alpha, the duality gap, the
solvers. Norms have a dual norm, squares of norms a conjugate. What else a penalty can do it
declares (see :class:`Penalty`). Penalties add up (``L1(0.1) + TraceNorm(1.0)``), and
:class:`Decomposition` penalizes the parts of W = P + Q apart. The strength of any of them is
changed with :meth:`Penalty.scaled`.
"""

from skmtl.penalties._base import ByTask, Penalty, Sum, Unstacked
from skmtl.penalties._coupling import Coupling
from skmtl.penalties._decomposition import Decomposition, best_parts, capped_norm
from skmtl.penalties._feature_groups import FeatureGroups, GroupNorm
from skmtl.penalties._fused import FusedSparseGroup
from skmtl.penalties._graph_coupling import graph_coupling, mean_coupling, ridge_coupling
from skmtl.penalties._group_norms import L1, L21, L1Inf, SparseGroup, TaskNorm
from skmtl.penalties._layouts import stack_columns, unstack_columns
from skmtl.penalties._pulls import Pulls
from skmtl.penalties._quadratic import QuadraticPenalty, Ridge, TaskCoupling
from skmtl.penalties._spectral import ClusterNorm, SquaredTraceNorm, TraceNorm
from skmtl.penalties._terms import move_unpenalized, separate_quadratic

__all__ = [
    "L1",
    "L21",
    "ByTask",
    "ClusterNorm",
    "Coupling",
    "Decomposition",
    "FeatureGroups",
    "FusedSparseGroup",
    "GroupNorm",
    "L1Inf",
    "Penalty",
    "Pulls",
    "QuadraticPenalty",
    "Ridge",
    "SparseGroup",
    "SquaredTraceNorm",
    "Sum",
    "TaskCoupling",
    "TaskNorm",
    "TraceNorm",
    "Unstacked",
    "best_parts",
    "capped_norm",
    "graph_coupling",
    "mean_coupling",
    "move_unpenalized",
    "ridge_coupling",
    "separate_quadratic",
    "stack_columns",
    "unstack_columns",
]
