// SPDX-License-Identifier: GPL-2.0-or-later
/* A report survives writing and reading; nothing survives a failed write; what the format cannot
 * hold is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/text.h"
#include "result/json.h"
#include "result/results.h"

static char dir[64], path[128];

static int enter_directory(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/pinbench-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/result.json", dir);
	return 0;
}

static int leave_directory(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir); /* fails when anything else was left behind */
}

static size_t nr_files(void)
{
	DIR *stream = opendir(dir);
	size_t nr = 0;

	assert_non_null(stream);
	while (readdir(stream))
		nr++;
	closedir(stream);
	return nr - 2;
}

static struct run *add_run(struct result *result, uint64_t first, size_t nr, size_t nr_warmup)
{
	struct run *run = result_add_run(result);

	run->samples = calloc(nr, sizeof(*run->samples));
	run->nr_samples = nr;
	run->nr_warmup = nr_warmup;
	run->cpu = 3;
	for (size_t i = 0; i < nr; i++) {
		run->samples[i].have = 1 << METRIC_PIN | 1 << METRIC_UNPIN;
		run->samples[i].ticks[METRIC_PIN] = first + i;
		run->samples[i].ticks[METRIC_UNPIN] = 10 * first + i;
		run->samples[i].nr_pages = 16;
	}
	strcpy(run->clock[METRIC_PIN], "monotonic-raw");
	strcpy(run->clock[METRIC_UNPIN], "monotonic-raw");
	run->quantum[METRIC_PIN] = 1;
	return run;
}

static struct result *add_done(struct results *results, const char *key)
{
	struct result *result = results_add(results, key);

	strcpy(result->params.pinner, "gup-test/pin-fast");
	strcpy(result->params.layout, "hugetlb-64K");
	strcpy(result->params.state, "exclusive-ro");
	strcpy(result->params.access, "read");
	strcpy(result->params.window, "page");
	result->params.bytes = 65536;
	result->params.pages_per_call = 16;
	result->params.region_bytes = 2 << 20;
	return result;
}

static void count(struct result *result, enum count which, uint64_t value)
{
	result->counts.value[which] = value;
	strcpy(result->counts.observer[which], "kprobe");
}

static void make(struct results *results)
{
	struct result *result;

	memset(results, 0, sizeof(*results));
	results->tool_version = strdup("1.2.3");
	results->benchmark = 3;
	results->imported = strdup("gup_test log");
	results->schedule = (struct schedule){ .order = ORDER_RANDOM,
					       .id = "0123abcd",
					       .seed = 42,
					       .nr_blocks = 10,
					       .side = 1,
					       .nr_sides = 2,
					       .sides = { strdup("base"), strdup("new") } };
	results->label = strdup("a \"label\" with \\ and \xc3\xa9");
	results->complete = true;
	results->started = strdup("2026-01-31T12:00:00Z");
	results->duration_s = 1.25;
	results->command = calloc(3, sizeof(*results->command));
	results->command[0] = strdup("pinbench");
	results->command[1] = strdup("run");
	results->config = strdup("{\"defaults\":{\"samples\":30}}");
	fact_text(&results->environment, "6.1.192", "kernel.release");
	fact_text(&results->environment, "y", "kernel.config.CONFIG_GUP_TEST");
	fact_number(&results->environment, INT64_MIN, "least");
	fact_bool(&results->environment, false, "rights.root");
	result = add_done(results, "a,b,c,read,page,n=16");
	add_run(result, 100, 5, 2);
	add_run(result, 200, 3, 0)->node = 1;
	result->runs[1].samples[2].nr_pages = 15;
	result->runs[1].block = 7;
	result->runs[1].slot = 15;
	result->runs[1].placement =
		(struct placement){ true, 3, 0x7f0000200000, 1234, 0x41200, 0xdeadbeef };
	result->stop = STOP_MAX_TIME;
	result->precision = 0.0125;
	count(result, COUNT_REQUESTED_PAGES, 16);
	count(result, COUNT_SLOW_PAGES, 0);
	fact_number(&result->truth, 17, "pins.acquired");
	result_warn(result, "the %s is near", "grain");
	result_warn(result, "the grain is near");
	result = results_add(results, "skipped,case");
	result->status = STATUS_SKIPPED;
	result->why = strdup("no huge pages");
	result->fix = strdup("echo 1 >nr_hugepages");
}

static void assert_same_fact(const struct fact_list *a, const struct fact_list *b)
{
	assert_int_equal(a->nr, b->nr);
	for (size_t i = 0; i < a->nr; i++) {
		const struct fact *other = fact_find(b, a->items[i].name);

		assert_non_null(other);
		assert_int_equal(a->items[i].kind, other->kind);
		assert_int_equal(a->items[i].number, other->number);
		if (other->kind == FACT_TEXT)
			assert_string_equal(a->items[i].text, other->text);
	}
}

static void test_round_trip(void **state)
{
	struct results results, back;
	struct error err = { 0 };

	(void)state;
	make(&results);
	assert_int_equal(results_save(&results, path, &err), 0);
	assert_int_equal(nr_files(), 1);
	assert_int_equal(results_load(&back, path, &err), 0);
	assert_string_equal(back.path, path);
	assert_string_equal(back.label, results.label);
	assert_string_equal(back.tool_version, results.tool_version);
	assert_int_equal(back.benchmark, 3);
	assert_string_equal(back.imported, "gup_test log");
	assert_int_equal(back.schedule.order, ORDER_RANDOM);
	assert_string_equal(back.schedule.id, "0123abcd");
	assert_int_equal(back.schedule.seed, 42);
	assert_int_equal(back.schedule.nr_blocks, 10);
	assert_int_equal(back.schedule.side, 1);
	assert_int_equal(back.schedule.nr_sides, 2);
	assert_string_equal(back.schedule.sides[1], "new");
	assert_int_equal(back.items[0].runs[0].block, -1);
	assert_int_equal(back.items[0].runs[0].slot, -1);
	assert_false(back.items[0].runs[0].placement.known);
	assert_int_equal(back.items[0].runs[1].block, 7);
	assert_int_equal(back.items[0].runs[1].slot, 15);
	assert_memory_equal(&back.items[0].runs[1].placement, &results.items[0].runs[1].placement,
			    sizeof(struct placement));
	assert_int_equal(back.items[0].stop, STOP_MAX_TIME);
	assert_true(back.items[0].precision == 0.0125);
	assert_true(back.items[1].precision == 0);
	assert_string_equal(back.started, results.started);
	assert_string_equal(back.config, results.config);
	assert_string_equal(back.command[1], "run");
	assert_null(back.command[2]);
	assert_true(back.complete);
	assert_false(back.icount);
	assert_true(back.duration_s == 1.25);
	assert_same_fact(&results.environment, &back.environment);
	assert_int_equal(back.nr, 2);
	assert_memory_equal(&back.items[0].params, &results.items[0].params, sizeof(struct params));
	assert_memory_equal(&back.items[0].counts, &results.items[0].counts,
			    sizeof(struct path_count));
	assert_same_fact(&results.items[0].truth, &back.items[0].truth);
	assert_int_equal(back.items[0].nr_warnings, 1);
	assert_string_equal(back.items[0].warnings[0], "the grain is near");
	assert_int_equal(back.items[0].nr_runs, 2);
	for (size_t i = 0; i < 2; i++) {
		struct run *run = &back.items[0].runs[i], *own = &results.items[0].runs[i];

		assert_int_equal(run->index, i);
		assert_int_equal(run->cpu, 3);
		assert_int_equal(run->node, own->node);
		assert_int_equal(run->nr_samples, own->nr_samples);
		assert_int_equal(run->nr_warmup, own->nr_warmup);
		assert_memory_equal(run->samples, own->samples,
				    own->nr_samples * sizeof(*own->samples));
		assert_memory_equal(run->clock, own->clock, sizeof(own->clock));
		assert_memory_equal(run->quantum, own->quantum, sizeof(own->quantum));
	}
	assert_int_equal(back.items[1].status, STATUS_SKIPPED);
	assert_string_equal(back.items[1].fix, "echo 1 >nr_hugepages");
	results_free(&results);
	results_free(&back);
}

static void test_icount(void **state)
{
	struct results results, back;
	struct error err = { 0 };

	(void)state;
	make(&results);
	results.icount = true;
	assert_int_equal(results_save(&results, path, &err), 0);
	assert_int_equal(results_load(&back, path, &err), 0);
	assert_true(back.icount);
	assert_string_equal(results_unit(&back), "instructions");
	results_free(&results);
	results_free(&back);
}

/* Bytes that are not UTF-8, and text that is too long, must not lose a measurement. */
static void test_bad_text(void **state)
{
	struct results results, back;
	struct error err = { 0 };
	char *longest = malloc(10000);

	(void)state;
	make(&results);
	free(results.label);
	results.label = strdup("bad \xff\xc3 bytes");
	memset(longest, 'x', 9999);
	longest[9999] = '\0';
	memcpy(longest + 4095, "\xc3\xa9", 2); /* lies across the limit */
	fact_text(&results.environment, longest, "kernel.cmdline");
	assert_int_equal(results_save(&results, path, &err), 0);
	assert_int_equal(results_load(&back, path, &err), 0);
	assert_string_equal(back.label, "bad ?? bytes");
	assert_int_equal(strlen(fact_find(&back.environment, "kernel.cmdline")->text), 4095);
	results_free(&results);
	results_free(&back);
	free(longest);
}

static void refused(struct results *results, const char *sentence)
{
	struct error err = { 0 };

	assert_true(results_save(results, path, &err) < 0);
	if (!strstr(err.text, sentence))
		fail_msg("\"%s\" is not in \"%s\"", sentence, err.text);
	assert_int_equal(nr_files(), 0);
	results_free(results);
}

static void test_unwritable(void **state)
{
	struct results results;

	(void)state;
	make(&results);
	results.items[0].runs[0].samples[3].have = 1 << METRIC_PIN;
	refused(&results, "results[0] a,b,c,read,page,n=16: sample 3");
	make(&results);
	results.items[0].runs[0].samples[3].ticks[METRIC_PIN] = UINT64_MAX;
	refused(&results, "above 2^63");
	make(&results);
	results.items[0].runs[1].clock[METRIC_PIN][0] = '\0';
	refused(&results, "names no clock");
	make(&results);
	free(results.items[1].why);
	results.items[1].why = NULL;
	refused(&results, "does not say why");
	make(&results);
	fact_number(&results.environment, 1, "kernel");
	refused(&results, "both a value and a group");
	make(&results);
	fact_number(&results.environment, 1, "kernel.release.more");
	refused(&results, "both a value and a group");
	make(&results);
	free(results.config);
	results.config = strdup("{ not json");
	refused(&results, "config:1:");
	/* what no reader would take */
	make(&results);
	for (size_t i = results.items[0].nr_runs; i <= RESULTS_MAX_RUNS; i++)
		result_add_run(&results.items[0]);
	refused(&results, "has 1001 runs");
	make(&results);
	for (size_t i = 0; i < RESULTS_MAX_GROUPS / RESULTS_MAX_RUNS / 5 + 1; i++) {
		char key[32];
		struct result *result;

		snprintf(key, sizeof(key), "a,b,c,read,page,n=%zu", 1000 + i);
		result = results_add(&results, key);
		for (size_t j = 0; j < RESULTS_MAX_RUNS; j++)
			result_add_run(result);
	}
	refused(&results, "500000 objects and lists");
	make(&results);
	for (int i = 0; i < 2000; i++)
		result_warn(&results.items[0], "boot %d said something else", i);
	assert_int_equal(results.items[0].nr_warnings, RESULTS_MAX_WARNINGS);
	results_free(&results);
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void assert_file(const char *name, const char *text)
{
	char have[64] = "";
	FILE *file = fopen(name, "r");

	assert_non_null(file);
	assert_non_null(fgets(have, sizeof(have), file));
	fclose(file);
	assert_string_equal(have, text);
}

/* A full disk, as this process sees it: the old file stays, nothing else does. */
/* Loads what make() writes and @edit changed; @sentence: what is wrong with it, or NULL. */
static void load_edited(void (*edit)(json_t *root), const char *sentence)
{
	struct results results, back;
	struct error err = { 0 };
	json_t *root;
	int rc;

	make(&results);
	assert_int_equal(results_save(&results, path, &err), 0);
	results_free(&results);
	root = json_load_file(path, 0, NULL);
	assert_non_null(root);
	edit(root);
	assert_int_equal(json_dump_file(root, path, 0), 0);
	json_decref(root);
	rc = results_load(&back, path, &err);
	assert_int_equal(rc != 0, sentence != NULL);
	if (sentence && !strstr(err.text, sentence))
		fail_msg("\"%s\" is not in \"%s\"", sentence, err.text);
	results_free(&back);
}

static json_t *runs_in(json_t *root)
{
	return json_object_get(json_array_get(json_object_get(root, "results"), 0), "runs");
}

static void edit_runs(json_t *root)
{
	json_t *runs = runs_in(root);

	while (json_array_size(runs) < 1000)
		json_array_append(runs, json_array_get(runs, 0));
}

static void edit_more_runs(json_t *root)
{
	edit_runs(root);
	json_array_append(runs_in(root), json_array_get(runs_in(root), 0));
}

static void edit_entropy(json_t *root)
{
	json_object_del(json_object_get(json_array_get(runs_in(root), 1), "placement"), "entropy");
}

/* What is wrong later is named by its own place, whatever was absent before. */
static void edit_entropy_and_status(json_t *root)
{
	edit_entropy(root);
	json_object_set_new(json_array_get(json_object_get(root, "results"), 1), "status",
			    json_string("x"));
}

/* So is what is wrong behind a count of no unit. */
static void edit_unit_and_status(json_t *root)
{
	json_object_del(json_object_get(json_object_get(root, "metrics"), "slow_pages"), "unit");
	json_object_set_new(json_array_get(json_object_get(root, "results"), 1), "status",
			    json_string("x"));
}

static void edit_second_unit(json_t *root)
{
	json_object_set_new(json_object_get(json_object_get(root, "metrics"), "unpin"), "unit",
			    json_string("x"));
}

static void edit_words(json_t *root)
{
	json_t *words = json_object_get(root, "command");

	while (json_array_size(words) < 1000)
		json_array_append_new(words, json_string("x"));
}

static void edit_more_words(json_t *root)
{
	edit_words(root);
	json_array_append_new(json_object_get(root, "command"), json_string("x"));
}

static void edit_name(json_t *root, const char *name)
{
	json_object_set_new(json_object_get(root, "environment"), name, json_integer(1));
}

static void edit_space(json_t *root)
{
	edit_name(root, "a b");
}

static void edit_dot(json_t *root)
{
	edit_name(root, "a.b");
}

static void edit_long(json_t *root)
{
	char name[RESULTS_MAX_FACT_NAME + 2];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	edit_name(root, name);
}

static void edit_longest(json_t *root)
{
	char name[RESULTS_MAX_FACT_NAME + 1];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	edit_name(root, name);
}

/* A dot parts the names of a fact, a space its name from its value. */
static void test_fact_names(void **state)
{
	static const char wrong[] =
		"environment: a name is not printable ASCII without spaces and dots";

	(void)state;
	load_edited(edit_space, wrong);
	load_edited(edit_dot, wrong);
	load_edited(edit_long, wrong);
	load_edited(edit_longest, NULL);
}

/* A run of no block, in no place of a schedule, on no CPU or node that is known. */
static void test_new_run(void **state)
{
	struct results results = { 0 };
	struct result *result = results_add(&results, "k");

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct run *run = result_add_run(result);

		assert_int_equal(run->index, i);
		assert_int_equal(run->block, -1);
		assert_int_equal(run->slot, -1);
		assert_int_equal(run->cpu, -1);
		assert_int_equal(run->node, -1);
		assert_int_equal(run->nr_samples, 0);
	}
	results_free(&results);
}

/* Words of 80 characters, without spaces and closing quotes, fit on a line, one more does not;
 * numbers do however many they are. */
static void test_layout(void **state)
{
	char text[300], wanted[300];

	(void)state;
	for (int width = 70; width <= 90; width++) {
		/* two strings, each with its first quote, and the comma between them */
		int length = snprintf(text, sizeof(text), "[\n  \"%.*s\",\n  \"b\"\n]", width - 4,
				      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");

		snprintf(wanted, sizeof(wanted), "%s", text);
		if (width <= 80)
			snprintf(wanted, sizeof(wanted), "[\"%.*s\", \"b\"]", width - 4, text + 5);
		json_join_lines(text);
		if (strcmp(text, wanted) != 0)
			fail_msg("%d of %d: %s", width, length, text);
	}
	for (size_t nr = 1; nr < 60; nr += 29) {
		size_t used = 1;

		strcpy(text, "[");
		strcpy(wanted, "[");
		for (size_t i = 0; i < nr; i++, used += 4)
			strcpy(text + used, i + 1 < nr ? "\n11," : "\n11]");
		json_join_lines(text);
		assert_null(strchr(text, '\n'));
	}
}

/* A full disk behind stdout is an error, not a short result. */
static void test_print_full(void **state)
{
	FILE *out = fopen("/dev/full", "w");
	struct error err = { 0 };
	struct results results;

	(void)state;
	assert_non_null(out);
	make(&results);
	assert_int_equal(results_print(&results, out, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "writing the result"));
	fclose(out);
	out = fopen("/dev/null", "w");
	assert_int_equal(results_print(&results, out, &err), 0);
	fclose(out);
	results_free(&results);
}

/* What was typed; who typed it is nobody's business. */
static void test_command(void **state)
{
	char verb[] = "pinbench run", option[] = "-o/home/jane/x.json",
	     word[] = "configs/quick.json", bare[] = "pinbench";
	char *argv[] = { verb, option, word, NULL };
	struct results results = { 0 };

	(void)state;
	results_set_command(&results, 3, argv);
	assert_string_equal(results.command[0], "pinbench");
	assert_string_equal(results.command[1], "run");
	assert_string_equal(results.command[2], "-o~/x.json");
	assert_string_equal(results.command[3], word);
	assert_null(results.command[4]);
	argv[0] = bare;
	results_set_command(&results, 1, argv);
	assert_string_equal(results.command[0], "pinbench");
	assert_null(results.command[1]);
	results_free(&results);
}

/* As many as results.h says, and one more. */
static void test_read_limits(void **state)
{
	(void)state;
	load_edited(edit_runs, NULL);
	load_edited(edit_more_runs, "more than 1000 runs");
	load_edited(edit_words, NULL);
	load_edited(edit_more_words, "more than 1000 words");
	load_edited(edit_entropy, NULL);
	load_edited(edit_second_unit, "result.json: metrics.unpin.unit: ");
	load_edited(edit_unit_and_status, "result.json: results[1].status");
	load_edited(edit_entropy_and_status, "result.json: results[1].status");
}

/* An imported log may not say how many pages a pin took: then the file does not either. What it
 * says, stands there. */
static void test_imported_pages(void **state)
{
	static const uint64_t pages[] = { 0, 1, 16 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct results results, back;
		struct error err = { 0 };
		struct run *run;
		json_t *root, *written;

		make(&results);
		run = &results.items[0].runs[0];
		for (size_t j = 0; j < run->nr_samples; j++)
			run->samples[j].nr_pages = pages[i];
		assert_int_equal(results_save(&results, path, &err), 0);
		root = json_load_file(path, 0, NULL);
		assert_non_null(root);
		written = json_object_get(
			json_array_get(json_object_get(json_array_get(json_object_get(root,
										      "results"),
								      0),
						       "runs"),
				       0),
			"samples");
		assert_non_null(written);
		written = json_object_get(written, "pages");
		assert_int_equal(written != NULL, pages[i] != 0);
		/* one number where all samples have it */
		if (written)
			assert_int_equal(json_integer_value(written), pages[i]);
		written = json_object_get(json_object_get(json_array_get(runs_in(root), 1),
							  "samples"),
					  "pages");
		assert_int_equal(json_array_size(written), 3);
		json_decref(root);
		assert_int_equal(results_load(&back, path, &err), 0);
		assert_int_equal(back.items[0].runs[0].samples[0].nr_pages, pages[i]);
		results_free(&back);
		results_free(&results);
	}
}

static void test_no_room(void **state)
{
	struct rlimit old, tiny;
	struct results results;
	struct error err = { 0 };

	(void)state;
	make(&results);
	write_file(path, "the old one");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	for (rlim_t bytes = 0; bytes < 2000; bytes += 500) {
		tiny = (struct rlimit){ bytes, old.rlim_max };
		setrlimit(RLIMIT_FSIZE, &tiny);
		assert_true(results_save(&results, path, &err) < 0);
		setrlimit(RLIMIT_FSIZE, &old);
		assert_file(path, "the old one");
		assert_int_equal(nr_files(), 1);
	}
	assert_int_equal(results_save(&results, path, &err), 0);
	results_free(&results);
}

static void test_bad_targets(void **state)
{
	char other[160];
	struct results results;
	struct error err = { 0 };

	(void)state;
	make(&results);
	snprintf(other, sizeof(other), "%s/other", dir);
	write_file(other, "precious");
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(results_save(&results, path, &err), -EEXIST);
	assert_non_null(strstr(err.text, "symbolic link"));
	assert_file(other, "precious");
	unlink(other);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(results_save(&results, path, &err), -EEXIST);
	rmdir(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(results_save(&results, path, &err), -EEXIST);
	unlink(path);
	assert_int_equal(results_save(&results, "/nowhere/at/all.json", &err), -ENOENT);
	assert_int_equal(results_save(&results, "/dev/null", &err), -EEXIST);
	assert_int_equal(nr_files(), 0);
	results_free(&results);
}

static void test_sudo(void **state)
{
	struct results results;
	struct error err = { 0 };
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	make(&results);
	setenv("SUDO_UID", "12345", 1);
	setenv("SUDO_GID", "54321", 1);
	assert_int_equal(results_save(&results, path, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 12345);
	assert_int_equal(st.st_gid, 54321);
	setenv("SUDO_UID", "-1", 1);
	assert_int_equal(results_save(&results, path, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 0);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	results_free(&results);
}

/* Boots of one kernel: runs add up; what they disagree about is said. */
static void test_merge(void **state)
{
	struct results into, from;
	struct error err = { 0 };

	(void)state;
	make(&into);
	make(&from);
	count(&from.items[0], COUNT_SLOW_PAGES, 15);
	fact_bool(&into.items[0].truth, true, "contents_ok");
	fact_bool(&from.items[0].truth, false, "contents_ok");
	add_run(add_done(&from, "another"), 7, 1, 0);
	from.items[1].status = STATUS_FAILED;
	assert_int_equal(results_merge(&into, &from, &err), 0);
	assert_int_equal(into.nr, 3);
	assert_int_equal(into.items[0].nr_runs, 4);
	assert_int_equal(into.items[0].runs[3].index, 3);
	assert_int_equal(into.items[0].runs[3].samples[0].ticks[METRIC_PIN], 200);
	assert_int_equal(into.items[0].counts.value[COUNT_SLOW_PAGES], 0);
	assert_int_equal(into.items[0].nr_warnings, 2);
	assert_non_null(
		strstr(into.items[0].warnings[1], "slow_pages differs between runs: 0 and 15"));
	assert_int_equal(fact_find(&into.items[0].truth, "contents_ok")->number, 0);
	assert_int_equal(into.items[1].status, STATUS_FAILED);
	assert_string_equal(into.items[2].key, "another");
	results_free(&from);
	assert_int_equal(results_save(&into, path, &err), 0);
	make(&from);
	from.icount = true;
	assert_int_equal(results_merge(&into, &from, &err), -EINVAL);
	results_free(&from);
	results_free(&into);
}

/* One boot could not do what another did, and the other way round: done, and said. */
static void test_merge_status(void **state)
{
	static const enum status cases[][3] = {
		{ STATUS_DONE, STATUS_SKIPPED, STATUS_DONE },
		{ STATUS_SKIPPED, STATUS_DONE, STATUS_DONE },
		{ STATUS_DONE, STATUS_FAILED, STATUS_FAILED },
		{ STATUS_FAILED, STATUS_DONE, STATUS_FAILED },
		{ STATUS_SKIPPED, STATUS_FAILED, STATUS_FAILED },
		{ STATUS_FAILED, STATUS_SKIPPED, STATUS_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct results into = { 0 }, from = { 0 };
		struct result *a = results_add(&into, "k"), *b = results_add(&from, "k");

		a->status = cases[i][0];
		a->why = a->status == STATUS_DONE ? NULL : strdup("why a");
		b->status = cases[i][1];
		b->why = b->status == STATUS_DONE ? NULL : strdup("why b");
		assert_int_equal(results_merge(&into, &from, NULL), 0);
		assert_int_equal(a->status, cases[i][2]);
		if (a->status == STATUS_DONE)
			assert_null(a->why);
		else
			assert_string_equal(a->why,
					    cases[i][0] == STATUS_FAILED ? "why a" : "why b");
		if (cases[i][0] == STATUS_SKIPPED || cases[i][1] == STATUS_SKIPPED)
			assert_int_equal(a->nr_warnings, 1);
		results_free(&into);
		results_free(&from);
	}
}

static void test_text_plain(void **state)
{
	char text[] = "a\x1b[31mb\r\n\tc\x7f \xc2\x9b \xe2\x80\xae \xc3\xa9 \xc0\xaf \xed\xa0\x80 "
		      "\xf4\x90\x80\x80 \xff";
	char ascii[] = "1 \xc2\xb1 2 \xc3\xa9 \x1b", lines[] = "a\n\tb\0c\r\x1b\xff\n", one[16];
	/* of Unicode's DerivedCoreProperties.txt, Default_Ignorable_Code_Point: first and last of
	 * some ranges, and what is beside them */
	static const char *const unseen[] = {
		"\u00ad",     "\u034f",     "\u061c",     "\u115f",     "\u17b4",     "\u180b",
		"\u180e",     "\u200b",     "\u200c",     "\u200d",     "\u200e",     "\u200f",
		"\u2028",     "\u2029",     "\u202a",     "\u202e",     "\u2060",     "\u2064",
		"\u2066",     "\u206f",     "\u3164",     "\ufe00",     "\ufe0f",     "\ufeff",
		"\uffa0",     "\ufff9",     "\uffff",     "\U0001d173", "\U000e0001", "\U000e0041",
		"\U000e0100", "\U000e01ef", "\U0010ffff", "\x7f",       "\xc2\x85",
	};

	(void)state;
	text_plain(text);
	assert_string_equal(text, "a?[31mb???c? ? ? \xc3\xa9 ?? ??? ???? ?");
	text_ascii(ascii);
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
		snprintf(one, sizeof(one), "a%sb", unseen[i]);
		text_plain(one);
		assert_string_equal(one, "a?b");
	}
	text_plain_lines(lines, sizeof(lines) - 1);
	assert_string_equal(lines, "a\n\tb?c???\n");
	assert_string_equal(ascii, "1 +- 2 ? ?");
	assert_int_equal(text_width("\xc2\xb1"
				    "1"),
			 2);
	assert_true(text_is_word("hugetlb-64K"));
	assert_false(text_is_word("a b"));
	assert_false(text_is_word(""));
}

#define HEAD                                                                                    \
	"{\"schema\": \"urn:pinbench:result:1\", \"tool\": {\"version\": \"1\"}, \"label\": "   \
	"\"l\",\n"                                                                              \
	"\"complete\": true, \"config\": {\"results\": [1, {}]}, \"command\": [\"results\", "   \
	"\"]\"],\n"                                                                             \
	"\"metrics\": {\"pin\": {\"unit\": \"ns\"}, \"unpin\": {\"unit\": \"ns\"}, \"cycle\": " \
	"{\"unit\": \"ns\"}},\n"
#define TAIL ",\n\"environment\": {}}\n"
#define RESULT(key)                                                                                \
	"{\"key\": \"" key "\", \"status\": \"skipped\", \"why\": \"[,]}\\\"{\", \"params\": {}, " \
	"\"runs\": [], \"counts\": {\"observer\": {}}, \"truth\": {}, \"warnings\": [\"a\", "      \
	"\"b\"]}"

static void parsed(const char *text, size_t nr_results)
{
	struct results results;
	struct error err = { 0 };

	if (results_parse(&results, text, strlen(text), "f", &err))
		fail_msg("%s", err.text);
	assert_int_equal(results.nr, nr_results);
	for (size_t i = 0; i < nr_results; i++) {
		assert_string_equal(results.items[i].why, "[,]}\"{");
		assert_int_equal(results.items[i].nr_warnings, 2);
	}
	results_free(&results);
}

static void not_parsed(const char *text, const char *sentence)
{
	struct results results;
	struct error err = { 0 };

	assert_int_equal(results_parse(&results, text, strlen(text), "f", &err), -EINVAL);
	if (strncmp(err.text, sentence, strlen(sentence)))
		fail_msg("\"%s\" does not begin with \"%s\"", err.text, sentence);
}

/* Results are parsed one by one; the file means what it would mean as a whole, and errors name the
 * line in the file. */
static void test_results_text(void **state)
{
	(void)state;
	parsed(HEAD "\"results\": []" TAIL, 0);
	parsed(HEAD "\"results\": [ \n ]" TAIL, 0);
	parsed(HEAD "\"results\": [" RESULT("a") "\n, " RESULT("b") "]" TAIL, 2);
	parsed(HEAD "\"r\\u0065sults\" : [" RESULT("a") ", " RESULT("b") "]" TAIL, 2);
	parsed(HEAD "\"more\": [[]], \"results\"\n:\n[" RESULT("a") "], \"other\": [1]" TAIL, 1);
	not_parsed(HEAD "\"results\": [" RESULT("a") ",\n" RESULT("b") ",]" TAIL, "f:5:");
	not_parsed(HEAD "\"results\": [" RESULT("a") "\n" RESULT("b") "]" TAIL,
		   "f:5:1: end of file expected");
	not_parsed(HEAD "\"results\": [,\n" RESULT("b") "]" TAIL, "f:4:");
	not_parsed(HEAD "\"results\": [\n\n{\"key\": ]}" TAIL, "f:6:9: unexpected token near ']'");
	not_parsed(HEAD "\"results\": [\n{\"key\": 1, \"key\": 2}]" TAIL,
		   "f:5:16: duplicate object key");
	not_parsed(HEAD "\"results\": [\n" RESULT("a") "],\nx" TAIL, "f:6:1: ");
	not_parsed(HEAD "\"results\": [" RESULT("a") "],\n\"results\": []" TAIL,
		   "f:5:9: duplicate object key");
	not_parsed(HEAD "\"results\": [" RESULT("a") "],\n\"r\\u0065sults\": []" TAIL,
		   "f:5:14: duplicate object key");
	not_parsed(HEAD "\"results\": [" RESULT("a") "}" TAIL, "f:");
	not_parsed(HEAD "\"results\": [" RESULT("a") TAIL, "f:");
	not_parsed(HEAD "\"results\": {}" TAIL, "f: results: not a list");
	not_parsed(HEAD "\"results\": [" RESULT("a") ", 1]" TAIL, "f: results[1]: not an object");
	not_parsed(HEAD "\"results\": [" RESULT("a") ", " RESULT("a") "]" TAIL,
		   "f: results: the key a is there twice");
	not_parsed("[\"results\", []]", "f: the file: not an object");
	not_parsed("", "f:1:0: ");
	not_parsed(" \n[\"", "f:2:2: premature end of input");
}

/* An environment of so many facts, one of them with a dotted name of so many bytes. */
static int parse_facts(size_t nr, size_t name_bytes, struct error *err)
{
	struct results results;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int rc;

	assert_non_null(out);
	fprintf(out, HEAD "\"results\": [],\n\"environment\": {\"group\": {\"%0*d\": true}",
		(int)(name_bytes - strlen("group.")), 0);
	for (size_t i = 1; i < nr; i++)
		fprintf(out, ", \"f%zu\": %zu", i, i);
	fputs("}}\n", out);
	fclose(out);
	*err = (struct error){ 0 };
	rc = results_parse(&results, text, size, "f", err);
	if (!rc) {
		assert_int_equal(results.environment.nr, nr);
		assert_int_equal(strlen(results.environment.items[0].name), name_bytes);
		results_free(&results);
	}
	free(text);
	return rc;
}

/* As many facts, and names as long, as docs/result-format.md says; not one more. */
static void test_fact_limits(void **state)
{
	struct error err;

	(void)state;
	if (parse_facts(4096, 191, &err))
		fail_msg("%s", err.text);
	assert_int_equal(parse_facts(4097, 100, &err), -EINVAL);
	assert_non_null(strstr(err.text, "more than 4096 facts"));
	assert_int_equal(parse_facts(1, 192, &err), -EINVAL);
	assert_non_null(strstr(err.text, "the dotted name has more than 191 bytes"));
}

/* A file whose second result has these samples. */
static int parse_samples(struct results *results, const char *samples, struct error *err)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 HEAD "\"results\": [" RESULT(
			 "a") ",\n{\"key\": \"b\", \"status\": \"done\", "
			      "\"params\": {\"pinner\": \"p\", \"layout\": \"l\", \"state\": "
			      "\"s\", \"access\": \"a\", \"window\": \"w\", "
			      "\"offset\": 0, \"bytes\": 1, \"pages_per_call\": 1}, \"runs\": "
			      "[{\"index\": 0, \"warmup\": {}, "
			      "\"clock\": {\"pin\": \"c\", \"unpin\": \"c\"}, \"other\": [0, [7], "
			      "[1, 2], \"[3]\"],\n\"samples\": {%s}}], "
			      "\"counts\": {\"observer\": {}}, \"truth\": {}, \"warnings\": "
			      "[]}]" TAIL,
		 samples);
	*err = (struct error){ 0 };
	return results_parse(results, text, strlen(text), "f", err);
}

static void samples_are(const char *samples, size_t nr, const uint64_t *pin, const uint64_t *unpin,
			const uint64_t *pages)
{
	struct results results;
	struct error err;
	const struct run *run;

	if (parse_samples(&results, samples, &err))
		fail_msg("%s: %s", samples, err.text);
	run = &results.items[1].runs[0];
	assert_int_equal(run->nr_samples, nr);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(run->samples[i].ticks[METRIC_PIN], pin[i]);
		if (unpin)
			assert_int_equal(run->samples[i].ticks[METRIC_UNPIN], unpin[i]);
		assert_int_equal(run->samples[i].nr_pages, pages[i]);
	}
	results_free(&results);
}

static void samples_refused(const char *samples, const char *sentence)
{
	struct results results;
	struct error err;

	if (!parse_samples(&results, samples, &err))
		fail_msg("%s is read", samples);
	if (strncmp(err.text, sentence, strlen(sentence)))
		fail_msg("\"%s\" does not begin with \"%s\"", err.text, sentence);
}

/* Lists of numbers never reach the parser: nothing else may be taken for one, and nothing may get
 * lost. */
static void test_number_lists(void **state)
{
	static const uint64_t three[] = { 0, 10, 999999999999999999 }, more[] = { 7, 8, 9 },
			      ones[] = { 1, 1, 1 };
	static const uint64_t one[] = { 3 }, largest[] = { INT64_MAX };

	(void)state;
	samples_are("\"pin\": [0,10,999999999999999999], \"unpin\": [ 7 ,\n8\t, 9 ], \"pages\": 1",
		    3, three, more, ones);
	samples_are("\"pages\": [7, 8, 9], \"unpin\": [1, 1, 1], \"pin\": [0, 10, "
		    "999999999999999999]",
		    3, three, ones, more);
	samples_are("\"pin\": [3], \"pages\": 3", 1, one, NULL, one);
	samples_are("\"pin\": [9223372036854775807], \"pages\": [3]", 1, largest, NULL, one);
	samples_are("\"pin\": [], \"unpin\": [ ]", 0, NULL, NULL, NULL);
	samples_refused("\"pin\": [1, 2], \"unpin\": [1], \"pages\": 1",
			"f: results[1].runs[0].samples.unpin: 1 values beside");
	samples_refused("\"pin\": [1, 2], \"pages\": [0]",
			"f: results[1].runs[0].samples.pages: 1 values beside a list of 2");
	samples_refused("\"pin\": [1, 2, -1], \"pages\": 1",
			"f: results[1].runs[0].samples.pin[2]: -1 is not in");
	samples_refused("\"pin\": [-1], \"pages\": 1",
			"f: results[1].runs[0].samples.pin[0]: -1 is not in");
	samples_refused("\"pin\": [1, 2.0], \"pages\": 1",
			"f: results[1].runs[0].samples.pin[1]: not an integer");
	samples_refused("\"pin\": [\"1\"], \"pages\": 1",
			"f: results[1].runs[0].samples.pin[0]: not an integer");
	samples_refused("\"pin\": [[1]], \"pages\": 1",
			"f: results[1].runs[0].samples.pin[0]: not an integer");
	samples_refused("\"pin\": 0, \"pages\": 1",
			"f: results[1].runs[0].samples.pin: not a list");
	samples_refused("\"pin\": [1, 01], \"pages\": 1", "f:6:24: ");
	samples_refused("\"pin\": [9223372036854775808], \"pages\": 1", "f:6:39: too big integer");
	samples_refused("\"pin\": [1, 2,], \"pages\": 1", "f:6:26: ");
	samples_refused("\"pin\": [1 2], \"pages\": 1", "f:6:23: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, enter_directory, leave_directory),
		cmocka_unit_test_setup_teardown(test_icount, enter_directory, leave_directory),
		cmocka_unit_test_setup_teardown(test_bad_text, enter_directory, leave_directory),
		cmocka_unit_test_setup_teardown(test_unwritable, enter_directory, leave_directory),
		cmocka_unit_test_setup_teardown(test_imported_pages, enter_directory,
						leave_directory),
		cmocka_unit_test_setup_teardown(test_fact_names, enter_directory, leave_directory),
		cmocka_unit_test(test_print_full),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_new_run),
		cmocka_unit_test(test_layout),
		cmocka_unit_test_setup_teardown(test_read_limits, enter_directory, leave_directory),
		cmocka_unit_test_setup_teardown(test_no_room, enter_directory, leave_directory),
		cmocka_unit_test_setup_teardown(test_bad_targets, enter_directory, leave_directory),
		cmocka_unit_test_setup_teardown(test_sudo, enter_directory, leave_directory),
		cmocka_unit_test_setup_teardown(test_merge, enter_directory, leave_directory),
		cmocka_unit_test(test_merge_status),
		cmocka_unit_test(test_text_plain),
		cmocka_unit_test(test_results_text),
		cmocka_unit_test(test_fact_limits),
		cmocka_unit_test(test_number_lists),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
