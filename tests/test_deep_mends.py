"""What networks say of mistakes that new users make."""

import importlib.util

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    MeanRegularizedRegressorCV,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
    export_onnx,
    to_torch,
)
from skmtl.evaluation._baselines import all_models
from skmtl.evaluation._estimators import normalizes_targets
from skmtl.evaluation._rivals import Rivals

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason='PyTorch is not installed: pip install "skmtl[torch]"',
)
FEW_STEPS = {"max_iter": 3, "early_stopping": False, "n_members": 1, "random_state": 0}


def numbers(n_samples=60):
    """Features and the targets of two tasks."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 4))
    return X, X[:, :2] + X[:, 2:]


# Trunks


@needs_torch
def test_a_trunk_of_which_nothing_would_be_trained_is_refused():
    X, Y = numbers()
    module = to_torch(MultiTaskMLPRegressor((5,), **FEW_STEPS).fit(X, Y))
    trunk = module.members[0].trunk
    model = MultiTaskMLPRegressor(trunk=trunk, **FEW_STEPS)
    with pytest.raises(ValueError, match=r"trunk_learning_rate=0.*requires_grad_\(True\)"):
        model.fit(X, Y)
    frozen = model.set_params(trunk_learning_rate=0).fit(X, Y).represent(X)
    trunk.requires_grad_(True)
    trained = model.set_params(trunk_learning_rate=None).fit(X, Y).represent(X)
    assert np.abs(trained - frozen).max() > 1e-4


@needs_torch
def test_hidden_layers_are_not_frozen():
    with pytest.raises(ValueError, match="freezes a trunk of your own, but trunk is None"):
        MultiTaskMLPRegressor(trunk_learning_rate=0).fit(*numbers())


def embedding():
    """A trunk of two token ids from 0 to 9."""
    from torch import nn

    return nn.Sequential(nn.Embedding(10, 3), nn.Flatten())


@needs_torch
def test_token_ids_out_of_range_are_told():
    X = np.arange(60).reshape(30, 2) % 10
    Y = np.eye(2)[X[:, 0] % 2]
    message = r"X has integers from 0 to 10; an nn\.Embedding takes 0 to num_embeddings - 1"
    model = MultiTaskMLPRegressor(trunk=embedding, **FEW_STEPS).fit(X, Y)
    wrong = X.copy()
    wrong[4:6] = [0, 10]  # not among the samples that the trunk is tried on
    with pytest.raises(ValueError, match=message):
        model.predict(wrong)
    with pytest.raises(ValueError, match=r"The trunk failed on a tensor.*num_embeddings"):
        model.fit(wrong, Y)
    wrong[0] = [0, 10]
    with pytest.raises(ValueError, match=r"failed on two samples.*num_embeddings - 1\)$"):
        model.fit(wrong, Y)


@needs_torch
def test_hints_are_those_that_may_help():
    from torch import nn

    X, Y = numbers()
    with pytest.raises(ValueError, match=r"\(give X as integers in fit, [^;]*\)$"):
        MultiTaskMLPRegressor(trunk=embedding).fit(X, Y)
    images = np.ones((60, 1, 8, 8))
    with pytest.raises(ValueError) as failed:
        MultiTaskMLPRegressor(trunk=nn.Conv2d(3, 2, 3)).fit(images, Y)
    assert "reshape=" not in str(failed.value)
    flat = images.reshape(60, -1)
    with pytest.raises(ValueError, match=r"\(reshape= sets the shape of samples\)$"):
        MultiTaskMLPRegressor(trunk=nn.Conv2d(1, 2, 3)).fit(flat, Y)
    with pytest.raises(ValueError, match="such as pixels, give X as floats"):
        MultiTaskMLPRegressor(trunk=nn.Conv2d(1, 2, 3)).fit(images.astype(int), Y)


@needs_torch
def test_samples_of_several_axes_need_a_trunk():
    with pytest.raises(ValueError, match=r"dim 4.*\(6, 1, 8, 8\).*trunk=.*or flatten the samples"):
        MultiTaskMLPRegressor().fit(np.ones((6, 1, 8, 8)), np.ones((6, 2)))


# Training


@needs_torch
@pytest.mark.parametrize("is_module", [True, False])
def test_a_transform_that_cannot_be_called_is_refused(is_module):
    from torch import nn

    transform = nn.ReLU() if is_module else lambda x: x
    with pytest.raises(TypeError, match=r"called with \(x, generator\).*too many positional"):
        MultiTaskMLPRegressor(transform_batch=transform).fit(*numbers())


@needs_torch
def test_the_end_of_training_is_told():
    model = MultiTaskMLPRegressor(max_iter=2, n_iter_no_change=7, n_members=1)
    message = "Stopped after max_iter=2 epochs.*less than n_iter_no_change=7 epochs ago"
    with pytest.warns(ConvergenceWarning, match=message):
        model.fit(*numbers())


@needs_torch
def test_the_best_epoch_is_how_many_to_train_for():
    X, Y = numbers()
    model = MultiTaskMLPRegressor(**FEW_STEPS, refit_heads=None).fit(X, Y)
    assert (model.best_epoch_ == model.n_iter_).all()
    stopped = MultiTaskMLPRegressor(n_iter_no_change=3, n_members=2, random_state=0).fit(X, Y)
    assert (stopped.best_epoch_ >= 1).all()
    assert stopped.best_epoch_.max() + 3 == stopped.n_iter_


# Targets


@needs_torch
def test_targets_are_normalized_if_asked_to():
    X, Y = numbers()
    tasks = np.arange(60) % 2
    for arguments, known in [((X, Y), {}), ((X, Y[:, 0]), {"tasks": tasks})]:
        auto = MultiTaskMLPRegressor(**FEW_STEPS).fit(*arguments, **known).predict(X, **known)
        model = MultiTaskMLPRegressor(normalize_y=True, **FEW_STEPS)
        np.testing.assert_array_equal(model.fit(*arguments, **known).predict(X, **known), auto)
    assert normalizes_targets(model, is_wide=True)
    assert not normalizes_targets(model, is_wide=False)
    with pytest.raises(ValueError, match=r"\[False, True, 'auto', 'common', 'task'\]"):
        model.set_params(normalize_y="tasks").fit(X, Y)


# Elsewhere


@needs_torch
@pytest.mark.parametrize("export", [to_torch, lambda model: export_onnx(model, "model.onnx")])
def test_steps_before_a_network_are_not_exported(export):
    model = make_pipeline(StandardScaler(), MultiTaskMLPRegressor(**FEW_STEPS)).fit(*numbers())
    with pytest.raises(TypeError, match=r"pass pipeline\[-1\].*'standardscaler'.* not exported"):
        export(model)


@needs_torch
def test_the_exporter_takes_types_and_is_quiet(tmp_path, capfd):
    pytest.importorskip("onnxscript")
    model = MultiTaskMLPRegressor((3,), **FEW_STEPS).fit(*numbers())
    export_onnx(model, tmp_path / "model.onnx", dtype=np.float32)
    assert (tmp_path / "model.onnx").exists()
    assert "torchvision" not in "".join(capfd.readouterr())
    for wrong in ["double", np.float16, 3]:
        with pytest.raises(ValueError, match=r"dtype=.*is not one of"):
            export_onnx(model, tmp_path / "model.onnx", dtype=wrong)


# Comparisons


def test_single_networks_have_a_short_name():
    network = MultiTaskMLPRegressor()
    estimators = {"linear": MeanRegularizedRegressorCV(), "small": network}
    rivals = Rivals(named=(), own={})
    models, roles = all_models(estimators, "auto", rivals, normalize_y=True)
    assert roles["small"]["single"] == "single network"
    estimators["large"] = MultiTaskMLPRegressor((256,))
    models, _ = all_models(estimators, "auto", rivals, normalize_y=True)
    assert {"single network of small", "single network of large"} < set(models)


# Help


@pytest.mark.parametrize("kind", [MultiTaskMLP, MultiTaskMLPClassifier, MultiTaskMLPRegressor])
def test_help_shows_no_parameters_of_others(kind):
    assert [name for name in ("refit_heads", "huber_delta") if hasattr(kind, name)] == []
