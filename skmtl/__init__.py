"""skmtl: multi-task learning that drops into scikit-learn.

Several related prediction problems (schools, patients, sensors) are learned together:
``min_W sum_t loss_t(W) + penalty(W)``. Every estimator takes the tasks in three spellings: a
two-dimensional y with NaN where a target is missing, a task-id column of X, or ``tasks=``.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

# Where the public names are. A package is imported when the first of its names is used (PEP 562):
# nobody waits for what they do not use.
_NAMES = {
    "datasets": [
        "fetch_school",
        "load_parkinsons",
        "load_radon",
        "make_multitask_classification",
        "make_multitask_regression",
    ],
    "deep": [
        "MultiTaskMLP",
        "MultiTaskMLPClassifier",
        "MultiTaskMLPRegressor",
        "SharedRepresentation",
        "export_onnx",
        "network_cost",
        "task_gradient_similarity",
        "to_torch",
    ],
    "evaluation": [
        "TransferRanking",
        "TransferReport",
        "compare_batches",
        "compare_to_single_task",
        "model_size",
        "select_tasks",
        "task_transfer_matrix",
    ],
    "gaussian_process": [
        "MultiTaskGaussianProcessClassifier",
        "MultiTaskGaussianProcessRegressor",
        "MultiTaskSparseGaussianProcessRegressor",
    ],
    "inspection": [
        "CoefficientDisplay",
        "GradientConflictDisplay",
        "RegularizationPathDisplay",
        "TaskGainDisplay",
        "TaskLossDisplay",
        "TaskScoreDisplay",
        "TaskSimilarityDisplay",
        "task_feature_importance",
        "task_sharing",
        "task_similarity",
    ],
    "kernel": [
        "MultiTaskKernelRidge",
        "MultiTaskKernelRidgeCV",
        "MultiTaskNystroemRidge",
        "MultiTaskNystroemRidgeCV",
        "MultiTaskRelationshipKernelRidge",
        "MultiTaskRelationshipKernelRidgeCV",
        "MultiTaskSVC",
        "MultiTaskSVR",
    ],
    "linear_model": [
        "ClusteredTaskClassifier",
        "ClusteredTaskRegressor",
        "ClusteredTaskRegressorCV",
        "DirtyClassifier",
        "DirtyRegressor",
        "DirtyRegressorCV",
        "FusedSparseGroupLasso",
        "FusedSparseGroupLassoClassifier",
        "MeanRegularizedClassifier",
        "MeanRegularizedRegressor",
        "MeanRegularizedRegressorCV",
        "MultiTaskClassifier",
        "MultiTaskCV",
        "MultiTaskElasticNet",
        "MultiTaskElasticNetClassifier",
        "MultiTaskElasticNetCV",
        "MultiTaskGroupLasso",
        "MultiTaskGroupLassoClassifier",
        "MultiTaskGroupLassoClassifierCV",
        "MultiTaskGroupLassoCV",
        "MultiTaskLasso",
        "MultiTaskLassoClassifier",
        "MultiTaskLassoClassifierCV",
        "MultiTaskLassoCV",
        "MultiTaskMixed",
        "MultiTaskPath",
        "MultiTaskRegressor",
        "MultiTaskSparseGroupLasso",
        "MultiTaskSparseGroupLassoClassifier",
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
        "multi_task_path",
    ],
    "meta": [
        "IndependentTasks",
        "MultiTaskStacking",
        "PooledTasks",
        "RandomInterceptTasks",
        "SafeSharingClassifier",
        "SafeSharingRegressor",
        "SequentialTasks",
    ],
    "metrics": [
        "task_score",
    ],
    "mixed_effects": [
        "MixedEffectsClassifier",
        "MixedEffectsRegressor",
        "MixedEffectsSummary",
    ],
    "model_selection": [
        "LeaveOneTaskOut",
        "TaskStratifiedKFold",
        "TaskStratifiedShuffleSplit",
        "TaskTimeSeriesSplit",
        "make_mixed_scorer",
        "make_task_scorer",
        "per_task_scoring",
        "task_cross_val_predict",
    ],
    "preprocessing": [
        "TaskStandardScaler",
        "keep_task_column",
        "stack_tasks",
        "unstack_tasks",
        "wide_to_long",
    ],
    "statistics": [
        "TaskStatistics",
    ],
}
_INNER = ("base", "datafits", "losses", "penalties", "prox", "solvers")  # all names of theirs
_PACKAGES = {*_NAMES, *_INNER}
_HOMES = {name: package for package, names in _NAMES.items() for name in names}

__all__ = sorted(_HOMES)


def __getattr__(name):
    """A public name or a package, imported at its first use."""
    if name in _HOMES:
        value = getattr(import_module(f"skmtl.{_HOMES[name]}"), name)
    elif name in _PACKAGES:
        value = import_module(f"skmtl.{name}")
    else:
        raise AttributeError(f"module 'skmtl' has no attribute {name!r}")
    globals()[name] = value  # from now on without this function
    return value


def __dir__():
    return sorted({*globals(), *__all__, *_PACKAGES})


if TYPE_CHECKING:  # the same names for tools that only read
    from skmtl.datasets import (
        fetch_school,
        load_parkinsons,
        load_radon,
        make_multitask_classification,
        make_multitask_regression,
    )
    from skmtl.deep import (
        MultiTaskMLP,
        MultiTaskMLPClassifier,
        MultiTaskMLPRegressor,
        SharedRepresentation,
        export_onnx,
        network_cost,
        task_gradient_similarity,
        to_torch,
    )
    from skmtl.evaluation import (
        TransferRanking,
        TransferReport,
        compare_batches,
        compare_to_single_task,
        model_size,
        select_tasks,
        task_transfer_matrix,
    )
    from skmtl.gaussian_process import (
        MultiTaskGaussianProcessClassifier,
        MultiTaskGaussianProcessRegressor,
        MultiTaskSparseGaussianProcessRegressor,
    )
    from skmtl.inspection import (
        CoefficientDisplay,
        GradientConflictDisplay,
        RegularizationPathDisplay,
        TaskGainDisplay,
        TaskLossDisplay,
        TaskScoreDisplay,
        TaskSimilarityDisplay,
        task_feature_importance,
        task_sharing,
        task_similarity,
    )
    from skmtl.kernel import (
        MultiTaskKernelRidge,
        MultiTaskKernelRidgeCV,
        MultiTaskNystroemRidge,
        MultiTaskNystroemRidgeCV,
        MultiTaskRelationshipKernelRidge,
        MultiTaskRelationshipKernelRidgeCV,
        MultiTaskSVC,
        MultiTaskSVR,
    )
    from skmtl.linear_model import (
        ClusteredTaskClassifier,
        ClusteredTaskRegressor,
        ClusteredTaskRegressorCV,
        DirtyClassifier,
        DirtyRegressor,
        DirtyRegressorCV,
        FusedSparseGroupLasso,
        FusedSparseGroupLassoClassifier,
        MeanRegularizedClassifier,
        MeanRegularizedRegressor,
        MeanRegularizedRegressorCV,
        MultiTaskClassifier,
        MultiTaskCV,
        MultiTaskElasticNet,
        MultiTaskElasticNetClassifier,
        MultiTaskElasticNetCV,
        MultiTaskGroupLasso,
        MultiTaskGroupLassoClassifier,
        MultiTaskGroupLassoClassifierCV,
        MultiTaskGroupLassoCV,
        MultiTaskLasso,
        MultiTaskLassoClassifier,
        MultiTaskLassoClassifierCV,
        MultiTaskLassoCV,
        MultiTaskMixed,
        MultiTaskPath,
        MultiTaskRegressor,
        MultiTaskSparseGroupLasso,
        MultiTaskSparseGroupLassoClassifier,
        RobustMultiTaskClassifier,
        RobustMultiTaskFeatureClassifier,
        RobustMultiTaskFeatureRegressor,
        RobustMultiTaskRegressor,
        RobustMultiTaskRegressorCV,
        SparseLowRankClassifier,
        SparseLowRankRegressor,
        TaskGraphClassifier,
        TaskGraphRegressor,
        TaskGraphRegressorCV,
        TaskRelationshipClassifier,
        TaskRelationshipRegressor,
        TemporalGroupLasso,
        TemporalGroupLassoClassifier,
        TraceNormClassifier,
        TraceNormClassifierCV,
        TraceNormRegressor,
        TraceNormRegressorCV,
        alpha_max,
        multi_task_path,
    )
    from skmtl.meta import (
        IndependentTasks,
        MultiTaskStacking,
        PooledTasks,
        RandomInterceptTasks,
        SafeSharingClassifier,
        SafeSharingRegressor,
        SequentialTasks,
    )
    from skmtl.metrics import task_score
    from skmtl.mixed_effects import (
        MixedEffectsClassifier,
        MixedEffectsRegressor,
        MixedEffectsSummary,
    )
    from skmtl.model_selection import (
        LeaveOneTaskOut,
        TaskStratifiedKFold,
        TaskStratifiedShuffleSplit,
        TaskTimeSeriesSplit,
        make_mixed_scorer,
        make_task_scorer,
        per_task_scoring,
        task_cross_val_predict,
    )
    from skmtl.preprocessing import (
        TaskStandardScaler,
        keep_task_column,
        stack_tasks,
        unstack_tasks,
        wide_to_long,
    )
    from skmtl.statistics import TaskStatistics
