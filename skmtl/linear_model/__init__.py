"""Linear multi-task models."""

from skmtl.linear_model._cv import MultiTaskElasticNetCV, MultiTaskLassoCV
from skmtl.linear_model._path import MultiTaskPath, alpha_max, multi_task_path
from skmtl.linear_model._sparse import MultiTaskElasticNet, MultiTaskLasso

__all__ = [
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "MultiTaskPath",
    "alpha_max",
    "multi_task_path",
]
