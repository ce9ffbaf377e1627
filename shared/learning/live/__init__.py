"""A model that learns while people label: refitted as a whole after every label, in milliseconds, with numpy alone."""

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

# Threads that wait for each other take seven times as much of a busy machine as one does alone. What is to be limited
# comes with numpy.
assert np
threadpool_limits(1, user_api="blas")
