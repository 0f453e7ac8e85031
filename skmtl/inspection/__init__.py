"""What fitted models say: similar tasks, importances of features, and pictures."""

from skmtl.inspection._coefficient_display import CoefficientDisplay
from skmtl.inspection._gradient_conflict_display import GradientConflictDisplay
from skmtl.inspection._regularization_path_display import RegularizationPathDisplay
from skmtl.inspection._task_feature_importance import task_feature_importance
from skmtl.inspection._task_gain_display import TaskGainDisplay
from skmtl.inspection._task_loss_display import TaskLossDisplay
from skmtl.inspection._task_score_display import TaskScoreDisplay
from skmtl.inspection._task_sharing import task_sharing
from skmtl.inspection._task_similarity import task_similarity
from skmtl.inspection._task_similarity_display import TaskSimilarityDisplay

__all__ = [
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
]
