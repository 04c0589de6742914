#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Several runs at once on the running kernel, some of them killed: see tests/torture/together.sh, which does it for longer.
set -u
pool=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages

if [ "$(id -u)" != 0 ]; then
	echo "ok - runs at once # SKIP only root changes huge pages and THP"
	exit 0
fi
if [ ! -w $pool ] || ! read -r nr <$pool || ! echo "$nr" 2>/dev/null >$pool; then
	echo "ok - runs at once # SKIP $pool cannot be written"
	exit 0
fi
if tests/torture/together.sh "${PINBENCH_ROUNDS:-6}"; then
	echo "ok - runs at once: every setting is back, and nobody fails for another"
else
	echo "not ok - runs at once: a setting is not back, or a run failed for another"
	exit 1
fi
