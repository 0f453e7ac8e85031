"""Reference solutions of the tests: the cases of data/oracles.json and the data they are about."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.io import loadmat

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Case:
    """One certified minimum. `W` and `C` are None where not recorded: see data/README.md."""

    name: str
    objective: str
    data: str
    strengths: dict
    constants: dict
    f_opt: float
    W: np.ndarray | None
    C: np.ndarray | None

    @property
    def fit_intercept(self):
        return self.C is not None

    def arrays(self):
        """Lists X_1..X_T and y_1..y_T."""
        return task_arrays(self.data)


def load_cases(*objectives):
    """The cases of the given objectives, in the order of the file."""
    lines = json.loads((DATA / "oracles.json").read_text(encoding="utf-8"))
    return [
        Case(
            name=line["case"],
            objective=line["objective"],
            data=line["data"],
            strengths=line["strengths"],
            constants=line.get("constants", {}),
            f_opt=line["f_opt"],
            W=np.array(line["W_opt"]) if "W_opt" in line else None,
            C=np.array(line["C_opt"]) if "C_opt" in line else None,
        )
        for line in lines
        if line["objective"] in objectives
    ]


@cache
def task_arrays(data):
    """Lists X_1..X_T and y_1..y_T of a data set; X_t is one and the same array when shared."""
    if data.startswith("school"):
        Xs, ys = _school(standardized=data != "school_raw")
        n_schools = 20 if data == "school_z20" else None
        return Xs[:n_schools], ys[:n_schools]
    with np.load(DATA / f"{data}.npz") as file:
        X, y = file["X"], file["y"]
        if y.ndim == 2:
            return [X] * y.shape[1], list(y.T)
        starts = np.searchsorted(file["tasks"], np.unique(file["tasks"]))[1:]
        return np.split(X, starts), np.split(y, starts)


def _school(*, standardized):
    """The School data, sorted by school; standardized over all pupils without the constant."""
    cells = loadmat(DATA / "school.mat")
    Xs = [X.astype(float) for X in cells["X"].ravel()]
    ys = [y.ravel().astype(float) for y in cells["Y"].ravel()]
    if not standardized:
        return Xs, ys
    X, y = np.vstack(Xs)[:, :-1], np.concatenate(ys)
    Xs = [(X_t[:, :-1] - X.mean(axis=0)) / X.std(axis=0) for X_t in Xs]
    return Xs, [(y_t - y.mean()) / y.std() for y_t in ys]


def long(Xs, ys):
    """One X whose last column is the task (0..T-1), and one y."""
    tasks = np.repeat(np.arange(len(ys)), [len(y) for y in ys])
    return np.column_stack([np.vstack(Xs), tasks]), np.concatenate(ys)


def squared_errors(Xs, ys, W, C):
    """`||y_t - X_t w_t - c_t||^2` of every task, (n_tasks,), for W (n_features, n_tasks)."""
    residuals = [y - X @ w - c for X, y, w, c in zip(Xs, ys, W.T, C, strict=True)]
    return np.array([residual @ residual for residual in residuals])


def log_losses(Xs, ys, W, C):
    """`sum_i log(1 + exp(-y_ti (x_ti . w_t + c_t)))` of every task, (n_tasks,), y -1 or 1."""
    margins = [y * (X @ w + c) for X, y, w, c in zip(Xs, ys, W.T, C, strict=True)]
    return np.array([np.logaddexp(0.0, -margin).sum() for margin in margins])
