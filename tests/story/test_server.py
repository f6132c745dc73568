"""The program as it is run: starts, says where it is, stops when told, says in one line what keeps it from starting."""

import os
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from tests.program import call, free_port, person, run, serve, write_script


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return write_script(tmp_path / "script.json", {"reply": "I do not know."})


@pytest.fixture
def bare(script: Path) -> dict[str, str]:
    """Settings of a server without sample and without a model of its own."""
    return {"engine": "scripted", "scripted_path": str(script), "sample": "false"}


def test_it_starts_answers_and_stops(tmp_path: Path, bare: dict[str, str]) -> None:
    data = tmp_path / "data"
    assert run(data, "member", "add", "owner@one.example", "--role", "owner", "--workspace", "one", "--workspace-name", "One",
               "--password-stdin", stdin="a long password\n", **bare).returncode == 0  # fmt: skip
    with serve(data, **bare) as server:
        client, path = person(server.base)
        sent = client.post(f"{path}/messages", json={"client_id": "1", "body": "hello"})
        assert sent.status_code == 200
        assert client.get(f"{server.base}/").status_code == 200
        assert client.post(f"{path}/request-human").status_code == 200  # no turn speaks up after this
        began = time.monotonic()
        with client.stream("GET", f"{path}/stream") as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("retry:")
            assert server.stop(signal.SIGTERM) == 0
            assert "".join(lines) == ""
        assert time.monotonic() - began < 10
    text = server.log.read_text()
    assert f"listening on {server.base}" in text
    assert "Traceback" not in text
    with serve(data, **bare) as server:
        assert client.get(f"{server.base}{path}").json()["messages"][0]["body"] == "hello"
        assert server.stop(signal.SIGINT) == 0


def test_a_taken_port_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = call(monkeypatch, tmp_path / "data", "serve", "--port", str(port), **bare)
    check_one_line(done.returncode, done.stderr, f"Port {port} on 127.0.0.1 is taken")


def test_a_broken_database_is_one_line(tmp_path: Path, bare: dict[str, str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "duologue.db").write_bytes(b"This is no database, however long one looks at it. " * 100)
    done = run(data, "serve", "--port", str(free_port()), **bare)
    check_one_line(done.returncode, done.stderr, "duologue.db cannot be used: file is not a database")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: dict[str, str]) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = call(monkeypatch, blocked / "data", "serve", "--port", str(free_port()), **bare)
    check_one_line(done.returncode, done.stderr, "cannot be written")


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_read_only_folder_is_one_line(tmp_path: Path, bare: dict[str, str]) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o500)
    done = run(data, "serve", "--port", str(free_port()), **bare)
    check_one_line(done.returncode, done.stderr, "cannot be written: Permission denied")


def test_an_unreachable_postgres_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: dict[str, str]) -> None:
    url = f"postgresql+asyncpg://nobody:secret@127.0.0.1:{free_port()}/none"
    done = call(monkeypatch, tmp_path / "data", "serve", "--port", str(free_port()), database_url=url, **bare)
    check_one_line(done.returncode, done.stderr, "cannot be used")
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"port": "eighty"}, "DUOLOGUE_PORT"),
        ({"engine": "magic"}, "DUOLOGUE_ENGINE"),
        ({"engine": "scripted", "scripted_path": ""}, "DUOLOGUE_SCRIPTED_PATH"),
        ({"engine": "scripted", "scripted_path": "/nowhere/script.json"}, "script"),
        ({"engine": "remote"}, "DUOLOGUE_REMOTE_BASE_URL"),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], says: str) -> None:
    done = call(monkeypatch, tmp_path / "data", "serve", **{"sample": "false", **settings})
    check_one_line(done.returncode, done.stderr, says)


def check_one_line(code: int, stderr: str, says: str) -> None:
    """Exit code 2 and one line that says what is wrong."""
    assert code == 2, stderr
    lines = [line for line in stderr.splitlines() if line.strip()]
    assert len(lines) == 1, stderr
    assert says in lines[0]
    assert lines[0].startswith("duologue: ")


def test_nothing_is_lost_when_it_is_killed(tmp_path: Path, bare: dict[str, str]) -> None:
    data = tmp_path / "data"
    run(data, "member", "add", "owner@one.example", "--role", "owner", "-w", "one", "--workspace-name", "One", "--password-stdin",
        stdin="a long password\n", **bare)  # fmt: skip
    sent: list[str] = []
    with serve(data, **bare, rate_limits="false") as server:
        client, path = person(server.base)
        for number in range(40):
            response = client.post(f"{path}/messages", json={"client_id": str(number), "body": f"message {number}"})
            if response.status_code == 200:
                sent.append(f"message {number}")
        server.process.kill()
        server.process.wait()
    with serve(data, **bare, rate_limits="false") as server:
        client.base_url = httpx.URL(server.base)
        again = client.post(f"{path}/messages", json={"client_id": "39", "body": "message 39"})
        assert again.status_code == 200
        transcript = client.get(path).json()["messages"]
        assert [m["body"] for m in transcript if m["author_kind"] == "person"] == sent
        assert [m["seq"] for m in transcript] == list(range(1, len(transcript) + 1))
