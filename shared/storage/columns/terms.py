"""A column of which an image may have any number of values: its tags, or its pairs of metadata."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from shared.storage.columns.ids import Flags, Merge

Term = TypeVar("Term", bound=Hashable)
Codes = NDArray[np.uint32]
NO_CODES: Codes = np.empty(0, np.uint32)


class Terms(NamedTuple, Generic[Term]):
    """The image at position `images[n]` has the term whose code is `codes[n]`."""

    code_of: Mapping[Term, int]
    codes: Codes
    images: Codes

    @classmethod
    def of(cls, each: Iterable[Iterable[Term]]) -> "Terms[Term]":
        """The terms of the image at each position."""
        code_of = dict[Term, int]()
        found = [(code_of.setdefault(term, len(code_of)), at) for at, terms in enumerate(each) for term in terms]
        codes, images = np.array(found, np.uint32).reshape(-1, 2).T
        return cls(code_of, codes, images)

    def having(self, terms: Iterable[Term], size: int) -> Flags:
        """Which of so many images have any of the terms."""
        found = np.zeros(size, bool)
        wanted = [code for term in terms if (code := self.code_of.get(term)) is not None]
        if len(wanted) == 1:
            found[self.images[self.codes == wanted[0]]] = True
        elif wanted:
            among = np.zeros(len(self.code_of), bool)
            among[wanted] = True
            found[self.images[among[self.codes]]] = True
        return found

    def counts(self) -> dict[Term, int]:
        """How many images have each term."""
        numbers = np.bincount(self.codes, minlength=len(self.code_of)).tolist()
        return {term: number for term, number in zip(self.code_of, numbers, strict=True) if number}

    def merged(self, merge: Merge, come: "Terms[Term]") -> "Terms[Term]":
        """With the terms of images that come in the place of those that leave."""
        new = [term for term in come.code_of if term not in self.code_of]
        # Names take most of the memory: those of a project are shared as long as none is new.
        code_of = (
            {**self.code_of, **{term: len(self.code_of) + at for at, term in enumerate(new)}} if new else self.code_of
        )
        translated = np.array([code_of[term] for term in come.code_of], np.uint32)
        stays = merge.stays[self.images]
        return Terms(
            code_of,
            np.concatenate([self.codes[stays], translated[come.codes]]),
            np.concatenate([merge.left[self.images[stays]], merge.came[come.images]]).astype(np.uint32),
        )

    def dense(self) -> "Terms[Term]":
        """These terms without those that no image has any more."""
        used, codes = np.unique(self.codes, return_inverse=True)
        terms = list(self.code_of)
        code_of = {terms[code]: at for at, code in enumerate(used.tolist())}
        return Terms(code_of, codes.astype(np.uint32), self.images)
