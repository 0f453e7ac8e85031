"""Simulated comparisons of two ways to learn the same tasks, and what is true of them.

A scenario fixes the number and the sizes of the tasks, how they are related, the models and the
splits. `draw_tasks` draws coefficients. Given these, `draw_data` draws samples, `fit` learns each
task by two models on every split in closed form, and `losses` returns the losses of their test
samples. `true_log_gains` repeats this with fresh samples and measures risks exactly: the gain of
learning from training sets of this size, over data sets like this one, the tasks fixed. That gain,
not the one of a particular fit, is what a verdict is about.

All arrays are dense: splits j, tasks t, samples i of a task (padded to the largest task), features.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

N_FOLDS = 4
N_REPEATS = 5
SIGNAL = 2.0  # variance of x'w; that of the noise is one
EQUAL_FEATURES = 5  # of each of the two models that are equally good
UNSHARED = 0.2  # own part of coefficients that sharing assumes if tasks are unrelated or mixed
RELATED = 0.02  # own part of the coefficients of related tasks
N_FEATURES = 5
MOST_FEATURES = 40
GCV_ALPHAS = np.logspace(-1, 4, 11)
CORRELATION = 0.7  # of the targets of wide data
N_TEST = 1000  # test samples that measure the risk of a classifier


@dataclass(frozen=True)
class Scenario:
    """What is simulated.

    `relation` is "equal" (two models neither of which is better), "unrelated", "related" or "mixed"
    (every second task is related). With a `gain`, `calibrated` finds the number of features with
    which related tasks gain that much from each other. `n_train` is the number of training samples
    of a task in each of `n_splits` random splits; if None, there are five repetitions of four
    folds. `loss` is "squared", "log" or "Brier".
    """

    name: str
    relation: str
    n_tasks: int
    sizes: tuple
    n_features: int = N_FEATURES
    gain: float | None = None
    wide: bool = False
    heavy_tails: bool = False
    tuned: bool = False
    n_train: int | None = None
    n_splits: int = N_FOLDS * N_REPEATS
    loss: str = "squared"

    @property
    def sizes_of_tasks(self):
        return np.resize(self.sizes, self.n_tasks)

    @property
    def assumed_own(self):
        """The own part of coefficients that the sharing model is tuned for."""
        return RELATED if self.relation == "related" else UNSHARED

    @property
    def is_classification(self):
        return self.loss != "squared"

    @property
    def power(self):
        """Half for root errors, else one."""
        return 1.0 if self.is_classification else 0.5

    @property
    def key(self):
        """A name for files."""
        words = self.name.replace("%", "percent").replace(",", "").split()
        sizes = "-".join(map(str, self.sizes))
        return f"{'-'.join(words)}_{self.n_tasks}x{sizes}"


@dataclass(frozen=True)
class Data:
    """Samples of all tasks; `exists` is False where a task is smaller than the largest."""

    X: np.ndarray
    y: np.ndarray
    exists: np.ndarray


# ---------------------------------------------------------------- tasks and samples


def _unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _mix(common, own, share):
    """Coefficients of the same length whose own part has this share of the variance."""
    share = np.reshape(share, (-1, 1))
    return np.sqrt(1 - share) * common + np.sqrt(share) * own


def draw_tasks(scenario, rng):
    """Coefficients (n_tasks, n_features)."""
    n_tasks = scenario.n_tasks
    n_features = scenario.n_features
    if scenario.relation == "equal":
        n_features = 2 * EQUAL_FEATURES
        halves = _unit(rng.standard_normal((n_tasks, 2, EQUAL_FEATURES)))
        if scenario.wide:
            common = _unit(rng.standard_normal((1, 2, EQUAL_FEATURES)))
            halves = np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * halves
            halves = _unit(halves)
        return halves.reshape(n_tasks, n_features)
    common = _unit(rng.standard_normal((1, n_features)))
    own = _unit(rng.standard_normal((n_tasks, n_features)))
    share = np.full(n_tasks, RELATED)
    if scenario.relation == "unrelated":
        share[:] = 1.0
    if scenario.relation == "mixed":
        # Blocks of one cycle of sizes, so that tasks of every size are in either half.
        block = np.arange(n_tasks) // len(scenario.sizes)
        share[block % 2 == 1] = 1.0
    return np.sqrt(SIGNAL) * _mix(common, own, share)


def _noise(scenario, shape, rng):
    if scenario.heavy_tails:
        return rng.standard_t(3, size=shape) / np.sqrt(3)
    noise = rng.standard_normal(shape)
    if not scenario.wide:
        return noise
    common = rng.standard_normal((1, shape[1]))
    return np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * noise


def draw_data(scenario, coefficients, rng, n_samples=None):
    """Samples of every task, `n_samples` each if given."""
    sizes = scenario.sizes_of_tasks
    if n_samples is not None:
        sizes = np.full(scenario.n_tasks, n_samples)
    n_tasks, n_features = coefficients.shape
    n_most = sizes.max()
    if scenario.wide:
        X = np.broadcast_to(
            rng.standard_normal((n_most, n_features)), (n_tasks, n_most, n_features)
        )
    else:
        X = rng.standard_normal((n_tasks, n_most, n_features))
    signal = np.einsum("tif,tf->ti", X, coefficients)
    if scenario.is_classification:
        y = np.where(rng.random(signal.shape) < expit(signal), 1.0, -1.0)
    else:
        y = signal + _noise(scenario, signal.shape, rng)
    exists = np.arange(n_most) < sizes[:, None]
    return Data(X, y, exists)


def draw_splits(scenario, data, rng, n_repeats=N_REPEATS):
    """Masks of training samples and of test samples, (n_splits, n_tasks, n_samples)."""
    if scenario.n_train is not None:
        return _random_splits(scenario, data, rng)
    train = []
    test = []
    for _ in range(n_repeats):
        order = rng.random(data.exists.shape)
        if scenario.wide:
            order[:] = order[0]
        order[~data.exists] = np.inf
        rank = order.argsort(axis=1).argsort(axis=1)
        for fold in range(N_FOLDS):
            tested = (rank % N_FOLDS == fold) & data.exists
            test.append(tested)
            train.append(data.exists & ~tested)
    return np.array(train), np.array(test)


def _random_splits(scenario, data, rng):
    order = rng.random((scenario.n_splits, *data.exists.shape))
    order[:, ~data.exists] = np.inf
    rank = order.argsort(axis=2).argsort(axis=2)
    train = rank < scenario.n_train
    return train, data.exists & ~train


# ---------------------------------------------------------------- models


def _solve(gram, moment, alpha):
    """Ridge coefficients of every split and task."""
    penalty = np.asarray(alpha) * np.eye(gram.shape[-1])
    return np.linalg.solve(gram + penalty, moment[..., None])[..., 0]


def _solve_gcv(gram, moment, squares, n_samples):
    """Ridge coefficients with the alpha that minimizes generalized cross-validation."""
    values, vectors = np.linalg.eigh(gram)
    rotated = np.einsum("...fe,...f->...e", vectors, moment)
    values = values[..., None, :]
    solutions = rotated[..., None, :] / (values + GCV_ALPHAS[:, None])
    residual = (
        squares[..., None]
        - 2 * (solutions * rotated[..., None, :]).sum(-1)
        + (solutions**2 * values).sum(-1)
    )
    free = (values / (values + GCV_ALPHAS[:, None])).sum(-1)
    n_left = np.maximum(n_samples[..., None] - free, 1e-3)
    best = (residual / n_left**2).argmin(axis=-1)
    chosen = np.take_along_axis(solutions, best[..., None, None], axis=-2)[..., 0, :]
    return np.einsum("...fe,...e->...f", vectors, chosen)


def _moments(X, y, train):
    """X'X and X'y of the training samples of every split and task."""
    n_tasks, n_samples, n_features = X.shape
    products = (X[..., :, None] * X[..., None, :]).reshape(n_tasks, n_samples, -1)
    weights = train.swapaxes(0, 1).astype(float)
    gram = (weights @ products).reshape(n_tasks, -1, n_features, n_features)
    moment = weights @ (X * y[..., None])
    return gram.swapaxes(0, 1), moment.swapaxes(0, 1)


def _ridge(scenario, X, y, train, alpha):
    """Coefficients (n_splits, n_tasks, n_features) of a ridge regression of every task."""
    gram, moment = _moments(X, y, train)
    if scenario.tuned:
        squares = np.einsum("jti,ti->jt", train, y**2)
        return _solve_gcv(gram, moment, squares, train.sum(axis=-1))
    return _solve(gram, moment, alpha)


def _ridge_towards_pooled(scenario, data, train, alpha, own_alpha):
    """The same, shrunk to the ridge regression of all tasks as one."""
    gram, moment = _moments(data.X, data.y, train)
    pooled = _solve(gram.sum(axis=1), moment.sum(axis=1), alpha)
    moment = moment - np.einsum("jtfg,jg->jtf", gram, pooled)
    if scenario.tuned:
        residual = data.y - np.einsum("tif,jf->jti", data.X, pooled)
        squares = (train * residual**2).sum(axis=-1)
        own = _solve_gcv(gram, moment, squares, train.sum(axis=-1))
    else:
        own = _solve(gram, moment, own_alpha)
    return pooled[:, None] + own


def _logistic(X, y, train, alpha, centers, n_steps=8):
    """Logistic regressions, shrunk to `centers`, by Newton's method."""
    coefficients = np.broadcast_to(centers, (len(train), len(X), X.shape[-1]))
    for _ in range(n_steps):
        decision = np.einsum("tif,jtf->jti", X, coefficients)
        gradient_of_loss = train * -y * expit(-y * decision)
        curvature = train * expit(decision) * expit(-decision)
        gradient = np.einsum("jti,tif->jtf", gradient_of_loss, X)
        gradient = gradient + alpha * (coefficients - centers)
        hessian = np.einsum("jti,tif,tig->jtfg", curvature, X, X, optimize=True)
        coefficients = coefficients - _solve(hessian, gradient, alpha)
    return coefficients


def _pooled_logistic(data, train, alpha):
    n_features = data.X.shape[-1]
    X = data.X.reshape(1, -1, n_features)
    y = data.y.reshape(1, -1)
    flat = train.reshape(len(train), 1, -1)
    return _logistic(X, y, flat, alpha, np.zeros(n_features))


def fit(scenario, data, train):
    """Coefficients of both models, each (n_splits, n_tasks, n_features)."""
    n_features = scenario.n_features
    if scenario.relation == "equal":
        return _fit_halves(scenario, data, train)
    alpha = n_features / SIGNAL
    own_alpha = alpha / scenario.assumed_own
    if scenario.is_classification:
        single = _logistic(data.X, data.y, train, alpha, np.zeros(n_features))
        pooled = _pooled_logistic(data, train, alpha)
        return single, _logistic(data.X, data.y, train, own_alpha, pooled)
    single = _ridge(scenario, data.X, data.y, train, alpha)
    return single, _ridge_towards_pooled(scenario, data, train, alpha, own_alpha)


def _fit_halves(scenario, data, train):
    """Each model sees a half of the features, which says as much as the other."""
    models = []
    for half in (slice(None, EQUAL_FEATURES), slice(EQUAL_FEATURES, None)):
        X = data.X[..., half]
        alpha = float(EQUAL_FEATURES)
        if scenario.is_classification:
            found = _logistic(X, data.y, train, alpha, np.zeros(EQUAL_FEATURES))
        else:
            found = _ridge(scenario, X, data.y, train, alpha)
        coefficients = np.zeros((*found.shape[:2], data.X.shape[-1]))
        coefficients[..., half] = found
        models.append(coefficients)
    return models


# ---------------------------------------------------------------- losses and gains


def losses(scenario, data, coefficients):
    """Losses of all samples, (n_splits, n_tasks, n_samples)."""
    decision = np.einsum("tif,jtf->jti", data.X, coefficients)
    if scenario.loss == "log":
        return np.logaddexp(0, -data.y * decision)
    if scenario.loss == "Brier":
        return expit(-data.y * decision) ** 2
    return (data.y - decision) ** 2


def _risks(scenario, coefficients, truth, rng):
    """Expected losses of models on a new sample, (n_splits, n_tasks)."""
    if scenario.is_classification:
        fresh = draw_data(scenario, truth, rng, n_samples=N_TEST)
        return losses(scenario, fresh, coefficients).mean(axis=-1)
    return ((coefficients - truth) ** 2).sum(axis=-1) + 1.0


def floors(scenario, variances):
    """The mean loss that counts as nothing: a tenth of the spread of y, squared."""
    if scenario.is_classification:
        return np.zeros_like(variances)
    return 0.01 * variances


def true_log_gains(scenario, truth, rng, n_data_sets):
    """The log gain of learning every task from training sets of this size (n_tasks,)."""
    if scenario.relation == "equal":
        return np.zeros(scenario.n_tasks)
    totals = np.zeros((2, scenario.n_tasks))
    for _ in range(n_data_sets):
        data = draw_data(scenario, truth, rng)
        train, _ = draw_splits(scenario, data, rng, n_repeats=1)
        for total, coefficients in zip(totals, fit(scenario, data, train), strict=True):
            total += _risks(scenario, coefficients, truth, rng).mean(axis=0)
    single, multi = totals / n_data_sets
    floor = floors(scenario, (truth**2).sum(axis=1) + 1.0)
    if scenario.is_classification:
        floor = 0.005 * (single + multi)  # a hundredth of the mean loss, as in LabelLosses
    return scenario.power * np.log((single + floor) / (multi + floor))


def calibrated(scenario, n_data_sets=10, n_draws=3):
    """The scenario with the number of features that gives the wanted gain, or nearly so."""
    if scenario.gain is None:
        return scenario
    fewest = 1
    n_samples = scenario.n_train or min(scenario.sizes)
    most = min(3 + n_samples // 2, MOST_FEATURES)
    while fewest < most:
        middle = (fewest + most) // 2
        candidate = replace(scenario, n_features=middle)
        if typical_true_gain(candidate, n_data_sets, n_draws) < scenario.gain:
            fewest = middle + 1
        else:
            most = middle
    return replace(scenario, n_features=most)


def typical_true_gain(scenario, n_data_sets, n_draws):
    """The median over tasks of the true gain, averaged over draws of tasks."""
    rng = np.random.default_rng(0)
    medians = []
    for _ in range(n_draws):
        tasks = draw_tasks(scenario, rng)
        medians.append(np.median(true_log_gains(scenario, tasks, rng, n_data_sets)))
    return -np.expm1(-np.mean(medians))
