"""How the provider says no: one exception, raised anywhere in the domain, turned into an HTTP answer in one
place.
"""

from __future__ import annotations


class Refusal(Exception):
    """A request that the provider does not carry out.

    ``status`` is the HTTP status, ``code`` a stable word for programs, ``message`` a sentence for people, and
    ``details`` further fields of the response, such as the prompt to obtain consent.
    """

    def __init__(self, status: int, code: str, message: str, **details: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
