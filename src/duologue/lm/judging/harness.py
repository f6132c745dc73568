"""A model of ours behind lm-evaluation-harness: the three questions that its tasks ask, answered by our scoring and writing.

Source of the contract: Gao et al., "A framework for few-shot language model evaluation" (lm-eval), `lm_eval.api.model.LM`.
"""

from pathlib import Path
from typing import Any

from duologue.kit.errors import Invalid, SetupError
from duologue.lm.writing.ask import Model, cut_at_stop
from duologue.lm.writing.decode import Decoding
from duologue.lm.writing.score import split_off, token_logprobs


def make_harness_model(model: Model) -> Any:
    """The model as an `lm_eval.api.model.LM`. Raises SetupError where the harness is not installed."""
    try:
        from lm_eval.api.model import LM  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ModuleNotFoundError as error:
        raise SetupError(f"{error.name} is not installed; install the extra: pip install 'duologue[lm-eval]'.") from error

    class Harnessed(LM):  # type: ignore[misc,unused-ignore]
        """Three questions, each a list of requests."""

        def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
            """Of each (context, continuation): its log-probability, and whether greedy writing would give it."""
            return [_likelihood(model, *request.args) for request in requests]

        def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[float]:
            """Of each text: its log-probability, every token scored once with as much context as fits."""
            return [float(model.score(request.args[0])["logprob"]) for request in requests]

        def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
            """Of each (context, rules): what is written until a stop string."""
            return [_until(model, *request.args) for request in requests]

        @property
        def tokenizer_name(self) -> str:
            """A name for the harness's caches."""
            return "duologue"

        def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
            """Not offered: our chat format has tokens that no text can spell."""
            raise Invalid("Chat templates are not handed to the harness; run its tasks as plain text.")

    return Harnessed()


def run_harness(folder: Path, tasks: list[Any], limit: int | None = None, num_fewshot: int | None = None) -> list[dict[str, Any]]:
    """Run tasks of the harness (names or task objects); a row per metric.

    Raises SetupError without the harness, Invalid for a task that it lacks or whose data cannot be had.
    """
    harnessed = make_harness_model(Model(folder))
    from lm_eval import simple_evaluate  # type: ignore[import-not-found,import-untyped,unused-ignore]

    try:
        found = simple_evaluate(model=harnessed, tasks=tasks, limit=limit, num_fewshot=num_fewshot, bootstrap_iters=0)
    except (KeyError, OSError, ValueError, ConnectionError) as error:
        raise Invalid(f"lm-evaluation-harness cannot run {', '.join(map(str, tasks))}: {error}.") from error
    rows = []
    for task, figures in found["results"].items():
        n = found.get("n-samples", {}).get(task, {}).get("effective", 0)
        for name, value in figures.items():
            metric, _, kind = name.partition(",")
            if isinstance(value, float) and not metric.endswith("_stderr"):
                rows.append({"task": task, "metric": metric, "value": value, "baseline": None, "n": n, "note": kind})
    return rows


def _likelihood(model: Model, context: str, continuation: str) -> tuple[float, bool]:
    before = [*model.tokenizer.dialect.begin, *model.tokenizer.encode(context)]
    ids = split_off(model.tokenizer, context, continuation)
    if not before:  # a model without a beginning token reads the first token only
        before, ids = ids[:1], ids[1:]
    if not ids:
        return 0.0, True
    room = model.network.config.context
    before = before[-max(1, room - len(ids)) :]
    import torch

    whole = [*before, *ids]
    with torch.no_grad():
        logprob = float(token_logprobs(model.network, whole, len(before)).double().sum())
        if len(whole) - 1 > room:
            return logprob, False
        likeliest = model.network(torch.tensor([whole[:-1]]))[0, len(before) - 1 :].argmax(-1).tolist()
    return logprob, likeliest == ids


def _until(model: Model, context: str, rules: dict[str, Any]) -> str:
    stops = rules.get("until") or []
    stops = [stops] if isinstance(stops, str) else list(stops)
    length = int(rules.get("max_gen_toks", rules.get("max_new_tokens", 128)))
    ids = model.read(context)
    room = model.network.config.context
    length = min(length, room // 2)
    kept = ids if len(ids) + length <= room else [*model.tokenizer.dialect.begin, *ids[-(room - length - 1) :]]
    temperature = float(rules.get("temperature", 0.0)) if rules.get("do_sample") else 0.0
    (text,) = model.answer(kept, Decoding(max_new_tokens=length, temperature=temperature), stops)["texts"]
    return cut_at_stop(text, stops)[0]
