"""Tasks of different kinds: each is what it is alone, and together they are one objective."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.special import logsumexp, xlogy
from sklearn.linear_model import LogisticRegression, PoissonRegressor
from sklearn.linear_model import Ridge as RidgeRegression
from sklearn.metrics import log_loss, mean_poisson_deviance, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import MultiTaskClassifier, MultiTaskMixed, MultiTaskRegressor, make_mixed_scorer
from skmtl.penalties import L1, L21, Decomposition, Ridge, TaskCoupling, TaskNorm, TraceNorm

N, P = 60, 4
SAME = 2e-4  # of coefficients at a gap of 1e-10: its root over the curvature, with room
TIGHT = {"tol": 1e-10, "max_iter": 1000}
LOSSES = {
    "age": "squared_error",
    "pay": "huber",
    "visits": "poisson",
    "ill": "logistic",
    "blood": "logistic",
}
COUPLING = np.array([[1.0, -1, 0], [-1, 2, -1], [0, -1, 1]])
PENALTIES = {
    "rows": L21(0.1),
    "sum": TraceNorm(0.1) + L1(0.05),
    "ridge": Ridge(0.1),
    "coupling": TaskCoupling(0.5, COUPLING) + Ridge(0.1),
    "parts": Decomposition(TraceNorm(0.1), L1(0.08)),
}
each_penalty = pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)


def inputs(n=N, seed=0):
    return np.random.default_rng(seed).normal(size=(n, P))


def targets(X, seed=1):
    """A frame of two numbers, counts, two and three classes."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(len(X), 5))
    best = (X[:, :3] + rng.gumbel(size=(len(X), 3))).argmax(axis=1)
    return pd.DataFrame(
        {
            "age": 40 + 10 * (X[:, 0] + X[:, 1] + noise[:, 0]),
            "pay": 3 * X[:, 0] + rng.standard_t(2, size=len(X)),
            "visits": rng.poisson(np.exp(0.5 * X[:, 0] - 0.3 * X[:, 1])),
            "ill": np.where(X[:, 0] + noise[:, 3] > 0.3, "yes", "no"),
            "blood": np.array(["a", "b", "o"])[best],
        }
    )


def of_kind(kind, X):
    """Three tasks of one kind, (n_samples, 3)."""
    rng = np.random.default_rng(2)
    Z = X @ rng.normal(size=(P, 3)) + 0.5
    if kind == "poisson":
        return rng.poisson(np.exp(0.3 * Z))
    if kind == "three":
        return (Z[:, :, None] * [0, 1, -1] + rng.gumbel(size=(*Z.shape, 3))).argmax(axis=2)
    Z = Z + rng.normal(size=Z.shape)
    return (Z > 0).astype(int) if kind == "two" else 7 + [1.0, 10.0, 100.0] * Z


def holes(frame, seed=3):
    """The frame as objects with a fifth of the labels missing."""
    missing = np.random.default_rng(seed).random(frame.shape) < 0.2
    return frame.astype(object).mask(missing)


def fit(X, Y, penalty=None, losses=LOSSES, *, sample_weight=None, **options):
    return MultiTaskMixed(losses, penalty, **TIGHT | options).fit(X, Y, sample_weight)


def same(model, other):
    for a, b in zip(model.coef_ + model.intercept_, other.coef_ + other.intercept_, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=SAME)


@pytest.fixture
def X():
    return inputs()


@pytest.fixture
def Y(X):
    return targets(X)


@pytest.fixture(scope="module")
def fitted():
    """All kinds, fitted to a frame."""
    return fit(inputs(), targets(inputs()))


# Tasks of one kind are the models of that kind


@each_penalty
@pytest.mark.parametrize("kind", ["squared_error", "huber"])
@pytest.mark.parametrize("normalize_y", [True, False])
def test_numbers_are_a_regression(X, penalty, kind, normalize_y):
    y = of_kind("numbers", X)
    y = y if normalize_y else y / [1, 10, 100]
    mixed = fit(X, y, penalty, [kind] * 3, normalize_y=normalize_y)
    options = {"loss": kind, "normalize_y": normalize_y, "tol": 1e-10, "max_iter": 100_000}
    model = MultiTaskRegressor(penalty, **options).fit(X, y)
    assert mixed.objective_ == pytest.approx(model.objective_, rel=1e-8)
    np.testing.assert_allclose(mixed.predict(X) / y.std(0), model.predict(X) / y.std(0), atol=1e-3)


@each_penalty
@pytest.mark.parametrize("kind", ["two", "three"])
def test_classes_are_a_classifier(X, penalty, kind):
    y = of_kind(kind, X)
    mixed = fit(X, y, penalty, ["logistic"] * 3)
    model = MultiTaskClassifier(penalty, **TIGHT).fit(X, y)
    assert mixed.objective_ == pytest.approx(model.objective_, rel=1e-8)
    pairs = mixed.predict_proba(X), model.predict_proba(X)
    np.testing.assert_allclose(*pairs, rtol=0, atol=SAME)
    np.testing.assert_array_equal(mixed.predict(X), model.predict(X))


@each_penalty
def test_counts_are_a_regression_of_counts(X, penalty):
    y = of_kind("poisson", X)
    mixed = fit(X, y, penalty, ["poisson"] * 3)
    model = MultiTaskRegressor(penalty, loss="poisson", **TIGHT).fit(X, y)
    assert mixed.objective_ == pytest.approx(model.objective_, rel=1e-8)
    np.testing.assert_allclose(mixed.predict(X), model.predict(X), rtol=1e-3)


def test_ridges_are_scikit_learns_models_of_each_task(X, Y):
    """With holes, which leave out the rows of a task and raise the share of the others."""
    Y, alpha = holes(Y), 0.1
    model = fit(X, Y, Ridge(alpha))
    seen = Y.notna().to_numpy()
    nbar = seen.sum() / 5
    rows = dict(zip(Y, seen.T, strict=True))
    y = {name: Y[name][rows[name]].to_numpy() for name in Y}
    age = y["age"].astype(float)
    options = {"tol": 1e-10, "max_iter": 10_000}
    alone = {
        "age": RidgeRegression(nbar * alpha).fit(X[rows["age"]], (age - age.mean()) / age.std()),
        "visits": PoissonRegressor(alpha=nbar * alpha / seen[:, 2].sum(), **options).fit(
            X[rows["visits"]], y["visits"].astype(float)
        ),
        "ill": LogisticRegression(C=1 / (nbar * alpha), **options).fit(X[rows["ill"]], y["ill"]),
        "blood": LogisticRegression(C=1 / (nbar * alpha), **options).fit(
            X[rows["blood"]], y["blood"]
        ),
    }
    for t, name in enumerate(Y):
        if name in alone:
            coef = np.atleast_2d(alone[name].coef_)
            np.testing.assert_allclose(model.coef_[t], coef, rtol=0, atol=SAME, err_msg=name)


# The objective


def mean_and_scale(y, weight):
    mean = np.average(y, weights=weight)
    return mean, np.sqrt(np.average((y - mean) ** 2, weights=weight))


def loss_of(kind, y, z, weight, delta=1.35):
    """Weighted sum of the losses of a task at scores z (n_samples, n_columns)."""
    if kind == "logistic":
        codes = np.unique(y, return_inverse=True)[1]
        z = z if z.shape[1] > 1 else np.column_stack([np.zeros(len(z)), z])
        return weight @ (logsumexp(z, axis=1) - z[np.arange(len(y)), codes])
    y, z = y.astype(float), z[:, 0]
    if kind == "poisson":
        return weight @ (np.exp(z) - y * z - (y - xlogy(y, y)))
    mean, scale = mean_and_scale(y, weight)
    r = np.abs((y - mean) / scale - z)
    if kind == "huber":
        return weight @ np.where(r <= delta, r**2 / 2, delta * (r - delta / 2))
    return weight @ r**2 / 2


def losses_of(model, X, Y, weight):
    """Sums of losses, and sums of weights, of every task."""
    sums, totals = [], []
    for t, name in enumerate(Y):
        rows = Y[name].notna().to_numpy() & (weight[:, t] > 0)
        z = X[rows] @ model.coef_[t].T + model.intercept_[t]
        sums.append(loss_of(LOSSES[name], Y[name][rows].to_numpy(), z, weight[rows, t]))
        totals.append(weight[rows, t].sum())
    return np.array(sums), np.array(totals)


def objective(model, X, Y, weight, omega, penalty):
    sums, totals = losses_of(model, X, Y, weight)
    W = np.vstack(model.coef_).T
    return omega @ sums / totals.mean() + penalty.value(W)


@pytest.mark.parametrize("penalty", [L21(0.1), Ridge(0.3), L1(0.05) + Ridge(0.1)], ids=repr)
@pytest.mark.parametrize("tol", [1e-10, 1e-2])
def test_the_objective_is_that_documented(X, Y, penalty, tol):
    weight = np.random.default_rng(0).uniform(0.2, 2, size=Y.shape)
    omega = np.array([1.0, 0.5, 2.0, 3.0, 1.0])
    Y = holes(Y)
    options = {"task_weight": dict(zip(Y, omega, strict=True)), "tol": tol}
    model = fit(X, Y, penalty, sample_weight=weight, **options)
    expected = objective(model, X, Y, weight, omega, penalty)
    assert model.objective_ == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("penalty", [L21(0.1), Ridge(0.3), L1(0.05) + L21(0.05)], ids=repr)
def test_the_gap_bounds_the_distance_to_the_minimum(X, Y, penalty):
    best = fit(X, Y, penalty).objective_
    for tol in (0.5, 0.1, 1e-2, 1e-4):
        model = fit(X, Y, penalty, tol=tol)
        assert model.optimality_ <= tol
        assert model.objective_ - model.dual_gap_ <= best * (1 + 1e-12)  # rounding
        assert best <= model.objective_ * (1 + 1e-10)  # tol of the minimum


def test_the_optimality_is_relative_to_the_null_model(X, Y):
    model = fit(X, Y, tol=1e-2)
    null = fit(X, Y, L21(1e3)).objective_
    assert model.optimality_ == pytest.approx(model.dual_gap_ / null, rel=1e-9)


def test_no_other_point_is_lower(X, Y):
    model, rng = fit(X, Y), np.random.default_rng(0)
    ones = np.ones(Y.shape)
    for size in (1e-3, 0.1):
        other = pickle.loads(pickle.dumps(model))
        for values in (*other.coef_, *other.intercept_):
            values += size * rng.normal(size=values.shape)
        value = objective(other, X, Y, ones, np.ones(5), L21(0.1))
        assert value > model.objective_


def test_a_balanced_task_counts_as_much_as_any(X, Y):
    Y = holes(Y)
    counts = Y.notna().sum().to_numpy()
    given = fit(X, Y, task_weight=counts.mean() / counts)
    same(fit(X, Y, task_weight="balanced"), given)


# What comes in and what goes out


def test_a_frame_comes_back_as_a_frame(fitted, X):
    predictions = fitted.predict(X)
    assert isinstance(predictions, pd.DataFrame)
    assert predictions.columns.tolist() == list(LOSSES)
    assert fitted.tasks_.tolist() == list(LOSSES)
    assert predictions["age"].dtype == float
    assert set(predictions["ill"]) <= {"yes", "no"}
    assert set(predictions["blood"]) <= {"a", "b", "o"}


def test_an_array_comes_back_as_objects_where_there_are_labels(fitted, X, Y):
    model = fit(X, Y.to_numpy(dtype=object), losses=list(LOSSES.values()))
    predictions = model.predict(X)
    assert isinstance(predictions, np.ndarray)
    assert predictions.dtype == object
    np.testing.assert_array_equal(predictions, fitted.predict(X).to_numpy(dtype=object))
    assert model.tasks_.tolist() == [0, 1, 2, 3, 4]


def test_without_labels_predictions_are_floats(X, Y):
    model = fit(X, Y[["age", "visits"]].to_numpy(), losses=["squared_error", "poisson"])
    assert model.predict(X).dtype == float


def test_predictions_are_on_the_scale_of_y(fitted, X, Y):
    predictions = fitted.predict(X)
    for name in ("age", "visits"):  # intercepts are at their optimum
        assert predictions[name].mean() == pytest.approx(Y[name].mean(), rel=1e-8)


def test_scores_are_linear_in_the_features(fitted, X):
    W, b = np.vstack(fitted.coef_), np.concatenate(fitted.intercept_)
    np.testing.assert_allclose(fitted.decision_function(X), X @ W.T + b, rtol=0, atol=1e-12)
    assert fitted.decision_function(X).shape == (N, 4 + 3)


def test_probabilities_are_those_of_labels_only(fitted, X):
    *numbers, two, three = fitted.predict_proba(X)
    assert numbers == [None, None, None]
    assert two.shape == (N, 2)
    assert three.shape == (N, 3)
    for p, name in ((two, "ill"), (three, "blood")):
        np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-14)
        classes = fitted.classes_[list(LOSSES).index(name)]
        np.testing.assert_array_equal(fitted.predict(X)[name], classes[p.argmax(axis=1)])


def test_numbers_alone_have_no_probabilities(X, Y):
    model = MultiTaskMixed(["squared_error"])
    assert not hasattr(model, "predict_proba")
    assert not hasattr(MultiTaskMixed().fit(X, Y[["age"]]), "predict_proba")
    assert hasattr(MultiTaskMixed().fit(X, Y[["ill"]]), "predict_proba")


def test_what_is_fitted_is_described(fitted, X, Y):
    assert fitted.losses_ == list(LOSSES.values())
    assert [c is None for c in fitted.classes_] == [True] * 3 + [False] * 2
    assert [c.shape for c in fitted.coef_] == [(1, P)] * 4 + [(3, P)]
    assert [b.shape for b in fitted.intercept_] == [(1,)] * 4 + [(3,)]
    assert fitted.baseline_[:3] == pytest.approx(Y[["age", "pay", "visits"]].mean().tolist())
    shares = Y["blood"].value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(fitted.baseline_[4], shares)


def test_losses_by_default_are_those_of_the_columns(X, Y):
    expected = ["squared_error"] * 3 + ["logistic"] * 2
    assert MultiTaskMixed().fit(X, Y).losses_ == expected
    assert MultiTaskMixed().fit(X, holes(Y)).losses_ == expected


def test_truth_values_beside_numbers_are_classes(X, Y):
    frame = pd.DataFrame({"ill": Y["ill"] == "yes", "age": Y["age"]})
    assert MultiTaskMixed().fit(X, frame).losses_ == ["logistic", "squared_error"]


def test_losses_may_be_a_dict_in_any_order(fitted, X, Y):
    same(fit(X, Y, losses=dict(reversed(LOSSES.items()))), fitted)


def test_a_dict_takes_the_numbers_of_columns(X):
    y = of_kind("poisson", X)
    losses = {2: "poisson", 0: "squared_error", 1: "huber"}
    assert fit(X, y, losses=losses).losses_ == ["squared_error", "huber", "poisson"]


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_features_give_the_same_model(X, Y, container):
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.5, 0.0, X)
    same(fit(X, Y, tol=1e-8), fit(container(X), Y, tol=1e-8))


def test_columns_of_categories_are_labels(fitted, X, Y):
    frame = Y.astype({"ill": "category", "blood": "category"})
    same(fit(X, frame), fitted)


def test_data_are_not_modified(X, Y):
    Y = holes(Y)
    copies = X.copy(), Y.copy()
    fit(X, Y).skills(X, Y)
    np.testing.assert_array_equal(X, copies[0])
    pd.testing.assert_frame_equal(Y, copies[1])


def test_without_intercepts_they_are_zero(X, Y):
    assert not np.concatenate(fit(X, Y, fit_intercept=False).intercept_).any()


def test_a_constant_task_is_predicted_by_its_constant(X, Y):
    model = fit(X, np.column_stack([np.full(N, 7.0), Y["age"]]), losses=None)
    np.testing.assert_allclose(model.predict(X)[:, 0], 7.0, rtol=1e-12)


def test_pickles_say_the_same(fitted, X, Y):
    copy = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_frame_equal(copy.predict(X), fitted.predict(X))
    np.testing.assert_array_equal(copy.skills(X, Y), fitted.skills(X, Y))


# Missing labels and weights


def test_missing_labels_are_cells_of_no_weight(X, Y):
    missing = holes(Y)
    weight = missing.notna().to_numpy().astype(float)
    same(fit(X, missing), fit(X, Y, sample_weight=weight))


def test_rows_without_labels_are_rows_left_out(X, Y):
    missing = Y.astype(object)
    missing.iloc[:10] = np.nan
    same(fit(X, missing), fit(X[10:], Y[10:]))


def test_nan_and_none_are_alike(X, Y):
    values = holes(Y).to_numpy()
    none = np.where(pd.isna(values), None, values)
    nan = np.where(pd.isna(values), np.nan, values)
    losses = list(LOSSES.values())
    models = [fit(X, y, losses=losses) for y in (none, nan)]
    for a, b in zip(*(model.coef_ for model in models), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_task_alone_is_its_labeled_rows(X, Y):
    for name in Y:
        missing = holes(Y)[[name]]
        seen = missing[name].notna().to_numpy()
        losses = {name: LOSSES[name]}
        same(fit(X, missing, losses=losses), fit(X[seen], Y[[name]][seen], losses=losses))


def test_a_weight_of_two_is_a_row_twice(X, Y):
    weight = np.where(np.arange(N) % 3 == 0, 2.0, 1.0)
    twice = np.repeat(np.arange(N), weight.astype(int))
    weighted = fit(X, Y, sample_weight=weight)
    repeated = fit(X[twice], Y.iloc[twice])
    same(weighted, repeated)
    for a, b in zip(weighted.baseline_, repeated.baseline_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_weight_of_zero_is_a_row_left_out(X, Y):
    weight = np.ones(N)
    weight[:8] = 0.0
    same(fit(X, Y, sample_weight=weight), fit(X[8:], Y[8:]))


# What cannot be meant


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ({k: v for k, v in LOSSES.items() if k != "pay"}, r"no entry for task\(s\) \['pay'\]"),
        (LOSSES | {"shoes": "poisson"}, r"entries for \['shoes'\]"),
        (list(LOSSES.values())[:3], "3 entries, but y has 5 tasks"),
        (LOSSES | {"pay": "hinge"}, "'hinge' is not one of"),
        (LOSSES | {"ill": "squared_error"}, r"Task \['ill'\].*no numbers"),
        (LOSSES | {"ill": "poisson"}, r"Task \['ill'\].*no numbers"),
        (LOSSES | {"age": "logistic"}, "of loss 'logistic': Unknown label type"),
        (LOSSES | {"pay": "poisson"}, r"Task \['pay'\].*at least 0"),
    ],
)
def test_losses_that_do_not_fit_are_refused(X, Y, losses, message):
    with pytest.raises(ValueError, match=message):
        MultiTaskMixed(losses).fit(X, Y)


@pytest.mark.parametrize(
    ("constant", "message"),
    [({"visits": 0}, "has counts of zero only"), ({"ill": "no"}, r"holds one class, \['no'\]")],
)
def test_a_task_of_one_value_leaves_the_others_as_they_are(X, Y, constant, message):
    (name,) = constant
    with pytest.warns(UserWarning, match=message):
        found = MultiTaskMixed(LOSSES, L1(0.05), **TIGHT).fit(X, Y.assign(**constant))
    alone = {task: loss for task, loss in LOSSES.items() if task != name}
    others = MultiTaskMixed(alone, L1(0.05), **TIGHT).fit(X, Y.drop(columns=name))
    assert not found.coef_[list(LOSSES).index(name)].any()
    assert found.predict(X)[name].nunique() == 1
    predicted = found.predict(X).drop(columns=name)
    pd.testing.assert_frame_equal(predicted, others.predict(X), rtol=1e-6)


def test_a_fold_without_events_is_scored_like_the_others(X, Y):
    Y = Y.assign(visits=0, ill="no")
    Y.loc[: N // 3 - 1, "visits"] = 2
    Y.loc[: N // 3 - 1, "ill"] = "yes"
    folds = [(np.arange(N // 3, N), np.arange(N // 3)), (np.arange(N // 3), np.arange(N // 3, N))]
    grid = {"penalty": [L21(0.1), L21(1.0)]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        search = GridSearchCV(MultiTaskMixed(LOSSES), grid, cv=folds, error_score="raise")
        search.fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_task_without_labels_is_refused(X, Y):
    with pytest.raises(ValueError, match="at least one target"):
        MultiTaskMixed(LOSSES).fit(X, Y.assign(ill=None))


def test_infinite_numbers_are_refused(X, Y):
    with pytest.raises(ValueError, match=r"has inf in task\(s\) \['age'\]"):
        MultiTaskMixed(LOSSES).fit(X, Y.assign(age=np.inf))


def test_labels_of_different_types_are_refused(X):
    y = np.array([1, "b"] * (N // 2), dtype=object)[:, None]
    with pytest.raises((TypeError, ValueError), match=r"[Ll]abel|types"):
        MultiTaskMixed(["logistic"]).fit(X, y)


@pytest.mark.parametrize("y", [None, np.zeros(N)], ids=["none", "1-D"])
def test_targets_are_two_dimensional(X, y):
    with pytest.raises(ValueError, match="y"):
        MultiTaskMixed().fit(X, y)


@pytest.mark.parametrize(
    ("parameter", "value", "error"),
    [
        ("huber_delta", 0.0, ValueError),
        ("huber_delta", -1.0, ValueError),
        ("penalty", 0.1, TypeError),
        ("task_weight", "even", ValueError),
        ("task_weight", [1.0, 2.0], ValueError),
        ("task_weight", {"age": 1.0}, ValueError),
        ("normalize_y", "yes", (TypeError, ValueError)),
        ("max_iter", 0, ValueError),
        ("tol", -1.0, ValueError),
    ],
)
def test_other_parameters_are_refused(X, Y, parameter, value, error):
    with pytest.raises(error, match=parameter):
        MultiTaskMixed(LOSSES).set_params(**{parameter: value}).fit(X, Y)


@pytest.mark.parametrize(
    "penalty",
    [
        TraceNorm(0.1),
        TaskNorm(0.1),
        L1(0.1) + TraceNorm(0.1),
        TaskCoupling(1.0, np.eye(5)),
        Decomposition(L21(0.1), TaskNorm(0.1)),
    ],
    ids=repr,
)
def test_coupled_tasks_need_one_column(X, Y, penalty):
    with pytest.raises(ValueError, match="couples tasks"):
        MultiTaskMixed(LOSSES, penalty).fit(X, Y)


def test_two_classes_numbers_and_counts_may_be_coupled(X, Y):
    model = fit(X, Y.drop(columns="blood"), TraceNorm(0.3), dict(list(LOSSES.items())[:4]))
    assert np.linalg.matrix_rank(np.vstack(model.coef_), tol=1e-6) < 4


def test_a_coupling_of_other_tasks_is_refused(X, Y):
    with pytest.raises(ValueError, match="does not fit"):
        MultiTaskMixed(LOSSES, TaskCoupling(1.0, np.eye(4))).fit(X, Y)


# Skills


NEW_X = inputs(40, seed=9)
NEW_Y = targets(NEW_X, seed=10)


def test_the_baseline_has_no_skill(X, Y):
    """An empty model; its location of a "huber" task is a better one than the mean."""
    empty = fit(X, Y, L21(1e3))
    np.testing.assert_allclose(empty.skills(NEW_X, NEW_Y)[[0, 2, 3, 4]], 0.0, atol=1e-9)
    assert empty.skills(X, Y)[1] > 0


def test_of_normalized_numbers_the_mean_needs_no_intercept(X, Y):
    losses = {"age": "squared_error", "pay": "huber"}
    empty = fit(X, Y[["age", "pay"]], L21(1e3), losses, fit_intercept=False)
    np.testing.assert_allclose(empty.skills(NEW_X, NEW_Y[["age", "pay"]]), 0.0, atol=1e-12)


def test_a_perfect_model_has_a_skill_of_one(X):
    y = np.column_stack([3 * X[:, 0], X @ np.ones(P), X[:, 0] > 0])
    losses = ["squared_error", "huber", "logistic"]
    model = MultiTaskMixed(losses, Ridge(1e-7), max_iter=1000).fit(X, y)
    np.testing.assert_allclose(model.skills(X, y), 1.0, atol=2e-2)


def test_skills_are_those_documented(fitted, Y):
    """By scikit-learn's metrics, on new rows with weights."""
    weight = np.random.default_rng(0).uniform(size=(len(NEW_Y), 5))
    skills = fitted.skills(NEW_X, NEW_Y, weight)
    predictions, probabilities = fitted.predict(NEW_X), fitted.predict_proba(NEW_X)
    for t, (name, metric) in {
        0: ("age", lambda y, p, w: np.average((y - p) ** 2, weights=w)),
        2: ("visits", lambda y, p, w: mean_poisson_deviance(y, p, sample_weight=w)),
        3: ("ill", lambda y, p, w: log_loss(y, p, sample_weight=w)),
        4: ("blood", lambda y, p, w: log_loss(y, p, sample_weight=w)),
    }.items():
        known = predictions[name].to_numpy() if t < 3 else probabilities[t]
        shares = Y[name].value_counts(normalize=True).sort_index() if t > 2 else None
        base = np.full(len(NEW_Y), Y[name].mean()) if t < 3 else np.tile(shares, (len(NEW_Y), 1))
        own, null = (metric(NEW_Y[name], p, weight[:, t]) for p in (known, base))
        assert skills[t] == pytest.approx(1 - own / null, rel=1e-9)
    mean, scale = mean_and_scale(Y["pay"], np.ones(N))
    r = np.abs(np.array([NEW_Y["pay"] - predictions["pay"], NEW_Y["pay"] - mean])) / scale
    own, null = np.where(r <= 1.35, r**2 / 2, 1.35 * (r - 0.675)) @ weight[:, 1]
    assert skills[1] == pytest.approx(1 - own / null, rel=1e-9)


def test_on_training_rows_the_skill_of_squares_is_r2(fitted, X, Y):
    assert fitted.skills(X, Y)[0] == pytest.approx(r2_score(Y["age"], fitted.predict(X)["age"]))


def test_the_score_is_the_mean_skill(fitted):
    skills = fitted.skills(NEW_X, NEW_Y)
    assert fitted.score(NEW_X, NEW_Y) == pytest.approx(skills.mean(), rel=1e-12)


def test_tasks_without_labels_have_no_skill(fitted):
    skills = fitted.skills(NEW_X, NEW_Y.assign(ill=None))
    np.testing.assert_array_equal(np.isnan(skills), [False, False, False, True, False])
    assert fitted.score(NEW_X, NEW_Y.assign(ill=None)) == pytest.approx(np.nanmean(skills))


def test_missing_labels_are_not_scored(fitted):
    missing = NEW_Y.astype(object)
    missing.iloc[:10] = np.nan
    np.testing.assert_allclose(
        fitted.skills(NEW_X, missing), fitted.skills(NEW_X[10:], NEW_Y[10:]), rtol=1e-12
    )


def test_labels_that_were_not_seen_are_finite(fitted):
    other = NEW_Y.assign(blood=np.where(np.arange(len(NEW_Y)) < 2, "ab", NEW_Y["blood"]))
    skill = fitted.skills(NEW_X, other)[4]
    assert np.isfinite(skill)
    assert skill < fitted.skills(NEW_X, NEW_Y)[4]


@pytest.mark.parametrize("columns", [[*LOSSES, "age"], ["age", "pay"]], ids=["more", "fewer"])
def test_other_numbers_of_tasks_are_not_scored(fitted, columns):
    with pytest.raises(ValueError, match="tasks"):
        fitted.skills(NEW_X, NEW_Y[columns])


def test_columns_in_another_order_are_not_scored_as_others():
    X, names = inputs(), ["age", "pay"]
    model = MultiTaskMixed().fit(X, targets(X)[names])
    other = NEW_Y[names[::-1]]
    try:
        skills = model.skills(NEW_X, other)
    except ValueError:
        return
    np.testing.assert_allclose(skills, model.skills(NEW_X, NEW_Y[names]))


# Scorers and searches


def test_scorers_average_skills(fitted):
    skills = fitted.skills(NEW_X, NEW_Y)
    assert make_mixed_scorer()(fitted, NEW_X, NEW_Y) == pytest.approx(skills.mean())
    assert make_mixed_scorer("worst")(fitted, NEW_X, NEW_Y) == skills.min()
    assert make_mixed_scorer(task="visits")(fitted, NEW_X, NEW_Y) == skills[2]


def test_scorers_take_weights(fitted):
    weight = np.arange(len(NEW_Y), dtype=float)
    expected = fitted.skills(NEW_X, NEW_Y, weight).mean()
    assert make_mixed_scorer()(fitted, NEW_X, NEW_Y, sample_weight=weight) == expected


def test_other_averages_are_refused():
    with pytest.raises(ValueError, match="average"):
        make_mixed_scorer("median")


def test_a_scorer_of_no_task_is_refused(fitted):
    with pytest.raises(ValueError, match="no task 'shoes'"):
        make_mixed_scorer(task="shoes")(fitted, NEW_X, NEW_Y)


def test_scorers_can_be_pickled(fitted):
    scorer = make_mixed_scorer("worst")
    copy = pickle.loads(pickle.dumps(scorer))
    assert copy(fitted, NEW_X, NEW_Y) == scorer(fitted, NEW_X, NEW_Y)
    assert repr(copy) == "make_mixed_scorer(average='worst', task=None)"


GRID = [L21(0.01), L21(0.1), L21(10.0)]


def search(scoring, model=None, name="penalty"):
    model = MultiTaskMixed(LOSSES, tol=1e-3) if model is None else model
    return GridSearchCV(model, {name: GRID}, scoring=scoring, cv=3, error_score="raise")


@pytest.mark.parametrize("options", [{}, {"average": "worst"}, {"task": "visits"}], ids=repr)
def test_a_grid_search_takes_the_scorer(X, Y, options):
    found = search(make_mixed_scorer(**options)).fit(X, Y)
    scores = [
        cross_val_score(
            MultiTaskMixed(LOSSES, p, tol=1e-3), X, Y, scoring=found.scoring, cv=3
        ).mean()
        for p in GRID
    ]
    np.testing.assert_allclose(found.cv_results_["mean_test_score"], scores, rtol=1e-10)
    assert found.best_index_ == np.argmax(scores)
    assert found.best_index_ < 2  # not the empty model


def test_by_default_a_grid_search_scores_the_mean_skill(X, Y):
    own, scorer = search(None).fit(X, Y), search(make_mixed_scorer()).fit(X, Y)
    assert own.best_score_ == scorer.best_score_


def test_scorers_go_through_pipelines(X, Y):
    X = X * [1, 10, 100, 1000] + 5
    pipe = make_pipeline(StandardScaler(), MultiTaskMixed(LOSSES))
    found = search(make_mixed_scorer(), pipe, "multitaskmixed__penalty").fit(X, Y)
    best = found.best_estimator_
    expected = best[-1].skills(best[0].transform(X), Y).mean()
    assert found.score(X, Y) == pytest.approx(expected, rel=1e-12)
    assert make_mixed_scorer()(best, X, Y) == pytest.approx(expected, rel=1e-12)


def test_scorers_look_into_searches(X, Y):
    found = search(make_mixed_scorer()).fit(X, Y)
    assert make_mixed_scorer("worst")(found, X, Y) == found.best_estimator_.skills(X, Y).min()


def test_scorers_look_into_searches_over_pipelines(X, Y):
    pipe = make_pipeline(StandardScaler(), MultiTaskMixed(LOSSES))
    found = search(make_mixed_scorer(), pipe, "multitaskmixed__penalty").fit(X, Y)
    assert make_mixed_scorer()(found, X, Y) == pytest.approx(found.score(X, Y))


# Learned weights


@pytest.fixture(scope="module")
def uncertain():
    """All kinds with holes and weights, fitted with weights of their own."""
    X = inputs()
    Y, weight = holes(targets(X)), np.random.default_rng(0).uniform(0.5, 2, size=(N, 5))
    model = fit(X, Y, task_weight="uncertainty", sample_weight=weight)
    return model, X, Y, weight


def test_weights_are_inverse_to_mean_losses(uncertain):
    model, X, Y, weight = uncertain
    sums, totals = losses_of(model, X, Y, weight)
    products = model.task_weight_ * sums / totals
    np.testing.assert_allclose(products / products.mean(), 1.0, rtol=1e-3)  # rounds stop at 1e-4


def test_weights_multiply_to_one(uncertain):
    model, X, Y, weight = uncertain
    _, totals = losses_of(model, X, Y, weight)
    assert totals @ np.log(model.task_weight_) == pytest.approx(0.0, abs=1e-9 * totals.sum())


def test_the_objective_has_the_learned_weights(uncertain):
    model, X, Y, weight = uncertain
    value = objective(model, X, Y, weight, model.task_weight_, L21(0.1))
    assert model.objective_ == pytest.approx(value, rel=1e-9)
    same(model, fit(X, Y, task_weight=model.task_weight_, sample_weight=weight))


def test_learned_weights_are_not_above_equal_ones(uncertain):
    model, X, Y, weight = uncertain
    equal = fit(X, Y, sample_weight=weight)
    assert model.objective_ <= equal.objective_
    at_equal = objective(model, X, Y, weight, np.ones(5), L21(0.1))
    assert model.objective_ <= at_equal


def test_noise_is_the_deviation_of_residuals(uncertain):
    model, X, Y, weight = uncertain
    sums, totals = losses_of(model, X, Y, weight)
    seen = Y["age"].notna().to_numpy()
    age = Y["age"][seen].to_numpy(dtype=float)
    _, scale = mean_and_scale(age, weight[seen, 0])
    residuals = age - model.predict(X[seen])["age"].to_numpy()
    deviation = np.sqrt(np.average(residuals**2, weights=weight[seen, 0]))
    assert model.task_noise_[0] == pytest.approx(deviation, rel=1e-9)
    assert model.task_noise_[0] == pytest.approx(scale * np.sqrt(2 * sums[0] / totals[0]))


def test_planted_noise_is_recovered():
    rng, noise = np.random.default_rng(0), np.array([0.5, 2.0, 8.0])
    X = rng.normal(size=(1000, P))
    y = X @ rng.normal(size=(P, 3)) + noise * rng.normal(size=(1000, 3))
    model = fit(X, y, L21(1e-3), ["squared_error"] * 3, task_weight="uncertainty")
    np.testing.assert_allclose(model.task_noise_, noise, rtol=0.1)  # 1 / sqrt(2000), with room


def test_a_constant_task_does_not_take_all_the_weight(X, Y):
    y = np.column_stack([Y["age"], np.ones(N)])
    model = fit(X, y, losses=None, task_weight="uncertainty")
    assert model.task_weight_[1] < 1e12 * model.task_weight_[0]
    assert model.coef_[0].any()
