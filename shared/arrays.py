"""Arrays by what is in them."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
Halves = npt.NDArray[np.float16]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

Shape = tuple[int, ...]
