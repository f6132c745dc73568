"""Reads answers as strictly as their types allow: the official client itself builds its objects without checking them."""

from typing import Any, TypeVar

from openai import BaseModel
from pydantic import TypeAdapter

T = TypeVar("T", bound=BaseModel)


def strictly(answer: T) -> T:
    """The same answer, its values checked against its class: missing and wrong ones raise."""
    values: dict[str, Any] = answer.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return TypeAdapter(type(answer)).validate_python(values)
