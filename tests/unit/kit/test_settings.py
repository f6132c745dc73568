"""A setting that is spelt wrongly is named, with the one that was meant."""

import pytest

from duologue.kit.settings import find_misspelt


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("DUOLOGUE_PROT", {"DUOLOGUE_PROT": "DUOLOGUE_PORT"}),
        ("DUOLOGUE_DATADIR", {"DUOLOGUE_DATADIR": "DUOLOGUE_DATA_DIR"}),
        ("DUOLOGUE_XYZZY", {"DUOLOGUE_XYZZY": ""}),
        ("DUOLOGUE_PORT", {}),
        ("PATH", {}),
    ],
)
def test_a_misspelt_setting_is_named(name: str, found: dict[str, str]) -> None:
    assert find_misspelt([name]) == found
