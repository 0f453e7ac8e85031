"""Gaussian processes of several tasks."""

from skmtl.gaussian_process._gaussian_process import MultiTaskGaussianProcessRegressor
from skmtl.gaussian_process._gaussian_process_classifier import MultiTaskGaussianProcessClassifier

__all__ = [
    "MultiTaskGaussianProcessClassifier",
    "MultiTaskGaussianProcessRegressor",
]
