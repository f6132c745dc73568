"""What the reader of homework on paper makes of photographs: sheets drawn as a pupil would photograph them, read, compared by line.

`python -m bench.education_photos [--font NAME=FILE …] [--seed 0] [--json]`, with the extra `ocr`. A sheet is drawn in a printed
font or in the fonts that are given (handwriting, say), then bent, turned, shaded, darkened and pressed. No pupil's hand is in it.
"""

import argparse
import io
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from duologue.packs.education.scan.work import UNSURE, read_work

SHEETS: dict[str, list[list[str]]] = {
    "en": [
        ["1. 3x + 5 = 20", "3x = 15", "x = 5", "2. 3/4 + 1/8 = 7/8"],
        ["1. 2(x - 3) = 10", "x - 3 = 5", "x = 8", "2. 12.5 cm"],
        ["area = 7 x 4 = 28", "The answer is 28 square cm", "45% of 80 = 36"],
    ],
    "zh": [
        ["1. 3x + 5 = 20", "3x = 15", "x = 5", "2. 答：小明有 12 个苹果"],
        ["解：设速度为 x 千米", "2x + 10 = 90", "x = 40", "答：每小时 40 千米"],
        ["长方形的面积是 28", "周长 = 22 厘米", "剩下 3/8"],
    ],
}
PRINTED = {
    "en": "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "zh": "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
}
Bend = Callable[[Image.Image, random.Random], Image.Image]


def draw_sheet(lines: list[str], font: ImageFont.FreeTypeFont, by_hand: bool, draw: random.Random) -> Image.Image:
    """A sheet of paper on a table, 1500 pixels wide; a hand keeps no line and no size."""
    sheet = Image.new("L", (1500, 220 + 190 * len(lines)), 250)
    for k, line in enumerate(lines):
        x = 110.0 + (draw.uniform(-20, 30) if by_hand else 0)
        for sign in line:
            y = 90 + 190 * k + (draw.uniform(-5, 5) if by_hand else 0)
            ImageDraw.Draw(sheet).text((x, y), sign, fill=40, font=font)
            x += font.getlength(sign) * (draw.uniform(0.98, 1.08) if by_hand else 1)
    return sheet


def turn(angle: float) -> Bend:
    return lambda sheet, _: sheet.rotate(angle, expand=True, fillcolor=150, resample=Image.Resampling.BICUBIC)


def slant(sheet: Image.Image, draw: random.Random) -> Image.Image:
    """Taken from one side: the far edge is shorter."""
    w, h = sheet.size
    a, b = draw.uniform(0.06, 0.12) * w, draw.uniform(0.02, 0.06) * h
    corners = [(a, b), (w - a * 0.4, 0), (w, h), (0, h - b)]
    rows, wanted = [], []
    for (x, y), (u, v) in zip(corners, [(0, 0), (w, 0), (w, h), (0, h)], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    how = np.linalg.solve(np.array(rows), np.array(wanted))
    return sheet.transform((w, h), Image.Transform.PERSPECTIVE, how.tolist(), Image.Resampling.BICUBIC, fillcolor=140)


def shade(sheet: Image.Image, draw: random.Random) -> Image.Image:
    """A hand's shadow: half of the sheet at under half the light, with a soft edge."""
    w, h = sheet.size
    mask = Image.new("L", (w, h), 255)
    x = draw.uniform(0.3, 0.6) * w
    ImageDraw.Draw(mask).polygon([(x, 0), (w, 0), (w, h), (x - 0.2 * w, h)], fill=105)
    return ImageChops.multiply(sheet, mask.filter(ImageFilter.GaussianBlur(40)))


def texture(sheet: Image.Image, draw: random.Random) -> Image.Image:
    """Squared paper, grain, and the sensor's noise."""
    lined = sheet.copy()
    for k in range(0, max(lined.size), 60):
        ImageDraw.Draw(lined).line([(k, 0), (k, lined.height)], fill=205, width=2)
        ImageDraw.Draw(lined).line([(0, k), (lined.width, k)], fill=205, width=2)
    lined = ImageChops.darker(sheet, lined)
    grain = np.random.default_rng(draw.randrange(10**6)).normal(0, 12, (lined.height, lined.width))
    return Image.fromarray(np.clip(np.asarray(lined, float) + grain, 0, 255).astype("uint8"))


def dim(sheet: Image.Image, draw: random.Random) -> Image.Image:
    """An evening lamp: a quarter of the light, and the noise that comes with it."""
    grain = np.random.default_rng(draw.randrange(10**6)).normal(0, 7, (sheet.height, sheet.width))
    return Image.fromarray(np.clip(np.asarray(sheet, float) * 0.25 + 8 + grain, 0, 255).astype("uint8"))


def blur(sheet: Image.Image, _: random.Random) -> Image.Image:
    return sheet.filter(ImageFilter.GaussianBlur(3))


CONDITIONS: dict[str, tuple[list[Bend], int]] = {
    "clean": ([], 90), "turned by 3°": ([turn(3)], 85), "turned by 10°": ([turn(-10)], 85), "on its side": ([turn(90)], 85),
    "on its other side": ([turn(-90)], 85), "upside down": ([turn(180)], 85), "from one side": ([slant], 85),
    "shadow": ([shade], 85), "squared paper, noise": ([texture], 85), "low light": ([dim], 85), "out of focus": ([blur], 85),
    "JPEG 20": ([], 20), "a kitchen table": ([texture, shade, slant, turn(3)], 50),
    "the same on its side": ([texture, shade, slant, turn(93)], 50),
}  # fmt: skip


def photograph(sheet: Image.Image, condition: str, draw: random.Random) -> bytes:
    """The sheet as a JPEG, as the condition wants it."""
    bends, quality = CONDITIONS[condition]
    for bend in bends:
        sheet = bend(sheet, draw)
    out = io.BytesIO()
    sheet.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def plain(text: str) -> str:
    """What is compared: no spaces, no difference between full and half width."""
    return "".join(text.split()).replace("：", ":").replace("＋", "+").replace("＝", "=").replace("（", "(").replace("）", ")")


def measure(fonts: dict[str, dict[str, str]], seed: int, only: str = "") -> Iterator[dict[str, object]]:
    """Lines read rightly by font, language and condition, and of those read wrongly the share marked as unsure or not found."""
    for name, files in fonts.items():
        for condition in CONDITIONS:
            if only and only != condition:
                continue
            right = n = warned = 0
            for lang, file in files.items():
                font = ImageFont.truetype(file, 84)
                for lines in SHEETS[lang]:
                    draw = random.Random(seed)
                    content = photograph(draw_sheet(lines, font, name != "printed", draw), condition, draw)
                    try:
                        found = read_work(content).lines
                    except Exception:  # nothing could be read: the learner is told so
                        found = ()
                    sure = {plain(one.text) for one in found if one.confidence >= UNSURE}
                    every = {plain(one.text) for one in found}
                    n += len(lines)
                    right += sum(plain(line) in every for line in lines)
                    warned += max(0, sum(plain(line) not in every for line in lines) - len(sure - {plain(line) for line in lines}))
            yield {"font": name, "condition": condition, "n": n, "right": right, "wrong": n - right, "wrong_not_sure": warned}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", action="append", default=[], help="NAME:LANG=FILE, such as hand:en=caveat.woff")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="one condition")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    fonts = {"printed": {lang: file for lang, file in PRINTED.items() if Path(file).is_file()}}
    for one in asked.font:
        name, _, file = one.partition("=")
        fonts.setdefault(name.partition(":")[0], {})[name.partition(":")[2] or "en"] = file
    for row in measure(fonts, asked.seed, asked.only):
        print(json.dumps(row, ensure_ascii=False) if asked.json else row, flush=True)


if __name__ == "__main__":
    main()
