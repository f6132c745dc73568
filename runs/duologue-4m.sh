#!/bin/sh
# The embedded model from open data to committed weights: it goes on from the weights that ship, then learns lessons.
#   DUOLOGUE_LM_DATA=DIR runs/duologue-4m.sh [WORK]
# DIR holds the data sets that the model card names. Stopped and started again, it goes on where it was. With FROM_NOTHING=1 a new
# model is pre-trained first (runs/duologue-4m-pretrain.yaml; set its steps by the time there is); with PREFER=1 it also learns from its
# own mistakes, after which it says "not in the text" too often. It needs a C++ compiler, or `compile: false` in the recipes.
set -eu
runs=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-"$runs/../.venv/bin/python"}
duologue() { "$python" -m duologue "$@"; }
shipped="$runs/../src/duologue/lm/weights/duologue-4m"
mkdir -p "${1:-build}/work" "${1:-build}/start"
cd "${1:-build}"
[ -f work/corpus/watch.json ] || "$python" "$runs/prepare_corpus.py" --out work/corpus \
    --tokenizer "$shipped/tokenizer.json" --without-synthetic --scale 2.5
if [ ! -d start/duologue-4m ]; then
    if [ -n "${FROM_NOTHING:-}" ]; then
        duologue pretrain "$runs/duologue-4m-pretrain.yaml"
        cp -r work/pretrain/model start/duologue-4m
    else
        cp -r "$shipped" start/duologue-4m
    fi
fi
measure() { "$python" "$runs/evaluate_model.py" --corpus work/corpus "$@"; }
duologue pretrain "$runs/duologue-4m-continue.yaml"
duologue finetune "$runs/duologue-4m-finetune.yaml"
trained=work/finetune/model
if [ -n "${PREFER:-}" ]; then
    "$python" "$runs/write_pairs.py" --data "$DUOLOGUE_LM_DATA" --model work/finetune/model --out work/pairs.jsonl
    duologue prefer "$runs/duologue-4m-prefer.yaml"
    trained=work/prefer/model
fi
measure --model start/duologue-4m --out work/before.json
measure --model "$trained" --base work/continue/model --out work/scorecard.json
"$python" "$runs/ship_model.py" --model "$trained" --out "$shipped"
"$python" "$runs/write_card.py" --scorecard work/scorecard.json --before work/before.json --runs work \
    --out "$runs/../docs/model-cards/duologue-4m.md" "$shipped/README.md"
