"""One small run that the tests of this folder share."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("dash")

from shenhe.reports.explorer.state import Policy, State
from shenhe.reports.explorer.wiring.running import request_of
from shenhe.reports.explorer.work import Request, Result, Workshop, explore

SMALL = State((Policy("cn-2023"), Policy("cn-2023", {"policy.staff.inspectors": 200})), size=0.02, replications=3)
"""Few inspectors against many; 200 is a whole number of people at two per cent of the market."""


def quietly(done: int, total: int) -> None:
    """Progress without a terminal."""


@pytest.fixture(scope="session")
def state() -> State:
    return replace(SMALL)


@pytest.fixture(scope="session")
def shop() -> Workshop:
    return Workshop(engine="simpy")


@pytest.fixture(scope="session")
def request_made(state: State) -> Request:
    return request_of(state)


@pytest.fixture(scope="session")
def result(shop: Workshop, request_made: Request) -> Result:
    return explore(shop, request_made, quietly)
