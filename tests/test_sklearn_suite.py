"""scikit-learn's own tests of its multi-task estimators, run on ours.

The module `test_coordinate_descent` of the installed scikit-learn is compiled afresh with our
classes in place of the four of the same name, decorators included. Of its tests, those that name
one of the four are run, and of their parametrisations over classes those that hold one.
"""

import ast
import importlib.util
import inspect
from pathlib import Path
from types import ModuleType

import pytest
import sklearn.linear_model

import skmtl

NAMES = ("MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV")

# Tests that cannot pass: they must fail, and why.
DEVIATIONS = {}


class OldNames(type):
    """Metaclass of the CV classes before scikit-learn 1.9, whose tests pass `n_alphas`."""

    def __call__(cls, *args, n_alphas=None, **params):
        if n_alphas is not None:
            params.setdefault("alphas", n_alphas)
        return super().__call__(*args, **params)


def our_classes():
    """Our four classes by name, under the parameter names of the installed scikit-learn."""
    classes = {name: getattr(skmtl, name) for name in NAMES}
    if "n_alphas" in inspect.signature(sklearn.linear_model.LassoCV).parameters:
        private = {"_is_multitask": lambda self: True}  # these tests ask it of every class
        for name in NAMES:
            if name.endswith("CV"):
                classes[name] = OldNames(name, (classes[name],), private)
    return classes


def compile_suite(path, classes):
    """Namespace of the module at `path`, with `classes` in place of imported ones, and its tree.

    The module imports the classes in one statement; an assignment is put after it.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    [position] = [
        k
        for k, node in enumerate(tree.body)
        if isinstance(node, ast.ImportFrom) and any(a.name in classes for a in node.names)
    ]
    [replace] = ast.parse("globals().update(__replacements__)").body
    for node in ast.walk(replace):  # tracebacks keep the lines of the file
        ast.copy_location(node, tree.body[position])
    tree.body.insert(position + 1, replace)
    module = ModuleType("sklearn_suite")
    module.__replacements__ = classes
    exec(compile(tree, path, "exec"), vars(module))
    return vars(module), tree


def functions_that_name(names, tree):
    """Names of the test functions in whose source, decorators included, one of `names` occurs."""
    return [
        function.name
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
        and function.name.startswith("test_")
        and any(isinstance(n, ast.Name) and n.id in names for n in ast.walk(function))
    ]


def keep_parameters(test, classes):
    """Drop parameters over classes that hold none of `classes`, in place."""
    marks, test.pytestmark = getattr(test, "pytestmark", []), []
    for mark in marks:
        args = mark.args
        if mark.name == "parametrize":
            names, values = args
            kept = [value for value in values if holds_one_of(value, classes)]
            args = (names, kept or values)
        getattr(pytest.mark, mark.name)(*args, **mark.kwargs)(test)


def holds_one_of(value, classes):
    """Whether one parameter, or a tuple of them, is one of the classes."""
    values = value if isinstance(value, (tuple, list)) else [value]
    return any(isinstance(v, type) and v in classes for v in values)


def sklearn_tests():
    """scikit-learn's tests of the four classes by name, on ours."""
    spec = importlib.util.find_spec("sklearn.linear_model.tests.test_coordinate_descent")
    if spec is None:
        pytest.skip("this scikit-learn came without its tests", allow_module_level=True)
    classes = our_classes()
    namespace, tree = compile_suite(Path(spec.origin), classes)
    tests = {name: namespace[name] for name in functions_that_name(NAMES, tree)}
    for test in tests.values():
        keep_parameters(test, list(classes.values()))
    return tests


globals().update(sklearn_tests())


@pytest.fixture(autouse=True)
def expect_deviations(request):
    reason = DEVIATIONS.get(request.node.originalname, DEVIATIONS.get(request.node.name))
    if reason is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture
def global_random_seed():
    """Asked for by scikit-learn's tests; its continuous integration uses 42 unless told."""
    return 42
