"""Multi-task data sets in long form: the task ids are in the last column of X."""

import numpy as np
from sklearn.utils import Bunch


def long_bunch(X, y, tasks, *, feature_names, task_name, target_name, as_frame=False, **extra):
    """Return a Bunch of X (n_samples, n_features + 1), y and tasks (n_samples,) and their names."""
    names = [*feature_names, task_name]
    X = np.column_stack([X, tasks])
    task_column = -1
    frame = None
    if as_frame:
        frame = _import_pandas().DataFrame(X, columns=names)
        frame[task_name] = frame[task_name].astype(tasks.dtype)
        frame[target_name] = y
        X = frame[names]
        y = frame[target_name]
        task_column = task_name
    return Bunch(
        X=X,
        y=y,
        tasks=tasks,
        task_column=task_column,
        feature_names=names,
        target_name=target_name,
        frame=frame,
        **extra,
    )


def _import_pandas():
    """Return the pandas module, imported only when a frame is asked for."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "as_frame=True needs pandas, which is not installed. Install it with "
            'pip install "skmtl[pandas]", or pass as_frame=False for arrays.'
        ) from error
    return pandas
