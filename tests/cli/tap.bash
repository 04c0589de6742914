# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A test line for the command before, for those scripts here that need no more. "bad" ends as their exit status.
# shellcheck disable=SC2034
bad=0

check() # WHAT: the status of the command before, which is also that of check: "check WHAT || show why"
{
	if [ $? -eq 0 ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		bad=1
		return 1
	fi
}
