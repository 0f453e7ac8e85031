"""Functions of a penalty whose tasks have several columns each."""


def for_columns(penalty, n_columns):
    """The penalty when every task has `n_columns` columns: :meth:`Penalty.for_columns`.

    Entries stay entries, and features hold all columns of all tasks. Penalties that see tasks
    (:attr:`Penalty.sees_tasks`) see a task as one long column.
    """
    return penalty.for_columns(n_columns)


def sees_tasks(penalty):
    """Whether the columns of a task count together, so that every task needs the same number."""
    return penalty.sees_tasks
