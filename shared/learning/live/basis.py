"""Few numbers for many: where embeddings lie along the principal axes of a project's own images."""

from typing import NamedTuple, Self

import numpy as np

from shared.arrays import Floats, Halves

# So many axes lose nothing that a head could use.
AXES = 256
# A basis is made of so many images at most: more move no axis that counts.
EXAMPLES = 2_000


class Basis(NamedTuple):
    """`mean` (width,), `axes` (width, axes), orthonormal."""

    mean: Floats
    axes: Floats

    @classmethod
    def of(cls, embeddings: Halves) -> Self:
        """Of embeddings (N, width), evenly of all where they are more than it takes; fewer than AXES lose nothing."""
        step = max(1, -(-len(embeddings) // EXAMPLES))
        some = embeddings[::step].astype(np.float32)
        mean = some.mean(0) if len(some) else np.zeros(embeddings.shape[1], np.float32)
        centred = some - mean
        # The axes of the smaller of both products: images are fewer than numbers.
        strengths, vectors = np.linalg.eigh((centred @ centred.T).astype(np.float64))
        kept = np.flatnonzero(strengths > 1e-6 * max(1e-9, strengths.max(initial=0)))[::-1][:AXES]
        axes = centred.T @ (vectors[:, kept] / np.sqrt(strengths[kept])).astype(np.float32)
        return cls(mean, np.ascontiguousarray(axes, np.float32))

    def points(self, embeddings: Halves) -> Halves:
        """Embeddings (N, width) along the axes, (N, axes)."""
        parts = [embeddings[at : at + EXAMPLES].astype(np.float32) for at in range(0, len(embeddings), EXAMPLES)]
        found = [((part - self.mean) @ self.axes).astype(np.float16) for part in parts]
        return np.concatenate(found) if found else np.empty((0, self.axes.shape[1]), np.float16)

    @property
    def origin(self) -> Floats:
        """Where the middle of all lies along the axes, and how far it is off them, (axes + 1,)."""
        along = self.mean @ self.axes
        off = np.sqrt(max(0.0, float(self.mean @ self.mean - along @ along)))
        return np.append(along, off).astype(np.float32)
