/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The Makefile may say more (git describe); a tarball has only this. */
#ifndef PINBENCH_VERSION
#define PINBENCH_VERSION "0.1.0"
#endif
