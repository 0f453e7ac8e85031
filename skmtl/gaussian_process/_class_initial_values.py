"""Initial values of theta for class labels."""

import numpy as np

from skmtl.gaussian_process._class_posterior import SIZE
from skmtl.gaussian_process._initial_values import InitialValues


def initial_values(likelihood, rng):
    """The :class:`InitialValues` of a :class:`ClassLikelihood`.

    Labels of two tasks tell little of their covariance, or nothing without common samples. So it is
    that of the modes of independent functions, at all samples. They count as targets of size
    `SIZE`.
    """
    F = _independent_functions(likelihood)
    sizes = np.sqrt(np.mean(F**2, axis=0))
    sizes[sizes == 0] = 1.0
    F *= SIZE / sizes
    return InitialValues(
        likelihood.layout,
        likelihood.kernels,
        F.T.ravel(),
        likelihood.observations.complete,
        rng,
    )


def _independent_functions(likelihood):
    """The mode of the functions of independent tasks at all samples, (n_samples, n_tasks)."""
    layout = likelihood.layout
    theta = np.zeros(len(layout))
    pairs = zip(
        likelihood.kernels,
        layout.terms(theta),
        strict=True,
    )
    for kernel, term in pairs:
        term.inputs[:] = kernel.theta
        term.kappa[:] = SIZE**2 / len(likelihood.kernels)
    mode = likelihood.mode_at(theta)
    dual = likelihood.observations.matrix(mode.dual)
    F = 0.0
    pairs = zip(
        likelihood.input_kernels,
        layout.inputs(theta),
        strict=True,
    )
    for kernel, inputs in pairs:
        K = kernel.matrix(inputs)
        F = F + K @ dual
    return F
