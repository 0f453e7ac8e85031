"""What `python -m skmtl` runs: does it help the counties of a radon survey to learn together?"""

from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits  # a dependency of scikit-learn

from skmtl._command_line.outputs import (
    check_outputs,
    print_hint,
    print_report,
    write_outputs,
)
from skmtl.datasets import load_radon
from skmtl.evaluation import compare_to_single_task
from skmtl.mixed_effects import MixedEffectsRegressor

_FEW_HOUSES = 2
_MANY_HOUSES = 50

# What lme4 prints of the same model in chapter 12 of Gelman and Hill.
_IN_THE_BOOK = {
    "log radon in a basement": 1.46,
    "on the first floor, more by": -0.69,
    "standard deviation between counties": 0.33,
    "standard deviation within a county": 0.76,
}
_METHODS = {
    "single": "each county alone",
    "pooled": "one model for all counties",
    "intercept": "one slope, shrunken intercepts (ridge)",
    "multi": "intercepts that vary about a common one",
}


def survey(options):
    """Print the reference values, the comparison, and what small and large counties gain."""
    check_outputs(options)
    data = load_radon()
    floor = data.X[:, :1]  # without the uranium of the soil, as in the book
    counties = data.county_names[data.tasks - 1]
    _, houses = np.unique(counties, return_counts=True)
    print(
        f"Radon, a gas that may cause cancer, was measured in {len(data.y)} houses of "
        f"{len(houses)} counties of Minnesota,\n{houses.min()} to {houses.max()} in each. "
        "The logarithm of the radon of a house is predicted from the floor of the\nmeasurement and "
        "the county. Are predictions better if the counties are learned together?\n",
        flush=True,
    )
    _print_reference(floor, data.y, counties)
    report = _compare(floor, data.y, counties, options.seed)
    print_report(report, options)
    _print_gains_by_size(report)
    print_hint(report, options)
    print(
        "The same for your own file, with a line for each sample:\n"
        "  python -m skmtl compare FILE.csv --task COLUMN --target COLUMN",
        flush=True,
    )
    write_outputs(report, options)


def _print_reference(X, y, counties):
    """Print the estimates of the book's model beside those in the book."""
    print("1. Is it the model of the textbook?\n", flush=True)
    model = MixedEffectsRegressor("intercept", fixed_effects="flat", task_noise="common")
    model.fit(X, _as_in_the_book(y), tasks=counties)
    estimates = [
        model.shared_intercept_,
        model.shared_coef_[0],
        np.sqrt(model.variance_components_[0]),
        model.task_noise_[0],
    ]
    print(f"{'':38}  skmtl   Gelman and Hill (2006), chapter 12")
    for (name, value), estimate in zip(_IN_THE_BOOK.items(), estimates, strict=True):
        print(f"   {name:<35}  {estimate:5.2f}   {value:5.2f}")


def _as_in_the_book(y):
    """The target of the book, which writes 0.1 for a zero rather than adding 0.1 to all radon."""
    radon = np.exp(y) - 0.1
    return np.log(np.maximum(radon, 0.1))


def _compare(X, y, counties, seed):
    """The report on the model with skmtl's defaults; prints the errors of all methods."""
    print(
        "\n2. Does sharing help? All models learn from three quarters of the houses and predict "
        "the others,\n   20 times ...",
        end=" ",
        flush=True,
    )
    start = perf_counter()
    model = MixedEffectsRegressor("intercept")
    with threadpool_limits(1):  # matrices are small: threads would wait for each other
        report = compare_to_single_task(model, X, y, tasks=counties, random_state=seed)
    print(f"done in {perf_counter() - start:.1f} s. Root mean squared errors:\n")
    for method, name in _METHODS.items():
        print(f"   {name:<41}  {_error_of_all_houses(report.table_, method):.3f}")
    print(flush=True)
    return report


def _error_of_all_houses(table, method):
    """The root mean squared error, in which a county counts by its number of houses."""
    squares = table[f"error_{method}"] ** 2
    return np.sqrt(np.average(squares, weights=table["n_test"]))


def _print_gains_by_size(report):
    """Print the gain of a county with few houses and of one with many."""
    sizes = [_FEW_HOUSES, _MANY_HOUSES]
    gains = zip(sizes, *report.size_curve(sizes), strict=True)
    print("\n3. Who gains most? Counties with few houses: from")
    for size, gain, low, high in gains:
        print(
            f"   {size:>2} houses a county gains {gain:4.0%} (95% interval {low:.0%} to {high:.0%})"
        )
