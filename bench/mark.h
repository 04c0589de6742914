/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Marks for a counter outside of the machine: one instruction each that does nothing. The plugin
 * that pinbench loads into QEMU (lab/plugin/) looks for them in user space; everywhere else they
 * are no-ops, and always compiled in, so that one program is measured in all lanes.
 *
 * arm64: movz xzr, #0x5bNN: a write to the zero register does nothing by definition. x86_64: the
 * 7-byte nop with "pin" and NN for an address.
 */
#include <stdint.h>

/* What a mark says; the numbers are a contract with lab/plugin/. 0x00 .. 0x0f: one digit of the
 * number of a case, the highest first. */
#define MARK_CASE        0x10 /* a case begins; its number has been spelled */
#define MARK_CASE_END    0x11
#define MARK_SAMPLE      0x12 /* the timed sections up to MARK_SAMPLE_END are of one sample */
#define MARK_SAMPLE_END  0x13
#define MARK_START       0x14 /* after the clock read that starts a section */
#define MARK_PIN         0x15 /* after the clock read that ends it, by enum metric */
#define MARK_UNPIN       0x16
#define MARK_CYCLE       0x17
#define MARK_EMPTY_PIN   0x18 /* the same of a call that does nothing, to be taken off */
#define MARK_EMPTY_UNPIN 0x19
#define MARK_EMPTY_CYCLE 0x1a

#if defined(__aarch64__)
#define mark(nr) __asm__ volatile(".inst %0" ::"i"(0xd28b601fu | (nr) << 5) : "memory")
#elif defined(__x86_64__)
#define mark(nr) \
	__asm__ volatile(".byte 0x0f, 0x1f, 0x80, %c0, 0x6e, 0x69, 0x70" ::"i"(nr) : "memory")
#else
#define mark(nr) ((void)(nr))
#endif

#define MARK_DIGIT(nr)    \
	case nr:          \
		mark(nr); \
		break

/* The number of a case, from its key (FNV-1a). */
static inline uint32_t mark_of(const char *key)
{
	uint32_t number = UINT32_C(2166136261);

	while (*key)
		number = (number ^ (unsigned char)*key++) * UINT32_C(16777619);
	return number;
}

/* Says @number, eight digits; MARK_CASE follows. */
static inline void mark_number(uint32_t number)
{
	for (int shift = 28; shift >= 0; shift -= 4) {
		switch (number >> shift & 15) {
			MARK_DIGIT(0);
			MARK_DIGIT(1);
			MARK_DIGIT(2);
			MARK_DIGIT(3);
			MARK_DIGIT(4);
			MARK_DIGIT(5);
			MARK_DIGIT(6);
			MARK_DIGIT(7);
			MARK_DIGIT(8);
			MARK_DIGIT(9);
			MARK_DIGIT(10);
			MARK_DIGIT(11);
			MARK_DIGIT(12);
			MARK_DIGIT(13);
			MARK_DIGIT(14);
			MARK_DIGIT(15);
		}
	}
}
