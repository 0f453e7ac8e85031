"""Co-kriging by a Gaussian process of several metals: do helpers sampled everywhere pay?

    python benchmarks/jura.py DATA.npz [--n-splits N] [--rst FILE]

DATA holds the heavy metals in the soil of the Swiss Jura as the Mulan set does: arrays X (Xloc,
Yloc, land use, rock and some metals), Y (the other metals), feature_names and target_names, 359
sites, the first 259 of them those of the book. One metal is known at 259 sites, its helpers at all;
what is asked for is the metal at the other 100. Inputs are the two coordinates. Prints, for the
metals and for their logarithms, the mean absolute error in ppm, how many of the labels are in the
95 % intervals, and the median CPU time of a fit: for the sites of the book, then mean and standard
deviation over random splits.
"""

import argparse
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np
from report import list_table

from skmtl import MultiTaskGaussianProcessRegressor

HELPERS = {"Cd": ["Ni", "Zn"], "Cu": ["Pb", "Ni", "Zn"], "Co": ["Ni", "Cr"]}
N_TRAIN = 259


def read(path):
    """Coordinates (n, 2), and the metals by name."""
    with np.load(path) as data:
        columns = dict(zip(data["feature_names"], data["X"].T, strict=True))
        columns |= dict(zip(data["target_names"], data["Y"].T, strict=True))
    return np.column_stack([columns["Xloc"], columns["Yloc"]]), columns


def coupled(places, Z, train, test, kernel=None, rank=1):
    """Mean and deviation of the first column of Z at test sites, the others known there."""
    Z = Z.copy()
    Z[test, 0] = np.nan
    model = MultiTaskGaussianProcessRegressor(kernel, rank=rank).fit(places, Z)
    mean, std = model.predict(places[test], return_std=True)
    return mean[:, 0], std[:, 0]


def alone(places, Z, train, test, with_helpers=False):
    """The same without helpers, or with these as inputs like the coordinates."""
    X = np.column_stack([places, Z[:, 1:]]) if with_helpers else places
    model = MultiTaskGaussianProcessRegressor().fit(X[train], Z[train, :1])
    mean, std = model.predict(X[test], return_std=True)
    return mean[:, 0], std[:, 0]


MODELS = {
    "single task": alone,
    "rank 0": partial(coupled, rank=0),
    "rank 1": coupled,
    "rank 2": partial(coupled, rank=2),
    "rank 1, Matérn 3/2": partial(coupled, kernel="matern32"),
    "two terms, rank 1": partial(coupled, kernel=["rbf", "rbf"]),
    "single task, helpers as features": partial(alone, with_helpers=True),
}
SLOW = ["two terms, rank 1"]  # for the sites of the book only


def measure(model, places, Z, train, test, log):
    """Mean absolute error, share of labels in the 95 % intervals, seconds."""
    start = process_time()
    mean, std = model(places, np.log(Z) if log else Z, train, test)
    seconds = process_time() - start
    ends = mean, mean - 1.96 * std, mean + 1.96 * std
    guess, low, high = np.exp(ends) if log else ends
    truth = Z[test, 0]
    return np.abs(guess - truth).mean(), np.mean((low <= truth) & (truth <= high)), seconds


def splits(n_sites, n_splits):
    """Pairs of training and test sites, those of the book first."""
    sites = np.arange(n_sites)
    orders = [sites, *(np.random.default_rng(k).permutation(sites) for k in range(n_splits))]
    return [(np.sort(order[:N_TRAIN]), np.sort(order[N_TRAIN:])) for order in orders]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("data", type=Path)
    options.add_argument("--n-splits", type=int, default=10)
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    places, columns = read(options.data)
    header = ["metal and helpers", "model", "MAE", "in 95 %", "MAE, logarithms", "in 95 %"]
    table = [[*header, "better than single task", "fit, s"]]
    for metal, helpers in HELPERS.items():
        Z = np.column_stack([columns[name] for name in (metal, *helpers)])
        first = None
        for name, model in MODELS.items():
            found = np.array(
                [
                    [measure(model, places, Z, *split, log) for log in (False, True)]
                    for split in splits(len(Z), 0 if name in SLOW else options.n_splits)
                ]
            )  # splits; raw or logarithms; error, share, seconds
            (raw, log), found = found[0], found[1:]
            print(f"{metal} {name:25} book: {raw.round(3)} logarithms {log.round(3)}", flush=True)
            if name in SLOW:
                continue
            first = found if first is None else first
            mean, deviation = found.mean(axis=0), found.std(axis=0, ddof=1)
            pairs = [f"{m:.3f} ± {d:.3f}" for m, d in zip(mean[:, 0], deviation[:, 0], strict=True)]
            shares = [f"{100 * share:.1f}" for share in mean[:, 1]]
            wins = " and ".join(str(k) for k in np.sum(found[..., 0] < first[..., 0], axis=0))
            wins = "" if name == "single task" else wins
            seconds = f"{np.median(found[..., 2]):.1f}"
            cells = [pairs[0], shares[0], pairs[1], shares[1], wins, seconds]
            print(" " * 8, *cells, sep="  ", flush=True)
            table.append([f"{metal}: {', '.join(helpers)}", name, *cells])
    if options.rst:
        options.rst.write_text(list_table("15 21 15 8 15 8 12 6", table), encoding="utf-8")


if __name__ == "__main__":
    main()
