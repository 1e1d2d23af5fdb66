#!/usr/bin/env bash
# Compares the speed of this repository's exact search with that of its peers:
#
#     benches/peers/search/run.sh ROWS.npy [options]     (--help lists the options)
#
# `common/run.sh` describes the variables PEERS_WORK and PEERS_VENV.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../common/run.sh"
