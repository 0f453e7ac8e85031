"""Linear multi-task models."""

from skmtl.linear_model._class_predictor import ClassPredictor
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._clustered_task import (
    ClusteredTaskClassifier,
    ClusteredTaskRegressor,
    ClusteredTaskRegressorCV,
)
from skmtl.linear_model._cross_validation import ClassifierCV, RegressorCV
from skmtl.linear_model._dirty import DirtyClassifier, DirtyRegressor, DirtyRegressorCV
from skmtl.linear_model._fused_sparse_group_lasso import (
    FusedSparseGroupLasso,
    FusedSparseGroupLassoClassifier,
)
from skmtl.linear_model._group_lasso import (
    MultiTaskGroupLasso,
    MultiTaskGroupLassoClassifier,
    MultiTaskGroupLassoClassifierCV,
    MultiTaskGroupLassoCV,
)
from skmtl.linear_model._mean_regularized import (
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    MeanRegularizedRegressorCV,
)
from skmtl.linear_model._mixed import MultiTaskMixed
from skmtl.linear_model._mixed_predictor import MixedPredictor, may_have_classes
from skmtl.linear_model._mixed_task import MixedTask, losses_of_tasks, read_mixed_task
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
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.linear_model._robust import (
    RobustMultiTaskClassifier,
    RobustMultiTaskFeatureClassifier,
    RobustMultiTaskFeatureRegressor,
    RobustMultiTaskRegressor,
    RobustMultiTaskRegressorCV,
)
from skmtl.linear_model._sparse_group_lasso import (
    MultiTaskSparseGroupLasso,
    MultiTaskSparseGroupLassoClassifier,
)
from skmtl.linear_model._sparse_low_rank import SparseLowRankClassifier, SparseLowRankRegressor
from skmtl.linear_model._task_graph import (
    TaskGraphClassifier,
    TaskGraphRegressor,
    TaskGraphRegressorCV,
)
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
    "ClassPredictor",
    "ClassifierCV",
    "ClusteredTaskClassifier",
    "ClusteredTaskRegressor",
    "ClusteredTaskRegressorCV",
    "DirtyClassifier",
    "DirtyRegressor",
    "DirtyRegressorCV",
    "FusedSparseGroupLasso",
    "FusedSparseGroupLassoClassifier",
    "LinearMultiTaskClassifier",
    "LinearMultiTaskRegressor",
    "MeanRegularizedClassifier",
    "MeanRegularizedRegressor",
    "MeanRegularizedRegressorCV",
    "MixedPredictor",
    "MixedTask",
    "MultiTaskCV",
    "MultiTaskClassifier",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskElasticNetClassifier",
    "MultiTaskGroupLasso",
    "MultiTaskGroupLassoCV",
    "MultiTaskGroupLassoClassifier",
    "MultiTaskGroupLassoClassifierCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "MultiTaskLassoClassifier",
    "MultiTaskLassoClassifierCV",
    "MultiTaskMixed",
    "MultiTaskPath",
    "MultiTaskRegressor",
    "MultiTaskSparseGroupLasso",
    "MultiTaskSparseGroupLassoClassifier",
    "RegressorCV",
    "RobustMultiTaskClassifier",
    "RobustMultiTaskFeatureClassifier",
    "RobustMultiTaskFeatureRegressor",
    "RobustMultiTaskRegressor",
    "RobustMultiTaskRegressorCV",
    "SparseLowRankClassifier",
    "SparseLowRankRegressor",
    "TaskGraphClassifier",
    "TaskGraphRegressor",
    "TaskGraphRegressorCV",
    "TaskRelationshipClassifier",
    "TaskRelationshipRegressor",
    "TemporalGroupLasso",
    "TemporalGroupLassoClassifier",
    "TraceNormClassifier",
    "TraceNormClassifierCV",
    "TraceNormRegressor",
    "TraceNormRegressorCV",
    "alpha_max",
    "losses_of_tasks",
    "may_have_classes",
    "multi_task_path",
    "read_mixed_task",
]
