"""How an OpenAPI document says who asks: its security schemes as the section ``auth`` of a binding."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from .blanks import can_stand
from .openapi import Description


def auth_of(description: Description) -> tuple[dict[str, Any], list[str]]:
    """The section ``auth`` (empty for none), and the hosts other than the provider's that tokens come from."""
    schemes = description.schemes
    name = next((each for each in description.required_schemes if each in schemes), next(iter(schemes), None))
    scheme = schemes.get(name or "", {})
    kind, token = scheme.get("type"), "{{ account.credentials.token }}"
    spoken = str(scheme.get("scheme")).lower()
    if kind == "http" and spoken in {"basic", "digest"}:
        return {
            "type": spoken,
            "username": "{{ account.credentials.username }}",
            "password": "{{ account.credentials.password }}",
        }, []
    if kind == "http":
        return {"type": "bearer", "token": token}, []
    if kind == "apiKey" and scheme.get("in") == "cookie":
        return {"type": "cookie", "cookies": {str(scheme.get("name")): token}}, []
    if kind == "apiKey" and scheme.get("in") == "header":
        return {"type": "header", "name": str(scheme.get("name")), "value": token}, []
    if kind == "apiKey" and scheme.get("in") == "query":
        return {"type": "query", "name": str(scheme.get("name")), "value": token}, []
    flows = scheme.get("flows")
    flow = flows.get("clientCredentials") if isinstance(flows, dict) else None
    if kind == "oauth2" and isinstance(flow, dict) and can_stand(flow.get("tokenUrl")):
        url = str(flow["tokenUrl"])
        host = urlsplit(url).netloc
        own = urlsplit(description.server).netloc
        section = {"type": "oauth2", "token_url": url, "client_id": "${CLIENT_ID}", "client_secret": "${CLIENT_SECRET}"}
        return section, [host] if host and host != own else []
    return ({"type": "bearer", "token": token}, []) if schemes else ({}, [])


def wants_token(description: Description) -> bool:
    """Whether requests carry a token of the account."""
    return "account.credentials.token" in json.dumps(auth_of(description)[0])
