"""The command line. Each command is a thin module of this package that imports what it needs when it runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from . import (
    attest,
    baseline,
    calibrate,
    check,
    claims,
    compare,
    demo,
    doctor,
    engines,
    export,
    fleet,
    forecast,
    init,
    label,
    replay,
    report,
    rules,
    sample,
    simulate,
    study,
    validate,
    verify,
)

app = typer.Typer(
    name="shenhe",
    help="Check how a generative-AI provider keeps the law on synthetic media, and simulate what enforcement does.",
    epilog="Start with:  shenhe demo    shenhe check sample    shenhe simulate --list",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

#: A defect of shenhe, told apart from the four exit codes that a command may give (``EX_SOFTWARE`` of sysexits.h).
DEFECT = 70


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"shenhe {version('shenhe')}")
        raise typer.Exit


@app.callback()
def main(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


app.command("demo")(demo.demo)
app.command("check")(check.check)
app.command("fleet")(fleet.fleet)
app.command("doctor")(doctor.doctor)
app.command("init")(init.init)
app.add_typer(baseline.app, name="baseline")
app.command("export")(export.export)
app.command("replay")(replay.replay)
app.command("attest")(attest.attest)
app.command("verify")(verify.verify)
app.add_typer(sample.app, name="sample")
app.add_typer(label.app, name="label")
app.add_typer(rules.app, name="rules")
app.command("simulate")(simulate.simulate)
app.command("compare")(compare.compare)
app.add_typer(study.app, name="study")
app.command("validate")(validate.validate)
app.command("claims")(claims.claims)
app.command("engines")(engines.engines)
app.command("calibrate")(calibrate.calibrate)
app.command("forecast")(forecast.forecast)
app.command("report")(report.report)


def run() -> None:
    """Run the command line and exit. An error that shenhe raises on purpose is told in a sentence; a traceback needs
    ``--debug``.
    """
    if "--debug" in sys.argv[1:]:
        sys.argv.remove("--debug")
        sys.argv.insert(1, "--debug")
        app()
        return
    try:
        app()
    except KeyboardInterrupt:
        typer.echo("shenhe: stopped; what was finished is kept", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away (`shenhe … | head`): nothing is wrong, and nobody is left to tell.
        sys.stderr.close()
        sys.exit(141)
    except Exception as error:
        told_on_purpose = type(error).__module__.startswith("shenhe.")
        if told_on_purpose or isinstance(error, OSError):
            typer.echo(f"shenhe: {_in_words(error)}", err=True)
            sys.exit(2)
        typer.echo(
            f"shenhe: this should not have happened ({type(error).__name__}: {error}).\n"
            "It is a defect of shenhe. Run the same command with --debug to see where.",
            err=True,
        )
        sys.exit(DEFECT)


def _in_words(error: Exception) -> str:
    """What went wrong; of a file, its name and the system's words, without the number that the system has for it."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)
