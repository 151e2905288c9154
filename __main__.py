"""``shenhe``, and ``python -m shenhe``."""

import sys


def main() -> None:
    """Run the command line. Ctrl-C ends it without a traceback, also while it is still being loaded."""
    try:
        from shenhe.cli.main import run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("shenhe: stopped; finished work is kept\n")
        sys.exit(130)


if __name__ == "__main__":  # worker processes import this file
    main()
