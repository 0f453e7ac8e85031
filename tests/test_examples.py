"""The gallery's examples: they compile, have a title, and the quick ones run to the end."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "doc" / "examples").glob("plot_*.py"))
QUICK = [  # the documentation runs them all
    "plot_few_shot.py",
    "plot_own_inputs.py",
]

each_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)


def test_there_are_examples():
    assert set(QUICK) <= {path.name for path in EXAMPLES}


@each_example
def test_examples_compile(path):
    compile(path.read_text(encoding="utf-8"), str(path), "exec")


@each_example
def test_examples_start_with_a_title(path):
    start, above, title, below = path.read_text(encoding="utf-8").splitlines()[:4]
    assert start == '"""'
    assert title.strip()
    assert above == below == "=" * len(title)


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_quick_examples_run(name, monkeypatch):
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.extend(plt.get_fignums()))
    path = next(path for path in EXAMPLES if path.name == name)
    try:
        runpy.run_path(str(path))
    finally:
        plt.close("all")
    assert shown
