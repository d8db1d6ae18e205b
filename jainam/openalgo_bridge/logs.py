"""What may stand in the host's log: calls and outcomes, and no key, token or client (NFR4, NFR9).

Every record of this library ends in the host's log files, beside those of the host's HTTP client, which names the
address of every request and with it, for a dealer, the client. The host's own filter knows neither.
"""

from __future__ import annotations

import logging
import re

from jainam.adapters.xts.redaction import scrubbed

__all__ = ["Discreet", "keep_quiet"]

OURS = ("jainam", "jainam.openalgo")
HTTP = ("httpx", "utils.httpx_client")
"""Who writes down addresses: the client's library, and the host's hooks around it."""
CHATTY = ("hpack", "hpack.hpack", "hpack.table", "httpcore", "httpcore.http11", "httpcore.http2", "httpcore.connection")
"""They write down headers, the token among them, when the host logs at DEBUG."""

_CLIENT = re.compile(r"""(?i)(client_?ids?["']?\s*[=:]\s*|user_?id["']?\s*[=:]\s*)(["']?)[^&\s"',)}\]]+""")


class Discreet(logging.Filter):
    """Takes secrets and clients out of each record before anybody formats it; it drops none."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """True, always; the record's text is final afterwards, since the host makes a text of every argument."""
        record.msg = self.clean(record.getMessage())
        record.args = None
        return True

    def clean(self, words: str) -> str:
        """*words* without secrets and clients."""
        return _CLIENT.sub(r"\1\2***", scrubbed(words, self.secrets))


def keep_quiet(secrets: tuple[str, ...] = ()) -> None:
    """Let no *secrets* and no client into the log from here on; called again, it exchanges the secrets."""
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in (*OURS, *HTTP):
        logger = logging.getLogger(name)
        for old in [found for found in logger.filters if isinstance(found, Discreet)]:
            logger.removeFilter(old)
        logger.addFilter(Discreet(secrets))
