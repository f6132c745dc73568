"""Whether a request can be answered by this model, and what is asked in it: checked before anything is held for it."""

from dataclasses import dataclass

from duologue.engine.grammar import Grammars, describe_tools
from duologue.engine.prompt import Prompts
from duologue.engine.protocol import Constraint, GenerationRequest
from duologue.engine.runner import Runner
from duologue.kit.errors import Invalid

MOST_ANSWERS = 64


@dataclass(frozen=True, slots=True)
class Read:
    """A request as this model reads it; `room` is how many tokens may be written."""

    prompt: list[int]
    room: int
    adapter: int
    constraint: Constraint | None


def read_request(request: GenerationRequest, prompts: Prompts, runner: Runner, grammars: Grammars) -> Read:
    """Read and check a request. Raises Invalid with detail `param` for what this model cannot do."""
    prompt, context = prompts.read(request), runner.config.context
    if len(prompt) + bool(request.max_tokens) > context:
        sentence = f"The prompt has {len(prompt)} tokens, this model reads {context} with its answer; give it less."
        raise Invalid(sentence, prompt_tokens=len(prompt), context_tokens=context)
    if request.beams > 1:
        _check_beams(request)
    size, r = runner.config.vocab_size, request
    for param, is_wrong, rule in (
        ("max_tokens", r.max_tokens < 0, "at least 0"),
        ("n", not 1 <= r.n <= MOST_ANSWERS, f"between 1 and {MOST_ANSWERS}"),
        ("beams", not 1 <= r.beams <= MOST_ANSWERS, f"between 1 and {MOST_ANSWERS}"),
        ("temperature", r.temperature < 0, "at least 0"),
        ("top_k", r.top_k < 0, "at least 0"),
        ("top_p", not 0 < r.top_p <= 1, "above 0 and at most 1"),
        ("min_p", not 0 <= r.min_p <= 1, "between 0 and 1"),
        ("repetition_penalty", not 0.01 <= r.repetition_penalty <= 100, "between 0.01 and 100"),
        ("logit_bias", any(not 0 <= t < size for t in r.logit_bias), f"for tokens from 0 to {size - 1}"),
    ):
        if is_wrong:
            raise Invalid(f"{param} must be {rule}.", param=param)
    constraint, is_call = r.constraint, r.prompt is None and bool(r.tools) and r.tool_choice == "required"
    if is_call:
        constraint = Constraint("json_schema", describe_tools(r.tools, r.tool_name))
    if constraint is not None:
        try:
            grammars.guide(constraint)
        except Invalid as error:
            raise Invalid(error.message, param="tools" if is_call else "constraint") from error
    room = min(request.max_tokens, context - len(prompt))
    return Read(prompt, room, runner.adapters.number(request.adapter), constraint)


def _check_beams(request: GenerationRequest) -> None:
    for param, is_asked in (
        ("temperature", request.temperature > 0),
        ("n", request.n > request.beams),
        ("constraint", request.constraint is not None),
        ("tools", bool(request.tools) and request.tool_choice != "none"),
        ("logprobs", request.logprobs is not None),
        ("max_tokens", request.max_tokens == 0),
    ):
        if is_asked:
            raise Invalid(f"Beam search cannot be combined with this value of {param}; leave beams out.", param=param)
