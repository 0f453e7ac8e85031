"""Known variances of the noise of single targets: what the user passes, for each observation."""

import numpy as np
from sklearn.utils import check_array

from skmtl._data.task_ids import column_names, some_of


def read_noise_variance(noise_variance, read):
    """Known variances of the observations, (n_observations,), or None if there are none.

    Parameters
    ----------
    noise_variance : float, array-like of shape (n_samples,) or (n_samples, n_tasks), or None
        What the user passed; a frame goes by the names of its columns.
    read : KernelReading
        The data.

    Raises
    ------
    ValueError
        If the shape is not that of y, names are not those of the tasks, or a known target has no
        finite variance of at least 0.
    """
    if noise_variance is None:
        return None
    data = read.data
    names = column_names(noise_variance)
    if names is not None and not read.long:
        noise_variance = _in_order_of_tasks(noise_variance, names, data.tasks)
    if np.ma.isMaskedArray(noise_variance):
        noise_variance = noise_variance.astype(float).filled(np.nan)
    if np.ndim(noise_variance) == 0:
        noise_variance = np.full(data.n_samples, noise_variance)
    values = check_array(
        noise_variance,
        dtype=np.float64,
        ensure_2d=False,
        allow_nd=True,
        ensure_all_finite=False,
        input_name="noise_variance",
    )
    expected = [(data.n_samples,)]
    if not read.long:
        expected.append((data.n_samples, data.n_tasks))
    if values.shape not in expected:
        raise ValueError(
            f"noise_variance has shape {values.shape}, expected {expected[-1]}: the variance of "
            "the noise of each target."
        )
    if values.ndim < 2:
        values = np.broadcast_to(values.reshape(-1, 1), (data.n_samples, data.n_tasks))
    sample = read.sample_indices[read.observations.sample]
    known = values[sample, read.observations.task]
    wrong = ~(np.isfinite(known) & (known >= 0))
    if wrong.any():
        raise ValueError(
            f"noise_variance must be finite and at least 0 where y is known, got "
            f"{known[wrong][0]} in sample {sample[wrong][0]}."
        )
    return known if known.any() else None


def _in_order_of_tasks(frame, names, tasks):
    """The frame with its columns in the order of the tasks."""
    position = {name: k for k, name in enumerate(names)}
    lacking = [task for task in tasks.tolist() if task not in position]
    if lacking or len(names) != len(tasks):
        raise ValueError(
            f"noise_variance has the columns {some_of(names)}, but the tasks are "
            f"{some_of(tasks)}: give it the columns of y."
        )
    order = [position[task] for task in tasks.tolist()]
    return np.asarray(frame)[:, order]
