"""Things found by name: a mapping that refuses doubles and names what it knows when asked for what it does not."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from duologue.kit.errors import Invalid, NotFound

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things of one kind."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._items: dict[str, T] = {}

    def add(self, name: str, item: T) -> T:
        """Register `item`; a name may be taken once."""
        if name in self._items:
            raise Invalid(f"There is already a {self._noun} called {name!r}; choose another name.")
        self._items[name] = item
        return item

    def get(self, name: str) -> T:
        """The item of that name; NotFound names the known ones."""
        try:
            return self._items[name]
        except KeyError:
            known = ", ".join(sorted(self._items)) or "none"
            raise NotFound(f"There is no {self._noun} called {name!r}; known: {known}.") from None

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(self._items.items())

    def __len__(self) -> int:
        return len(self._items)
