"""Errors of fits, kept in files so that a long comparison can be stopped, resumed and extended."""

import json
import re
from pathlib import Path
from time import process_time

import numpy as np
from sklearn.base import clone

WORSE = 1.02  # how much larger an error counts as harm


class Results:
    """Errors of tasks, and seconds, of every fit: one file each in a directory."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)

    def path(self, model, case, seed):
        name = f"{case}-{seed}-{model}".lower()
        return self.directory / (re.sub("[^a-z0-9.]+", "-", name) + ".json")

    def get(self, model, case, seed):
        """What `measure` found, or None."""
        path = self.path(model, case, seed)
        return json.loads(path.read_text()) if path.exists() else None

    def put(self, model, case, seed, found):
        self.path(model, case, seed).write_text(json.dumps(found))

    def both(self, model, other, case, seeds):
        """Pairs of what was found for two models, where neither failed nor is missing."""
        pairs = [(self.get(model, case, seed), self.get(other, case, seed)) for seed in seeds]
        return [pair for pair in pairs if all(run and "errors" in run for run in pair)]


def measure(model, X, y, X_test, y_test):
    """Errors of tasks and CPU seconds of the fit, or the reason why there are none."""
    model = clone(model)
    start = process_time()
    try:
        model.fit(X, y)
        seconds = process_time() - start
        predicted = model.predict(X_test)
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}
    if not np.isfinite(predicted).all():
        return {"failed": "predictions that are not finite"}
    errors = errors_of_tasks(X_test[:, -1].astype(int), y_test - predicted)
    return {"errors": errors.tolist(), "seconds": seconds}


def errors_of_tasks(tasks, residual):
    """Root mean squared error of each task."""
    return np.sqrt(np.bincount(tasks, residual**2) / np.bincount(tasks))


def gain(errors, reference):
    """By how many percent the mean error of tasks is smaller than that of the reference."""
    return 100 * (1 - np.mean(errors) / np.mean(reference))


def harmed(errors, reference):
    """Share of tasks whose error is more than 2 % larger."""
    return np.mean(np.asarray(errors) > WORSE * np.asarray(reference))
