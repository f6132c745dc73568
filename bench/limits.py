"""What bounds the program from outside: a bare FastAPI endpoint, and the database doing nothing but what one message needs."""

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from bench.http import Client
from bench.server import free_port, wait_until_up

BARE = """
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
class In(BaseModel):
    client_id: str
    body: str
app = FastAPI()
@app.get("/healthz")
async def healthz(): return {"status": "ok"}
@app.post("/messages")
async def post(given: In): return {"message": given.model_dump()}
uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning", access_log=False)
"""


async def bare_fastapi(seconds: float, senders: int) -> float:
    """Requests per second of an endpoint that parses a body and gives it back, under `senders` closed-loop clients."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", BARE.replace("PORT", str(port))])
    try:
        await wait_until_up(port)
        done = 0
        until = time.perf_counter() + seconds

        async def send() -> None:
            nonlocal done
            client = Client(port)
            while time.perf_counter() < until:
                await client.call("POST", "/messages", {"client_id": "x", "body": "Where is my order?"})
                done += 1
            client.close()

        await asyncio.gather(*(send() for _ in range(senders)))
        return done / seconds
    finally:
        process.terminate()
        process.wait()


def bare_sqlite(folder: Path, seconds: float) -> float:
    """Transactions per second of one SQLite writer: move a counter, insert a message, insert an event; WAL, synchronous=NORMAL."""
    connection = sqlite3.connect(folder / "limit.db", isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "CREATE TABLE c (id INTEGER PRIMARY KEY, seq INTEGER); INSERT INTO c VALUES (1, 0);"
        "CREATE TABLE m (seq INTEGER PRIMARY KEY, body TEXT); CREATE TABLE e (id INTEGER PRIMARY KEY, payload TEXT);"
    )
    payload = json.dumps({"message": {"body": "Where is my order?" * 4}})
    done, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        connection.execute("BEGIN IMMEDIATE")
        (seq,) = connection.execute("UPDATE c SET seq = seq + 1 WHERE id = 1 RETURNING seq").fetchone()
        connection.execute("INSERT INTO m VALUES (?, ?)", (seq, payload))
        connection.execute("INSERT INTO e (payload) VALUES (?)", (payload,))
        connection.execute("COMMIT")
        done += 1
    connection.close()
    return done / seconds


async def bare_postgresql(url: str, seconds: float, writers: int) -> float:
    """The same on PostgreSQL with asyncpg, `writers` connections, a counter row each and one shared feed row."""
    import asyncpg

    dsn = url.replace("postgresql+asyncpg", "postgresql")
    setup = await asyncpg.connect(dsn)
    await setup.execute(
        "CREATE TABLE c (id int PRIMARY KEY, seq int); INSERT INTO c SELECT i, 0 FROM generate_series(0, 100) i;"
        "CREATE TABLE m (c int, seq int, body text); CREATE TABLE e (id int, payload jsonb)"
    )
    payload = json.dumps({"message": {"body": "Where is my order?" * 4}})
    done, until = 0, time.perf_counter() + seconds

    async def write(number: int) -> None:
        nonlocal done
        connection = await asyncpg.connect(dsn)
        while time.perf_counter() < until:
            async with connection.transaction():
                seq = await connection.fetchval("UPDATE c SET seq = seq + 1 WHERE id = $1 RETURNING seq", number)
                await connection.execute("INSERT INTO m VALUES ($1, $2, $3)", number, seq, payload)
                cursor = await connection.fetchval("UPDATE c SET seq = seq + 1 WHERE id = 0 RETURNING seq")
                await connection.execute("INSERT INTO e VALUES ($1, $2)", cursor, payload)
            done += 1
        await connection.close()

    await asyncio.gather(*(write(i + 1) for i in range(writers)))
    await setup.execute("DROP TABLE c, m, e")
    await setup.close()
    return done / seconds
