"""scikit-learn's own tests of its multi-task estimators, run on ours.

The module `test_coordinate_descent` of the installed scikit-learn is compiled afresh with our
classes in place of the four of the same name, decorators included. Of its tests, those that name
one of the four are run, and of their parametrizations over classes those that hold one.
"""

import ast
import importlib.util
import inspect
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import sklearn.linear_model

import skmtl

NAMES = ("MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV")

# Tests that no multi-task class of ours can pass, and why: they must fail.
DEVIATIONS = {
    "test_1d_multioutput_enet_and_multitask_enet_cv": (
        "expects seven digits of agreement with ElasticNetCV at tol=1e-4, whose coefficients are "
        "1e-4 from the minimum: test_one_task_is_the_minimum_that_scikit_learn_nears"
    ),
    "test_1d_multioutput_lasso_and_multitask_lasso_cv": "as before, with LassoCV",
    # scikit-learn 1.6 to 1.8
    "test_multitask_cv_estimators_with_sample_weight": (
        "expects an error for sample weights, which these classes did not take before 1.9"
    ),
    "test_linear_model_cv_deprecated_n_alphas": "asks for the deprecation of a name we never had",
    "test_linear_model_cv_deprecated_alphas_none": "as before, of a value that we never allowed",
}


# Tests that choose among nearly equal alphas: scikit-learn gives them tol=1e-6 since 1.9.
TIGHT = {"test_multitask_enet_and_lasso_cv", "test_multi_task_lasso_cv_dtype"}


class Before19(type):
    """Metaclass: our CV classes take `n_alphas`, the name of `alphas` before scikit-learn 1.9."""

    tol = 1e-4

    def __call__(cls, *args, n_alphas=None, **params):
        if n_alphas is not None:
            params.setdefault("alphas", n_alphas)
        params.setdefault("tol", Before19.tol)
        return super().__call__(*args, **params)


def our_classes():
    """Our four classes by name, callable as those of the installed scikit-learn."""
    classes = {name: getattr(skmtl, name) for name in NAMES}
    if "n_alphas" in inspect.signature(sklearn.linear_model.LassoCV).parameters:
        private = {"_is_multitask": lambda self: True}  # the tests ask it of every class
        for name in NAMES:
            if name.endswith("CV"):
                classes[name] = Before19(name, (classes[name],), private)
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
    """Drop the parameters of a test that have nothing to do with `classes`, in place."""
    marks, test.pytestmark = getattr(test, "pytestmark", []), []
    for mark in marks:
        args = mark.args
        if mark.name == "parametrize":
            names, values = args
            args = (names, relevant(names, values, classes))
        getattr(pytest.mark, mark.name)(*args, **mark.kwargs)(test)


def relevant(names, values, classes):
    """The parameters that lead to one of `classes`; all where that cannot be told."""
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    rows = [(value,) if len(names) == 1 else tuple(value) for value in values]
    if names == ["precompute"]:  # not a parameter of multi-task classes: the same test again
        return values[:1]
    if "n_targets" in names:
        kept = [row[names.index("n_targets")] > 1 for row in rows]
    else:
        kept = [any(isinstance(v, type) and v in classes for v in row) for row in rows]
    return [value for value, keep in zip(values, kept, strict=True) if keep] or values


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
def expectations(request, monkeypatch):
    """Apply DEVIATIONS and TIGHT."""
    name = request.node.originalname
    if name in DEVIATIONS:
        request.applymarker(pytest.mark.xfail(reason=DEVIATIONS[name], strict=True))
    if name in TIGHT:
        monkeypatch.setattr(Before19, "tol", 1e-6)


@pytest.fixture
def global_random_seed():
    """Asked for by scikit-learn's tests; its continuous integration uses 42 unless told."""
    return 42


@pytest.mark.parametrize("net", [False, True])
def test_one_task_is_the_minimum_that_scikit_learn_nears(net):
    """The two deviations above: the same at a tolerance at which scikit-learn has seven digits."""
    rng = np.random.RandomState(0)
    w = rng.randn(10)
    X = rng.randn(50, 10)
    y = X @ w
    name = "ElasticNetCV" if net else "LassoCV"
    params = {"alphas": 5, "eps": 2e-3}
    if net:
        params["l1_ratio"] = [0.5, 0.7]
    theirs = getattr(sklearn.linear_model, name)(**params, tol=1e-12, max_iter=100_000).fit(X, y)
    ours = getattr(skmtl, f"MultiTask{name}")(**params).fit(X, y[:, None])
    assert ours.alpha_ == pytest.approx(theirs.alpha_)
    np.testing.assert_allclose(ours.coef_[0], theirs.coef_, rtol=0, atol=1e-7)
