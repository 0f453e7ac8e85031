"""The estimators of an evaluation: checked, made ready for unseen tasks, and fitted."""

import warnings

from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import get_tags

from skmtl._warn import counting, warn
from skmtl.base import namesake
from skmtl.deep import MultiTaskMLP, MultiTaskMLPRegressor
from skmtl.evaluation._baselines import BASELINES
from skmtl.evaluation._single_task import takes_counts
from skmtl.meta import IndependentTasks
from skmtl.meta.pipelines import final_estimator, with_task_column


def read_estimators(estimator, X, task_column):
    """The estimators of a comparison, and the task column of X.

    Parameters
    ----------
    estimator : estimator or dict of str to estimator
        What the user passed. A single estimator is called "multi".
    X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
        The data that the task column is looked up in.
    task_column : str, int or None
        What the user passed.

    Returns
    -------
    estimators : dict of str to estimator
        Clones that predict unseen tasks.
    task_column : str, int or None
        The column that all of them use.
    """
    if isinstance(estimator, list | tuple):
        raise TypeError(
            f"Several estimators are a dict {{name: estimator}}, got {estimator!r}: give each a "
            "name, such as {'first': ..., 'second': ...}."
        )
    if not isinstance(estimator, dict):
        estimator = {"multi": estimator}
    are_names = all(isinstance(name, str) for name in estimator)
    if not estimator or not are_names:
        raise ValueError(f"Several estimators are a dict {{name: estimator}}, got {estimator!r}.")
    estimators = {}
    columns = []
    for name, one in estimator.items():
        check_one_line(name, one)
        first_word = name.split(" ")[0]
        if first_word in BASELINES:
            raise ValueError(f"{name!r} is the name of a baseline: choose another for {one!r}.")
        one, column = with_task_column(one, X, task_column)
        estimators[name] = predicting_unseen_tasks(one)
        columns.append(column)
    if len(set(columns)) > 1:
        raise ValueError(f"The estimators differ in their task columns: {columns}.")
    return estimators, columns[0]


def check_one_line(name, estimator):
    """Raise ValueError if the name of an estimator is blank or has several lines."""
    if not name.strip() or not name.isprintable():
        raise ValueError(f"Names must be words on one line, got {name!r} for {estimator!r}.")


def predicting_unseen_tasks(estimator):
    """A clone that predicts tasks which are missing in a training set by the shared model."""
    estimator = clone(estimator)
    final = final_estimator(estimator)
    params = final.get_params(deep=False) if hasattr(final, "get_params") else {}
    if "handle_unknown" not in params:
        raise TypeError(
            f"{final!r} is not a multi-task regressor or classifier of skmtl{namesake(final)}."
        )
    final.set_params(handle_unknown="shared")
    return estimator


def are_classifiers(estimators):
    """Whether the estimators, given by name, are classifiers; TypeError for a mixture."""
    kinds = {name: estimator_kind(estimator) for name, estimator in estimators.items()}
    if len(set(kinds.values())) > 1:
        raise TypeError(f"Regressors and classifiers cannot be compared, got {kinds}.")
    return "classifier" in kinds.values()


def estimator_kind(estimator):
    """Return "regressor" or "classifier"; TypeError for any other estimator."""
    kind = get_tags(final_estimator(estimator)).estimator_type
    if isinstance(final_estimator(estimator), MultiTaskMLP):
        raise TypeError(
            "Tasks of different kinds have no common error. Compare model.skills(X_test, y_test) "
            "of two fits, one with training='independent'. (Tasks of one kind are compared by "
            f"MultiTaskMLPRegressor or MultiTaskMLPClassifier.) Got {estimator!r}."
        )
    if kind not in ("regressor", "classifier"):
        raise TypeError(f"Expected a regressor or classifier, got {estimator!r}.")
    return kind


def check_responses(models, measure):
    """Raise TypeError if a model, given by name, lacks what its errors are computed from."""
    for name, model in models.items():
        if any(hasattr(model, method) for method in measure.response_method):
            continue
        if measure.response_method == ("predict_proba",):
            raise TypeError(
                f"Classifiers are judged by probabilities, but {model!r} gives none: choose "
                f"another scoring for {name}, such as 'accuracy', or another baseline."
            )
        needed = " or ".join(measure.response_method)
        raise TypeError(
            f"{measure.name} needs {needed}, which {name}, {model!r}, has not: choose another "
            "scoring or, for a baseline, another baseline."
        )


def normalizes_targets(estimator, is_wide=None):
    """Whether an estimator standardizes the targets of each task before it couples tasks.

    `is_wide` says whether y is two-dimensional; None: if the estimator has no task column.
    """
    final = final_estimator(estimator)
    params = final.get_params()
    named = [value for name, value in params.items() if name.split("__")[-1] == "normalize_y"]
    if isinstance(final, MultiTaskMLPRegressor):
        if is_wide is None:
            is_wide = final.task_column is None
        is_auto = final.normalize_y in ("auto", True)
        return final.normalize_y == "task" or (is_auto and is_wide)
    return any(value is True for value in named)


def mixes_units(estimator, is_wide=None):
    """Whether the unit of a task matters to what a regressor learns about the others.

    Counts have no unit. `is_wide` is as in :func:`normalizes_targets`.
    """
    final = final_estimator(estimator)
    if isinstance(final, IndependentTasks) or takes_counts(final):
        return False
    return not normalizes_targets(estimator, is_wide)


def warn_about_convergence(n_unconverged, names):
    """Warn once about fits of these models that did not converge; their number is by model."""
    counts = []
    for name in names:
        if n_unconverged[name]:
            counts.append(f"{n_unconverged[name]} of {name}")
    if counts:
        warn(
            f"Fits did not converge ({', '.join(counts)}): raise max_iter or tol of these models.",
            ConvergenceWarning,
        )


def fit_and_count(model, X, y, fit_kwargs):
    """Fit the model and return its number of ConvergenceWarnings; pass on other warnings.

    That a class has fewer samples than scikit-learn makes folds is left out: it names no task, and
    is about the folds by which baselines choose their penalty.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class in y has only")
        _, count = counting(ConvergenceWarning, model.fit, X, y, **fit_kwargs)
    return count
