"""Gaussian processes of several tasks."""

from skmtl.gaussian_process._regressor import MultiTaskGaussianProcessRegressor

__all__ = ["MultiTaskGaussianProcessRegressor"]
