#!/usr/bin/env bash
# APTOS 2019: the tables of the case study (S0) and of the multi-task replication (S1), with ours beside them.
#   results/aptos.sh FOLDER OUT [RECIPE …]
# FOLDER holds train.csv and train_images/ as Kaggle gives them. One split for all: 15 % (550 of the 3662) are the test part, copies of a picture are on one side, and the test part is looked at once by each
# recipe and by no choice. A run that was stopped goes on when the script is started again; one that is finished is left alone. Weights that a recipe names are got before with `fovea weights get NAME`.
#   FOVEA   the command; default ./fovea
#   EXTRA   more options of `fovea train`, e.g. EXTRA="--set training.epochs=1"
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
. "$here/table.sh"
folder=$1 out=$2
shift 2
[ $# -gt 0 ] || set -- s0-baseline s0-alexnet s0-vgg16 s0-vgg19 s0-densenet121 s0-resnet50 s0-resnet152 s0-inception-v3 s0-efficientnet-b0 s0-efficientnet-b3 s0-efficientnet-b4 s0-xception \
  s1-resnet50 s1-three-stage aptos-efficientnet-b3
table "aptos:$folder" "$out" .7,.15,.15 "$@"
