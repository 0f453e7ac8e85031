"""scikit-learn's Ridge of a single task, by its Cholesky solver."""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from sklearn.linear_model import Ridge

from skmtl.meta._centered_rows import CenteredRows
from skmtl.meta._no_fast_form import NoFastForm
from skmtl.meta._plain_params import are_flags, are_positive, is_at_least


def is_fixed_ridge(estimator):
    """Whether an estimator is a ridge regression that :class:`RidgeEquations` fits.

    Those with parameters that are not valid are not, so that they raise where they are fitted.
    """
    if type(estimator) is not Ridge or np.ndim(estimator.alpha) > 0:
        return False
    is_plain = (
        are_positive(estimator.alpha),
        are_flags(estimator, "fit_intercept", "copy_X"),
        estimator.positive is False,
        estimator.solver in ("auto", "cholesky"),
        estimator.max_iter is None,
        is_at_least(estimator.tol, 0),
        estimator.random_state is None,
    )
    return all(is_plain)


class RidgeEquations:
    """The normal equations of rows of features, factored for targets of one alpha.

    Of fewer samples than features they are those of the dual problem.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features.
    weight : ndarray of shape (n_samples,) or None
        Weights of the samples.
    model : Ridge
        An estimator that :func:`is_fixed_ridge`.

    Raises
    ------
    NoFastForm
        If the equations are singular but for rounding errors.
    """

    def __init__(self, X, weight, model):
        self.rows = CenteredRows(X, weight, model.fit_intercept)
        X = self.rows.X
        self.is_dual = len(X) < X.shape[1]
        A = X if self.is_dual else X.T
        system = A @ A.T
        system.flat[:: len(system) + 1] += model.alpha
        try:
            self.factor = cho_factor(system, check_finite=False)
        except LinAlgError as error:
            raise NoFastForm from error

    def fit(self, estimator, y):
        """Fit such an estimator in place."""
        X = self.rows.X
        y, level = self.rows.center(y)
        right = y
        if not self.is_dual:
            right = X.T @ y
        coef = cho_solve(self.factor, right, check_finite=False)
        if self.is_dual:
            coef = X.T @ coef
        estimator.coef_ = coef
        estimator.intercept_ = self.rows.intercept(coef, level)
        estimator.n_iter_ = None
        estimator.solver_ = "cholesky"
