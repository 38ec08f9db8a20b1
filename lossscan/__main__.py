"""The command `lossscan`, which `python -m lossscan` is too."""

import sys

INTERRUPTED = 130  # what a shell shows for Ctrl-C


def main() -> int:
    """Run the command; Ctrl-C while it is loaded, which takes a moment, ends it without a trace."""
    try:
        from lossscan.commands import main as run

        return run()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
