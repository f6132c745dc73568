#!/bin/sh
# Trains the static sentence encoder that comes with the program: one thread, half an hour or less, no GPU, 2 GB of memory.
# Usage: runs/encoder.sh <data folder with lm/ and support/> [output folder]
set -eu
data=$1
out=${2:-src/duologue/lm/weights/encoder}
exec nice -n 10 .venv/bin/python -m duologue.lm.vectors.static_encoder --data "$data" --out "$out" --steps 12400 --threads 1
