"""`duologue key …`: make, list and revoke the keys of programs that ask the models over /v1."""

from rich.table import Table

from duologue.accounts.keys.model import SCOPES
from duologue.interfaces.cli.run import err, get_workspace, out, print_json
from duologue.interfaces.platform import Platform
from duologue.store.feed import to_payload


async def add(
    platform: Platform,
    slug: str,
    name: str,
    scopes: tuple[str, ...],
    per_minute: int,
    tokens: int,
    days: float | None,
    *,
    as_json: bool,
) -> None:
    """Make a key and print its secret, which is shown this once."""
    workspace = await get_workspace(platform, slug)
    secret, key = await platform.keys.add(
        workspace.id, name, scopes=scopes or SCOPES, requests_per_minute=per_minute, tokens_per_minute=tokens, days=days
    )
    if as_json:
        print_json({"key": to_payload(key), "secret": secret})
        return
    out.print(secret, markup=False, highlight=False, soft_wrap=True)
    err.print(f"{key.id} ({key.name}) is good for {', '.join(key.scopes)}. Its secret is not shown again.", markup=False)


async def list_all(platform: Platform, slug: str, *, as_json: bool) -> None:
    """All keys."""
    workspace = await get_workspace(platform, slug)
    keys = await platform.keys.list_keys(workspace.id)
    if as_json:
        for key in keys:
            print_json(to_payload(key))
        return
    now = platform.database.clock.now()
    table = Table("id", "name", "secret", "good for", "per minute", "last used", "valid", box=None)
    for k in keys:
        limits = f"{k.requests_per_minute or '–'} requests, {k.tokens_per_minute or '–'} tokens"
        used = k.used_at.strftime("%Y-%m-%d %H:%M") if k.used_at else "never"
        table.add_row(k.id, k.name, f"…{k.hint}", " ".join(k.scopes), limits, used, "yes" if k.is_valid(now) else "no")
    out.print(table)


async def revoke(platform: Platform, slug: str, key_id: str) -> None:
    """Revoke a key."""
    workspace = await get_workspace(platform, slug)
    await platform.keys.revoke(workspace.id, key_id)
    out.print(f"{key_id} is revoked.", markup=False)
