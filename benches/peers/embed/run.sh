#!/usr/bin/env bash
# Compares embedding by this repository's library with embedding by its peers:
#
#     benches/peers/embed/run.sh PAPERS.jsonl [options]     (--help lists the options)
#
# What PEERS_WORK and PEERS_VENV are for is said in `common/run.sh`.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../common/run.sh"
