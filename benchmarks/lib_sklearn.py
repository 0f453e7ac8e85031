"""scikit-learn: cyclic block coordinate descent on the residual."""

from cross_validation import N_FOLDS
from sklearn import __version__
from sklearn.linear_model import MultiTaskLasso, MultiTaskLassoCV, lasso_path

VERSION = __version__
# gap <= tol * ||Y||^2 on the scale of the sum of squares is a relative gap of 2 * tol
TOLERANCES = (1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 5e-7, 2e-7, 1e-7, 1e-8, 1e-9)
MAX_ITER = 1_000_000


def supports(problem):
    return problem.form in ("dense", "sparse")


def fit(data, tol):
    model = MultiTaskLasso(data.alphas[0], fit_intercept=False, tol=tol, max_iter=MAX_ITER)
    return model.fit(data.X, data.Y).coef_.T


def path(data, tol):
    coefs = lasso_path(data.X, data.Y, alphas=data.alphas, tol=tol, max_iter=MAX_ITER)[1]
    return coefs.transpose(2, 1, 0)


def cv(data, tol):
    grid = {"alphas": len(data.alphas), "eps": data.eps, "cv": N_FOLDS}
    model = MultiTaskLassoCV(tol=tol, max_iter=MAX_ITER, **grid).fit(data.X, data.Y)
    return model.alpha_, model.coef_.T
