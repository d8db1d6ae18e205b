"""An account in memory whose exits trade as the test says: what a close-all meets."""

from collections.abc import Callable

from attrs import define, evolve, field

from fakes.samples import row
from fakes.script import Scene
from jainam.domain.closing import close_all_positions
from jainam.domain.errors import (
    JainamError,
)
from jainam.domain.instruments import InstrumentRef
from jainam.domain.orders import OrderId, OrderRow
from jainam.domain.portfolio import Position
from jainam.domain.reports import CloseReport
from jainam.domain.steps import (
    CancelOrder,
    FindOrder,
    ListOrders,
    ListPositions,
    PlaceExit,
)
from jainam.domain.vocabulary import OrderState, Side


@define
class Desk:
    """An account whose exits fill at once, unless *answers* has an error for them or *fates* another state."""

    positions: list[Position]
    orders: list[OrderRow] = field(factory=list)
    answers: dict[InstrumentRef, JainamError] = field(factory=dict)
    fates: dict[InstrumentRef, OrderState] = field(factory=dict)
    cancellations: JainamError | None = None
    scene: Scene = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.scene = Scene(
            {
                ListPositions: lambda _: tuple(self.positions),
                ListOrders: lambda _: tuple(self.orders),
                FindOrder: None,
                PlaceExit: self._take,
                CancelOrder: self._take_back,
            }
        )

    def close(self, choice: Callable[[Position], bool] = lambda _: True) -> CloseReport:
        """Close what *choice* picks."""
        return self.scene.run(close_all_positions(choice))

    @property
    def sent(self) -> list[tuple[str, Side, int]]:
        """The exits that were sent."""
        steps = [step for step in self.scene.steps if isinstance(step, PlaceExit)]
        return [(step.order.instrument.symbol, step.order.side, step.order.quantity) for step in steps]

    def _take_back(self, step: CancelOrder) -> object:
        if self.cancellations is None:
            self.orders = [
                evolve(row, state=OrderState.CANCELLED, pending=0) if row.order_id == step.order_id else row
                for row in self.orders
            ]
        return self.cancellations

    def _take(self, step: PlaceExit) -> object:
        ref, sold = step.contract.ref, step.order
        if ref in self.answers:
            return self.answers[ref]
        state = self.fates.get(ref, OrderState.FILLED)
        done = state is OrderState.FILLED
        self.orders.append(
            row(
                f"{len(self.orders) + 1}",
                step.contract,
                tag=step.tag,
                side=sold.side,
                product=sold.product,
                price_type=sold.price_type,
                quantity=sold.quantity,
                filled=sold.quantity if done else 0,
                pending=0 if state.is_final else sold.quantity,
                state=state,
                reason="RMS:Margin Exceeds" if state is OrderState.REJECTED else "",
            )
        )
        if done:
            self.positions = [
                evolve(held, quantity=held.quantity + sold.side.sign * sold.quantity)
                if held.instrument == ref and held.product is sold.product
                else held
                for held in self.positions
            ]
        return OrderId(f"{len(self.orders)}")
