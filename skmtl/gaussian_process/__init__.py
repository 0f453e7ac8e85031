"""Gaussian processes of several tasks."""

from skmtl.gaussian_process._gaussian_process import MultiTaskGaussianProcessRegressor

__all__ = [
    "MultiTaskGaussianProcessRegressor",
]
