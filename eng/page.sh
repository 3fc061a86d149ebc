#!/usr/bin/env bash
# Builds the screening service's page from src/Fovea.Web/Page into src/Fovea.Web/wwwroot, when its sources changed. Type errors fail it.
# Without npm the page is left out, and the service says so; with FOVEA_REQUIRE_BROWSER=1, as in continuous integration, that is an error.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=eng/environment.sh
source "$root/eng/environment.sh"
page=$root/src/Fovea.Web/Page
out=$root/src/Fovea.Web/wwwroot
stamp=$root/obj/page.stamp
log=$root/obj/page.log

is_current() {
  [[ -f $stamp && -f $out/index.html ]] && [[ -z $(find "$page" "$root/eng/page.sh" -name node_modules -prune -o -newer "$stamp" -print -quit) ]]
}
is_current && exit 0

mkdir -p "$root/obj"
if command -v flock >/dev/null; then
  exec 8>"$root/obj/page.lock"
  flock 8
  is_current && exit 0
fi

without() {
  [[ -z ${FOVEA_REQUIRE_BROWSER:-} ]] || die "$1"
  say "$1 The service will run without its page."
  exit 0
}
command -v npm >/dev/null || without "npm is missing; install Node.js 20 or newer."

say "building the page"
: >"$log"
touch "$root/obj/page.started"
packages=$page/node_modules/.fovea-stamp
if [[ ! -f $packages || $page/package-lock.json -nt $packages ]]; then
  (cd "$page" && npm ci --ignore-scripts) </dev/null >>"$log" 2>&1 8>&- || without "npm could not install the packages of src/Fovea.Web/Page (obj/page.log says why)."
  touch "$packages"
fi
cd -- "$page"
{ node_modules/.bin/tsc && node build.mjs "$out"; } </dev/null >>"$log" 2>&1 8>&- || { tail -n 40 "$log" >&2; die "the page's build failed; the whole log is obj/page.log"; }
touch -r "$root/obj/page.started" "$stamp"
