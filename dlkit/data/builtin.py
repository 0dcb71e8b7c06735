"""scikit-learn's built-in sets, behind the interface of the catalogue's. They come with the package; nothing is fetched."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from dlkit.data.images import DIGITS, Images
from dlkit.data.tables import Table


def iris() -> Table:
    """150 flowers of three species, lengths in cm. Source: Fisher, 1936.

    Example: `iris().tensor().shape == (150, 4)`.
    """
    return _table("load_iris", "species")


def wine() -> Table:
    """178 wines of three growers. Source: Forina et al.

    Example: `wine().tensor().shape == (178, 13)`.
    """
    return _table("load_wine", "grower")


def breast_cancer() -> Table:
    """569 tumors, malignant or benign. Source: Street, Wolberg and Mangasarian, 1993.

    Example: `breast_cancer().tensor().shape == (569, 30)`.
    """
    return _table("load_breast_cancer", "diagnosis")


def diabetes() -> Table:
    """442 patients, and a measure of how their disease went on in a year, the last column. Source: Efron et al., 2004.

    The features are as scikit-learn scales them: mean 0, sum of squares 1.

    Example: `diabetes().tensor("bmi", "progression").shape == (442, 2)`.
    """
    return _table("load_diabetes", "progression")


def digits() -> Images:
    """1,797 handwritten digits, uint8 (N, 1, 8, 8); 17 grays, 0 to 240 in steps of 15. Source: Alpaydin and Kaynak, 1998.

    Example: `digits().images.shape == (1797, 1, 8, 8)`.
    """
    held = _load("load_digits")
    images = torch.from_numpy((held.images * 15).astype(np.uint8))[:, None]
    return Images(images, torch.from_numpy(held.target.astype(np.int64)), DIGITS)


def _load(name: str) -> Any:
    from sklearn import datasets

    return getattr(datasets, name)()


def _table(name: str, target: str) -> Table:
    """The features, and what is to be predicted as the last column: a class by its name, else the number."""
    held = _load(name)
    columns = {str(name).replace(" (cm)", "").replace(" ", "_"): held.data[:, n] for n, name in enumerate(held.feature_names)}
    classes = getattr(held, "target_names", None)
    return Table({**columns, target: held.target.astype(float) if classes is None else np.asarray(classes)[held.target]})
