"""GraphQL requests, written as the JSON requests that they are."""

from __future__ import annotations

from .format import RequestSection


def as_json_request(section: RequestSection) -> RequestSection:
    """A section with ``graphql`` as one with ``json``. Errors in the response refuse unless the file says otherwise."""
    graphql = section.graphql
    if graphql is None:
        return section
    document = {"query": _verbatim(graphql.query), "variables": graphql.variables}
    if graphql.operation_name is not None:
        document["operationName"] = _verbatim(graphql.operation_name)
    update: dict[str, object] = {"json_": document}
    if section.refuse_when is None:
        update["refuse_when"] = "errors"
    if section.reason is None:
        update["reason"] = "errors[0].message"
    return section.model_copy(update=update)


def _verbatim(text: str) -> str:
    """A GraphQL document is full of braces; none of them begins a template."""
    return "{% raw %}" + text + "{% endraw %}" if "{{" in text or "{%" in text or "{#" in text else text
