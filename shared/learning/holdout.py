"""Which images are held out: some of all tags, and near-duplicates together, so that none is judged by its twin."""

from collections.abc import Sequence

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from shared.arrays import Flags, Floats, Ints

# Shots of one scene are this similar on average (cosine). Where a tag would have fewer than GROUPS scenes, as from
# a fixed camera, its images are told apart more finely; the last step leaves every image by itself.
SIMILARITIES = (0.8, 0.85, 0.9, 0.95, 0.99, 2.0)
GROUPS = 3


def sample(truths: Floats, count: int) -> Ints:
    """Positions of at most `count` images, taken from all tags in turn; truths (N, tags)."""
    # An image's turn is its place among the images of its rarest tag; those without a tag wait as one more tag.
    columns = np.column_stack([truths > 0, ~truths.any(1)])
    turns = np.where(columns, columns.cumsum(0), len(truths) + 1).min(1)
    return np.sort(np.argsort(turns, kind="stable")[:count])


def near_duplicates(embeddings: Floats, truths: Floats, similarities: Sequence[float] = SIMILARITIES) -> Ints:
    """The group of each image, (N,): near-duplicates share one. Embeddings (N, width) of length 1, truths (N, tags).

    Average linkage: single linkage would chain a tag's scenes into one.
    """
    if len(embeddings) < 2:
        return np.zeros(len(embeddings), np.int64)
    distances = np.clip(1 - embeddings @ embeddings.T, 0, None)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average")
    groups = np.zeros(len(embeddings), np.int64)
    open_images = np.ones(len(embeddings), bool)
    for similarity in similarities:
        found = fcluster(tree, 1 - similarity, "distance").astype(np.int64)
        groups[open_images] = found[open_images] + groups.max()
        open_images = _too_few_groups(groups, truths)
        if not open_images.any():
            break
    return np.unique(groups, return_inverse=True)[1]


def folds(groups: Ints, truths: Floats, count: int) -> Ints:
    """The fold of each image, (N,): groups stay whole, tags are spread evenly. Large groups choose first."""
    load = np.zeros((count, truths.shape[1] + 1))
    answer = np.zeros(len(groups), np.int64)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    for images in sorted(members, key=len, reverse=True):
        added = np.append(truths[images].sum(0), len(images) / 2)
        fold = int(((load + added) ** 2 - load**2).sum(1).argmin())
        load[fold] += added
        answer[images] = fold
    return answer


def _too_few_groups(groups: Ints, truths: Floats) -> Flags:
    """The images, (N,), of tags that have fewer than GROUPS groups."""
    poor = np.array([len(np.unique(groups[column > 0])) < GROUPS for column in truths.T], bool)
    found: Flags = np.any(truths[:, poor] > 0, axis=1)
    return found
