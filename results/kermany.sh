#!/usr/bin/env bash
# Kermany 2018, OCT: the table of the OCT classifiers (S2).
#   results/kermany.sh FOLDER OUT [RECIPE …]
# FOLDER holds CNV/, DME/, DRUSEN/ and NORMAL/, or train/, val/ and test/ above them. All scans are divided anew, 15 % to test: a patient's scans, and copies of a picture, are on one side, which they are
# not in the published parts. The test part is looked at once by each recipe and by no choice. Started again, it goes on where it was stopped.
#   FOVEA   the command; default ./fovea
#   EXTRA   more options of `fovea train`, e.g. EXTRA="--set training.epochs=1"
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
. "$here/table.sh"
folder=$1 out=$2
shift 2
[ $# -gt 0 ] || set -- s2-cnn3 s2-cnn7 s2-vgg16 s2-resnet50 s2-densenet121
table "kermany:$folder" "$out" .7225,.1275,.15 "$@"
