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
    DirtyRegressor,
    FusedSparseGroupLasso,
    GraphRegressor,
    MeanRegularizedRegressor,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    MultiTaskPath,
    MultiTaskRegressor,
    MultiTaskSparseGroupLasso,
    RobustFeatureRegressor,
    RobustRegressor,
    SparseLowRankRegressor,
    TaskRelationshipRegressor,
    TemporalGroupLasso,
    TraceNormRegressor,
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
    "ComparisonReport",
    "DirtyRegressor",
    "FusedSparseGroupLasso",
    "GraphRegressor",
    "IndependentTasks",
    "LeaveOneTaskOut",
    "MeanRegularizedRegressor",
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
    "SparseLowRankRegressor",
    "TaskRelationshipRegressor",
    "TaskStratifiedKFold",
    "TaskStratifiedShuffleSplit",
    "TemporalGroupLasso",
    "TraceNormRegressor",
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
