"""What waits in the queues of labelling."""

import pytest

from shared.storage.account import queues


@pytest.fixture
def sent(monkeypatch):
    """Messages, which nobody takes."""
    waiting = []
    monkeypatch.setattr(queues, "send", lambda store, message, delay=0.0: waiting.append(message))
    return waiting
