"""What holds for every public estimator of conftest.py, in both modes of data."""

import inspect
import pickle
import re
from functools import cache

import joblib
import numpy as np
import pytest
from conftest import (
    DEEP,
    ESTIMATORS,
    MODES,
    READERS,
    TRANSFORMERS,
    data_of,
    in_mode,
    wide_to_long_X,
)
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.estimator_checks import parametrize_with_checks

import skmtl

# What scikit-learn's checks ask of classifiers that is not so on two-dimensional y.
FEEDS_1D_Y = "feeds 1-D y"
LISTS = "takes no list of probabilities or classes, one for each task, as scikit-learn has them"
WIDE_CLASSIFIERS_FAIL = {
    "check_class_weight_classifiers": FEEDS_1D_Y,
    "check_classifier_not_supporting_multiclass": FEEDS_1D_Y,
    "check_classifiers_classes": FEEDS_1D_Y,
    "check_classifiers_one_label": FEEDS_1D_Y,
    "check_classifiers_one_label_sample_weights": FEEDS_1D_Y,
    "check_classifiers_regression_target": FEEDS_1D_Y,
    "check_classifiers_train": FEEDS_1D_Y,
    "check_decision_proba_consistency": FEEDS_1D_Y,
    "check_classifier_multioutput": LISTS,
    "check_estimator_sparse_array": LISTS,
    "check_estimator_sparse_matrix": LISTS,
    "check_methods_sample_order_invariance": LISTS,
}
WIDE_CLASSIFIERS = (
    *("MixedEffectsClassifier", "MultiTaskCV", "MultiTaskLassoClassifier"),
    *("MultiTaskSVC", "TraceNormClassifier"),
)

COPIES = "leaving one out leaves the copies of a row in, but not the weight of a row"
LEAVE_ONE_OUT_FAILS = {
    "check_sample_weight_equivalence_on_dense_data": COPIES,
    "check_sample_weight_equivalence_on_sparse_data": COPIES,
}

NOTHING_SHARED = "rows are all tasks, which have nothing in common that tells their classes"
LONG_MIXED_EFFECTS_FAIL = {"check_classifiers_train": NOTHING_SHARED}

PROBABILITIES = (  # what these need, SVC has not
    *("check_decision_proba_consistency", "check_estimator_sparse_array"),
    "check_estimator_sparse_matrix",
)
WIDE_SVC_FAILS = {k: v for k, v in WIDE_CLASSIFIERS_FAIL.items() if k not in PROBABILITIES}
STOPS = "libsvm stops at a tolerance, as scikit-learn's own SVC and SVR, which it exempts too"
SVM_FAILS = {
    "check_sample_weight_equivalence_on_dense_data": STOPS,
    "check_sample_weight_equivalence_on_sparse_data": STOPS,
}


ROUNDED = "networks are trained in single precision, as test_deep_mixed.py allows for"
NETWORKS_FAIL = {
    "check_sample_weight_equivalence_on_dense_data": ROUNDED,
    "check_sample_weight_equivalence_on_sparse_data": ROUNDED,
}


def is_network(estimator):
    return type(estimator) in map(type, DEEP)


def expected_failures(estimator):
    if isinstance(estimator, skmtl.MultiTaskKernelRidgeCV) and estimator.task_column is None:
        return LEAVE_ONE_OUT_FAILS  # where rows are all tasks, none can be left out
    wide = is_classifier(estimator) and estimator.task_column is None
    if is_network(estimator):
        return NETWORKS_FAIL | (WIDE_CLASSIFIERS_FAIL if wide else {})
    svm = isinstance(estimator, skmtl.MultiTaskSVC | skmtl.MultiTaskSVR)
    if svm and estimator.task_column is None:  # else the rows are all tasks
        return SVM_FAILS | (WIDE_SVC_FAILS if wide else {})
    if isinstance(estimator, skmtl.MixedEffectsClassifier) and not wide:
        return LONG_MIXED_EFFECTS_FAIL
    return WIDE_CLASSIFIERS_FAIL if wide else {}


def is_reader(estimator):
    """Whether the checks of this estimator stand for all that read their data by the same code."""
    return type(estimator) in map(type, READERS)


def checked_modes(estimator):
    """Every estimator is checked in one mode, and one for each way to read data in both.

    On long data, where the checks have a task for each row, fits are slow.
    """
    if is_network(estimator):
        return MODES
    if isinstance(estimator, skmtl.MultiTaskMixed):
        return ["wide"]
    if is_classifier(estimator):
        wide = type(estimator).__name__ in WIDE_CLASSIFIERS
        return MODES if wide else ["long"]
    return MODES if is_reader(estimator) else ["wide"]


@pytest.mark.filterwarnings("ignore:task_column=-1 holds numbers")  # the checks know of no ids
@pytest.mark.filterwarnings("ignore:Task.* lack a class")  # as their rows are all tasks
@pytest.mark.filterwarnings("ignore:No task has more than one target")  # likewise
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # 10 rows, alpha ~ 0
@parametrize_with_checks(
    [in_mode(clone(one), mode) for one in ESTIMATORS for mode in checked_modes(one)],
    expected_failed_checks=expected_failures,
)
def test_scikit_learns_checks_pass(estimator, check):
    name = check.func.__name__
    if name in expected_failures(estimator):
        pytest.xfail(expected_failures(estimator)[name])  # its fits take time and tell nothing
    if is_repeated(estimator, check):
        pytest.skip("the form of data is checked of another estimator or by another check")
    check(estimator)


def is_repeated(estimator, check):
    """Whether the check differs from others in the form of data only, which all read alike.

    Sparse features are checked of one estimator for each way to read data: on long data, and
    classifiers, their fits take long. Other tests compare sparse with dense features.
    """
    if "readonly_memmap" in check.keywords:  # as in check_readonly_memmap_input
        return True
    name = check.func.__name__
    if name not in ("check_estimator_sparse_array", "check_estimator_sparse_matrix"):
        return False
    if is_classifier(estimator) and hasattr(estimator, "cv"):  # ten fits of seconds
        return True
    is_long = estimator.get_params().get("task_column") is not None
    return not is_reader(estimator) and (is_long or name == "check_estimator_sparse_matrix")


@cache
def fitted(estimator, mode):
    return data_of(estimator).fit(clone(estimator), mode)


@pytest.fixture
def model(request, estimator, mode):
    """Every estimator, fitted in a mode: for tests that leave it as it is."""
    return fitted(request.node.callspec.params["estimator"], mode)


@pytest.fixture
def long_model(request, estimator):
    """Every estimator, fitted on long data, likewise."""
    return fitted(request.node.callspec.params["estimator"], "long")


@pytest.fixture
def fitted_linear(request, linear, mode):
    """Every linear estimator, likewise."""
    return fitted(request.node.callspec.params["linear"], mode)


def test_the_registry_is_complete():
    public = {
        name
        for name in skmtl.__all__
        if inspect.isclass(getattr(skmtl, name)) and issubclass(getattr(skmtl, name), BaseEstimator)
    }
    assert public == {type(one).__name__ for one in [*ESTIMATORS, *DEEP, *TRANSFORMERS]}


# Parameters and documentation


def test_parameters_after_the_first_are_keywords(estimator):
    _, *rest = inspect.signature(type(estimator)).parameters.values()
    pairs = (
        *(skmtl.MultiTaskCV, skmtl.MultiTaskMixed, skmtl.MultiTaskMLP, skmtl.MultiTaskStacking),
    )
    if isinstance(estimator, pairs):  # what it is of, and how
        rest = rest[1:]
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in rest)


def test_every_parameter_is_documented(estimator):
    documented = set(re.findall(r"^(\w+) : ", inspect.getdoc(type(estimator)), flags=re.MULTILINE))
    assert set(inspect.signature(type(estimator)).parameters) <= documented


def test_no_docstring_has_an_unfilled_paragraph(estimator):
    assert not re.search(r"^\s*\{\w+\}$", type(estimator).__doc__, flags=re.MULTILINE)


def test_every_public_method_has_a_docstring(estimator):
    methods = inspect.getmembers(type(estimator), inspect.isroutine)
    assert all(inspect.getdoc(f) for name, f in methods if not name.startswith("_"))


def test_parameters_are_stored_as_they_are(estimator):
    values = {name: object() for name in estimator.get_params(deep=False)}
    same = type(estimator)(**values)
    assert all(getattr(same, name) is value for name, value in values.items())
    assert same.set_params(**values).get_params(deep=False) == values


def test_a_clone_has_the_parameters_and_no_fit(model, mode, data):
    copy = clone(model)
    assert repr(copy) == repr(model)
    with pytest.raises(NotFittedError):
        copy.predict(data.X[mode])


# Fit


def test_fit_returns_the_estimator_and_leaves_parameters_alone(estimator, mode, data):
    in_mode(estimator, mode)
    before = repr(estimator.get_params())
    assert data.fit(estimator, mode) is estimator
    assert repr(estimator.get_params()) == before


def test_fit_sets_only_attributes_that_end_in_an_underscore(model):
    new = vars(model).keys() - model.get_params().keys()
    assert all(name.endswith("_") or name.startswith("_") for name in new)


def test_every_fitted_attribute_is_documented(model):
    documented = inspect.getdoc(type(model)).partition("Attributes\n---")[2]
    fitted = [name for name in vars(model) if re.fullmatch("[a-z].*_", name)]
    assert [name for name in fitted if f"\n{name} : " not in documented] == []


def test_fit_describes_the_tasks(model, mode, data):
    np.testing.assert_array_equal(model.tasks_, [0, 1, 2])
    assert model.n_tasks_ == 3
    np.testing.assert_array_equal(model.n_samples_per_task_, [30, 30, 30])
    assert model.n_features_in_ == data.X[mode].shape[1]


ATTRIBUTES = {  # shape and kind of their type
    "coef_": ((3, 4), "f"),
    "intercept_": ((3,), "f"),
    "shared_coef_": ((4,), "f"),
    "n_iter_": ((), "i"),
    "objective_": ((), "f"),
    "dual_gap_": ((), "f"),
    "optimality_": ((), "f"),
}


def test_linear_models_set_the_same_attributes_always(linear, mode, data, fitted_linear):
    inner = "estimator__" if hasattr(linear, "estimator") else ""
    without_intercept = data.fit(linear.set_params(**{f"{inner}fit_intercept": False}), mode)
    for model in (fitted_linear, without_intercept):
        for name, (shape, kind) in ATTRIBUTES.items():
            value = np.asarray(getattr(model, name))
            assert value.shape == shape, name
            assert value.dtype.kind == kind, name
            assert np.isfinite(value).all(), name


def test_a_second_fit_forgets_the_first(estimator, mode, data, model):
    once = model.predict(data.X[mode])
    in_mode(estimator, "wide").fit(data.X["wide"][:9, :2], data.y["wide"][:9, :2])
    np.testing.assert_array_equal(data.fit(estimator, mode).predict(data.X[mode]), once)


# Data


def all_columns(model, features, method="predict"):
    """Predictions of every task for every row of features, (n_samples, n_tasks)."""
    predict = getattr(model, method)
    if model.task_column is None:
        wide = predict(features)
        if isinstance(wide, list):
            return np.column_stack([probabilities[:, 1] for probabilities in wide])
        return wide
    long = predict(wide_to_long_X(features, model.tasks_))
    if method == "predict_proba":
        long = long[:, 1]
    return long.reshape(model.n_tasks_, -1).T


def linear_output(model):
    """The method that gives `x . w + b`; a stack of classifiers has probabilities only."""
    if isinstance(model, skmtl.SafeSharingClassifier):
        return "predict_proba"
    return "decision_function" if is_classifier(model) else "predict"


def tight(estimator):
    """With a tight stopping rule, where it has one: what its solver reaches beside rounding."""
    descent = type(estimator).__name__.startswith(("MultiTaskLasso", "MultiTaskElasticNet"))
    descent = descent and not is_classifier(estimator)
    options = {"tol": 1e-13 if descent else 1e-11, "max_iter": 100_000}
    if "GaussianProcess" in type(estimator).__name__:
        options["tol"] = 1e-5  # nats
    if isinstance(estimator, skmtl.MixedEffectsClassifier):
        options["tol"] = 1e-6  # standard errors
    known = estimator.get_params()
    return estimator.set_params(
        **{name: options[name.split("__")[-1]] for name in known if name.split("__")[-1] in options}
    )


def test_wide_and_long_give_the_same_model(estimator, data):
    if isinstance(estimator, skmtl.SafeSharingClassifier):
        pytest.skip("folds differ: of rows in wide data, of each class of a task in long data")
    if is_network(estimator):
        pytest.skip("batches differ: test_deep.py")
    wide = data.fit(clone(tight(estimator)), "wide")
    long = data.fit(clone(tight(estimator)), "long")
    outputs = [all_columns(m, data.X["wide"], linear_output(m)) for m in (long, wide)]
    np.testing.assert_allclose(*outputs, rtol=1e-5)  # what the gap leaves in a net


def test_task_ids_as_an_argument_give_the_same_model(estimator, data, long_model):
    ids = data.X["long"][:, -1].astype(int)
    features = data.X["long"][:, :-1]
    column = long_model.predict(data.X["long"])
    argument = clone(estimator).fit(features, data.y["long"], tasks=ids)
    np.testing.assert_array_equal(argument.predict(features, tasks=ids), column)


def test_predictions_have_the_shape_of_y(model, mode, data):
    assert model.predict(data.X[mode]).shape == data.y[mode].shape


def test_the_score_is_the_mean_over_tasks(model, mode, data):
    columns = zip(data.y["wide"].T, all_columns(model, data.X["wide"]).T, strict=True)
    metric = accuracy_score if is_classifier(model) else r2_score
    expected = np.mean([metric(*column) for column in columns])
    assert model.score(data.X[mode], data.y[mode]) == pytest.approx(expected, rel=1e-12)


def test_unseen_tasks_get_the_average_model(long_model, data):
    if isinstance(long_model, skmtl.SafeSharingClassifier):
        pytest.skip("probabilities of the average model are no average of probabilities")
    if isinstance(long_model, skmtl.MixedEffectsClassifier):
        pytest.skip("averages probabilities: test_mixed_effects_classifier.py")
    if isinstance(long_model, skmtl.MultiTaskGaussianProcessClassifier):
        pytest.skip("averages probabilities: test_gaussian_process_classifier.py")
    if isinstance(long_model, skmtl.MultiTaskMLPClassifier):
        pytest.skip("averages probabilities of its members: test_deep.py")
    if isinstance(long_model, skmtl.MultiTaskMLP):
        pytest.skip("the scale of a new task is the median: test_deep_mixed.py")
    features, method = data.X["wide"], linear_output(long_model)
    unseen = getattr(long_model, method)(wide_to_long_X(features, [99]))
    average = all_columns(long_model, features, method).mean(axis=1)
    np.testing.assert_allclose(unseen, average, rtol=1e-10)  # rounding of a mean


def test_shared_coef_is_the_average(fitted_linear):
    average = fitted_linear.coef_.mean(axis=0)
    np.testing.assert_allclose(fitted_linear.shared_coef_, average, rtol=1e-12)


def test_predict_all_tasks_does_not_look_at_ids(fitted_linear, mode, data):
    expected = all_columns(fitted_linear, data.X["wide"])
    predicted = fitted_linear.predict_all_tasks(data.X[mode])
    np.testing.assert_allclose(predicted[: len(expected)], expected, rtol=1e-12)
    assert predicted.shape == (len(data.X[mode]), 3)


# Persistence


def test_pickles_predict_alike(model, mode, data):
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict(data.X[mode]), model.predict(data.X[mode]))


def test_joblib_dumps_predict_alike(model, mode, data, tmp_path):
    joblib.dump(model, tmp_path / "model.joblib")
    for memory in (None, "r"):  # in memory, and mapped from the disk, read-only
        copy = joblib.load(tmp_path / "model.joblib", mmap_mode=memory)
        np.testing.assert_array_equal(copy.predict(data.X[mode]), model.predict(data.X[mode]))
