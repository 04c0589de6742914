// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A comparison for a commit message: what a reviewer has to know to believe the numbers and to get
 * them again, and no more. The table is by commit_rows().
 */

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "format/format.h"
#include "format/matrix.h"
#include "print/command.h"
#include "print/heading.h"
#include "print/table.h"
#include "result/results.h"
#include "verdict/words.h"

#define MAX_NAME   26u
#define ROW_INDENT 4u /* of rows, beyond the indent of all lines */

enum column { NAME, BASE, NEW, CHANGE, VERDICT, INTERVAL, NR_COLUMNS };

/* Widths of the columns; 0: the column is left out. */
struct layout {
	size_t width[NR_COLUMNS];
	struct compare_names names;
};

/* "tail n=16"; what the key says beyond that, too. */
static void one_name_format(const struct result *result, char *text, size_t size)
{
	char extras[64], pages[24];

	extras_format(result->key, extras, sizeof(extras));
	pages_format(result, pages, sizeof(pages));
	snprintf(text, size, "%s%s%s%s%s", result->params.window, *pages ? " n=" : "", pages,
		 *extras ? " " : "", extras);
}

/* Of both sides where they are not the same. */
static void name_format(const struct row *row, char *text, size_t size)
{
	char name[2][160];

	one_name_format(row->base, name[0], sizeof(name[0]));
	one_name_format(row->new, name[1], sizeof(name[1]));
	snprintf(text, size, strcmp(name[0], name[1]) ? "%s -> %s" : "%s", name[0], name[1]);
}

static void widen(size_t *width, const char *text)
{
	size_t length = strlen(text);

	*width = length > *width ? length : *width;
}

static size_t total(const struct layout *layout)
{
	size_t sum = LINES_INDENT + ROW_INDENT;

	for (size_t i = 0; i < NR_COLUMNS; i++)
		sum += layout->width[i] ? layout->width[i] + 2 : 0;
	return sum - 2;
}

static struct layout layout_of(const struct sections *sections, struct compare_names names)
{
	struct layout layout = {
		.width = { [CHANGE] = strlen("change"), [VERDICT] = strlen("verdict") },
		.names = names,
	};

	text_ascii(layout.names.base);
	text_ascii(layout.names.new);
	widen(&layout.width[BASE], layout.names.base);
	widen(&layout.width[NEW], layout.names.new);
	for (size_t i = 0; i < sections->nr; i++) {
		const struct section *section = &sections->items[i];

		for (size_t j = 0; j < section->nr; j++) {
			struct row_cells cells;
			char name[330];

			name_format(section->rows[j], name, sizeof(name));
			widen(&layout.width[NAME], "all");
			row_cells(section->rows[j], &section->unit, &cells);
			if (strlen(name) <= MAX_NAME)
				widen(&layout.width[NAME], name);
			widen(&layout.width[BASE], cells.value[0]);
			widen(&layout.width[NEW], cells.value[1]);
			widen(&layout.width[CHANGE], cells.change);
			widen(&layout.width[INTERVAL], cells.interval);
		}
	}
	if (layout.width[INTERVAL])
		widen(&layout.width[INTERVAL], "interval");
	if (total(&layout) > LINES_COLUMNS)
		layout.width[INTERVAL] = 0;
	if (total(&layout) > LINES_COLUMNS)
		layout.width[NAME] -= total(&layout) - LINES_COLUMNS;
	return layout;
}

static void put_cells(struct lines *lines, const struct layout *layout, const char *const *cells)
{
	char line[256] = "";

	for (size_t i = 0; i < NR_COLUMNS; i++) {
		bool left = i == NAME || i == INTERVAL || i == VERDICT;
		size_t used = strlen(line);

		if (layout->width[i])
			snprintf(line + used, sizeof(line) - used, "%s%*s", used ? "  " : "",
				 left ? -(int)layout->width[i] : (int)layout->width[i], cells[i]);
	}
	lines_put(lines, ROW_INDENT, line);
}

/* "cycle in us, lower is better" */
static void put_section_title(struct lines *lines, const struct section *section)
{
	const struct row *row = section->rows[0];
	const char *unit = row->kind == ROW_RATE     ? " in %, change in points"
			   : row->kind == ROW_COUNT  ? ", exact"
			   : row->kind == ROW_MEMORY ? ""
						     : section->unit.name;
	int direction = row_direction(row);
	char line[160];

	snprintf(line, sizeof(line), "%s%s%s%s", row_label(row),
		 row->kind == ROW_COST                            ? ", by instructions in "
		 : row->kind == ROW_TIME || row->kind == ROW_TAIL ? " in "
								  : "",
		 unit,
		 direction < 0   ? ", lower is better"
		 : direction > 0 ? ", higher is better"
				 : "");
	lines_put(lines, 2, line);
}

/* Exact, and the same number on both sides of every row. */
static bool all_equal(const struct section *section)
{
	for (size_t i = 0; i < section->nr; i++) {
		const struct row *row = section->rows[i];

		if (row->design != DESIGN_EXACT || row->moved ||
		    row->value[0] != section->rows[0]->value[0])
			return false;
	}
	return section->nr > 1;
}

/* @all: instead of the name of the case. */
static void put_row(struct lines *lines, const struct layout *layout, const struct section *section,
		    const struct row *row, const char *all, const struct verdicts *verdicts)
{
	struct row_cells cells;
	char name[330], text[400];

	row_cells(row, &section->unit, &cells);
	name_format(row, name, sizeof(name));
	if (all)
		snprintf(name, sizeof(name), "%s", all);
	if (strlen(name) > layout->width[NAME]) {
		lines_wrap(lines, ROW_INDENT, 2, "window %s:", name);
		*name = '\0';
	}
	put_cells(lines, layout,
		  (const char *[NR_COLUMNS]){ [NAME] = name,
					      [BASE] = cells.value[0],
					      [NEW] = cells.value[1],
					      [CHANGE] = cells.change,
					      [VERDICT] = verdict_names[row->verdict],
					      [INTERVAL] = cells.interval });
	if (row->kind != ROW_COST || row->verdict == VERDICT_SAME)
		return;
	row_cost_format(row, text, sizeof(text));
	lines_wrap(lines, ROW_INDENT + 2, 2, "%s: %s", text, verdict_names[row->verdict]);
	row_note(row, verdicts, text, sizeof(text));
	if (*text)
		lines_wrap(lines, ROW_INDENT + 2, 2, "%s", text);
}

static void commit_rows(struct lines *lines, const struct sections *sections,
			const struct params *common, struct compare_names names,
			const struct verdicts *verdicts)
{
	struct layout layout = layout_of(sections, names);

	if (sections->nr == 0)
		return;
	put_cells(lines, &layout,
		  (const char *[NR_COLUMNS]){ [NAME] = "",
					      [BASE] = layout.names.base,
					      [NEW] = layout.names.new,
					      [CHANGE] = "change",
					      [VERDICT] = "verdict",
					      [INTERVAL] = "interval" });
	for (size_t i = 0; i < sections->nr; i++) {
		const struct section *section = &sections->items[i];
		char title[256];

		if (section->first_of_group) {
			if (i > 0)
				lines_gap(lines);
			groups_format(&section->rows[0]->base->params,
				      &section->rows[0]->new->params, common, title, sizeof(title));
			lines_wrap(lines, 0, 2, "%s", title);
		}
		put_section_title(lines, section);
		if (all_equal(section)) {
			put_row(lines, &layout, section, section->rows[0], "all", verdicts);
			continue;
		}
		for (size_t j = 0; j < section->nr; j++)
			put_row(lines, &layout, section, section->rows[j], NULL, verdicts);
	}
}

#define MANY_COSTS  8u  /* of unsharing: a line each */
#define MANY_ROWS   24u /* lines of a table that people still read in a commit message */
#define MAX_CHANGES 3u  /* of the environment, and remarks */
#define MAX_LABEL   12u /* columns of a heading */

/* What was measured, without the virtual machine around it: a title. */
static void put_title(struct lines *lines, const struct results *results)
{
	struct command command;

	command_of(&command, results, true);
	lines_command(lines, 0, (const char *const *)command.words, command.nr, 2);
	command_free(&command);
}

static void put_side(struct lines *lines, const char *role, const struct results *results)
{
	char release[128] = "";

	fact_value(&results->environment, "kernel.release", release, sizeof(release));
	lines_wrap(lines, 0, 6, "%-4s  %s%s%s%s%s", role, results->label,
		   *release && strcmp(release, results->label) ? "  " : "",
		   strcmp(release, results->label) ? release : "",
		   results->complete ? "" : "  interrupted", results->imported ? "  imported" : "");
}

static void put_machine(struct lines *lines, const struct comparison *comparison)
{
	char base[400], new[400];

	hardware_format(comparison->base, base, sizeof(base));
	hardware_format(comparison->new, new, sizeof(new));
	if (strcmp(base, new) == 0 && *base) {
		lines_wrap(lines, 0, 6, "both  on %s", base);
	} else {
		if (*base)
			lines_wrap(lines, 0, 6, "base  on %s", base);
		if (*new)
			lines_wrap(lines, 0, 6, "new   on %s", new);
	}
	if (emulated_note(comparison->base) || emulated_note(comparison->new))
		lines_wrap(lines, 0, 2,
			   "times of a software emulator: they say nothing about a machine");
}

/* Between two kernels these are what the comparison is about. */
static bool is_expected(const char *name)
{
	return strcmp(name, "kernel.release") == 0 || strcmp(name, "kernel.version") == 0 ||
	       strcmp(name, "kernel.config_sha256") == 0 || strcmp(name, "lab.image") == 0;
}

static void put_changes(struct lines *lines, const struct comparison *comparison)
{
	const struct remark_list *remarks[2] = {
		&comparison->comparable.refusals,
		&comparison->comparable.unknowns,
	};
	const struct remark_list *differences = &comparison->comparable.differences;
	size_t nr = 0;

	for (size_t i = 0; i < differences->nr; i++)
		lines_wrap(lines, 0, 6, "differs: %.300s", differences->texts[i]);
	for (size_t i = 0; i < comparison->nr_changes - comparison->nr_noise; i++) {
		const struct change *change = &comparison->changes[i];
		const char *name = change->base ? change->base->name : change->new->name;
		char base[200] = "(absent)", new[200] = "(absent)";

		if (is_expected(name) || comparable_names(name) || nr++ >= MAX_CHANGES)
			continue;
		fact_value(&comparison->base->environment, name, base, sizeof(base));
		fact_value(&comparison->new->environment, name, new, sizeof(new));
		lines_wrap(lines, 0, 6, "differs: %s: %.80s -> %.80s", name, base, new);
	}
	if (nr > MAX_CHANGES)
		lines_wrap(lines, 0, 6, "differs: %zu more of the environment", nr - MAX_CHANGES);
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < remarks[i]->nr && j < MAX_CHANGES; j++)
			lines_wrap(lines, 0, 6, "%s %.160s",
				   i ? "note:" : "not comparable:", remarks[i]->texts[j]);
}

/* How many samples a run was made of, and how far the runs are apart, over the rows of times that
 * are shown. */
static void put_replication(struct lines *lines, const struct verdicts *verdicts,
			    const struct sections *sections)
{
	size_t least = SIZE_MAX, most = 0;
	bool replicated = false;
	double spread = 0;
	char text[512], samples[48];

	design_format(verdicts, text, sizeof(text));
	if (*text)
		lines_wrap(lines, 0, 6, "n     %s", text);
	for (size_t i = 0; i < sections->nr_rows; i++) {
		const struct row *row = sections->rows[i];
		const struct result *cases[2] = { row->base, row->new };

		if (row->design == DESIGN_EXACT)
			continue;
		replicated = replicated || row->nr[0] > 1 || row->nr[1] > 1;
		spread = fmax(spread, fmax(row->spread[0], row->spread[1]));
		for (size_t j = 0; j < row->base->nr_runs + row->new->nr_runs; j++) {
			bool side = j >= row->base->nr_runs;
			const struct run *run =
				&cases[side]->runs[side ? j - row->base->nr_runs : j];
			size_t nr = run->nr_samples > run->nr_warmup
					    ? run->nr_samples - run->nr_warmup
					    : 0;

			least = nr && nr < least ? nr : least;
			most = nr > most ? nr : most;
		}
	}
	if (most == 0)
		return;
	snprintf(samples, sizeof(samples), least < most ? "%zu to %zu" : "%zu", least, most);
	lines_wrap(lines, 0, 6, "      each %s is the median of %s sample%s",
		   results_run_word(verdicts->base, 1), samples, most == 1 ? "" : "s");
	if (replicated)
		lines_wrap(lines, 0, 6,
			   "      spread of the %s (half their quartile distance) up to %.*f%%",
			   results_run_word(verdicts->base, 2), spread < 0.0995 ? 1 : 0,
			   spread * 100);
}

/* Each reason once, with what would be enough for all rows that have it. */
static void put_notes(struct lines *lines, const struct verdicts *verdicts)
{
	const struct row *most[NR_NOTES] = { NULL };
	size_t nr[NR_NOTES] = { 0 }, nr_times = 0;
	char text[256];

	for (size_t i = 0; i < verdicts->nr; i++) {
		const struct row *row = &verdicts->rows[i];

		nr_times += row->shown && row->design != DESIGN_EXACT;
		if (row->note == NOTE_NONE || !row->shown || row->redundant)
			continue;
		nr[row->note]++;
		if (!most[row->note] || row->need > most[row->note]->need)
			most[row->note] = row;
	}
	for (size_t i = 0; i < NR_NOTES; i++) {
		/* when there is none at all, that stands beside n */
		if (!most[i] || (i == NOTE_NO_REPLICATION && nr[i] == nr_times))
			continue;
		row_note(most[i], verdicts, text, sizeof(text));
		lines_wrap(lines, 0, 2, "note on %zu row%s: %s", nr[i], nr[i] == 1 ? "" : "s",
			   text);
	}
}

static void put_rule(struct lines *lines, const struct verdicts *verdicts,
		     const struct sections *sections)
{
	bool times = false;

	for (size_t i = 0; i < sections->nr_rows; i++)
		times = times || sections->rows[i]->design != DESIGN_EXACT;
	if (!times)
		return; /* exact: any change shows, and the table says so */
	if (verdicts->icount)
		lines_wrap(lines, 0, 2,
			   "interval: from the least to the most of the seeds; better, worse: all "
			   "of them, %u or "
			   "more, move one way by more than %u clock ticks and by %g%%%s; same: "
			   "all within +-%g%%",
			   RULE_ICOUNT_SEEDS, RULE_ICOUNT_TICKS, RULE_ICOUNT_PART * 100,
			   verdicts->rule.threshold_given ? ", and one beyond the threshold" : "",
			   verdicts->rule.threshold * 100);
	else
		lines_wrap(lines, 0, 2,
			   "change and interval: Hodges-Lehmann%s, %g%% over all %zu rows of "
			   "times; same: the "
			   "interval lies within +-%g%%; better, worse: it excludes 0",
			   verdicts->paired ? " of pairs" : "", verdicts->rule.level * 100,
			   verdicts->nr_tested, verdicts->rule.threshold * 100);
}

static void put_reproduction(struct lines *lines, const struct comparison *comparison)
{
	const struct results *reports[2] = { comparison->base, comparison->new };
	struct command commands[2];
	bool same;

	for (size_t i = 0; i < 2; i++)
		command_of(&commands[i], reports[i], false);
	same = command_same(&commands[0], &commands[1]);
	for (size_t i = same; i < 2; i++) {
		if (!commands[i].nr)
			continue;
		lines_wrap(lines, 0, 2, "reproduce%s (pinbench %s):",
			   same ? ""
			   : i  ? " new"
				: " base",
			   reports[i]->tool_version ? reports[i]->tool_version
						    : "of unknown version");
		command_put(&commands[i], lines, 2);
	}
	for (size_t i = 0; i < 2; i++)
		command_free(&commands[i]);
}

/* Of the costs that this table has room for, both sides on a line each. */
static void put_unshare(struct lines *lines, const struct comparison *comparison)
{
	struct unshare_list base, new;
	char texts[2][160];

	if (comparison->base->icount != comparison->new->icount)
		return;
	unshare_find(&base, comparison->base);
	unshare_find(&new, comparison->new);
	for (size_t i = 0; new.nr &&i < base.nr &&i < MANY_COSTS; i++) {
		const struct unshare *sides[2] = { &base.items[i],
						   unshare_of(&new, base.items[i].with->key) };
		struct unit unit =
			unit_for(base.icount, sides[0]->with_ticks, fabs(unshare_ticks(sides[0])));

		if (!sides[1])
			continue;
		if (i == 0)
			lines_wrap(lines, 0, 2, "unshare cost, %s:", cost_legend(&base));
		for (size_t j = 0; j < 2; j++)
			cost_format(&sides[j]->cost, &unit, texts[j], sizeof(texts[j]));
		lines_wrap(lines, 2, 4, "%s %s %s n=%" PRIu64 ": %s -> %s",
			   sides[0]->with->params.layout, sides[0]->with->params.state,
			   sides[0]->with->params.window, sides[0]->with->params.pages_per_call,
			   texts[0], texts[1]);
	}
	if (new.nr && base.nr > MANY_COSTS)
		lines_wrap(lines, 0, 2, "and %zu more unshare costs", base.nr - MANY_COSTS);
	unshare_list_free(&base);
	unshare_list_free(&new);
}

static void put_one(struct lines *lines, const struct comparison *comparison)
{
	const struct results *reports[2] = { comparison->base, comparison->new };
	const struct verdicts *verdicts = &comparison->verdicts;
	struct sections sections;
	struct params common;
	char text[512];

	sections_find(&sections, verdicts, MANY_ROWS);
	put_title(lines, comparison->new);
	put_side(lines, "base", comparison->base);
	put_side(lines, "new", comparison->new);
	put_machine(lines, comparison);
	put_changes(lines, comparison);
	put_replication(lines, verdicts, &sections);
	common_find(&common, reports, 2);
	common_format(&common, text, sizeof(text));
	if (*text)
		lines_wrap(lines, 0, 6, "all   %s", text);
	lines_gap(lines);
	tally_format(sections.nr_of, text, sizeof(text));
	lines_put(lines, 0, text);
	commit_rows(lines, &sections, &common,
		    compare_names(comparison->base, comparison->new, MAX_LABEL),
		    &comparison->verdicts);
	lines_gap(lines);
	if (sections.nr_left_out_all) {
		tally_format(sections.nr_left_out, text, sizeof(text));
		lines_wrap(lines, 0, 2, "not listed: %s", text);
	}
	if (comparison->nr_others)
		lines_wrap(lines, 0, 2, "not compared: %zu case%s not done in both",
			   comparison->nr_others, comparison->nr_others == 1 ? "" : "s");
	put_unshare(lines, comparison);
	put_notes(lines, verdicts);
	put_rule(lines, verdicts, &sections);
	put_reproduction(lines, comparison);
	sections_free(&sections);
}

static void compare_print_commit(FILE *out, const struct look *look,
				 const struct comparison *comparisons, size_t nr,
				 const struct compare_options *options)
{
	struct lines lines = { .out = out };

	(void)look;
	(void)options;
	for (size_t i = 0; i < nr; i++) {
		put_one(&lines, &comparisons[i]);
		lines_gap(&lines);
	}
}

/* For commit messages: see lines_put(). */
const struct format format_commit = {
	.name = "commit",
	.print = compare_print_commit,
	.matrix = matrix_print_commit,
};
