"""The structure of the package, read from its syntax trees.

`doc/conf.py` makes the map of the contributor's page from :data:`PLACES`.
"""

import ast
import inspect
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median

import skmtl

ROOT = Path(skmtl.__file__).parent
CHECKOUT = Path(__file__).parents[1]
PAGES = CHECKOUT / "doc"

# From the ground up: a place imports only from those before it. `doc/conf.py` makes the map of the
# contributor's page from this list.
PLACES = {
    "_kernels": "every compiled function",
    "_row_norms": "norms of features",
    "_warn": "warnings that point at the line of the user",
    "_threads": "how many threads BLAS gets",
    "_docs": "paragraphs of docstrings that estimators share",
    "_data": "what the user passes, read and checked: task ids, designs, strata, parameters",
    "_dask": "Dask collections: partitions, sums over them, lazy predictions",
    "prox": "proximal operators of arrays",
    "penalties": "penalties: value, proximal operator, dual norm or conjugate",
    "losses": "losses: value, gradient, curvature, conjugate; targets and links; the registry",
    "datafits": "the loss of all tasks as a function of W: squared, or any likelihood; folds",
    "statistics": "moments of rows that come in pieces: batches, files, folds, sites",
    "solvers": "from a datafit and a penalty to a certified solution; paths and critical alphas",
    "metrics": "scores of tasks",
    "base": "what all estimators share: tags, scores, warnings",
    "datasets": "real data, and generated data whose truth is known",
    "preprocessing": "from one data form to another; features scaled within tasks",
    "model_selection": "splitters and scorers that see tasks; the search along paths",
    "linear_model": "linear estimators, one file for each family",
    "mixed_effects": "coefficients of tasks that vary about common ones",
    "_task_covariance": "covariances between tasks: systems, leave-one-out, likelihoods",
    "kernel": "kernel ridge regression and support vector machines",
    "gaussian_process": "Gaussian processes",
    "meta": "meta-estimators: scikit-learn's estimators for several tasks",
    "deep": "networks; torch is imported in `deep/_network` alone, in fit and predict",
    "inspection": "what fitted models say, in numbers and pictures",
    "evaluation": "did sharing help? Comparisons, transfer, single-task baselines",
    "skmtl": "the public names",
    "_command_line": "the command line: its options, reading a file, running comparisons",
    "__main__": "what `python -m skmtl` runs",
}

MOST_LINES = 450  # of a file; _kernels.py is one file for numba's cache
MOST_BODY = 60  # lines of a function without its docstring
MOST_NODES = 12  # syntax nodes on a line of code, in every file
MEDIAN_NODES = 8.1  # and in the median file
NOT_COMPILED = {"_compiled", "_load", "_jit", "gram_work"}  # functions of _kernels.py


@cache
def modules():
    """Paths of the modules by their full names."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        found[".".join(parts)] = path
    return found


@cache
def tree(name):
    return ast.parse(modules()[name].read_text())


def place(name):
    """The place in :data:`PLACES` that a module belongs to."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def imported(name):
    """Modules of the package that a module imports, wherever it does."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        if isinstance(node, ast.ImportFrom) and (node.module or "") in modules():
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules() else node.module


def imports():
    """Pairs of a module and one of the package that it imports."""
    return [(name, other) for name in modules() for other in imported(name)]


def test_imports_point_downwards():
    order = list(PLACES)

    def height(name):
        return order.index(place(name))

    assert [pair for pair in imports() if height(pair[1]) > height(pair[0])] == []


def of_another_package(name, other):
    """Whether the other module is private to a package that this one is not in."""
    parts = other.split(".")
    private = [k for k, part in enumerate(parts) if part.startswith("_")]
    owner = ".".join(parts[: private[0]]) if private else "skmtl"
    return name != owner and not name.startswith(f"{owner}.")


def test_no_private_module_of_another_package_is_imported():
    assert [pair for pair in imports() if of_another_package(*pair)] == []


def estimators():
    """Public classes that are fitted."""
    public = [getattr(skmtl, name) for name in skmtl.__all__]
    return [one for one in public if inspect.isclass(one) and hasattr(one, "fit")]


def test_an_estimator_is_in_a_file_named_for_it():
    for estimator in estimators():
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", estimator.__name__)
        stem = estimator.__module__.rpartition(".")[2].strip("_")
        assert stem.removesuffix("_cv").removesuffix("_regressor") in words.lower(), estimator


def test_files_are_short():
    lengths = {name: len(path.read_text().splitlines()) for name, path in modules().items()}
    long = {name: length for name, length in lengths.items() if length > MOST_LINES}
    assert long.keys() <= {"skmtl._kernels"}, long


def is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str)


def body_length(function):
    """Lines of the body of a function without its docstring."""
    body = function.body[1:] if is_docstring(function.body[0]) else function.body
    return function.end_lineno - body[0].lineno + 1 if body else 0


def test_functions_are_short():
    functions = [
        (name, node)
        for name in modules()
        for node in ast.walk(tree(name))
        if isinstance(node, ast.FunctionDef)
    ]
    long = [(name, node.name) for name, node in functions if body_length(node) > MOST_BODY]
    assert long == []


@cache
def nodes_per_line(name):
    """Syntax nodes on a line of code; docstrings, comments and empty lines are no code."""
    documentation = [node for node in ast.walk(tree(name)) if is_docstring(node)]
    passed = {
        number for node in documentation for number in range(node.lineno, node.end_lineno + 1)
    }
    lines = enumerate(modules()[name].read_text().splitlines(), 1)
    code = [line for number, line in lines if number not in passed and line.strip()]
    code = [line for line in code if not line.strip().startswith("#")]
    nodes = sum(1 for _ in ast.walk(tree(name))) - 2 * len(documentation)
    return nodes / max(len(code), 10)


def test_lines_are_not_packed():
    packed = {name: nodes for name in modules() if (nodes := nodes_per_line(name)) > MOST_NODES}
    assert not packed


def test_the_median_file_is_not_packed():
    assert median(map(nodes_per_line, modules())) <= MEDIAN_NODES


def test_kernels_are_compiled():
    """A kernel that is not is right, but a hundred times as slow."""
    functions = [node for node in tree("skmtl._kernels").body if isinstance(node, ast.FunctionDef)]
    compiled = set()
    for function in functions:
        decorators = map(ast.unparse, function.decorator_list)
        if "_compiled" in decorators:
            compiled.add(function.name)
    plain = {function.name for function in functions} - compiled
    assert plain == NOT_COMPILED


def documented():
    """Public classes and functions, and the public methods of the classes."""
    public = [getattr(skmtl, name) for name in skmtl.__all__]
    for one in public:
        yield one
        if inspect.isclass(one):
            methods = inspect.getmembers(one, inspect.isroutine)
            yield from (method for name, method in methods if not name.startswith("_"))


def undescribed(docstring):
    """Parameters of a docstring that have a type but no description."""
    section = re.search(r"Parameters\n-+\n(.*?)(?=\n\n\w[\w ]*\n--|\Z)", docstring, re.DOTALL)
    lines = section[1].splitlines() if section else []
    lines = [line for line in lines if line.strip()]
    for line, following in pairwise([*lines, ""]):
        if not line.startswith(" ") and not following.startswith(" "):
            yield line


def test_every_public_parameter_is_described():
    missing = {}
    for one in documented():
        if str(getattr(one, "__module__", "")).startswith("skmtl"):
            found = list(undescribed(inspect.getdoc(one) or ""))
            missing |= {one.__qualname__: found} if found else {}
    assert not missing


def test_files_that_pages_name_exist():
    made = {"generated", "auto_examples"}
    pages = [page for page in PAGES.rglob("*.rst") if made.isdisjoint(page.parts)]
    known = {path.name for path in CHECKOUT.rglob("*.py")}
    for page in pages:
        for path in re.findall(r"``((?:\w+/)*\w+\.py)``", page.read_text()):
            there = (CHECKOUT / path).exists() if "/" in path else path in known
            assert there, f"{page.name} names {path}"
