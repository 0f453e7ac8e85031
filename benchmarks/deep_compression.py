"""What smaller files of a network cost in accuracy: pruning, quantization, fewer members.

    python benchmarks/deep_compression.py [--n-splits N] [--rst FILE]

Scikit-learn's digits: half of the images for training, the others for testing. Three tasks have the
same images: the digit, whether it is odd, and whether it is at least 5. Prints the accuracy of each
task, and the size of the file: of the state of the module for torch, of the model for ONNX. Zeros
are not stored by torch; a pruned state is measured after compression by zlib, and so is the whole
one beside it. Needs torch, onnx, onnxscript and onnxruntime.
"""

import argparse
import copy
import io
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import quantize_dynamic
from report import list_table
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn.utils import prune

from skmtl import MultiTaskMLPClassifier, export_onnx, to_torch


def split_digits(seed):
    """X and Y of training and test images."""
    X, digit = load_digits(return_X_y=True)
    Y = np.column_stack([digit, digit % 2, digit >= 5])
    return train_test_split(X, Y, test_size=0.5, random_state=seed, stratify=digit)


def pruned(module, amount):
    """A copy without the smallest weights of every layer."""
    module = copy.deepcopy(module)
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            prune.l1_unstructured(layer, "weight", amount)
            prune.remove(layer, "weight")
    return module


def state(module):
    """The bytes that torch saves."""
    buffer = io.BytesIO()
    torch.save(module.state_dict(), buffer)
    return buffer.getvalue()


def predictions_of_torch(module, X):
    with torch.no_grad():
        return module(torch.from_numpy(X)).numpy()


def predictions_of_onnx(path, X):
    (probabilities,) = onnxruntime.InferenceSession(path).run(None, {"X": X})
    return probabilities


def measure(model, X, folder):
    """Probabilities (n_samples, n_tasks, n_classes) and bytes of every form, by name."""
    found = {}
    single = X.astype(np.float32)
    module = to_torch(model)
    found["torch, double precision"] = predictions_of_torch(module, X), len(state(module))
    module = module.float()
    found["torch, single precision"] = predictions_of_torch(module, single), len(state(module))
    size = len(zlib.compress(state(module)))
    found["torch, single precision, zlib"] = predictions_of_torch(module, single), size
    for percent in (50, 70, 80, 90):
        small = pruned(module, percent / 100)
        size = len(zlib.compress(state(small)))
        name = f"{percent}% of weights pruned, zlib"
        found[name] = predictions_of_torch(small, single), size
    small = torch.ao.quantization.quantize_dynamic(module, {nn.Linear})
    found["torch, 8-bit integers"] = predictions_of_torch(small, single), len(state(small))
    for name, dtype in (("double", "float64"), ("single", "float32")):
        path = folder / f"{dtype}.onnx"
        export_onnx(model, path, dtype=dtype)
        probabilities = predictions_of_onnx(path, X.astype(dtype))
        found[f"ONNX, {name} precision"] = probabilities, path.stat().st_size
    small = folder / "int8.onnx"
    quantize_dynamic(path, small)
    found["ONNX, 8-bit integers"] = predictions_of_onnx(small, single), small.stat().st_size
    return found


def accuracies(probabilities, Y):
    """Percentages of right classes, by task."""
    return 100 * (probabilities.argmax(axis=-1) == Y).mean(axis=0)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--n-splits", type=int, default=5)
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore")
    rows = {}
    for seed in range(options.n_splits):
        X_train, X_test, Y_train, Y_test = split_digits(seed)
        model = MultiTaskMLPClassifier((128, 128), random_state=seed).fit(X_train, Y_train)
        with tempfile.TemporaryDirectory() as folder:
            found = measure(model, X_test, Path(folder))
        model.set_params(n_members=1).fit(X_train, Y_train)
        module = to_torch(model).float()
        probabilities = predictions_of_torch(module, X_test.astype(np.float32))
        found["torch, single precision, one member"] = probabilities, len(state(module))
        for name, (probabilities, size) in found.items():
            row = [*accuracies(probabilities, Y_test), size / 1024]
            rows.setdefault(name, []).append(row)
    table = [["file", "digit, %", "odd, %", "at least 5, %", "size, kB"]]
    for name, of_splits in rows.items():
        *means, size = np.mean(of_splits, axis=0)
        table.append([name, *(f"{mean:.1f}" for mean in means), f"{size:.0f}"])
        print(*table[-1], sep=",")
    if options.rst:
        options.rst.write_text(list_table("40 15 15 15 15", table), encoding="utf-8")


if __name__ == "__main__":
    main()
