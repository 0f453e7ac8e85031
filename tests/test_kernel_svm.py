"""MultiTaskSVC and MultiTaskSVR: scikit-learn's machines on the multi-task kernel."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC, SVR

from skmtl import MultiTaskSVC, MultiTaskSVR

MU = 0.4


def dot(x, z):
    """The linear kernel as a callable, which makes a kernel matrix."""
    return x @ z


def blobs(n=40, n_classes=2):
    """X, class labels or numbers Y of three tasks, some missing, and both as long data."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    W = rng.normal(size=(3, 1)) + 0.5 * rng.normal(size=(3, 3))
    Y = X @ W + 0.3 * rng.normal(size=(n, 3)) + [0.0, 0.5, -0.5]
    if n_classes:
        Y = np.digitize(Y, np.linspace(-1, 1, n_classes + 1)[1:-1]).astype(float)
    Y[rng.random(Y.shape) < 0.3] = np.nan
    tasks, samples = np.nonzero(~np.isnan(Y).T)
    return X, Y, np.column_stack([X[samples], tasks]), Y[samples, tasks]


def task_kernel(Z, V, gamma):
    """`(1/mu + [s = t]) k(x, z) + [s = t]` between samples with their task id last."""
    same = (Z[:, -1:] == V[:, -1]).astype(float)
    return (1 / MU + same) * rbf_kernel(Z[:, :-1], V[:, :-1], gamma=gamma) + same


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_classifier_is_svc_on_the_task_kernel(n_classes):
    _, _, Z, y = blobs(n_classes=n_classes)
    model = MultiTaskSVC(2.0, mu=MU, gamma=0.3, tol=1e-10, task_column=-1).fit(Z, y)
    peer = SVC(C=2.0, kernel="precomputed", tol=1e-10).fit(task_kernel(Z, Z, 0.3), y)
    new = Z + 0.1 * np.eye(4)[0]
    K = task_kernel(new, Z, 0.3)
    np.testing.assert_allclose(
        model.decision_function(new), peer.decision_function(K), rtol=1e-8, atol=1e-10
    )
    np.testing.assert_array_equal(model.predict(new), peer.predict(K))


def test_the_regressor_is_svr_on_the_task_kernel():
    _, _, Z, y = blobs(n_classes=0)
    options, K = {"C": 2.0, "epsilon": 0.05, "tol": 1e-10}, task_kernel(Z, Z, 0.3)
    model = MultiTaskSVR(**options, mu=MU, gamma=0.3, task_column=-1).fit(Z, y)
    expected = SVR(**options, kernel="precomputed").fit(K, y).predict(K)
    np.testing.assert_allclose(model.predict(Z), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly"])
@pytest.mark.parametrize("kind", [MultiTaskSVC, MultiTaskSVR])
def test_wide_and_long_give_the_same_model(kind, kernel):
    X, Y, Z, y = blobs(n_classes=2 if kind is MultiTaskSVC else 0)
    wide = kind(kernel=kernel, random_state=0).fit(X, Y)
    long = kind(kernel=kernel, random_state=0, task_column=-1).fit(Z, y)
    every = np.vstack([np.column_stack([X, np.full(len(X), t)]) for t in range(3)])
    method = "decision_function" if kind is MultiTaskSVC else "predict"
    columns = getattr(long, method)(every).reshape(3, -1).T
    np.testing.assert_allclose(getattr(wide, method)(X), columns, rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(wide.predict(X), long.predict_all_tasks(every)[: len(X)])
    by_ids = kind(kernel=kernel, random_state=0).fit(Z[:, :-1], y, tasks=Z[:, -1])
    np.testing.assert_array_equal(by_ids.predict(Z[:, :-1], tasks=Z[:, -1]), long.predict(Z))


def test_the_linear_machine_is_that_of_the_linear_kernel():
    """But for the common intercept, whose penalty is a hundredth of the coefficients'."""
    X, Y, _, _ = blobs(n_classes=0)
    tight = {"C": 1.0, "mu": MU, "tol": 1e-8, "random_state": 0}
    fast = MultiTaskSVR(kernel="linear", **tight).fit(X, Y).predict(X)
    slow = MultiTaskSVR(kernel=dot, **tight).fit(X, Y).predict(X)
    np.testing.assert_allclose(fast, slow, atol=0.02 * np.nanstd(Y))
    X, Y, _, _ = blobs(n_classes=2)
    fast = MultiTaskSVC(kernel="linear", **tight).fit(X, Y).decision_function(X)
    slow = MultiTaskSVC(kernel=dot, **tight).fit(X, Y).decision_function(X)
    np.testing.assert_allclose(fast, slow, atol=0.02 * np.std(slow))


@pytest.mark.parametrize("kernel", ["rbf", dot])
def test_large_mu_is_single_task_and_small_mu_one_machine(kernel):
    X, Y, _, _ = blobs(n_classes=0)
    params = {"C": 100.0, "kernel": kernel, "gamma": 0.3, "random_state": 0, "tol": 1e-6}
    one = MultiTaskSVR(mu=1e-6, **params | {"C": 1e-4}).fit(X, Y).predict(X)  # C / mu = 100
    np.testing.assert_allclose(one - one[:, :1], 0, atol=0.05)
    single_task = MultiTaskSVR(mu=1e9, **params).fit(X, Y).predict(X)
    Y[:, 1:] = 7 - Y[:, 1:]  # what other tasks look like does not matter to the first
    Y[:, 1:] += np.nanmean(Y[:, 0]) - np.nanmean(Y[:, 1:])
    changed = MultiTaskSVR(mu=1e9, **params).fit(X, Y).predict(X)
    np.testing.assert_allclose(changed[:, 0], single_task[:, 0], atol=0.2)


def test_levels_of_tasks_are_found():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    Y = X[:, :1] + np.array([0.0, 20.0, -5.0])
    for kernel in ("linear", "rbf"):
        model = MultiTaskSVR(1000.0, epsilon=0.01, mu=0.1, kernel=kernel, random_state=0)
        levels = (model.fit(X, Y).predict(X) - X[:, :1]).mean(axis=0)
        np.testing.assert_allclose(levels, [0.0, 20.0, -5.0], atol=0.1)
        shifted = model.fit(X, Y + 1e4).predict(X)
        np.testing.assert_allclose(shifted.mean(axis=0) - 1e4, levels, atol=0.1)


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_unseen_tasks_get_the_average_machine(kernel):
    _, _, Z, y = blobs()
    new = Z.copy()
    new[:, -1] = 9
    model = MultiTaskSVC(kernel=kernel, task_column=-1, random_state=0).fit(Z, y)
    with pytest.raises(ValueError, match="were not seen in fit"):
        model.predict(new)
    model.set_params(handle_unknown="shared").fit(Z, y)
    each = []
    for t in range(3):
        known = Z.copy()
        known[:, -1] = t
        each.append(model.decision_function(known))
    mean = np.mean(each, axis=0)
    np.testing.assert_allclose(model.decision_function(new), mean, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
@pytest.mark.parametrize("kind", [MultiTaskSVC, MultiTaskSVR])
def test_sparse_samples_give_the_same_model(kind, kernel):
    X, Y, _, _ = blobs()
    X = np.where(np.abs(X) < 0.5, 0.0, X)
    model = kind(kernel=kernel, random_state=0)
    dense = model.fit(X, Y).predict(X)
    thin = model.fit(sparse.csc_array(X), Y).predict(sparse.csr_array(X))
    np.testing.assert_allclose(thin, dense, rtol=1e-8, atol=1e-10)


def test_weights_scale_c():
    X, Y, _, _ = blobs()
    weighted = MultiTaskSVC(1.0, gamma=0.3).fit(X, Y, np.full(len(X), 3.0))
    expected = MultiTaskSVC(3.0, gamma=0.3).fit(X, Y).decision_function(X)
    np.testing.assert_allclose(weighted.decision_function(X), expected, rtol=1e-6, atol=1e-8)


def test_samples_without_weight_are_as_if_absent():
    _, _, Z, y = blobs()
    weight = (np.arange(len(y)) % 4 > 0).astype(float)
    model = MultiTaskSVC(task_column=-1)
    some = model.fit(Z, y, weight).decision_function(Z)
    few = model.fit(Z[weight > 0], y[weight > 0]).decision_function(Z)
    np.testing.assert_allclose(some, few, rtol=1e-8)


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_class_weights_are_by_class_label(kernel):
    X, Y, _, _ = blobs()
    Y = np.where(np.isnan(Y), None, np.where(Y == 1, "yes", "no"))
    model = MultiTaskSVC(0.01, kernel=kernel, random_state=0, class_weight={"yes": 1e3})
    assert (model.fit(X, Y).predict(X) == "yes").all()
    model.set_params(class_weight="balanced").fit(X, Y)


def test_class_labels_of_any_kind_come_back():
    X, Y, _, _ = blobs(n_classes=3)
    words = np.array(["low", "mid", "high"])[np.nan_to_num(Y).astype(int)].astype(object)
    words[np.isnan(Y)] = None
    model = MultiTaskSVC().fit(X, words)
    assert [c.tolist() for c in model.classes_] == [["high", "low", "mid"]] * 3
    assert set(model.predict(X).ravel()) <= {"low", "mid", "high"}
    scores = model.decision_function(X)
    assert [one.shape for one in scores] == [(40, 3)] * 3
    seen = ~np.isnan(Y)
    assert np.mean(model.predict(X)[seen] == words[seen]) > 0.8
    whole = np.where(np.isnan(Y), None, np.nan_to_num(Y).astype(int).astype(object))
    assert MultiTaskSVC().fit(X, whole).predict(X).dtype.kind == "i"


def test_tasks_may_lack_a_class_or_have_one_sample():
    X, Y, _, _ = blobs()
    Y[:, 0] = 1.0
    Y[1:, 1], Y[0, 1] = np.nan, 0.0
    predicted = MultiTaskSVC().fit(X, Y).predict(X)
    assert (predicted[:, 0] == 1).all()
    of_numbers = MultiTaskSVR().fit(X, Y).predict(X)
    assert np.isfinite(of_numbers).all()


def test_one_class_in_all_of_y_is_refused():
    with pytest.raises(ValueError, match="class"):
        MultiTaskSVC().fit(np.eye(3), np.ones((3, 2)))


def test_samples_that_are_all_equal_and_constant_targets_work():
    X, Y = np.ones((6, 2)), np.array([[0.0, 3.0]] * 6)
    np.testing.assert_allclose(MultiTaskSVR(100.0).fit(X, Y).predict(X), Y, atol=0.11)


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_targets_within_epsilon_are_the_intercept(kernel):
    X, Y, Z, y = blobs(n_classes=0)
    flat = MultiTaskSVR(kernel=kernel).fit(X, np.full(Y.shape, 5.0))
    np.testing.assert_allclose(flat.predict(X), 5.0)
    wide = MultiTaskSVR(kernel=kernel, epsilon=100.0, task_column=-1).fit(Z, y)
    expected = np.full(len(y), wide.predict(Z)[0])
    np.testing.assert_allclose(wide.predict(Z), expected)
    np.testing.assert_allclose(wide.predict_all_tasks(sparse.csr_array(Z))[:, 1], expected)
    assert abs(y - expected).max() <= 100


@pytest.mark.parametrize("kind", [MultiTaskSVC, MultiTaskSVR])
def test_fits_of_linear_machines_are_the_same(kind):
    X, Y, _, _ = blobs(n_classes=2 if kind is MultiTaskSVC else 0)
    model, method = kind(kernel="linear"), "predict"
    method = "decision_function" if kind is MultiTaskSVC else "predict"
    once, twice = (getattr(model.fit(X, Y), method)(X) for _ in range(2))
    np.testing.assert_array_equal(once, twice)


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_scale_of_x_is_its_standard_deviation(offset, dtype):
    X = (np.random.default_rng(0).normal(size=(50, 3)) * [1.0, 2.0, 0.5]).round(3) + offset
    X = X.astype(dtype)
    expected = 1 / (3 * X.astype(float).var()) if np.ptp(X) else 1.0
    for samples in (X, sparse.csr_array(X)):
        model = MultiTaskSVR().fit(samples, np.arange(50.0)[:, None] * [1, 2])
        assert model._inputs.kernel.gamma == pytest.approx(expected, rel=1e-6)


def test_the_scale_of_sparse_samples_counts_their_zeros_and_weights():
    X = np.where(np.abs(blobs()[0]) < 0.7, 0.0, blobs()[0])
    weight = np.arange(len(X)) % 3
    twice = np.repeat(X, weight, axis=0)
    Y = X[:, :2]
    for samples in (X, sparse.csr_array(X)):
        model = MultiTaskSVR().fit(samples, Y, weight.astype(float))
        assert model._inputs.kernel.gamma == pytest.approx(1 / (3 * twice.var()), rel=1e-10)


def test_chunks_of_the_kernel_do_not_show(monkeypatch):
    X, Y, _, _ = blobs(n_classes=3)
    model = MultiTaskSVC().fit(X, Y)
    whole = model.decision_function(X)
    monkeypatch.setattr("skmtl.kernel._svm_inputs._FLOATS", 1)
    np.testing.assert_allclose(model.decision_function(X), whole, rtol=1e-10)


def test_iterations_can_be_limited():
    X, Y, _, _ = blobs()
    with pytest.warns(Warning, match="[Cc]onverge|terminated early"):
        assert MultiTaskSVC(1e3, max_iter=1).fit(X, Y).n_iter_ == 1


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"mu": 0.0}, ValueError, "mu == 0.0, must be > 0"),
        ({"mu": np.inf}, ValueError, "mu must be finite"),
        ({"kernel": "precomputed"}, ValueError, "kernel of samples and tasks: pass a callable"),
        ({"kernel": "rfb"}, ValueError, "kernel='rfb' is not one of"),
        ({"gamma": "auto"}, TypeError, "gamma must be an instance of"),
        ({"C": -1.0}, ValueError, "The 'C' parameter"),
        ({"kernel_params": 5}, TypeError, "kernel_params=5 must be a dict"),
    ],
)
@pytest.mark.parametrize("kind", [MultiTaskSVC, MultiTaskSVR])
def test_bad_parameters_are_named(kind, params, error, message):
    X, Y, _, _ = blobs()
    with pytest.raises(error, match=message):
        kind(**params).fit(X, Y)


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_a_negative_epsilon_is_named(kernel):
    X, Y, _, _ = blobs(n_classes=0)
    with pytest.raises(ValueError, match=r"epsilon == -1.0, must be >= 0"):
        MultiTaskSVR(epsilon=-1.0, kernel=kernel).fit(X, Y)


def test_class_labels_of_mixed_types_are_refused():
    X, Y, _, _ = blobs()
    mixed = np.full(Y.shape, None, dtype=object)
    mixed[Y == 1], mixed[Y == 0] = "yes", 1
    with pytest.raises(TypeError, match="y mixes types that cannot be sorted"):
        MultiTaskSVC().fit(X, mixed)


@pytest.mark.parametrize("kind", [MultiTaskSVC, MultiTaskSVR])
@pytest.mark.parametrize("kernel", ["linear", dot])
@pytest.mark.parametrize("kind_of_X", [np.asarray, sparse.csr_array])
def test_features_beyond_digits_are_refused_where_the_solver_would_not_end(kind, kernel, kind_of_X):
    X, Y, _, _ = blobs(n_classes=2 if kind is MultiTaskSVC else 0)
    if kernel is dot and kind_of_X is not np.asarray:
        pytest.skip("dot is for dense samples")
    X[:, 0] *= 1e15
    with pytest.raises(ValueError, match="so the solver would not end: scale the features"):
        kind(kernel=kernel).fit(kind_of_X(X), Y)
    assert np.isfinite(kind(kernel="rbf").fit(kind_of_X(X), Y).predict(X)).all()
