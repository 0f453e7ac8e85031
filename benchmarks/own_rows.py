"""Eight public sets whose tasks have rows of their own, and their splits.

The files are put by hand into one directory, under the names below. Only Parkinson's comes with
skmtl; School is downloaded into that directory on first use. The others state no license, or none
that allows to pass them on, and so they are not part of skmtl.

==============  ===============  ======================================================  ==========
set             file             source                                                  license
==============  ===============  ======================================================  ==========
radon           radon_all.json   github.com/stan-dev/posteriordb, radon_all: the state   public
                                 residential radon survey of the US EPA                  domain
Exam            Exam.csv         Rdatasets, mlmRev/Exam: Goldstein et al. (1993),        not stated
                                 "A multilevel analysis of school examination results"
Hsb82           Hsb82.csv        Rdatasets, mlmRev/Hsb82: High School and Beyond 1982    not stated
School          skmtl/           see `skmtl.fetch_school`                                not stated
                school.mat
rice farms      RiceFarms.csv    Rdatasets, plm/RiceFarms: Horrace and Schmidt (1996),   not stated
                                 "Confidence statements for efficiency estimates"
cheese          cheese.csv       R's bayesm, written with write.csv(cheese): Boatwright  not stated
                                 et al. (1999), "Account-level modeling for trade
                                 promotion"
Walmart         Walmart.csv      Kaggle's "Walmart Recruiting", weekly sums of stores,   not stated
                                 as in several repositories on GitHub
Parkinson's                      see `skmtl.load_parkinsons`                             CC BY 4.0
==============  ===============  ======================================================  ==========

Rdatasets is github.com/vincentarelbundock/Rdatasets, folder csv.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from skmtl import fetch_school, load_parkinsons

LEAST_TEST = 2  # rows: a task with fewer left over is left out
MISSING_FLOOR = 9  # the code of radon's survey


class Split(NamedTuple):
    """Standardized features and, last, the task; the rows of `test` are all that are left."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    @property
    def n_tasks(self):
        return len(np.unique(self.X[:, -1]))


def radon(directory):
    """Log radon of houses in counties, by floor and log uranium; rows without floor dropped."""
    data = json.loads((directory / "radon_all.json").read_text())
    X = np.column_stack([data["floor_measure"], data["log_uranium"], data["county_idx"]])
    known = X[:, 0] != MISSING_FLOOR
    return X[known], np.array(data["log_radon"])[known]


def exam(directory):
    """Exam score of pupils in schools of London; indicators of what is categorical."""
    rows = _table(directory, "Exam.csv")
    columns = [rows.standLRT, rows.schavg, rows.sex == "M"]
    for name in ("vr", "intake"):
        columns += [rows[name] == level for level in ("bottom 25%", "mid 50%", "top 25%")]
    return _with_task(columns, rows.school), rows.normexam.to_numpy()


def hsb82(directory):
    """Mathematics score of pupils in schools of the United States."""
    rows = _table(directory, "Hsb82.csv")
    yes = [rows.minrty == "Yes", rows.sx == "Female", rows.sector == "Catholic"]
    columns = [*yes, rows.ses, rows.meanses, rows.cses]
    return _with_task(columns, rows.school), rows.mAch.to_numpy()


def school(directory):
    """Exam score of pupils in schools of Inner London."""
    data = fetch_school(data_home=directory)
    return data.X, data.y


def rice_farms(directory):
    """Log output of Indonesian farms in six seasons, by logarithms of the inputs."""
    rows = _table(directory, "RiceFarms.csv")
    inputs = ("size", "seed", "urea", "totlabor", "wage", "price")
    columns = [np.log(rows[name]) for name in inputs]
    columns.append(np.log1p(rows.phosphate))  # many use none
    return _with_task(columns, rows.id), np.log(rows.goutput.to_numpy())


def cheese(directory):
    """Log volume of sliced cheese that retailers sold in a week, by display and log price."""
    rows = _table(directory, "cheese.csv")
    return _with_task([rows.DISP, np.log(rows.PRICE)], rows.RETAILER), np.log(rows.VOLUME)


def walmart(directory):
    """Log weekly sales of stores; the season by two harmonics of the day of the year.

    The 143 weeks of a store are in order. Their dates are not read: where the day is 12 or less,
    published files have the day and the month in either order.
    """
    rows = _table(directory, "Walmart.csv")
    week = rows.groupby("Store").cumcount().to_numpy()
    first = np.datetime64("2010-02-05")
    dates = first + 7 * week.astype("timedelta64[D]")
    day = (dates - dates.astype("datetime64[Y]")).astype(int)
    columns = [rows.Holiday_Flag, rows.Temperature, rows.Fuel_Price, rows.CPI, rows.Unemployment]
    for harmonic in (1, 2):
        angle = 2 * np.pi * harmonic * day / 365.25
        columns += [np.sin(angle), np.cos(angle)]
    return _with_task(columns, rows.Store), np.log(rows.Weekly_Sales)


def parkinsons(directory):
    """Motor score of patients, by measures of their voice."""
    data = load_parkinsons()
    return data.X, data.y


SETS = {  # name, then what reads it and the numbers of labeled rows of a task
    "radon": (radon, (6, 15)),
    "Exam": (exam, (6, 15)),
    "Hsb82": (hsb82, (6, 15)),
    "School": (school, (6, 15)),
    "rice farms": (rice_farms, (4,)),
    "cheese": (cheese, (6, 15)),
    "Walmart": (walmart, (6, 15)),
    "Parkinson's": (parkinsons, (6, 15)),
}


def load(name, directory):
    """X, its last column the task as 0 to n_tasks - 1, and y."""
    X, y = SETS[name][0](Path(directory))
    X = np.array(X, dtype=float)
    X[:, -1] = np.unique(X[:, -1], return_inverse=True)[1]
    return X, np.asarray(y, dtype=float)


def split(X, y, n_rows, seed):
    """`n_rows` rows of each task for training, all others for testing.

    Tasks with fewer than `LEAST_TEST` rows left are left out, and tasks are numbered again.
    """
    rng = np.random.default_rng(seed)
    train, test = [], []
    for task in np.unique(X[:, -1]):
        rows = rng.permutation(np.flatnonzero(X[:, -1] == task))
        if len(rows) >= n_rows + LEAST_TEST:
            train.append(rows[:n_rows])
            test.append(rows[n_rows:])
    return standardized(X, y, np.concatenate(train), np.concatenate(test))


def shares(X, y, share, seed):
    """That share of the rows of each task for training."""
    rng = np.random.default_rng(seed)
    train, test = [], []
    for task in np.unique(X[:, -1]):
        rows = rng.permutation(np.flatnonzero(X[:, -1] == task))
        middle = round(share * len(rows))
        train.append(rows[:middle])
        test.append(rows[middle:])
    return standardized(X, y, np.concatenate(train), np.concatenate(test))


def standardized(X, y, train, test):
    """A split whose features have mean 0 and variance 1 over the training rows of all tasks."""
    features = X[:, :-1]
    center, spread = features[train].mean(axis=0), features[train].std(axis=0)
    spread[spread == 0] = 1.0
    tasks = np.unique(X[train, -1], return_inverse=True)[1]
    codes = np.full(int(X[:, -1].max()) + 1, -1)
    codes[X[train, -1].astype(int)] = tasks

    def rows(chosen):
        scaled = (features[chosen] - center) / spread
        return np.column_stack([scaled, codes[X[chosen, -1].astype(int)]])

    return Split(rows(train), y[train], rows(test), y[test])


def _table(directory, name):
    import pandas as pd

    return pd.read_csv(directory / name)


def _with_task(columns, tasks):
    codes = np.unique(tasks, return_inverse=True)[1]
    return np.column_stack([*columns, codes]).astype(float)
