"""What `import skmtl` does and does not do; every docstring example runs."""

import ast
import doctest
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys

import pytest

import skmtl

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(skmtl.__path__, "skmtl.")
    if not module.name.endswith("__main__")
)


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name):
    if name.startswith("skmtl.deep"):
        pytest.importorskip("torch", reason='PyTorch is not installed: pip install "skmtl[torch]"')
    results = doctest.testmod(
        importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert results.failed == 0


@pytest.mark.parametrize("name", skmtl.__all__)
def test_every_public_name_has_a_docstring_with_an_example_or_attributes(name):
    doc = inspect.getdoc(getattr(skmtl, name))
    assert doc
    assert "Examples\n---" in doc or name in {"TransferReport", "MultiTaskPath", "TransferRanking"}


def test_import_brings_nothing_that_scikit_learn_does_not():
    code = """
import sys, sklearn.linear_model
before = set(sys.modules)
import skmtl
print(set(sys.modules) - before)
"""
    result = run(code)
    assert result.stdout.strip() == "{'skmtl'}", result.stderr


def test_a_fit_brings_what_it_needs():
    code = """
import sys, sklearn.linear_model, sklearn.model_selection
before = set(sys.modules)  # scikit-learn itself imports pandas where there is one
import numpy as np
from skmtl import MeanRegularizedRegressor, MultiTaskLasso
X = np.arange(12.0).reshape(6, 2) ** 2
MeanRegularizedRegressor().fit(X, X)
optional = {"pandas", "polars", "pyarrow", "dask", "matplotlib", "pytest", "torch"}
own = {"deep", "evaluation", "gaussian_process", "inspection", "kernel", "meta", "mixed_effects"}
late = {"numba", "sklearn.cluster", *optional, *(f"skmtl.{name}" for name in own)}
print(late & (set(sys.modules) - before))
MultiTaskLasso().fit(X, X)
print(late & (set(sys.modules) - before))
"""
    result = run(code)
    assert result.stdout.split("\n")[:2] == ["set()", "{'numba'}"], result.stderr


def test_names_are_those_that_tools_read():
    block = ast.parse(inspect.getsource(skmtl)).body[-1]
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    read = {alias.name: node.module for node in block.body for alias in node.names}
    assert sorted(read) == skmtl.__all__
    for name, module in read.items():
        assert getattr(skmtl, name) is getattr(importlib.import_module(module), name)


def test_packages_are_attributes():
    packages = [m.name for m in pkgutil.iter_modules(skmtl.__path__) if m.name[0] != "_"]
    code = f"import skmtl; print(all(getattr(skmtl, name) for name in {packages}), dir(skmtl))"
    result = run(code)
    assert result.stdout.startswith("True"), result.stderr
    assert {*packages, *skmtl.__all__} <= set(dir(skmtl))
    with pytest.raises(AttributeError, match="module 'skmtl' has no attribute 'MultiTaskLaso'"):
        _ = skmtl.MultiTaskLaso


def test_all_names_are_imported_by_a_star():
    names = {}
    exec("from skmtl import *", names)
    assert {*skmtl.__all__} <= names.keys()


def test_fit_works_where_no_cache_directory_is_writable(tmp_path):
    # a copy of the package whose __pycache__ is a file, and a cache directory that cannot exist
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    code = """
import numba.core.caching as caching
def refuse(self):
    raise OSError("read-only file system")
caching._CacheLocator.ensure_cache_path = refuse
import numpy as np, skmtl
X = np.arange(12.0).reshape(6, 2) ** 2
model = skmtl.MultiTaskLasso(alpha=0.1).fit(X, X[:, ::-1])
print(model.coef_.shape)
"""
    result = run(code, NUMBA_CACHE_DIR=str(blocked / "below"))
    assert result.stdout.strip() == "(2, 2)", result.stderr


def test_no_kernel_calls_a_compiled_function_of_another_file():
    # numba's cache looks at one file only: an edit elsewhere would go unnoticed
    from skmtl import _kernels

    for name, function in vars(_kernels).items():
        if hasattr(function, "__wrapped__"):
            assert inspect.getsourcefile(inspect.unwrap(function)) == _kernels.__file__, name
    imports = [line for line in inspect.getsource(_kernels).splitlines() if "import" in line]
    assert not [line for line in imports if line.startswith(("from skmtl", "import skmtl"))]
