#!/usr/bin/env bash
# What the tests of the pages need: the distribution's Chromium, and playwright-core, axe-core and pdfjs-dist by npm. Does nothing where nothing is missing.
# Without npm those tests are skipped and say so; with FOVEA_REQUIRE_BROWSER=1, as in continuous integration, that is an error.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=eng/environment.sh
source "$root/eng/environment.sh"

without() {
  [[ -z ${FOVEA_REQUIRE_BROWSER:-} ]] || die "$1"
  say "$1 The tests of the pages will be skipped."
  exit 0
}

command -v npm >/dev/null || without "npm is missing; install Node.js 20 or newer."
mkdir -p "$root/obj"
if ! command -v chromium >/dev/null; then
  command -v apt-get >/dev/null || without "Chromium is missing, and this system has no apt-get."
  sudo=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || without "Chromium is missing; ask an administrator for: apt-get install chromium"
    sudo=(sudo)
  fi
  say "installing Chromium from the distribution's packages (log in obj/browser.log)"
  install() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 install --no-install-recommends chromium </dev/null >>"$root/obj/browser.log" 2>&1; }
  install || { "${sudo[@]}" apt-get -q update </dev/null >>"$root/obj/browser.log" 2>&1 || true; install; } || without "apt-get could not install Chromium (obj/browser.log says why)."
fi
for pages in "$root/tests/report-page" "$root/tests/screening-page"; do
  stamp=$pages/node_modules/.fovea-stamp
  [[ ! -f $stamp || $pages/package-lock.json -nt $stamp ]] || continue
  (cd "$pages" && npm ci --ignore-scripts --omit=optional) </dev/null >>"$root/obj/browser.log" 2>&1 || without "npm could not install the packages of $pages (obj/browser.log says why)."
  touch "$stamp"
done
