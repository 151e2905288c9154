"""``python -m shenhe``."""

from shenhe.cli.main import run

if __name__ == "__main__":  # worker processes import this file
    run()
