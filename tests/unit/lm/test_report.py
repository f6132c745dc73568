import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from duologue.lm.training.journal import Journal
from duologue.lm.training.plot import draw_lines, draw_weights, ticks
from duologue.lm.training.progress import Bar
from duologue.lm.training.report import render_report, smooth, write_report


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(3.2, 9.7) == [4, 6, 8]
    assert ticks(5, 5) == [5]
    assert ticks(-1, 1) == [-1, -0.5, 0, 0.5, 1]


def test_a_line_is_drawn_to_scale() -> None:
    svg = draw_lines("loss <x>", {"a": [(0, 1.0), (5, 2.0), (10, 1.0)], "b": [(0, float("nan"))]})
    ElementTree.fromstring(svg)  # well formed, names escaped
    (xs,) = [[tuple(map(float, p.split(","))) for p in m.split()] for m in re.findall(r'points="([^"]+)"', svg)[:1]]
    assert xs[0][1] == xs[2][1] > xs[1][1]
    assert xs[1][0] - xs[0][0] == pytest.approx(xs[2][0] - xs[1][0], abs=0.2)
    assert draw_lines("nothing", {"a": []}) == ""


def test_weights_are_drawn_as_dark_as_they_are() -> None:
    svg = draw_weights("attention", [[1.0, 0.0], [0.25, 0.75]], ["the", "包裹"], ["a", "b"])
    ElementTree.fromstring(svg)
    assert re.findall(r'fill-opacity="([\d.]+)"', svg) == ["1.000", "0.000", "0.250", "0.750"]


def test_a_smoothed_line_begins_where_the_values_do() -> None:
    assert smooth([3.0, 3.0, 3.0]) == pytest.approx([3.0, 3.0, 3.0])


def test_a_report_shows_what_the_run_left(tmp_path: Path) -> None:
    rows = [
        {
            "step": n,
            "loss": 4.0 / n,
            "lr": 0.1,
            "grad_norm": 1.0,
            "tokens_per_s": 9.0,
            "bits_per_byte": {"en": 2.0 / n} if n % 2 else {},
        }
        for n in range(1, 8)
    ]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    (tmp_path / "samples.jsonl").write_text(json.dumps({"step": 7, "prompt": "<b>", "text": "包裹"}) + "\n")
    (tmp_path / "recipe.yaml").write_text("out: x\n")
    page = write_report(tmp_path, facts={"parameters": 3}).read_text("utf-8")
    assert page == render_report(tmp_path, facts={"parameters": 3})
    for words in (
        "loss, nats",
        "learning rate",
        "length of the gradient",
        "bits per byte",
        "包裹",
        "&lt;b&gt;",
        "out: x",
        "0.2857",
    ):
        assert words in page
    assert page.count("<svg") == 5


def test_a_journal_forgets_what_is_done_again_and_a_line_cut_short(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 0)
    for step in (1, 2, 3):
        journal.log({"step": step, "loss": 1.0})
    with open(tmp_path / "log.jsonl", "a") as file:
        file.write('{"step": 4, "lo')
    Journal(tmp_path, 2)
    assert [json.loads(x)["step"] for x in (tmp_path / "log.jsonl").read_text().splitlines()] == [1, 2]


def test_tensorboard_reads_what_is_written(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra `tensorboard` is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    journal = Journal(tmp_path, 0, tensorboard=True)
    for step in (1, 2):
        journal.log({"step": step, "loss": 1.0 / step, "bits_per_byte": {"zh": 3.0}})
    journal.sample(2, "The", "parcel")
    journal.close()
    found = EventAccumulator(str(tmp_path / "tensorboard"))
    found.Reload()
    assert [(e.step, e.value) for e in found.Scalars("loss")] == [(1, 1.0), (2, 0.5)]
    assert found.Scalars("bits_per_byte/zh")[0].value == 3.0


def test_the_bar_shows_loss_bits_by_language_speed_share_of_the_peak_and_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    row = {"step": 5, "loss": 2.5, "tokens_per_s": 1000.0, "bits_per_byte": {"en": 1.5, "zh": 2.0}}
    with Bar(10, 0, show=True, peak=lambda speed: speed / 2000) as bar:
        bar.show({**row, "step": 4})
        bar.show({**row, "bits_per_byte": {}})
    shown = " ".join(capsys.readouterr().err.split())
    for words in ("5/10", "loss 2.500", "1000 tok/s", "50% of peak", "en 1.500 zh 2.000 bpb", "left"):
        assert words in shown
