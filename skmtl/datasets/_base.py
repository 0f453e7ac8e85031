"""The long form of a multi-task data set: one row per label, the task id in X's last column."""

import numpy as np
from sklearn.utils import Bunch


def long_bunch(X, y, tasks, *, feature_names, task_name, target_name, as_frame=False, **extra):
    """Bunch of X (n_samples, n_features + 1), y and tasks (n_samples,) and their names."""
    names = [*feature_names, task_name]
    X, frame, task_column = np.column_stack([X, tasks]), None, -1
    if as_frame:
        frame = _import_pandas().DataFrame(X, columns=names)
        frame = frame.astype({task_name: tasks.dtype}).assign(**{target_name: y})
        X, y, task_column = frame[names], frame[target_name], task_name
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
    """The pandas module, imported only when a frame is asked for."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "as_frame=True needs pandas, which is not installed. Install it with "
            'pip install "skmtl[pandas]", or pass as_frame=False for arrays.'
        ) from error
    return pandas
