"""How good a detector's boxes are."""

from uuid import UUID

import pytest

from cli.detections import Detected, judge
from shared.formats.dataset import BoxedPicture, Mark
from shared.models.training.model_spec import ModelTag
from tests.formats.making import LTWH, found


def test_judge_counts_boxes_of_all_pictures(tmp_path):
    cup, bowl = ModelTag(UUID(int=1), "cup"), ModelTag(UUID(int=2), "bowl")
    answers = [
        Detected(BoxedPicture(tmp_path, [Mark("cup", *LTWH)]), [found(cup, 0.9, *LTWH), found(bowl, 0.2, *LTWH)]),
        Detected(BoxedPicture(tmp_path, [Mark("bowl", *LTWH)]), []),
        Detected(BoxedPicture(tmp_path, []), [found(cup, 0.6, *LTWH)]),
    ]
    result = judge(answers, [cup, bowl])
    assert (result.precision, result.recall, result.average_precision) == pytest.approx((1 / 2, 1 / 2, 1 / 2))
