"""Which order a message is about, and what is to be done with it, where a person tells it in several messages."""

from pathlib import Path

import pytest

from duologue.assistant.act import find_call
from duologue.assistant.tools import Caller, Toolbox
from duologue.packs.support import PACK

EMMA = "emma.whitfield@mail.example"


@pytest.mark.parametrize(
    ("said", "call"),
    [
        (["订单取消一下", "RO-104401"], ("cancel_order", "RO-104401")),
        (["订单取消一下", "RO-104395", EMMA], ("cancel_order", "RO-104395")),
        (["i want to cancel my order", f"it's RO-104401 and my e-mail is {EMMA}"], ("cancel_order", "RO-104401")),
        (["cancel my order pls RO-104401", "RO-104404"], ("cancel_order", "RO-104404")),
        (["where's my parcel", "RO-104315", EMMA], ("get_order", "RO-104315")),
        (["where's RO-104315?", "ok one sec", EMMA], ("get_order", "RO-104315")),
        (["cancel RO-104401", "where is RO-104404"], ("get_order", "RO-104404")),
        (
            ["cancel RO-104401", EMMA, "actually no keep it", "sorry changed my mind, still want it cancelled"],
            ("cancel_order", "RO-104401"),
        ),
        (["RO-104401", EMMA, "那取消吧"], ("cancel_order", "RO-104401")),
        (["RO-104401", EMMA, "please cancel it"], ("cancel_order", "RO-104401")),
        (["RO-104401", "thanks", "how long is it on the way"], None),
        (["RO-104401", "why was it cancelled"], None),
        (["RO-104401", "can I cancel it later?"], None),
        (["RO-104401", "don't cancel it"], None),
        (["RO-104401", "为什么不能取消"], None),
        (["RO-104401", "cancel my newsletter"], None),
        ([EMMA], None),
    ],
)
def test_a_wish_and_its_number_may_come_in_several_messages(tmp_path: Path, said: list[str], call: tuple[str, str] | None) -> None:
    toolbox = Toolbox(PACK.tools, Caller("w", "c", "p", "en", tuple(said)), tmp_path)
    found = find_call(said[-1], said[:-1], toolbox)
    assert (found and (found[0].name, found[1]["number"])) == call
