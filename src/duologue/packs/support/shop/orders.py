"""The shop's orders: a port, and the sample shop behind it. A shop of your own implements `Shop`, or offers its tools by MCP.

The sample's orders are rows of `sample/orders.json`, or of `orders.json` in the workspace's folder where some were imported;
what was changed stands beside them in `changes.json`. Knows no persons and no permissions.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

SAMPLE = Path(__file__).parents[1] / "sample" / "orders.json"

Order = dict[str, Any]
"""An order as `sample/README.md` describes it; a changed one may have an `address`, in the customer's words."""


class Shop(Protocol):
    """Orders by number. Changes are remembered, and the same change again changes nothing more."""

    def find(self, number: str) -> Order | None:
        """The order as it is now, or None."""
        ...

    def list_of(self, email: str) -> list[Order]:
        """The orders placed with an e-mail address, newest first."""
        ...

    def change(self, number: str, fields: Mapping[str, str]) -> None:
        """Set `status` or `address` of an order. Whether that may be, the caller has asked."""
        ...


class SampleShop:
    """Orders of a file, changes in another; for trying out, and for one process. `folder` is the workspace's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        own = folder / "orders.json"
        self._orders = _read(own, own.stat().st_mtime_ns) if own.exists() else _read(SAMPLE, 0)

    def find(self, number: str) -> Order | None:
        order = self._orders.get(number)
        return None if order is None else order | self._changes().get(number, {})

    def list_of(self, email: str) -> list[Order]:
        changes, wanted = self._changes(), email.casefold()
        own = [order for order in self._orders.values() if order["customer"]["email"].casefold() == wanted]
        return sorted(
            (order | changes.get(order["number"], {}) for order in own), key=lambda order: order["placed_at"], reverse=True
        )

    def change(self, number: str, fields: Mapping[str, str]) -> None:
        changes = self._changes()
        changed = changes.get(number, {}) | dict(fields)
        if changed == changes.get(number):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / "changes.json.new"
        draft.write_text(json.dumps(changes | {number: changed}, ensure_ascii=False, sort_keys=True, indent=1), "utf-8")
        draft.replace(self._folder / "changes.json")

    def _changes(self) -> dict[str, dict[str, str]]:
        path = self._folder / "changes.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else {}


def open_shop(folder: Path, workspace_id: str) -> Shop:
    """The orders of a workspace, in the pack's folder."""
    return SampleShop(folder / workspace_id)


@cache
def _read(path: Path, _version: int) -> dict[str, Order]:
    return {order["number"]: order for order in json.loads(path.read_text("utf-8"))}
