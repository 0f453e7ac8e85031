"""Pictures of tasks, as scikit-learn's Displays; they need matplotlib."""

from skmtl.inspection._coefficients import CoefficientDisplay
from skmtl.inspection._path import RegularizationPathDisplay
from skmtl.inspection._task_gain import TaskGainDisplay
from skmtl.inspection._task_score import TaskScoreDisplay
from skmtl.inspection._task_similarity import TaskSimilarityDisplay

__all__ = [
    "CoefficientDisplay",
    "RegularizationPathDisplay",
    "TaskGainDisplay",
    "TaskScoreDisplay",
    "TaskSimilarityDisplay",
]
