"""What every XTS test starts from: one codec with canary secrets, its sessions, and the published samples."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from jainam.adapters.xts.codec import XtsCodec
from jainam.adapters.xts.credentials import Credentials
from jainam.adapters.xts.profiles import JAINAM_PROP
from jainam.domain.instruments import Contract, SymbolKey, Token
from jainam.domain.orders import Order, OrderTag
from jainam.domain.sessions import Api, Session
from jainam.domain.steps import BrokerStep, PlaceOrder
from jainam.domain.vocabulary import Exchange, Kind, PriceType, Product, Side
from jainam.ports.transport import HttpRequest, HttpResponse

SAMPLES = Path(__file__).parent / "samples"
SECRETS = ("canary-ikey", "canary$isecret", "canary-mkey", "canary#msecret")
TOKEN = "FAKE.HEADER.canary-token"

T = TypeVar("T")

CREDENTIALS = Credentials(
    interactive_key=SECRETS[0], interactive_secret=SECRETS[1], market_key=SECRETS[2], market_secret=SECRETS[3]
)
CODEC = XtsCodec(profile=JAINAM_PROP, credentials=CREDENTIALS, client_id="CLIENT01")
PRO = XtsCodec(profile=JAINAM_PROP, credentials=CREDENTIALS, client_id="pro")
NAMELESS = XtsCodec(profile=JAINAM_PROP, credentials=CREDENTIALS)

DEALER = Session(
    api=Api.INTERACTIVE,
    token=TOKEN,
    user_id="DEALER01",
    root="/interactive",
    is_investor=False,
    client_id="CLIENT01",
    client_codes=("CLIENT01", "CLIENT02"),
)
INVESTOR = Session(api=Api.INTERACTIVE, token=TOKEN, user_id="CLIENT01", root="/interactive")
MARKET = Session(api=Api.MARKET_DATA, token=TOKEN, user_id="DEALER01", root="/apibinarymarketdata")

OPTION = Contract(
    key=SymbolKey("NIFTY17FEB2625700PE", Exchange.NFO),
    token=Token(48225),
    kind=Kind.PUT,
    name="NIFTY",
    broker_symbol="NIFTY 17FEB2026 PE 25700",
    broker_exchange="NSEFO",
    lot_size=65,
    tick_size=Decimal("0.05"),
)
ORDER = Order(
    instrument=OPTION.key,
    side=Side.BUY,
    product=Product.NRML,
    quantity=65,
    price_type=PriceType.LIMIT,
    price=Decimal("125.35"),
)
TAG = OrderTag("JN000000000000000001")
PLACE = PlaceOrder(ORDER, OPTION, TAG)


def sample(name: str) -> bytes:
    """The bytes of one published answer."""
    return (SAMPLES / f"{name}.json").read_bytes()


def page(status: int, title: str = "Not Found") -> HttpResponse:
    """An HTML page as a gateway writes it."""
    body = f"<html>\r\n<head><title>{status} {title}</title></head><body><center>nginx</center></body></html>"
    return HttpResponse(status, body.encode(), "text/html")


def answer(result: object, status: int = 200, **envelope: object) -> HttpResponse:
    """A success that holds *result*, or whatever else *envelope* says."""
    document = {"type": "success", "code": "s-any-0001", "description": "fine", "result": result, **envelope}
    return HttpResponse(status, json.dumps(document).encode(), "application/json")


def refusal(description: str, code: str = "e-any-0001", status: int = 400, **more: object) -> HttpResponse:
    """A readable refusal."""
    document = {"type": "error", "code": code, "description": description, **more}
    return HttpResponse(status, json.dumps(document).encode(), "application/json")


def read(
    step: BrokerStep[T],
    name: str,
    *,
    status: int = 200,
    session: Session | None = DEALER,
    codec: XtsCodec = CODEC,
) -> T:
    """What the codec makes of the sample *name* as the answer to *step*."""
    return codec.decode(step, HttpResponse(status, sample(name), "application/json"), session)


def body_of(request: HttpRequest) -> Any:
    """The JSON body of *request*, with decimals as they stand."""
    assert request.body is not None
    return json.loads(request.body, parse_float=Decimal)


def row_of(name: str, index: int = 0) -> dict[str, Any]:
    """One row of a sample book."""
    rows = json.loads(sample(name))["result"]
    row: dict[str, Any] = (rows["positionList"] if isinstance(rows, dict) else rows)[index]
    return row
