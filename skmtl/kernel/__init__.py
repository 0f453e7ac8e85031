"""Kernel multi-task models."""

from skmtl.kernel._nystroem import MultiTaskNystroemRidge, MultiTaskNystroemRidgeCV
from skmtl.kernel._relationship import MultiTaskRelationshipKernelRidge
from skmtl.kernel._relationship_cv import MultiTaskRelationshipKernelRidgeCV
from skmtl.kernel._ridge import MultiTaskKernelRidge
from skmtl.kernel._ridge_cv import MultiTaskKernelRidgeCV
from skmtl.kernel._svm import MultiTaskSVC, MultiTaskSVR

__all__ = [
    "MultiTaskKernelRidge",
    "MultiTaskKernelRidgeCV",
    "MultiTaskNystroemRidge",
    "MultiTaskNystroemRidgeCV",
    "MultiTaskRelationshipKernelRidge",
    "MultiTaskRelationshipKernelRidgeCV",
    "MultiTaskSVC",
    "MultiTaskSVR",
]
