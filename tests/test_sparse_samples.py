"""Sparse samples multiplied by row, and swept where coefficients are not zero."""

import numpy as np
import pytest
from scipy import sparse

from skmtl import MultiTaskLasso
from skmtl._data import designs, gram_products
from skmtl._data.designs import SharedDesign
from skmtl.datafits import _gram_budget


@pytest.mark.parametrize("intercept", [True, False])
def test_sparse_samples_by_row_are_those_by_column(intercept, monkeypatch):
    rng = np.random.default_rng(0)
    X = sparse.random(90, 40, 0.15, "csc", random_state=0)
    Y = X @ np.where(np.arange(40) < 8, 1.0, 0.0)[:, None] + 0.1 * rng.standard_normal((90, 6))
    W = rng.standard_normal((40, 6))
    model = MultiTaskLasso(0.002, fit_intercept=intercept, tol=1e-9)
    dense = model.fit(X.toarray(), Y).coef_
    by_column = SharedDesign(X, 6)
    assert not by_column.multiplies_by_row
    for module in (designs, gram_products):
        monkeypatch.setattr(module, "IN_CACHE", 64)  # of the Gram three rows at a time
    by_row = SharedDesign(X, 6)
    assert by_row.for_products().format == "csr"
    np.testing.assert_allclose(by_row.forward(W), X.toarray() @ W, atol=1e-12)
    np.testing.assert_allclose(by_row.adjoint(Y), X.toarray().T @ Y, atol=1e-12)
    weight = 1.0 + rng.random(90)
    mean = weight @ X.toarray() / weight.sum() if intercept else np.zeros(40)
    centered = X.toarray() - mean
    expected = centered.T @ (weight[:, None] * centered)
    gram = gram_products.weighted_gram(by_row.for_products(), weight, mean)
    np.testing.assert_allclose(gram, expected, atol=1e-10)
    variance = gram_products.weighted_variance(by_row.for_products(), weight, mean)
    np.testing.assert_allclose(variance, expected.diagonal(), atol=1e-10)
    for largest in (0, 2**25):  # in residual form, where sweeps pass by zeros, and in Gram form
        monkeypatch.setattr(_gram_budget, "GRAM_FLOATS", largest)
        monkeypatch.setattr(_gram_budget, "SMALL", largest)
        monkeypatch.setattr(_gram_budget, "FEW", 0)
        np.testing.assert_allclose(model.fit(X, Y).coef_, dense, atol=1e-5)
        assert model.dual_gap_ <= 1e-9 * 0.5 * np.mean((Y - intercept * Y.mean(axis=0)) ** 2) * 6
