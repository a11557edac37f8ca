#!/bin/sh
# Print the Python to install PMM with: of those on the PATH that are new enough and make virtual environments, the one
# that runs Python fastest. One built with profile-guided optimization answers a turn a fifth sooner than one without
# (docs/performance.md), and nothing that all interpreters tell of themselves says how they were built. One without
# Python.h comes last: compiled parts cannot be built for it.
set -uf

PROBE='
import sys
assert sys.version_info >= (3, 11)
import ensurepip, pathlib, sysconfig, time, venv

class Sum:
    def __init__(self, value):
        self.value = value
    def plus(self, other):
        return Sum(self.value + other.value)

def elapsed():
    start = time.perf_counter()
    total, seen = Sum(0), {}
    for number in range(20_000):
        total = total.plus(Sum(number))
        seen[str(number)] = (number, total.value)
    return time.perf_counter() - start

has_headers = pathlib.Path(sysconfig.get_path("include"), "Python.h").exists()
print(0 if has_headers else 1, int(1e6 * min(elapsed() for _ in range(9))), sys.executable)
'

IFS=:
for folder in $PATH; do
    for name in python3.13 python3.12 python3.11 python3 python; do
        [ -x "$folder/$name" ] && "$folder/$name" -c "$PROBE" 2>/dev/null
    done
done | sort -n -k 1,1 -k 2,2 | head -n 1 | cut -d " " -f 3-
