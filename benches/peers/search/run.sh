#!/usr/bin/env bash
# Compares exact search by this repository's library with search by its peers:
#
#     benches/peers/search/run.sh ROWS.npy [options]     (--help lists the options)
#
# What PEERS_WORK and PEERS_VENV are for is said in `common/run.sh`.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../common/run.sh"
