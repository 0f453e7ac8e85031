"""What is measured: the duality gap of returned coefficients, CPU seconds, peak memory."""

import gc
import resource
from contextlib import suppress
from math import ceil
from pathlib import Path
from time import process_time

import numpy as np

SHORTEST = 0.01  # seconds; shorter calls are repeated


def duality_gap(W, H, r_y, r_r, strength):
    """Objective and gap of ``||y - X W||^2 / 2 + strength * sum_j ||W_j||``.

    The dual point is the residual times the best admissible factor.

    Parameters
    ----------
    W : ndarray of shape (n_features, n_tasks)
    H : ndarray of shape (n_features, n_tasks)
        Correlations of the features with the residual r.
    r_y, r_r : float
        <r, y> and <r, r>.
    strength : float

    Returns
    -------
    objective, gap : float
    """
    objective = 0.5 * r_r + strength * np.linalg.norm(W, axis=1).sum()
    largest = np.linalg.norm(H, axis=1).max()
    factor = 1.0 if r_r == 0 else r_y / r_r
    if largest > 0:
        factor = min(factor, strength / largest)
    factor = max(factor, 0.0)
    return objective, objective - factor * r_y + 0.5 * factor**2 * r_r


def relative_gap(data, W, alpha):
    """Objective at W, and its duality gap relative to the objective of the empty model."""
    R = data.residual(W)
    sums = data.product(R), float(np.vdot(R, R))
    objective, gap = duality_gap(W, data.correlation(R), *sums, alpha * data.n_mean)
    return objective / data.n_mean, gap / data.null_loss


def worst_gap(data, Ws):
    """Objective at the last of the data's alphas, and the largest relative gap at any of them."""
    pairs = [relative_gap(data, W, alpha) for W, alpha in zip(Ws, data.alphas, strict=True)]
    return pairs[-1][0], max(gap for _, gap in pairs)


def cpu_seconds(call, shortest=SHORTEST):
    """CPU seconds of a call, repeated until they add up to `shortest`, and its result."""
    count, spent = 1, 0.0
    while True:
        start = process_time()
        for _ in range(count):
            result = call()
        spent = process_time() - start
        if spent >= shortest:
            return spent / count, result
        count = ceil(1.2 * count * shortest / max(spent, shortest / 1000))


def peak_memory(call):
    """Mebibytes by which a call raised the resident memory at its peak, and its result."""
    gc.collect()
    reset_peak()
    before = peak_resident()
    result = call()
    return peak_resident() - before, result


def reset_peak():
    """Bring the peak down to what is resident now; needs Linux, else it stays what it was."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_resident():
    """Peak resident memory of this process in mebibytes."""
    try:
        status = Path("/proc/self/status").read_text()
        return float(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
