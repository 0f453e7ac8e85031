"""Known variances of the noise of single targets: what the user passes, for each observation."""

import numpy as np
from sklearn.utils import check_array

from skmtl._data.spellings import target_array
from skmtl._data.target_names import targets_in_order


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
    if np.ndim(noise_variance) == 0:
        noise_variance = np.full(data.n_samples, noise_variance)
    if read.long:
        values = target_array(noise_variance, "noise_variance")
    else:
        values = targets_in_order(noise_variance, data.tasks, "noise_variance")
    values = check_array(
        values,
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
