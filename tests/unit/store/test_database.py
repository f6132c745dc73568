"""Which databases are taken, and what is said of others."""

import pytest

from duologue.kit.errors import SetupError
from duologue.store.database import Database


@pytest.mark.parametrize(
    "url", ["mysql://me:secret@db.example/x", "postgresql+nosuch://me:secret@db.example/x", "nonsense", "oracle://x"]
)
def test_what_is_no_known_database_is_a_setup_error_without_the_password(url: str) -> None:
    with pytest.raises(SetupError, match="DUOLOGUE_DATABASE_URL") as caught:
        Database(url)
    assert "secret" not in caught.value.message
