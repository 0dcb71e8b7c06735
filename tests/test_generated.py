"""Sets that are made, and sets that come with scikit-learn: exact labels, the same for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from dlkit import data
from dlkit.data.generated import SHAPES


def test_shapes_have_exact_boxes_and_masks() -> None:
    held, masks = data.shapes(50, seed=1)
    assert held.images.shape == (50, 3, 64, 64)
    assert {int(label) for labels in held.labels for label in labels} == {0, 1, 2}
    for boxes, labels, mask in zip(held.boxes, held.labels, masks, strict=True):
        assert len(boxes) == len(labels) >= 1
        for kind in range(len(SHAPES)):  # all pixels of a class lie in its boxes, which touch them on each side
            down, right = torch.nonzero(mask == kind + 1, as_tuple=True)
            mine = boxes[labels == kind]
            assert len(mine) == 0 if len(down) == 0 else len(mine) > 0
            if len(mine):
                assert mine[:, 0].min() == right.min()
                assert mine[:, 1].min() == down.min()
                assert mine[:, 2].max() == right.max() + 1
                assert mine[:, 3].max() == down.max() + 1
    again, same = data.shapes(50, seed=1)
    assert torch.equal(again.images, held.images)
    assert torch.equal(same, masks)
    assert not torch.equal(data.shapes(50, seed=2)[1], masks)


def test_glyphs_can_be_told_apart() -> None:
    """Without noise, two glyphs of one class are the same picture, moved."""
    held = data.glyphs(500, noise=0.0)
    assert held.images.shape == (500, 1, 16, 16)
    pictures: dict[tuple[int, ...], set[int]] = {}
    for image, label in zip(held.images[:, 0], held.labels.tolist(), strict=True):
        down, right = torch.nonzero(image, as_tuple=True)
        part = image[down.min() : down.max() + 1, right.min() : right.max() + 1]
        pictures.setdefault((*part.shape, *part.flatten().tolist()), set()).add(label)
    assert sorted(label for labels in pictures.values() for label in labels) == list(range(10))
    assert all(len(labels) == 1 for labels in pictures.values())


def test_arithmetic_is_right() -> None:
    problems = data.arithmetic(200, digits=3)
    assert all(sum(map(int, problem.split("+"))) == int(answer) for problem, answer in problems)
    assert len(set(problems)) > 150


def test_copying() -> None:
    inputs, targets = data.copying(5, length=3, delay=4, symbols=6)
    assert inputs.shape == targets.shape == (5, 10)
    assert torch.equal(inputs[:, :3], targets[:, 7:])
    assert (inputs[:, 6] == 7).all()
    assert (inputs == 7).sum() == 5
    assert (targets[:, :7] == 0).all()
    with pytest.raises(ValueError, match="needs one step at least"):
        data.copying(1, delay=0)


def test_recall() -> None:
    inputs, answers = data.recall(100, pairs=3, keys=5, values=7)
    for row, answer in zip(inputs.tolist(), answers.tolist(), strict=True):
        pairs = dict(zip(row[0:6:2], row[1:6:2], strict=True))
        assert len(pairs) == 3
        assert pairs[row[-1]] == answer
        assert 5 <= answer < 12
    with pytest.raises(ValueError, match="9 pairs need as many different keys"):
        data.recall(1, pairs=9, keys=8)


def test_scikit_learns_sets() -> None:
    assert data.iris().shape == (150, 5)
    assert Counter(data.iris()["species"].tolist()) == {"setosa": 50, "versicolor": 50, "virginica": 50}
    assert data.wine().shape == (178, 14)
    assert Counter(data.breast_cancer()["diagnosis"].tolist()) == {"benign": 357, "malignant": 212}
    assert data.diabetes().tensor().shape == (442, 11)
    digits = data.digits()
    assert digits.images.shape == (1797, 1, 8, 8)
    assert digits.images.max() == 240


def test_every_loader_is_found_at_the_front_door() -> None:
    for name in data._HOME:
        assert callable(getattr(data, name))
        assert name in dir(data)
    with pytest.raises(AttributeError, match=r"dlkit\.data has no 'mnits'"):
        _ = data.mnits
