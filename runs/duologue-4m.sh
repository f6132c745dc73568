#!/bin/sh
# The embedded model from open data to committed weights: it goes on from the weights that ship, then learns lessons.
#   DUOLOGUE_LM_DATA=DIR runs/duologue-4m.sh [WORK]
# DIR holds the data sets that the model card names. Stopped and started again, it goes on where it was. With FROM_NOTHING=1 a new
# model is pre-trained first (runs/duologue-4m-pretrain.yaml; set its steps by the time there is); with
# PREFER=1 it also learns from its own mistakes, which the shipped weights did not.
set -eu
runs=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-"$runs/../.venv/bin/python"}
shipped="$runs/../src/duologue/lm/weights/duologue-4m"
mkdir -p "${1:-build}/work" "${1:-build}/start"
cd "${1:-build}"
[ -f work/corpus/watch.json ] || "$python" "$runs/prepare_corpus.py" --out work/corpus --tokenizer "$shipped/tokenizer.json"
if [ ! -d start/duologue-4m ]; then
    if [ -n "${FROM_NOTHING:-}" ]; then
        "$python" "$runs/train_recipe.py" "$runs/duologue-4m-pretrain.yaml" --fast
        cp -r work/pretrain/model start/duologue-4m
    else
        cp -r "$shipped" start/duologue-4m
    fi
fi
measure() { "$python" "$runs/evaluate_model.py" --corpus work/corpus "$@"; }
"$python" "$runs/train_recipe.py" "$runs/duologue-4m-continue.yaml" --fast
"$python" "$runs/train_recipe.py" "$runs/duologue-4m-finetune.yaml" --fast
trained=work/finetune/model
if [ -n "${PREFER:-}" ]; then
    "$python" "$runs/write_pairs.py" --data "$DUOLOGUE_LM_DATA" --model work/finetune/model --out work/pairs.jsonl
    "$python" -m duologue prefer "$runs/duologue-4m-prefer.yaml"
    trained=work/prefer/model
fi
measure --model start/duologue-4m --out work/before.json
measure --model "$trained" --base work/continue/model --out work/scorecard.json
"$python" "$runs/ship_model.py" --model "$trained" --out "$shipped"
"$python" "$runs/write_card.py" --scorecard work/scorecard.json --before work/before.json --runs work \
    --out "$runs/../docs/model-cards/duologue-4m.md" "$shipped/README.md"
