"""skmtl: multi-task learning that drops into scikit-learn.

Several related prediction problems (schools, patients, sensors) are learned together:
``min_W sum_t loss_t(W) + penalty(W)``. Every estimator takes the tasks in three spellings: a
two-dimensional y with NaN where a label is missing, a task-id column of X, or ``tasks=``.
"""

from skmtl.baselines import IndependentTasks, PooledTasks
from skmtl.datasets import (
    fetch_school,
    load_parkinsons,
    make_multitask_classification,
    make_multitask_regression,
)
from skmtl.linear_model import (
    ClusteredRegressor,
    ClusteredRegressorCV,
    DirtyRegressor,
    DirtyRegressorCV,
    FusedSparseGroupLasso,
    GraphRegressor,
    GraphRegressorCV,
    MeanRegularizedRegressor,
    MeanRegularizedRegressorCV,
    MultiTaskCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    MultiTaskPath,
    MultiTaskRegressor,
    MultiTaskSparseGroupLasso,
    RobustFeatureRegressor,
    RobustRegressor,
    RobustRegressorCV,
    SparseLowRankRegressor,
    TaskRelationshipRegressor,
    TemporalGroupLasso,
    TraceNormClassifier,
    TraceNormRegressor,
    TraceNormRegressorCV,
    alpha_max,
    multi_task_path,
)
from skmtl.metrics import task_score
from skmtl.model_selection import (
    ComparisonReport,
    LeaveOneTaskOut,
    TaskStratifiedKFold,
    TaskStratifiedShuffleSplit,
    compare_to_single_task,
    make_task_scorer,
    per_task_scoring,
)
from skmtl.preprocessing import (
    keep_task_column,
    stack_tasks,
    task_feature_importance,
    unstack_tasks,
    wide_to_long,
)

__version__ = "0.1.0"

__all__ = [
    "ClusteredRegressor",
    "ClusteredRegressorCV",
    "ComparisonReport",
    "DirtyRegressor",
    "DirtyRegressorCV",
    "FusedSparseGroupLasso",
    "GraphRegressor",
    "GraphRegressorCV",
    "IndependentTasks",
    "LeaveOneTaskOut",
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
    "PooledTasks",
    "RobustFeatureRegressor",
    "RobustRegressor",
    "RobustRegressorCV",
    "SparseLowRankRegressor",
    "TaskRelationshipRegressor",
    "TaskStratifiedKFold",
    "TaskStratifiedShuffleSplit",
    "TemporalGroupLasso",
    "TraceNormClassifier",
    "TraceNormRegressor",
    "TraceNormRegressorCV",
    "alpha_max",
    "compare_to_single_task",
    "fetch_school",
    "keep_task_column",
    "load_parkinsons",
    "make_multitask_classification",
    "make_multitask_regression",
    "make_task_scorer",
    "multi_task_path",
    "per_task_scoring",
    "stack_tasks",
    "task_feature_importance",
    "task_score",
    "unstack_tasks",
    "wide_to_long",
]
