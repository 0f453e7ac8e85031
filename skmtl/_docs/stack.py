"""Paragraphs of the stacks of members that share and of members that do not."""

PARAGRAPHS = {
    "stack_parameters": """
prior : float or "auto", default="auto"
    Rows that the prior counts as: "auto" is 30 and 1000 divided by the mean number of rows of a
    task. 0 leaves the weights to the data; as it grows, weights become :math:`\\bar w`.
task_weights : {"shrunk", "common"}, default="shrunk"
    Whether tasks have weights of their own, or all the same.
task_column : str or int, default=None
    Column of X that holds the task ids. It is set in the members that have none, but not in a
    pipeline, whose steps may move it: its last step has a `task_column` of its own, and
    :func:`keep_task_column` around its steps. Pipelines and searches need a column, or
    two-dimensional y; `tasks` do not reach them.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does with tasks that were not seen in fit: raise an error, or weigh the
    members' predictions of such tasks with the common weights.
n_jobs : int, default=None
    Number of members that are fitted in parallel.
""",
    "stack_attributes": """
member_names_ : list of str
estimators_ : list of n_members estimators
    Fitted to all samples.
named_estimators_ : Bunch
    The same by name.
weights_ : ndarray of shape (n_tasks, n_members)
    Weights of each task.
common_weights_ : ndarray of shape (n_members,)
    Weights w of all tasks.
shrinkage_ : float
    The chosen :math:`\\lambda`, infinite if all tasks have the common weights.
""",
}
