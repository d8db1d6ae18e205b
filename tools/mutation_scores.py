"""Print how many of the mutants of each module some test noticed, and fail where that is less than nine in ten.

Run by `make mutants` after `mutmut run`; it reads what that left behind.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

WANTED = 90.0


def main() -> int:
    """One line for each module, the survivors by name, and 1 as exit code when a module falls short."""
    results = subprocess.run(["mutmut", "results", "--all", "true"], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^\s*([\w.]+?)\.x[\wǁ]+__mutmut_\d+: (.+?)\s*$", results, re.MULTILINE)
    made = Counter(module for module, _ in found)
    noticed = Counter(module for module, fate in found if fate in ("killed", "timeout"))
    for module in sorted(made):
        print(f"{module:28} {noticed[module]:5} of {made[module]:5} noticed {noticed[module] / made[module]:8.1%}")
    print(
        f"{'together':28} {noticed.total():5} of {made.total():5} noticed {noticed.total() / max(made.total(), 1):8.1%}"
    )
    short = [module for module in made if noticed[module] / made[module] * 100 < WANTED]
    if short or not made:
        print(f"less than {WANTED} % in: {', '.join(short) or 'nothing was measured'}; see `mutmut results`")
    return 1 if short or not made else 0


if __name__ == "__main__":
    sys.exit(main())
