"""Settings: the shop's catalogue, events and orders from CSV. A broken row is named with its line, and left out."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from duologue.kit.errors import Invalid
from duologue.packs.support import repository
from duologue.packs.support.minds import minds_of
from duologue.packs.support.shop.catalogue import read_catalogue
from duologue.packs.support.shop.imports import OrderLine, read_events, read_orders
from duologue.packs.support.shop.table import Fault
from duologue.sdk import Panel, PanelContext, Upload

MOST_FAULTS = 20


async def show_shop(context: PanelContext) -> Any:
    """How much the shop holds, and by which model it recommends."""
    recommender, items = await minds_of(context.host).shop(context.host, context.workspace_id)
    async with context.host.read() as tx:
        own, events = await repository.count_shop(tx, context.workspace_id)
    trials = recommender.trials if recommender is not None else {}
    has_orders = (context.host.folder / context.workspace_id / "orders.json").exists()
    return {"items": len(items), "is_sample": own == 0, "events": events, "has_orders": has_orders,
            "trials": {name: round(value, 4) for name, value in trials.items()}}  # fmt: skip


async def import_catalogue(context: PanelContext, file: Upload) -> Any:
    """Take the catalogue from a CSV file, in place of the earlier one."""
    context.check_role("admin")
    items, faults = read_catalogue(file.content)
    _check_some(items, faults)
    async with context.host.write() as tx:
        await repository.replace_items(tx, context.workspace_id, items)
    minds_of(context.host).forget(context.workspace_id)
    return {"kept": len(items), "faults": faults[:MOST_FAULTS], "left_out": len(faults)}


async def import_events(context: PanelContext, file: Upload) -> Any:
    """Add views and purchases from a CSV file; the same event again changes nothing."""
    context.check_role("admin")
    events, faults = read_events(file.content)
    _check_some(events, faults)
    async with context.host.write() as tx:
        await repository.add_events(tx, context.workspace_id, events)
    minds_of(context.host).forget(context.workspace_id)
    return {"kept": len(events), "faults": faults[:MOST_FAULTS], "left_out": len(faults)}


async def import_orders(context: PanelContext, file: Upload) -> Any:
    """Take the orders from a CSV file, one line per item, in place of the earlier ones; changes that were made stay."""
    context.check_role("admin")
    lines, faults = read_orders(file.content)
    _check_some(lines, faults)
    _, items = await minds_of(context.host).shop(context.host, context.workspace_id)
    by_number: dict[str, list[OrderLine]] = defaultdict(list)
    for line in lines:
        by_number[line.number].append(line)
    names = {item.id: (item.name("en"), item.name("zh")) for item in items.values()}
    folder = context.host.folder / context.workspace_id
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / "orders.json.new"
    draft.write_text(json.dumps([_order(own, names) for own in by_number.values()], ensure_ascii=False), "utf-8")
    draft.replace(folder / "orders.json")
    return {"kept": len(by_number), "faults": faults[:MOST_FAULTS], "left_out": len(faults)}


def _check_some(rows: Sequence[object], faults: Sequence[Fault]) -> None:
    """Raise Invalid where a file has the columns and not one line that can be read."""
    if faults and not rows:
        line, fault = faults[0]
        raise Invalid(f"No line of the file can be read; line {line}: {fault}.", why="no_line", line=line, fault=fault)
    if not rows:
        raise Invalid("The file has no line below its columns.", why="only_header")


def _order(lines: list[OrderLine], names: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """An order in the form of the sample's."""
    first = lines[0]
    items = []
    for line in lines:
        en, zh = names.get(line.item, (line.item, line.item))
        items.append({"sku": line.item, "name_en": en, "name_zh": zh, "size": None, "qty": line.quantity, "price": 0})
    delivered = first.placed_at.date().isoformat() if first.status in ("delivered", "returned", "refunded") else None
    return {
        "number": first.number, "customer": {"email": first.email}, "placed_at": first.placed_at.isoformat(),
        "status": first.status,
        "region": "", "currency": first.currency, "items": items, "total": first.total,
        "delivery": {"method": "standard", "carrier": "", "tracking": "", "eta": None, "fee": 0, "delivered_at": delivered},
    }  # fmt: skip


SHOP = Panel(
    "shop", {"en": "Catalogue and orders", "zh": "商品与订单"}, ("owner", "admin"), "shop.js", place="admin", icon="book",
    queries={"shop": show_shop},
    commands={"import_catalogue": import_catalogue, "import_events": import_events, "import_orders": import_orders},
)  # fmt: skip
