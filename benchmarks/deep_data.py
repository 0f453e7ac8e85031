"""Data sets of deep_quality.py and deep_defaults.py: their splits, and what is scored on them.

The files are put by hand into one directory, under the names below. Parkinson's comes with skmtl;
School is downloaded into the directory on first use.

==============  ==================  =====================================================  =========
set             file                source                                                 license
==============  ==================  =====================================================  =========
Parkinson's                         see `skmtl.load_parkinsons`                            CC BY 4.0
School          skmtl/school.mat    see `skmtl.fetch_school`; splits of seeds below 10     not
                                    are the masks `train` of school_splits.npz, if it is   stated
                                    there: np.packbits of (n_splits, n_pupils)
andro, edm,     mulan_<set>.npz     github.com/tsoumakas/mulan, data/multi-target: arrays  not
enb, jura,                          X and Y                                                stated
slump
mixed                               simulated
landmine        landmine.npz        Xue et al. (2007): X, y and task                       not
                                                                                           stated
Tox21           tox21.npz           github.com/deepchem/deepchem, datasets/tox21.csv.gz:   NIH;
                                    `fingerprints`, np.packbits of ECFP4 fingerprints of   MIT
                                    2048 bits by RDKit, and Y, 0, 1 or NaN
FDU-MTL         fdu.csv             github.com/ccsasuke/man, data/fdu-mtl: columns         MIT
                                    domain, split ("train", "dev", "test"), label, text
==============  ==================  =====================================================  =========
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from own_rows import school as read_school
from own_rows import shares, standardized
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import explained_variance_score, r2_score, roc_auc_score
from sklearn.model_selection import ShuffleSplit

from skmtl import TaskStratifiedShuffleSplit, load_parkinsons

PARKINSONS_SHARE = 0.07  # of the rows of every patient: about ten
LANDMINE_ROWS = 40  # of every mine field
TOX21_TEST = 0.2
WORDS = 5000  # of FDU-MTL
N_MIXED = 600
N_MIXED_TEST = 2000
MISSING = 0.5  # of the targets of mixed data


class Split(NamedTuple):
    """Training and test samples; the last column is the task if tasks have samples of their own."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


# ---------------------------------------------------------------- numbers, own samples


def parkinsons(directory, seed):
    """Motor score of 42 patients by measures of their voice: 7 % of the rows of each."""
    X, y = load_parkinsons(return_X_y=True)
    return Split(*shares(_with_codes(X), y, PARKINSONS_SHARE, seed))


def school(directory, seed):
    """Exam score of pupils of 139 schools: 75 % of the pupils of each."""
    X, y = _school(directory)
    masks = directory / "school_splits.npz"
    if seed < 10 and masks.exists():
        train = np.unpackbits(np.load(masks)["train"][seed])[: len(y)].astype(bool)
    else:
        cv = TaskStratifiedShuffleSplit(1, task_column=-1, random_state=seed)
        train = np.isin(np.arange(len(y)), next(cv.split(X))[0])
    return Split(*standardized(X, y, np.flatnonzero(train), np.flatnonzero(~train)))


@lru_cache
def _school(directory):
    X, y = read_school(directory)
    return _with_codes(X), y


def _with_codes(X):
    """The same with tasks 0, 1, ... in the last column."""
    X = np.array(X, dtype=float)
    X[:, -1] = np.unique(X[:, -1], return_inverse=True)[1]
    return X


# ---------------------------------------------------------------- numbers, the same samples


def mulan(name, directory, seed):
    """A set of Mulan: two thirds of the rows, columns of X and Y standardized by them."""
    with np.load(directory / f"mulan_{name}.npz") as file:
        X, Y = file["X"].astype(float), file["Y"].astype(float)
    train, test = next(ShuffleSplit(1, train_size=2 / 3, random_state=seed).split(X))
    X, Y = (_standardize(Z, train) for Z in (X, Y))
    return Split(X[train], Y[train], X[test], Y[test])


def _standardize(Z, train):
    spread = Z[train].std(axis=0)
    spread[spread == 0] = 1.0
    return (Z - Z[train].mean(axis=0)) / spread


# ---------------------------------------------------------------- numbers and classes


def mixed(is_curved, directory, seed):
    """Four numbers and two classes of 20 features, half of them missing in training.

    Their scores are linear in the features, with three factors that tasks share, or linear in the
    absolute values of six projections of them.
    """
    rng = np.random.default_rng(seed)
    n = N_MIXED + N_MIXED_TEST
    X = rng.normal(size=(n, 20))
    inputs = X
    if is_curved:
        inputs = np.abs(X @ rng.normal(size=(20, 6)) / np.sqrt(20))
    scores = inputs @ rng.normal(size=(inputs.shape[1], 3)) @ rng.normal(size=(3, 6))
    scores = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    Y = np.empty((n, 6), dtype=object)
    for t in range(4):
        Y[:, t] = scores[:, t] + 0.5 * rng.normal(size=n)
    for t in (4, 5):
        is_yes = 3.0 * scores[:, t] + rng.logistic(size=n) > 0
        Y[:, t] = np.where(is_yes, "yes", "no")
    train = np.arange(N_MIXED)
    y = Y[train]
    y[rng.random(y.shape) < MISSING] = None
    return Split(X[train], y, X[N_MIXED:], Y[N_MIXED:])


# ---------------------------------------------------------------- classes


def landmine(directory, seed):
    """Mines in 29 fields: 40 rows of each."""
    with np.load(directory / "landmine.npz") as file:
        X = np.column_stack([file["X"], file["task"]]).astype(float)
        y = (file["y"].ravel() > 0).astype(int)
    X = _with_codes(X)
    rng = np.random.default_rng(seed)
    train = []
    for task in np.unique(X[:, -1]):
        rows = rng.permutation(np.flatnonzero(X[:, -1] == task))
        train.append(rows[:LANDMINE_ROWS])
    train = np.concatenate(train)
    test = np.setdiff1d(np.arange(len(y)), train)
    return Split(*standardized(X, y, train, test))


def tox21(directory, seed):
    """Twelve assays of 8006 molecules by fingerprints; a random fifth is for testing."""
    with np.load(directory / "tox21.npz") as file:
        X = np.unpackbits(file["fingerprints"], axis=1).astype(float)
        Y = file["Y"].astype(float)
    train, test = next(ShuffleSplit(1, test_size=TOX21_TEST, random_state=seed).split(X))
    return Split(X[train], Y[train], X[test], Y[test])


def reviews(directory, seed):
    """Sentiment of reviews in 16 domains, by tf-idf of words and pairs; split as published.

    Training reviews are those of "train" and "dev". Seeds of 100 and more are for choices: they are
    trained on "train", and tested on "dev".
    """
    X, X_dev, X_test, y, y_dev, y_test = _reviews(directory)
    if seed >= 100:
        return Split(X, y, X_dev, y_dev)
    return Split(np.concatenate([X, X_dev]), np.concatenate([y, y_dev]), X_test, y_test)


@lru_cache
def _reviews(directory):
    import pandas as pd

    table = pd.read_csv(directory / "fdu.csv", keep_default_na=False)
    domain = np.unique(table.domain, return_inverse=True)[1]
    parts = [(table.split == name).to_numpy() for name in ("train", "dev", "test")]
    words = TfidfVectorizer(
        lowercase=True,
        ngram_range=(1, 2),
        sublinear_tf=True,
        max_features=WORDS,
        token_pattern=r"\S+",
    )
    words.fit(table.text[parts[0]])
    X = words.transform(table.text).toarray()
    X = np.column_stack([X, domain])
    y = table.label.to_numpy()
    return (*(X[part] for part in parts), *(y[part] for part in parts))


# ---------------------------------------------------------------- scores


def own_numbers(model, split):
    """R2 of all test samples, and the mean over tasks of that of their own."""
    predicted = model.predict(split.X_test)
    of_tasks = _by_task(r2_score, split.X_test[:, -1], split.y_test, predicted)
    return {"R2": r2_score(split.y_test, predicted), "mean R2 of tasks": np.mean(of_tasks)}


def explained(model, split):
    """Explained variance of all pupils, and the mean over schools of that of their own; percent."""
    predicted = model.predict(split.X_test)
    of_tasks = _by_task(explained_variance_score, split.X_test[:, -1], split.y_test, predicted)
    return {
        "explained variance, %": 100 * explained_variance_score(split.y_test, predicted),
        "mean of schools, %": 100 * np.mean(of_tasks),
    }


def relative_error(model, split):
    """Mean over targets of the root mean squared error relative to that of the training mean."""
    squares = (split.y_test - model.predict(split.X_test)) ** 2
    relative = np.sqrt(squares.sum(axis=0) / (split.y_test**2).sum(axis=0))
    return {"aRRMSE": relative.mean()}


def numbers_and_classes(model, split):
    """Mean R2 of the numbers and mean area under the ROC curve of the classes."""
    predicted = model.predict(split.X_test)
    probabilities = model.predict_proba(split.X_test)
    numbers = []
    areas = []
    for t in range(split.y_test.shape[1]):
        y = split.y_test[:, t]
        if isinstance(y[0], str):
            areas.append(roc_auc_score(y == "yes", probabilities[t][:, 1]))
        else:
            numbers.append(r2_score(y.astype(float), predicted[:, t].astype(float)))
    return {"R2": np.mean(numbers), "AUC": np.mean(areas)}


def own_areas(model, split):
    """Mean over tasks of the area under the ROC curve."""
    p = model.predict_proba(split.X_test)[:, 1]
    areas = []
    for task in np.unique(split.X_test[:, -1]):
        here = split.X_test[:, -1] == task
        areas.append(roc_auc_score(split.y_test[here], p[here]))
    return {"AUC": np.mean(areas)}


def wide_areas(model, split):
    """Mean over assays of the area under the ROC curve of the molecules that were tested."""
    probabilities = model.predict_proba(split.X_test)
    areas = []
    for t in range(split.y_test.shape[1]):
        y = split.y_test[:, t]
        known = ~np.isnan(y)
        areas.append(roc_auc_score(y[known], probabilities[t][known, 1]))
    return {"AUC": np.mean(areas)}


def accuracy(model, split):
    """Mean over domains of the percentage of reviews whose sentiment is right."""
    right = model.predict(split.X_test) == split.y_test
    domain = split.X_test[:, -1].astype(int)
    return {"accuracy, %": 100 * np.mean(np.bincount(domain, right) / np.bincount(domain))}


def _by_task(metric, tasks, y, predicted):
    return [metric(y[tasks == task], predicted[tasks == task]) for task in np.unique(tasks)]
