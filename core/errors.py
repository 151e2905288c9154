"""The exceptions of shenhe that its user can put right.

Everything that a person can correct (a file, an option, a missing package, a service that does not answer) is a
:class:`ShenheError`. Its text names the place, what was found, what was expected and the next step. The command line
prints that text and exits with 2. Every other exception that reaches the command line is a bug in shenhe.

::

    ShenheError
    ├── ApplicationError           an application that cannot be imported, or whose routes cannot be read
    ├── AttestationError           something that cannot be signed, or a key that cannot be used
    │   └── NotAttestedError       an attestation that does not verify
    ├── AuditError                 a folder that cannot be audited, or a result file that cannot be continued
    ├── CalibrationError           data that cannot be read, or a fit that cannot be made
    ├── ChainError                 a file of a chain that cannot be used
    ├── DesignError                a study design that cannot be made
    ├── DocumentError              a YAML document that cannot be used; one line per fault
    │   ├── BindingError           a binding
    │   └── CassetteError          a recording of responses
    ├── EngineError                an engine that is unknown, or that cannot run this scenario
    ├── EnvironError               a name given to --env that is no name of an environment variable
    ├── FleetError                 a folder of bindings that cannot be checked as asked
    ├── ForecastError              a report that cannot be forecast from
    ├── HookError                  a policy in Python that cannot be used
    ├── InconsistentReport         a report whose rules do not follow from its checks
    ├── LabelWriteError            a file that cannot take the label
    │   └── LabelNeedsExtraError   a label whose optional packages are not installed
    ├── MissingExtraError          a feature whose optional packages are not installed
    ├── NothingToCheck             a selection of rules that no check decides
    ├── OpenError                  a path that holds nothing the explorer can show
    ├── PageError                  input that does not make a page
    ├── PdfError                   a page that cannot be printed as PDF
    ├── RepeatError                a finding whose requests cannot be sent again
    ├── ReportError                a file that is not a report of this version
    ├── RulebookError              a pack that cannot be used, or an id that is not in the rulebook
    ├── RunError                   a simulation that cannot be run, resumed or read
    ├── ScenarioError              a scenario that cannot be simulated; one line per fault
    ├── ScriptError                scripts of a report that cannot be written
    ├── ServeError                 an explorer that cannot listen
    ├── StateError                 an address of the explorer that holds no state
    ├── StudyError                 a study that cannot be run, resumed or read
    ├── SurvivalError              files that cannot be compared
    ├── SweepError                 an executor that cannot run jobs, or a cluster that is gone
    ├── TargetRefused              a target that is not declared to be a test environment
    ├── UnknownFaultError          a fault that no sample target has
    ├── UnknownFindingError        a check or rule that has no finding in the report
    ├── UnknownVariantError        a lawful variant that the sample does not have
    ├── VariantNotInstalledError   a lawful variant that needs a package that is not installed
    └── WorkplaceError             a worker of the explorer that failed
        └── WorkerDied             a worker that ended while it should have worked

Each also derives from the built-in exception that fits (``ValueError``, ``ImportError``, ``RuntimeError``), so that a
caller in Python can catch it by either.
"""

from __future__ import annotations


class ShenheError(Exception):
    """Base of every exception that the user can put right. The text says what was found and what to do next."""


class MissingExtraError(ShenheError, ImportError):
    """A feature needs optional packages that are not installed. The text holds the command that installs them."""


__all__ = ["MissingExtraError", "ShenheError"]
