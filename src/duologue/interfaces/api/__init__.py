"""The platform over HTTP: `/api/*` as JSON, `/healthz`, `/metrics`. One module per area; knows no page and no command."""

from duologue.interfaces.api.app import create_app, join, openapi

__all__ = ["create_app", "join", "openapi"]
