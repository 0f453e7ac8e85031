"""Networks: a trunk that all tasks share, and a head for each.

Estimators need PyTorch, ``pip install "skmtl[torch]"``, in `fit` and `predict`; importing them does
not.
"""

from skmtl.deep._multi_task_mlp_classifier import MultiTaskMLPClassifier
from skmtl.deep._multi_task_mlp_regressor import MultiTaskMLPRegressor
from skmtl.deep._shared_representation import SharedRepresentation

__all__ = ["MultiTaskMLPClassifier", "MultiTaskMLPRegressor", "SharedRepresentation"]
