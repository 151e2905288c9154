"""Ways to reach a provider: a YAML file over HTTP, or an application in this process.

>>> from shenhe.conformance.bindings import load_binding
>>> binding = load_binding("binding.yaml")  # doctest: +SKIP
>>> with binding.connect() as provider:  # doctest: +SKIP
...     provider.register({"name": "Li"})
"""

from .client.binding import Binding
from .client.http.asgi import AsgiTransport, app_transport
from .client.loading import load_binding, ready_names, ready_text
from .client.provider import HttpProvider
from .language.errors import BindingError

__all__ = [
    "AsgiTransport",
    "Binding",
    "BindingError",
    "HttpProvider",
    "app_transport",
    "load_binding",
    "ready_names",
    "ready_text",
]
