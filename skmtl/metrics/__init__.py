"""Scores of several tasks: one score for each task, then an average over tasks."""

from skmtl.metrics._collection_score import score_collection
from skmtl.metrics._metric import Metric, find_metric
from skmtl.metrics._responses import fitted_tasks, observe, response_of
from skmtl.metrics._task_score import AVERAGES, average_score, score_observations, task_score

__all__ = [
    "AVERAGES",
    "Metric",
    "average_score",
    "find_metric",
    "fitted_tasks",
    "observe",
    "response_of",
    "score_collection",
    "score_observations",
    "task_score",
]
