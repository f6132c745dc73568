"""The support pack's models on public sets, each by its published protocol, through the same door as `duologue eval support`.

    python -m bench.support --data FOLDER [--only NAME …] [--encoder FOLDER] [--json]

FOLDER holds one folder per set (banking77, clinc150_oos, smp2019_zh_nlu, uss, zh_sentiment, sst2, amazon_s3rec, video_games_sasrec,
obd_fashion); a set that is absent is skipped with a line that says so. Where the authors' test part is not at hand, a fifth of the
training part is held out, chosen once by SEED. Nothing is tuned here. Knows only forms of files.
"""

import argparse
import csv
import gzip
import io
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from duologue.packs.support.encode import Encode
from duologue.packs.support.evaluate import run
from duologue.packs.support.evaluate.measure import row
from duologue.packs.support.recommend.interactions import Interactions
from duologue.packs.support.recommend.item_models import InSequence, ItemModel, ItemNeighbours, Popular
from duologue.packs.support.recommend.offpolicy import action_frequencies, doubly_robust, mean_rewards, snips

SEED = 7
Rows = list[dict[str, Any]]
Measured = Iterator[dict[str, Any]]


def read(path: Path) -> str:
    """A text file, gzipped or not. Raises FileNotFoundError."""
    packed = path.with_name(path.name + ".gz")
    return gzip.decompress(packed.read_bytes()).decode() if packed.exists() else path.read_text(encoding="utf-8")


def measure(task: str, train: Rows, test: Rows, encode: Encode | None, **about: Any) -> Measured:
    """Write the rows as a folder and evaluate it as anyone's."""
    with tempfile.TemporaryDirectory() as name:
        for part, rows in (("train", train), ("test", test)):
            if rows:
                lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                (Path(name) / f"{part}.jsonl").write_text(lines, encoding="utf-8")
        tasks = task.split(",")
        yield from ({**about, **found} for found in run(tasks, Path(name), encode))


def halves(n: int, seed: int = SEED) -> tuple[list[int], list[int]]:
    """Places of the training four fifths and of the held-out fifth."""
    order = np.random.RandomState(seed).permutation(n)
    return order[n // 5 :].tolist(), order[: n // 5].tolist()


def banking(data: Path, encode: Encode | None) -> Measured:
    """BANKING77: all four fifths."""
    rows, kept, test = bank_rows(data)
    yield from measure("intents", [rows[i] for i in kept], test, encode, set="banking77 full")


def bank_rows(data: Path) -> tuple[Rows, list[int], Rows]:
    """All rows, the places of four fifths, and the held-out fifth."""
    rows = [{"text": t, "intent": i} for t, i in list(csv.reader(io.StringIO(read(data / "banking77/train.csv"))))[1:]]
    kept, held = halves(len(rows))
    return rows, kept, [rows[i] for i in held]


def banking_few(data: Path, encode: Encode | None) -> Measured:
    """BANKING77 with 5 and 10 examples per intent, five draws each."""
    rows, kept, test = bank_rows(data)
    for shots in (5, 10):
        for seed in range(5):
            chosen = draw(rows, kept, shots, seed)
            yield from measure("intents", chosen, test, encode, set=f"banking77 {shots}-shot", seed=seed)


def draw(rows: Rows, places: Sequence[int], shots: int, seed: int) -> Rows:
    """So many rows of each intent."""
    seen: Counter[str] = Counter()
    out: Rows = []
    for i in np.random.RandomState(seed).permutation(places):
        name = rows[i]["intent"]
        if seen[name] < shots:
            seen[name] += 1
            out.append(rows[i])
    return out


def clinc(data: Path, encode: Encode | None) -> Measured:
    """CLINC150: in-scope fifth against the out-of-scope rows; learned without, then with, the 100 out-of-scope training rows."""
    found = json.loads(read(data / "clinc150_oos/data_full.json"))
    rows = [{"text": t, "intent": i} for t, i in found["train"]]
    strange = {part: [{"text": t, "intent": None} for t, _ in found[part]] for part in ("oos_train", "oos_val")}
    kept, held = halves(len(rows))
    train, test = [rows[i] for i in kept], [rows[i] for i in held]
    yield from measure("intents,oos", train, test + strange["oos_train"] + strange["oos_val"], encode, set="clinc150, no oos seen")
    yield from measure("oos", train + strange["oos_train"], test + strange["oos_val"], encode, set="clinc150, 100 oos seen")


def smp(data: Path, encode: Encode | None) -> Measured:
    """SMP2019: domain and intent as one label, repeats removed, classes of at least 5 rows, five folds."""
    found = {row["text"]: f"{row['domain']}/{row['intent']}" for row in json.loads(read(data / "smp2019_zh_nlu/train.json"))}
    sizes = Counter(found.values())
    rows = [{"text": t, "intent": i} for t, i in found.items() if sizes[i] >= 5]
    order = np.random.RandomState(SEED).permutation(len(rows))
    for fold in range(5):
        held = set(order[fold::5].tolist())
        parts = [row for i, row in enumerate(rows) if i not in held], [rows[i] for i in sorted(held)]
        yield from measure("intents", *parts, encode, set="smp2019", seed=fold)


def uss(data: Path, encode: Encode | None) -> Measured:
    """User satisfaction per turn, SGD and MultiWOZ: the mean of the judges, dialogues apart, five draws of a fifth."""
    for name in ("SGD", "MWOZ"):
        dialogues = [scored_turns(block) for block in read(data / f"uss/{name}.txt").strip("\n").split("\n\n")]
        for seed in range(SEED, SEED + 5):
            parts = [[row for i in places for row in dialogues[i]] for places in halves(len(dialogues), seed)]
            yield from measure("satisfaction", parts[0], parts[1], encode, set=f"uss {name}", seed=seed)


def scored_turns(block: str) -> Rows:
    """One row per scored user turn: the dialogue up to it."""
    said: list[dict[str, str]] = []
    rows: Rows = []
    for line in block.split("\n"):
        role, text, _, scores = (*line.split("\t"), "", "", "")[:4]
        if text == "OVERALL":
            continue
        said.append({"role": role.lower(), "text": text})
        if role == "USER" and scores:
            rows.append({"dialogue": list(said), "score": float(np.mean([float(s) for s in scores.split(",")]))})
    return rows


def sst2(data: Path, encode: Encode | None) -> Measured:
    """SST-2 with its own test part; the shipped default beside."""
    label = {"0": "negative", "1": "positive"}
    parts = []
    for name in ("train", "test"):
        lines = [line.rsplit("\t", 1) for line in read(data / f"sst2/{name}.tsv").splitlines()]
        parts.append([{"text": t, "label": label[one]} for t, one in lines if one in label])
    yield from measure("sentiment", parts[0], parts[1], encode, set="sst2")
    yield from measure("sentiment", [], parts[1], encode, set="sst2, shipped default")


def hotels(data: Path, encode: Encode | None) -> Measured:
    """ChnSentiCorp's hotel reviews: repeats removed, 80/20; the shipped default beside."""
    lines = list(csv.reader(io.StringIO(read(data / "zh_sentiment/ChnSentiCorp_htl_all.csv"))))[1:]
    unique = {text.strip(): one for one, text in lines if text.strip()}
    rows = [{"text": t, "label": "positive" if one == "1" else "negative"} for t, one in unique.items()]
    kept, held = halves(len(rows), 0)
    test = [rows[i] for i in held]
    yield from measure("sentiment", [rows[i] for i in kept], test, encode, set="hotel reviews")
    yield from measure("sentiment", [], test, encode, set="hotel reviews, shipped default")


def purchases(data: Path, name: str) -> tuple[Interactions, list[np.ndarray]]:
    """Histories without their last two events, and the whole ones, of persons with at least three."""
    found: dict[str, list[str]] = defaultdict(list)
    if name == "Video":
        for line in read(data / "video_games_sasrec/Video.txt").splitlines():
            user, item = line.split()
            found[user].append(item)
    else:
        for line in read(data / f"amazon_s3rec/{name}.txt").splitlines():
            user, *items = line.split()
            found[user] = items
    kept = {user: items for user, items in found.items() if len(items) >= 3}
    place = {item: i for i, item in enumerate(dict.fromkeys(i for items in kept.values() for i in items))}
    whole = [np.array([place[i] for i in items]) for items in kept.values()]
    return Interactions(list(kept), list(place), [h[:-2] for h in whole]), whole


def sequences(data: Path, encode: Encode | None) -> Measured:
    """Leave-one-out, strict: the two last events are never fitted, the last is sought given all before, ties count against."""
    for name in ("Beauty", "Video"):
        fitted, whole = purchases(data, name)
        models: list[ItemModel] = [InSequence(fitted), ItemNeighbours(fitted), Popular(fitted)]
        figures = {model.name: leave_one_out(model, whole) for model in models}
        for metric, place in (("ndcg@10", 0), ("hr@10", 1)):
            base = figures["popular"][place]
            for model_name in ("sequence", "neighbours"):
                value = figures[model_name][place]
                note = f"{model_name}; baseline: popular"
                yield {
                    "set": name,
                    "task": "recommend",
                    "metric": metric,
                    "value": value,
                    "baseline": base,
                    "n": len(whole),
                    "note": note,
                }


def strangers(data: Path, encode: Encode | None) -> Measured:
    """A fifth of the persons are new, chosen once by SEED: nothing but their last event is known, and it is sought."""
    for name in ("Beauty", "Video"):
        _, whole = purchases(data, name)
        kept = set(halves(len(whole))[0])
        events = [{"user": str(u), "item": str(i), "timestamp": n} for u, h in enumerate(whole) for n, i in enumerate(h.tolist())]
        last = {str(u): len(h) - 1 for u, h in enumerate(whole)}
        train = [one for one in events if int(one["user"]) in kept and one["timestamp"] < last[one["user"]]]
        test = [one for one in events if one["timestamp"] == last[one["user"]]]
        yield from measure("recommend", train, test, None, set=f"{name}, a fifth of the persons new")


def leave_one_out(model: ItemModel, whole: Sequence[np.ndarray]) -> tuple[float, float]:
    """NDCG@10 and hit rate over all persons."""
    gain = hits = 0.0
    for start in range(0, len(whole), 512):
        part = whole[start : start + 512]
        scores = model.scores([h[:-1] for h in part])
        for line, history in zip(scores, part, strict=True):
            wanted = line[history[-1]]
            line[history[:-1]] = -np.inf
            rank = int((line >= wanted).sum())
            if 1 <= rank <= 10 and history[-1] not in history[:-1]:
                gain, hits = gain + 1 / np.log2(rank + 1), hits + 1
    return float(gain / len(whole)), hits / len(whole)


def bandit(data: Path, encode: Encode | None) -> Measured:
    """Open Bandit, women: the Thompson policy's value told from the random policy's log, beside what it really earned."""
    logs = {name: list(csv.DictReader(io.StringIO(read(data / f"obd_fashion/{name}_women.csv")))) for name in ("random", "bts")}
    columns = {
        name: [np.array([float(row[c]) for row in rows]) for c in ("item_id", "position", "click", "propensity_score")]
        for name, rows in logs.items()
    }
    item, place, click, propensity = columns["random"]
    actions, places = item.astype(int), place.astype(int) - int(place.min())
    count = int(max(item.max(), columns["bts"][0].max())) + 1
    shown = action_frequencies(columns["bts"][0].astype(int), columns["bts"][1].astype(int) - int(place.min()), count)
    target = shown[places, actions]
    model = mean_rewards(actions, click, count)
    earned = float(columns["bts"][2].mean())
    for metric, found in (
        ("snips", snips(click, propensity, target)),
        ("dr", doubly_robust(click, propensity, target, model[actions], shown[places] @ model)),
        ("on_policy_random", snips(click, propensity, propensity)),
    ):
        spread = f"95 % interval {found.low:.4f}–{found.high:.4f}, {found.effective:.0f} effective rounds"
        note = f"{spread}; baseline: what the policy itself earned"
        base = earned if metric != "on_policy_random" else float(click.mean())
        yield {"set": "open bandit", **row("recommend", metric, found.value, base, found.n, note)}


PROTOCOLS: dict[str, Callable[[Path, Encode | None], Measured]] = {
    "banking77": banking, "banking77_few": banking_few, "clinc150": clinc, "smp2019": smp, "uss": uss, "sst2": sst2,
    "hotels": hotels, "sequences": sequences, "strangers": strangers, "bandit": bandit,
}  # fmt: skip


def main() -> None:
    """Print one JSON object per figure, then the mean and standard deviation over draws."""
    parser = argparse.ArgumentParser(description="The support pack's models on public sets.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=sorted(PROTOCOLS), default=list(PROTOCOLS))
    parser.add_argument("--encoder", type=Path, help="folder of an encoder, static or with attention; without it, terms alone")
    options = parser.parse_args()
    encode: Encode | None = None
    if options.encoder:
        from duologue.lm.vectors.attentive_model import ENGLISH_SHARE, AttentiveModel
        from duologue.lm.vectors.static_model import StaticModel

        is_static = '"attentive"' not in (options.encoder / "config.json").read_text(encoding="utf-8")
        encode = StaticModel.load(options.encoder) if is_static else AttentiveModel.load(options.encoder).mix(ENGLISH_SHARE)
    for name in options.only:
        drawn: dict[tuple[str, str], list[float]] = defaultdict(list)
        try:
            for found in PROTOCOLS[name](options.data, encode):
                print(json.dumps(found, ensure_ascii=False), flush=True)
                if "seed" in found and found["value"] is not None:
                    drawn[found["set"], found["metric"]].append(found["value"])
        except FileNotFoundError as error:
            print(json.dumps({"set": name, "skipped": f"{Path(str(error.filename)).name} is not in the data folder"}), flush=True)
        for (of, metric), values in drawn.items():
            spread = {
                "set": of,
                "metric": metric,
                "mean": round(float(np.mean(values)), 4),
                "sd": round(float(np.std(values, ddof=1)), 4),
            }
            print(json.dumps({**spread, "draws": len(values)}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
