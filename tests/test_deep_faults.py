"""Networks in surroundings that users have: settings of torch, changed parameters, far outliers."""

import importlib.util
from contextlib import contextmanager

import numpy as np
import pytest
from sklearn.base import clone

from skmtl import MultiTaskMLPRegressor, network_cost, task_gradient_similarity, to_torch

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason='PyTorch is not installed: pip install "skmtl[torch]"',
)
FEW_STEPS = {
    "hidden_layer_sizes": (8,),
    "n_members": 2,
    "refit_heads": None,
    "max_iter": 4,
    "early_stopping": False,
    "random_state": 0,
}


def long_data(n_samples=60, n_tasks=3):
    """Features, targets and task ids."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 4))
    tasks = np.arange(n_samples) % n_tasks
    return X, X[:, 0] * (1 + tasks) + tasks, tasks


@contextmanager
def setting_of_torch(name):
    """Context in which a setting of torch is not what it starts with."""
    import torch

    if name == "double precision":
        torch.set_default_dtype(torch.float64)
    try:
        if name == "device":
            with torch.device("meta"):
                yield
        elif name == "no gradients":
            with torch.no_grad():
                yield
        elif name == "inference":
            with torch.inference_mode():
                yield
        else:
            yield
    finally:
        torch.set_default_dtype(torch.float32)


@needs_torch
@pytest.mark.parametrize("name", ["double precision", "device", "no gradients", "inference"])
@pytest.mark.parametrize(("weighting", "has_trunk"), [("gradnorm", False), ("pcgrad", True)])
def test_settings_of_torch_change_nothing(name, weighting, has_trunk):
    import torch

    X, y, tasks = long_data()
    trunk = torch.nn.Linear(4, 5) if has_trunk else None
    model = MultiTaskMLPRegressor(**FEW_STEPS, weighting=weighting, trunk=trunk)

    def results():
        fitted = clone(model).fit(X, y, tasks=tasks)
        module = to_torch(fitted)
        of_module = module(torch.from_numpy(X), torch.from_numpy(tasks)).detach().numpy()
        similarity = task_gradient_similarity(fitted, X, y, tasks=tasks)
        return fitted.predict(X, tasks=tasks), of_module, similarity, network_cost(fitted)

    expected = results()
    with setting_of_torch(name):
        found = results()
        if name == "double precision":
            assert torch.get_default_dtype() == torch.float64
        if name in ("no gradients", "inference"):
            assert not torch.is_grad_enabled()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@needs_torch
def test_the_farthest_outlier_is_as_far_as_others():
    import torch

    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS).fit(X, y, tasks=tasks)
    module = to_torch(model)
    values = np.array([[1e15], [1e160], [1e308]]) * [1.0, -1.0, 0.0, 0.0]
    ids = np.zeros(3, dtype=int)
    predictions = model.predict(values, tasks=ids)
    np.testing.assert_allclose(predictions, predictions[0], rtol=1e-9)
    of_module = module(torch.from_numpy(values), torch.from_numpy(ids)).numpy()
    np.testing.assert_allclose(of_module, predictions, rtol=1e-9)
    in_single = module.float()(
        torch.from_numpy(values).float().clamp(-1e30, 1e30), torch.from_numpy(ids)
    )
    np.testing.assert_allclose(in_single.numpy(), predictions, rtol=1e-4)


@needs_torch
@pytest.mark.parametrize("fitted", [{}, {"normalize_y": "task"}, {"loss": "poisson"}])
@pytest.mark.parametrize(
    "changed",
    [
        {"loss": "poisson"},
        {"loss": "squared_error"},
        {"normalize_y": "common"},
        {"training": "independent"},
    ],
)
def test_parameters_changed_after_fit_do_not_change_predictions(fitted, changed):
    X, y, tasks = long_data()
    params = {**FEW_STEPS, "refit_heads": "auto", **fitted}
    model = MultiTaskMLPRegressor(**params).fit(X, np.abs(y), tasks=tasks)
    expected = model.predict(X, tasks=tasks)
    model.set_params(**changed)
    np.testing.assert_array_equal(model.predict(X, tasks=tasks), expected)
    np.testing.assert_array_equal(to_torch(model).kind == "count", fitted.get("loss") == "poisson")


@needs_torch
def test_gradients_of_tasks_that_fit_did_not_see_are_refused():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS, handle_unknown="shared").fit(X, y, tasks=tasks)
    with pytest.raises(
        ValueError, match=r"tasks, \[1, 2, 7\], but the estimator has 3, \[0, 1, 2\]"
    ):
        task_gradient_similarity(model, X, y, tasks=np.where(tasks == 0, 7, tasks))


@needs_torch
def test_wrong_types_are_told():
    import torch

    X, y, tasks = long_data()
    with pytest.raises(TypeError, match="verbose must be an instance of int"):
        MultiTaskMLPRegressor(verbose="loud").fit(X, y, tasks=tasks)
    with pytest.raises(TypeError, match="Linear'> cannot be called without arguments"):
        MultiTaskMLPRegressor(trunk=torch.nn.Linear).fit(X, y, tasks=tasks)


@needs_torch
@pytest.mark.parametrize("size", [1e-300, 1e-40, 1e40, 1e100])
@pytest.mark.parametrize("of_tasks", [[0], [0, 1, 2]])
def test_weights_that_single_precision_cannot_hold_are_refused(size, of_tasks):
    X, y, tasks = long_data()
    weight = np.where(np.isin(tasks, of_tasks), size, 1.0)
    with pytest.raises(ValueError, match="sample weights of a task sum to"):
        MultiTaskMLPRegressor(**FEW_STEPS).fit(X, y, weight, tasks=tasks)
