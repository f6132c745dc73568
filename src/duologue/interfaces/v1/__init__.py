"""The models over HTTP, in the form of OpenAI's API: any client of it talks with our engines. Knows no person and no database."""

from duologue.interfaces.v1.app import create_app, openapi
from duologue.interfaces.v1.gateway import Caller, Gateway, Served

__all__ = ["Caller", "Gateway", "Served", "create_app", "openapi"]
