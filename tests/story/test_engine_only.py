"""`duologue serve --engine-only`: the API alone, asked by the official client, traced to a collector, ended by a signal."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from openai import OpenAI

from tests.program import call, serve, write_script


class Collector(ThreadingHTTPServer):
    """Takes what an OTLP exporter posts."""

    got: list[tuple[str, bytes]]


class Take(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector(("127.0.0.1", 0), Take)
    server.got = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()


def test_the_api_alone_answers_counts_traces_and_ends(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="the extra `telemetry` is not installed")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
    script = write_script(tmp_path / "s.json", {"reply": "A quiet answer."})
    with serve(tmp_path / "none", "--engine-only", engine="scripted", scripted_path=script, api_keys="one two") as running:
        assert httpx.get(f"{running.base}/healthz").json()["models"][0] == "scripted"
        with OpenAI(base_url=f"{running.base}/v1", api_key="two", max_retries=0) as client:
            done = client.chat.completions.create(
                model="scripted",
                messages=[{"role": "user", "content": "a secret question"}],
                extra_headers={"traceparent": "00-11112222333344445555666677778888-aaaabbbbccccdddd-01"},
            )
        assert done.choices[0].message.content == "A quiet answer."
        assert httpx.get(f"{running.base}/v1/models").status_code == 401
        assert 'duologue_model_first_token_seconds_count{model="scripted"} 1' in httpx.get(f"{running.base}/metrics").text
        assert httpx.get(f"{running.base}/desk").status_code == 404
        assert running.stop() == 0
    assert not (tmp_path / "none").exists(), "no data folder"
    spans = b"".join(body for path, body in collector.got if path == "/v1/traces")
    assert b"chat scripted" in spans
    assert bytes.fromhex("11112222333344445555666677778888") in spans, "it goes on from the caller's trace"
    assert b"secret" not in spans
    assert b"quiet" not in spans


def test_what_cannot_be_served_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_wide = call(monkeypatch, tmp_path, "serve", "--engine-only", "--host", "0.0.0.0", engine="scripted")
    assert open_wide.returncode == 2
    assert "DUOLOGUE_API_KEYS" in open_wide.stderr
    alone = call(monkeypatch, tmp_path, "serve", "--model", str(tmp_path))
    assert alone.returncode == 2
    assert "--engine-only" in alone.stderr
    nothing = call(monkeypatch, tmp_path, "serve", "--engine-only", "--port", "0", "--model", str(tmp_path))
    assert nothing.returncode == 2
    assert "config.json" in nothing.stderr


def test_a_collector_without_the_sdk_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from duologue.bootstrap.tracing import set_up_tracing
    from duologue.kit.errors import SetupError

    set_up_tracing({})()
    set_up_tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"})()
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SetupError, match="telemetry"):
        set_up_tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"})
