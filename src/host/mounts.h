/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* debugfs, tracefs and securityfs where the system has not mounted them: in a private mount
 * namespace, gone with the process. */

/*
 * Does nothing where all are there, or without the right to mount: what then is missing is told by
 * those who look for it. The host's own mount table is never touched.
 */
void mounts_complete(void);
