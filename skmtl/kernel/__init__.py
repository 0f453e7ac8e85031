"""Kernel models: functions that are not linear."""

from skmtl.kernel._input_kernel import has_gamma
from skmtl.kernel._kernel_ridge import MultiTaskKernelRidge
from skmtl.kernel._kernel_ridge_cv import MultiTaskKernelRidgeCV
from skmtl.kernel._nystroem_ridge import MultiTaskNystroemRidge
from skmtl.kernel._nystroem_ridge_cv import MultiTaskNystroemRidgeCV
from skmtl.kernel._relationship_kernel_ridge import MultiTaskRelationshipKernelRidge
from skmtl.kernel._relationship_kernel_ridge_cv import MultiTaskRelationshipKernelRidgeCV
from skmtl.kernel._svc import MultiTaskSVC
from skmtl.kernel._svr import MultiTaskSVR

__all__ = [
    "MultiTaskKernelRidge",
    "MultiTaskKernelRidgeCV",
    "MultiTaskNystroemRidge",
    "MultiTaskNystroemRidgeCV",
    "MultiTaskRelationshipKernelRidge",
    "MultiTaskRelationshipKernelRidgeCV",
    "MultiTaskSVC",
    "MultiTaskSVR",
    "has_gamma",
]
