"""The last step of `runs/tiny.sh`: transformers loads the export and writes what we write, token by token."""

import sys
from pathlib import Path

try:
    from transformers import AutoModelForCausalLM, AutoTokenizer
except ModuleNotFoundError:
    sys.exit("transformers is not installed; the export lies in work/export (pip install 'duologue[oracles]' to run this step).")

from duologue.lm.writing.ask import Model
from duologue.lm.writing.decode import Decoding

folder = Path("work/export")
ours, theirs, words = Model(folder), AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
for question in ("How long does delivery take?", "多久能送到？"):
    talk = [{"role": "user", "content": question}]
    given = words.apply_chat_template(talk, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    written = theirs.generate(**given, max_new_tokens=24, do_sample=False)[0, given.input_ids.size(1) :]
    text = words.decode(written, skip_special_tokens=True)
    (ours_text,) = ours.answer(ours.read_chat(talk), Decoding(max_new_tokens=24))["texts"]
    if text != ours_text:
        sys.exit(f"transformers writes {text!r}, this program {ours_text!r}")
    print(f"transformers and we, alike: {question} → {text}")
