"""The task column of the X that pipelines and searches are given."""


def task_column_of(estimator):
    """Return the task column of the estimator at the end of pipelines and searches.

    Returns
    -------
    column : str, int or None
        As the last estimator has it.
    is_known : bool
        Whether it is that of the X given to the first step, too: steps may move columns.
    """
    if hasattr(estimator, "steps"):
        _, last = estimator.steps[-1]
        column, _ = task_column_of(last)
        return column, column is None or isinstance(column, str)
    if hasattr(estimator, "task_column"):
        return estimator.task_column, True
    inner = getattr(estimator, "estimator", None)
    if inner is None:
        return None, True
    return task_column_of(inner)
