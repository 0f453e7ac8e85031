"""What networks show: pictures of losses, conflicts of gradients, costs, and progress."""

import importlib.util

import matplotlib
import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import MultiTaskMLPRegressor, TaskLossDisplay

matplotlib.use("Agg")
import matplotlib.pyplot as plt

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason='PyTorch is not installed: pip install "skmtl[torch]"',
)
FEW_STEPS = {"hidden_layer_sizes": (8,), "n_members": 2, "max_iter": 4, "random_state": 0}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def long_data(n_samples=120, n_tasks=3, seed=0):
    """Features, targets and task ids of tasks whose lines differ a little."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4))
    tasks = np.arange(n_samples) % n_tasks
    coefs = [1.0, -1.0, 0.5, 0.0] + 0.3 * rng.normal(size=(n_tasks, 4))
    y = np.sum(X * coefs[tasks], axis=1) + tasks + 0.1 * rng.normal(size=n_samples)
    return X, y, tasks


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
    best_epoch = rng.integers(n_epochs, size=(n_members, n_tasks))
    return training, validation, best_epoch


# Losses


@pytest.mark.parametrize("best_epoch", [[3, 5, 3], None])
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
        np.testing.assert_array_equal(dots[0][:, 0], [4, 6])  # epochs are counted from 1


def test_of_many_tasks_the_worst_are_named():
    training, validation, best_epoch = made_up_losses(40)
    validation[:, :, 39] = np.nan  # left out by no member
    display = TaskLossDisplay(
        training,
        tasks=np.arange(40),
        validation_curve=validation,
        best_epoch=np.minimum(best_epoch, 0),
    ).plot()
    assert set(legend_texts(display)[:4]) == {"38", "37", "36", "35"}
    assert "1 task without validation samples" in display.ax_.get_xlabel()
    only_training = TaskLossDisplay(training, tasks=np.arange(40)).plot()
    assert set(legend_texts(only_training)[:4]) == {"39", "38", "37", "36"}


def test_tasks_may_have_had_fewer_epochs():
    training, validation, best_epoch = made_up_losses(8)
    training[5:, 7] = np.nan
    validation[5:, :, 7] = np.nan
    best_epoch[:, 7] = 4
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
