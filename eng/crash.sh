#!/usr/bin/env bash
# Says where a test program that ended by a signal was: the tests under way, and the stack of the thread that failed, from the runtime's crash report.
#   eng/crash.sh LOG [REPORT]     LOG: of `-reporter verbose`
set -euo pipefail
log=$1 report=${2:-}
echo "Tests under way:"
awk '/\[STARTING\]$/ { sub(/ \[STARTING\]$/, ""); open[$0] = 1 }
     match($0, / \[(FINISHED|SKIP|NOT RUN)\]/) { delete open[substr($0, 1, RSTART - 1)] }
     END { for (test in open) print test }' "$log"
[[ -f $report ]] || { echo "The runtime left no crash report."; exit 0; }
echo "The thread that failed, innermost first:"
awk -F'"' '
  $2 == "crashed" { mine = $4 == "true" }
  $2 == "native_thread_id" && seen++ { mine = mine && !shown }
  mine && $2 == "native_image_offset" { offset = $4 }
  mine && ($2 == "method_name" || $2 == "unmanaged_name") { name = $4 }
  mine && $2 == "native_module" { module = $4 }
  mine && $2 == "filename" { module = $4 }
  mine && /^ *}/ && (name != "" || module != "") { if (lines++ < 60) print "    " module "!" name "+" offset; name = module = offset = "" }
  mine && /^ *\]/ { shown = 1; mine = 0 }' "$report"
