"""What a report calls its tasks: by the name of their column where that is a word."""

from dataclasses import dataclass

from skmtl._data.task_ids import column_names, column_position

_NO_NOUNS = {"category", "class", "code", "cluster", "id", "key", "label", "name", "number"}
_ENDINGS = ("_id", "_code", "_key", "_name", "_no", "_nr", "_number")  # of names of ids
_SIBILANTS = ("s", "x", "z", "ch", "sh")  # what ends in them may be a plural, or has another one
_VOWELS = "aeiou"


@dataclass(frozen=True)
class TaskNoun:
    """The word for a task and for several of them, and the title of their column."""

    one: str = "task"
    many: str = "tasks"
    title: str = "task"

    def count(self, number):
        """A number of tasks, such as "1 task" or "3 tasks"."""
        return f"{number} {self.one if number == 1 else self.many}"


def noun_of(task_column):
    """The :class:`TaskNoun` for the column of the task ids.

    Parameters
    ----------
    task_column : str, int or None
        Name of the column, possibly with the prefix of a ColumnTransformer. A position says
        nothing.
    """
    if not isinstance(task_column, str):
        return TaskNoun()
    name = task_column.rpartition("__")[2]
    title = "".join(one if one.isprintable() else " " for one in name) or "task"
    word = title.lower()
    for ending in _ENDINGS:
        word = word.removesuffix(ending)
    is_word = word.isascii() and word.isalpha() and len(word) > 2
    if not is_word or word in _NO_NOUNS or word.endswith(_SIBILANTS):
        return TaskNoun(title=title)
    return TaskNoun(one=word, many=_plural(word), title=title)


def name_of_column(X, task_column):
    """The name of the column of the task ids, or its position if the columns have no names."""
    names = column_names(X)
    if names is None or task_column is None:
        return task_column
    position = column_position(names, len(names), task_column)
    return names[position]


def _plural(word):
    """The regular plural of an English noun."""
    if word.endswith("y") and word[-2] not in _VOWELS:
        return f"{word[:-1]}ies"
    return f"{word}s"
