"""Invented OpenAlgo checkouts: the places that an installer looks for, in folders with nothing else in them."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

__all__ = ["Shape", "build", "contents", "folders"]

PAGE = "frontend/dist/assets/BrokerSelect-Ab3_x.js"
XTS = ("northxts", "southxts")
"""Brokers of this invented host."""


@frozen(kw_only=True)
class Shape:
    """What an invented checkout looks like."""

    is_current: bool = True
    end: str = "\n"
    final_newline: bool = True
    has_env: bool = True
    is_built: bool = True
    has_source: bool = True
    quote: str = "'"
    redirect: str = "http://127.0.0.1:5000/<broker>/callback"
    brokers: tuple[str, ...] = XTS
    has_guide: bool = False

    def files(self) -> dict[str, bytes]:
        """Every file by its path."""
        texts = {
            "app.py": "print('an app')\n",
            "pyproject.toml": PYPROJECT,
            "utils/env_check.py": "",
            "utils/plugin_loader.py": "",
            "websocket_proxy/__init__.py": "",
            "broker/__init__.py": "",
            "broker/northxts/api/order_api.py": "",
            "blueprints/brlogin.py": LOGIN,
            ".sample.env": env_text(self.brokers, quote=self.quote),
            "install/install.sh": f'valid_brokers="{",".join(self.brokers)}"\n[[ x ]]\n',
            "install/docker-run.bat": f"set VALID_BROKERS={','.join(self.brokers)}\n",
            "start.sh": f"VALID_BROKERS = '${{VALID_BROKERS:-{','.join(self.brokers)}}}'\n",
        }
        if self.has_env:
            texts[".env"] = env_text(self.brokers, quote=self.quote, redirect=self.redirect)
        if self.has_guide:
            texts["docs/bmad/deployment-guide.md"] = "somebody else's guide\n"
        if not self.is_current:
            texts["templates/broker.html"] = TEMPLATE
        elif self.has_source:
            texts["frontend/src/pages/BrokerSelect.tsx"] = SOURCE
        found = {path: self._ended(text).encode() for path, text in texts.items()}
        if self.is_current and self.is_built:
            page = BUILT.encode()
            found |= {PAGE: page, f"{PAGE}.gz": gzip.compress(page, 6, mtime=1), f"{PAGE}.br": b"\x8b\x07brotli"}
        return found

    def _ended(self, text: str) -> str:
        text = text.replace("\n", self.end)
        return text if self.final_newline else text.removesuffix(self.end)


def build(root: Path, shape: Shape) -> Path:
    """A checkout of that shape in *root*."""
    for path, content in shape.files().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    (root / "install/install.sh").chmod(0o755)
    return root


def contents(root: Path) -> Mapping[str, tuple[int, bytes]]:
    """Every file below *root* with its mode; what git keeps for itself is left out."""
    return {
        path.relative_to(root).as_posix(): (path.stat().st_mode, path.read_bytes())
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def folders(root: Path) -> set[str]:
    """Every folder below *root*."""
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_dir() and ".git" not in path.parts}


def env_text(brokers: tuple[str, ...], *, quote: str = "'", redirect: str = "http://h/<broker>/callback") -> str:
    """A file of variables with keys between the two that are changed."""
    return f"""\
# Settings
ENV_CONFIG_VERSION = '1.0.7'
BROKER_API_SECRET = 'CANARY-SECRET'
REDIRECT_URL = {quote}{redirect}{quote}  # Change if different
BROKER_API_SECRET_MARKET = 'CANARY-MARKET'
VALID_BROKERS={quote}{",".join(brokers)}{quote}
API_KEY_PEPPER = "CANARY-PEPPER"
FLASK_PORT='1'
WEBSOCKET_PORT='1'
"""


PYPROJECT = """\
[project]
name = "an-invented-host"
version = "9.9"
requires-python = ">=3.11"
dependencies = ["attrs>=1"]
"""

LOGIN = '''\
import logging
from flask import request, session

logger = logging.getLogger(__name__)


def broker_callback(broker, para=None):
    """Somebody comes back from a broker."""
    if broker == "elsewhere" and "user" not in session:
        return "who?"
    auth_function = functions.get(broker)
    feed_token = None

    if broker == "northxts":
        code = "northxts"
        auth_token, feed_token, user_id, error_message = auth_function(code)
        forward_url = "broker.html"

    elif broker == 'southxts':
        if request.method == "GET":
            return "form"
        else:
            auth_token, error_message = auth_function(request.form["pin"])
            forward_url = "form.html"

    else:
        # everybody else
        code = request.args.get("code")
        auth_token, error_message = auth_function(code)
        forward_url = "broker.html"

    if auth_token:
        return handle_auth_success(auth_token, feed_token)
    else:
        return handle_auth_failure(error_message, forward_url)


def another(broker):
    if broker == "northxts":
        return 1
    elif broker == "southxts":
        return 2
    else:
        return 3
'''

TEMPLATE = """\
<script>
    switch(platform) {
        case 'northxts':
            loginUrl = '/northxts/callback';
            break;
        default:
            alert('Which broker?');
            return;
    }
</script>
<select>
    <option value="" disabled selected>Choose</option>
    <option value="northxts" {{ 'disabled' if broker_name != 'northxts' }}>North {{ 'x' }}</option>
    <option value="southxts" {{ 'disabled' if broker_name != 'southxts' }}>South {{ 'x' }}</option>
</select>
"""

SOURCE = """\
const allBrokers = [
  { id: 'northxts', name: 'North', authType: 'totp' },
  { id: 'southxts', name: 'South (XTS)', authType: 'oauth' },
] as const

switch (selectedBroker) {
  case 'other':
    loginUrl = 'https://other.example/'
    break
  case 'northxts':
  case 'southxts':
    // the callback does the rest
    loginUrl = `/${selectedBroker}/callback`
    break
}
"""

BUILT = (
    "var T=[{id:`northxts`,name:`North`,authType:`totp`},{id:`southxts`,name:`South (XTS)`,authType:`oauth`}];"
    "function page(t){let n=``;switch(t){case`other`:n=`https://other.example/`;break;"
    "case`northxts`:case`southxts`:n=`/${t}/callback`;break;default:return[]}return[n,...T.map(e=>e.id)]}"
)
