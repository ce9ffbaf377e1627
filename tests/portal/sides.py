"""Boxes as the portal's own modules have them."""

import pytest


def box(left, top, width, height):
    return {"left": left, "top": top, "width": width, "height": height}


def near(found, **wanted):
    return found == pytest.approx(wanted, abs=1e-9)
