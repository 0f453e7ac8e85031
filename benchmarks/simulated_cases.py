"""The cases of `false_positives.py`: which comparisons are simulated."""

from simulated_comparisons import Scenario

SIZES = (10, 30, 100)
UNEQUAL = [SIZES]  # every third task has that many
FEW = {"n_train": 6, "n_splits": 10}


def _cases(name, relation, numbers_of_tasks, sizes, **options):
    """A case for every number of tasks and every size of them."""
    cases = []
    for n_tasks in numbers_of_tasks:
        for size in sizes:
            of_tasks = size if isinstance(size, tuple) else (size,)
            cases.append(Scenario(name, relation, n_tasks, of_tasks, **options))
    return cases


EQUAL_CASES = [
    *_cases("equal models", "equal", (2, 6, 42), SIZES),
    *_cases("equal models, wide data", "equal", (6, 42), SIZES, wide=True),
    *_cases("equal models, heavy tails", "equal", (6, 42), (30,), heavy_tails=True),
    *_cases("equal models, tuned", "equal", (6, 42), (30,), tuned=True),
    *_cases("equal models, 6 of 140 rows train", "equal", (6, 42), (140,), **FEW),
    *_cases("equal classifiers, log-loss", "equal", (6,), (60,), loss="log"),
    *_cases("equal classifiers, Brier score", "equal", (6,), (60,), loss="Brier"),
]
MIXED_CASES = [
    *_cases("unrelated tasks", "unrelated", (2, 6, 42), (10,)),
    *_cases("unrelated tasks", "unrelated", (2, 6, 42), (30,), n_features=12),
    *_cases("unrelated tasks", "unrelated", (2, 6, 42), (100,), n_features=24),
    *_cases("half of the tasks related", "mixed", (6, 42), (10,)),
    *_cases("half of the tasks related", "mixed", (6, 42), (30,), n_features=12),
    *_cases("half of the tasks related", "mixed", (6, 42), (100,), n_features=24),
    *_cases("half of the tasks related, unequal sizes", "mixed", (6, 42), UNEQUAL),
    *_cases("half related, 6 of 140 rows train", "mixed", (6, 42), (140,), **FEW),
]
RELATED_CASES = [
    *_cases("gain of 5 %", "related", (2, 6, 42), SIZES, gain=0.05),
    *_cases("gain of 15 %", "related", (2, 6, 42), SIZES, gain=0.15),
    *_cases("gain of 30 %", "related", (6, 42), SIZES[:2], gain=0.30),
    *_cases("related tasks, unequal sizes", "related", (6, 42), UNEQUAL),
    *_cases("gain of 15 %, heavy tails", "related", (6, 42), (30,), gain=0.15, heavy_tails=True),
    *_cases("gain of 15 %, tuned", "related", (6, 42), (30,), gain=0.15, tuned=True),
    *_cases("gain of 15 %, 6 of 140 rows train", "related", (6, 42), (140,), gain=0.15, **FEW),
    *_cases("classifiers, gain of 10 %, log-loss", "related", (6,), (60,), gain=0.1, loss="log"),
    *_cases("classifiers, gain of 10 %, Brier", "related", (6,), (60,), gain=0.1, loss="Brier"),
]
