"""Predictions of a network in a file that other programs run."""

import json
import logging
import warnings
from contextlib import contextmanager

import numpy as np

from skmtl._data.checks import check_option
from skmtl._data.task_ids import name_of_task
from skmtl.deep._to_torch import check_network, to_torch


def export_onnx(model, path, *, dtype="float64"):
    """Write what a fitted network predicts to an ONNX file.

    The file holds the whole way from features to predictions: scaling, all members, offsets, heads
    and units. Any number of samples can be predicted.

    Parameters
    ----------
    model : MultiTaskMLPRegressor, MultiTaskMLPClassifier or MultiTaskMLP
        Fitted.
    path : str or path-like
        File to write.
    dtype : {"float64", "float32"} or NumPy type, default="float64"
        Type of features, weights and predictions: the file takes X of this type only. "float32"
        halves it. A `trunk` of your own is in single precision in any case, since programs that
        read such files lack many layers in double precision.

    Raises
    ------
    ImportError
        If PyTorch, onnx or onnxscript are not installed.
    TypeError
        If the model is no network.
    ValueError
        If heads were refitted by an estimator that :func:`to_torch` does not take.

    See Also
    --------
    to_torch : The same as a module of torch.

    Notes
    -----
    The input "X" are the features (n_samples, n_features), without a task column; with a `trunk` of
    your own, samples of the shape that it takes, and 64-bit integers if it takes integers. Unless y
    was two-dimensional there is a second input "tasks" of 64-bit integers (n_samples,): the
    position in `tasks_` of the task of each sample, or `n_tasks_` for a new task.

    The output is what :func:`to_torch` returns, with the name "predictions", or "probabilities" if
    all tasks have classes. Names of tasks and classes are among the metadata of the file, as JSON
    lists "tasks" and "classes".

    Examples
    --------
    >>> from skmtl import MultiTaskMLPRegressor, export_onnx, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_tasks=3, random_state=0)
    >>> model = MultiTaskMLPRegressor((20,), n_members=2, random_state=0)
    >>> export_onnx(model.fit(data.X, data.y), "model.onnx")  # doctest: +SKIP
    >>> import onnxruntime  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession("model.onnx")  # doctest: +SKIP
    >>> (predictions,) = session.run(None, {"X": data.X})  # doctest: +SKIP
    """
    dtype = check_option(_name_of_type(dtype), "dtype", ("float64", "float32"))
    check_network(model)
    module = to_torch(model)
    _require_onnx()
    import torch

    if dtype == "float32":
        module.float()
    module.trunks_in_single_precision()
    inputs = {"X": _two_samples(model, getattr(torch, dtype))}
    n_samples = torch.export.Dim("n_samples")
    shapes = {"X": {0: n_samples}}
    if module.has_own_tasks:
        inputs["tasks"] = torch.zeros(2, dtype=torch.int64)
        shapes["tasks"] = {0: n_samples}
    output = "probabilities" if module.kind == "class" else "predictions"
    with _silent_exporter():
        program = torch.onnx.export(
            module,
            kwargs=inputs,
            dynamic_shapes=shapes,
            input_names=list(inputs),
            output_names=[output],
            dynamo=True,
            verbose=False,
        )
    program.model.metadata_props.update(_names(model))
    program.save(path)


@contextmanager
def _silent_exporter():
    """Leave out what torch says of itself, of torchvision, and that both axes are the same."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _name_of_type(dtype):
    """Return the name of a type of NumPy; anything else as it is."""
    is_type = isinstance(dtype, np.dtype | type)
    return np.dtype(dtype).name if is_type else dtype


def _two_samples(model, dtype):
    """Return a tensor like the features that the model takes."""
    import torch

    trunk = model._architecture.trunk
    if trunk is None:
        return torch.zeros(2, model._architecture.n_features, dtype=dtype)
    if trunk.takes_integers:
        dtype = torch.int64
    return torch.zeros(2, *trunk.input_shape, dtype=dtype)


def _names(model):
    """Return names of tasks and of classes as JSON."""
    names = {"tasks": json.dumps([name_of_task(task) for task in model.tasks_])}
    classes = getattr(model, "classes_", None)
    if isinstance(classes, list):
        classes = [None if own is None else own.tolist() for own in classes]
    elif classes is not None:
        classes = classes.tolist()
    if classes is not None:
        names["classes"] = json.dumps(classes, default=str)
    return names


def _require_onnx():
    """Raise ImportError, with the command that helps, unless the exporter can be imported."""
    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "export_onnx needs onnx and onnxscript, which are not installed: run pip install "
            '"skmtl[onnx]".'
        ) from error
