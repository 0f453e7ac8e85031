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
        is_centered = self.fit_intercept and not sparse.issparse(array)
        if not is_centered:
            return super().fit(X, y, sample_weight)
        origin = np.average(array, axis=0, weights=sample_weight)
        centered = array - origin
        super().fit(centered, y, sample_weight)
        change = self.coef_ @ origin
        self.intercept_ -= change
        validate_data(self, X, skip_check_array=True)  # the names of the features
        return self
