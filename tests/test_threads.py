"""How many threads BLAS gets."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import ESTIMATORS
from sklearn.base import MetaEstimatorMixin
from threadpoolctl import threadpool_limits

from skmtl import MultiTaskCV, MultiTaskKernelRidgeCV, _threads
from skmtl.base import MultiTaskEstimator
from skmtl.deep._multi_task_network import MultiTaskNetwork

SEVERAL = 2  # threads, also on a machine of one core


@pytest.fixture(autouse=True)
def several_threads():
    before = _threads._numbers()
    if not before:
        pytest.skip("threadpoolctl does not know this BLAS")
    several = [SEVERAL] * len(before)
    _threads._change(before, several)
    yield
    assert numbers() == {SEVERAL}
    _threads._change(several, before)


def numbers():
    """The different numbers of threads that the libraries have."""
    return set(_threads._numbers())


def is_limited(estimator):
    return type(estimator).fit.__code__.co_filename == _threads.__file__


def leaves_it_to_others(estimator):
    """Whether fits are those of other estimators, maybe the user's, or of PyTorch."""
    of_others = isinstance(estimator, MetaEstimatorMixin | MultiTaskNetwork)
    return of_others and not isinstance(estimator, MultiTaskCV)


def test_every_fit_has_one_thread_but_those_of_others():
    unlike = [
        estimator
        for estimator in ESTIMATORS
        if isinstance(estimator, MultiTaskEstimator)
        and is_limited(estimator) == leaves_it_to_others(estimator)
    ]
    assert unlike == []


def test_a_fit_has_one_thread_and_gives_the_others_back(monkeypatch):
    seen = []
    store_tasks = MultiTaskEstimator._store_tasks

    def spy(self, data):
        seen.append(numbers())
        store_tasks(self, data)

    monkeypatch.setattr(MultiTaskEstimator, "_store_tasks", spy)
    X = np.arange(6.0)[:, None]
    MultiTaskKernelRidgeCV(kernel="rbf").fit(X, np.hstack([X, -X]))
    assert seen == [{1}]
    assert numbers() == {SEVERAL}


def test_an_error_gives_the_threads_back():
    with pytest.raises(ValueError, match="NaN"):
        MultiTaskKernelRidgeCV().fit([[np.nan]] * 3, [[1.0, 2.0]] * 3)
    assert numbers() == {SEVERAL}


@pytest.mark.parametrize("at", [1, 2])
def test_an_interrupt_between_two_libraries_gives_the_threads_back(at, monkeypatch):
    change = _threads._change
    n_calls = 0

    def change_one(before, after):
        nonlocal n_calls
        n_calls += 1
        if n_calls == at:
            change(before, [*after[:1], *before[1:]])
            raise KeyboardInterrupt
        change(before, after)

    monkeypatch.setattr(_threads, "_change", change_one)
    with pytest.raises(KeyboardInterrupt), _threads.one_thread():
        pass
    assert numbers() == {SEVERAL}


def test_inner_blocks_change_nothing():
    with _threads.one_thread():
        with _threads.one_thread():
            assert numbers() == {1}
        assert numbers() == {1}


def test_large_operations_have_all_threads():
    with _threads.one_thread():
        with _threads.threads_for_product(10, 10, 10), _threads.threads_for_factorization(10):
            assert numbers() == {1}
        with _threads.threads_for_product(10_000, 1000, 1000):
            assert numbers() == {SEVERAL}
            with _threads.one_thread():
                assert numbers() == {1}
        with _threads.threads_for_factorization(5000):
            assert numbers() == {SEVERAL}
        assert numbers() == {1}


def test_the_limit_of_the_user_holds_for_large_operations():
    with threadpool_limits(1, user_api="blas"):
        with _threads.one_thread(), _threads.threads_for_factorization(5000):
            assert numbers() == {1}
        assert numbers() == {1}


# Two fits in threads of their own: capitals begin, small letters end; l and L are a large
# operation of the first.
@pytest.mark.parametrize("order", ["ABab", "ABba", "AaBb", "ALBlab", "ALBlba", "ABLlab", "ALBbla"])
def test_fits_at_once_give_the_threads_back_in_any_order(order):
    blocks = {
        "a": _threads.one_thread(),
        "b": _threads.one_thread(),
        "l": _threads.threads_for_factorization(5000),
    }
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        threads = {"a": first, "b": second, "l": first}
        first.submit(_threads._numbers).result()  # both threads live on
        second.submit(_threads._numbers).result()
        for n_done, step in enumerate(order, 1):
            name = step.lower()
            block = blocks[name]
            if step.isupper():
                threads[name].submit(block.__enter__).result()
                assert name == "l" or numbers() == {1}
            else:
                threads[name].submit(block.__exit__, None, None, None).result()
            if order[:n_done] in ("ABa", "ABb"):  # the other goes on
                assert numbers() == {1}
        assert numbers() == {SEVERAL}


def test_fits_after_others_keep_the_limit_of_the_user():
    with _threads.one_thread():
        pass
    with threadpool_limits(1, user_api="blas"):
        with _threads.one_thread():
            pass
        assert numbers() == {1}
