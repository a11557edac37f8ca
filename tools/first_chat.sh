#!/usr/bin/env bash
# A new user's first minutes, scripted: a fresh clone, `make chat`, something told, the process killed, and asked again.
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
home="$(mktemp -d)"
trap 'PMM_DATA="$home/data" "$home/pmm/.venv/bin/pmm" down >/dev/null 2>&1 || true; rm -rf "$home"' EXIT

git clone --quiet "$root" "$home/pmm"
cd "$home/pmm"
export PMM_DATA="$home/data"

echo 'my sister Ana moved to Porto in May' | make chat | tee "$home/first"
pid="$(.venv/bin/pmm status --json | .venv/bin/python -c 'import json, sys; print(json.load(sys.stdin)["pid"])')"
kill -9 "$pid"
echo 'what a fine morning' | make chat
echo 'where does my sister live?' | make chat | tee "$home/last"

grep -q 'PMM_INFERENCE__BACKEND' "$home/first" || { echo 'first_chat: the first answer does not say how to connect a model'; exit 1; }
grep -q 'Ana moved to Porto in May' "$home/last" || { echo 'first_chat: the sister was forgotten'; exit 1; }
grep -Eq '\[#[0-9]+, ' "$home/last" || { echo 'first_chat: the answer cites no source'; exit 1; }
echo 'first_chat: passed'
