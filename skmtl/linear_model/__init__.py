"""Linear multi-task models."""

from skmtl.linear_model._custom import MultiTaskRegressor
from skmtl.linear_model._decomposed import (
    DirtyRegressor,
    RobustFeatureRegressor,
    RobustRegressor,
    SparseLowRankRegressor,
)
from skmtl.linear_model._graph import GraphRegressor, MeanRegularizedRegressor
from skmtl.linear_model._low_rank import TraceNormClassifier, TraceNormRegressor
from skmtl.linear_model._path import MultiTaskPath, alpha_max, multi_task_path
from skmtl.linear_model._relational import ClusteredRegressor, TaskRelationshipRegressor
from skmtl.linear_model._search import MultiTaskCV
from skmtl.linear_model._sparse import MultiTaskElasticNet, MultiTaskLasso
from skmtl.linear_model._sparse_cv import MultiTaskElasticNetCV, MultiTaskLassoCV
from skmtl.linear_model._sparse_group import MultiTaskSparseGroupLasso
from skmtl.linear_model._structured_cv import (
    ClusteredRegressorCV,
    DirtyRegressorCV,
    GraphRegressorCV,
    MeanRegularizedRegressorCV,
    RobustRegressorCV,
    TraceNormRegressorCV,
)
from skmtl.linear_model._temporal import FusedSparseGroupLasso, TemporalGroupLasso

__all__ = [
    "ClusteredRegressor",
    "ClusteredRegressorCV",
    "DirtyRegressor",
    "DirtyRegressorCV",
    "FusedSparseGroupLasso",
    "GraphRegressor",
    "GraphRegressorCV",
    "MeanRegularizedRegressor",
    "MeanRegularizedRegressorCV",
    "MultiTaskCV",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "MultiTaskPath",
    "MultiTaskRegressor",
    "MultiTaskSparseGroupLasso",
    "RobustFeatureRegressor",
    "RobustRegressor",
    "RobustRegressorCV",
    "SparseLowRankRegressor",
    "TaskRelationshipRegressor",
    "TemporalGroupLasso",
    "TraceNormClassifier",
    "TraceNormRegressor",
    "TraceNormRegressorCV",
    "alpha_max",
    "multi_task_path",
]
