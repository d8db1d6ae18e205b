"""The control route: what a test may see and change, below /sim and beside the protocol."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen

from jainam.simulator.answers import Request, Response
from jainam.simulator.calls import MISSING_CLIENT, NOT_MAPPED
from jainam.simulator.checks import PRODUCTS, Fields, Refused
from jainam.simulator.faults import rule_from, single_slashes
from jainam.simulator.instruments import Instrument, segment_name
from jainam.simulator.sessions import INTERACTIVE, MARKET
from jainam.simulator.wire import dump, read_body

if TYPE_CHECKING:
    from jainam.simulator.rest import Rest

ROOT = "/sim"
SESSION_KINDS = {"interactive": INTERACTIVE, "market": MARKET}


@frozen
class Control:
    """Answers /sim; such calls are neither counted nor limited, and no fault strikes them."""

    rest: "Rest"

    def handle(self, request: Request, path: str) -> Response:
        """Answer one control call."""
        routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "/state"): self.state,
            ("GET", "/faults"): lambda _: self.rest.faults.shown(),
            ("POST", "/faults"): self.set_faults,
            ("DELETE", "/faults"): self.clear_faults,
            ("POST", "/price"): self.set_price,
            ("POST", "/liquidity"): self.limit_liquidity,
            ("POST", "/fill"): self.fill,
            ("POST", "/carry"): self.carry,
            ("POST", "/acknowledge"): self.acknowledge,
            ("POST", "/expire-tokens"): self.expire_tokens,
            ("GET", "/modes"): lambda _: asdict(self.rest.world.modes),
            ("POST", "/modes"): self.change_modes,
            ("POST", "/reset"): self.reset,
        }
        wanted = (request.method.upper(), path.removeprefix(ROOT))
        if wanted not in routes:
            known = ", ".join(f"{method} {ROOT}{name}" for method, name in routes)
            return self._answer(404, {"error": f"no such control route; there are {known}"})
        try:
            return self._answer(200, routes[wanted](read_body(request.body)))
        except (ValueError, TypeError, InvalidOperation) as error:
            return self._answer(400, {"error": str(error)})
        except Refused as refused:
            return self._answer(400, {"error": refused.description, "result": refused.result})

    @staticmethod
    def _answer(status: int, value: Any) -> Response:
        return Response(status=status, body=dump(value).encode())

    def state(self, _body: dict[str, Any]) -> dict[str, Any]:
        """Return what happened so far."""
        accounts = self.rest.world.exchange.accounts
        orders = [order for account in accounts.values() for order in account.orders()]
        return {
            "requests": Counter(f"{seen.method} {single_slashes(seen.path)}" for seen in self.rest.requests),
            "tags": Counter(order.request.tag for order in orders),
            "orders": [
                {
                    "AppOrderID": order.app_order_id,
                    "ClientID": order.client_id,
                    "OrderUniqueIdentifier": order.request.tag,
                    "OrderStatus": order.status,
                    "CumulativeQuantity": order.filled,
                    "LeavesQuantity": order.leaves,
                }
                for order in orders
            ],
            "positions": [
                {
                    "ClientID": account.client_id,
                    "ExchangeSegment": position.instrument.segment,
                    "ExchangeInstrumentID": position.instrument.token,
                    "TradingSymbol": position.instrument.display,
                    "ProductType": position.product,
                    "Quantity": position.net,
                }
                for account in accounts.values()
                for position in account.positions.view(day_wise=False)
            ],
            "faults": self.rest.faults.shown(),
            "modes": asdict(self.rest.world.modes),
            "date": self.rest.world.market.master.day.isoformat(),
        }

    def set_faults(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Add fault rules: a list, one rule, or {"faults": [...], "replace": true}."""
        rules = body.get("faults", body.get("items", [body]))
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            raise ValueError("faults must be a list of rules")
        made = [rule_from(rule) for rule in rules]
        if body.get("replace"):
            self.rest.faults.clear()
        self.rest.faults.add(made)
        return self.rest.faults.shown()

    def clear_faults(self, _body: dict[str, Any]) -> dict[str, Any]:
        """Take every fault rule away."""
        self.rest.faults.clear()
        return {"ok": True}

    def _instrument(self, body: dict[str, Any]) -> Instrument:
        segment = segment_name(body.get("segment", "")) or ""
        token = int(body.get("token", 0))
        instrument = self.rest.world.market.find(segment, token)
        if instrument is None:
            raise ValueError(f"no instrument {body.get('segment')} {token}")
        return instrument

    def set_price(self, body: dict[str, Any]) -> dict[str, Any]:
        """Move a price."""
        self.rest.world.exchange.set_price(self._instrument(body), Decimal(str(body.get("price"))))
        return {"ok": True}

    def limit_liquidity(self, body: dict[str, Any]) -> dict[str, Any]:
        """Say how much of an instrument can still be traded; null for any amount."""
        quantity = body.get("quantity")
        self.rest.world.exchange.limit_liquidity(self._instrument(body), None if quantity is None else int(quantity))
        return {"ok": True}

    def fill(self, body: dict[str, Any]) -> dict[str, Any]:
        """Fill a resting order by hand."""
        quantity, price = body.get("quantity"), body.get("price")
        order = self.rest.world.exchange.fill(
            int(body.get("AppOrderID", 0)),
            None if quantity is None else int(quantity),
            None if price is None else Decimal(str(price)),
        )
        return {"OrderStatus": order.status, "CumulativeQuantity": order.filled}

    def carry(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give an account a position from an earlier day."""
        fields = Fields(body)
        product = fields.choice("product", PRODUCTS)
        fields.done()
        instrument = self._instrument(body)
        world = self.rest.world
        account = world.account_of(body.get("client"), MISSING_CLIENT, NOT_MAPPED)
        price = Decimal(str(body.get("price", world.market.last(instrument))))
        account.positions.carry(instrument, product, int(body.get("quantity", 0)), price)
        return {"ok": True}

    def acknowledge(self, _body: dict[str, Any]) -> dict[str, Any]:
        """Deal with what was held back."""
        self.rest.world.exchange.acknowledge()
        return {"ok": True}

    def expire_tokens(self, body: dict[str, Any]) -> dict[str, Any]:
        """End every session, or those of one kind."""
        kind = body.get("kind")
        if kind is not None and kind not in SESSION_KINDS:
            raise ValueError(f"kind must be one of {', '.join(SESSION_KINDS)}")
        return {"expired": self.rest.world.sessions.expire(SESSION_KINDS.get(str(kind)))}

    def change_modes(self, body: dict[str, Any]) -> dict[str, Any]:
        """Turn switches."""
        self.rest.world.change_modes(body)
        return asdict(self.rest.world.modes)

    def reset(self, body: dict[str, Any]) -> dict[str, Any]:
        """Begin anew; who is logged in stays so unless {"sessions": true}."""
        self.rest.reset(keep_sessions=not body.get("sessions"))
        return {"ok": True}
