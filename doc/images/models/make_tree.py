"""Draw the decision tree of the page choose.rst.

``python doc/images/models/make_tree.py`` writes ``doc/images/choose.svg``, which the page shows
inline, so that its links work and its colors follow the theme (``doc/_static/choose.css``), and
``doc/choose_tree.inc``, the same tree as nested lists.
"""

from html import escape
from pathlib import Path
from typing import NamedTuple

DOC = Path(__file__).parents[2]

QUESTION = "What do your tasks have in common?"


class Leaf(NamedTuple):
    """The last answer, the estimator to take, and the page about it."""

    answer: str
    name: str
    page: str
    role: str = "class"


class Branch(NamedTuple):
    """What tasks share, in a word and in a sentence, and the answers that are left."""

    word: str
    sentence: str
    leaves: tuple


TREE = (
    Branch(
        "You do not know",
        "start with one of these",
        (
            Leaf("linear effects", "MixedEffectsRegressor", "models/mixed_effects"),
            Leaf("tasks may be unrelated", "SafeSharingRegressor", "models/safe_sharing"),
            Leaf("more of the models here", "compare_to_single_task", "compare", "func"),
        ),
    ),
    Branch(
        "Features",
        "few features matter",
        (
            Leaf("the same ones for all tasks", "MultiTaskLassoCV", "models/multi_task_lasso"),
            Leaf("and single coefficients besides", "DirtyRegressorCV", "models/decomposed"),
        ),
    ),
    Branch(
        "Coefficients",
        "nearly equal values",
        (
            Leaf("in all tasks", "MeanRegularizedRegressorCV", "models/graph"),
            Leaf("in tasks that you can name", "TaskGraphRegressorCV", "models/graph"),
            Leaf("in groups that you do not know", "ClusteredTaskRegressorCV", "models/relational"),
            Leaf("in tasks that are close in time", "TemporalGroupLasso", "models/temporal"),
        ),
    ),
    Branch(
        "Directions",
        "tasks mix few patterns",
        (Leaf("many tasks", "TraceNormRegressorCV", "models/trace_norm"),),
    ),
    Branch(
        "Functions",
        "similar, but not linear",
        (
            Leaf("predictions are enough", "MultiTaskKernelRidgeCV", "models/kernel_ridge"),
            Leaf(
                "error bars are needed",
                "MultiTaskGaussianProcessRegressor",
                "models/gaussian_process",
            ),
            Leaf(
                "with 10 000 samples or more",
                "MultiTaskSparseGaussianProcessRegressor",
                "models/gaussian_process",
            ),
            Leaf(
                "probabilities of two classes",
                "MultiTaskGaussianProcessClassifier",
                "models/gaussian_process_classification",
            ),
        ),
    ),
    Branch(
        "Learned features",
        "networks: images, text",
        (
            Leaf("to predict numbers or counts", "MultiTaskMLPRegressor", "models/networks"),
            Leaf("to predict class labels", "MultiTaskMLPClassifier", "models/networks"),
            Leaf("to predict both together", "MultiTaskMLP", "models/networks"),
        ),
    ),
)

WIDTH = 780
ROOT = (4, 150)  # left edge and width of the boxes of each level
BRANCH = (194, 194)
LEAF = (430, 346)
LEAF_HEIGHT = 46
LEAF_STEP = 54  # from one leaf to the next
GAP = 12  # between the leaves of two branches
BOX_HEIGHT = 52
TOP = 8


def box(kind, left, width, middle, height):
    top = middle - height / 2
    return f'<rect class="{kind}" x="{left}" y="{top:g}" width="{width}" height="{height}" rx="6"/>'


def text(kind, x, y, content):
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(content)}</text>'


def curve(start, end):
    (x0, y0), (x1, y1) = start, end
    half = (x0 + x1) / 2
    return f'<path class="edge" d="M{x0:g} {y0:g} C{half:g} {y0:g} {half:g} {y1:g} {x1:g} {y1:g}"/>'


def root_box(middle):
    left, width = ROOT
    lines = ["What do", "your tasks have", "in common?"]
    drawn = [box("question", left, width, middle, 74)]
    for k, line in enumerate(lines):
        drawn.append(text("word center", left + width / 2, middle - 14 + 19 * k, line))
    return drawn


def branch_box(branch, middle):
    left, width = BRANCH
    return [
        box("answer", left, width, middle, BOX_HEIGHT),
        text("word", left + 12, middle - 5, branch.word),
        text("sentence", left + 12, middle + 14, branch.sentence),
    ]


def leaf_box(leaf, middle):
    left, width = LEAF
    return [
        f'<a href="{leaf.page}.html">',
        f"<title>{escape(leaf.name)}</title>",
        box("leaf", left, width, middle, LEAF_HEIGHT),
        text("sentence", left + 12, middle - 4, leaf.answer),
        text("name", left + 12, middle + 15, leaf.name),
        "</a>",
    ]


def draw():
    """The tree as SVG."""
    boxes = []
    edges = []
    middles = []
    top = TOP
    for branch in TREE:
        heights = [top + LEAF_STEP * k + LEAF_HEIGHT / 2 for k in range(len(branch.leaves))]
        middle = (heights[0] + heights[-1]) / 2
        boxes += branch_box(branch, middle)
        for leaf, height in zip(branch.leaves, heights, strict=True):
            edges.append(curve((sum(BRANCH), middle), (LEAF[0], height)))
            boxes += leaf_box(leaf, height)
        middles.append(middle)
        top += max(LEAF_STEP * len(branch.leaves), BOX_HEIGHT) + GAP
    center = (middles[0] + middles[-1]) / 2
    edges += [curve((sum(ROOT), center), (BRANCH[0], middle)) for middle in middles]
    boxes = root_box(center) + boxes
    head = (
        f'<svg class="choose" viewBox="0 0 {WIDTH} {top}" role="group"'
        f' xmlns="http://www.w3.org/2000/svg" aria-label="Which estimator? {QUESTION}">'
    )
    return "\n".join([head, *edges, *boxes, "</svg>"]) + "\n"


def write_out():
    """The tree as nested lists in reStructuredText."""
    lines = [QUESTION, ""]
    for branch in TREE:
        lines += [f"- **{branch.word}** ({branch.sentence}):", ""]
        for leaf in branch.leaves:
            target = f":{leaf.role}:`~skmtl.{leaf.name}`"
            lines.append(f"  - {leaf.answer}: {target}, see :doc:`{leaf.page}`")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    (DOC / "images" / "choose.svg").write_text(draw(), encoding="utf-8")
    (DOC / "choose_tree.inc").write_text(write_out(), encoding="utf-8")
