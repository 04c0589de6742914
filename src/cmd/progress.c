// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINE_S 0.1 /* between two lines of a schedule */

void progress_open(struct progress *progress, FILE *out)
{
	const char *term = getenv("TERM");

	/* a line that is rewritten needs escape sequences */
	*progress = (struct progress){
		.out = out, .terminal = isatty(fileno(out)) && term && strcmp(term, "dumb") != 0
	};
}

static unsigned short columns(FILE *out)
{
	struct winsize size;

	return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

static void left_format(char *text, size_t size, double left_s)
{
	unsigned int seconds = (unsigned int)(left_s + 0.5);

	if (left_s < 0.5) /* not known, or nothing worth a word */
		text[0] = '\0';
	else if (seconds < 60)
		snprintf(text, size, "  %us left", seconds);
	else
		snprintf(text, size, "  %um%02us left", seconds / 60, seconds % 60);
}

/* Rewrites the line of a terminal. */
static void line_show(struct progress *progress, char *line)
{
	if (strlen(line) >= columns(progress->out))
		line[columns(progress->out) - 1] = '\0';
	fprintf(progress->out, "\r\033[K%s", line);
	fflush(progress->out);
	progress->shown = true;
}

void progress_case(struct progress *progress, const struct run_event *event)
{
	char line[512], left[48];

	if (!progress->out)
		return;
	if (!progress->terminal) {
		/* a skipped case says why in the table; a line for each would bury those that ran
		 */
		if (event->result && event->result->status != STATUS_SKIPPED)
			fprintf(progress->out, "[%zu/%zu] %s: %s%s%s\n", event->index + 1,
				event->nr_cases, event->plan_case->key,
				status_names[event->result->status], event->result->why ? ": " : "",
				event->result->why ? event->result->why : "");
		return;
	}
	if (event->result)
		return;
	left_format(left, sizeof(left), event->left_s);
	snprintf(line, sizeof(line), "[%*zu/%zu] %s%s", snprintf(NULL, 0, "%zu", event->nr_cases),
		 event->index + 1, event->nr_cases, event->plan_case->key, left);
	line_show(progress, line);
}

void progress_pass(struct progress *progress, const struct interleave_event *event)
{
	unsigned int block = event->block + 1;
	char line[512], left[48];

	/* elsewhere a line when a block is through; cases of milliseconds are not worth a line each
	 */
	if (progress->terminal ? !event->key || event->elapsed_s < progress->next_s
			       : event->key != NULL)
		return;
	progress->next_s = event->elapsed_s + LINE_S;
	left_format(left, sizeof(left), event->left_s);
	if (event->open)
		snprintf(line, sizeof(line), "[%u] ", block);
	else
		snprintf(line, sizeof(line), "[%*u/%u] ", snprintf(NULL, 0, "%u", event->nr_blocks),
			 block, event->nr_blocks);
	snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s%s%s",
		 progress->terminal ? event->label : "done", left, progress->terminal ? "  " : "",
		 progress->terminal ? event->key : "");
	if (!progress->terminal)
		fprintf(progress->out, "%s\n", line);
	else
		line_show(progress, line);
}

void progress_close(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", progress->out);
}
