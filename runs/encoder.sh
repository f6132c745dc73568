#!/bin/sh
# Trains the static sentence encoder that comes with the program: one thread, about half an hour, no GPU.
# Usage: runs/encoder.sh <data folder with lm/ and support/> [output folder]
set -eu
data=$1
out=${2:-src/duologue/lm/weights/encoder}
exec nice -n 10 .venv/bin/python -m duologue.lm.static_encoder --data "$data" --out "$out" --minutes 22 --threads 1
