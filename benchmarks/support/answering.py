"""A server in a process of its own that takes every order, so that only the client's work is measured.

It speaks HTTPS, as every desk does (D7), under a certificate that this run makes and trusts.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

REPLY = (
    b'{"type":"success","code":"s-orders-0001","description":"Request sent",'
    b'"result":{"AppOrderID":1110000030,"OrderUniqueIdentifier":"J0000000000000000001","ClientID":"*****"}}'
)
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(REPLY), REPLY)
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)


class _Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self.buffer, 0, end)
            total = end + 4 + (int(found[1]) if found else 0)
            if len(self.buffer) < total:
                return
            self.buffer = self.buffer[total:]
            self.transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
                % (len(REPLY), REPLY)
            )


async def _serve(certificate: str) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def answering() -> Iterator[str]:
    """The base URL of a server that runs, and is trusted by this process, while the block does."""
    import trustme

    authority = trustme.CA()
    with TemporaryDirectory() as folder:
        authority.cert_pem.write_to_path(f"{folder}/authority.pem")
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(f"{folder}/server.pem")
        os.environ["SSL_CERT_FILE"] = f"{folder}/authority.pem"  # httpx and OpenSSL's own default both look here
        command = [sys.executable, __file__, f"{folder}/server.pem"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield f"https://127.0.0.1:{process.stdout.readline().strip()}"
            finally:
                process.terminate()
                del os.environ["SSL_CERT_FILE"]


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
