"""Draw what sharing gains in the radon survey, for the README.

``python doc/images/make_radon.py`` writes ``radon_gains.png`` beside itself: the comparison of
``python -m skmtl``, whose gains do not depend on the machine.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from skmtl import MixedEffectsRegressor, compare_to_single_task, load_radon

FLOOR = 0  # column of X


def compare():
    """The report on levels of counties that vary about a common one."""
    data = load_radon()
    counties = data.county_names[data.tasks - 1]
    model = MixedEffectsRegressor("intercept")
    return compare_to_single_task(
        model,
        data.X[:, [FLOOR]],
        data.y,
        tasks=counties,
        random_state=0,
    )


def draw(report):
    """Draw the gains of counties, and their gains by the number of houses."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 5.4), layout="constrained")
    report.plot(ax=left)
    report.plot(kind="size", ax=right)
    left.set_ylabel("85 counties of Minnesota")
    right.set_xlabel("houses of the county to learn from")
    return figure


if __name__ == "__main__":
    path = Path(__file__).parent / "radon_gains.png"
    draw(compare()).savefig(path, dpi=100)
