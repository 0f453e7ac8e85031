"""Networks elsewhere: as modules of torch, as ONNX files, and stored by skops."""

import importlib.util
import json
import sys

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from skmtl import (
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    MultiTaskKernelRidge,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
    export_onnx,
    to_torch,
)


def needs(*packages):
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{' and '.join(missing)} not installed")


SMALL = {"hidden_layer_sizes": (6,), "n_members": 2, "random_state": 0}
FEW_STEPS = {**SMALL, "max_iter": 3, "early_stopping": False}
PLAIN_HEADS = {**FEW_STEPS, "refit_heads": None}


def convolution():
    """A trunk with a layer that onnxruntime has in single precision only."""
    from torch import nn

    return nn.Sequential(nn.Conv2d(1, 3, 2), nn.BatchNorm2d(3), nn.ReLU())


def single_precision():
    """A trunk that does not work in double precision."""
    from torch import nn

    class Single(nn.Linear):
        def forward(self, x):
            return super().forward(x.float())

    return Single(4, 5)


def fitted(kind, n_samples=90):
    """A fitted estimator, what its module takes, and what it is to return."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 4))
    tasks = np.arange(n_samples) % 3
    y = X[:, 0] * (1 + tasks) + 0.1 * rng.normal(size=n_samples)
    labels = np.digitize(y, [-0.5, 0.5])
    if "wide" in kind:
        return _fitted_wide(kind, X, y, labels)
    names = np.array(["a", "b", "c"])[tasks]
    if kind == "mixed":
        return _fitted_mixed(X, y, labels, tasks)
    options = {**PLAIN_HEADS, "handle_unknown": "shared"}
    if kind == "task trunks":
        options["sharing"] = "none"
    if kind == "linear heads":
        options["refit_heads"] = MeanRegularizedRegressor(0.1)
    if kind == "user's trunk":
        options |= {"trunk": convolution, "reshape": (1, 2, 2)}
    if kind == "single precision":
        options["trunk"] = single_precision
    new_tasks = np.where(np.arange(n_samples) < 5, "d", names)
    codes = np.where(new_tasks == "d", 3, tasks)
    if kind == "linear classes":
        options["refit_heads"] = MeanRegularizedClassifier(0.1)
    if kind == "averaged heads":
        labels = labels > 0
        options["refit_heads"] = "auto"
    if kind in ("classes", "linear classes", "averaged heads"):
        model = MultiTaskMLPClassifier(**options).fit(X, labels, tasks=names)
        return model, {"X": X, "tasks": codes}, model.predict_proba(X, tasks=new_tasks)
    loss = "poisson" if kind == "counts" else "squared_error"
    y = labels if kind == "counts" else y
    model = MultiTaskMLPRegressor(loss=loss, **options).fit(X, y, tasks=names)
    return model, {"X": X, "tasks": codes}, model.predict(X, tasks=new_tasks)


def _fitted_mixed(X, y, labels, tasks):
    """The same of a task with numbers, one with counts and one with classes."""
    losses = ["squared_error", "poisson", "logistic"]
    targets = np.choose(tasks, [y, labels, labels])
    model = MultiTaskMLP(losses, **FEW_STEPS).fit(X, targets, tasks=tasks)
    expected = np.nan_to_num(model.predict_proba(X, tasks=tasks))
    is_number = tasks < 2
    expected[is_number, 0] = model.predict(X, tasks=tasks)[is_number]
    return model, {"X": X, "tasks": tasks}, expected


def _fitted_wide(kind, X, y, labels):
    """The same of two-dimensional targets."""
    if kind == "wide":
        model = MultiTaskMLPRegressor(**PLAIN_HEADS).fit(X, np.column_stack([y, -y]))
        return model, {"X": X}, model.predict(X)
    if kind == "wide mixed":
        targets = np.column_stack([y, labels]).astype(object)
        model = MultiTaskMLP(["huber", "logistic"], **FEW_STEPS).fit(X, targets)
        _, expected = model.predict_proba(X)
        numbers = np.zeros_like(expected)
        numbers[:, 0] = model.predict(X)[:, 0]
        return model, {"X": X}, np.stack([numbers, expected], axis=1)
    two = (labels > 0).astype(int)
    if kind == "averaged wide":
        options = {**FEW_STEPS, "refit_heads": "auto"}
        model = MultiTaskMLPClassifier(**options).fit(X, np.column_stack([two, labels > 1]))
        return model, {"X": X}, np.stack(model.predict_proba(X), axis=1)
    model = MultiTaskMLPClassifier(**PLAIN_HEADS).fit(X, np.column_stack([labels, two]))
    of_three, of_two = model.predict_proba(X)
    of_two = np.column_stack([of_two, np.zeros(len(X))])
    return model, {"X": X}, np.stack([of_three, of_two], axis=1)


KINDS = [
    "own tasks",
    "task trunks",
    "user's trunk",
    "single precision",
    "counts",
    "classes",
    "wide",
    "wide classes",
    "mixed",
    "wide mixed",
    "linear heads",
    "linear classes",
    "averaged heads",
    "averaged wide",
]


@needs("torch")
@pytest.mark.parametrize("kind", KINDS)
def test_the_module_predicts_what_the_estimator_does(kind):
    import torch

    model, inputs, expected = fitted(kind)
    module = to_torch(model)
    tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
    np.testing.assert_allclose(module(**tensors).detach(), expected, rtol=1e-12, atol=1e-12)
    tensors["X"] = tensors["X"].float()
    single = module.float()(**tensors).detach()
    np.testing.assert_allclose(single, expected, rtol=1e-4, atol=1e-5)


@needs("torch")
@pytest.mark.parametrize("activation", ["tanh", "logistic", "identity", "gelu", "silu"])
def test_activations_of_the_module_are_those_of_the_network(activation):
    import torch

    X = np.random.default_rng(0).normal(size=(40, 3))
    model = MultiTaskMLPRegressor(**PLAIN_HEADS, activation=activation).fit(X, np.exp(X[:, :2]))
    predictions = to_torch(model)(torch.from_numpy(X)).numpy()
    np.testing.assert_allclose(predictions, model.predict(X), rtol=1e-12)


@needs("torch", "onnx", "onnxscript", "onnxruntime")
@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize(
    "kind", ["task trunks", "user's trunk", "wide classes", "mixed", "averaged heads"]
)
def test_an_onnx_file_predicts_what_the_estimator_does(kind, tmp_path):
    import onnxruntime

    model, inputs, expected = fitted(kind)
    path = tmp_path / "model.onnx"
    export_onnx(model, path)
    session = onnxruntime.InferenceSession(path)
    tolerance = 1e-9
    if kind == "user's trunk":
        inputs["X"] = inputs["X"].reshape(-1, 1, 2, 2)
        tolerance = 1e-5
    for n_samples in (len(expected), 7, 1):
        some = {name: array[:n_samples] for name, array in inputs.items()}
        (outputs,) = session.run(None, some)
        np.testing.assert_allclose(outputs, expected[:n_samples], rtol=0, atol=tolerance)
    export_onnx(model, path, dtype="float32")
    if inputs["X"].dtype == np.float64:
        inputs["X"] = inputs["X"].astype(np.float32)
    (outputs,) = onnxruntime.InferenceSession(path).run(None, inputs)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    names = session.get_modelmeta().custom_metadata_map
    assert json.loads(names["tasks"]) == [str(task) for task in model.tasks_]
    if kind == "wide classes":
        assert json.loads(names["classes"]) == [[0, 1, 2], [0, 1]]


@needs("torch")
def test_without_the_exporter_the_extra_is_named(monkeypatch, tmp_path):
    model, _, _ = fitted("wide")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ImportError, match=r'pip install "skmtl\[onnx\]"'):
        export_onnx(model, tmp_path / "model.onnx")
    with pytest.raises(TypeError, match=r"MultiTaskMLPRegressor.*got Ridge"):
        to_torch(Ridge())


@needs("torch", "skops")
@pytest.mark.parametrize("kind", ["own tasks", "task trunks", "wide", "classes"])
def test_skops_stores_networks_and_only_the_class_is_to_be_trusted(kind):
    from skops.io import dumps, get_untrusted_types, loads

    model, inputs, _ = fitted(kind)
    stored = dumps(model)
    untrusted = get_untrusted_types(data=stored)
    if model.head_estimators_ is None:
        assert untrusted == [f"{type(model).__module__}.{type(model).__name__}"]
    assert all(name.startswith("skmtl.") for name in untrusted)
    copy = loads(stored, trusted=untrusted)
    np.testing.assert_array_equal(
        copy.predict_all_tasks(inputs["X"]), model.predict_all_tasks(inputs["X"])
    )


@needs("torch")
def test_refitted_heads_that_are_not_linear_are_refused():
    model, _, _ = fitted("own tasks")
    X = np.random.default_rng(0).normal(size=(40, 3))
    model.set_params(refit_heads=MultiTaskKernelRidge(kernel="rbf"))
    with pytest.raises(ValueError, match=r"MultiTaskKernelRidge.*not linear"):
        to_torch(model.fit(X, X[:, :2]))
