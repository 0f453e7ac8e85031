"""What `import skmtl` does and does not do; every docstring example runs."""

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


def test_import_compiles_nothing_and_imports_no_optional_package():
    code = """
import sys, sklearn.linear_model, sklearn.model_selection
before = set(sys.modules)  # scikit-learn itself imports pandas where there is one
import skmtl
from skmtl import _kernels
compiled = [k for k, f in vars(_kernels).items() if getattr(f, "signatures", None)]
optional = {"pandas", "polars", "pyarrow", "dask", "matplotlib", "pytest", "torch"}
print(compiled, optional & (set(sys.modules) - before))
"""
    result = run(code)
    assert result.stdout.strip() == "[] set()", result.stderr


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
        if hasattr(function, "py_func"):
            assert inspect.getsourcefile(function.py_func) == _kernels.__file__, name
    imports = [line for line in inspect.getsource(_kernels).splitlines() if "import" in line]
    assert not [line for line in imports if line.startswith(("from skmtl", "import skmtl"))]
