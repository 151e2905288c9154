"""The command line. Each command is a thin module of this package that imports what it needs when it runs.

Exit codes: 0 to 3 are results (see each command), 130 means interrupted, 141 that the reader of the output went away,
and 70 a bug in shenhe.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer

from shenhe.core.errors import ShenheError
from shenhe.core.extras import extras_named
from shenhe.core.links import documentation, error_link
from shenhe.core.text import visible

from .help import HelpGroup, use_plain_help
from .output import dim, use_any_encoding
from .project import use_project_settings

#: The exit code of a bug in shenhe (``EX_SOFTWARE`` of sysexits.h). The codes 0 to 3 are results of commands.
INTERNAL_ERROR = 70
#: Characters of one line of an error.
_LONGEST_LINE = 2000

#: The commands, in the order of the help. Each is the module of its name, and in it the function of its name, or
#: ``app`` where it has commands of its own.
COMMANDS = (
    *("demo", "check", "explain", "fleet", "chain", "doctor", "lint", "init", "baseline", "export", "replay"),
    *("attest", "verify", "sample", "label", "rules", "scope", "simulate", "compare", "levers", "explore", "study"),
    *("validate", "claims", "engines", "calibrate", "forecast", "report"),
)


def _version(requested: bool) -> None:
    if requested:
        from importlib.metadata import version

        typer.echo(f"shenhe {version('shenhe')}")
        raise typer.Exit


def main(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    use_project_settings(context)


def command_line(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with the commands of these names. Every command costs time to load, whether it runs or not."""
    app = typer.Typer(
        name="shenhe",
        cls=HelpGroup,
        help="Check whether a generative-AI service complies with the law on synthetic media, and simulate "
        "enforcement.",
        epilog="Start with `shenhe demo`, `shenhe check sample` or `shenhe simulate --list`.",
        no_args_is_help=True,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(main)
    for name in names:
        module = import_module(f".{name}", __package__)
        group = getattr(module, "app", None)
        if isinstance(group, typer.Typer):
            app.add_typer(group, name=name)
        else:
            app.command(name, epilog=getattr(module, "EXAMPLES", None))(getattr(module, name))
    use_plain_help(app)
    return app


def needed(words: list[str], environ: Mapping[str, str]) -> Iterable[str]:
    """The names of the commands that a command line of ``words`` needs: the one it runs, or all for help, for shell
    completion and for an unknown command.
    """
    rest = words[1:] if words[:1] == ["--debug"] else words
    if rest and rest[0] in COMMANDS and not any(name.startswith("_SHENHE_COMPLETE") for name in environ):
        return rest[:1]
    return COMMANDS


def __getattr__(name: str) -> Any:
    """``app``, the command line with all commands, which is built at its first use."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()["app"] = app = command_line()
    return app


def run() -> None:
    """Run the command line and exit.

    A :class:`~shenhe.core.errors.ShenheError` or ``OSError`` is the user's to correct: its text is printed and the exit
    code is 2. Any other exception is a bug in shenhe. ``--debug`` shows the traceback of either.
    """
    use_any_encoding()
    if "--debug" in sys.argv[1:]:
        sys.argv.remove("--debug")
        sys.argv.insert(1, "--debug")
        command_line(needed(sys.argv[1:], os.environ))()
        return
    try:
        with extras_named():
            command_line(needed(sys.argv[1:], os.environ))()
    except KeyboardInterrupt:
        # A second Ctrl-C would interrupt the interpreter while it shuts down, which prints a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        typer.echo("shenhe: stopped; finished work is kept", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of the output went away (`shenhe … | head`): nothing is wrong, and no further output is wanted.
        sys.stderr.close()
        sys.exit(141)
    except (ShenheError, OSError) as error:
        typer.echo(f"shenhe: {message_of(error)}", err=True)
        if isinstance(error, ShenheError):
            name = type(error).__name__
            typer.echo(dim(f"see: shenhe explain {name}, {documentation(error_link(name))}"), err=True)
        sys.exit(2)
    except Exception as error:
        typer.echo(
            f"shenhe: internal error ({type(error).__name__}: {error}): this is a bug in shenhe. "
            "Re-run with `--debug` for a traceback and report it.",
            err=True,
        )
        sys.exit(INTERNAL_ERROR)


def message_of(error: Exception) -> str:
    """The text of an error. For a file error: the file name and the system's description, without its number."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = "; make room or choose another folder, then repeat the command" if full else ""
        return visible(f"{error.filename}: {error.strerror}{advice}")
    # What a file of others says is in the text, however long it is.
    return "\n".join(line[:_LONGEST_LINE] for line in visible(str(error)).split("\n"))
