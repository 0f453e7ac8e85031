"""Heads of networks that are refitted by other estimators."""

import importlib.util
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeClassifier

from skmtl import (
    IndependentTasks,
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    MixedEffectsClassifier,
    MixedEffectsRegressor,
    MultiTaskCV,
    MultiTaskKernelRidge,
    MultiTaskLasso,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
    to_torch,
)

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason='PyTorch is not installed: pip install "skmtl[torch]"',
)
SMALL = {
    "hidden_layer_sizes": (8,),
    "n_members": 2,
    "max_iter": 4,
    "early_stopping": False,
    "random_state": 0,
}
LASSO = MultiTaskLasso(alpha=0.01, tol=1e-8)
RIDGES = IndependentTasks(Ridge())


def long_data(n_samples=120, n_tasks=3, seed=0):
    """Features, targets and task ids: lines of tasks about a common one, little noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4))
    tasks = np.sort(np.arange(n_samples) % n_tasks)
    coefs = [1.0, -1.0, 0.5, 0.0] + 0.3 * rng.normal(size=(n_tasks, 4))
    y = np.sum(X * coefs[tasks], axis=1) + tasks + 0.1 * rng.normal(size=n_samples)
    return X, y, tasks


def as_wide(y, tasks):
    """A column for each task, NaN where a sample is of another."""
    Y = np.full((len(y), tasks.max() + 1), np.nan)
    Y[np.arange(len(y)), tasks] = y
    return Y


def representations(model, X):
    """What the heads of each member see."""
    return np.split(model.represent(X), model.n_members, axis=1)


# Predictions


@needs_torch
def test_long_predictions_are_means_of_heads_refitted_by_hand():
    X, y, tasks = long_data()
    names = np.array(["a", "b", "c"])[tasks]
    model = MultiTaskMLPRegressor(**SMALL, handle_unknown="shared", normalize_y=False)
    model.fit(X, y, tasks=names)
    by_task, own, new = [], [], []
    for H in representations(model, X):
        head = MixedEffectsRegressor(tol=1e-2, handle_unknown="shared").fit(H, y, tasks=names)
        own.append(head.predict(H, tasks=names))
        by_task.append(head.predict_all_tasks(H))
        new.append(head.predict(H, tasks=np.full(len(H), "d")))
    close = {"rtol": 1e-8, "atol": 1e-8}
    np.testing.assert_allclose(model.predict(X, tasks=names), np.mean(own, axis=0), **close)
    np.testing.assert_allclose(model.predict_all_tasks(X), np.mean(by_task, axis=0), **close)
    of_new = model.predict(X, tasks=np.full(len(X), "d"))
    np.testing.assert_allclose(of_new, np.mean(new, axis=0), **close)
    with pytest.raises(ValueError, match="'d'"):
        model.set_params(handle_unknown="error").predict(X, tasks=np.full(len(X), "d"))


@needs_torch
@pytest.mark.parametrize("normalize_y", ["task", "common"])
def test_heads_learn_targets_without_what_all_or_each_have_in_common(normalize_y):
    X, y, tasks = long_data()
    y = 100.0 * y + 1e4
    model = MultiTaskMLPRegressor(**SMALL, refit_heads=RIDGES, normalize_y=normalize_y)
    model.fit(X, y, tasks=tasks)
    by_hand = []
    for H in representations(model, X):
        by_hand.append(clone(RIDGES).fit(H, y, tasks=tasks).predict(H, tasks=tasks))
    predictions = model.predict(X, tasks=tasks)  # intercepts are free, and ridges scale with y
    np.testing.assert_allclose(predictions, np.mean(by_hand, axis=0), rtol=1e-10)


@needs_torch
@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_wide_data_with_one_target_a_row_are_long_data(kind):
    X, y, tasks = long_data()
    if kind == "numbers":
        model = MultiTaskMLPRegressor(**SMALL, head="mean", normalize_y="task", refit_heads=LASSO)
        wide = clone(model).fit(X, as_wide(y, tasks)).predict(X)
        long = model.fit(X, y, tasks=tasks).predict_all_tasks(X)
    else:
        labels = (y > 1.0).astype(float)
        head = MeanRegularizedClassifier(0.1, ridge=0.01, tol=1e-8)
        model = MultiTaskMLPClassifier(**SMALL, head="mean", refit_heads=head)
        wide = clone(model).fit(X, as_wide(labels, tasks)).predict_proba(X)
        wide = np.stack(wide, axis=1)[np.arange(len(y)), tasks]
        long = model.fit(X, labels, tasks=tasks).predict_proba(X, tasks=tasks)
    np.testing.assert_allclose(wide, long, rtol=0, atol=1e-4)  # of single precision


@needs_torch
def test_probabilities_are_means_of_those_of_the_heads():
    X, y, tasks = long_data()
    labels = np.array(["low", "middle", "high"])[np.digitize(y, [0.0, 2.0])]
    head = MeanRegularizedClassifier(0.1, ridge=0.01, handle_unknown="shared")
    model = MultiTaskMLPClassifier(**SMALL, refit_heads=head, handle_unknown="shared")
    model.fit(X, labels, tasks=tasks)
    ids = np.where(np.arange(len(X)) < 9, 7, tasks)
    by_hand = []
    for H in representations(model, X):
        by_hand.append(clone(head).fit(H, labels, tasks=tasks).predict_proba(H, tasks=ids))
    expected = np.mean(by_hand, axis=0)
    np.testing.assert_allclose(model.predict_proba(X, tasks=ids), expected, atol=1e-8)
    of_tasks = model.predict_all_tasks(X)
    assert of_tasks.shape == (len(X), 3)
    own = of_tasks[np.arange(len(X)), tasks]
    np.testing.assert_array_equal(own, model.predict(X, tasks=tasks))


@needs_torch
def test_counts_are_refitted_by_heads_of_counts():
    X, y, tasks = long_data()
    counts = np.random.default_rng(0).poisson(np.exp(0.5 * y))
    head = MeanRegularizedRegressor(0.1, ridge=0.01, loss="poisson")
    model = MultiTaskMLPRegressor(**SMALL, loss="poisson", refit_heads=head)
    model.fit(X, counts, tasks=tasks)
    by_hand = []
    for H in representations(model, X):
        by_hand.append(clone(head).fit(H, counts, tasks=tasks).predict(H, tasks=tasks))
    predictions = model.predict(X, tasks=tasks)
    np.testing.assert_allclose(predictions, np.mean(by_hand, axis=0), rtol=1e-8)


@needs_torch
def test_weights_of_samples_and_tasks_reach_the_heads():
    X, y, tasks = long_data()
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    omega = np.array([1.0, 3.0, 0.5])
    model = MultiTaskMLPRegressor(**SMALL, refit_heads=RIDGES, task_weight=omega)
    model.fit(X, y, weight, tasks=tasks)
    by_hand = []
    for H in representations(model, X):
        head = clone(RIDGES).fit(H, y, weight * omega[tasks], tasks=tasks)
        by_hand.append(head.predict(H, tasks=tasks))
    predictions = model.predict(X, tasks=tasks)
    np.testing.assert_allclose(predictions, np.mean(by_hand, axis=0), rtol=1e-8)


@needs_torch
def test_units_that_are_as_good_as_constant_are_not_used():
    X, y, tasks = long_data()
    X = np.column_stack([X, np.zeros(len(X))])
    X[0, -1] = 1.0
    model = MultiTaskMLPRegressor(**SMALL, activation="identity", standardize=False)
    model.set_params(hidden_layer_sizes=(), n_members=1, refit_heads=RIDGES)
    X[:, -1] *= 1e-3
    model.fit(X, y, tasks=tasks)
    far = X + [0.0, 0.0, 0.0, 0.0, 1e6]
    predictions = model.predict(far, tasks=tasks)
    np.testing.assert_array_equal(predictions, model.predict(X, tasks=tasks))


# What it is good for


@needs_torch
def test_refitted_heads_are_better_where_tasks_are_small():
    X, y, tasks = long_data(400, 20)
    train = np.arange(400) % 20 < 8
    model = MultiTaskMLPRegressor((16,), n_members=2, random_state=0)
    scores = []
    for refit_heads in (None, "auto"):
        model.set_params(refit_heads=refit_heads).fit(X[train], y[train], tasks=tasks[train])
        scores.append(model.score(X[~train], y[~train], tasks=tasks[~train]))
    assert scores[1] > scores[0]


@needs_torch
def test_auto_refits_numbers_and_two_classes_of_tasks_with_samples_of_their_own():
    X, y, tasks = long_data()
    labels = (y > 1.0).astype(int)
    of_numbers = MultiTaskMLPRegressor(**SMALL)
    assert of_numbers.fit(X, y, tasks=tasks).head_estimators_[1].covariance_ != "full"
    assert of_numbers.fit(X, as_wide(y, tasks)).head_estimators_[0].covariance == "isotropic"
    of_classes = MultiTaskMLPClassifier(**SMALL)
    heads = of_classes.fit(X, labels, tasks=tasks).head_estimators_
    assert isinstance(heads[0], MixedEffectsClassifier)
    assert of_classes.fit(X, as_wide(labels, tasks)).head_estimators_ is None
    of_classes.fit(X, labels + (y > 2.0), tasks=tasks)
    assert of_classes.head_estimators_ is None
    of_numbers.set_params(loss="poisson").fit(X, labels, tasks=tasks)
    assert of_numbers.head_estimators_ is None
    of_numbers.set_params(loss="squared_error", sharing="none").fit(X, y, tasks=tasks)
    assert of_numbers.head_estimators_ is None
    of_numbers.set_params(sharing="hard", hidden_layer_sizes=(300,)).fit(X, y, tasks=tasks)
    assert of_numbers.head_estimators_ is None


# Estimators


@needs_torch
def test_certificates_pass_through():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**SMALL, refit_heads=LASSO).fit(X, y, tasks=tasks)
    assert len(model.head_estimators_) == 2
    for head in model.head_estimators_:
        assert 0 <= head.dual_gap_ < 1e-6
        assert head.coef_.shape == (3, 8)
    assert not hasattr(LASSO, "coef_")  # what the user gave is not fitted


@needs_torch
def test_warnings_of_heads_reach_the_user():
    X, y, tasks = long_data()
    head = MultiTaskLasso(alpha=1e-6, max_iter=1, tol=1e-12)
    with pytest.warns(ConvergenceWarning, match="max_iter=1"):
        MultiTaskMLPRegressor(**SMALL, refit_heads=head).fit(X, y, tasks=tasks)


def test_parameters_of_heads_are_nested():
    model = MultiTaskMLPRegressor(refit_heads=MultiTaskLasso())
    model.set_params(refit_heads__alpha=0.3)
    assert clone(model).get_params()["refit_heads__alpha"] == 0.3
    assert clone(model).refit_heads is not model.refit_heads


@needs_torch
def test_a_search_predicts_new_tasks():
    X, y, tasks = long_data()
    head = MultiTaskCV(MeanRegularizedRegressor(), {"alpha": 3})
    model = MultiTaskMLPRegressor(**SMALL, refit_heads=head, handle_unknown="shared")
    model.fit(X, y, tasks=tasks)
    assert np.isfinite(model.predict(X[:2], tasks=[7, 0])).all()


@needs_torch
@pytest.mark.parametrize("kind", [MultiTaskMLPRegressor, MultiTaskMLPClassifier])
def test_pickles_hold_no_torch_and_predict_the_same(kind):
    X, y, tasks = long_data()
    y = y if kind is MultiTaskMLPRegressor else y > 1.0
    model = kind(**SMALL).fit(X, y, tasks=tasks)
    pickled = pickle.dumps(model)
    assert b"torch" not in pickled
    expected = model.predict(X, tasks=tasks)
    np.testing.assert_array_equal(pickle.loads(pickled).predict(X, tasks=tasks), expected)


@needs_torch
@pytest.mark.parametrize("kind", ["two classes", "lasso", "counts"])
def test_modules_of_torch_have_the_refitted_heads(kind):
    import torch

    X, y, tasks = long_data()
    codes = np.where(np.arange(len(X)) < 9, 3, tasks)  # 3 is new
    options = {**SMALL, "handle_unknown": "shared"}
    if kind == "two classes":
        model = MultiTaskMLPClassifier(**options).fit(X, y > 1.0, tasks=tasks)
        expected = model.predict_proba(X, tasks=codes)
    elif kind == "lasso":
        model = MultiTaskMLPRegressor(**options, refit_heads=LASSO).fit(X, y, tasks=tasks)
        expected = model.predict(X, tasks=codes)
    else:
        head = MeanRegularizedRegressor(ridge=0.01, loss="poisson")
        model = MultiTaskMLPRegressor(**options, loss="poisson", refit_heads=head)
        expected = model.fit(X, y > 1.0, tasks=tasks).predict(X, tasks=codes)
    predictions = to_torch(model)(torch.from_numpy(X), torch.from_numpy(codes))
    np.testing.assert_allclose(predictions, expected, rtol=1e-9, atol=1e-12)


@needs_torch
@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_heads_that_are_not_linear_are_no_module(kind):
    X, y, tasks = long_data()
    if kind == "numbers":
        model = MultiTaskMLPRegressor(**SMALL, refit_heads=MultiTaskKernelRidge())
    else:
        head = IndependentTasks(DecisionTreeClassifier())
        model = MultiTaskMLPClassifier(**SMALL, refit_heads=head)
        y = y > 1.0
    with pytest.raises(ValueError, match="give refit_heads a linear model"):
        to_torch(model.fit(X, y, tasks=tasks))


@needs_torch
@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"refit_heads": "all"}, TypeError, "'all'"),
        ({"refit_heads": Ridge()}, TypeError, "an estimator of skmtl, got Ridge"),
        ({"refit_heads": MixedEffectsClassifier()}, TypeError, "give a regressor"),
        ({"refit_heads": MultiTaskLasso(task_column=0)}, ValueError, "task_column=0"),
        ({"refit_heads": LASSO, "sharing": "soft"}, ValueError, "sharing='soft'"),
        ({"refit_heads": LASSO, "checkpoint": "task"}, ValueError, "checkpoint='task'"),
        ({"refit_heads": LASSO, "training": "independent"}, ValueError, "'independent'"),
    ],
)
def test_heads_that_do_not_suit_are_refused(params, error, message):
    X, y, tasks = long_data()
    with pytest.raises(error, match=message):
        MultiTaskMLPRegressor(**SMALL, **params).fit(X, y, tasks=tasks)


@needs_torch
def test_heads_of_classes_need_probabilities():
    X, y, tasks = long_data()
    with pytest.raises(TypeError, match="probabilities"):
        MultiTaskMLPClassifier(**SMALL, refit_heads=LASSO).fit(X, y > 1.0, tasks=tasks)
