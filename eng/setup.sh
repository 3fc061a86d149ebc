#!/usr/bin/env bash
# Installs what building and running Fovea needs from the distribution's packages. Prints what; does nothing where nothing is missing.
#   eng/setup.sh [--with-oracles]     --with-oracles adds the Python packages that make parity fixtures and side-by-side benchmarks
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=eng/environment.sh
source "$root/eng/environment.sh"

packages=()
while read -r package _; do
  # Somebody who points CMake at a libtorch of their own (pip's wheel, a CUDA build) does not want the distribution's beside it.
  [[ -n ${CMAKE_PREFIX_PATH:-}${Torch_DIR:-} && ( $package == libtorch-dev || $package == libgloo-dev ) ]] || packages+=("$package")
done <"$root/eng/packages.txt"
case ${1:-} in
  --with-oracles) packages+=(python3-torch python3-torchvision python3-opencv python3-sklearn) ;;
  "") ;;
  *) say "usage: eng/setup.sh [--with-oracles]"; exit 2 ;;
esac

if ! command -v dotnet >/dev/null || ! dotnet --list-sdks | grep -q '^10\.'; then
  die "the .NET 10 SDK is missing. Install it (https://dotnet.microsoft.com/download/dotnet/10.0), then run this again."
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  # Another system: its package manager is not ours to drive. CMake says below which library it cannot find; the tools are checked here.
  missing=()
  for tool in c++ cmake ninja; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  [[ ${#missing[@]} -eq 0 ]] || die "missing: ${missing[*]}. This system has no apt-get, so nothing was installed." \
    "Install a C++17 compiler, CMake 3.18 or newer, Ninja, libtorch 1.13 or 2.x, OpenCV 4 (with GDCM for DICOM); docs/other-systems.md has the commands."
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

sudo=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || die "missing packages: ${missing[*]}. Ask an administrator for: apt-get install --no-install-recommends ${missing[*]}"
  sudo=(sudo)
fi
mkdir -p "$root/obj"
log=$root/obj/setup.log
apt() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 "$@" </dev/null >>"$log" 2>&1; }
: >"$log"
say "installing from the distribution's packages: ${missing[*]} (some minutes; log in obj/setup.log)"
# An update may fail for a source that has nothing to do with us; the install says whether it mattered.
apt update || say "apt-get update reported errors; going on with the lists there are"
if ! apt install --no-install-recommends "${missing[@]}"; then
  tail -n 20 "$log" >&2
  die "apt-get could not install: ${missing[*]}. The lines above say why; where the distribution has no such package, see docs/other-systems.md."
fi
