"""What the broker answers while the bridge is measured: books of a busy day, and the contracts they name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jainam import Contract, Exchange, SymbolKey
from jainam.adapters.peewee_contracts import PeeweeContracts
from jainam.adapters.xts.master import survey_master
from jainam.domain.listings import Row, merged
from support.masters import DAY, masters

__all__ = ["ORDERS", "POSITIONS", "prepare"]

MASTER = 20_000
"""Contracts in the store: more would make nobody faster."""
INSTRUMENTS = 400
"""Different ones in the order book."""
ORDERS, POSITIONS = 10_000, 1_000
STATES = ("Filled", "Filled", "New", "Rejected")


def prepare(folder: Path) -> list[Row]:
    """Fill *folder* with the library's store and the broker's answers, and return all contracts."""
    rows = merged([survey_master(text, segment, DAY).rows for segment, text in masters(MASTER).items()])[0]
    store = PeeweeContracts(folder / "ours.db")
    store.replace_rows(rows)
    numbers = list(store.numbers())
    step = len(numbers) // POSITIONS
    chosen = [store.find(SymbolKey(name, Exchange(where))) for name, where, _ in numbers[: POSITIONS * step : step]]
    store.close()
    (folder / "order.json").write_text(json.dumps(_order(chosen)))
    (folder / "positions.json").write_bytes(
        _envelope({"positionList": [_position(*each) for each in enumerate(chosen)]})
    )
    for name, as_text in (("orders", False), ("orders_text", True)):
        book = [_row(number, chosen[number % INSTRUMENTS], as_text=as_text) for number in range(ORDERS)]
        (folder / f"{name}.json").write_bytes(_envelope(book))
    return rows


def _order(chosen: list[Contract]) -> dict[str, Any]:
    """The dict of an order as OpenAlgo of today hands it over."""
    future = next(each for each in chosen if each.exchange is Exchange.NFO and each.price_low is not None)
    return {
        "apikey": "k" * 64,
        "strategy": "bench",
        "symbol": future.symbol,
        "exchange": "NFO",
        "action": "BUY",
        "product": "NRML",
        "pricetype": "LIMIT",
        "quantity": future.lot_size,
        "price": float(future.price_low or 0),
        "trigger_price": 0.0,
        "disclosed_quantity": 0,
    }


def _envelope(result: Any) -> bytes:
    said = {"type": "success", "code": "s-response-0001", "description": "Success", "result": result}
    return json.dumps(said, separators=(",", ":")).encode()


def _row(number: int, contract: Contract, *, as_text: bool) -> dict[str, Any]:
    """A row of the order book with every key that XTS sends (protocol 3.6)."""
    state = STATES[number % len(STATES)]
    filled = 65 if state == "Filled" else 0
    return {
        "LoginID": "DEALER01",
        "ClientID": "CLIENT01",
        "AppOrderID": 1_110_000_030 + number,
        "OrderReferenceID": "",
        "GeneratedBy": "TWSAPI",
        "ExchangeOrderID": f"{1_300_000_000_005_507 + number}",
        "OrderCategoryType": "NORMAL",
        "ExchangeSegment": contract.broker_exchange,
        "ExchangeInstrumentID": str(contract.token) if as_text else contract.token,
        "OrderSide": "BUY" if number % 2 else "SELL",
        "OrderType": "Limit",
        "ProductType": "NRML",
        "TimeInForce": "DAY",
        "OrderPrice": 125.35,
        "OrderQuantity": 65,
        "OrderStopPrice": 0,
        "OrderStatus": state,
        "OrderAverageTradedPrice": 125.3 if filled else 0,
        "LeavesQuantity": 65 if state == "New" else 0,
        "CumulativeQuantity": filled,
        "OrderDisclosedQuantity": 0,
        "OrderGeneratedDateTime": "12-01-2026 10:15:28",
        "ExchangeTransactTime": "12-01-2026 10:15:29",
        "LastUpdateDateTime": f"12-01-2026 10:{number // 60 % 60:02}:{number % 60:02}",
        "OrderExpiryDate": "01-01-1980 00:00:00",
        "CancelRejectReason": "",
        "OrderUniqueIdentifier": f"JN{number:018}",
        "OrderLegStatus": "SingleOrderLeg",
        "BoLegDetails": 0,
        "IsSpread": False,
        "BoEntryOrderId": "",
        "MessageCode": 9004,
        "MessageVersion": 4,
        "TokenID": 0,
        "ApplicationType": 146,
        "SequenceNumber": 1_110_045_000_000_001 + number,
    }


def _position(number: int, contract: Contract) -> dict[str, Any]:
    """A row of the positions, in which XTS writes numbers as text (protocol 3.10), under both spellings of the id."""
    return {
        "AccountID": "CLIENT01",
        "TradingSymbol": contract.broker_symbol,
        "ExchangeSegment": contract.broker_exchange,
        "ExchangeInstrumentID": str(contract.token),
        "ExchangeInstrumentId": str(contract.token),
        "ProductType": "NRML",
        "Marketlot": "65",
        "Multiplier": "1",
        "BuyAveragePrice": "125.3",
        "SellAveragePrice": "0",
        "OpenBuyQuantity": "65",
        "OpenSellQuantity": "0",
        "Quantity": "65",
        "BuyAmount": "8144.5",
        "SellAmount": "0",
        "NetAmount": "-8144.5",
        "UnrealizedMTM": "0",
        "RealizedMTM": "0",
        "MTM": "0",
        "BEP": "125.3",
        "statisticsLevel": "ParentLevel",
        "isInterOpPosition": "true",
        "childPositions": {},
        "MessageCode": 9002,
        "MessageVersion": 1,
        "TokenID": 0,
        "ApplicationType": 0,
        "SequenceNumber": 1_110_045_000_000_101 + number,
    }
