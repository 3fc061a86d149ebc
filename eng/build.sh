#!/usr/bin/env bash
# Builds native and managed code, Release. Says what it does; shows the compilers' output only when they fail.
#   eng/build.sh [cli|all]     cli: what ./fovea runs (default); all: every project, tests included
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=eng/environment.sh
source "$root/eng/environment.sh"

what=${1:-cli}
case $what in
  cli) project=src/Fovea.Cli/Fovea.Cli.csproj ;;
  all) project=Fovea.slnx ;;
  *) say "usage: eng/build.sh [cli|all]"; exit 2 ;;
esac
mkdir -p "$root/obj"

# One build at a time in one checkout. The lock's descriptor is closed for every child (9>&-), so that none can hold it longer than the build.
if command -v flock >/dev/null; then
  exec 9>"$root/obj/build.lock"
  if ! flock -n 9; then
    say "waiting for another build in this folder"
    flock 9
  fi
else
  exec 9>/dev/null
fi
# The page first: the managed build copies it. Programs that are not the service need none.
[[ $what == cli ]] || "$root/eng/page.sh" 9>&-
is_stale "$what" || exit 0

"$root/eng/setup.sh" 9>&-

log=$root/obj/build.log
run() {
  local before
  before=$(wc -c <"$log")
  if ! "$@" </dev/null >>"$log" 2>&1 9>&-; then
    tail -c "+$((before + 1))" "$log" | tail -n 40 >&2
    return 1
  fi
}
: >"$log"
touch "$root/obj/build.started"

native=$root/native/build
# A cache made in another folder (a copied or moved checkout) cannot be used.
if [[ -f $native/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root/native" "$native/CMakeCache.txt"; then
  rm -rf -- "$native"
fi
say "building native code"
if [[ ! -f $native/build.ninja ]]; then
  run cmake -S "$root/native" -B "$native" -G Ninja -DCMAKE_BUILD_TYPE=Release ||
    die "CMake could not set up the native build; the lines above name what it did not find. docs/other-systems.md lists what to install."
fi
run cmake --build "$native" || die "the native build failed; the whole log is obj/build.log"

say "building managed code"
# New files, not new content in old ones: a training that is running has these mapped into its memory.
rm -rf -- "$root/src/Fovea.Cli/bin/Release" "$root/src/Fovea.Web/bin/Release"
run dotnet build "$root/$project" -c Release -v quiet -nologo -nodeReuse:false -p:UseSharedCompilation=false ||
  die "the managed build failed; the whole log is obj/build.log"

stamp() {
  printf '%s' "$root" >"$root/obj/$1.stamp"
  # What was edited while the build ran is not in it: then the stamp is as old as the build's start.
  [[ -z $(find "$root/src" "$root/native" "$root/tests" \( -name bin -o -name obj -o -name node_modules -o -path "$native" -o -path "$root/src/Fovea.Web/Page" \) -prune -o -type f -newer "$root/obj/build.started" -print -quit) ]] ||
    touch -r "$root/obj/build.started" "$root/obj/$1.stamp"
}
stamp cli
[[ $what == cli ]] || stamp all
