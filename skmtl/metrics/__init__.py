"""Scores of several tasks: one score for each task, then an average over tasks."""

from skmtl.metrics._metric import Metric, find_metric
from skmtl.metrics._task_score import AVERAGES, task_score

__all__ = ["AVERAGES", "Metric", "find_metric", "task_score"]
