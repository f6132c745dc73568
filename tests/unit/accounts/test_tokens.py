"""Tokens name whom they were made for and nobody else; the key file appears whole and private."""

import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.accounts.tokens import KEY_BYTES, PersonRef, Signer, hash_token, load_key, new_token
from duologue.kit.errors import NotSignedIn, SetupError
from duologue.kit.ids import new_id

SIGNER = Signer(b"k" * KEY_BYTES)


def test_a_person_token_comes_back() -> None:
    ref = PersonRef(new_id("wsp"), new_id("per"))
    assert SIGNER.read_person_token(SIGNER.person_token(ref)) == ref


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    token = SIGNER.person_token(PersonRef("wsp_1", "per_1"))
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != token[at]))
    with pytest.raises(NotSignedIn):
        SIGNER.read_person_token(token[:at] + other + token[at + 1 :])


@pytest.mark.parametrize("token", ["", ".", "p1", "p1.a.b", "p1.a.b.", "p1.a.b.c.d", "p2.a.b.x", "é.è.ê.ë"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(NotSignedIn):
        SIGNER.read_person_token(token)


def test_another_key_makes_other_tokens() -> None:
    token = Signer(b"j" * KEY_BYTES).person_token(PersonRef("wsp_1", "per_1"))
    with pytest.raises(NotSignedIn):
        SIGNER.read_person_token(token)


def test_csrf_belongs_to_one_session() -> None:
    mine, theirs = new_token(), new_token()
    assert SIGNER.is_csrf(mine, SIGNER.csrf(mine))
    assert not SIGNER.is_csrf(mine, SIGNER.csrf(theirs))
    assert not SIGNER.is_csrf(mine, "")
    assert SIGNER.csrf(mine) != hash_token(mine)


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "person.key"
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(load_key(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert len(keys) == 8
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["person.key"]


def test_a_broken_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "person.key"
    path.write_bytes(b"short")
    with pytest.raises(SetupError, match=r"person\.key has 5 bytes"):
        load_key(path)
