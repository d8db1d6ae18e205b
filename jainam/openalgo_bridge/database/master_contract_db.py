"""The contracts of a broker inside OpenAlgo: for its own table and for ours (FR8, D2, host contract 1.12)."""

from __future__ import annotations

from typing import Any

from jainam.domain.errors import JainamError
from jainam.domain.listings import merged
from jainam.openalgo_bridge import wiring
from jainam.openalgo_bridge.database.frames import rows_of_frame
from jainam.openalgo_bridge.database.symtoken import replace_symtoken
from jainam.openalgo_bridge.wiring import broker_of

__all__ = ["master_contract_download", "save_master_contract_to_db"]

here = broker_of(__name__)
EVENT = "master_contract_download"


def master_contract_download() -> None:
    """Load today's contracts into the library's store and into OpenAlgo's `symtoken`, each all or nothing.

    Tells the browser how it went. Raises whatever stood in the way, after the event: to OpenAlgo, only silence is
    success, and it would not ask again that day. The contracts of before stay usable.

    >>> master_contract_download()                              # doctest: +SKIP
    """
    host = wiring.host()
    log = host.logger(__name__)
    try:
        desk = here.opened()
        report = desk.load_contracts()
        replace_symtoken(host.engine(), desk.contracts.rows())
    except Exception as error:
        # Only our own words are made for people; a driver's may hold a path or a URL (NFR2).
        words = str(error) if isinstance(error, JainamError | ValueError) else "the contract table cannot be written"
        log.error("the contracts were not loaded: %s", words)
        host.emit(EVENT, {"status": "error", "message": words})
        raise
    finally:
        host.release()
    log.info("%s contracts loaded", report.total)
    host.emit(EVENT, {"status": "success", "message": f"Successfully Downloaded: {report.total} contracts"})


def save_master_contract_to_db(df: Any) -> int:
    """Put the contracts of *df* in the place of all this broker's contracts in the library's store (FR8, AC 1.1.3).

    *df* is a DataFrame with OpenAlgo's column names, of which symbol, exchange, token and lotsize are needed. Returns
    how many were stored; of two with one name or number on an exchange the earlier is kept. Raises `ValueError` naming
    what is missing or bad, with the old contracts in place.

    >>> save_master_contract_to_db(df)                          # doctest: +SKIP
    121043
    """
    rows, _ = merged([rows_of_frame(df, here.profile)])
    return here.opened().contracts.replace_rows(rows).rows
