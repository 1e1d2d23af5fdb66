#!/usr/bin/env bash
# Compares the embedding speed on models in the shapes of published ones:
#
#     benches/peers/embed/models.sh PAPERS.jsonl [options]     (--help lists the options)
#
# `common/run.sh` describes the variables PEERS_WORK and PEERS_VENV.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
entry=models.py
. "$here/../common/run.sh"
