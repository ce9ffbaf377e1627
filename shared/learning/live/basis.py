"""Few numbers for many: where embeddings lie along the principal axes of a project's own images."""

from typing import NamedTuple, Self

import numpy as np

from shared.arrays import Floats, Halves

# So many axes lose nothing that a head could use.
AXES = 256
# A basis is made of so many images at most: more move no axis that counts.
EXAMPLES = 2_000
# So many embeddings at a time are made floats.
PART = 256
# The axes are found among so many directions more, in so many steps.
BESIDE, STEPS = 64, 8


class Basis(NamedTuple):
    """`mean` (width,), `axes` (width, axes), orthonormal."""

    mean: Floats
    axes: Floats

    @classmethod
    def of(cls, embeddings: Halves) -> Self:
        """Of embeddings (N, width), evenly of all where they are more than it takes; fewer than AXES lose nothing."""
        step = max(1, -(-len(embeddings) // EXAMPLES))
        centred = embeddings[::step].astype(np.float32)
        mean = centred.mean(0) if len(centred) else np.zeros(embeddings.shape[1], np.float32)
        centred -= mean
        # The axes of the smaller of both products: images are fewer than numbers.
        strengths, vectors = _strongest(centred @ centred.T)
        # What is fainter may be rounding alone.
        kept = np.flatnonzero(strengths > 1e-5 * max(1e-9, strengths.max(initial=0)))[::-1][:AXES]
        axes = centred.T @ (vectors[:, kept] / np.sqrt(strengths[kept])).astype(np.float32)
        return cls(mean, np.ascontiguousarray(axes, np.float32))

    def points(self, embeddings: Halves) -> Halves:
        """Embeddings (N, width) along the axes, (N, axes)."""
        found = np.empty((len(embeddings), self.axes.shape[1]), np.float16)
        for at in range(0, len(embeddings), PART):
            part = embeddings[at : at + PART].astype(np.float32) - self.mean
            found[at : at + PART] = part @ self.axes
        return found

    @property
    def origin(self) -> Floats:
        """Where the middle of all lies along the axes, and how far it is off them, (axes + 1,)."""
        along = self.mean @ self.axes
        off = np.sqrt(max(0.0, float(self.mean @ self.mean - along @ along)))
        return np.append(along, off).astype(np.float32)


def _strongest(gram: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues of a product (N, N), at least as many as there are axes, the smallest first, and their vectors.

    By powers of it (Halko, Martinsson and Tropp 2011): in a sixth of the memory that all of them take, and sooner.
    """
    beside = np.random.default_rng(0).normal(size=(len(gram), min(len(gram), AXES + BESIDE))).astype(np.float32)
    for _ in range(STEPS):
        beside, _ = np.linalg.qr(gram @ beside)
    strengths, turned = np.linalg.eigh(beside.T @ gram @ beside)
    return strengths, beside @ turned
