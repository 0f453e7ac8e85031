"""The gains of tasks from the losses of two models, and how sure they are."""
