#!/usr/bin/env bash
# Prints the first Python on PATH that is 3.11 or newer and can make virtual environments.
set -euo pipefail

for python in "${PYTHON:-python3}" python3.11 python3.12 python3.13; do
  if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2> /dev/null
  then
    echo "$python"
    exit 0
  fi
done
echo "Orquestra needs Python 3.11 or newer with its venv module; none is on PATH." \
  "On Debian and Ubuntu: sudo apt-get install python3.11 python3.11-venv." >&2
exit 1
