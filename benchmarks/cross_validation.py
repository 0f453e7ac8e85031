"""Five-fold cross-validation by hand, for libraries that only have paths."""

import numpy as np

N_FOLDS = 5


def cross_validate(path, data, tol):
    """The strength of the least mean held-out error, and the solution of all rows there.

    Parameters
    ----------
    path : callable
        ``path(data, tol)`` returns W at all strengths, (n_alphas, n_features, n_tasks).
    data : SharedRows or OwnRows
        Not centered.
    tol : float

    Returns
    -------
    alpha : float
    W : ndarray of shape (n_features, n_tasks)
    """
    errors = []
    for train, test in data.folds(N_FOLDS):
        solutions = path(train.centered(), tol)
        errors.append([test.held_out_error(W, train) for W in solutions])
    alpha = data.alphas[np.argmin(np.mean(errors, axis=0))]
    return alpha, path(data.centered().with_alphas(alpha), tol)[0]
