#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest is measured when it has come to rest: at once where nothing is going on, later where something is, and with a
# warning where it never ends. Counted in instructions, so that the host's load does not matter.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

image=$(kernel seed-1-after)
job=(run -p pinner=null -p layout=base -p state=exclusive -p samples=3)
harness() { jq -c ".environment.harness | [.settled, (.settle_probes $2)]" "$(file_of "$1")"; }
boot --clock icount -k "calm=$image" -- "${job[@]}"
same "nothing goes on: two probes" "$(harness calm '')" "[true,2]"
boot --clock icount -k "busy=$image" --append pinbench.test=busy:1 -- "${job[@]}"
same "one who works for a second is waited for" "$(harness busy '> 10')" "[true,true]"
same "and then there is nothing to warn about" "$(jq -c '[.results[].warnings[]]' "$(file_of busy)")" "[]"
boot --clock icount -k "endless=$image" --append pinbench.test=busy:30 -- "${job[@]}"
same "one who never ends is not" "$(harness endless '> 10')" "[false,true]"
same "which is said" "$(jq -r '[.results[].warnings[]] | unique | join(" ")' "$(file_of endless)")" \
	"the guest had not come to rest when measuring began"
boot -k "real=$image" -- "${job[@]}"
same "in real time, too" "$(jq '.environment.harness | has("settled") and .settle_probes > 1' "$(file_of real)")" true
exit $bad
