"""What OpenAlgo calls the indices that exchanges list under other names (protocol 5.4; its symbol-format page)."""

from __future__ import annotations

from collections.abc import Mapping

from jainam.domain.symbols import index_symbol
from jainam.domain.vocabulary import Exchange

__all__ = ["index_name"]

BSE_NAMES: Mapping[str, str] = {
    "AUTO": "BSEAUTO",
    "BSE CD": "BSECONSUMERDURABLES",
    "BSE CG": "BSECAPITALGOODS",
    "BSE HC": "BSEHEALTHCARE",
    "BSE IT": "BSEINFORMATIONTECHNOLOGY",
    "BSEFMC": "BSEFASTMOVINGCONSUMERGOODS",
    "BSEPBI": "BSEPSU",
    "CARBON": "BSECARBONEX",
    "CPSE": "BSECPSE",
    "DOL100": "BSEDOLLEX100",
    "DOL200": "BSEDOLLEX200",
    "DOL30": "BSEDOLLEX30",
    "ENERGY": "BSEENERGY",
    "FIN": "BSEFINANCIALSERVICES",
    "FINSER": "BSEFINANCIALSERVICES",
    "GREENX": "BSEGREENEX",
    "INDSTR": "BSEINDUSTRIALS",
    "INFRA": "BSEINDIAINFRASTRUCTUREINDEX",
    "LMI250": "BSE250LARGEMIDCAPINDEX",
    "LRGCAP": "BSELARGECAP",
    "METAL": "BSEMETAL",
    "MID150": "BSE150MIDCAPINDEX",
    "MIDCAP": "BSEMIDCAP",
    "MIDSEL": "BSEMIDCAPSELECTINDEX",
    "MSL400": "BSE400MIDSMALLCAPINDEX",
    "OILGAS": "BSEOIL&GAS",
    "POWER": "BSEPOWER",
    "REALTY": "BSEREALTY",
    "SMEIPO": "BSESMEIPO",
    "SMLCAP": "BSESMALLCAP",
    "SMLSEL": "BSESMALLCAPSELECTINDEX",
    "SNXT50": "BSESENSEXNEXT50",
    "TECK": "BSETECK",
    "TELCOM": "BSETELECOM",
}
"""BSE's short codes; what is not here is called as it is, without its blanks."""


def index_name(name: str, exchange: Exchange) -> str:
    """The OpenAlgo symbol of an index that *exchange*, one that lists indices, calls *name*.

    >>> index_name("NIFTY BANK", Exchange.NSE_INDEX), index_name("BSE IT", Exchange.BSE_INDEX)
    ('BANKNIFTY', 'BSEINFORMATIONTECHNOLOGY')
    """
    known = BSE_NAMES.get(" ".join(name.upper().split())) if exchange is Exchange.BSE_INDEX else None
    return known or index_symbol(name).replace("-", "")
