"""Networks: a trunk that all tasks share, and a head for each.

Estimators need PyTorch, ``pip install "skmtl[torch]"``, in `fit` and `predict`; importing them does
not.
"""

from skmtl.deep._export_onnx import export_onnx
from skmtl.deep._multi_task_mlp import MultiTaskMLP
from skmtl.deep._multi_task_mlp_classifier import MultiTaskMLPClassifier
from skmtl.deep._multi_task_mlp_regressor import MultiTaskMLPRegressor
from skmtl.deep._network_cost import network_cost
from skmtl.deep._shared_representation import SharedRepresentation
from skmtl.deep._task_gradient_similarity import task_gradient_similarity
from skmtl.deep._to_torch import to_torch

__all__ = [
    "MultiTaskMLP",
    "MultiTaskMLPClassifier",
    "MultiTaskMLPRegressor",
    "SharedRepresentation",
    "export_onnx",
    "network_cost",
    "task_gradient_similarity",
    "to_torch",
]
