"""Meta-estimators: scikit-learn's estimators for several tasks."""

from skmtl.meta._independent_tasks import IndependentTasks
from skmtl.meta._multi_task_stacking import MultiTaskStacking
from skmtl.meta._pooled_tasks import PooledTasks
from skmtl.meta._random_intercept_tasks import RandomInterceptTasks
from skmtl.meta._safe_sharing_classifier import SafeSharingClassifier
from skmtl.meta._safe_sharing_regressor import SafeSharingRegressor
from skmtl.meta._sequential_tasks import SequentialTasks
from skmtl.meta._task_models import TaskMetaEstimator

__all__ = [
    "IndependentTasks",
    "MultiTaskStacking",
    "PooledTasks",
    "RandomInterceptTasks",
    "SafeSharingClassifier",
    "SafeSharingRegressor",
    "SequentialTasks",
    "TaskMetaEstimator",
]
