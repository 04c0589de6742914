/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the plugin has to know of one instruction, from its bytes. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* How control leaves a block whose last instruction this is. */
enum leave {
	LEAVE_NEXT, /* goes on, unless it faults */
	LEAVE_JUMP,
	LEAVE_CALL,
	LEAVE_RETURN,
	LEAVE_ENTER, /* svc, syscall, brk, int3: into the kernel */
	LEAVE_EXIT,  /* eret, iret, sysret: back */
};

struct decoded {
	enum leave leave;
	bool atomic;  /* one exclusive store, LSE instruction or locked instruction */
	bool barrier; /* dmb, dsb, isb; mfence, lfence, sfence */
	bool clock;   /* reads the counter that clock_gettime() reads */
	int mark;     /* bench/mark.h; -1: none */
};

static inline void decode_arm64(uint32_t i, struct decoded *d)
{
	if ((i & 0x7c000000) == 0x14000000) /* b, bl */
		d->leave = i >> 31 ? LEAVE_CALL : LEAVE_JUMP;
	else if ((i & 0xff000010) == 0x54000000 || (i & 0x7c000000) == 0x34000000)
		d->leave = LEAVE_JUMP;             /* b.cond; cbz, cbnz, tbz, tbnz */
	else if ((i & 0xfe000000) == 0xd6000000) { /* br, blr, ret, eret and their pauth kinds */
		unsigned int kind = i >> 21 & 7;

		d->leave = kind == 1   ? LEAVE_CALL
			   : kind == 2 ? LEAVE_RETURN
			   : kind == 4 ? LEAVE_EXIT
				       : LEAVE_JUMP;
	} else if ((i & 0xff000000) == 0xd4000000) /* svc, hvc, smc, brk, hlt */
		d->leave = LEAVE_ENTER;

	d->atomic = (i & 0x3fc00000) == 0x08000000 ||                      /* stxr, stxp, casp */
		    (i & 0xbfe07c00) == 0x08607c00 ||                      /* caspa */
		    (i & 0x3fa07c00) == 0x08a07c00 ||                      /* cas */
		    ((i & 0x3f200c00) == 0x38200000 &&                     /* ldadd .. swp */
		     (i & 0x3ffffc00) != 0x38bfc000);                      /* ldapr */
	d->barrier = (i & 0xfffff000) == 0xd5033000 && (i & 0xe0) >= 0x80; /* dsb, dmb, isb, sb */
	d->clock = (i & ~UINT32_C(0x1f)) == 0xd53be040 ||                  /* cntvct_el0 */
		   (i & ~UINT32_C(0x1f)) == 0xd53be0c0;                    /* cntvctss_el0 */
	if ((i & 0xffffe01f) == 0xd28b601f)
		d->mark = i >> 5 & 0xff;
}

static inline void decode_x86(const uint8_t *b, size_t size, struct decoded *d)
{
	static const uint8_t tail[] = { 'n', 'i', 'p' };
	bool locked = false;
	size_t n = 0;
	uint8_t op;

	if (size == 7 && b[0] == 0x0f && b[1] == 0x1f && b[2] == 0x80 && !memcmp(b + 4, tail, 3)) {
		d->mark = b[3];
		return;
	}
	for (; n < size; n++) {
		if (b[n] == 0xf0)
			locked = true;
		else if (b[n] != 0x66 && b[n] != 0x67 && b[n] != 0xf2 && b[n] != 0xf3 &&
			 b[n] != 0x2e && b[n] != 0x36 && b[n] != 0x3e && b[n] != 0x26 &&
			 b[n] != 0x64 && b[n] != 0x65 && (b[n] & 0xf0) != 0x40)
			break;
	}
	if (n >= size)
		return;
	op = b[n++];
	d->atomic = locked || ((op == 0x86 || op == 0x87) && n < size && b[n] >> 6 != 3);
	if ((op & 0xf0) == 0x70 || op == 0xe9 || op == 0xeb || (op & 0xfc) == 0xe0)
		d->leave = LEAVE_JUMP;
	else if (op == 0xe8)
		d->leave = LEAVE_CALL;
	else if (op == 0xc3 || op == 0xc2)
		d->leave = LEAVE_RETURN;
	else if (op == 0xcf)
		d->leave = LEAVE_EXIT;
	else if (op == 0xcc || op == 0xcd || op == 0xf4)
		d->leave = LEAVE_ENTER;
	else if (op == 0xff && n < size && (b[n] >> 3 & 7) >= 2 && (b[n] >> 3 & 7) <= 5)
		d->leave = (b[n] >> 3 & 7) <= 3 ? LEAVE_CALL : LEAVE_JUMP;
	else if (op == 0x0f && n < size) {
		uint8_t two = b[n++], modrm = n < size ? b[n] : 0;

		if ((two & 0xf0) == 0x80)
			d->leave = LEAVE_JUMP;
		else if (two == 0x05 || two == 0x34)
			d->leave = LEAVE_ENTER;
		else if (two == 0x07 || two == 0x35)
			d->leave = LEAVE_EXIT;
		else if (two == 0xae && modrm >= 0xe8)
			d->barrier = true;
		else if (two == 0x31 || (two == 0x01 && modrm == 0xf9))
			d->clock = true;
	}
}
