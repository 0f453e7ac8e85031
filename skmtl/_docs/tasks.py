"""Paragraphs of what all estimators of several tasks have."""

PARAGRAPHS = {
    "task_column": """
task_column : str or int, default=None
    Name or position of the column of X that holds the task ids; every task then has samples of its
    own and y is 1-D. None: y is two-dimensional, or ids are passed as ``fit(X, y, tasks=ids)``.
""",
    "task_attributes": """
tasks_ : ndarray of shape (n_tasks,)
    Task ids: of two-dimensional y the names of its columns if it is a frame, else 0, 1, ...; of
    long data the sorted ids.
n_tasks_ : int
    Number of tasks.
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Number of samples of each task that have a target and a positive weight.
""",
    "column_attributes": """
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, if it has any.
""",
}
