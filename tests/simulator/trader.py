"""Someone who talks to a simulated exchange without a socket, for tests."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from attrs import define, field

from jainam.simulator import Dropped, Modes, Request, Response, Rest, SimulatorSettings

PRO = "*****"
RELIANCE = ("NSECM", 2885)
SBIN = ("NSECM", 3045)
NIFTY_FUTURE = ("NSEFO", 49229)
NIFTY_PUT = ("NSEFO", 48225)
INTERACTIVE, MARKET = "/interactive", "/apibinarymarketdata"
UNLIMITED = Modes(rate_limits=False)


def exchange(**settings: Any) -> "Trader":
    """Return a trader on a fresh exchange without rate limits, logged in to both APIs."""
    modes = Modes(rate_limits=False).changed(settings.pop("modes", {}))
    trader = Trader(Rest(SimulatorSettings(modes=modes, **settings)))
    trader.login()
    return trader


@define
class Trader:
    """Sends requests for one client and reads the answers."""

    rest: Rest
    client: str | None = PRO
    token: str = ""
    market_token: str = ""
    tags: int = field(default=0, init=False)

    def login(self) -> None:
        """Log in to both APIs."""
        settings = self.rest.settings
        keys = {"appKey": settings.interactive_key, "secretKey": settings.interactive_secret, "source": "WEBAPI"}
        self.token = self.ok("POST", f"{INTERACTIVE}/user/session", keys)["token"]
        keys = {"appKey": settings.market_key, "secretKey": settings.market_secret, "source": "WEBAPI"}
        self.market_token = self.ok("POST", f"{settings.market_data_roots[0]}/auth/login", keys)["token"]
        if not settings.is_dealer:
            self.client = None

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> Response | Dropped:
        """Send one request, with the clientID where it belongs."""
        path, _, more = path.partition("?")
        asked = dict(parse_qsl(more)) | {name: str(value) for name, value in query.items()}
        interactive = "interactive" in path.casefold()
        if interactive and self.client is not None and "session" not in path:
            if method in {"POST", "PUT"} and isinstance(body, dict):
                body = {"clientID": self.client} | body
            else:
                asked = {"clientID": self.client} | asked
        token = self.token if interactive else self.market_token
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": token} if token else {}
        return self.rest.handle(Request(method=method, path=path, query=asked, headers=headers, body=raw))

    def answer(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """Return status and JSON of an answer."""
        outcome = self.send(method, path, body, **query)
        assert isinstance(outcome, Response)
        return outcome.status, json.loads(outcome.body, parse_float=Decimal)

    def ok(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Return the result of a call that succeeds."""
        status, envelope = self.answer(method, path, body, **query)
        assert (200, "success") == (status, envelope["type"]), envelope
        return envelope.get("result")

    def refused(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, str, str]:
        """Return status, code and description of a call that fails."""
        status, envelope = self.answer(method, path, body, **query)
        assert envelope["type"] == "error", envelope
        return status, envelope["code"], envelope["description"]

    def order(self, instrument: tuple[str, int] = RELIANCE, **changes: Any) -> dict[str, Any]:
        """Return the body of an order: a market purchase unless changed."""
        self.tags += 1
        return {
            "exchangeSegment": instrument[0],
            "exchangeInstrumentID": instrument[1],
            "productType": "MIS",
            "orderType": "MARKET",
            "orderSide": "BUY",
            "timeInForce": "DAY",
            "disclosedQuantity": 0,
            "orderQuantity": 10,
            "limitPrice": 0,
            "stopPrice": 0,
            "orderUniqueIdentifier": f"T{self.tags}",
        } | changes

    def place(self, instrument: tuple[str, int] = RELIANCE, **changes: Any) -> int:
        """Place an order and return its AppOrderID."""
        app_order_id = self.ok("POST", f"{INTERACTIVE}/orders", self.order(instrument, **changes))["AppOrderID"]
        assert isinstance(app_order_id, int)
        return app_order_id

    def limit(self, price: float, instrument: tuple[str, int] = RELIANCE, **changes: Any) -> int:
        """Place a limit order and return its AppOrderID."""
        return self.place(instrument, **({"orderType": "LIMIT", "limitPrice": price} | changes))

    def modify(self, app_order_id: int, **changes: Any) -> Response | Dropped:
        """Ask for a modification of a MIS limit order of 10."""
        return self.send("PUT", f"{INTERACTIVE}/orders", self.modification(app_order_id, **changes))

    def modification(self, app_order_id: int, **changes: Any) -> dict[str, Any]:
        """Return the body of a modification."""
        return {
            "appOrderID": app_order_id,
            "modifiedProductType": "MIS",
            "modifiedOrderType": "LIMIT",
            "modifiedOrderQuantity": 10,
            "modifiedDisclosedQuantity": 0,
            "modifiedLimitPrice": 1250,
            "modifiedStopPrice": 0,
            "modifiedTimeInForce": "DAY",
            "orderUniqueIdentifier": "",
        } | changes

    def history(self, app_order_id: int) -> list[dict[str, Any]]:
        """Return every state of an order, oldest first."""
        rows: list[dict[str, Any]] = self.ok("GET", f"{INTERACTIVE}/orders", appOrderID=app_order_id)
        return rows

    def row(self, app_order_id: int) -> dict[str, Any]:
        """Return the present state of an order."""
        return self.history(app_order_id)[-1]

    def statuses(self, app_order_id: int) -> list[str]:
        """Return the statuses an order went through."""
        return [row["OrderStatus"] for row in self.history(app_order_id)]

    def net(self, instrument: tuple[str, int] = RELIANCE, product: str = "MIS", view: str = "NetWise") -> int:
        """Return the net quantity of a position, zero if there is none."""
        result = self.ok("GET", f"{INTERACTIVE}/portfolio/dealerpositions", dayOrNet=view)
        return sum(
            int(row["Quantity"])
            for row in result["positionList"]
            if (row["ExchangeSegment"], int(row["ExchangeInstrumentID"])) == instrument
            and row["ProductType"] == product
        )

    def control(self, method: str, name: str, body: Any = None) -> Any:
        """Return the answer of a control call that succeeds."""
        status, answer = self.answer(method, f"/sim/{name}", body)
        assert status == 200, answer
        return answer

    def price(self, price: float, instrument: tuple[str, int] = RELIANCE) -> None:
        """Move a price."""
        self.control("POST", "price", {"segment": instrument[0], "token": instrument[1], "price": price})

    def liquidity(self, quantity: int | None, instrument: tuple[str, int] = RELIANCE) -> None:
        """Limit what can be traded."""
        self.control("POST", "liquidity", {"segment": instrument[0], "token": instrument[1], "quantity": quantity})
