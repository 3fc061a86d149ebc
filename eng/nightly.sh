#!/usr/bin/env bash
# The gate with its long tests: training to a score, killing and resuming, memory over many steps. Hours rather than minutes.
set -euo pipefail
export FOVEA_NIGHTLY=1 FOVEA_TEST_LIMIT=${FOVEA_TEST_LIMIT:-14400}
exec "$(dirname -- "${BASH_SOURCE[0]}")/test.sh" "$@"
