"""CPU time of an epoch: skmtl's networks beside scikit-learn's MLP and LibMTL.

    PYTHONPATH=LibMTL python benchmarks/deep_speed.py [--only SHAPE ...] [--repeats N]
        [--out FILE.csv] [--rst doc/deep_speed_table.inc]
    python benchmarks/deep_speed.py --read FILE.csv ... --rst doc/deep_speed_table.inc

All networks have two hidden layers of 64 units and a linear output for each task, and take the same
batches of the same complete targets. An epoch has a step for each batch, and nothing else: an
entrant trains for k and for 2 k epochs without early stopping, and the difference of its CPU times
is that of k epochs, without the start. One thread. The entrants take turns in one process; the
table has the medians over the repeats, and in its second part the medians of the ratios within a
repeat, with their quartiles.

LibMTL is measured twice: as its examples use it, with torch's DataLoader that collects samples one
by one, and with batches that are sliced from a shuffled copy, as skmtl and scikit-learn have them.
`libmtl_peer.py` says how it is installed; without it the benchmark runs without LibMTL.
"""

import argparse
import csv
import warnings
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np
from report import list_table
from sklearn.neural_network import MLPRegressor
from threadpoolctl import threadpool_limits

from skmtl import MultiTaskMLPRegressor

HIDDEN = (64, 64)
LEARNING_RATE = 1e-3
SHAPES = {  # samples, features, tasks, samples of a batch
    "4 tasks": (4000, 30, 4, 200),
    "20 tasks": (4000, 30, 20, 200),
    "8 tasks": (20000, 50, 8, 1024),
}
TITLES = {
    "one": "skmtl, one member",
    "five": "skmtl, five members",
    "pcgrad": "skmtl, one member, PCGrad",
    "gradnorm": "skmtl, one member, GradNorm",
    "sklearn": "scikit-learn's MLPRegressor",
    "libmtl": "LibMTL",
    "libmtl-sliced": "LibMTL, sliced batches",
    "libmtl-pcgrad": "LibMTL, PCGrad",
    "libmtl-gradnorm": "LibMTL, GradNorm",
}
RATIOS = (  # (numerator, denominator)
    ("one", "sklearn"),
    ("libmtl", "one"),
    ("libmtl-sliced", "one"),
    ("five", "one"),
    ("pcgrad", "one"),
    ("gradnorm", "one"),
    ("libmtl-pcgrad", "pcgrad"),
    ("libmtl-gradnorm", "gradnorm"),
)


def make(n, p, T):
    """Features and complete targets that are smooth functions of them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    Y = np.tanh(X @ rng.normal(size=(p, T)) / np.sqrt(p)) + 0.3 * rng.normal(size=(n, T))
    return X, Y


def train_skmtl(X, Y, batch_size, n_epochs, **params):
    model = MultiTaskMLPRegressor(
        HIDDEN,
        batch_size=batch_size,
        learning_rate_init=LEARNING_RATE,
        max_iter=n_epochs,
        early_stopping=False,
        random_state=0,
        **params,
    )
    model.fit(X, Y)


def train_sklearn(X, Y, batch_size, n_epochs):
    model = MLPRegressor(
        hidden_layer_sizes=HIDDEN,
        batch_size=batch_size,
        learning_rate_init=LEARNING_RATE,
        max_iter=n_epochs,
        n_iter_no_change=n_epochs + 1,
        random_state=0,
    )
    model.fit(X, Y)


def entrants(X, Y, batch_size):
    """Functions of a number of epochs, by their names."""
    skmtl = partial(train_skmtl, X, Y, batch_size)
    found = {
        "one": partial(skmtl, n_members=1),
        "five": partial(skmtl, n_members=5),
        "pcgrad": partial(skmtl, n_members=1, weighting="pcgrad"),
        "gradnorm": partial(skmtl, n_members=1, weighting="gradnorm"),
        "sklearn": partial(train_sklearn, X, Y, batch_size),
    }
    try:
        from libmtl_peer import train
    except ImportError as error:
        print(f"Without LibMTL ({error}): libmtl_peer.py says how to install it.")
        return found
    libmtl = partial(train, X, Y, HIDDEN, batch_size, LEARNING_RATE)
    found["libmtl"] = libmtl
    found["libmtl-sliced"] = partial(libmtl, loader=False)
    found["libmtl-pcgrad"] = partial(libmtl, weighting="PCGrad")
    found["libmtl-gradnorm"] = partial(libmtl, weighting="GradNorm")
    return found


def seconds_an_epoch(train, n_epochs):
    """CPU seconds of one of `n_epochs` epochs that follow as many others."""
    start = process_time()
    train(n_epochs=n_epochs)
    middle = process_time()
    train(n_epochs=2 * n_epochs)
    end = process_time()
    return (end - middle - (middle - start)) / n_epochs


def measure(shape, n_epochs, repeats, only):
    """CPU milliseconds of an epoch in each repeat, by the names of the entrants."""
    n, p, T, batch_size = SHAPES[shape]
    found = entrants(*make(n, p, T), batch_size)
    if only:
        found = {name: train for name, train in found.items() if name in only}
    for train in found.values():
        train(n_epochs=2)
    milliseconds = {name: [] for name in found}
    for _ in range(repeats):
        for name, train in found.items():
            epochs = max(2, n_epochs // 5) if name.startswith("libmtl") else n_epochs
            milliseconds[name].append(1000 * seconds_an_epoch(train, epochs))
    return milliseconds


def time_text(milliseconds):
    """The median, in three figures."""
    median = np.median(milliseconds)
    return f"{median:.0f}" if median >= 100 else f"{median:#.3g}".rstrip(".")


def ratio_text(numerators, denominators):
    """The median of the ratios and their quartiles."""
    ratios = np.divide(numerators, denominators)
    lower, median, upper = np.percentile(ratios, [25, 50, 75])
    return f"{median:.2f} ({lower:.2f} to {upper:.2f})"


def header(shape):
    n, p, T, batch_size = SHAPES[shape]
    return f"{n} samples, {p} features, {T} tasks, batches of {batch_size}"


def table(measured):
    """Times, then ratios: a reStructuredText table."""
    rows = [["CPU time of an epoch, ms", *map(header, measured)]]
    for name, title in TITLES.items():
        cells = [time_text(of[name]) if name in of else "" for of in measured.values()]
        if any(cells):
            rows.append([title, *cells])
    for above, below in RATIOS:
        cells = []
        for of in measured.values():
            known = above in of and below in of
            cells.append(ratio_text(of[above], of[below]) if known else "")
        if any(cells):
            rows.append([f"{TITLES[above]} : {TITLES[below]}", *cells])
    widths = " ".join(["30", *["20"] * len(measured)])
    return list_table(widths, rows)


def write_csv(path, measured):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["shape", "entrant", "repeat", "ms"])
        for shape, of in measured.items():
            for name, milliseconds in of.items():
                for repeat, value in enumerate(milliseconds):
                    writer.writerow([shape, name, repeat, f"{value:.4g}"])


def read_csv(paths):
    """What was measured and written by `write_csv`, in the order of the shapes."""
    found = {}
    for path in paths:
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                of = found.setdefault(row["shape"], {})
                of.setdefault(row["entrant"], []).append(float(row["ms"]))
    return {shape: found[shape] for shape in SHAPES if shape in found}


def print_text(shape, of):
    print(shape)
    for name, milliseconds in of.items():
        print(f"  {TITLES[name]:30} {time_text(milliseconds):>8} ms")
    for above, below in RATIOS:
        if above in of and below in of:
            print(f"  {above} : {below}  {ratio_text(of[above], of[below])}", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only", nargs="+", choices=SHAPES, default=list(SHAPES))
    options.add_argument("--entrants", nargs="+", choices=TITLES, help="the others are left out")
    options.add_argument("--repeats", type=int, default=15)
    options.add_argument("--epochs", type=int, default=20, help="LibMTL takes a fifth of them")
    options.add_argument("--out", type=Path, help="CSV file")
    options.add_argument("--read", nargs="+", type=Path, help="CSV files to make the table of")
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore")
    if options.read:
        measured = read_csv(options.read)
    else:
        measured = {}
        for shape in options.only:
            measured[shape] = measure(shape, options.epochs, options.repeats, options.entrants)
            print_text(shape, measured[shape])
    if options.out:
        write_csv(options.out, measured)
    if options.rst:
        options.rst.write_text(table(measured), encoding="utf-8")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
