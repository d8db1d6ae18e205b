"""Order and trade rows, in both generations that servers send."""

from datetime import datetime
from typing import Any

from attrs import frozen

from jainam.simulator.modes import Modes
from jainam.simulator.orders import Fill, Order
from jainam.simulator.wire import text


@frozen
class Rows:
    """Writes rows of one login's orders the way the modes want them."""

    login_id: str
    modes: Modes

    @property
    def _newer(self) -> bool:
        return self.modes.row_shape == "newer"

    def app_order_id(self, value: int) -> int | float | str:
        """Return an AppOrderID as this server writes it."""
        match self.modes.app_order_id:
            case "float":
                return float(value)
            case "string":
                return str(value)
            case _:
                return value

    def order(self, order: Order) -> dict[str, Any]:
        """Return the order book row of one state of an order."""
        request, terms = order.request, order.terms
        average: Any = order.average
        if not self._newer:
            # A string with thousands commas, and nothing at all before the first fill.
            average = text(order.average, commas=True, places=2) if order.filled else ""
        row = {
            "LoginID": self.login_id,
            "ClientID": order.client_id,
            "AppOrderID": self.app_order_id(order.app_order_id),
            "OrderReferenceID": "",
            "GeneratedBy": "TWSAPI",
            "ExchangeOrderID": order.exchange_order_id,
            "OrderCategoryType": request.category,
            "ExchangeSegment": order.instrument.segment,
            "ExchangeInstrumentID": order.instrument.token,
            "OrderSide": request.side if self._newer else request.side.title(),
            "OrderType": terms.order_type,
            "ProductType": terms.product,
            "TimeInForce": terms.time_in_force,
            "OrderPrice": terms.limit_price,
            "OrderQuantity": terms.quantity,
            "OrderStopPrice": terms.stop_price,
            "OrderStatus": order.status,
            "OrderAverageTradedPrice": average,
            "LeavesQuantity": order.leaves,
            "CumulativeQuantity": order.filled,
            "OrderDisclosedQuantity": terms.disclosed,
            "OrderGeneratedDateTime": self._local(order.generated, order.app_order_id),
            "ExchangeTransactTime": self._zoned(order.transacted),
            "LastUpdateDateTime": self._local(order.updated, order.sequence),
            "OrderExpiryDate": "01-01-1980 00:00:00" if self._newer else "1980-01-01T00:00:00",
            "CancelRejectReason": order.reason,
            "OrderUniqueIdentifier": request.tag,
            "OrderLegStatus": request.leg,
            "IsSpread": order.instrument.kind == 4,
            "MessageCode": 9004,
            "MessageVersion": 4,
            "TokenID": 0,
            "ApplicationType": 146 if self._newer else 0,
            "SequenceNumber": order.sequence,
        }
        if self._newer:
            row |= {"BoLegDetails": 0, "BoEntryOrderId": request.entry_id or ""}
        return row

    def trade(self, fill: Fill) -> dict[str, Any]:
        """Return the trade book row of one execution."""
        return self.order(fill.order) | {
            "MessageCode": 9005,
            "LastTradedPrice": fill.price,
            "LastTradedQuantity": fill.quantity,
            "LastExecutionTransactTime": self._local(fill.at, fill.order.sequence),
            "ExecutionID": fill.execution_id,
            "ExecutionReportIndex": fill.order.executions,
        }

    def _local(self, at: datetime, seed: int) -> str:
        if self._newer:
            return f"{at:%d-%m-%Y %H:%M:%S}"
        # Seven fraction digits, which older date parsers refuse; the last four only make them look so.
        return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}{seed % 10_000:04d}"

    def _zoned(self, at: datetime) -> str:
        return f"{at:%d-%m-%Y %H:%M:%S}" if self._newer else f"{at:%Y-%m-%dT%H:%M:%S}+05:30"
