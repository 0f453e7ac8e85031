"""Networks of numbers, classes and counts; data that try the three estimators; single tasks."""

import importlib.util
import pickle
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss, mean_poisson_deviance, mean_squared_error
from sklearn.model_selection import GridSearchCV

from skmtl import (
    MultiTaskMixed,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
    compare_to_single_task,
    make_mixed_scorer,
    task_gradient_similarity,
    to_torch,
)
from skmtl.evaluation import single_task
from skmtl.losses import Huber
from skmtl.penalties import L21

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason='PyTorch is not installed: pip install "skmtl[torch]"',
)
SMALL = {"hidden_layer_sizes": (8,), "n_members": 2, "random_state": 0}
FULL_BATCHES = {**SMALL, "batch_size": 1000, "max_iter": 5, "early_stopping": False}
LEARNING = {**SMALL, "learning_rate_init": 0.02, "n_iter_no_change": 8}
LOSSES = {
    "age": "squared_error",
    "pay": "huber",
    "visits": "poisson",
    "ill": "logistic",
    "blood": "logistic",
}


def inputs(n_samples=150, seed=0):
    return np.random.default_rng(seed).normal(size=(n_samples, 4))


def targets(X, seed=1):
    """A frame of two numbers, counts, two and three classes, linear in the features."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(len(X), 2))
    best = (2.0 * X[:, :3] + rng.gumbel(size=(len(X), 3))).argmax(axis=1)
    return pd.DataFrame(
        {
            "age": 40 + 10 * (X[:, 0] + X[:, 1]) + noise[:, 0],
            "pay": 3 * X[:, 0] + 0.3 * rng.standard_t(2, size=len(X)),
            "visits": rng.poisson(np.exp(1 + X[:, 0] - 0.5 * X[:, 1])),
            "ill": np.where(X[:, 0] + 0.3 * noise[:, 1] > 0.3, "yes", "no"),
            "blood": np.array(["a", "b", "o"])[best],
        }
    )


def one_task_each(Y):
    """A frame with the targets of one task in each row, the same as an array, and their task."""
    names = np.array(list(Y))
    tasks = names[np.arange(len(Y)) % len(names)]
    known = tasks[:, None] == names
    y = np.empty(len(Y), dtype=object)
    y[:] = [Y[name][row] for row, name in enumerate(tasks)]
    return Y.astype(object).where(known), y, tasks


def fitted(**params):
    X = inputs()
    return MultiTaskMLP(LOSSES, **{**FULL_BATCHES, **params}).fit(X, targets(X)), X, targets(X)


# What is learned


@needs_torch
@pytest.mark.parametrize("form", ["wide", "long"])
def test_tasks_of_every_kind_are_learned(form):
    X, new_X = inputs(300), inputs(300, seed=5)
    Y, new_Y = targets(X), targets(new_X, seed=6)
    model = MultiTaskMLP(LOSSES, **LEARNING)
    if form == "wide":
        holes = np.random.default_rng(2).random(Y.shape) < 0.3
        skills = model.fit(X, Y.astype(object).mask(holes)).skills(new_X, new_Y)
        linear = MultiTaskMixed(LOSSES, L21(0.01)).fit(X, Y).skills(new_X, new_Y)
    else:
        ids = np.repeat(list(Y), len(Y))
        y = np.concatenate([Y[name].to_numpy(dtype=object) for name in Y])
        skills = model.fit(np.tile(X, (5, 1)), y, tasks=ids).skills(
            np.tile(new_X, (5, 1)),
            np.concatenate([new_Y[name].to_numpy(dtype=object) for name in Y]),
            tasks=ids,
        )
        order = [list(LOSSES).index(name) for name in model.tasks_]
        linear = MultiTaskMixed(LOSSES, L21(0.01)).fit(X, Y).skills(new_X, new_Y)[order]
    assert (skills > linear - 0.1).all(), skills - linear  # the truth is linear


@needs_torch
@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson"])
def test_tasks_of_one_kind_are_a_regression(loss):
    X = inputs()
    Y = targets(X)[["age", "visits"]].to_numpy() + 20.0
    mixed = MultiTaskMLP([loss] * 2, **SMALL, max_iter=5, huber_delta=0.5)
    one_kind = MultiTaskMLPRegressor(loss=loss, **SMALL, max_iter=5, huber_delta=0.5)
    one_kind.set_params(refit_heads=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        predictions = mixed.fit(X, Y).predict(X)
        expected = one_kind.fit(X, Y).predict(X)
    np.testing.assert_allclose(predictions, expected, rtol=1e-5)


@needs_torch
def test_rows_of_their_own_are_wide_rows_with_one_target():
    X = inputs()
    wide_y, y, tasks = one_task_each(targets(X))
    model = MultiTaskMLP(LOSSES, **FULL_BATCHES)
    wide = clone(model).fit(X, wide_y)
    long = clone(model).fit(X, y, tasks=tasks)
    of_wide = wide.predict(X)
    of_long = pd.DataFrame(long.predict_all_tasks(X), columns=long.tasks_)[list(of_wide)]
    for name, loss in LOSSES.items():
        if loss == "logistic":
            assert (of_wide[name] == of_long[name]).mean() > 0.95  # ties, in single precision
        else:
            # where offsets are optimal, first steps of biases are rounding: up to 0.003 each
            np.testing.assert_allclose(of_wide[name], of_long[name].astype(float), rtol=0.01)
    own = long.predict(X, tasks=tasks)
    of_all = long.predict_all_tasks(X)
    for t, name in enumerate(long.tasks_):
        of_task = tasks == name
        if LOSSES[name] == "logistic":
            np.testing.assert_array_equal(own[of_task], of_all[of_task, t])
        else:
            pairs = own[of_task].astype(float), of_all[of_task, t].astype(float)
            np.testing.assert_allclose(*pairs, rtol=1e-12)


@needs_torch
def test_a_huber_loss_is_moved_less_by_outliers():
    X = inputs(300)
    Y = targets(X)[["age"]].to_numpy()
    far = np.where(np.arange(300)[:, None] % 50 == 0, 1000.0, Y)
    model = MultiTaskMLPRegressor(**LEARNING, huber_delta=0.1, refit_heads=None)
    errors = {}
    for loss in ("squared_error", "huber"):
        predictions = clone(model).set_params(loss=loss).fit(X, far).predict(X)
        errors[loss] = np.median(np.abs(predictions - Y))
    assert errors["huber"] < 0.5 * errors["squared_error"]


@needs_torch
def test_counts_of_other_orders_of_magnitude_do_not_matter():
    rng = np.random.default_rng(0)
    X = inputs(200)
    rate = np.exp(X[:, 0])
    Y = np.column_stack([rng.poisson(1000 * rate), rng.poisson(0.1 * rate), np.zeros(200)])
    model = MultiTaskMLPRegressor(loss="poisson", **FULL_BATCHES).fit(X, Y)
    np.testing.assert_allclose(model.predict(X).mean(axis=0)[:2], Y.mean(axis=0)[:2], rtol=0.2)
    assert (model.predict(X)[:, 2] < 0.01).all()


# What comes in and what goes out


@needs_torch
def test_frames_come_back_as_frames():
    model, X, Y = fitted()
    frame = pd.DataFrame(X, index=np.arange(100, 250))
    predictions = model.predict(frame)
    assert predictions.columns.tolist() == list(LOSSES)
    assert predictions.index.equals(frame.index)
    assert predictions["age"].dtype == float
    array = clone(model).set_params(losses=list(LOSSES.values())).fit(X, Y.to_numpy(dtype=object))
    np.testing.assert_array_equal(array.predict(X), predictions.to_numpy(dtype=object))
    assert (
        MultiTaskMLP(**FULL_BATCHES).fit(X, Y[["age", "pay"]].to_numpy()).predict(X).dtype == float
    )


@needs_torch
def test_what_is_fitted_is_described():
    model, X, Y = fitted()
    assert model.losses_ == list(LOSSES.values())
    assert (
        MultiTaskMLP(**FULL_BATCHES).fit(X, Y).losses_ == ["squared_error"] * 3 + ["logistic"] * 2
    )
    assert [classes is None for classes in model.classes_] == [True] * 3 + [False] * 2
    assert model.baseline_[:3] == pytest.approx(Y[["age", "pay", "visits"]].mean().tolist())
    assert model.loss_curve_.shape == (5, 5)
    assert not hasattr(MultiTaskMLP(["squared_error"]), "predict_proba")


@needs_torch
def test_probabilities_are_those_of_the_scores():
    model, X, _ = fitted()
    *numbers, two, three = model.predict_proba(X)
    assert numbers == [None, None, None]
    scores = model.decision_function(X)
    assert scores.shape == (150, 4 + 3)
    np.testing.assert_allclose(two[:, 1], 1 / (1 + np.exp(-scores[:, 3])), rtol=1e-12)
    np.testing.assert_allclose(three, np.exp(scores[:, 4:]), rtol=1e-10)
    np.testing.assert_array_equal(
        model.predict(X)["blood"], np.array(["a", "b", "o"])[three.argmax(1)]
    )
    np.testing.assert_allclose(model.predict(X)["visits"], np.exp(scores[:, 2]), rtol=1e-12)


@needs_torch
def test_probabilities_of_rows_are_those_of_their_tasks():
    X = inputs()
    _, y, tasks = one_task_each(targets(X))
    model = MultiTaskMLP(LOSSES, **FULL_BATCHES).fit(X, y, tasks=tasks)
    of_rows = model.predict_proba(X, tasks=tasks)
    n_known = pd.Series(np.isfinite(of_rows).sum(axis=1)).groupby(tasks).unique()
    assert n_known.map(list).to_dict() == {
        "age": [0],
        "blood": [3],
        "ill": [2],
        "pay": [0],
        "visits": [0],
    }
    is_blood = tasks == "blood"
    own = model.predict(X[is_blood], tasks=tasks[is_blood])
    np.testing.assert_array_equal(own, model.classes_[1][of_rows[is_blood].argmax(axis=1)])
    assert model.decision_function(X, tasks=tasks).shape == (150, 3)


@needs_torch
@pytest.mark.parametrize("form", ["wide", "long"])
def test_skills_compare_with_the_baseline(form):
    X, new_X = inputs(), inputs(seed=5)
    Y, new_Y = targets(X), targets(new_X, seed=6)
    model = MultiTaskMLP(LOSSES, **FULL_BATCHES)
    weight = np.random.default_rng(0).uniform(0.5, 2.0, size=150)
    ids = {}
    if form == "wide":
        model.fit(X, Y)
        predictions, scored = model.predict(new_X), new_Y
    else:
        _, y, tasks = one_task_each(Y)
        _, scored, _ = one_task_each(new_Y)
        ids = {"tasks": tasks}
        model.fit(X, y, **ids)
        predictions = pd.DataFrame(model.predict_all_tasks(new_X), columns=model.tasks_)
    skills = dict(zip(model.tasks_, model.skills(new_X, scored, weight, **ids), strict=True))
    for name, metric in (("age", mean_squared_error), ("visits", mean_poisson_deviance)):
        own = slice(None) if form == "wide" else ids["tasks"] == name
        truth = new_Y[name][own].astype(float)
        options = {"sample_weight": weight[own]}
        baseline = np.full(len(truth), model.baseline_[list(model.tasks_).index(name)])
        loss = metric(truth, predictions[name][own].astype(float), **options)
        expected = 1 - loss / metric(truth, baseline, **options)
        assert skills[name] == pytest.approx(expected, rel=1e-10)
    if form == "wide":
        ratio = log_loss(new_Y["ill"], model.predict_proba(new_X)[3], sample_weight=weight)
        ratio /= log_loss(new_Y["ill"], np.tile(model.baseline_[3], (150, 1)), sample_weight=weight)
        assert skills["ill"] == pytest.approx(1 - ratio, rel=1e-10)
    mean = np.mean(list(skills.values()))
    assert model.score(new_X, scored, weight, **ids) == pytest.approx(mean)
    assert make_mixed_scorer()(model, new_X, scored, weight, **ids) == pytest.approx(mean)


@needs_torch
def test_a_grid_search_scores_the_mean_skill():
    X = inputs()
    model = MultiTaskMLP(LOSSES, **FULL_BATCHES)
    grid = {"learning_rate_init": [1e-6, 0.1]}
    search = GridSearchCV(model, grid, scoring=make_mixed_scorer(), cv=2).fit(X, targets(X))
    assert search.best_params_ == {"learning_rate_init": 0.1}


@needs_torch
@pytest.mark.parametrize("form", ["wide", "long"])
def test_copies_and_modules_predict_the_same(form):
    import torch

    X = inputs()
    _, y, tasks = one_task_each(targets(X))
    model = MultiTaskMLP(LOSSES, **FULL_BATCHES)
    model = model.fit(X, targets(X)) if form == "wide" else model.fit(X, y, tasks=tasks)
    pickled = pickle.dumps(model)
    assert b"torch" not in pickled
    copy = pickle.loads(pickled)
    np.testing.assert_array_equal(copy.predict_all_tasks(X), model.predict_all_tasks(X))
    module = to_torch(model)
    if form == "wide":
        of_module = module(torch.from_numpy(X)).numpy()
        np.testing.assert_allclose(of_module[:, 4], model.predict_proba(X)[4], rtol=1e-10)
        np.testing.assert_allclose(of_module[:, 0, 0], model.predict(X)["age"], rtol=1e-10)
        cosines = task_gradient_similarity(model, X, targets(X))
        np.testing.assert_allclose(np.diag(cosines), 1.0, rtol=1e-5)
        return
    codes = np.searchsorted(model.tasks_, tasks)
    of_module = module(torch.from_numpy(X), torch.from_numpy(codes)).numpy()
    probabilities = np.nan_to_num(model.predict_proba(X, tasks=tasks))
    is_class = np.isin(tasks, ["ill", "blood"])
    np.testing.assert_allclose(of_module[is_class], probabilities[is_class], atol=1e-12)
    numbers = model.predict(X, tasks=tasks)[~is_class].astype(float)
    np.testing.assert_allclose(of_module[~is_class, 0], numbers, rtol=1e-10)


# Weights and missing targets


def three_estimators(X):
    """Estimators and wide targets of theirs."""
    Y = targets(X)
    return {
        "numbers": (MultiTaskMLPRegressor(**FULL_BATCHES), Y[["age", "pay"]].to_numpy()),
        "classes": (MultiTaskMLPClassifier(**FULL_BATCHES), Y[["ill", "blood"]].to_numpy(object)),
        "mixed": (MultiTaskMLP(LOSSES, **FULL_BATCHES), Y),
    }


KINDS = ["numbers", "classes", "mixed"]


def scores_of(model, X):
    """Numbers of about 1 that are close where models are."""
    if isinstance(model, MultiTaskMLPRegressor):
        return model.predict(X) / [10.0, 3.0]
    scores = model.decision_function(X)
    return np.hstack(scores) if isinstance(scores, list) else scores


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_of_two_is_a_row_twice(kind):
    X = inputs()
    model, Y = three_estimators(X)[kind]
    weight = np.arange(150) % 3
    rows = np.repeat(np.arange(150), weight)
    weighted = clone(model).fit(X, Y, weight)
    twice = clone(model).fit(X[rows], Y.iloc[rows] if kind == "mixed" else Y[rows])
    # Offsets are optimal, so that the first gradients of biases are rounding, which AdamW takes
    # for a direction: at most a few steps of 0.003.
    np.testing.assert_allclose(scores_of(weighted, X), scores_of(twice, X), rtol=0, atol=0.01)


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_rows_without_targets_and_cells_of_weight_0_are_none(kind):
    X = inputs()
    model, Y = three_estimators(X)[kind]
    model.set_params(early_stopping=True)
    Y = Y.to_numpy(dtype=object) if kind == "mixed" else Y
    if kind == "mixed":
        model.set_params(losses=list(LOSSES.values()))
    missing = Y.copy()
    missing[:20] = np.nan if kind == "numbers" else None
    missing[30:60, 0] = np.nan if kind == "numbers" else None
    weight = np.ones(Y.shape)
    weight[:20] = 0.0
    weight[30:60, 0] = 0.0
    of_missing = scores_of(clone(model).fit(X, missing), X)
    np.testing.assert_array_equal(scores_of(clone(model).fit(X, Y, weight), X), of_missing)
    np.testing.assert_array_equal(scores_of(clone(model).fit(X[20:], missing[20:]), X), of_missing)


# Data that try networks


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
def test_an_outlier_costs_little(kind):
    X, new_X = inputs(300), inputs(300, seed=5)
    model, Y = three_estimators(X)[kind]
    _, new_Y = three_estimators(new_X)[kind]
    model.set_params(max_iter=60, learning_rate_init=0.03)
    score = clone(model).fit(X, Y).score(new_X, new_Y)
    X[3, 0] = 1e6
    assert clone(model).fit(X, Y).score(new_X, new_Y) > score - 0.02


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
def test_features_of_any_type_and_unit_are_the_same(kind):
    X = inputs().astype(np.float32).astype(float)
    X[X < -1] = 0.0
    model, Y = three_estimators(X)[kind]
    expected = scores_of(clone(model).fit(X, Y), X)
    for other in (X.astype(np.float32), sparse.csr_array(X), X * 2.0**-50):
        found = scores_of(clone(model).fit(other, Y), other)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@needs_torch
@pytest.mark.parametrize("unit", [2.0**-50, 2.0**30])
@pytest.mark.parametrize("normalize_y", ["task", "common"])
def test_targets_in_any_unit_are_the_same(unit, normalize_y):
    X = inputs()
    Y = targets(X)[["age", "pay"]].to_numpy()
    model = MultiTaskMLPRegressor(**FULL_BATCHES, normalize_y=normalize_y)
    plain = clone(model).fit(X, Y).predict(X)
    shifted = Y * unit + unit * 1000
    predictions = clone(model).fit(X, shifted).predict(X) / unit - 1000
    np.testing.assert_allclose(predictions, plain, rtol=1e-4, atol=1e-4)


@needs_torch
def test_tasks_that_say_nothing_are_predicted_as_they_are():
    X = inputs()
    Y = targets(X).assign(age=7.0, visits=0, ill="no")
    Y["pay"] = np.where(np.arange(150) == 4, 3.0, np.nan)
    with pytest.warns(UserWarning, match=r"holds one class, \['no'\]|counts of zero only"):
        model = MultiTaskMLP(LOSSES, **FULL_BATCHES).fit(X, Y)
    predictions = model.predict(X)
    np.testing.assert_allclose(predictions["age"], 7.0, rtol=1e-12)
    np.testing.assert_allclose(predictions["pay"], 3.0, rtol=0.1)
    assert (predictions["visits"] < 0.1).all()
    assert (predictions["ill"] == "no").all()
    assert model.predict_proba(X)[3].shape == (150, 1)
    assert np.isnan(model.skills(X, Y)[[0, 3]]).all()


@needs_torch
def test_a_new_task_is_known_where_tasks_are_alike():
    X = inputs()
    tasks = np.arange(150) % 3
    y = 10.0 * X[:, 0] + tasks
    model = MultiTaskMLP(**FULL_BATCHES, handle_unknown="shared").fit(X, y, tasks=tasks)
    new = model.predict(X, tasks=np.full(150, 9))
    assert np.corrcoef(new, model.predict_all_tasks(X).mean(axis=1))[0, 1] > 0.999
    model.set_params(losses=["huber", "huber", "squared_error"]).fit(X, y, tasks=tasks)
    with pytest.raises(ValueError, match="what a new task would be"):
        model.predict(X, tasks=np.full(150, 9))
    with pytest.raises(ValueError, match="not seen in fit"):
        model.set_params(handle_unknown="error").predict(X[:1], tasks=[9])


@needs_torch
@pytest.mark.parametrize(
    ("losses", "error", "message"),
    [
        ({**LOSSES, "ill": "squared_error"}, ValueError, r"Task \['ill'\].*no numbers"),
        ({**LOSSES, "pay": "poisson"}, ValueError, r"Task \['pay'\].*at least 0"),
        ({**LOSSES, "pay": "hinge"}, ValueError, r"losses of task \['pay'\]='hinge' is not one of"),
        ({**LOSSES, "pay": Huber()}, TypeError, "losses must be names, got Huber"),
        ("huber", TypeError, "losses must be a list"),
        ((16,), TypeError, r"hidden_layer_sizes=\(16,\) by its name"),
        (["huber"], ValueError, "1 entry, but y has 5 tasks"),
    ],
)
def test_losses_that_do_not_fit_are_refused(losses, error, message):
    X = inputs()
    with pytest.raises(error, match=message):
        MultiTaskMLP(losses, **FULL_BATCHES).fit(X, targets(X))


def test_fit_without_torch_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r'pip install "skmtl\[torch\]"'):
        MultiTaskMLP().fit([[0.0], [1.0]], [[0], [1]])


@needs_torch
def test_skops_trusts_all_but_the_class():
    io = pytest.importorskip("skops.io")
    model, X, _ = fitted()
    dumped = io.dumps(model)
    untrusted = io.get_untrusted_types(data=dumped)
    assert untrusted == ["skmtl.deep._multi_task_mlp.MultiTaskMLP"]
    loaded = io.loads(dumped, trusted=untrusted)
    pd.testing.assert_frame_equal(loaded.predict(X), model.predict(X))


# Single tasks


@needs_torch
@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_the_single_task_baseline_is_the_network_of_one_task(kind):
    X = inputs()
    model, Y = three_estimators(X)[kind]
    model.set_params(sharing="soft", weighting="equal", task_column=3)
    y = Y[:, 0]
    alone = single_task(model).fit(X, y)
    expected = clone(model).set_params(sharing="hard", task_column=None, training="independent")
    np.testing.assert_array_equal(alone.predict(X), expected.fit(X, y[:, None]).predict(X)[:, 0])
    sharing = single_task(clone(model).set_params(sharing="none", head="mean"))
    assert repr(sharing) == repr(single_task(model))


def test_tasks_of_different_kinds_have_no_common_error():
    X = inputs()
    with pytest.raises(TypeError, match=r"no common error.*skills.*'independent'"):
        compare_to_single_task(MultiTaskMLP(LOSSES), X, targets(X))
    with pytest.raises(ValueError, match="training='independent'"):
        single_task(MultiTaskMLP())


@needs_torch
def test_networks_are_compared_with_single_tasks():
    X = inputs(90)
    tasks = np.arange(90) % 2
    y = X[:, 0] + tasks * X[:, 1]
    model = MultiTaskMLPRegressor(**FULL_BATCHES, refit_heads=None)
    report = compare_to_single_task(model, X, y, tasks=tasks, cv=2, random_state=0)
    assert report.table_.shape == (2,)
    assert report.cv_results_["methods"] == ["single", "multi", "intercept", "pooled"]
    assert np.isfinite(report.cv_results_["errors"]).all()
    assert "haring helps" in str(report)
    assert all(seconds > 0 for seconds in report.summary_["fit_time"].values())
