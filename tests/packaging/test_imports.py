"""What `import jainam` costs a program that may never trade."""

import json
import subprocess
import sys

HEAVY = {
    "aiohttp",
    "asyncio",
    "backoff",
    "httpx",
    "msgspec",
    "numpy",
    "pandas",
    "peewee",
    "rich",
    "sqlalchemy",
    "typer",
}

# What the interpreter loads by itself (for an editable installation, say) is not on our bill.
PROGRAM = """
import json, sys
before = set(sys.modules)
import jainam
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_import_is_light() -> None:
    """`import jainam` loads no HTTP library, no store, no event loop and no data frames."""
    answer = subprocess.run([sys.executable, "-I", "-c", PROGRAM], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in json.loads(answer.stdout)}

    assert "jainam" in loaded
    assert loaded & HEAVY == set()
