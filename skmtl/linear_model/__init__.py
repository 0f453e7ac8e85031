"""Linear multi-task models."""

from skmtl.linear_model._classifier_cv import (
    MultiTaskLassoClassifierCV,
    TraceNormClassifierCV,
)
from skmtl.linear_model._custom import MultiTaskClassifier, MultiTaskRegressor
from skmtl.linear_model._decomposed import (
    DirtyRegressor,
    RobustFeatureRegressor,
    RobustRegressor,
    SparseLowRankRegressor,
)
from skmtl.linear_model._decomposed_classifiers import (
    DirtyClassifier,
    RobustClassifier,
    RobustFeatureClassifier,
    SparseLowRankClassifier,
)
from skmtl.linear_model._graph import GraphRegressor, MeanRegularizedRegressor
from skmtl.linear_model._graph_classifiers import GraphClassifier, MeanRegularizedClassifier
from skmtl.linear_model._low_rank import TraceNormClassifier, TraceNormRegressor
from skmtl.linear_model._mixed import MultiTaskMixed
from skmtl.linear_model._path import MultiTaskPath, alpha_max, multi_task_path
from skmtl.linear_model._relational import (
    ClusteredClassifier,
    ClusteredRegressor,
    TaskRelationshipClassifier,
    TaskRelationshipRegressor,
)
from skmtl.linear_model._search import MultiTaskCV
from skmtl.linear_model._sparse import MultiTaskElasticNet, MultiTaskLasso
from skmtl.linear_model._sparse_classifiers import (
    MultiTaskElasticNetClassifier,
    MultiTaskLassoClassifier,
)
from skmtl.linear_model._sparse_cv import MultiTaskElasticNetCV, MultiTaskLassoCV
from skmtl.linear_model._sparse_group import (
    MultiTaskSparseGroupLasso,
    MultiTaskSparseGroupLassoClassifier,
)
from skmtl.linear_model._structured_cv import (
    ClusteredRegressorCV,
    DirtyRegressorCV,
    GraphRegressorCV,
    MeanRegularizedRegressorCV,
    RobustRegressorCV,
    TraceNormRegressorCV,
)
from skmtl.linear_model._temporal import (
    FusedSparseGroupLasso,
    FusedSparseGroupLassoClassifier,
    TemporalGroupLasso,
    TemporalGroupLassoClassifier,
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
