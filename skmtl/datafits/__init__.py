"""The loss of a design as a function of coefficients: squared, or any likelihood."""

from skmtl.datafits._choice import prefers_gram, squared_datafit
from skmtl.datafits._classes import (
    ClassProblem,
    check_binary,
    check_labels,
    class_factors,
    class_problem,
    code_classes,
    unpack_classes,
)
from skmtl.datafits._columns import ColumnFolds, ColumnProblem, Fold, warn_of_pseudo_observations
from skmtl.datafits._coupled import Coupled
from skmtl.datafits._folds import SampleFolds, StatisticsFolds, make_folds, squared_errors
from skmtl.datafits._gram_form import GramForm
from skmtl.datafits._less_squares import less_squares
from skmtl.datafits._likelihood import Likelihood
from skmtl.datafits._likelihood_point import Point
from skmtl.datafits._linear_algebra import ROUNDING, eigen, inner, unit_sizes
from skmtl.datafits._origins import median_of_three
from skmtl.datafits._partitioned_classes import PartitionedClasses
from skmtl.datafits._partitioned_likelihood import PartitionedLikelihood
from skmtl.datafits._partitioned_rows import ColumnSetup, PartitionRows, TaskRows
from skmtl.datafits._residual_form import ResidualForm
from skmtl.datafits._shared_intercepts import LessOwnSquares, with_shared_intercepts
from skmtl.datafits._squared import Evaluation, SquaredDatafit
from skmtl.datafits._statistics_readers import statistics_reader
from skmtl.datafits._sufficient_statistics import SufficientStatistics
from skmtl.datafits._task_bases import ShiftedTasks, TaskBases
from skmtl.datafits._task_losses import TaskLosses

__all__ = [
    "ROUNDING",
    "ClassProblem",
    "ColumnFolds",
    "ColumnProblem",
    "ColumnSetup",
    "Coupled",
    "Evaluation",
    "Fold",
    "GramForm",
    "LessOwnSquares",
    "Likelihood",
    "PartitionRows",
    "PartitionedClasses",
    "PartitionedLikelihood",
    "Point",
    "ResidualForm",
    "SampleFolds",
    "ShiftedTasks",
    "SquaredDatafit",
    "StatisticsFolds",
    "SufficientStatistics",
    "TaskBases",
    "TaskLosses",
    "TaskRows",
    "check_binary",
    "check_labels",
    "class_factors",
    "class_problem",
    "code_classes",
    "eigen",
    "inner",
    "less_squares",
    "make_folds",
    "median_of_three",
    "prefers_gram",
    "squared_datafit",
    "squared_errors",
    "statistics_reader",
    "unit_sizes",
    "unpack_classes",
    "warn_of_pseudo_observations",
    "with_shared_intercepts",
]
