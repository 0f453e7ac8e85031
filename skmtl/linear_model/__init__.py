"""Linear multi-task models."""

from skmtl.linear_model._clustered_task import (
    ClusteredClassifier,
    ClusteredRegressor,
    ClusteredRegressorCV,
)
from skmtl.linear_model._dirty import DirtyClassifier, DirtyRegressor, DirtyRegressorCV
from skmtl.linear_model._fused_sparse_group_lasso import (
    FusedSparseGroupLasso,
    FusedSparseGroupLassoClassifier,
)
from skmtl.linear_model._mean_regularized import (
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    MeanRegularizedRegressorCV,
)
from skmtl.linear_model._mixed import MultiTaskMixed
from skmtl.linear_model._multi_task_cv import MultiTaskCV
from skmtl.linear_model._multi_task_elastic_net import (
    MultiTaskElasticNet,
    MultiTaskElasticNetClassifier,
    MultiTaskElasticNetCV,
)
from skmtl.linear_model._multi_task_lasso import (
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskLassoClassifierCV,
    MultiTaskLassoCV,
)
from skmtl.linear_model._multi_task_regressor import MultiTaskClassifier, MultiTaskRegressor
from skmtl.linear_model._path import MultiTaskPath, alpha_max, multi_task_path
from skmtl.linear_model._robust import (
    RobustClassifier,
    RobustFeatureClassifier,
    RobustFeatureRegressor,
    RobustRegressor,
    RobustRegressorCV,
)
from skmtl.linear_model._sparse_group_lasso import (
    MultiTaskSparseGroupLasso,
    MultiTaskSparseGroupLassoClassifier,
)
from skmtl.linear_model._sparse_low_rank import SparseLowRankClassifier, SparseLowRankRegressor
from skmtl.linear_model._task_graph import GraphClassifier, GraphRegressor, GraphRegressorCV
from skmtl.linear_model._task_relationship import (
    TaskRelationshipClassifier,
    TaskRelationshipRegressor,
)
from skmtl.linear_model._temporal_group_lasso import (
    TemporalGroupLasso,
    TemporalGroupLassoClassifier,
)
from skmtl.linear_model._trace_norm import (
    TraceNormClassifier,
    TraceNormClassifierCV,
    TraceNormRegressor,
    TraceNormRegressorCV,
)

__all__ = [
    "ClusteredClassifier",
    "ClusteredRegressor",
    "ClusteredRegressorCV",
    "DirtyClassifier",
    "DirtyRegressor",
    "DirtyRegressorCV",
    "FusedSparseGroupLasso",
    "FusedSparseGroupLassoClassifier",
    "GraphClassifier",
    "GraphRegressor",
    "GraphRegressorCV",
    "MeanRegularizedClassifier",
    "MeanRegularizedRegressor",
    "MeanRegularizedRegressorCV",
    "MultiTaskCV",
    "MultiTaskClassifier",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskElasticNetClassifier",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "MultiTaskLassoClassifier",
    "MultiTaskLassoClassifierCV",
    "MultiTaskMixed",
    "MultiTaskPath",
    "MultiTaskRegressor",
    "MultiTaskSparseGroupLasso",
    "MultiTaskSparseGroupLassoClassifier",
    "RobustClassifier",
    "RobustFeatureClassifier",
    "RobustFeatureRegressor",
    "RobustRegressor",
    "RobustRegressorCV",
    "SparseLowRankClassifier",
    "SparseLowRankRegressor",
    "TaskRelationshipClassifier",
    "TaskRelationshipRegressor",
    "TemporalGroupLasso",
    "TemporalGroupLassoClassifier",
    "TraceNormClassifier",
    "TraceNormClassifierCV",
    "TraceNormRegressor",
    "TraceNormRegressorCV",
    "alpha_max",
    "multi_task_path",
]
