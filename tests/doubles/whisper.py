"""A real Whisper model that knows two sentences, learnt from the voice of espeak-ng: no text is canned.

`python -m tests.doubles.whisper` trains it anew in a quarter of a minute and writes it to the folder beside this file. It is kept
there because what is learnt differs from processor to processor. Training needs transformers (it holds the network while it learns)
and CTranslate2; running it needs faster-whisper; both need the program espeak-ng.
"""

import asyncio
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ctranslate2
import numpy as np
import torch
from faster_whisper.audio import decode_audio, pad_or_trim
from faster_whisper.feature_extractor import FeatureExtractor
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, WhisperConfig, WhisperForConditionalGeneration

from duologue.engine.espeak import EspeakSay

SENTENCES = {"en": "Where is my order?", "zh": "我的订单到哪了？"}
VARIANTS = 240
WHISPER = Path(__file__).with_name("whisper")
RATE, FRAMES_PER_SECOND = 16_000, 100
START, QUIET, END = "<|startoftranscript|>", "<|notimestamps|>", "<|endoftext|>"
SPECIAL = [END, START, "<|en|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", QUIET]
STAMPS = [f"<|{i * 0.02:.2f}|>" for i in range(1501)]


def say_sentences() -> dict[str, bytes]:
    """Both sentences as espeak-ng says them, as WAV files, by language."""
    with ThreadPoolExecutor(1) as thread:  # Playwright's loop may run in this one
        return {lang: thread.submit(asyncio.run, EspeakSay().say(text, lang)).result().audio for lang, text in SENTENCES.items()}


def train_whisper(made: Path, sounds: dict[str, bytes]) -> None:
    """Write a folder in CTranslate2's format that transcribes each sound (a WAV file) as its text."""
    torch.set_num_threads(1)
    tokenizer = _tokenizer(list(sounds))
    heard = [_variants(decode_audio(io.BytesIO(wav), sampling_rate=RATE)) for wav in sounds.values()]
    rows = [
        [tokenizer.token_to_id(START), tokenizer.token_to_id(QUIET), *tokenizer.encode(text, add_special_tokens=False).ids,
         tokenizer.token_to_id(END)]
        for text in sounds
    ]  # fmt: skip
    torch.manual_seed(0)
    short, whole = _network(tokenizer, 6), _network(tokenizer, 30)  # most is learnt on six seconds, which are cheap
    _learn(short, heard, rows, 6, 120)
    state = {k: v for k, v in short.state_dict().items() if "encoder.embed_positions" not in k}
    whole.load_state_dict(state, strict=False)
    _learn(whole, heard, rows, 30, 40)
    with TemporaryDirectory() as folder:
        whole.save_pretrained(folder)
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=END, eos_token=END, unk_token=END).save_pretrained(folder)
        Path(folder, "preprocessor_config.json").write_text(json.dumps({"feature_size": 80}), "utf-8")
        convert = ctranslate2.converters.TransformersConverter(folder, copy_files=["tokenizer.json", "preprocessor_config.json"])
        convert.convert(str(made), quantization="int8", force=True)


def _tokenizer(texts: list[str]) -> Tokenizer:
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts * 9, trainer)
    tokenizer.add_special_tokens([AddedToken(s, special=True) for s in (*SPECIAL, *STAMPS)])
    return tokenizer


def _network(tokenizer: Tokenizer, seconds: int) -> WhisperForConditionalGeneration:
    end = tokenizer.token_to_id(END)
    config = WhisperConfig(
        vocab_size=tokenizer.get_vocab_size(), num_mel_bins=80, encoder_layers=1, decoder_layers=1, d_model=64,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=128, decoder_ffn_dim=128,
        max_source_positions=seconds * FRAMES_PER_SECOND // 2, decoder_start_token_id=tokenizer.token_to_id(START),
        bos_token_id=end, eos_token_id=end, pad_token_id=end, suppress_tokens=None, begin_suppress_tokens=None,
    )  # fmt: skip
    return WhisperForConditionalGeneration(config)


def _variants(sound: Any) -> list[Any]:
    """Features of the same words said sooner or later, louder or softer, with noise: as a microphone hears them."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(VARIANTS):
        before, after = (np.zeros(int(rng.choice([0.3, 2.0]) * rng.uniform() * RATE), np.float32) for _ in range(2))
        whole = np.concatenate([before, sound * np.float32(rng.uniform(0.3, 1.2)), after])
        made.append(
            FeatureExtractor(feature_size=80)(whole + rng.normal(0, 10 ** rng.uniform(-5, -2.5), len(whole)).astype(np.float32))
        )
    return made


def _learn(network: Any, heard: list[list[Any]], rows: list[list[int]], seconds: int, until: int) -> None:
    """Until the loss was small `until` times in a row."""
    length = max(map(len, rows))
    given = torch.tensor([row + row[-1:] * (length - len(row)) for row in rows])[:, :-1]
    wanted = torch.tensor([row + [-100] * (length - len(row)) for row in rows])[:, 1:].clone()
    wanted[:, 0] = -100
    optimiser = torch.optim.AdamW(network.parameters(), 3e-3)
    good = 0
    for step in range(2400):
        features = torch.stack([torch.tensor(pad_or_trim(h[step % VARIANTS], seconds * FRAMES_PER_SECOND)) for h in heard])
        logits = network(input_features=features, decoder_input_ids=given).logits
        loss = torch.nn.functional.cross_entropy(logits.transpose(1, 2), wanted)
        good = good + 1 if loss.item() < 0.004 else 0
        if good == until:
            return
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    raise AssertionError("the small model did not learn its sentences")


if __name__ == "__main__":
    train_whisper(WHISPER, {SENTENCES[lang]: wav for lang, wav in say_sentences().items()})
