"""`python -m lossscan` is the command `lossscan`."""

import sys

from lossscan.commands import main

if __name__ == "__main__":
    sys.exit(main())
