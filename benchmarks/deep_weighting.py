"""Whether weighting the gradients of tasks improves a network.

    python benchmarks/deep_weighting.py [--n-draws N] [--n-members M]

Four numbers and two classes are noisy functions of a tanh of linear maps, three directions of which
tasks share. There are 600 training samples, half of whose targets are missing, and 2000 test
samples. Prints the mean R2 of numbers and the mean AUC of classes with equal weights, and for other
weightings the mean difference from them with its standard error over draws. Then the same for the
numbers alone in units of 10, 0.1, 1 and 1, with targets standardized and as they are.
"""

import argparse
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score, roc_auc_score

from skmtl import MultiTaskMLP, MultiTaskMLPRegressor

WEIGHTINGS = ["equal", "uncertainty", "dwa", "gradnorm", "pcgrad"]
N_TRAIN = 600
N_TEST = 2000
N_FEATURES = 20
N_SHARED = 3
NOISE = np.array([0.3, 0.3, 0.6, 1.0])  # of the numbers
N_NUMBERS = len(NOISE)
N_CLASSES = 2
LOSSES = ["squared_error"] * N_NUMBERS + ["logistic"] * N_CLASSES
UNITS = np.array([10.0, 0.1, 1.0, 1.0])


def draw(seed):
    """Features and targets for training, half of the latter NaN, and for testing."""
    rng = np.random.default_rng(seed)
    n_samples = N_TRAIN + N_TEST
    n_tasks = N_NUMBERS + N_CLASSES
    X = rng.normal(size=(n_samples, N_FEATURES))
    shared = rng.normal(size=(N_FEATURES, N_SHARED)) @ rng.normal(size=(N_SHARED, n_tasks))
    own = rng.normal(size=(N_FEATURES, n_tasks))
    Z = np.tanh(X @ (1.5 * shared + 0.3 * own) / np.sqrt(N_FEATURES))
    numbers = Z[:, :N_NUMBERS] + NOISE * rng.normal(size=(n_samples, N_NUMBERS))
    probabilities = 1.0 / (1.0 + np.exp(-4.0 * Z[:, N_NUMBERS:]))
    classes = rng.random((n_samples, N_CLASSES)) < probabilities
    Y = np.column_stack([numbers, classes])
    Y_train = Y[:N_TRAIN].copy()
    Y_train[rng.random(Y_train.shape) < 0.5] = np.nan
    return X[:N_TRAIN], Y_train, X[N_TRAIN:], Y[N_TRAIN:]


def mixed_scores(weighting, n_members, seed):
    """Mean R2 of the numbers, and mean AUC of the classes."""
    X, Y, X_test, Y_test = draw(seed)
    model = MultiTaskMLP(
        losses=LOSSES, n_members=n_members, weighting=weighting, random_state=seed
    ).fit(X, Y)
    predicted = model.predict(X_test)[:, :N_NUMBERS].astype(float)
    probabilities = model.predict_proba(X_test)
    areas = [
        roc_auc_score(Y_test[:, task], probabilities[task][:, 1])
        for task in range(N_NUMBERS, len(LOSSES))
    ]
    return r2_score(Y_test[:, :N_NUMBERS], predicted), np.mean(areas)


def scores_of_numbers(weighting, n_members, seed, normalize_y):
    """Mean R2 of the numbers in different units."""
    X, Y, X_test, Y_test = draw(seed)
    model = MultiTaskMLPRegressor(
        n_members=n_members, weighting=weighting, normalize_y=normalize_y, random_state=seed
    ).fit(X, UNITS * Y[:, :N_NUMBERS])
    return [r2_score(UNITS * Y_test[:, :N_NUMBERS], model.predict(X_test))]


def compare(title, scores, n_draws):
    """Print the scores with equal weights, and the differences of others from them."""
    print(title)
    equal = np.array([scores("equal", seed) for seed in range(n_draws)])
    print(f"  {'equal':12}", *(f"{score:.4f}" for score in equal.mean(axis=0)))
    for weighting in WEIGHTINGS[1:]:
        others = np.array([scores(weighting, seed) for seed in range(n_draws)])
        difference = others - equal
        errors = difference.std(axis=0, ddof=1) / np.sqrt(n_draws)
        pairs = zip(difference.mean(axis=0), errors, strict=True)
        print(f"  {weighting:12}", *(f"{mean:+.4f} ({error:.4f})" for mean, error in pairs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--n-draws", type=int, default=8)
    parser.add_argument("--n-members", type=int, default=1)
    args = parser.parse_args()
    n_members = args.n_members

    def mixed(weighting, seed):
        return mixed_scores(weighting, n_members, seed)

    def standardized(weighting, seed):
        return scores_of_numbers(weighting, n_members, seed, normalize_y="task")

    def raw(weighting, seed):
        return scores_of_numbers(weighting, n_members, seed, normalize_y=False)

    warnings.simplefilter("ignore", ConvergenceWarning)
    compare("numbers and classes: R2, AUC", mixed, args.n_draws)
    compare("numbers in different units, standardized: R2", standardized, args.n_draws)
    compare("numbers in different units, as they are: R2", raw, args.n_draws)


if __name__ == "__main__":
    main()
