"""skglm: block coordinate descent in working sets with Anderson extrapolation."""

from skglm import MultiTaskLasso, __version__

VERSION = __version__
TOLERANCES = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6, 1e-7)  # times alpha
MAX_ITER = 1000


def supports(problem):
    return problem.form in ("dense", "sparse") and problem.kind != "cv"


def model(data, tol):
    """The estimator; its tolerance is on the violation of optimality, of the size of alpha."""
    alpha = data.alphas[-1]
    return MultiTaskLasso(alpha, tol=tol * alpha, max_iter=MAX_ITER, fit_intercept=False)


def fit(data, tol):
    return model(data, tol).fit(data.X, data.Y).coef_.T


def path(data, tol):
    coefs = model(data, tol).path(data.X, data.Y, data.alphas)[1]
    return coefs.transpose(2, 1, 0)
