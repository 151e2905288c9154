"""Ways to reach a provider: a YAML file over HTTP, or an application in this process.

>>> from shenhe.conformance.bindings import load_binding
>>> binding = load_binding("binding.yaml")  # doctest: +SKIP
>>> with binding.connect() as provider:  # doctest: +SKIP
...     provider.register({"name": "Li"})
"""

from .asgi import AsgiTransport, app_transport
from .binding import Binding, BindingError
from .http import HttpProvider
from .loading import load_binding, ready_names, ready_text

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
