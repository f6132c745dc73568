#!/bin/sh
# The embedded model from open data to committed weights: tokenizer, pre-training, fine-tuning, evaluation.
#   DUOLOGUE_LM_DATA=DIR runs/duologue-4m.sh [WORK]
# DIR holds the data sets that the model card names. Stopped and started again, it goes on where it was.
set -eu
runs=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-"$runs/../.venv/bin/python"}
mkdir -p "${1:-build}/work"
cd "${1:-build}"
[ -f work/corpus/watch.json ] || "$python" "$runs/prepare_corpus.py" --out work/corpus
"$python" "$runs/train_recipe.py" "$runs/duologue-4m-pretrain.yaml"
"$python" "$runs/train_recipe.py" "$runs/duologue-4m-finetune.yaml"
"$python" "$runs/train_recipe.py" "$runs/duologue-4m-finetune-2.yaml"
"$python" "$runs/evaluate_model.py" --model work/finetune-2/model --base work/pretrain/model --corpus work/corpus --out work/scorecard.json
"$python" "$runs/ship_model.py" --model work/finetune-2/model --out "$runs/../src/duologue/lm/weights/duologue-4m"
"$python" "$runs/write_card.py" --scorecard work/scorecard.json --runs work --out "$runs/../docs/model-cards/duologue-4m.md" \
    "$runs/../src/duologue/lm/weights/duologue-4m/README.md"
