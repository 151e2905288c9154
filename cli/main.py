"""The command line. Each command is a thin module of this package that imports what it needs when it runs.

Exit codes: 0 to 3 are results (see each command), 130 means interrupted, 141 that the reader of the output went away,
and 70 a bug in shenhe.
"""

from __future__ import annotations

import errno
import signal
import sys
from typing import Annotated

import typer

from shenhe.core.errors import ShenheError
from shenhe.core.extras import extras_named
from shenhe.core.links import documentation, error_link

from . import (
    attest,
    baseline,
    calibrate,
    chain,
    check,
    claims,
    compare,
    demo,
    doctor,
    engines,
    explain,
    explore,
    export,
    fleet,
    forecast,
    init,
    label,
    levers,
    lint,
    replay,
    report,
    rules,
    sample,
    scope,
    simulate,
    study,
    validate,
    verify,
)
from .help import HelpGroup, use_plain_help
from .output import dim, use_any_encoding
from .project import use_project_settings

app = typer.Typer(
    name="shenhe",
    cls=HelpGroup,
    help="Check whether a generative-AI service complies with the law on synthetic media, and simulate enforcement.",
    epilog="Start with `shenhe demo`, `shenhe check sample` or `shenhe simulate --list`.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

#: The exit code of a bug in shenhe (``EX_SOFTWARE`` of sysexits.h). The codes 0 to 3 are results of commands.
INTERNAL_ERROR = 70


def _version(requested: bool) -> None:
    if requested:
        from importlib.metadata import version

        typer.echo(f"shenhe {version('shenhe')}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    use_project_settings(context)


app.command("demo")(demo.demo)
app.command("check")(check.check)
app.command("explain")(explain.explain)
app.command("fleet")(fleet.fleet)
app.command("chain")(chain.chain)
app.command("doctor")(doctor.doctor)
app.command("lint")(lint.lint)
app.command("init")(init.init)
app.add_typer(baseline.app, name="baseline")
app.command("export")(export.export)
app.command("replay")(replay.replay)
app.command("attest")(attest.attest)
app.command("verify")(verify.verify)
app.add_typer(sample.app, name="sample")
app.add_typer(label.app, name="label")
app.add_typer(rules.app, name="rules")
app.command("scope", epilog=scope.EXAMPLES)(scope.scope)
app.command("simulate")(simulate.simulate)
app.command("compare")(compare.compare)
app.command("levers")(levers.levers)
app.command("explore")(explore.explore)
app.add_typer(study.app, name="study")
app.command("validate")(validate.validate)
app.command("claims")(claims.claims)
app.command("engines")(engines.engines)
app.command("calibrate")(calibrate.calibrate)
app.command("forecast")(forecast.forecast)
app.command("report")(report.report)


use_plain_help(app)


def run() -> None:
    """Run the command line and exit.

    A :class:`~shenhe.core.errors.ShenheError` or ``OSError`` is the user's to correct: its text is printed and the exit
    code is 2. Any other exception is a bug in shenhe. ``--debug`` shows the traceback of either.
    """
    use_any_encoding()
    if "--debug" in sys.argv[1:]:
        sys.argv.remove("--debug")
        sys.argv.insert(1, "--debug")
        app()
        return
    try:
        with extras_named():
            app()
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
        return f"{error.filename}: {error.strerror}{advice}"
    return str(error)
