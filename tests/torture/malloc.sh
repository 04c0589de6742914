#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each allocation of each verb fails in turn. tests/torture/malloc.sh [EVERY]: only each EVERYth; in
# CI (TORTURE_PART=10) each 200th, which is a minute.
exec "${0%/*}/faults.py" malloc "${@:-$((${TORTURE_PART:-1} > 1 ? TORTURE_PART * 20 : 1))}"
