"""``shenhe explore``: move levers in the browser and see what follows."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from shenhe.reports.explorer.state import State


def explore(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCENARIO",
            help="Scenarios to begin with, by name or file: the first is policy A. Default: cn-2023 twice.",
            show_default=False,
        ),
    ] = None,
    opened: Annotated[
        list[Path] | None,
        typer.Option(
            "--open",
            metavar="PATH",
            help="Results to show: a report.json, or a folder of a report, fleet, chain, study or run. Repeatable.",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", min=1, max=65535, help="Port. Default: 8321, or a free one."),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="Address to listen on. On any but loopback, everyone who reaches it can use the explorer.",
        ),
    ] = "127.0.0.1",
    language: Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language to begin with.")] = "en",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Explore policies in the browser: move levers, compare up to four policies, follow a figure to its events.

    The server listens on this computer only. Stop it with Ctrl-C.

    Example:  shenhe explore

    Example:  shenhe explore cn-2022-draft cn-2023 --lang zh

    Example:  shenhe explore my-scenario.yaml --open results/ --no-browser
    """
    if language not in ("en", "zh"):
        raise typer.BadParameter(f"found {language!r}, expected en or zh", param_hint="--lang")
    _need_dash()
    from shenhe.reports.explorer.app import LOOPBACK, create_app, open_server
    from shenhe.reports.explorer.desk import Elsewhere
    from shenhe.reports.explorer.opened import find

    first = first_state(scenarios or [])
    results = find(opened or [])
    hosts = LOOPBACK if host in LOOPBACK else (*LOOPBACK, host)
    app, desk = create_app(first, Elsewhere(), opened=results, language="zh" if language == "zh" else "en", hosts=hosts)
    server: Any = None
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended from outside, it still ends its worker
    try:
        server = open_server(app, host, port)
        address = f"http://{'[::1]' if host == '::1' else host}:{server.server_port}/?lang={language}"
        if host not in LOOPBACK:
            typer.echo(f"Everyone who reaches {host} can use this server and start simulations on it.", err=True)
        typer.echo(f"explorer: {address}  (stop with Ctrl-C)")
        if browser:
            import webbrowser

            webbrowser.open(address)
        server.serve_forever()
    except KeyboardInterrupt:
        typer.echo("explorer: stopped", err=True)
    finally:
        if server is not None:
            server.server_close()
        desk.close()


def _need_dash() -> None:
    from importlib.util import find_spec

    from shenhe.core.errors import MissingExtraError

    if find_spec("dash") is None:
        raise MissingExtraError(
            "the explorer needs Dash, which is not installed: python -m pip install 'shenhe[explore]'"
        )


def first_state(names: list[str]) -> State:
    """The state to begin with: the scenarios named, or the base scenario twice so that one can be changed."""
    from shenhe import scenarios as shipped
    from shenhe.reports.explorer.state import LETTERS, Policy, State
    from shenhe.simulator import load_scenario

    if len(names) > len(LETTERS):
        raise typer.BadParameter(f"found {len(names)} scenarios, expected at most {len(LETTERS)}")
    documents, policies = {}, []
    for name in names or ["cn-2023"]:
        if name in shipped.names():
            policies.append(Policy(name))
            continue
        scenario = load_scenario(name)
        documents[scenario.name] = scenario.model_dump(mode="json")
        if scenario.name in shipped.names():
            raise typer.BadParameter(
                f"{name} has the name of the shipped scenario {scenario.name}; give it another name"
            )
        policies.append(Policy(scenario.name))
    if len(policies) == 1:
        policies.append(policies[0])
    return State(tuple(policies), documents=documents)
