"""What networks show: pictures of losses, conflicts of gradients, costs, and progress."""

import importlib.util
import sys

import matplotlib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    GradientConflictDisplay,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
    TaskLossDisplay,
    network_cost,
    task_gradient_similarity,
)

matplotlib.use("Agg")
import matplotlib.pyplot as plt

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason='PyTorch is not installed: pip install "skmtl[torch]"',
)
FEW_STEPS = {"hidden_layer_sizes": (8,), "n_members": 2, "max_iter": 4, "random_state": 0}
FIXED_STEPS = {**FEW_STEPS, "early_stopping": False}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def long_data(n_samples=120, n_tasks=3, seed=0):
    """Features, targets and sorted task ids of tasks whose lines differ a little."""
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


def convolution():
    """A trunk with two positions of three filters of width 2."""
    from torch import nn

    return nn.Sequential(nn.Conv2d(1, 3, (2, 1)), nn.BatchNorm2d(3), nn.ReLU())


def legend_texts(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def made_up_losses(n_tasks, n_epochs=12, n_members=3, seed=0):
    """Training and validation losses and best epochs; task t has losses of about t + 1."""
    rng = np.random.default_rng(seed)
    level = np.arange(n_tasks) + 1.0
    decay = np.exp(-np.arange(n_epochs) / 5)
    training = level * decay[:, None]
    noise = rng.uniform(1.0, 1.1, (n_epochs, n_members, n_tasks))
    validation = (level * (0.5 + decay[:, None]))[:, None, :] * noise
    best_epoch = 1 + rng.integers(n_epochs, size=(n_members, n_tasks))
    return training, validation, best_epoch


# Losses


@pytest.mark.parametrize("best_epoch", [[4, 6, 4], None])
def test_few_tasks_have_a_line_each(best_epoch):
    training, validation, _ = made_up_losses(3)
    display = TaskLossDisplay(
        training, tasks=["a", "_b", "c"], validation_curve=validation, best_epoch=best_epoch
    ).plot()
    assert legend_texts(display)[:5] == ["a", "_b", "c", "training", "validation"]
    drawn = [line.get_ydata() for line in display.ax_.lines if len(line.get_ydata())]
    np.testing.assert_allclose(drawn[0::2], training.T)
    np.testing.assert_allclose(drawn[1::2], validation.mean(axis=1).T)
    dots = [marks.get_offsets() for marks in display.ax_.collections]
    if best_epoch is None:
        assert sum(map(len, dots)) == 0
    else:
        np.testing.assert_array_equal(dots[0][:, 0], [4, 6])
        np.testing.assert_allclose(dots[0][:, 1], validation.mean(axis=1)[[3, 5], 0])


def test_of_many_tasks_the_worst_are_named():
    training, validation, best_epoch = made_up_losses(40)
    validation[:, :, 39] = np.nan  # left out by no member
    display = TaskLossDisplay(
        training,
        tasks=np.arange(40),
        validation_curve=validation,
        best_epoch=np.minimum(best_epoch, 1),
    ).plot()
    assert set(legend_texts(display)[:4]) == {"38", "37", "36", "35"}
    assert "1 task without validation samples" in display.ax_.get_xlabel()
    only_training = TaskLossDisplay(training, tasks=np.arange(40)).plot()
    assert set(legend_texts(only_training)[:4]) == {"39", "38", "37", "36"}


def test_tasks_may_have_had_fewer_epochs():
    training, validation, best_epoch = made_up_losses(8)
    training[5:, 7] = np.nan
    validation[5:, :, 7] = np.nan
    best_epoch[:, 7] = 5
    display = TaskLossDisplay(
        training, tasks=np.arange(8), validation_curve=validation, best_epoch=best_epoch
    ).plot()
    assert "7" in legend_texts(display)[:4]
    assert "without" not in display.ax_.get_xlabel()


@needs_torch
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_losses_of_an_estimator_are_drawn():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS).fit(X, y, tasks=tasks)
    display = TaskLossDisplay.from_estimator(model, tasks=[2, 0])
    assert legend_texts(display)[:2] == ["2", "0"]
    np.testing.assert_array_equal(display.loss_curve, model.loss_curve_[:, [2, 0]])
    in_pipeline = make_pipeline(StandardScaler(), MultiTaskMLPRegressor(**FEW_STEPS))
    in_pipeline.fit(X, y[:, None])
    assert legend_texts(TaskLossDisplay.from_estimator(in_pipeline))[0] == "0"
    with pytest.raises(ValueError, match=r"tasks has \[5\]"):
        TaskLossDisplay.from_estimator(model, tasks=[5])
    with pytest.raises(TypeError, match="MultiTaskMLPRegressor"):
        TaskLossDisplay.from_estimator(Ridge().fit(X, y))


# Conflicts


def linear_network():
    """A fitted network that is linear, its features, its targets, its residuals and its heads."""
    X, y, _ = long_data()
    Y = np.column_stack([y, np.sin(X[:, 0]), -y])
    Y[:40, 1] = np.nan
    model = MultiTaskMLPRegressor((3,), activation="identity", n_members=1, random_state=0)
    model.set_params(standardize=False, normalize_y=False, refit_heads=None)
    model.set_params(early_stopping=False, max_iter=3)
    model.fit(X, Y)
    residuals = np.nan_to_num(Y - model.predict(X)) / np.isfinite(Y).sum(axis=0)
    hidden = model.represent(np.vstack([np.zeros(4), X]))[1:]
    design = np.column_stack([hidden, np.ones(len(X))])
    heads = np.linalg.lstsq(design, model.predict(X), rcond=None)[0][:-1]
    return model, X, Y, residuals, heads


def cosines(vectors):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units @ units.T


@needs_torch
def test_gradients_of_a_linear_network_are_those_by_hand():
    model, X, Y, residuals, heads = linear_network()
    at_representation = np.einsum("it,dt->tid", residuals, heads).reshape(3, -1)
    expected = cosines(at_representation)
    similarity = task_gradient_similarity(model, X, Y)
    np.testing.assert_allclose(similarity, expected, atol=1e-6)
    inputs = np.column_stack([X, np.ones(len(X))])
    at_trunk = np.einsum("ij,it,dt->tjd", inputs, residuals, heads).reshape(3, -1)
    similarity = task_gradient_similarity(model, X, Y, with_respect_to="trunk")
    np.testing.assert_allclose(similarity, cosines(at_trunk), atol=1e-6)


@needs_torch
@pytest.mark.parametrize("kind", [MultiTaskMLPRegressor, MultiTaskMLPClassifier])
def test_gradients_do_not_depend_on_the_form_of_data(kind):
    X, y, tasks = long_data()
    if kind is MultiTaskMLPClassifier:
        y = np.digitize(y, [0.0, 2.0]).astype(float)
    model = kind(**FIXED_STEPS, head="mean")
    long = model.fit(X, y, tasks=tasks)
    expected = task_gradient_similarity(long, X, y, tasks=tasks)
    wide = kind(**FIXED_STEPS, head="mean")
    if kind is MultiTaskMLPRegressor:
        wide.set_params(normalize_y="common")
    wide.fit(X, as_wide(y, tasks))
    of_wide = task_gradient_similarity(wide, X, as_wide(y, tasks), with_respect_to="trunk")
    np.testing.assert_allclose(of_wide, expected, atol=1e-3)  # of training in single precision
    np.testing.assert_allclose(np.diag(expected), 1.0)
    assert np.abs(expected).max() <= 1.0
    # No two tasks have a sample in common.
    at_samples = task_gradient_similarity(wide, X, as_wide(y, tasks))
    np.testing.assert_allclose(at_samples, np.eye(3), atol=1e-12)


@needs_torch
def test_gradients_of_tasks_of_different_kinds_are_those_of_tasks_of_one_kind():
    X, y, _ = long_data()
    labels = (y > 1.0).astype(int)
    options = {**FIXED_STEPS, "head": "own"}
    mixed = MultiTaskMLP(["huber", "logistic"], huber_delta=0.5, **options)
    Y = np.column_stack([y, labels])
    similarity = task_gradient_similarity(mixed.fit(X, Y), X, Y)
    assert similarity[0, 1] == similarity[1, 0]
    assert 0 < abs(similarity[0, 1]) < 1
    numbers = mixed.set_params(losses=["huber", "huber"], normalize_y=True)
    regressor = MultiTaskMLPRegressor(loss="huber", huber_delta=0.5, **options)
    Y = np.column_stack([y, np.sin(X[:, 0])])
    expected = task_gradient_similarity(regressor.fit(X, Y), X, Y)
    similarity = task_gradient_similarity(numbers.fit(X, Y), X, Y)
    np.testing.assert_allclose(similarity, expected, rtol=1e-4)


@needs_torch
def test_gradients_need_all_tasks_a_shared_trunk_and_known_classes():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FIXED_STEPS).fit(X, y, tasks=tasks)
    with pytest.raises(ValueError, match=r"samples of 1 tasks, \[0\].*has 3"):
        task_gradient_similarity(model, X[:1], y[:1], tasks=tasks[:1])
    with pytest.raises(ValueError, match="Use 'trunk'"):
        task_gradient_similarity(model, X, y, tasks=tasks, with_respect_to="representation")
    model.set_params(sharing="none").fit(X, y, tasks=tasks)
    with pytest.raises(ValueError, match="sharing='hard'"):
        task_gradient_similarity(model, X, y, tasks=tasks)
    with pytest.raises(TypeError, match="MultiTaskMLPRegressor"):
        task_gradient_similarity(Ridge().fit(X, y), X, y)
    labels = (y > 1.0).astype(int)
    classifier = MultiTaskMLPClassifier(**FIXED_STEPS).fit(X, labels, tasks=tasks)
    with pytest.raises(ValueError, match=r"class labels \[7\]"):
        task_gradient_similarity(classifier, X, np.where(labels, 7, 0), tasks=tasks)


@needs_torch
def test_conflicts_are_drawn_and_counted():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FIXED_STEPS).fit(X, y, tasks=tasks)
    display = GradientConflictDisplay.from_estimator(model, X, y, tasks=tasks)
    expected = task_gradient_similarity(model, X, y, tasks=tasks)
    np.testing.assert_array_equal(display.similarity, expected)
    drawn = np.asarray(display.ax_.images[0].get_array())
    np.testing.assert_array_equal(drawn, expected[np.ix_(display.order_, display.order_)])
    n_conflicts = (expected[np.triu_indices(3, k=1)] < -0.1).sum()
    assert display.ax_.get_xlabel() == f"{n_conflicts} of 3 pairs below -0.1"


def test_tasks_about_at_right_angles_are_not_in_conflict():
    cosines = [[1.0, -0.004, -0.09], [-0.004, 1.0, -0.2], [-0.09, -0.2, 1.0]]
    display = GradientConflictDisplay(cosines, order=None).plot()
    assert display.ax_.get_xlabel() == "1 of 3 pairs below -0.1"
    written = [text.get_text() for text in display.ax_.texts]
    assert written[:3] == ["1.00", "0.00", "-0.09"]


# Costs


@needs_torch
@pytest.mark.parametrize("sharing", ["hard", "none"])
def test_costs_are_those_of_the_layers(sharing):
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor((8, 5), n_members=2, sharing=sharing, head="own", random_state=0)
    model.set_params(early_stopping=False, max_iter=1)
    n_trunks = 1 if sharing == "hard" else 3
    trunk = 4 * 8 + 8 * 5
    n_parameters = n_trunks * (trunk + 8 + 5) + 3 * (5 + 1)
    long = network_cost(model.fit(X, y, tasks=tasks))
    assert long == (2 * n_parameters, n_parameters, 2 * (trunk + 5))
    wide = network_cost(model.fit(X, np.column_stack([y, y, y])))
    assert wide == (2 * n_parameters, n_parameters, 2 * (n_trunks * trunk + 3 * 5))


@needs_torch
def test_costs_of_a_trunk_are_counted_by_torch():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FIXED_STEPS, trunk=convolution, reshape=(1, 2, 2))
    model.fit(X, y, tasks=tasks)
    n_parameters = 3 * 2 + 3 + 2 * 3 + (1 + 3) * (6 + 1)  # filters, normalization and heads
    assert network_cost(model) == (2 * n_parameters, n_parameters, 2 * (2 * 6 + 6))
    similarity = task_gradient_similarity(model, X, y, tasks=tasks)
    np.testing.assert_allclose(np.diag(similarity), 1.0)


# Progress


@needs_torch
@pytest.mark.parametrize("training", ["joint", "independent"])
def test_verbose_prints_every_so_many_epochs(training, capsys):
    X, y, _ = long_data()
    model = MultiTaskMLPRegressor(**FIXED_STEPS, verbose=2, training=training)
    model.fit(X, y[:, None])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Epoch 2", "Epoch 4"]
    assert lines[-1] == f"Epoch 4: training loss {model.loss_curve_[-1, 0]:.6f}"
    model.set_params(verbose=True, early_stopping=True, max_iter=1)
    with pytest.warns(ConvergenceWarning):
        model.fit(X, y[:, None])
    assert capsys.readouterr().out.startswith("Epoch 1: training loss")
    model.set_params(verbose=False, early_stopping=False).fit(X, y[:, None])
    assert capsys.readouterr().out == ""


class StopsAtThird:
    """A callback of scikit-learn that keeps what it hears."""

    def __init__(self):
        self.heard = []
        self.scores = []

    def setup(self, estimator, context):
        self.heard.append("setup")

    def on_fit_task_begin(self, estimator, context):
        self.heard.append(f"begin {context.task_name} {context.task_id}")

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
    ):
        self.heard.append(f"end {context.task_name} {context.task_id}")
        self.scores.append(fitted_estimator.score(X, y, **metadata))
        return context.task_name == "epoch" and context.task_id == 2

    def teardown(self, estimator, context):
        self.heard.append("teardown")


@needs_torch
def test_callbacks_of_scikit_learn_see_and_stop_epochs():
    pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks since 1.9")
    X, y, tasks = long_data()
    callback = StopsAtThird()
    model = MultiTaskMLPRegressor(**{**FEW_STEPS, "max_iter": 50}).set_callbacks(callback)
    model.fit(X, y, tasks=tasks)
    epochs = [f"{what} epoch {k}" for k in range(3) for what in ("begin", "end")]
    assert callback.heard == ["setup", "begin fit 0", *epochs, "end fit 0", "teardown"]
    assert model.n_iter_ == 3
    assert callback.scores[0] < callback.scores[2]
    assert callback.scores[-1] == model.score(X, y, tasks=tasks)
    without = clone(model).set_callbacks().set_params(max_iter=3)
    with pytest.warns(ConvergenceWarning):
        without.fit(X, y, tasks=tasks)
    np.testing.assert_array_equal(without.predict_all_tasks(X), model.predict_all_tasks(X))


def test_without_callbacks_of_scikit_learn_there_are_none(monkeypatch):
    from skmtl.deep import _progress

    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    spec = importlib.util.spec_from_file_location("progress", _progress.__file__)
    older = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "progress", older)  # dataclasses look there
    spec.loader.exec_module(older)
    assert not hasattr(older.CallbackSupportMixin, "set_callbacks")
    assert older.epoch_callbacks(older.CallbackSupportMixin(), None, None) is None
    assert older.with_callbacks(len) is len
