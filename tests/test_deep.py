"""Networks: the same in every form of data, reproducible and robust; an error without torch.

That ``import skmtl`` imports no torch is tested in test_package.py.
"""

import importlib.util
import pickle
import sys

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score

from skmtl import MultiTaskMLPClassifier, MultiTaskMLPRegressor

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason='PyTorch is not installed: pip install "skmtl[torch]"',
)
SMALL = {"hidden_layer_sizes": (8,), "n_members": 2, "refit_heads": None, "random_state": 0}
FEW_STEPS = {**SMALL, "max_iter": 4, "early_stopping": False}


def long_data(n_samples=120, n_tasks=3, seed=0):
    """Features, targets and task ids, sorted: lines of tasks about a common one, little noise."""
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


# Without torch


@pytest.mark.parametrize("kind", [MultiTaskMLPRegressor, MultiTaskMLPClassifier])
def test_fit_without_torch_names_the_extra(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r'pip install "skmtl\[torch\]"'):
        kind().fit([[0.0], [1.0]], [[0], [1]])


# Forms of data


@needs_torch
@pytest.mark.parametrize("head", ["mean", "own", "shared"])
@pytest.mark.parametrize("normalize_y", ["task", "common", False])
def test_wide_data_with_one_target_a_row_are_long_data(head, normalize_y):
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS, head=head, normalize_y=normalize_y)
    long = clone(model).fit(X, y, tasks=tasks)
    wide = clone(model).fit(X, as_wide(y, tasks))
    predictions = wide.predict(X)[np.arange(len(y)), tasks]
    np.testing.assert_allclose(predictions, long.predict(X, tasks=tasks), rtol=0, atol=1e-4)
    np.testing.assert_allclose(wide.loss_curve_, long.loss_curve_, rtol=1e-4)


@needs_torch
def test_wide_classes_with_one_target_a_row_are_long_classes():
    X, y, tasks = long_data()
    labels = np.digitize(y, [0.0, 2.0]).astype(float)
    model = MultiTaskMLPClassifier(**FEW_STEPS, head="mean")
    long = clone(model).fit(X, labels, tasks=tasks)
    wide = clone(model).fit(X, as_wide(labels, tasks))
    of_tasks = np.stack(wide.predict_proba(X), axis=1)
    probabilities = of_tasks[np.arange(len(y)), tasks]
    np.testing.assert_allclose(probabilities, long.predict_proba(X, tasks=tasks), atol=1e-4)


@needs_torch
def test_a_task_column_and_ids_are_the_same():
    X, y, tasks = long_data()
    by_ids = MultiTaskMLPRegressor(**SMALL, max_iter=3, early_stopping=False)
    by_column = clone(by_ids).set_params(task_column=0)
    by_ids.fit(X, y, tasks=tasks)
    with_column = np.column_stack([tasks, X])
    by_column.fit(with_column, y)
    expected = by_ids.predict(X, tasks=tasks)
    np.testing.assert_array_equal(by_column.predict(with_column), expected)


@needs_torch
def test_a_missing_target_is_one_of_weight_0():
    X, y, tasks = long_data()
    Y = as_wide(y, tasks)
    Y[:40, 1] = 1.0
    weight = np.isfinite(Y).astype(float)
    model = MultiTaskMLPRegressor(**SMALL, max_iter=6)
    with pytest.warns(ConvergenceWarning):
        missing = clone(model).fit(X, Y).predict(X)
    with pytest.warns(ConvergenceWarning):
        weightless = clone(model).fit(X, np.where(weight > 0, Y, 1e9), weight).predict(X)
    np.testing.assert_array_equal(missing, weightless)


@needs_torch
@pytest.mark.parametrize("form", ["wide", "long"])
def test_a_sample_of_weight_0_is_no_sample(form):
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS)
    ids = {"tasks": tasks}
    kept = {"tasks": tasks[20:]}
    if form == "wide":
        y = np.column_stack([y, -y])
        ids = kept = {}
    weight = np.where(np.arange(len(X)) < 20, 0.0, 1.0)
    weighted = clone(model).fit(X, y, weight, **ids).predict(X, **ids)
    without = clone(model).fit(X[20:], y[20:], **kept).predict(X, **ids)
    np.testing.assert_array_equal(weighted, without)


# The same numbers


@needs_torch
def test_numbers_depend_on_the_seed_only():
    import torch

    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS, dropout=0.3)

    def predictions():
        return clone(model).fit(X, y, tasks=tasks).predict(X, tasks=tasks)

    state = torch.random.get_rng_state()
    threads = torch.get_num_threads()
    once = predictions()
    torch.rand(3)
    torch.set_num_threads(2)
    try:
        np.testing.assert_array_equal(predictions(), once)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
        torch.random.set_rng_state(state)
    in_parallel = Parallel(n_jobs=2, backend="threading")(delayed(predictions)() for _ in range(3))
    for one in in_parallel:
        np.testing.assert_array_equal(one, once)
    assert torch.equal(torch.random.get_rng_state(), state)


@needs_torch
def test_pickles_hold_no_torch_and_predict_the_same():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS).fit(X, y, tasks=tasks)
    pickled = pickle.dumps(model)
    assert b"torch" not in pickled
    copy = pickle.loads(pickled)
    expected = model.predict(X, tasks=tasks)
    np.testing.assert_array_equal(copy.predict(X, tasks=tasks), expected)


@needs_torch
def test_units_do_not_matter():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS)
    plain = clone(model).fit(X, y, tasks=tasks).predict(X, tasks=tasks)
    other_units = 8.0 * X + 64.0
    scaled = clone(model).fit(other_units, 1e6 * y - 1e9, tasks=tasks)
    predictions = (scaled.predict(other_units, tasks=tasks) + 1e9) / 1e6
    np.testing.assert_allclose(predictions, plain, rtol=0, atol=1e-4)  # of single precision


# What is learned


@needs_torch
@pytest.mark.parametrize("outlier", [None, 1e6])
def test_linear_tasks_are_learned_in_spite_of_an_outlier(outlier):
    X, y, tasks = long_data(450)
    train = np.arange(450) % 3 > 0
    if outlier is not None:
        X[1, 0] = outlier
    model = MultiTaskMLPRegressor((16,), n_members=3, learning_rate_init=0.02, random_state=0)
    model.fit(X[train], y[train], tasks=tasks[train])
    assert model.score(X[~train], y[~train], tasks=tasks[~train]) > 0.95


@needs_torch
def test_early_stopping_keeps_the_best_epoch_of_each_member():
    X, y, tasks = long_data()
    tasks[0] = 3  # a task of one sample, which no member leaves out
    model = MultiTaskMLPRegressor(**SMALL, learning_rate_init=0.1, n_iter_no_change=5)
    model.fit(X, y, tasks=tasks)
    curve = model.validation_curve_
    assert curve.shape == (model.n_iter_, 2, 4)
    assert np.isnan(curve[:, :, 3]).all()
    of_members = curve[:, :, :3].mean(axis=2)
    for member, epoch in enumerate(model.best_epoch_[:, 0]):
        until_stopped = of_members[: epoch + 5, member]
        assert of_members[epoch - 1, member] == pytest.approx(until_stopped.min(), abs=1e-4)
    assert model.loss_curve_.shape == (model.n_iter_, 4)
    assert np.isfinite(model.predict(X, tasks=tasks)).all()


WAYS = {
    "none": {"sharing": "none"},
    "soft": {"sharing": "soft"},
    "independent": {"training": "independent"},
    "sequential": {"training": "sequential"},
    "task checkpoints": {"checkpoint": "task", "early_stopping": True},
    "soft with task checkpoints": {
        "sharing": "soft",
        "checkpoint": "task",
        "early_stopping": True,
    },
}


@needs_torch
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_trunks_of_tasks_in_every_form(way):
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS, normalize_y="task").set_params(**WAYS[way])
    model.set_params(head="own" if way in ("independent", "sequential") else "mean")
    long = clone(model).fit(X, y, tasks=tasks)
    of_all = long.predict_all_tasks(X)
    predictions = long.predict(X, tasks=tasks)
    np.testing.assert_allclose(predictions, of_all[np.arange(len(y)), tasks], rtol=1e-10)
    wide = clone(model).fit(X, as_wide(y, tasks))
    np.testing.assert_allclose(wide.predict(X), of_all, rtol=0, atol=2e-3)
    assert long.represent(X).shape == (120, 2 * 3 * 8)
    assert long.best_epoch_.shape == (2, 3)
    assert r2_score(y, predictions) > 0
    new = pickle.loads(pickle.dumps(long)).set_params(handle_unknown="shared")
    assert np.isfinite(new.predict(X, tasks=np.full(len(X), 99))).all()


@needs_torch
def test_a_strong_penalty_makes_trunks_the_same():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS, sharing="soft", head="shared", normalize_y=False)
    model.set_params(soft_alpha=1e6).fit(X, y, tasks=tasks)
    tied = model.predict_all_tasks(X)
    free = model.set_params(soft_alpha=0.0).fit(X, y, tasks=tasks).predict_all_tasks(X)
    assert np.ptp(tied, axis=1).mean() < 0.3 * np.ptp(free, axis=1).mean()


@needs_torch
def test_independent_tasks_do_not_see_each_other():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS, training="independent", standardize=False)
    together = clone(model).fit(X, y, tasks=tasks).predict(X, tasks=tasks)
    in_parallel = clone(model).set_params(n_jobs=2).fit(X, y, tasks=tasks)
    np.testing.assert_array_equal(in_parallel.predict(X, tasks=tasks), together)
    other = np.where(tasks == 0, y, 100.0 * np.sin(y))
    first = clone(model).fit(X, other, tasks=tasks).predict(X, tasks=tasks)
    np.testing.assert_array_equal(first[tasks == 0], together[tasks == 0])


@needs_torch
def test_checkpoints_of_tasks_are_their_best_epochs():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**SMALL, learning_rate_init=0.1, checkpoint="task")
    model.set_params(n_iter_no_change=5).fit(X, y, tasks=tasks)
    curve = model.validation_curve_
    for member in range(2):
        until_stopped = curve[: model.best_epoch_[member].max() + 5, member]
        for task in range(3):
            best = until_stopped[model.best_epoch_[member, task] - 1, task]
            assert best == pytest.approx(until_stopped[:, task].min(), abs=1e-4)
    assert len(np.unique(model.best_epoch_)) > 2


@needs_torch
def test_too_few_epochs_are_told():
    X, y, tasks = long_data()
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        MultiTaskMLPRegressor(**SMALL, max_iter=2).fit(X, y, tasks=tasks)


@needs_torch
def test_a_new_task_has_the_mean_head_and_the_mean_offset():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS, normalize_y=False).fit(X, y, tasks=tasks)
    with pytest.raises(ValueError, match="7"):
        model.predict(X[:1], tasks=[7])
    model.set_params(handle_unknown="shared")
    mean_of_tasks = model.predict_all_tasks(X).mean(axis=1)
    new = model.predict(X, tasks=np.full(len(X), 7))
    np.testing.assert_allclose(new, mean_of_tasks, rtol=1e-5)


@needs_torch
def test_constant_targets_are_predicted_exactly():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS).fit(X, np.column_stack([y, np.full(120, 5.0)]))
    np.testing.assert_array_equal(model.predict(X)[:, 1], 5.0)
    model.fit(X, np.full(120, 5.0), tasks=tasks)
    np.testing.assert_array_equal(model.predict(X, tasks=tasks), 5.0)


@needs_torch
def test_a_strong_head_penalty_makes_heads_the_same():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS, head_alpha=0.0, normalize_y=False)
    free = model.fit(X, y, tasks=tasks).predict_all_tasks(X)
    tied = model.set_params(head_alpha=1e6).fit(X, y, tasks=tasks).predict_all_tasks(X)
    assert np.ptp(tied, axis=1).mean() < 0.5 * np.ptp(free, axis=1).mean()


@needs_torch
def test_a_heavy_task_is_fitted_more_closely():
    X, y, _ = long_data()
    Y = np.column_stack([y, np.sin(3 * X[:, 0])])
    model = MultiTaskMLPRegressor((4,), n_members=2, early_stopping=False, random_state=0)
    model.set_params(max_iter=40)
    even = model.fit(X, Y).loss_curve_[-1]
    uneven = model.set_params(task_weight={0: 1.0, 1: 50.0}).fit(X, Y).loss_curve_[-1]
    assert uneven[1] < even[1]
    assert uneven[0] > even[0]


@needs_torch
def test_counts_are_learned():
    rng = np.random.default_rng(0)
    X, _, tasks = long_data(300)
    mean = np.exp(0.8 * X[:, 0] + tasks)
    model = MultiTaskMLPRegressor((8,), loss="poisson", learning_rate_init=0.02, random_state=0)
    model.fit(X, rng.poisson(mean), tasks=tasks)
    predictions = model.predict(X, tasks=tasks)
    assert (predictions > 0).all()
    assert np.corrcoef(np.log(predictions), np.log(mean))[0, 1] > 0.95
    with pytest.raises(ValueError, match="count"):
        model.fit(X, -mean, tasks=tasks)


@needs_torch
def test_classes_of_tasks_differ_in_number_and_type():
    X, y, _ = long_data(240, 2)
    two = np.where(y > np.median(y), "high", "low").astype(object)
    two[:30] = None
    three = np.digitize(X[:, 0], [-0.5, 0.5]).astype(object)
    model = MultiTaskMLPClassifier((8,), n_members=2, learning_rate_init=0.02, random_state=0)
    model.fit(X, np.column_stack([two, three]))
    of_two, of_three = model.predict_proba(X)
    assert of_two.shape == (240, 2)
    assert of_three.shape == (240, 3)
    np.testing.assert_allclose(of_two.sum(axis=1), 1.0)
    predictions = model.predict(X)
    assert (predictions[:, 1] == three).mean() > 0.9
    assert (predictions[30:, 0] == two[30:]).mean() > 0.8


@needs_torch
def test_representations_are_those_of_the_members_side_by_side():
    X, y, _ = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS).fit(X, y[:, None])
    assert model.represent(X).shape == (120, 2 * 8)
    assert (model.represent(X) >= 0).all()  # of rectifiers


@needs_torch
def test_balanced_classes_are_weighted_samples():
    X, y, tasks = long_data()
    labels = (y > 1.0).astype(int)
    weight = np.empty(len(y))
    for t in range(3):
        own = tasks == t
        counts = np.bincount(labels[own], minlength=2)
        weight[own] = own.sum() / (2.0 * counts[labels[own]])
    model = MultiTaskMLPClassifier(**FEW_STEPS)
    weighted = clone(model).fit(X, labels, weight, tasks=tasks)
    balanced = clone(model).set_params(class_weight="balanced").fit(X, labels, tasks=tasks)
    probabilities = balanced.predict_proba(X, tasks=tasks)
    np.testing.assert_allclose(probabilities, weighted.predict_proba(X, tasks=tasks), rtol=1e-5)


@needs_torch
def test_a_new_task_has_the_mean_of_the_scores_of_a_single_member():
    X, y, tasks = long_data()
    model = MultiTaskMLPClassifier(**{**FEW_STEPS, "n_members": 1}, handle_unknown="shared")
    model.fit(X, (y > 1.0).astype(int), tasks=tasks)
    of_tasks = []
    for t in range(3):
        scores = model.decision_function(X, tasks=np.full(len(X), t))
        of_tasks.append(scores - scores.mean())
    new = model.decision_function(X, tasks=np.full(len(X), 7))
    np.testing.assert_allclose(new - new.mean(), np.mean(of_tasks, axis=0), atol=1e-10)


@needs_torch
def test_gradients_of_tasks_add_up_to_that_of_the_objective():
    from torch import nn

    def trunk():
        return nn.Sequential(nn.Linear(4, 8), nn.Tanh())

    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    tasks = np.arange(60) % 3
    y = X @ [1.0, -1.0, 0.5, 0.0] + tasks
    model = MultiTaskMLPRegressor(trunk=trunk, n_members=2, random_state=0)
    model.set_params(early_stopping=False, max_iter=5, batch_size=60)
    equal = model.fit(X, y, tasks=tasks).predict(X, tasks=tasks)
    model.set_params(weighting=lambda gradients: gradients.sum(0))
    summed = model.fit(X, y, tasks=tasks).predict(X, tasks=tasks)
    np.testing.assert_allclose(summed, equal, atol=1e-4)


@needs_torch
def test_features_that_are_not_standardized_are_left_as_they_are():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor((8,), n_members=1, activation="identity", random_state=0)
    model.set_params(standardize=False, early_stopping=False, max_iter=2)
    h = model.fit(X, y, tasks=tasks).represent(np.vstack([X, 1e4 * X]))
    origin = model.represent(np.zeros((1, 4)))
    np.testing.assert_allclose(h[120:] - origin, 1e4 * (h[:120] - origin), rtol=1e-8)
    single = X.astype(np.float32)
    np.testing.assert_allclose(model.represent(single), h[:120], atol=1e-6)
    np.testing.assert_array_equal(
        model.represent(np.ones((1, 4), int)), model.represent([[1.0] * 4])
    )
