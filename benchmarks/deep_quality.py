"""Quality of networks on public data, beside linear and kernel models that share and boosting.

    python benchmarks/deep_quality.py --data DIR --kept DIR [--only SET ...] [--models MODEL ...]
        [--seeds N ...] [--rst doc/deep_quality_table.inc]

`deep_data.py` says what the data directory holds and how a set is split. Networks have the default
parameters, which were chosen by `deep_defaults.py` on splits of other seeds, 100 and more. What
every fit scored is kept in a file of its own: a run that was stopped goes on where it was, and
several may run at once.
The table has means and standard deviations over seeds 0 to 4, of FDU-MTL one fit to the published
split, and what was aimed at.
"""

import argparse
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from time import process_time

import deep_data as data
import numpy as np
from kept_results import Results
from report import list_table
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from threadpoolctl import threadpool_limits

from skmtl import (
    IndependentTasks,
    MeanRegularizedClassifier,
    MeanRegularizedRegressorCV,
    MixedEffectsRegressor,
    MultiTaskCV,
    MultiTaskKernelRidgeCV,
    MultiTaskMixed,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
)
from skmtl.penalties import L21

SEEDS = range(5)
WIDTHS = np.array([0.01, 0.03, 0.1, 0.3, 1.0, 3.0])  # gamma, over 1 / n_features
ALPHAS = [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0]
RIDGES = [1e-3, 1e-2, 1e-1, 1.0]
NETWORK = "network"
TRAINED = "network, heads as trained"
SHARING = "linear or kernel, shared"
MIXED_EFFECTS = "mixed effects"
BOOSTING = "gradient boosting"
PER_TASK = "gradient boosting, a model for each task"
LONG = {"task_column": -1}


class Boosting(BaseEstimator):
    """Gradient boosting of all tasks, with the task as a categorical feature."""

    def __init__(self, model):
        self.model = model

    def fit(self, X, y):
        task = {"estimator__categorical_features": [X.shape[1] - 1]}
        self.best_ = clone(self.model).set_params(**task).fit(X, y)
        return self

    def predict(self, X):
        return self.best_.predict(X)

    def predict_proba(self, X):
        return self.best_.predict_proba(X)


class KernelRidge(BaseEstimator):
    """MultiTaskKernelRidgeCV with widths that go by the number of features."""

    def fit(self, X, y):
        self.best_ = MultiTaskKernelRidgeCV(ALPHAS, gammas=WIDTHS / X.shape[1]).fit(X, y)
        return self

    def predict(self, X):
        return self.best_.predict(X)


REGRESSOR = MultiTaskMLPRegressor(random_state=0)
CLASSIFIER = MultiTaskMLPClassifier(random_state=0)
LEAVES = {"min_samples_leaf": [3, 5, 10, 20]}  # the default, 20, is too many for some of the sets
BOOSTED = GridSearchCV(
    HistGradientBoostingRegressor(random_state=0), LEAVES, scoring="neg_mean_squared_error"
)
BOOSTED_CLASSES = GridSearchCV(
    HistGradientBoostingClassifier(random_state=0), LEAVES, scoring="neg_log_loss"
)
LINEAR_CLASSIFIER = MultiTaskCV(
    MeanRegularizedClassifier(), {"alpha": 10, "ridge": [1e-3, 1e-2, 1e-1]}
)
OWN_NUMBERS = {
    NETWORK: clone(REGRESSOR).set_params(**LONG),
    TRAINED: clone(REGRESSOR).set_params(**LONG, refit_heads=None),
    SHARING: MeanRegularizedRegressorCV(alphas=15, ridge=RIDGES, cv=5, **LONG),
    MIXED_EFFECTS: MixedEffectsRegressor(**LONG),
    BOOSTING: Boosting(BOOSTED),
    PER_TASK: IndependentTasks(BOOSTED, **LONG),
}
WIDE_NUMBERS = {
    NETWORK: REGRESSOR,
    SHARING: KernelRidge(),
    PER_TASK: MultiOutputRegressor(BOOSTED),
}
MIXED = {
    NETWORK: MultiTaskMLP(random_state=0),
    SHARING: MultiTaskMixed(penalty=L21(0.03)),
}
OWN_CLASSES = {
    NETWORK: clone(CLASSIFIER).set_params(**LONG),
    TRAINED: clone(CLASSIFIER).set_params(**LONG, refit_heads=None),
    SHARING: clone(LINEAR_CLASSIFIER).set_params(estimator__task_column=-1),
}


def above(value):
    """At least that value."""
    return lambda scores: value


def beside(*models, less=0.0, best=max):
    """The best of those of these models that were measured, give or take."""
    return lambda scores: best(scores[model] for model in models if model in scores) - less


@dataclass(frozen=True)
class Case:
    """A set.

    Attributes
    ----------
    split : callable
        Returns the Split of a directory and a seed.
    score : callable
        Returns the measures of a fitted model and a split.
    models : dict
        Models by name.
    goals : dict
        By measure, a function that returns what was aimed at, from the mean scores of the models.
    is_error : bool
        Whether less is better.
    seeds : sequence of int
        Those of the table; one where the split is published and a fit takes minutes.
    """

    split: Callable
    score: Callable
    models: dict
    goals: dict
    is_error: bool = False
    seeds: Sequence = SEEDS


def mulan(name):
    goal = beside(SHARING, PER_TASK, best=min)
    return Case(
        partial(data.mulan, name),
        data.relative_error,
        WIDE_NUMBERS,
        {"aRRMSE": goal},
        is_error=True,
    )


def mixed(is_curved):
    goals = {"R2": beside(SHARING, less=0.03), "AUC": beside(SHARING, less=0.03)}
    return Case(partial(data.mixed, is_curved), data.numbers_and_classes, MIXED, goals)


CASES = {
    "Parkinson's, 7 %": Case(
        data.parkinsons,
        data.own_numbers,
        OWN_NUMBERS,
        {"R2": above(0.978), "mean R2 of tasks": above(0.5)},
    ),
    "School": Case(
        data.school,
        data.explained,
        {name: model for name, model in OWN_NUMBERS.items() if name != PER_TASK},
        {"explained variance, %": beside(SHARING, less=0.3)},
    ),
    "andro": mulan("andro"),
    "edm": mulan("edm"),
    "jura": mulan("jura"),
    "slump": mulan("slump"),
    "enb": mulan("enb"),
    "mixed, linear": mixed(False),
    "mixed, curved": mixed(True),
    "landmine, 40 rows a task": Case(
        data.landmine,
        data.own_areas,
        {**OWN_CLASSES, BOOSTING: Boosting(BOOSTED_CLASSES)},
        {},
    ),
    "Tox21": Case(
        data.tox21,
        data.wide_areas,
        {NETWORK: CLASSIFIER, SHARING: LINEAR_CLASSIFIER},
        {"AUC": above(0.8)},
    ),
    "FDU-MTL": Case(
        data.reviews,
        data.accuracy,
        OWN_CLASSES,
        {"accuracy, %": above(87.0)},
        seeds=[0],
    ),
}


def measure(case, model, directory, seed):
    """What a model scores on a split, and the CPU seconds of its fit; or why it failed."""
    split = case.split(directory, seed)
    model = clone(model)
    if "random_state" in model.get_params():
        model.set_params(random_state=seed)
    start = process_time()
    try:
        model.fit(split.X, split.y)
        seconds = process_time() - start
        scores = case.score(model, split)
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}
    return {"scores": {name: float(score) for name, score in scores.items()}, "seconds": seconds}


def run(kept, directory, seeds, sets, models):
    """Measure what is not kept yet."""
    for title in sets:
        case = CASES[title]
        for seed, (name, model) in product(seeds or case.seeds, case.models.items()):
            is_wanted = not models or name in models
            if not is_wanted or kept.get(name, title, seed):
                continue
            found = measure(case, model, directory, seed)
            kept.put(name, title, seed, found)
            print(title, seed, name, found, flush=True)


# ---------------------------------------------------------------- the table


def scores_of(kept, title, name, measure, seeds):
    """The scores of a model, (n_seeds,), or None if one is missing."""
    found = [kept.get(name, title, seed) for seed in seeds]
    if not all(one and "scores" in one for one in found):
        return None
    return np.array([one["scores"][measure] for one in found])


def measures_of(kept, title):
    """Names of the measures of a set, from the first fit that is kept."""
    for name in CASES[title].models:
        for seed in CASES[title].seeds:
            found = kept.get(name, title, seed)
            if found and "scores" in found:
                return list(found["scores"])
    return []


def digits(measure):
    """Number of digits after the point."""
    return 1 if "%" in measure else 3


def verdict(case, measure, scores):
    """The goal, and by how much the network missed it."""
    if measure not in case.goals or NETWORK not in scores:
        return "", ""
    means = {name: of.mean() for name, of in scores.items()}
    goal = case.goals[measure](means)
    n_digits = digits(measure)
    missing = means[NETWORK] - goal if case.is_error else goal - means[NETWORK]
    sign = "at most" if case.is_error else "at least"
    missed_by = f"missed by {missing:.{n_digits}f}" if missing > 0 else "met"
    return f"{sign} {goal:.{n_digits}f}", missed_by


def rows_of(kept, title, names):
    """A row of the table for each measure of a set."""
    case = CASES[title]
    for measure in measures_of(kept, title):
        scores = {}
        for name in names:
            of = scores_of(kept, title, name, measure, case.seeds)
            if of is not None:
                scores[name] = of
        n_digits = digits(measure)
        cells = []
        for name in names:
            cell = ""
            if name in scores:
                of = scores[name]
                cell = f"{of.mean():.{n_digits}f}"
                if len(of) > 1:
                    cell += f" ± {of.std(ddof=1):.{n_digits}f}"
            cells.append(cell)
        yield [title, measure, *cells, *verdict(case, measure, scores)]


def table(kept, sets):
    """A reStructuredText table."""
    names = [NETWORK, TRAINED, SHARING, MIXED_EFFECTS, BOOSTING, PER_TASK]
    rows = [["data", "measure", *names, "goal", ""]]
    for title in sets:
        rows += rows_of(kept, title, names)
    return list_table("12 10 10 10 10 10 10 10 10 8", rows)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="directory of the files")
    options.add_argument("--kept", type=Path, required=True, help="directory of the results")
    options.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    options.add_argument("--models", nargs="+", help="the others are left out")
    options.add_argument("--seeds", nargs="+", type=int, help="those of the table by default")
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore")
    kept = Results(options.kept)
    run(kept, options.data, options.seeds, options.only, options.models)
    text = table(kept, options.only)
    print(text)
    if options.rst:
        options.rst.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
