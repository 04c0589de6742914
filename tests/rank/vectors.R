#!/usr/bin/env Rscript
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/rank/vectors.R >tests/rank/vectors.h
# What R says about the shifts of random samples, for tests/test_rank.c. Only to make the file: no test needs R.
#
# Values have no ties, no zeros and few digits, so that R takes its exact way and C reads the same numbers. Where a level
# cannot be reached R warns and gives the widest interval it has: here it is infinite, as in rank.h.
levels <- c(0.9, 0.95, 0.99, 0.999)
set.seed(20240611)

number <- function(x) ifelse(is.infinite(x), ifelse(x < 0, "-INFINITY", "INFINITY"), sprintf("%.16g", x))
list_of <- function(x)
	paste0(strwrap(paste0("{ ", paste(number(x), collapse = ", "), " }"), 96, initial = ""), collapse = "\n\t    ")

# Skewed as times are, without ties between the values, their sizes or their differences from another side.
draw <- function(n, centre) {
	repeat {
		x <- round(centre + rnorm(n) + 0.5 * rexp(n), 4)
		if (!any(x == 0) && !any(duplicated(abs(x)))) return(x)
	}
}

ends <- function(test, reachable) unlist(lapply(levels, function(level)
	if (reachable <= 1 - level) as.numeric(test(level)$conf.int) else c(-Inf, Inf)))

pairs <- function(n, centre, exact) {
	x <- draw(n, centre)
	test <- function(level) wilcox.test(x, exact = exact, conf.int = exact, conf.level = level)
	r <- suppressWarnings(test(0.5))
	cat(sprintf("\t{ %d, %s, %s,\n\t  %s,\n\t  %s },\n", n, number(r$p.value),
		number(if (exact) r$estimate else median(outer(x, x, "+")[upper.tri(diag(n), TRUE)] / 2)),
		if (exact) list_of(ends(test, 2 * psignrank(0, n))) else "{ NAN }", list_of(x)))
}

samples <- function(a, b, centre, exact) {
	repeat {
		base <- draw(a, 0)
		new <- draw(b, centre)
		if (!any(base %in% new)) break
	}
	test <- function(level) wilcox.test(new, base, exact = exact, conf.int = exact, conf.level = level)
	r <- suppressWarnings(test(0.5))
	cat(sprintf("\t{ { %d, %d }, %s, %s,\n\t  %s,\n\t  %s,\n\t  %s },\n", a, b, number(r$p.value),
		number(if (exact) r$estimate else median(outer(new, base, "-"))),
		if (exact) list_of(ends(test, 2 * pwilcox(0, a, b))) else "{ NAN }", list_of(base), list_of(new)))
}

cat("/* SPDX-License-Identifier: GPL-2.0-or-later */\n")
cat("/* Made by tests/rank/vectors.R with ", R.version.string, ". */\n#pragma once\n", sep = "")
cat("#include <math.h>\n#include <stddef.h>\n\n")
cat("static const double levels[] = ", list_of(levels), ";\n\n", sep = "")

cat("/* wilcox.test(values, conf.int = TRUE); NAN: R has no interval of this kind */\n")
cat("static const struct {\n\tsize_t nr;\n\tdouble p, estimate, ends[8], values[100];\n} pairs[] = {\n")
for (n in c(1, 2, 3, 5, 6, 7, 8, 10, 12, 20, 30, 49, 50))
	for (centre in c(0.1, 1)) pairs(n, centre, TRUE)
for (n in c(51, 100)) pairs(n, 0.1, FALSE)
cat("};\n\n/* wilcox.test(new, base, conf.int = TRUE) */\n")
cat("static const struct {\n\tsize_t nr[2];\n\tdouble p, estimate, ends[8], base[60], new[60];\n} samples[] = {\n")
for (sizes in list(c(1, 1), c(1, 5), c(2, 3), c(3, 40), c(4, 4), c(5, 5), c(5, 8), c(7, 6), c(10, 10), c(12, 20), c(20, 20),
		c(30, 30), c(50, 6), c(49, 50), c(50, 50)))
	for (centre in c(0.2, 1.2)) samples(sizes[1], sizes[2], centre, TRUE)
for (sizes in list(c(51, 10), c(60, 60))) samples(sizes[1], sizes[2], 0.3, FALSE)

cat("};\n\n/* psignrank(t, n) */\nstatic const struct {\n\tsize_t nr;\n\tdouble t, cdf;\n} signed_ranks[] = {\n")
for (n in c(1, 2, 5, 10, 20, 30, 45, 50))
	for (t in unique(round(n * (n + 1) / 2 * c(0, 0.02, 0.1, 0.25, 0.4, 0.5, 0.6, 0.9, 1))))
		cat(sprintf("\t{ %d, %d, %s },\n", n, t, number(psignrank(t, n))))
cat("};\n\n/* pwilcox(u, a, b) */\nstatic const struct {\n\tsize_t nr[2];\n\tdouble u, cdf;\n} rank_sums[] = {\n")
for (sizes in list(c(1, 1), c(1, 50), c(3, 7), c(10, 10), c(20, 35), c(50, 49), c(50, 50)))
	for (u in unique(round(prod(sizes) * c(0, 0.02, 0.1, 0.25, 0.4, 0.5, 0.6, 0.9, 1))))
		cat(sprintf("\t{ { %d, %d }, %d, %s },\n", sizes[1], sizes[2], u, number(pwilcox(u, sizes[1], sizes[2]))))

cat("};\n\n/* p.adjust(p, \"holm\") */\nstatic const struct {\n\tsize_t nr;\n\tdouble p[40], adjusted[40];\n} families[] = {\n")
for (p in list(0.03, c(0.01, 0.04), c(0.04, 0.03), c(0.011, 0.02, 0.04, 0.9), c(0.012, 0.012, 0.012, 0.012, 0.5),
		signif(rbeta(12, 0.2, 2), 4), signif(rbeta(40, 0.1, 3), 4), round(runif(20), 4)))
	cat(sprintf("\t{ %d, %s,\n\t  %s },\n", length(p), list_of(p), list_of(p.adjust(p, "holm"))))
cat("};\n")
