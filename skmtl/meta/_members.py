"""The members of a stack: what the user gave by name, made ready for the data."""

from sklearn.base import clone
from sklearn.utils import get_tags

from skmtl.base import MultiTaskEstimator, namesake
from skmtl.meta._independent_tasks import IndependentTasks
from skmtl.meta.pipelines import final_estimator, with_task_column


def read_members(estimators, kind, reserved):
    """Return the members of a stack, a dict of unfitted estimators by name.

    Estimators of a single target are those of each task alone.

    Parameters
    ----------
    estimators : dict, or list of (name, estimator)
        What the user passed.
    kind : {"regressor", "classifier"}
        What all of them must be.
    reserved : collection of str
        Names that no member may have: the parameters of the stack.
    """
    members = {}
    for name, estimator in named_pairs(estimators, reserved):
        members[name] = _member(name, estimator, kind)
    if not members:
        raise ValueError(
            f"estimators={estimators!r} has no estimator: give some, or None for the default ones."
        )
    return members


def named_pairs(estimators, reserved):
    """Return the pairs (name, estimator); raise unless names differ and can name parameters."""
    if isinstance(estimators, dict):
        pairs = list(estimators.items())
    elif isinstance(estimators, list | tuple):
        pairs = list(estimators)
    else:
        pairs = [estimators]
    for pair in pairs:
        is_pair = isinstance(pair, list | tuple) and len(pair) == 2
        if not is_pair or not isinstance(pair[0], str):
            raise TypeError(
                "estimators is a dict {name: estimator} or a list of pairs (name, estimator), got "
                f"{estimators!r}."
            )
    names = [name for name, _ in pairs]
    for k, name in enumerate(names):
        if name in names[:k]:
            raise ValueError(f"estimators has the name {name!r} twice.")
        if name in reserved or "__" in name:
            raise ValueError(
                f"estimators has the name {name!r}, which contains '__' or is that of a parameter "
                "of the stack: choose another one."
            )
    return pairs


def _member(name, estimator, kind):
    """Return an estimator of several tasks; raise unless it is of the right kind."""
    if not hasattr(estimator, "fit"):
        raise TypeError(f"estimators[{name!r}] must be an estimator, got {estimator!r}.")
    final = final_estimator(estimator)
    own_kind = get_tags(final).estimator_type
    if own_kind != kind:
        raise TypeError(f"estimators[{name!r}] must be a {kind}, got {estimator!r}.")
    if kind == "classifier" and not hasattr(estimator, "predict_proba"):
        raise TypeError(f"estimators[{name!r}] needs predict_proba, which {estimator!r} lacks.")
    if hasattr(final, "task_column"):
        return estimator
    if not get_tags(estimator).target_tags.single_output:
        raise TypeError(
            f"estimators[{name!r}] must be a multi-task {kind} of skmtl or one of a single target, "
            f"got {estimator!r}{namesake(final)}."
        )
    return IndependentTasks(estimator)


def in_form(member, X, task_column):
    """Return a clone of a member that reads this task column and predicts unseen tasks."""
    member = clone(member)
    if task_column is not None:
        member, _ = with_task_column(member, X, task_column)
    final_estimator(member).set_params(handle_unknown="shared")
    return member


def check_finds_tasks(name, member, tasks, task_column):
    """Raise if the task ids do not reach the multi-task estimator of a member.

    Parameters
    ----------
    name : str
    member : estimator
        With the task column that was set in it.
    tasks : array-like or None
        Task ids that were passed beside X.
    task_column : str, int or None
        Column of the stack.
    """
    if tasks is not None and not isinstance(member, MultiTaskEstimator):
        raise ValueError(
            "tasks= does not reach the last step of a pipeline or search, such as member "
            f"{name!r}: put the ids into a column of X and give task_column. Steps that must not "
            "see the ids, such as a scaler, go inside keep_task_column(StandardScaler(), "
            "task_column)."
        )
    if task_column is None or final_estimator(member).task_column is not None:
        return
    raise ValueError(
        f"Member {name!r} is a pipeline, whose steps may move the task column, and its last step "
        "has no task_column: set it to where they leave the ids, which is -1 after steps inside "
        "keep_task_column."
    )


def is_alone(member):
    """Whether a member learns every task alone."""
    return isinstance(final_estimator(member), IndependentTasks)
