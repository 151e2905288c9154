from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shenhe.conformance.engine.probing.naming import unnamed
from shenhe.conformance.entities import Content, Publication, ReportRequest, Ticket, TicketState


class Written:
    """A provider whose requests are what ``form`` makes of their arguments."""

    def __init__(self, form: Callable[..., object]) -> None:
        self.form = form

    def __getattr__(self, name: str) -> Callable[..., object]:
        return self.form


def preview_of(form: Callable[..., object]) -> Callable[[Callable[[Any], object]], object]:
    return lambda ask: ask(Written(form))


CONTENT, PUBLICATION = Content("c-1"), Publication("p-1")
TICKET = Ticket("t-1", TicketState.RECEIVED, "r-1")
REPORT = ReportRequest(PUBLICATION, "unlawful", "statement")


@pytest.mark.parametrize(
    ("form", "arguments", "expression"),
    [
        (lambda account, content: content.id, (None, CONTENT), None),
        (lambda account, content: "fixed", (None, CONTENT), "content.id"),
        (lambda account, publication, surface: surface, (None, PUBLICATION, "page"), "publication.id"),
        (lambda account, ticket: ticket.receipt, (None, TICKET), None),
        (lambda account, ticket: ticket.id, (None, TICKET), None),
        (lambda account, ticket: ticket.state, (None, TICKET), "ticket.id"),
        (lambda account, request: request.target.id, (None, REPORT), None),
        (lambda account, request: request.statement, (None, REPORT), "request.target.id"),
        (lambda account, text: "fixed", (None, "words"), None),
        (lambda account, content: None, (None, CONTENT), None),
    ],
)
def test_a_request_names_what_it_depends_on(
    form: Callable[..., object], arguments: tuple[Any, ...], expression: str | None
) -> None:
    found = unnamed(preview_of(form), "fetch", arguments)
    assert (found and found[1]) == expression
