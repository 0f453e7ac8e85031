"""Which defaults of networks are better, on splits that the table of quality does not use.

    python benchmarks/deep_defaults.py --data DIR --kept DIR [--only SET ...]
        [--variants VARIANT ...] [--seeds N ...]

A variant is the network of `deep_quality.py` with some parameters changed. Prints, for each set and
measure, what the default scores and by how much a variant is better: the mean of the differences
within a split, and their standard error. Errors count with the sign turned. Results are kept as in
`deep_quality.py`, in a directory of their own; it has to be a new one when a default changes.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from deep_quality import CASES, NETWORK, measure
from kept_results import Results
from sklearn.base import clone
from threadpoolctl import threadpool_limits

SEEDS = range(100, 105)
DEFAULT = "default"
VARIANTS = {
    DEFAULT: {},
    "one member": {"n_members": 1},
    "eight members": {"n_members": 8},
    "head_alpha 3": {"head_alpha": 3.0},
    "head_alpha 10": {"head_alpha": 10.0},
    "head_alpha 100": {"head_alpha": 100.0},
    "head_alpha 300": {"head_alpha": 300.0},
    "head own": {"head": "own"},
    "head mean": {"head": "mean"},
    "head shared": {"head": "shared"},
    "learning rate .001": {"learning_rate_init": 1e-3},
    "learning rate .005": {"learning_rate_init": 5e-3},
    "learning rate .01": {"learning_rate_init": 1e-2},
    "weight decay 0": {"alpha": 0.0},
    "weight decay .1": {"alpha": 0.1},
    "weight decay 1": {"alpha": 1.0},
    "dropout .2": {"dropout": 0.2},
    "patience 50, dropout .2": {"n_iter_no_change": 50, "max_iter": 1000, "dropout": 0.2},
    "patience 40": {"n_iter_no_change": 40},
    "patience 50": {"n_iter_no_change": 50, "max_iter": 1000},
    "one layer of 128": {"hidden_layer_sizes": (128,)},
    "two layers of 128": {"hidden_layer_sizes": (128, 128)},
    "a checkpoint for each task": {"checkpoint": "task", "refit_heads": None},
    "heads as trained": {"refit_heads": None},
    "heads refitted": {"refit_heads": "auto"},
    "features as they are": {"standardize": False},
    "as they are, dropout .2": {"standardize": False, "dropout": 0.2},
    "as they are, dropout .5": {"standardize": False, "dropout": 0.5},
    "soft sharing": {"sharing": "soft", "refit_heads": None},
    "no sharing": {"sharing": "none", "refit_heads": None},
}


def scores_of(kept, title, seeds):
    """Scores by measure, then by variant, (n_seeds,): those with all seeds."""
    scores = {}
    for name in VARIANTS:
        found = [kept.get(name, title, seed) for seed in seeds]
        if not all(one and "scores" in one for one in found):
            continue
        for what in found[0]["scores"]:
            of = np.array([one["scores"][what] for one in found])
            scores.setdefault(what, {})[name] = of
    return scores


def report(kept, title, seeds):
    """Print how much better than the default the variants are."""
    for what, of in scores_of(kept, title, seeds).items():
        if DEFAULT not in of:
            continue
        default = of.pop(DEFAULT)
        print(f"{title}, {what}: {DEFAULT} {default.mean():.4f}")
        sign = -1.0 if CASES[title].is_error else 1.0
        for name, values in of.items():
            better = sign * (values - default)
            error = better.std(ddof=1) / np.sqrt(len(better))
            print(f"  {name:28} {better.mean():+.4f} ± {error:.4f}")


def run(kept, directory, sets, variants, seeds):
    """Measure what is not kept yet."""
    for seed in seeds:
        for title in sets:
            case = CASES[title]
            for name in variants:
                if kept.get(name, title, seed):
                    continue
                model = clone(case.models[NETWORK]).set_params(**VARIANTS[name])
                found = measure(case, model, directory, seed)
                kept.put(name, title, seed, found)
                print(title, seed, name, found, flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="directory of the files")
    options.add_argument("--kept", type=Path, required=True, help="directory of the results")
    options.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    options.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    options.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    options = options.parse_args()
    warnings.simplefilter("ignore")
    kept = Results(options.kept)
    run(kept, options.data, options.only, options.variants, options.seeds)
    for title in options.only:
        report(kept, title, options.seeds)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
