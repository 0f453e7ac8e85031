"""Multi-task data sets: real data, and generators whose truth is known."""

from skmtl.datasets._generators import (
    make_multitask_classification,
    make_multitask_regression,
)
from skmtl.datasets._parkinsons import load_parkinsons
from skmtl.datasets._radon import load_radon
from skmtl.datasets._school import fetch_school

__all__ = [
    "fetch_school",
    "load_parkinsons",
    "load_radon",
    "make_multitask_classification",
    "make_multitask_regression",
]
