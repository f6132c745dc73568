#!/bin/sh
# From text to a model that other programs load, on a CPU in minutes: tokenizer, pretraining, fine-tuning, preferences, evaluation,
# export, and transformers (extra `oracles`) running the result. The text is what this repository ships: the sample shop's pages.
#   runs/tiny.sh [FOLDER]        (build/tiny without one)
set -eu
runs=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-"$runs/../.venv/bin/python"}
case $python in */*) python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python") ;; esac
duologue() { "$python" -m duologue "$@"; }
mkdir -p "${1:-build/tiny}"
cd "${1:-build/tiny}"
rm -rf work
"$python" "$runs/tiny/data.py" texts
duologue pretrain "$runs/tiny/pretrain.yaml"
duologue finetune "$runs/tiny/finetune.yaml"
"$python" "$runs/tiny/data.py" pairs
duologue prefer "$runs/tiny/prefer.yaml"
duologue eval text --model work/prefer/model --data work/asked.jsonl
duologue export --model work/prefer/model --to work/export
"$python" "$runs/tiny/load.py"
