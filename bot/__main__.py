"""`python -m bot` is `sampan`."""

import sys

from bot.cli import main

sys.exit(main())
