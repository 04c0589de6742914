// SPDX-License-Identifier: GPL-2.0-or-later
#include "turns/pairing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/select.h"

enum param { PINNER, LAYOUT, STATE, ACCESS, WINDOW, CALL, CPU, NODE, DEVICE, NR_PARAMS };

static const char *const param_names[NR_PARAMS] = { "pinner", "layout", "state",
						    "access", "window", "pages_per_call",
						    "cpu",    "node",   "device" };

static void param_value(const struct plan_case *one, enum param param, char *text, size_t size)
{
	const char *const words[NR_PARAMS] = {
		[PINNER] = one->pinner->name, [LAYOUT] = one->layout.name,
		[STATE] = one->state->name,   [ACCESS] = access_name(one->access),
		[WINDOW] = one->window,       [DEVICE] = one->device,
	};

	if (words[param])
		snprintf(text, size, "%s", words[param]);
	else if (param == CALL)
		snprintf(text, size, "%zu", one->pages_per_call);
	else
		snprintf(text, size, "%d", param == CPU ? one->cpu : one->node);
}

static bool param_same(const struct plan_case *a, const struct plan_case *b, enum param param)
{
	char left[64], right[64];

	/* one place may have two names */
	if (param == WINDOW)
		return a->offset == b->offset && a->bytes == b->bytes;
	param_value(a, param, left, sizeof(left));
	param_value(b, param, right, sizeof(right));
	return strcmp(left, right) == 0;
}

/* Indices of the cases that will run. */
static size_t runnable(const struct plan *plan, size_t *index)
{
	size_t nr = 0;

	for (size_t i = 0; i < plan->nr; i++)
		if (!plan->cases[i].skip_why[0])
			index[nr++] = i;
	return nr;
}

struct by_key {
	const char *key;
	bool runs;
};

static int keys_compare(const void *a, const void *b)
{
	return strcmp(((const struct by_key *)a)->key, ((const struct by_key *)b)->key);
}

static size_t nr_common(const struct plan *a, const struct plan *b)
{
	struct by_key *keys = calloc(b->nr + 1, sizeof(*keys));
	size_t nr = 0;

	if (!keys)
		abort();
	for (size_t i = 0; i < b->nr; i++)
		keys[i] = (struct by_key){ b->cases[i].key, !b->cases[i].skip_why[0] };
	qsort(keys, b->nr, sizeof(*keys), keys_compare);
	for (size_t i = 0; i < a->nr; i++) {
		struct by_key wanted = { a->cases[i].key, false };
		const struct by_key *found =
			bsearch(&wanted, keys, b->nr, sizeof(*keys), keys_compare);

		nr += found && found->runs && !a->cases[i].skip_why[0];
	}
	free(keys);
	return nr;
}

static int refuse(struct error *err, const char *why, const char *left, const char *right)
{
	error_set(err, EINVAL, "the two jobs have no case in common, and %s%s%s%s%s", why,
		  left ? ": " : "", left ? left : "", right ? " and " : "", right ? right : "");
	return error_fix(err, "two jobs that are alike but for the values of one key");
}

/* The only parameter in which two cases differ; NR_PARAMS: more than one. */
static enum param param_varied(const struct plan_case *a, const struct plan_case *b)
{
	enum param varied = NR_PARAMS;

	for (enum param param = 0; param < NR_PARAMS; param++) {
		if (param_same(a, b, param))
			continue;
		if (varied != NR_PARAMS)
			return NR_PARAMS;
		varied = param;
	}
	return varied;
}

static void value_note(char value[64], const struct plan_case *one, enum param param, bool first)
{
	char text[64];

	param_value(one, param, text, sizeof(text));
	if (first)
		memcpy(value, text, sizeof(text));
	else if (strcmp(value, text) != 0)
		value[0] = '\0';
}

static int counterparts_find(struct pairing *pairing, const struct plan *a, const struct plan *b,
			     const size_t *left, const size_t *right, size_t nr, struct error *err)
{
	enum param varied = NR_PARAMS;

	for (size_t i = 0; i < nr; i++) {
		const struct plan_case *one = &a->cases[left[i]], *other = &b->cases[right[i]];
		enum param param;

		/* the same name of a window is more of a larger page */
		if (one->bytes != other->bytes && strcmp(one->window, other->window) == 0) {
			refuse(err, "windows have different sizes", one->key, other->key);
			return error_fix(err, "windows as OFFSET+LENGTH: window=0+2M");
		}
		param = param_varied(one, other);
		if (param == NR_PARAMS || (i && param != varied))
			return refuse(err, "cases differ in more than one key", one->key,
				      other->key);
		if (one->bytes != other->bytes)
			return refuse(err, "windows have different sizes", one->key, other->key);
		varied = param;
		pairing->of[0][left[i]] = other->key;
		pairing->of[1][right[i]] = one->key;
		value_note(pairing->values[0], one, param, i == 0);
		value_note(pairing->values[1], other, param, i == 0);
	}
	snprintf(pairing->varied, sizeof(pairing->varied), "%s", param_names[varied]);
	pairing->nr = nr;
	return 0;
}

int pairing_find(struct pairing *pairing, const struct plan *a, const struct plan *b,
		 struct error *err)
{
	size_t *left = calloc(a->nr + 1, sizeof(*left)), *right = calloc(b->nr + 1, sizeof(*right));
	size_t nr_left, nr_right;
	int ret = 0;

	*pairing = (struct pairing){ .of = { calloc(a->nr + 1, sizeof(char *)),
					     calloc(b->nr + 1, sizeof(char *)) } };
	if (!left || !right || !pairing->of[0] || !pairing->of[1])
		abort();
	nr_left = runnable(a, left);
	nr_right = runnable(b, right);
	pairing->nr = nr_common(a, b);
	if (pairing->nr == 0 && nr_left && nr_right) {
		if (nr_left != nr_right)
			ret = refuse(err, "not as many cases can run here", NULL, NULL);
		else
			ret = counterparts_find(pairing, a, b, left, right, nr_left, err);
	}
	free(left);
	free(right);
	if (ret)
		pairing_free(pairing);
	return ret;
}

void pairing_free(struct pairing *pairing)
{
	free(pairing->of[0]);
	free(pairing->of[1]);
	*pairing = (struct pairing){ 0 };
}
