"""Gaussian processes of several tasks."""

from skmtl.gaussian_process._gaussian_process import MultiTaskGaussianProcessRegressor
from skmtl.gaussian_process._gaussian_process_classifier import MultiTaskGaussianProcessClassifier
from skmtl.gaussian_process._sparse_gaussian_process import (
    MultiTaskSparseGaussianProcessRegressor,
)

__all__ = [
    "MultiTaskGaussianProcessClassifier",
    "MultiTaskGaussianProcessRegressor",
    "MultiTaskSparseGaussianProcessRegressor",
]
