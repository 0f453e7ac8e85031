"""skmtl."""

from cross_validation import N_FOLDS

from skmtl import MultiTaskLasso, MultiTaskLassoCV, __version__, multi_task_path

VERSION = __version__
TOLERANCES = (1e-6, 5e-7, 2e-7, 1e-7, 1e-8)  # of the same gap that is measured
MAX_ITER = 100_000


def supports(problem):
    return True


def rows(data):
    """Arguments X and y of `fit`, and the parameters that say how tasks are given."""
    if hasattr(data, "Xs"):
        return (data.X, data.y), {"task_column": -1}
    return (data.X, data.Y), {}


def fit(data, tol):
    arrays, layout = rows(data)
    options = {"fit_intercept": False, "tol": tol, "max_iter": MAX_ITER}
    return MultiTaskLasso(data.alphas[0], **layout, **options).fit(*arrays).coef_.T


def path(data, tol):
    arrays, layout = rows(data)
    options = {"fit_intercept": False, "tol": tol, "max_iter": MAX_ITER}
    return multi_task_path(*arrays, alphas=data.alphas, **layout, **options).coefs.transpose(
        2, 1, 0
    )


def cv(data, tol):
    arrays, layout = rows(data)
    grid = {"alphas": len(data.alphas), "eps": data.eps, "cv": N_FOLDS}
    model = MultiTaskLassoCV(tol=tol, max_iter=MAX_ITER, **grid, **layout).fit(*arrays)
    return model.alpha_, model.coef_.T
