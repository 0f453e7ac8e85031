"""Comparisons of odd data, splits and models: a clear answer or a clear refusal, and no warning."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, RepeatedKFold

from skmtl import IndependentTasks, MultiTaskLasso, compare_to_single_task

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

N_SAMPLES = 45
TASKS = np.repeat([0, 1, 2], 15)
LASSO = MultiTaskLasso(alpha=0.05)
FOLDS = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)


class Diverged(RegressorMixin, BaseEstimator):
    """A model that predicts one value for the first samples, and 0 for the others."""

    def __init__(self, value=np.inf, share=1.0):
        self.value = value
        self.share = share

    def fit(self, X, y):
        self.is_fitted_ = True
        return self

    def predict(self, X):
        predictions = np.zeros(len(X))
        predictions[: int(np.ceil(self.share * len(X)))] = self.value
        return predictions


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N_SAMPLES, 4))
    coef = 1 + 0.3 * rng.standard_normal((3, 4))
    y = (X * coef[TASKS]).sum(axis=1) + rng.standard_normal(N_SAMPLES)
    return X, y


def compare(data, estimator=LASSO, **options):
    """A fast comparison."""
    X, y = data
    defaults = {
        "tasks": TASKS,
        "baseline": Ridge(),
        "rivals": (),
        "cv": list(FOLDS.split(X)),
        "model_figures": False,
        "random_state": 0,
    }
    return compare_to_single_task(estimator, X, y, **{**defaults, **options})


def read(report):
    """Read a report in every form but its pictures."""
    text = str(report)
    assert max(map(len, text.splitlines())) <= 100
    report.details()
    report.verdict()
    report.to_markdown()
    report._repr_html_()
    assert str(pickle.loads(pickle.dumps(report))) == text
    assert str(copy.deepcopy(report)) == text
    return text


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (np.where(TASKS == 1, np.nan, TASKS), "NaN or None for 15 sample.*first at row 15"),
        ([None, *range(1, N_SAMPLES)], "NaN or None for 1 sample.*first at row 0"),
        (pd.array([None] * 2 + [1] * (N_SAMPLES - 2), dtype="Int64"), "for 2 sample"),
        (np.zeros((N_SAMPLES, 2)), r"shape \(45, 2\)"),
        ("person", r"shape \(\)"),
        (np.arange(5), "5 entries, but X has 45 samples"),
    ],
)
def test_groups_are_one_for_each_sample(data, groups, message):
    with pytest.raises(ValueError, match=f"groups= has .*{message}"):
        compare(data, groups=groups)


def test_too_few_groups_for_folds_are_refused_with_a_way_out(data):
    with pytest.raises(ValueError, match=r"4 folds need as many groups.*cv=2"):
        compare(data, groups=TASKS, cv=None)
    assert compare(data, groups=np.arange(N_SAMPLES) % 3, cv=2).summary_["n_judged"] == 3


def test_tasks_of_a_single_group_are_not_judged(data):
    report = compare(data, groups=TASKS, cv=2)
    assert set(report.table_["verdict"]) == {"not judged"}
    assert set(report.table_["note"]) == {
        "not in 5 of 5 training sets; too few samples or groups to tell how sure a gain is"
    }


def test_groups_in_any_form_are_the_same(data):
    codes = np.arange(N_SAMPLES) // 3
    expected = compare(data, groups=codes).table_
    names = [f"person {code}" for code in codes]
    for groups in (names, pd.Categorical(names), pd.DataFrame({"person": names})):
        found = compare(data, groups=groups).table_
        np.testing.assert_allclose(found["own_se"], expected["own_se"])


def test_a_splitter_without_groups_is_no_reason_to_warn(data, recwarn):
    compare(data, cv=KFold(3))
    assert not recwarn
    with pytest.warns(UserWarning, match="groups parameter is ignored"):
        compare(data, cv=KFold(3), groups=np.arange(N_SAMPLES))


@pytest.mark.parametrize("empty", ["training", "test"])
def test_a_split_with_an_empty_side_is_refused(data, empty):
    samples = np.arange(N_SAMPLES)
    sides = (samples[:0], samples) if empty == "training" else (samples, samples[:0])
    with pytest.raises(ValueError, match=f"Split 1 of cv has .*0 {empty}"):
        compare(data, cv=[(samples[::2], samples[1::2]), sides])


def test_sizes_of_zero_are_read_as_one(data):
    samples = np.arange(N_SAMPLES)
    never_trained = [(samples[15::2], samples[1::2]), (samples[16::2], samples[::2])]
    report = compare(data, cv=never_trained)
    assert report.table_["n_train"][0] == 0
    np.testing.assert_array_equal(report.size_curve([0]), report.size_curve([1]))
    read(report)


@pytest.mark.parametrize("value", [np.inf, 1e200])
@pytest.mark.parametrize("role", ["single", "multi"])
def test_infinite_errors_are_not_judged_and_noted(data, role, value):
    diverged = Diverged(value, share=0.1)
    if role == "single":
        report = compare(data, baseline=diverged)
    else:
        report = compare(data, IndependentTasks(diverged))
    whose = "alone" if role == "single" else "with sharing"
    assert report.summary_["n_judged"] == 0
    assert set(report.table_["note"]) == {f"the error {whose} is infinite"}
    read(report)


@pytest.mark.parametrize("role", ["single", "multi"])
def test_huge_errors_are_judged(data, role):
    diverged = Diverged(1e100)
    if role == "single":
        report = compare(data, baseline=diverged)
    else:
        report = compare(data, IndependentTasks(diverged))
    assert set(report.table_["verdict"]) == {"helped" if role == "single" else "harmed"}
    read(report)


def test_rivals_without_a_finite_error_are_said_to_be_unknown(data):
    report = compare(data, rivals=[{"bad one": Diverged()}])
    assert "Gain over bad one unknown." in read(report)


def test_predictions_that_are_nan_are_warned_of_by_the_name_of_the_model(data):
    with pytest.warns(UserWarning, match="'bad one' predicts NaN for 90 of 90 tested targets"):
        report = compare(data, rivals=[{"bad one": Diverged(np.nan)}])
    assert report.summary_["n_judged"] == 0
    read(report)


def test_methods_without_a_finite_error_are_not_ranked_beside_the_others(data):
    models = {"good": LASSO, "bad": IndependentTasks(Diverged())}
    ranking = compare(data, models)
    assert ranking.ranking_["method"][-1] == "bad"
    with_bad = ranking.pairwise_["method_b"] == "bad"
    assert np.isnan(ranking.pairwise_["difference"][with_bad]).all()
    assert "Not compared, for lack of finite errors: bad." in read(ranking)


def test_methods_without_any_judged_task_are_not_compared(data):
    X, _ = data
    ranking = compare((X, TASKS.astype(float)), {"a": LASSO, "b": MultiTaskLasso(alpha=1.0)})
    assert read(ranking).startswith("The methods cannot be compared")


def test_a_model_equal_to_its_baseline_changes_nothing(data):
    text = read(compare(data, IndependentTasks(Ridge())))
    assert text.startswith("Sharing changes nothing: all errors are the same as alone.\n")


@pytest.mark.parametrize("name", ["", " ", "a\nb"])
def test_names_are_words(data, name):
    with pytest.raises(ValueError, match="must be words on one line"):
        compare(data, rivals={name: Ridge()})
    with pytest.raises(ValueError, match="must be words on one line"):
        compare(data, {name: LASSO})


def test_a_baseline_is_of_the_kind_of_the_estimator(data):
    with pytest.raises(TypeError, match="The baseline is a classifier, expected a regressor"):
        compare(data, baseline=LogisticRegression())


def test_the_order_and_the_names_of_tasks_change_no_number(data):
    exact = MultiTaskLasso(alpha=0.05, tol=1e-10)
    expected = compare(data, exact)
    names = np.array(["z", "a", "m"])
    found = compare(data, exact, tasks=names[TASKS])
    places = np.searchsorted(found.table_["task"], names)
    for name in ("gain", "ci_low", "ci_high", "p_harm", "own_se", "t_p_value"):
        np.testing.assert_allclose(found.table_[name][places], expected.table_[name], rtol=1e-6)
    for name in ("median_gain", "median_gain_low", "median_gain_high", "share_gain_low", "spread"):
        np.testing.assert_allclose(found.summary_[name], expected.summary_[name], rtol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_targets_that_are_not_finite_are_refused_without_warnings(data, value):
    X, y = data
    with pytest.raises(ValueError, match="NaN or infinity"):
        compare((X, np.where(y > 2, value, y)))
