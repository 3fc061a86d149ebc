#!/usr/bin/env bash
# The gate: sets up, builds Release once, checks the repository's text, runs every test. CI and people call the same script.
#   eng/test.sh [PROJECT…]     PROJECT: a folder of tests/ (default: all of them)
# Last line: "N passed, N failed, N skipped". Exit 0 only when tests ran and none failed.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=eng/environment.sh
source "$root/eng/environment.sh"
cd -- "$root"

./eng/browser.sh
./eng/build.sh all

passed=0 failed=0 skipped=0

# Nothing in the repository may depend on one machine or name where packages come from.
if found=$(grep -rnIE '(^|[^A-Za-z0-9_.])/(work|farm|home|root|Users)/|https?://[^ ")]*(npm|nuget|debian|pypi)' . \
  --exclude=.git --exclude-dir=.git --exclude-dir=bin --exclude-dir=obj --exclude-dir=build --exclude-dir=runs --exclude-dir=node_modules --exclude-dir=wwwroot); then
  printf 'These lines name a path of one machine or a registry host:\n%s\n' "$found"
  failed=$((failed + 1))
fi

projects=("$@")
[[ $# -gt 0 ]] || projects=($(cd tests && ls -d Fovea*.Tests))
# Far more than any assembly needs, so that a deadlock ends the gate and not the day.
limit=${FOVEA_TEST_LIMIT:-900}
for project in "${projects[@]}"; do
  started=$SECONDS
  log=obj/$project.log dump=$root/obj/$project.crash
  status=0
  rm -f "$dump"*
  DOTNET_DbgEnableMiniDump=1 DOTNET_DbgMiniDumpType=1 DOTNET_EnableCrashReport=1 DOTNET_DbgMiniDumpName=$dump.%p timeout --kill-after=10 "$limit" \
    dotnet "tests/$project/bin/Release/net10.0/$project.dll" -noLogo -noColor -reporter verbose -longRunning 120 </dev/null >"$log" 2>&1 || status=$?
  # "   Fovea.Tests  Total: 12, Errors: 0, Failed: 0, Skipped: 1, Not Run: 0, Time: 0.2s"
  # An assembly without a test says only "Total: 0".
  summary=$(grep -E '^ *[^ ]+ +Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$log" | tail -n 1 || true)
  if [[ $summary =~ Total:\ ([0-9]+),\ Errors:\ ([0-9]+),\ Failed:\ ([0-9]+),\ Skipped:\ ([0-9]+),\ Not\ Run:\ ([0-9]+) ]]; then
    total=${BASH_REMATCH[1]} bad=$((BASH_REMATCH[2] + BASH_REMATCH[3])) skip=${BASH_REMATCH[4]} omitted=${BASH_REMATCH[5]}
    good=$((total - BASH_REMATCH[3] - skip - omitted))
    # A runner that says all is well and exits otherwise has not run all.
    [[ $status -eq 0 || $bad -gt 0 ]] || bad=1
  else
    # No test, a crash, or the limit: whatever it had done by then proves nothing.
    good=0 bad=1 skip=0
  fi
  [[ $bad -eq 0 ]] && grep -A1 -E '\[SKIP\]' "$log" || true
  if [[ $bad -gt 0 ]]; then
    grep -vE '\[(STARTING|FINISHED)\]' "$log" || true
    # The program's own report, not that of a process which a test kills.
    [[ $status -lt 124 ]] || ./eng/crash.sh "$log" "$(grep -lF "\"process_name\": \"$project.dll\"" "$dump".*.json 2>/dev/null | head -n 1 || true)"
    [[ $status -ne 124 && $status -ne 137 ]] || echo "$project was stopped after $limit s"
  fi
  echo "$project: $good passed, $bad failed, $skip skipped in $((SECONDS - started)) s"
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
done

status=0
[[ $failed -eq 0 ]] || status=1
if [[ $((passed + failed)) -eq 0 ]]; then
  echo "No test ran."
  status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
