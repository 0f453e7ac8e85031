"""Known noise of each target in a Gaussian process: dense formulas, scikit-learn's alpha, folds."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal
from sklearn import config_context
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import MultiTaskGaussianProcessRegressor

N, T = 16, 3
THETA = np.array([0.2, 0.9, -0.5, 0.3, 0.2, 0.4, 0.1, -2.0, -1.5, -2.5])  # l, L, kappa, log noise
EXACT = {"rtol": 1e-9, "atol": 1e-11}


def problem():
    """Samples, targets of which some are missing, and their known noise, NaN in the same places."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 2))
    Y = np.sin(X[:, :1]) * [1.0, -2.0, 30.0] + rng.normal(size=(N, T)) + [0.0, 5.0, -40.0]
    V = rng.uniform(0.0, 2.0, size=(N, T)) * [0.1, 0.5, 90.0]
    missing = rng.random((N, T)) < 0.2
    Y[missing] = np.nan
    V[missing] = np.nan
    return X, Y, V


def given_theta(**params):
    return MultiTaskGaussianProcessRegressor(
        RBF(1.0), optimizer=None, initial_theta=THETA, **params
    )


class Dense:
    """The covariance of the known targets, in units of y, and what follows from it."""

    def __init__(self, X, Y, V, normalize):
        self.X = X
        self.task, self.row = np.nonzero(~np.isnan(Y.T))
        self.mean = np.nanmean(Y, axis=0) if normalize else np.zeros(T)
        self.scale = np.nanstd(Y, axis=0) if normalize else np.ones(T)
        L = THETA[1:4, None] * self.scale[:, None]
        self.B = L @ L.T + np.diag(THETA[4:7] * self.scale**2)
        self.noise = np.exp(THETA[7:]) * self.scale**2
        self.y = Y[self.row, self.task] - self.mean[self.task]
        K = RBF(np.exp(THETA[0]))(X)
        signal = K[np.ix_(self.row, self.row)] * self.B[np.ix_(self.task, self.task)]
        self.A = signal + np.diag(self.noise[self.task] + V[self.row, self.task])

    def predict(self, X):
        K = RBF(np.exp(THETA[0]))(X, self.X[self.row])
        cross = K[:, None, :] * self.B[:, self.task]
        mean = cross @ np.linalg.solve(self.A, self.y)
        solved = np.linalg.solve(self.A, cross.reshape(-1, len(self.y)).T).T
        explained = (cross * solved.reshape(cross.shape)).sum(axis=2)
        variance = self.B.diagonal() - explained + self.noise
        return self.mean + mean, np.sqrt(variance)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("long", [True, False])
def test_predictions_and_likelihood_are_the_dense_formulas(normalize, long):
    X, Y, V = problem()
    dense = Dense(X, Y, V, normalize)
    model = given_theta(normalize_y=normalize)
    if long:
        order = np.random.default_rng(1).permutation(len(dense.y))
        row, task = dense.row[order], dense.task[order]
        model.fit(X[row], Y[row, task], noise_variance=V[row, task], tasks=task)
    else:
        model.fit(X, Y, noise_variance=V)
    new = np.random.default_rng(2).normal(size=(5, 2))
    mean, std = dense.predict(new)
    found_mean, found_std = model.predict_all_tasks(new, return_std=True)
    np.testing.assert_allclose(found_mean, mean, **EXACT)
    np.testing.assert_allclose(found_std, std, **EXACT)
    log = multivariate_normal(cov=dense.A).logpdf(dense.y)
    log += np.log(dense.scale[dense.task]).sum()  # the value is on the scale of theta
    assert model.log_marginal_likelihood() == pytest.approx(log, rel=1e-9)
    assert model.log_marginal_likelihood_value_ == pytest.approx(log, rel=1e-9)


def test_leaving_a_target_out_leaves_its_known_noise():
    X, Y, V = problem()
    dense = Dense(X, Y, V, False)
    mean, std = given_theta(normalize_y=False).fit(X, Y, noise_variance=V).loo_predict()
    precision = np.linalg.inv(dense.A)
    expected = dense.y - precision @ dense.y / precision.diagonal()
    np.testing.assert_allclose(mean[dense.row, dense.task], expected, **EXACT)
    np.testing.assert_allclose(std[dense.row, dense.task] ** -2, precision.diagonal(), **EXACT)


def test_one_task_is_the_alpha_of_scikit_learn():
    X, Y, V = problem()
    seen = ~np.isnan(Y[:, 0])
    X, y, v = X[seen], Y[seen, 0], V[seen, 0]
    peer = GaussianProcessRegressor(RBF(1.1) + WhiteKernel(0.3), alpha=v, optimizer=None).fit(X, y)
    theta = [np.log(1.1), 1.0, np.log(0.3)]  # no loadings for a single task
    ours = MultiTaskGaussianProcessRegressor(
        RBF(1.0), optimizer=None, initial_theta=theta, normalize_y=False
    ).fit(X, y[:, None], noise_variance=v)
    new = np.linspace(-1, 1, 10).reshape(5, 2)
    mean, std = peer.predict(new, return_std=True)
    found_mean, found_std = ours.predict(new, return_std=True)
    np.testing.assert_allclose(found_mean[:, 0], mean, **EXACT)
    np.testing.assert_allclose(found_std[:, 0], std, **EXACT)


def test_the_gradient_is_that_of_the_likelihood():
    X, Y, V = problem()
    model = given_theta().fit(X, Y, noise_variance=V)
    _, gradient = model.log_marginal_likelihood(THETA, eval_gradient=True)
    for k, step in enumerate(1e-6 * np.eye(len(THETA))):
        above = model.log_marginal_likelihood(THETA + step)
        below = model.log_marginal_likelihood(THETA - step)
        assert gradient[k] == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=1e-6)


def test_noise_that_is_known_is_not_learned_again():
    rng = np.random.default_rng(0)
    X = np.linspace(0, 6, 60)[:, None]
    V = np.where(rng.random((60, 2)) < 0.5, 1.0, 1e-4)
    Y = np.sin(X) * [1.0, -1.0] + np.sqrt(V) * rng.normal(size=(60, 2))
    blind = MultiTaskGaussianProcessRegressor(n_restarts=0).fit(X, Y)
    told = MultiTaskGaussianProcessRegressor(n_restarts=0).fit(X, Y, noise_variance=V)
    assert (told.noise_ < 0.05).all()
    assert (blind.noise_ > 0.2).all()
    truth = np.sin(X) * [1.0, -1.0]
    error = np.abs(told.predict(X) - truth).mean()
    assert error < 0.3 * np.abs(blind.predict(X) - truth).mean()


def test_numbers_vectors_and_names_are_spread_over_targets():
    X, Y, V = problem()
    model = given_theta()
    new = X[:4] + 0.1

    def predictions(noise_variance, Y=Y):
        return model.fit(X, Y, noise_variance=noise_variance).predict(new)

    by_matrix = predictions(np.tile(np.arange(1.0, N + 1)[:, None], T))
    np.testing.assert_allclose(predictions(np.arange(1.0, N + 1)), by_matrix, **EXACT)
    np.testing.assert_allclose(predictions(0.3), predictions(np.full((N, T), 0.3)), **EXACT)
    np.testing.assert_allclose(predictions(0.0), predictions(None), **EXACT)
    frame = pd.DataFrame(V, columns=["a", "b", "c"])
    by_name = predictions(frame[["c", "a", "b"]], pd.DataFrame(Y, columns=["a", "b", "c"]))
    by_position = predictions(V)
    np.testing.assert_allclose(by_name, by_position, **EXACT)
    nullable = pd.DataFrame(V).convert_dtypes()  # missing as pd.NA
    np.testing.assert_allclose(predictions(nullable), by_position, **EXACT)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.ones(N - 1), r"noise_variance has shape \(15,\), expected \(16, 3\)"),
        (-np.ones(N), "at least 0 where y is known, got -1.0 in sample 0"),
        (np.full((N, T), np.nan), "finite and at least 0 where y is known, got nan"),
        (pd.DataFrame(np.ones((N, T)), columns=["a", "b", "d"]), "no column for task.*'c'.*'d'"),
    ],
)
def test_other_noise_is_refused(wrong, message):
    X, Y, _ = problem()
    with pytest.raises(ValueError, match=message):
        given_theta().fit(X, pd.DataFrame(Y, columns=["a", "b", "c"]), noise_variance=wrong)
    with pytest.raises(ValueError, match="solver='schur' is for noise that is learned"):
        given_theta(solver="schur").fit(X, Y, noise_variance=1.0)


def test_folds_slice_the_noise():
    X, Y, _ = problem()
    Y = np.nan_to_num(Y)
    V = np.random.default_rng(5).uniform(0.1, 2.0, size=(N, T))
    folds = [(np.arange(8), np.arange(8, N)), (np.arange(8, N), np.arange(8))]
    expected = np.empty((N, T))
    for train, test in folds:
        fitted = given_theta().fit(X[train], Y[train], noise_variance=V[train])
        expected[test] = fitted.predict(X[test])
    plain = cross_val_predict(given_theta(), X, Y, cv=folds, params={"noise_variance": V})
    np.testing.assert_allclose(plain, expected, **EXACT)
    with config_context(enable_metadata_routing=True):
        routed = make_pipeline(
            StandardScaler(with_mean=False, with_std=False),
            given_theta().set_fit_request(noise_variance=True),
        )
        found = cross_val_predict(routed, X, Y, cv=folds, params={"noise_variance": V})
    np.testing.assert_allclose(found, expected, **EXACT)
