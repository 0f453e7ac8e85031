"""Losses of single targets: their means are the errors, their spread says how sure these are."""

import numpy as np
import pytest
from sklearn.metrics import (
    d2_pinball_score,
    fbeta_score,
    get_scorer,
    make_scorer,
    max_error,
    mean_pinball_loss,
    roc_auc_score,
)

from skmtl.evaluation._errors.find_measure import find_measure
from skmtl.evaluation._errors.measures import MeanLoss
from skmtl.evaluation._errors.metric_errors import MetricError
from skmtl.metrics import find_metric

N_GROUPS = 4  # the last one is empty
REGRESSION = [
    "neg_root_mean_squared_error",
    "neg_mean_squared_error",
    "neg_mean_absolute_error",
    "neg_mean_absolute_percentage_error",
    "neg_mean_squared_log_error",
    "neg_root_mean_squared_log_error",
    "neg_mean_poisson_deviance",
    "neg_mean_gamma_deviance",
    "neg_median_absolute_error",
    "neg_max_error",
    "r2",
    "explained_variance",
    "d2_absolute_error_score",
    make_scorer(mean_pinball_loss, alpha=0.9, greater_is_better=False),
    make_scorer(d2_pinball_score, alpha=0.2),
]
LABELS = ["accuracy", "balanced_accuracy", "f1_macro", "matthews_corrcoef"]
SCORES = [
    "neg_log_loss",
    "roc_auc",
    "average_precision",
    "neg_brier_score",
    "roc_auc_ovr",
]


def name_of(scoring):
    return scoring if isinstance(scoring, str) else scoring._score_func.__name__


def regression(n=60, seed=0):
    """Positive targets and predictions of three groups."""
    rng = np.random.default_rng(seed)
    truth = rng.gamma(4.0, size=n)
    predictions = truth * rng.lognormal(sigma=0.3, size=n)
    return truth, predictions, np.arange(n) % 3


def classification(n=60, n_classes=2, seed=0):
    """Class labels and probabilities, with ties, of three groups."""
    rng = np.random.default_rng(seed)
    y = rng.integers(n_classes, size=n)
    scores = rng.integers(0, 5, size=(n, n_classes)) + 2.0 * np.eye(n_classes)[y]
    probabilities = np.exp(scores / 3)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return y, probabilities, np.arange(n) % 3


def read_classes(measure, y, probabilities, codes):
    """The truth and the predictions as a measure of classes takes them."""
    truth = measure.read(y, codes).truth
    if measure.response_method == ("predict",):
        return truth, probabilities.argmax(axis=1).astype(float)
    if isinstance(measure, MetricError):
        return truth, probabilities
    if measure.name == "log_loss":
        return truth, probabilities[np.arange(len(y)), y]
    return truth, probabilities[:, 1]


MEASURES = [pytest.param(scoring, False, id=name_of(scoring)) for scoring in REGRESSION]
MEASURES += [pytest.param(scoring, True, id=scoring) for scoring in [*LABELS, *SCORES]]


def read_example(scoring, is_classification):
    """A measure, its truth, predictions and groups."""
    measure = find_measure(scoring, is_classification)
    if not is_classification:
        return measure, *regression()
    y, probabilities, groups = classification()
    return measure, *read_classes(measure, y, probabilities, groups), groups


@pytest.mark.parametrize(("scoring", "is_classification"), MEASURES)
def test_the_mean_loss_is_the_error_of_scikit_learn(scoring, is_classification):
    measure, truth, predictions, groups = read_example(scoring, is_classification)
    losses = measure.losses(truth, predictions, groups, N_GROUPS)
    errors = measure.errors(truth, predictions, groups, N_GROUPS)
    metric = find_metric(scoring)
    y, probabilities, _ = classification()
    for group in range(3):
        own = groups == group
        assert losses[own].mean() ** measure.power == pytest.approx(errors[group], rel=1e-9)
        if not is_classification:
            value = metric(truth[own], predictions[own])
        elif metric.takes_labels:
            value = metric(y[own], predictions[own])
        else:
            value = metric(y[own], probabilities[own], classes=np.arange(2))
        expected = value if metric.sign < 0 else 1 - value
        assert errors[group] == pytest.approx(expected, rel=1e-9)
    assert np.isnan(errors[3])


@pytest.mark.parametrize(("scoring", "is_classification"), MEASURES)
def test_groups_without_predictions_have_no_losses(scoring, is_classification):
    measure, truth, predictions, groups = read_example(scoring, is_classification)
    expected = measure.losses(truth, predictions, groups, N_GROUPS)
    lacking = predictions.copy()
    lacking[groups == 1] = np.nan
    losses = measure.losses(truth, lacking, groups, N_GROUPS)
    assert np.isnan(losses[groups == 1]).all()
    np.testing.assert_allclose(losses[groups != 1], expected[groups != 1], rtol=1e-12)


WITH_UNIT = [scoring for scoring in REGRESSION if "log_error" not in name_of(scoring)]


@pytest.mark.parametrize("scoring", WITH_UNIT, ids=name_of)
def test_units_change_losses_and_floors_alike(scoring):
    measure = find_measure(scoring, is_classification=False)
    truth, predictions, groups = regression()
    unit = np.array([1.0, 1e6, 1e-6])[groups]
    shares = []
    for scale in (1.0, unit):
        targets = measure.read(scale * truth, groups)
        losses = measure.losses(targets.truth, scale * predictions, groups, 3)
        floor = measure.floor(targets, groups, 3)
        assert (floor > 0).all()
        shares.append(losses / floor[groups])
    np.testing.assert_allclose(shares[0], shares[1], rtol=1e-7)


@pytest.mark.parametrize(
    ("scoring", "own_floor"),
    [
        ("neg_root_mean_squared_error", lambda y: 0.01 * np.var(y)),
        ("neg_mean_squared_error", lambda y: 0.01 * np.var(y)),
        ("neg_mean_absolute_error", lambda y: 0.1 * np.abs(y - np.median(y)).mean()),
        ("r2", lambda y: 0.01),
        ("neg_mean_gamma_deviance", lambda y: 0.02 * np.log(y.mean() / y).mean()),
        ("neg_max_error", lambda y: 0.01 * np.abs(y - y.mean()).max()),
    ],
)
def test_a_share_of_the_error_of_the_best_constant_counts_as_nothing(scoring, own_floor):
    measure = find_measure(scoring, is_classification=False)
    truth, _, groups = regression()
    groups[::7] = -1  # of no task
    floor = measure.floor(measure.read(truth, groups), groups, N_GROUPS)
    for group in range(3):
        assert floor[group] == pytest.approx(own_floor(truth[groups == group]), rel=0.05)
    assert np.isfinite(floor[3])


def test_floors_of_classes_are_those_of_their_shares():
    y = np.repeat([0, 1, 0, 2], [9, 21, 5, 15])
    codes = np.repeat([0, 1], [30, 20])
    shares = [np.array([0.3, 0.7]), np.array([0.25, 0.75])]
    floors = {
        "neg_log_loss": [-0.01 * (p * np.log(p)).sum() for p in shares],
        "accuracy": [0.01 * (1 - p.max()) for p in shares],
        "neg_brier_score": [0.005 * (1 - (p**2).sum()) for p in shares],
        "roc_auc": [0.005, 0.005],
        "roc_auc_ovr": [0.005, 0.005],
    }
    for scoring, expected in floors.items():
        measure = find_measure(scoring, is_classification=True)
        floor = measure.floor(measure.read(y, codes), codes, 2)
        assert floor == pytest.approx(np.array(expected)), scoring


def test_a_metric_that_fails_on_constants_has_no_floor():
    def stubborn_score(y_true, y_pred):
        if len(np.unique(y_pred)) < 3:
            raise ValueError("Constants are boring.")
        return np.corrcoef(y_true, y_pred)[0, 1]

    measure = find_measure(stubborn_score, is_classification=False)
    truth, predictions, groups = regression()
    assert measure.floor(measure.read(truth, groups), groups, 3).tolist() == [0, 0, 0]
    assert np.isfinite(measure.losses(truth, predictions, groups, 3)).all()


def test_deviances_are_finite_and_of_targets_that_can_be():
    poisson = find_measure("neg_mean_poisson_deviance", is_classification=False)
    groups = np.zeros(3, dtype=int)
    counts = np.array([0.0, 3.0, 1.0])
    losses = poisson.losses(counts, np.array([0.0, 0.0, 1.0]), groups, 1)
    assert np.isfinite(losses).all()
    assert losses[[0, 2]] == pytest.approx([0, 0], abs=1e-12)
    assert losses[1] > 100
    gamma = find_measure("neg_mean_gamma_deviance", is_classification=False)
    log_error = find_measure("neg_mean_squared_log_error", is_classification=False)
    for measure, message in (
        (poisson, "y must be counts for the Poisson deviance, got -2"),
        (gamma, "y must be positive for the gamma deviance, got -2"),
        (log_error, "Mean Squared Logarithmic Error cannot be used"),
    ):
        with pytest.raises(ValueError, match=message):
            measure.losses(counts - 2, counts + 1, groups, 1)
    with pytest.raises(ValueError, match="Counts are predicted to be -1"):
        poisson.losses(counts, counts - 1, groups, 1)


# ---------------------------------------------------------------- areas


def delong_variance(truth, scores):
    """The variance of an area by the formulas of DeLong et al. (1988)."""
    positive = scores[truth == 1][:, None]
    negative = scores[truth == 0][None]
    order = (positive > negative) + 0.5 * (positive == negative)
    of_positives = order.mean(axis=1).var(ddof=1) / len(positive)
    return of_positives + order.mean(axis=0).var(ddof=1) / negative.size


def test_the_variance_of_an_area_is_that_of_delong():
    measure = find_measure("roc_auc", is_classification=True)
    rng = np.random.default_rng(0)
    groups = rng.integers(3, size=120)
    truth = (rng.random(120) < 0.3).astype(float)
    scores = np.round(rng.normal(size=120) + truth, 1)
    losses = measure.losses(truth, scores, groups, 3)
    for group in range(3):
        own = groups == group
        expected = delong_variance(truth[own], scores[own])
        assert losses[own].var(ddof=1) / own.sum() == pytest.approx(expected, rel=1e-9)
        area = roc_auc_score(truth[own], scores[own])
        assert losses[own].mean() == pytest.approx(1 - area, rel=1e-9)


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "roc_auc_ovr"])
def test_groups_of_one_class_have_no_losses(scoring):
    measure = find_measure(scoring, is_classification=True)
    y, probabilities, groups = classification()
    y[groups == 0] = 0
    truth, predictions = read_classes(measure, y, probabilities, groups)
    losses = measure.losses(truth, predictions, groups, N_GROUPS)
    assert np.isnan(losses[groups == 0]).all()
    assert np.isfinite(losses[groups > 0]).all()


def test_the_only_target_of_a_class_moves_nothing_that_it_defines():
    y = np.array([0, 0, 0, 1, 0, 0])
    probabilities = np.column_stack([1 - y / 2, y / 2])
    probabilities[0] = [0.3, 0.7]
    groups = np.zeros(6, dtype=int)
    measure = find_measure("roc_auc_ovr", is_classification=True)
    area = find_measure("roc_auc", is_classification=True)
    losses = measure.losses(measure.read(y, groups).truth, probabilities, groups, 1)
    expected = area.losses(area.read(y, groups).truth, probabilities[:, 1], groups, 1)
    assert losses[3] == pytest.approx(0.2)
    assert losses.mean() == pytest.approx(0.2)
    assert expected[3] == pytest.approx(0.2)
    assert expected.mean() == pytest.approx(0.2)


# ---------------------------------------------------------------- the jackknife


@pytest.mark.parametrize("scoring", ["neg_mean_absolute_error", "neg_mean_pinball_loss"])
def test_the_jackknife_of_a_mean_gives_its_losses(scoring):
    function = mean_pinball_loss if "pinball" in scoring else None
    metric = find_metric(function or scoring)
    truth, predictions, groups = regression()
    losses = MetricError(metric, False).losses(truth, predictions, groups, 3)
    direct = find_measure(function or scoring, is_classification=False)
    assert isinstance(direct, MeanLoss)
    expected = direct.losses(truth, predictions, groups, 3)
    np.testing.assert_allclose(losses, expected, rtol=1e-9)


@pytest.mark.parametrize("scoring", ["accuracy", "neg_brier_score"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_losses_of_classes_are_those_of_the_jackknife(scoring, n_classes):
    y, probabilities, groups = classification(60, n_classes)
    direct = find_measure(scoring, is_classification=True)
    slow = MetricError(find_metric(scoring), True)
    found = []
    for measure in (direct, slow):
        truth, predictions = read_classes(measure, y, probabilities, groups)
        if predictions.ndim == 2:
            predictions[groups == 2, 1] = np.nan  # a class that a training set lacked
            predictions /= np.nansum(predictions, axis=1, keepdims=True)
        found.append(measure.losses(truth, predictions, groups, 3))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("scoring", ["r2", "explained_variance", "d2_absolute_error_score"])
def test_first_order_losses_are_near_those_of_the_jackknife(scoring):
    truth, predictions, _ = regression(200)
    groups = np.zeros(200, dtype=int)
    first_order = find_measure(scoring, is_classification=False)
    jackknife = MetricError(find_metric(scoring), False)
    losses = first_order.losses(truth, predictions, groups, 1)
    expected = jackknife.losses(truth, predictions, groups, 1)
    assert np.std(losses - expected) < 0.05 * np.std(losses)


def spread_of(measure, truth, predictions, groups):
    """The standard deviation of losses about the mean of their group."""
    losses = measure.losses(truth, predictions, groups, groups.max() + 1)
    means = measure.errors(truth, predictions, groups, groups.max() + 1)
    return np.sqrt(np.mean((losses - means[groups]) ** 2))


def relative_error(y_true, y_pred):
    return np.abs(y_true - y_pred).sum() / np.abs(y_true).sum()


@pytest.mark.parametrize("n_groups", [1, 8])
def test_blocks_of_similar_targets_keep_most_of_the_variance(n_groups, monkeypatch):
    """With 60 calls for 320 targets, or 20 for each 40."""
    truth, predictions, _ = regression(320)
    groups = np.arange(320) % n_groups
    measure = find_measure(relative_error, is_classification=False)
    exact = spread_of(measure, truth, predictions, groups)
    monkeypatch.setattr("skmtl.evaluation._errors.metric_errors._CALLS_OF_GROUP", (20, 60))
    monkeypatch.setattr("skmtl.evaluation._errors.metric_errors._MAX_CALLS", 60)
    rough = spread_of(measure, truth, predictions, groups)
    assert 0.8 * exact < rough < 1.05 * exact


def test_a_rare_class_is_not_left_out_as_a_whole(monkeypatch):
    y, probabilities, _ = classification(120)
    y[5:] = 0
    y[:5] = 1
    groups = np.zeros(120, dtype=int)
    probabilities += np.random.default_rng(0).uniform(0, 0.01, size=(120, 1))  # no ties
    measure = find_measure("average_precision", is_classification=True)
    truth = measure.read(y, groups).truth
    exact = measure.losses(truth, probabilities, groups, 1)
    monkeypatch.setattr("skmtl.evaluation._errors.metric_errors._CALLS_OF_GROUP", (20, 40))
    rough = measure.losses(truth, probabilities, groups, 1)
    error = measure.errors(truth, probabilities, groups, 1)
    assert exact.mean() == pytest.approx(error[0])
    assert rough.mean() == pytest.approx(error[0])
    np.testing.assert_allclose(rough[:5] - error, exact[:5] - error, rtol=0.05)


def test_every_metric_of_labels_costs_a_call_for_each_pair_of_labels():
    calls = []

    def counted_score(y_true, y_pred):
        calls.append(len(y_true))
        return fbeta_score(y_true, y_pred, beta=2, zero_division=0)

    y, probabilities, _ = classification(600)
    groups = np.zeros(600, dtype=int)
    measure = find_measure(counted_score, is_classification=True)
    truth, predictions = read_classes(measure, y, probabilities, groups)
    losses = measure.losses(truth, predictions, groups, 1)
    assert calls == [600] + [599] * 4
    assert len(np.unique(losses.round(9))) <= 4


def test_scores_of_scorers_have_the_same_losses_by_any_spelling():
    for name in ("r2", "neg_mean_squared_log_error", "neg_mean_gamma_deviance"):
        by_name = find_measure(name, is_classification=False)
        by_function = find_measure(get_scorer(name)._score_func, is_classification=False)
        assert by_name is by_function
    assert find_measure(max_error, is_classification=False).power == 1
    assert find_measure("neg_root_mean_squared_log_error", is_classification=False).power == 0.5
