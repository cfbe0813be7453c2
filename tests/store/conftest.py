"""A registry opened on the test's own database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from registry.flows import opening
from registry.flows.opening import Registry
from registry.settings import Settings


@pytest.fixture
async def registry(settings: Settings) -> AsyncIterator[Registry]:
    async with opening.opened(settings) as opened:
        yield opened
