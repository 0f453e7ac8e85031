"""Poisson regression on centered features."""

import numpy as np
from scipy import sparse
from sklearn.linear_model import PoissonRegressor
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data


class CenteredPoisson(PoissonRegressor):
    """A :class:`~sklearn.linear_model.PoissonRegressor` whose search does not see a shift of X.

    On features far from zero the search of scikit-learn ends early, without a warning.
    """

    def fit(self, X, y, sample_weight=None):
        """Fit to features less their means, unless they are sparse or there is no intercept."""
        array = check_array(X, accept_sparse=("csr", "csc"), input_name="X")
        if sparse.issparse(array) or not self.fit_intercept:
            return super().fit(X, y, sample_weight)
        origin = np.average(array, axis=0, weights=sample_weight)
        super().fit(array - origin, y, sample_weight)
        self.intercept_ -= self.coef_ @ origin
        validate_data(self, X, skip_check_array=True)  # the names of the features
        return self
