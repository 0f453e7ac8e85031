"""celer: working sets with dual extrapolation.

Through its path function: its multi-task estimators do not run with scikit-learn 1.9.
"""

from celer import __version__
from celer.homotopy import mtl_path
from cross_validation import cross_validate

VERSION = __version__
TOLERANCES = (1e-2, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 5e-7, 2e-7, 1e-7, 1e-8, 1e-9)
MAX_ITER = 10_000


def supports(problem):
    return problem.form == "dense"


def path(data, tol):
    coefs = mtl_path(data.X, data.Y, alphas=data.alphas, tol=tol, max_iter=MAX_ITER)[1]
    return coefs.transpose(2, 1, 0)


def fit(data, tol):
    return path(data, tol)[0]


def cv(data, tol):
    return cross_validate(path, data, tol)
