#!/usr/bin/env bash
# Compares the embedding speed of this repository's library with that of its peers:
#
#     benches/peers/embed/run.sh PAPERS.jsonl [options]     (--help lists the options)
#
# `common/run.sh` describes the variables PEERS_WORK and PEERS_VENV.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../common/run.sh"
