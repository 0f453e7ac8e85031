"""Trunks of one's own: images, token ids, pretrained modules; representations in pipelines."""

import importlib.util
import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import TRAINING
from joblib import parallel_config
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skmtl import MultiTaskMLPClassifier, MultiTaskMLPRegressor, SharedRepresentation

HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(
    not HAS_TORCH, reason='PyTorch is not installed: pip install "skmtl[torch]"'
)
if HAS_TORCH:
    import torch
    from torch import nn

    class ConvTrunk(nn.Sequential):
        """Of images (n, 1, 8, 8): a convolution with all that is special in training."""

        def __init__(self, n_units=16):
            super().__init__(
                nn.Conv2d(1, 8, 3, padding=1),
                nn.BatchNorm2d(8),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Dropout(0.05),
                nn.Flatten(),
                nn.LazyLinear(n_units),
                nn.ReLU(),
            )

    class TokenTrunk(nn.Module):
        """Of token ids (n, length): their embeddings, read in order."""

        def __init__(self, n_tokens=12):
            super().__init__()
            self.embedding = nn.Embedding(n_tokens, 6)
            self.reader = nn.GRU(6, 12, batch_first=True)

        def forward(self, tokens):
            _, last = self.reader(self.embedding(tokens))
            return last[0]

    class LayerTrunk(nn.Sequential):
        """Of features (n, 4)."""

        def __init__(self, n_units=8):
            super().__init__(nn.Linear(4, n_units), nn.Tanh())

    class SinglePrecisionTrunk(LayerTrunk):
        """One whose author thought of one precision only."""

        def forward(self, x):
            return super().forward(x + torch.zeros(4))  # else doubles

    class ReturnsTuple(LayerTrunk):
        def forward(self, x):
            return super().forward(x), x

    class ReturnsMean(LayerTrunk):
        def forward(self, x):
            return super().forward(x).mean()


FEW_STEPS = {"max_iter": 4, "early_stopping": False, "batch_size": 30, "random_state": 0}


def images(n_samples=240, seed=0):
    """Noise with a bright edge: labels of tasks are whether it is vertical, and its half."""
    rng = np.random.default_rng(seed)
    X = 0.3 * rng.normal(size=(n_samples, 1, 8, 8))
    labels = rng.integers(2, size=(n_samples, 2))
    for image, (is_vertical, half) in zip(X[:, 0], labels, strict=True):
        line = rng.integers(4) + 4 * half
        if is_vertical:
            image[:, line] += 1.0
        else:
            image[line] += 1.0
    return X, labels


def numbers(n_samples=90, seed=0):
    """Features, a target for each of three tasks, and the task of each sample."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4))
    Y = X @ rng.normal(size=(4, 3)) + 0.1 * rng.normal(size=(n_samples, 3))
    return X, Y, np.arange(n_samples) % 3


# What trunks learn


@needs_torch
def test_images_of_any_shape_are_the_same():
    X, labels = images()
    train = slice(160)
    test = slice(160, None)
    model = MultiTaskMLPClassifier(trunk=ConvTrunk, max_iter=8, random_state=0)
    model.set_params(early_stopping=False, learning_rate_init=0.02)
    of_images = clone(model).fit(X[train], labels[train])
    assert of_images.score(X[test], labels[test]) > 0.85
    flat = X.reshape(len(X), -1)
    reshaped = clone(model).set_params(reshape=(1, 8, 8)).fit(flat[train], labels[train])
    expected = of_images.predict_proba(X[test])
    for fitted in (of_images, reshaped):
        assert fitted.n_features_in_ == 64
        np.testing.assert_array_equal(fitted.predict_proba(X[test]), expected)
        np.testing.assert_array_equal(fitted.predict_proba(flat[test]), expected)
    assert of_images.represent(X[test]).shape == (80, 16)  # of one member by default
    no_channel = clone(model).set_params(reshape=(1, 8, 8)).fit(X[train, 0], labels[train])
    np.testing.assert_array_equal(no_channel.predict_proba(X[test, 0]), expected)


@needs_torch
def test_images_of_tasks_of_their_own():
    X, labels = images()
    tasks = np.array(["direction", "half"])[np.arange(240) % 2]
    y = labels[np.arange(240), np.arange(240) % 2]
    model = MultiTaskMLPClassifier(trunk=ConvTrunk, **FEW_STEPS)
    by_ids = clone(model).fit(X, y, tasks=tasks)
    flat = np.column_stack([(tasks == "half").astype(float), X.reshape(240, -1)])
    by_column = clone(model).set_params(task_column=0, reshape=(1, 8, 8)).fit(flat, y)
    expected = by_ids.predict_proba(X, tasks=tasks)
    np.testing.assert_array_equal(by_column.predict_proba(flat), expected)
    with pytest.raises(ValueError, match=r"no task_column=0: give the task ids as tasks=.*reshape"):
        by_column.fit(X, y)


@needs_torch
def test_token_ids_reach_the_trunk_as_integers():
    rng = np.random.default_rng(0)
    X = rng.integers(12, size=(300, 6))
    labels = np.column_stack([X[:, -1] >= 6, (X == 3).any(axis=1)]).astype(int)
    model = MultiTaskMLPClassifier(trunk=TokenTrunk, learning_rate_init=0.02, random_state=0)
    model.set_params(max_iter=25, early_stopping=False)
    model.fit(X[:200], labels[:200])
    assert (model.predict(X[200:]) == labels[200:]).mean(axis=0).min() > 0.85
    expected = model.predict_proba(X)
    np.testing.assert_array_equal(model.predict_proba(X.astype(float)), expected)
    with pytest.raises(ValueError, match=r"X holds \d+\.5, but that of fit was of integer type"):
        model.predict(X[:3] + 0.5)
    with pytest.raises(ValueError, match="standardize=True, but X is of integer type"):
        clone(model).set_params(standardize=True).fit(X, labels)


@needs_torch
@pytest.mark.parametrize("kind", ["int64", "uint8", "Int32"])
def test_integer_columns_beside_a_task_column_are_integers(kind):
    X = np.arange(60).reshape(20, 3) % 12
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).astype(kind)
    frame.insert(1, "task", ["p", "q"] * 10)
    model = MultiTaskMLPRegressor(trunk=TokenTrunk, task_column="task", **FEW_STEPS)
    model.fit(frame, X[:, 0] * 1.0)
    assert np.isfinite(model.predict(frame)).all()
    frame["c"] = frame["c"].astype(float)
    with pytest.raises(ValueError, match="give X as integers in fit, in all"):
        model.fit(frame, X[:, 0] * 1.0)


WAYS = {
    "hard": {},
    "members": {"n_members": 2},
    "none": {"sharing": "none"},
    "soft": {"sharing": "soft"},
    "independent": {"training": "independent"},
    "sequential": {"training": "sequential"},
    "task checkpoints": {"checkpoint": "task", "early_stopping": True},
}


@needs_torch
@pytest.mark.parametrize("rate", [None, 0.0])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_trunks_in_every_way_of_sharing_and_training(way, rate):
    X, labels = images(91)  # the last batch is of one sample, which has no batch statistics
    t = np.arange(91) % 2
    y = labels[np.arange(91), t]
    given = ConvTrunk()
    given(torch.zeros(2, 1, 8, 8))
    given.double()  # members are in single precision
    before = {name: tensor.clone() for name, tensor in given.state_dict().items()}
    model = MultiTaskMLPClassifier(trunk=given, trunk_learning_rate=rate, **FEW_STEPS)
    model.set_params(**WAYS[way])
    long = clone(model).fit(X, y, tasks=t)
    of_all = np.stack(clone(model).fit(X, labels).predict_proba(X))
    assert np.isfinite(of_all).all()
    probabilities = long.predict_proba(X, tasks=t)
    for task in (0, 1):
        of_task = long.predict_proba(X, tasks=np.full(91, task))
        np.testing.assert_allclose(probabilities[t == task], of_task[t == task], rtol=1e-10)
    again = pickle.loads(pickle.dumps(clone(model).fit(X, y, tasks=t)))
    np.testing.assert_array_equal(again.predict_proba(X, tasks=t), probabilities)
    for name, tensor in given.state_dict().items():
        assert torch.equal(tensor, before[name])  # what the user passed is not trained
    trunks = 1 if rate == 0.0 or way in ("hard", "members") else 2
    assert long.represent(X).shape == (91, trunks * 16 * (2 if way == "members" else 1))


# Pretrained trunks


@needs_torch
@pytest.mark.parametrize("transform", [None, lambda x, generator: x])
def test_a_frozen_trunk_keeps_the_given_weights_and_statistics(transform):
    X, labels = images(120)
    given = ConvTrunk().train()
    given(torch.from_numpy(X).float())  # has statistics now
    model = MultiTaskMLPClassifier(trunk=given, trunk_learning_rate=0, transform_batch=transform)
    model.set_params(**FEW_STEPS).fit(X, labels)
    with torch.no_grad():
        expected = given.eval().double()(torch.from_numpy(X)).numpy()
    np.testing.assert_array_equal(model.represent(X), expected)
    assert model.loss_curve_[-1].mean() < model.loss_curve_[0].mean()


@needs_torch
def test_a_frozen_trunk_is_evaluated_once():
    X, Y, _ = numbers()
    calls = []
    trunk = LayerTrunk()
    trunk.register_forward_hook(lambda module, inputs, output: calls.append(len(output)))
    model = MultiTaskMLPRegressor(trunk=trunk, trunk_learning_rate=0.0, n_members=2)
    model.set_params(refit_heads=None)
    with pytest.warns(match="max_iter=5"):
        model.set_params(max_iter=5, random_state=0).fit(X, Y)
    assert sum(size for size in calls if size > 2) == 2 * 90


@needs_torch
def test_a_pretrained_trunk_is_a_good_start():
    X, labels = images(400)
    source = MultiTaskMLPClassifier(trunk=ConvTrunk, learning_rate_init=0.01, random_state=0)
    source.set_params(max_iter=12, early_stopping=False).fit(X[:250], labels[:250])
    pretrained = _trunk(source)
    both = labels.prod(axis=1)[:, None]
    scores = {}
    for rate in (0.0, 1e-3, None):
        tuned = MultiTaskMLPClassifier(trunk=pretrained, trunk_learning_rate=rate, random_state=0)
        tuned.set_params(max_iter=20, early_stopping=False, learning_rate_init=0.01)
        tuned.fit(X[250:300], both[250:300])
        scores[rate] = tuned.score(X[300:], both[300:])
        assert _same(_trunk(tuned), pretrained) == (rate == 0.0)
    assert min(scores.values()) > 0.8  # 25 % are 1


def _trunk(model):
    """The trained module."""
    from skmtl.deep._network import network_from_arrays

    network = network_from_arrays(model._architecture, model._arrays)
    return network.trunk.towers[0].float().requires_grad_(True)


def _same(one, two):
    """Whether two modules have the same parameters and statistics."""
    state = two.state_dict()
    return all(torch.equal(tensor, state[name]) for name, tensor in one.state_dict().items())


@needs_torch
def test_parameters_that_need_no_gradient_stay():
    X, Y, _ = numbers()
    trunk = nn.Sequential(nn.Linear(4, 6).requires_grad_(False), nn.Tanh(), nn.Linear(6, 3))
    model = MultiTaskMLPRegressor(trunk=trunk, sharing="soft", **FEW_STEPS).fit(X, Y)
    trained = _trunk(model)
    assert _same(trained[0], trunk[0])
    assert not _same(trained[2], trunk[2])


# Random numbers


@needs_torch
def test_fits_depend_on_the_seed_only():
    X, labels = images(60)
    t = np.arange(60) % 2
    y = labels[np.arange(60), t]

    def noisy(x, generator):  # from both sources of random numbers
        return x + 0.1 * torch.randn(x.shape, generator=generator) + 0.1 * torch.randn(x.shape)

    model = MultiTaskMLPClassifier(trunk=ConvTrunk, transform_batch=noisy, n_members=2)
    model.set_params(**FEW_STEPS)

    def probabilities(**params):
        fitted = clone(model).set_params(**params).fit(X, y, tasks=t)
        return fitted.predict_proba(X, tasks=t)

    state = torch.get_rng_state()
    once = probabilities()
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(1)
    np.testing.assert_array_equal(probabilities(), once)
    assert np.abs(probabilities(random_state=1) - once).max() > 1e-3
    assert np.abs(probabilities(transform_batch=None) - once).max() > 1e-3
    alone = probabilities(training="independent")
    with parallel_config("threading", n_jobs=2):  # threads share torch's own random state
        np.testing.assert_array_equal(probabilities(training="independent"), alone)


@needs_torch
def test_members_start_alike_from_a_module_and_differ_from_a_factory():
    X, Y, _ = numbers()
    model = MultiTaskMLPRegressor(n_members=2, learning_rate_init=1e-12, **FEW_STEPS)
    of_module = model.set_params(trunk=LayerTrunk()).fit(X, Y).represent(X)
    np.testing.assert_allclose(of_module[:, :8], of_module[:, 8:], atol=1e-6)
    of_factory = model.set_params(trunk=LayerTrunk).fit(X, Y).represent(X)
    assert np.abs(of_factory[:, :8] - of_factory[:, 8:]).max() > 0.1


@needs_torch
def test_batches_in_training_are_transformed_and_no_others():
    X, Y, _ = numbers()
    seen = []

    def watch(x, generator):
        seen.append((x.shape, x.dtype, isinstance(generator, torch.Generator)))
        return x

    model = MultiTaskMLPRegressor(trunk=LayerTrunk, **FEW_STEPS)
    model.set_params(transform_batch=watch).fit(X, Y)
    assert seen == 4 * 3 * [((30, 4), torch.float32, True)]
    model.predict(X)
    assert len(seen) == 12
    with pytest.raises(ValueError, match=r"shape \(30, 2\).*expected \(30, 4\)"):
        model.set_params(transform_batch=lambda x, generator: x[:, :2]).fit(X, Y)
    with pytest.raises(TypeError, match="transform_batch returned ndarray"):
        model.set_params(transform_batch=lambda x, generator: x.numpy()).fit(X, Y)


# A trunk as a parameter


@needs_torch
def test_searches_and_folds_take_trunks():
    X, Y, _ = numbers()
    model = MultiTaskMLPRegressor(trunk=LayerTrunk, **FEW_STEPS)
    search = GridSearchCV(model, {"trunk": [LayerTrunk, LayerTrunk(2)], "alpha": [0.01]}, cv=2)
    one = search.fit(X, Y).cv_results_["mean_test_score"]
    assert search.best_params_["trunk"] is LayerTrunk
    with parallel_config("threading", n_jobs=2):
        two = clone(search).fit(X, Y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(one, two)
    model.set_params(reshape=(4,))
    predictions = cross_val_predict(model, X.reshape(90, 2, 2), Y, cv=2)
    assert predictions.shape == Y.shape


@needs_torch
def test_pickles_hold_the_arrays_and_the_own_trunk():
    X, Y, _ = numbers()
    model = MultiTaskMLPRegressor(trunk=LayerTrunk, **FEW_STEPS).fit(X, Y)
    pickled = pickle.dumps(model)
    assert b"torch" not in pickled  # the factory goes by its name
    np.testing.assert_array_equal(pickle.loads(pickled).predict(X), model.predict(X))
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(model.set_params(trunk=lambda: LayerTrunk()))


@needs_torch
def test_predictions_of_a_sample_do_not_depend_on_others():
    X, labels = images(200)
    model = MultiTaskMLPClassifier(trunk=ConvTrunk, **FEW_STEPS).fit(X, labels)
    together = np.stack(model.predict_proba(X))
    alone = np.concatenate([np.stack(model.predict_proba(X[i : i + 1])) for i in (0, 150)], axis=1)
    np.testing.assert_allclose(alone, together[:, [0, 150]], rtol=1e-12)


@needs_torch
def test_a_trunk_that_needs_single_precision_has_it():
    X, Y, _ = numbers()
    model = MultiTaskMLPRegressor(trunk=SinglePrecisionTrunk, **FEW_STEPS)
    plain = clone(model).set_params(trunk=LayerTrunk).fit(X, Y).predict(X)
    np.testing.assert_allclose(model.fit(X, Y).predict(X), plain, atol=1e-5)


@needs_torch
def test_features_are_scaled_only_if_asked_for():
    X, Y, _ = numbers()
    model = MultiTaskMLPRegressor(trunk=LayerTrunk, trunk_learning_rate=0.0, **FEW_STEPS)
    plain = clone(model).fit(1e3 * X, Y)
    assert np.abs(plain.represent(1e3 * X)).mean() > 0.99  # of saturated units
    scaled = clone(model).set_params(standardize=True).fit(1e3 * X, Y)
    assert np.abs(scaled.represent(1e3 * X)).mean() < 0.9
    np.testing.assert_array_equal(
        clone(model).fit(sparse.csr_array(X), Y).predict(sparse.csr_array(X)),
        clone(model).fit(X, Y).predict(X),
    )


# Errors


INVALID = {
    "a list": ({"trunk": [1]}, TypeError, r"torch\.nn\.Module or a function.*got \[1\]"),
    "no factory": ({"trunk": int}, TypeError, "returned int; expected a function"),
    "a wrong shape": ({"trunk": "ConvTrunk"}, ValueError, r"failed on two samples.*\(2, 4\)"),
    "integers": ({"trunk": "TokenTrunk"}, ValueError, "give X as integers"),
    "a tuple": ({"trunk": "ReturnsTuple"}, ValueError, "returned tuple.*one of its outputs"),
    "no rows": ({"trunk": "ReturnsMean"}, ValueError, r"shape \(\).*row for each sample"),
    "reshape alone": ({"reshape": (2, 2)}, ValueError, "trunk is None"),
    "reshape": ({"trunk": "LayerTrunk", "reshape": (2, 3)}, ValueError, "6 numbers.*4 features"),
    "no reshape": ({"trunk": "LayerTrunk", "reshape": 4}, ValueError, "tuple of positive"),
    "a rate": ({"trunk_learning_rate": -1.0}, ValueError, "trunk_learning_rate"),
    "a transform": ({"transform_batch": 3}, TypeError, "a function of a tensor"),
}


@needs_torch
@pytest.mark.parametrize("case", INVALID)
def test_errors_say_what_is_wrong_with_a_trunk(case):
    params, kind, message = INVALID[case]
    params = dict(params)
    if isinstance(params.get("trunk"), str):
        params["trunk"] = getattr(sys.modules[__name__], params["trunk"])
    X, Y, _ = numbers()
    with pytest.raises(kind, match=message):
        MultiTaskMLPRegressor(**params).fit(X, Y)


@needs_torch
def test_a_frozen_trunk_leaves_nothing_to_weight():
    X, Y, _ = numbers()
    model = MultiTaskMLPRegressor(trunk=LayerTrunk, trunk_learning_rate=0, weighting="pcgrad")
    with pytest.raises(ValueError, match="trunk_learning_rate=0 freezes it"):
        model.fit(X, Y)


@needs_torch
def test_samples_of_another_shape_are_refused():
    X, labels = images(40)
    model = MultiTaskMLPClassifier(trunk=ConvTrunk, **FEW_STEPS).fit(X, labels)
    with pytest.raises(ValueError, match=r"shape \(8, 8, 1\), but fit had \(1, 8, 8\)"):
        model.predict(X.reshape(40, 8, 8, 1))
    with pytest.raises(ValueError, match=r"integer.*give X as floats"):
        model.fit((255 * X).astype(int), labels)
    with pytest.raises(ValueError, match="dim 4"):
        MultiTaskMLPClassifier().fit(X, labels)


# Representations in pipelines


BATCHES = "samples are drawn into batches, where a copy is not a weight of 2"
FEEDS_1D_Y = "feeds 1-D y"
BATCHES_FAIL = {
    "check_sample_weight_equivalence_on_dense_data": BATCHES,
    "check_sample_weight_equivalence_on_sparse_data": BATCHES,
}
WIDE_FAIL = {
    "check_transformer_data_not_an_array": FEEDS_1D_Y,
    "check_transformer_general": FEEDS_1D_Y,
    "check_transformer_preserve_dtypes": FEEDS_1D_Y,
}
CHECKED = SharedRepresentation(MultiTaskMLPRegressor(**{**TRAINING, "max_iter": 2}))
REPRESENTATIONS = [CHECKED, clone(CHECKED).set_params(estimator__task_column=-1)]


def expected_failures(transformer):
    is_wide = transformer.estimator.task_column is None
    return BATCHES_FAIL | (WIDE_FAIL if is_wide else {})


@pytest.mark.filterwarnings("ignore:task_column=-1 holds numbers")
@pytest.mark.filterwarnings("ignore:tasks holds")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@needs_torch
@parametrize_with_checks(REPRESENTATIONS, expected_failed_checks=expected_failures)
def test_scikit_learns_checks_pass(estimator, check):
    if check.func.__name__ in expected_failures(estimator):
        pytest.xfail(expected_failures(estimator)[check.func.__name__])
    check(estimator)


@needs_torch
def test_a_representation_of_some_tasks_helps_a_new_one():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(330, 4))
    factors = np.abs(X[:, :2] - X[:, 2:])  # what all targets depend on
    Y = factors @ rng.normal(size=(2, 6)) + 0.05 * rng.normal(size=(330, 6))
    network = MultiTaskMLPRegressor((16,), n_members=2, max_iter=60, random_state=0)
    network.set_params(early_stopping=False, learning_rate_init=0.02).fit(X[:200], Y[:200, :5])
    representation = SharedRepresentation(FrozenEstimator(network))
    new = make_pipeline(representation, StandardScaler(), Ridge()).fit(X[200:230], Y[200:230, 5])
    plain = Ridge().fit(X[200:230], Y[200:230, 5])
    test = slice(230, None)
    assert new.score(X[test], Y[test, 5]) > plain.score(X[test], Y[test, 5]) + 0.1
    names = representation.fit(X).set_output(transform="pandas").transform(X).columns
    assert names[[0, -1]].tolist() == ["sharedrepresentation0", "sharedrepresentation31"]
    assert clone(representation).fit(X).estimator_.estimator is network


@needs_torch
@pytest.mark.parametrize("form", ["wide", "column", "ids"])
def test_a_pipeline_fits_the_network_with_its_targets(form):
    X, Y, tasks = numbers()
    y = Y[np.arange(90), tasks]
    network = MultiTaskMLPRegressor((8,), n_members=2, **FEW_STEPS)
    passed = {}
    if form == "wide":
        y = Y
    elif form == "column":
        X = np.column_stack([tasks, X])
        network.set_params(task_column=0)
    else:
        passed = {"tasks": tasks}
    weight = np.linspace(0.5, 1.5, 90)
    transformer = SharedRepresentation(network).fit(X, y, weight, **passed)
    expected = clone(network).fit(X, y, weight, **passed).represent(X)
    np.testing.assert_array_equal(transformer.transform(X), expected)
    assert len(transformer.get_feature_names_out()) == expected.shape[1]
    pipeline = make_pipeline(SharedRepresentation(network), Ridge())
    pipeline.fit(X, y, **{f"sharedrepresentation__{name}": ids for name, ids in passed.items()})
    assert pipeline.predict(X).shape == y.shape


def test_a_representation_needs_a_network():
    with pytest.raises(TypeError, match=r"Ridge\(\) has no method represent"):
        SharedRepresentation(Ridge()).fit([[0.0], [1.0]], [0.0, 1.0])


def two_image_tasks():
    """Images (n, 1, 8, 8) of digits and of clothes, their classes and what they are of."""
    digits = load_digits()
    clothes = np.load(Path(__file__).parent / "data" / "fashion.npz")
    images = [digits.images[:300] / 16, clothes["X"][:, 2:26:3, 2:26:3] / 255]
    classes = [digits.target[:300], clothes["y"]]
    tasks = np.repeat(["digits", "clothes"], [len(of_task) for of_task in classes])
    return np.concatenate(images)[:, None], np.concatenate(classes), tasks


@needs_torch
def test_two_image_tasks_are_learned_by_one_convolutional_network():
    X, y, tasks = two_image_tasks()
    train = np.random.default_rng(0).random(len(y)) < 0.75
    model = MultiTaskMLPClassifier(trunk=ConvTrunk, max_iter=60, early_stopping=False)
    model.set_params(random_state=0, learning_rate_init=0.01)
    model.fit(X[train], y[train], tasks=tasks[train])
    is_right = model.predict(X[~train], tasks=tasks[~train]) == y[~train]
    assert is_right[tasks[~train] == "digits"].mean() > 0.8
    assert is_right[tasks[~train] == "clothes"].mean() > 0.5
