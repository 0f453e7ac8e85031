"""Losses of a target y and a linear prediction z, and the registry of their names.

A loss works on arrays of any shape, element by element, and knows neither X nor tasks. One that
treats several columns at a time (:class:`Softmax`) couples the last axis, and its value is the sum
over it. Beside the numbers that solvers need (value, gradient, curvature and conjugate), a loss
knows its targets: which are valid, which leave an intercept without a finite optimum, how
predictions are made from z, and what one task alone is fitted with. So a new loss is one class; as
``loss=NewLoss()`` it works in every linear regressor, and one line in :data:`LOSSES` gives it a
name.
"""

from skmtl.losses._base import Loss
from skmtl.losses._classes import ClassLoss, Logistic, Softmax
from skmtl.losses._grouped import Grouped
from skmtl.losses._numbers import Huber, Poisson, Squared
from skmtl.losses._registry import LOSSES, is_of_classes, make_loss, names_of_losses

__all__ = [
    "LOSSES",
    "ClassLoss",
    "Grouped",
    "Huber",
    "Logistic",
    "Loss",
    "Poisson",
    "Softmax",
    "Squared",
    "is_of_classes",
    "make_loss",
    "names_of_losses",
]
