"""`adapt`: a task more for a fitted model, the others as they are."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import log_softmax, xlogy
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV

from skmtl import (
    ClusteredTaskClassifier,
    ClusteredTaskRegressor,
    ClusteredTaskRegressorCV,
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    MeanRegularizedRegressorCV,
    MultiTaskCV,
    RandomInterceptTasks,
    TaskGraphRegressor,
    TraceNormClassifier,
    TraceNormClassifierCV,
    TraceNormRegressor,
    TraceNormRegressorCV,
    make_multitask_classification,
)
from skmtl import make_multitask_regression as make

TIGHT = {"tol": 1e-11, "max_iter": 100_000}
T, P = 4, 5
REGRESSORS = [
    MeanRegularizedRegressor(0.7, ridge=0.1),
    MeanRegularizedRegressorCV(alphas=3, ridge=[0.1, 1.0]),
    TraceNormRegressor(0.3, ridge=0.1),
    TraceNormRegressorCV(alphas=4),
    ClusteredTaskRegressor(0.3),
    ClusteredTaskRegressorCV(alphas=3, n_clusters=[1, 2]),
    MultiTaskCV(MeanRegularizedRegressor(), {"alpha": 3}),
]
CLASSIFIERS = [
    MeanRegularizedClassifier(0.1, ridge=0.05),
    TraceNormClassifier(0.05, ridge=0.05),
    TraceNormClassifierCV(alphas=3, eps=0.1, intercept="free"),
    ClusteredTaskClassifier(0.1),
]
each_regressor = pytest.mark.parametrize("model", REGRESSORS, ids=repr)
each_model = pytest.mark.parametrize("model", REGRESSORS + CLASSIFIERS, ids=repr)


def numbers(**options):
    return make(
        **{"n_samples": 30, "n_tasks": T, "n_features": P, "n_informative": 3} | options,
        random_state=0,
    )


def new_rows(n, seed=1):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, P))
    return X, X @ rng.standard_normal(P) + 2 + 0.5 * rng.standard_normal(n)


def fitted(model):
    """Fitted to numbers or classes, and rows of a new task."""
    X, y = new_rows(6)
    if model in CLASSIFIERS:
        data = make_multitask_classification(
            n_samples=40, n_tasks=T, n_features=P, n_informative=3, random_state=0
        )
        return clone(model).fit(data.X, data.y), X, (y > y.mean()).astype(float)
    data = numbers()
    return clone(model).fit(data.X, data.y), X, y


def brute(objective, shape):
    """The minimum over coefficients and an intercept of each column, (W, b), and its value."""
    size = int(np.prod(shape))

    def split(theta):
        return theta[:size].reshape(shape), theta[size:]

    best = minimize(lambda theta: objective(*split(theta)), np.zeros(size + shape[1]), tol=1e-14)
    best = minimize(lambda theta: objective(*split(theta)), best.x, method="Powell", tol=1e-15)
    return *split(best.x), best.fun


def losses(loss, y, z):
    if loss == "poisson":
        return np.exp(z) - y * z - y + xlogy(y, y)
    r = np.abs(y - z)
    return np.where((loss == "huber") & (r > 1.35), 1.35 * (r - 1.35 / 2), r**2 / 2)


# ------------------------------------------------ the written objectives, minimized by brute force


@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson"])
@pytest.mark.parametrize("alpha", [0.7, {0: 0.5, 1: 2.0, 2: 0.0, 3: 1.0, 4: 0.8}])
def test_mean_minimizes_the_joint_objective_over_the_new_task(loss, alpha):
    data, (X, y) = numbers(), new_rows(4)
    Y = data.y
    if loss == "poisson":
        Y, y = np.round(np.exp(0.3 * np.tanh(Y))), np.array([0.0, 2.0, 1.0, 5.0])
    model = MeanRegularizedRegressor(alpha, ridge=0.2, loss=loss).fit(data.X, Y)
    pull = np.array(list(alpha.values())) if isinstance(alpha, dict) else np.full(T + 1, alpha)

    def objective(W, b):
        everything = np.vstack([model.coef_, W.T])
        mean = np.average(everything, axis=0, weights=pull)
        penalty = 0.5 * pull @ ((everything - mean) ** 2).sum(axis=1) + 0.1 * (W**2).sum()
        return losses(loss, y, X @ W[:, 0] + b).sum() / 30 + penalty

    W, b, _ = brute(objective, (P, 1))
    adapted = model.adapt(X, y)
    np.testing.assert_allclose(adapted.coef_[-1], W[:, 0], atol=2e-6)
    np.testing.assert_allclose(adapted.intercept_[-1], b[0], atol=2e-6)
    np.testing.assert_allclose(
        adapted.shared_coef_, np.average(adapted.coef_, axis=0, weights=pull)
    )


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_trace_norm_minimizes_its_quadratic_form_in_the_range_of_the_others(loss):
    data, (X, y) = numbers(rank=2), new_rows(4)
    model = TraceNormRegressor(0.5, ridge=0.1, loss=loss, **TIGHT).fit(data.X, data.y)
    U, s, _ = np.linalg.svd(model.coef_.T, full_matrices=False)
    U, s = U[:, : model.rank_], s[: model.rank_]

    def objective(V, b):
        fit = losses(loss, y, X @ U @ V[:, 0] + b).sum() / 30
        return fit + 0.25 * (V[:, 0] ** 2 / s).sum() + 0.05 * (V**2).sum()

    V, b, _ = brute(objective, (model.rank_, 1))
    adapted = model.adapt(X, y)
    np.testing.assert_allclose(adapted.coef_[-1], U @ V[:, 0], atol=2e-6)
    np.testing.assert_allclose(adapted.intercept_[-1], b[0], atol=2e-6)
    assert adapted.rank_ == model.rank_
    np.testing.assert_allclose(
        adapted.singular_values_[: model.rank_],
        np.linalg.svd(adapted.coef_, compute_uv=False)[: model.rank_],
    )


@pytest.mark.parametrize("eta", [0.1, 2.0])
def test_clustered_takes_the_cluster_of_the_least_objective(eta):
    data, (X, y) = numbers(), new_rows(4)
    model = ClusteredTaskRegressor(0.5, n_clusters=2, eta=eta).fit(data.X, data.y)

    def in_cluster(cluster):
        labels = np.append(model.task_clusters_, cluster)
        H = labels[:, None] == np.unique(labels)
        M = H @ np.diag(1.0 / H.sum(axis=0)) @ H.T
        inverse = np.linalg.inv(eta * np.eye(T + 1) + M)
        old = model.coef_.T
        known = np.trace(old @ np.linalg.inv(eta * np.eye(T) + M_of(model)) @ old.T)

        def objective(W, b):
            everything = np.hstack([old, W])
            penalty = 0.25 * (np.trace(everything @ inverse @ everything.T) - known)
            return losses("squared_error", y, X @ W[:, 0] + b).sum() / 30 + penalty

        return brute(objective, (P, 1))

    found = [in_cluster(cluster) for cluster in range(2)]
    best = int(np.argmin([value for _, _, value in found]))
    adapted = model.adapt(X, y)
    np.testing.assert_array_equal(adapted.task_clusters_, [*model.task_clusters_, best])
    np.testing.assert_allclose(adapted.coef_[-1], found[best][0][:, 0], atol=2e-6)
    np.testing.assert_allclose(adapted.intercept_[-1], found[best][1][0], atol=2e-6)


def M_of(model):
    """The projection on the clusters."""
    H = model.task_clusters_[:, None] == np.unique(model.task_clusters_)
    return H @ np.diag(1.0 / H.sum(axis=0)) @ H.T


@pytest.mark.parametrize("n_classes", [2, 3])
def test_mean_regularized_classes_minimize_the_joint_objective(n_classes):
    data = make_multitask_classification(
        n_samples=60, n_tasks=T, n_features=P, n_informative=3, random_state=0
    )
    z = data.X @ np.random.default_rng(0).standard_normal((P, T))
    Y = (z > 0).astype(int) + (z > 1) * (n_classes == 3)
    model = MeanRegularizedClassifier(0.2, ridge=0.1).fit(data.X, Y)
    X, y = new_rows(9)
    y = np.arange(9) % n_classes
    K = 1 if n_classes == 2 else 3
    old = model.coef_.reshape(T, -1)

    def objective(W, b):
        scores = X @ W + b
        scores = np.column_stack([np.zeros(9), scores]) if K == 1 else scores
        everything = np.vstack([old, W.T.ravel()])
        penalty = 0.1 * ((everything - everything.mean(axis=0)) ** 2).sum() + 0.05 * (W**2).sum()
        return -log_softmax(scores, axis=1)[np.arange(9), y].sum() / 60 + penalty

    W, b, _ = brute(objective, (P, K))
    adapted = model.adapt(X, y)
    np.testing.assert_allclose(adapted.coef_[-1].ravel(), W.T.ravel(), atol=5e-6)
    b = b[0] if K == 1 else b - b.mean()
    np.testing.assert_allclose(adapted.intercept_[-1], b, atol=5e-6)


# ------------------------------------------------ identities


@pytest.mark.parametrize(
    "options", [{}, {"ridge": 0.2}, {"fit_intercept": False}, {"loss": "huber"}]
)
def test_trace_norm_gives_back_a_task_of_the_fit(options):
    data = numbers(missing=0.2)
    model = TraceNormRegressor(0.3, **options, **TIGHT).fit(data.X, data.y)
    for t in range(T):
        adapted = model.adapt(data.X, data.y[:, t])
        np.testing.assert_allclose(adapted.coef_[-1], model.coef_[t], atol=1e-6)
        np.testing.assert_allclose(adapted.intercept_[-1], model.intercept_[t], atol=1e-6)


def test_trace_norm_gives_back_a_task_of_normalized_y():
    data = numbers(missing=0.2)
    Y = data.y * [1.0, 10.0, 0.1, 3.0] + [0.0, 5.0, 1.0, 100.0]
    model = TraceNormRegressor(0.1, normalize_y=True, **TIGHT).fit(data.X, Y)
    adapted = model.adapt(data.X, Y[:, 1])
    np.testing.assert_allclose(adapted.coef_[-1], model.coef_[1], atol=1e-5)
    np.testing.assert_allclose(
        adapted.predict(data.X)[:, -1], model.predict(data.X)[:, 1], atol=1e-5
    )


@pytest.mark.parametrize("n_classes", [2, 3])
def test_trace_norm_gives_back_a_task_of_classes(n_classes):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, P))
    z = X @ rng.standard_normal((P, T)) + rng.standard_normal((60, T))
    Y = (z > 0).astype(int) + (z > 1) * (n_classes == 3)
    model = TraceNormClassifier(0.05, ridge=0.02, class_weight="balanced", **TIGHT).fit(X, Y)
    adapted = model.adapt(X, Y[:, 2])
    np.testing.assert_allclose(adapted.coef_[-1], model.coef_[2], atol=1e-5)
    np.testing.assert_allclose(adapted.intercept_[-1], model.intercept_[2], atol=1e-5)


@pytest.mark.parametrize("task_weight", ["balanced", {0: 1.0, 1: 2.0, 2: 0.5, 3: 1.0, "new": 0.5}])
def test_task_weights_count_for_the_new_task(task_weight):
    data = numbers(missing=0.3)
    label = 4
    if isinstance(task_weight, dict):
        task_weight = {**task_weight, label: task_weight["new"]}
    model = TraceNormRegressor(0.3, task_weight=task_weight, **TIGHT).fit(data.X, data.y)
    adapted = model.adapt(data.X, data.y[:, 2])
    np.testing.assert_allclose(adapted.coef_[-1], model.coef_[2], atol=1e-6)


def test_a_mean_without_strength_leaves_least_squares():
    data, (X, y) = numbers(), new_rows(12)
    adapted = MeanRegularizedRegressor(0.0).fit(data.X, data.y).adapt(X, y)
    alone = LinearRegression().fit(X, y)
    np.testing.assert_allclose(adapted.coef_[-1], alone.coef_, rtol=1e-9)
    np.testing.assert_allclose(adapted.intercept_[-1], alone.intercept_, rtol=1e-9)


def test_an_infinite_pull_gives_the_mean():
    data, (X, y) = numbers(), new_rows(3)
    model = MeanRegularizedRegressor(1e9).fit(data.X, data.y)
    np.testing.assert_allclose(model.adapt(X, y).coef_[-1], model.shared_coef_, atol=1e-5)


@pytest.mark.parametrize("model", [m for m in REGRESSORS if "Trace" not in repr(m)], ids=repr)
def test_many_rows_lead_to_least_squares(model):
    data, (X, y) = numbers(), new_rows(100_000)
    adapted = clone(model).fit(data.X, data.y).adapt(X, y)
    np.testing.assert_allclose(adapted.coef_[-1], LinearRegression().fit(X, y).coef_, atol=0.05)


@each_model
def test_a_weight_of_two_is_the_row_twice(model):
    model, X, y = fitted(model)
    weight = np.array([2, 1, 0, 1, 3, 1])
    weighted = model.adapt(X, y, sample_weight=weight)
    repeated = model.adapt(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-7)
    np.testing.assert_allclose(weighted.intercept_, repeated.intercept_, atol=1e-7)
    assert weighted.n_samples_per_task_[-1] == 5


@each_regressor
def test_rows_may_lie_far_from_the_origin(model):
    model, X, y = fitted(model)
    near, far = model.adapt(X, y), model.adapt(X + 1e5, y)
    np.testing.assert_allclose(far.coef_[-1], near.coef_[-1], atol=1e-6)


# ------------------------------------------------ the copy


@each_model
def test_the_others_and_the_original_are_unchanged(model):
    model, X, y = fitted(model)
    before = pickle.dumps(model)
    adapted = model.adapt(X, y)
    assert pickle.dumps(model) == before
    np.testing.assert_array_equal(adapted.coef_[:T], model.coef_)
    np.testing.assert_array_equal(adapted.intercept_[:T], model.intercept_)
    assert adapted.n_tasks_ == len(adapted.tasks_) == len(adapted.n_samples_per_task_) == T + 1
    assert type(adapted) is type(model)
    np.testing.assert_array_equal(adapted.predict(X)[:, :T], model.predict(X))


@each_model
def test_copies_can_be_pickled_cloned_and_adapted_again(model):
    model, X, y = fitted(model)
    adapted = model.adapt(X, y)
    again = pickle.loads(pickle.dumps(adapted)).adapt(X, y)
    assert again.tasks_.tolist() == [0, 1, 2, 3, 4, 5]
    np.testing.assert_array_equal(again.coef_[: T + 1], adapted.coef_)
    assert not hasattr(clone(adapted), "coef_")


@pytest.mark.parametrize("model", [ClusteredTaskRegressor(0.3), CLASSIFIERS[-1]], ids=repr)
def test_the_covariance_of_clusters_has_the_new_task(model):
    model, X, y = fitted(model)
    model.task_covariance_.trace()  # computed before the copy is made
    adapted = model.adapt(X, y)
    C = adapted.task_covariance_
    assert C.shape == (T + 1, T + 1)
    assert C.trace() == pytest.approx(model.n_clusters + model.eta * (T + 1))
    products = adapted.coef_ @ adapted.coef_.T
    np.testing.assert_allclose(C @ products, products @ C, atol=1e-12)  # the same eigenvectors


@each_model
@pytest.mark.filterwarnings("ignore:Task")
def test_one_row_is_enough(model):
    model, X, y = fitted(model)
    adapted = model.adapt(X[:1], y[:1])
    assert np.isfinite(adapted.coef_).all()
    assert np.isfinite(adapted.intercept_).all()
    assert adapted.predict(X[:1])[0, -1] == pytest.approx(y[0], abs=1e-6)


def test_layouts_agree():
    data, (X, y) = numbers(missing=0.2), new_rows(4)
    rows, tasks = np.nonzero(~np.isnan(data.y))
    long_X, long_y = data.X[rows], data.y[rows, tasks]
    model = TraceNormRegressor(0.3, **TIGHT)
    wide = clone(model).fit(data.X, data.y).adapt(X, y)
    by_ids = clone(model).fit(long_X, long_y, tasks=tasks).adapt(X, y, task=9)
    column = clone(model).set_params(task_column=2)
    with_ids = column.fit(np.insert(long_X, 2, tasks, axis=1), long_y)
    anything = np.insert(X, 2, -1, axis=1)
    in_column = with_ids.adapt(anything, y, task=4)
    for other in (by_ids, in_column):
        np.testing.assert_allclose(other.coef_, wide.coef_, atol=1e-7)
    expected = wide.predict(X)[:, -1]
    np.testing.assert_allclose(by_ids.predict(X, tasks=[9] * 4), expected, atol=1e-6)
    np.testing.assert_allclose(in_column.predict(np.insert(X, 2, 4, axis=1)), expected, atol=1e-6)
    np.testing.assert_allclose(in_column.predict_all_tasks(anything)[:, -1], expected, atol=1e-6)


def test_the_new_task_is_the_last_and_found_by_its_label():
    data, (X, y) = numbers(own_inputs=True), new_rows(4)
    frame = pd.DataFrame(data.X[:, :-1], columns=list("abcde"))
    frame["school"] = np.array(["north", "south", "west", "east"])[data.X[:, -1].astype(int)]
    model = MeanRegularizedRegressor(task_column="school").fit(frame, data.y)
    new = pd.DataFrame(X, columns=list("abcde")).assign(school="?")
    adapted = model.adapt(new, y)
    assert adapted.tasks_.tolist() == ["east", "north", "south", "west", "?"]
    assert adapted.adapt(new, y).tasks_[-1] == "new"
    named = adapted.adapt(new, y, task="beside the others")
    asked = new.assign(school="beside the others")
    np.testing.assert_array_equal(named.predict(asked), named.predict_all_tasks(asked)[:, -1])


def test_a_frame_names_the_task():
    data, (X, y) = numbers(), new_rows(4)
    model = MeanRegularizedRegressor().fit(data.X, pd.DataFrame(data.y, columns=list("abcd")))
    assert model.adapt(X, pd.DataFrame({"z": y})).tasks_.tolist() == ["a", "b", "c", "d", "z"]
    assert model.adapt(X, y).tasks_[-1] == "new"


def test_rows_without_a_label_are_left_out():
    model, X, y = fitted(REGRESSORS[0])
    holes = y.copy()
    holes[2] = np.nan
    kept = np.delete(np.arange(6), 2)
    np.testing.assert_array_equal(model.adapt(X, holes).coef_, model.adapt(X[kept], y[kept]).coef_)


@each_model
def test_sparse_rows_are_taken(model):
    model, X, y = fitted(model)
    dense = model.adapt(X, y).coef_
    np.testing.assert_allclose(model.adapt(sparse.csr_array(X), y).coef_, dense, atol=1e-12)


def test_normalized_y_of_any_unit_gives_the_same_model():
    data, (X, y) = numbers(), new_rows(5)
    model = MeanRegularizedRegressor(0.5, normalize_y=True).fit(data.X, data.y)
    one, other = model.adapt(X, y), model.adapt(X, 100 * y + 7)
    np.testing.assert_allclose(other.coef_[-1], 100 * one.coef_[-1], rtol=1e-8)
    np.testing.assert_allclose(other.predict(X)[:, -1], 100 * one.predict(X)[:, -1] + 7)


def test_classes_keep_their_labels():
    data = make_multitask_classification(
        n_samples=40, n_tasks=T, n_features=P, random_state=0, n_informative=3
    )
    rows, tasks = np.nonzero(np.ones_like(data.y))
    y = np.array(["no", "yes"])[data.y[rows, tasks].astype(int)]
    model = MeanRegularizedClassifier(0.1, task_column=-1)
    model.fit(np.column_stack([data.X[rows], tasks]), y)
    X = np.column_stack([new_rows(6)[0], np.full(6, 4)])
    adapted = model.adapt(X, ["no", "yes", "no", "yes", "no", "no"])
    assert set(adapted.predict(X)) <= {"no", "yes"}
    np.testing.assert_allclose(adapted.predict_proba(X).sum(axis=1), 1.0)
    with pytest.raises(ValueError, match="the model knows"):
        model.adapt(X, ["no", "yes", "no", "maybe", "no", "no"])


def test_a_related_task_needs_few_rows():
    rng = np.random.default_rng(0)
    center = rng.standard_normal(20)
    W = center + 0.2 * rng.standard_normal((31, 20))
    U = rng.standard_normal((20, 2))
    low = (U @ rng.standard_normal((2, 31))).T
    X, X_new, X_test = (rng.standard_normal((n, 20)) for n in (60, 6, 500))
    for model, coef in (
        (MeanRegularizedRegressorCV(alphas=5), W),
        (ClusteredTaskRegressorCV(alphas=5), W),
        (TraceNormRegressorCV(alphas=5), low),
    ):
        Y = X @ coef[:30].T + 0.5 * rng.standard_normal((60, 30))
        y = X_new @ coef[30] + 0.5 * rng.standard_normal(6)
        adapted = clone(model).fit(X, Y).adapt(X_new, y)
        alone = RidgeCV(np.logspace(-3, 3, 20)).fit(X_new, y)
        truth = X_test @ coef[30]
        error = np.mean((adapted.predict(X_test)[:, -1] - truth) ** 2)
        assert error < 0.3 * np.mean((alone.predict(X_test) - truth) ** 2)


# ------------------------------------------------ errors


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"task": 2}, ValueError, r"task=2 was in the fit, which had \[0, 1, 2, 3\]"),
        ({"task": "a"}, TypeError, "another type than the task ids"),
        ({"X_new": np.zeros((6, P + 1))}, ValueError, f"expecting {P} features"),
        ({"X_new": np.zeros((0, P)), "y_new": []}, ValueError, "0 sample"),
        ({"y_new": np.zeros(5)}, ValueError, "X has 6 samples, y has 5"),
        ({"y_new": np.zeros((6, 2))}, ValueError, "expected one task"),
        ({"y_new": np.full(6, np.nan)}, ValueError, "at least one target"),
        ({"y_new": np.full(6, np.inf)}, ValueError, "infinity"),
        ({"sample_weight": -np.ones(6)}, ValueError, "Negative values in sample_weight"),
    ],
)
def test_what_cannot_be_meant_is_refused(change, error, message):
    model, X, y = fitted(REGRESSORS[0])
    with pytest.raises(error, match=message):
        model.adapt(**{"X_new": X, "y_new": y} | change)


@pytest.mark.parametrize("name", ["alpha", "ridge", "task_weight"])
def test_strengths_of_each_task_need_one_for_the_new(name):
    data, (X, y) = numbers(), new_rows(4)
    given = {name: np.ones(T)}
    model = MeanRegularizedRegressor(**given).fit(data.X, data.y)
    with pytest.raises(ValueError, match=f"{name} differs between tasks"):
        model.adapt(X, y)
    model.set_params(**{name: dict.fromkeys(range(T + 1), 1.0)})
    same = MeanRegularizedRegressor(**{name: None if name == "task_weight" else 1.0})
    same.fit(data.X, data.y)
    np.testing.assert_allclose(model.adapt(X, y).coef_, same.adapt(X, y).coef_)


def test_other_models_do_not_adapt():
    assert not hasattr(TaskGraphRegressor(), "adapt")
    assert not hasattr(MultiTaskCV(TaskGraphRegressor()), "adapt")


def test_an_unfitted_model_does_not_adapt():
    X, y = new_rows(4)
    with pytest.raises(ValueError, match="not fitted"):
        MeanRegularizedRegressor().adapt(X, y)


def test_counts_of_zero_and_single_classes_are_smoothed():
    data, (X, _) = numbers(), new_rows(4)
    counts = np.round(np.exp(0.3 * np.tanh(data.y)))
    model = MeanRegularizedRegressor(0.5, loss="poisson").fit(data.X, counts)
    with pytest.warns(UserWarning, match="one pseudo-observation, the mean target"):
        adapted = model.adapt(X, np.zeros(4))
    # the score equation of the intercept: means add up to the targets
    np.testing.assert_allclose(adapted.predict(X)[:, -1].sum(), 4 * counts.mean() / 5, rtol=1e-6)
    with pytest.raises(ValueError, match="at least 0"):
        model.adapt(X, -np.ones(4))
    model, X, _ = fitted(CLASSIFIERS[0])
    with pytest.warns(UserWarning, match="lack a class"):
        adapted = model.adapt(X, np.ones(6))
    assert (adapted.predict(X)[:, -1] == 1).all()


def test_a_minimum_at_infinity_is_warned_of():
    data = make_multitask_classification(
        n_samples=200, n_tasks=T, n_features=P, n_informative=3, random_state=0
    )
    model = MeanRegularizedClassifier(0.0).fit(data.X, data.y)
    with pytest.warns(UserWarning, match="minimum may be at infinity"):
        model.adapt(new_rows(4)[0], [0, 1, 0, 1])


@pytest.mark.parametrize("ids", [[0, 1, 2], ["a", "b", "c"]], ids=["numbers", "strings"])
def test_a_new_id_in_the_task_column_names_the_task(ids):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((30, 2)), columns=["x", "z"])
    frame["task"] = np.repeat(ids, 10)
    y = frame["x"] + rng.standard_normal(30)
    new_id = 7 if ids[0] == 0 else "g"
    of_new = frame[:4].assign(task=new_id)
    for model in (
        MeanRegularizedRegressor(0.1, task_column="task"),
        RandomInterceptTasks(Ridge(), task_column="task"),
    ):
        fitted = model.fit(frame, y)
        adapted = fitted.adapt(of_new, y[:4] + 5)
        assert adapted.tasks_.tolist() == [*ids, new_id]
        by_argument = fitted.adapt(frame[:4], y[:4] + 5, task=new_id)
        np.testing.assert_array_equal(adapted.predict(of_new), by_argument.predict(of_new))
        several = pd.concat([of_new, frame[:4]])
        named_by_default = 3 if ids[0] == 0 else "new"
        assert fitted.adapt(several, [*y[:4], *y[:4]]).tasks_[-1] == named_by_default
