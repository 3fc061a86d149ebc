# What aptos.sh and kermany.sh have in common: one split, each recipe trained and measured on it, ensembles that fit nothing, one table.

# table DATA OUT FRACTIONS RECIPE…
table() {
  local data=$1 out=$2 fractions=$3 fovea=${FOVEA:-"$(dirname "${BASH_SOURCE[0]}")/../fovea"} recipe runs=() tables=()
  shift 3
  mkdir -p "$out"
  [ -f "$out/split.csv" ] || $fovea data split --all --data "$data" --fractions "$fractions" --out "$out/split.csv"
  for recipe; do
    local run=$out/$(basename "$recipe" .json) resume=()
    if [ ! -f "$run/model.fovea" ]; then
      [ ! -d "$run" ] || resume=(--resume)
      $fovea train --recipe "$recipe" --data "$data" --split "$out/split.csv" --out "$run" "${resume[@]}" ${EXTRA:-}
    fi
    runs+=("$run")
    tables+=("$run/predictions.csv")
  done
  [ ${#runs[@]} -gt 1 ] || return 0
  for method in vote mean; do
    $fovea ensemble --predictions "${tables[@]}" --method $method --out "$out/ensemble-$method" >/dev/null
    runs+=("$out/ensemble-$method")
  done
  $fovea compare "${runs[@]}" --html "$out/table.html" | tee "$out/table.txt"
}
