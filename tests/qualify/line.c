// SPDX-License-Identifier: GPL-2.0-or-later
#include "line.h"

#include <math.h>
#include <stdio.h>

/* P(X <= @nr), X of @of tries with probability @p each. */
static double binomial_cdf(size_t nr, size_t of, double p)
{
	double sum = 0;

	if (p <= 0 || nr >= of)
		return 1;
	if (p >= 1)
		return 0;
	for (size_t k = 0; k <= nr; k++)
		sum += exp(lgamma((double)of + 1) - lgamma((double)k + 1) -
			   lgamma((double)(of - k) + 1) + (double)k * log(p) +
			   (double)(of - k) * log1p(-p));
	return fmin(sum, 1);
}

/* The p at which P(X <= nr) falls to @tail. */
static double binomial_limit(size_t nr, size_t of, double tail)
{
	double low = 0, high = 1;

	for (int i = 0; i < 60; i++) {
		double p = (low + high) / 2;

		if (binomial_cdf(nr, of, p) > tail)
			low = p;
		else
			high = p;
	}
	return (low + high) / 2;
}

struct rate rate_of(size_t nr, size_t of)
{
	return (struct rate){
		.nr = nr,
		.of = of,
		.value = of ? (double)nr / (double)of : 0,
		.low = nr == 0 ? 0 : binomial_limit(nr - 1, of, 0.975),
		.high = nr == of ? 1 : binomial_limit(nr, of, 0.025),
	};
}

static void text_print(const char *name, const char *text)
{
	printf(", \"%s\": \"", name);
	for (; *text; text++)
		putchar(*text == '"' || *text == '\\' || (unsigned char)*text < ' ' ? '?' : *text);
	putchar('"');
}

void line_print(const char *part, const char *row, const char *value, const char *note,
		const char *bar, bool ok)
{
	printf("{\"v\": 1");
	text_print("part", part);
	text_print("row", row);
	text_print("value", value);
	text_print("note", note);
	if (bar) {
		text_print("bar", bar);
		printf(", \"ok\": %s", ok ? "true" : "false");
	}
	printf("}\n");
}

void line_rate(const char *part, const char *row, size_t nr, size_t of, size_t effective,
	       struct bar bar)
{
	struct rate rate = rate_of(nr, of), wide = rate;
	char value[32], note[96], limit[32];

	if (effective && effective < of)
		wide = rate_of((size_t)lround(rate.value * (double)effective), effective);
	snprintf(value, sizeof(value), of ? "%.1f %%" : "nothing measured", rate.value * 100);
	snprintf(note, sizeof(note), "%zu of %zu, 95 %%: %.1f-%.1f %%", nr, of, wide.low * 100,
		 wide.high * 100);
	if (bar.most < 0 && bar.least < 0) {
		line_print(part, row, value, note, NULL, false);
		return;
	}
	if (bar.accepted > 0)
		snprintf(limit, sizeof(limit), "<= %.4g %% (%.4g)", bar.most * 100,
			 bar.accepted * 100);
	else
		snprintf(limit, sizeof(limit), bar.most >= 0 ? "<= %.4g %%" : ">= %.4g %%",
			 (bar.most >= 0 ? bar.most : bar.least) * 100);
	line_print(part, row, value, note, limit,
		   of && (bar.most >= 0 ? rate.value <= fmax(bar.most, bar.accepted)
					: rate.value >= bar.least));
}
