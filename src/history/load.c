// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "history/index.h"
#include "history/record.h"
#include "result/results.h"

#define MOST_DEEP    16u
#define BATCH        32u /* files read before they are stored: what a kill can lose */
#define MOST_THREADS 7u

struct list {
	struct index_file *files;
	size_t nr;
};

struct loading {
	const struct history_load *load;
	struct history *history;
	struct names digests;
	const char *directory;
	size_t nr_done, nr;
};

static void list_add(struct list *list, const char *path, const struct stat *status)
{
	if ((list->nr & (list->nr - 1)) == 0)
		list->files = reallocarray(list->files, list->nr ? list->nr * 2 : 1,
					   sizeof(*list->files));
	list->files[list->nr++] = (struct index_file){
		.path = strdup(path),
		.size = status->st_size,
		.mtime_ns = status->st_mtim.tv_sec * INT64_C(1000000000) + status->st_mtim.tv_nsec,
	};
}

static void list_free(struct list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->files[i].path);
	free(list->files);
}

/* @below: of @root, "" or "a/b/". Directories that cannot be read are named, and left out. */
static void scan(struct loading *loading, struct list *list, const char *below, unsigned int depth)
{
	autofree char *path = NULL;
	struct dirent *entry;
	DIR *dir;

	if (asprintf(&path, "%s/%s", loading->directory, below) < 0)
		abort();
	dir = dir_open(path);
	if (!dir) {
		history_note(loading->history, "%s: %s: left out", path, strerror(errno));
		return;
	}
	while ((entry = readdir(dir))) {
		autofree char *own = NULL;
		struct stat status;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&own, "%s%s", below, entry->d_name) < 0)
			abort();
		if (fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
			continue; /* gone */
		if (S_ISLNK(status.st_mode) &&
		    (fstatat(dirfd(dir), entry->d_name, &status, 0) || S_ISDIR(status.st_mode)))
			continue;
		if (S_ISDIR(status.st_mode) && depth < MOST_DEEP) {
			autofree char *inner = NULL;

			if (asprintf(&inner, "%s/", own) < 0)
				abort();
			scan(loading, list, inner, depth + 1);
		} else if (S_ISREG(status.st_mode) && results_is_file_name(entry->d_name)) {
			list_add(list, own, &status);
		}
	}
	closedir(dir);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct index_file *)a)->path, ((const struct index_file *)b)->path);
}

static void path_set(const struct loading *loading, struct history_file *file,
		     const struct index_file *from)
{
	free(file->path);
	if (asprintf(&file->path, "%s%s%s", loading->directory ? loading->directory : "",
		     loading->directory ? "/" : "", from->path) < 0)
		abort();
	file->size = from->size;
	file->mtime_ns = from->mtime_ns;
}

/* The same content is the same measurement, whatever it is called. */
static bool is_copy(struct loading *loading, const struct history_file *file)
{
	size_t nr = loading->digests.nr;

	return file->state == HISTORY_RESULT && names_add(&loading->digests, file->digest) < nr;
}

static void record_take(struct loading *loading, struct record *record)
{
	if (is_copy(loading, &record->file)) {
		record->file.state = HISTORY_COPY;
		record->file.why = strdup("the content of another file");
		record->nr_values = 0;
	}
	record_add(record, loading->history);
}

/* Files that are read at once: parsing takes nearly all of the time. */
struct batch {
	const struct loading *loading;
	struct index_file files[BATCH];
	struct record records[BATCH];
	size_t nr;
	atomic_size_t next;
};

static void read_one(const struct loading *loading, const struct index_file *file,
		     struct record *record)
{
	autofree char *path = NULL;

	if (asprintf(&path, "%s%s%s", loading->directory ? loading->directory : "",
		     loading->directory ? "/" : "", file->path) < 0)
		abort();
	record_read(record, path);
	path_set(loading, &record->file, file);
}

static void *read_some(void *context)
{
	struct batch *batch = context;
	size_t i;

	while ((i = atomic_fetch_add(&batch->next, 1)) < batch->nr)
		read_one(batch->loading, &batch->files[i], &batch->records[i]);
	return NULL;
}

/* The next files that the index does not know, from *@at on. False: there are none. */
static bool batch_read(struct loading *loading, struct batch *batch, const struct list *list,
		       size_t *at)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[MOST_THREADS];
	size_t nr_threads = 0;

	batch->loading = loading;
	batch->nr = 0;
	atomic_store(&batch->next, 0);
	for (; *at < list->nr && batch->nr < BATCH; ++*at)
		if (!list->files[*at].known)
			batch->files[batch->nr++] = list->files[*at];
	while (nr_threads < MOST_THREADS && (long)nr_threads + 1 < nr_cpus &&
	       nr_threads + 1 < batch->nr &&
	       !pthread_create(&threads[nr_threads], NULL, read_some, batch))
		nr_threads++;
	read_some(batch);
	for (size_t i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
	loading->nr_done += batch->nr;
	if (batch->nr && loading->load->progress)
		loading->load->progress(loading->load->context, loading->nr_done, loading->nr);
	return batch->nr > 0;
}

static void batch_free(struct batch *batch)
{
	for (size_t i = 0; i < batch->nr; i++)
		record_free(&batch->records[i]);
}

/* What the index does not know, or all. */
static void read_rest(struct loading *loading, const struct list *list)
{
	struct batch batch;

	for (size_t at = 0; batch_read(loading, &batch, list, &at);) {
		for (size_t i = 0; i < batch.nr; i++)
			record_take(loading, &batch.records[i]);
		batch_free(&batch);
	}
}

/* Reads what the index does not know and stores it. */
static int store_rest(struct loading *loading, struct index *index, struct list *list,
		      struct error *err)
{
	struct batch batch;
	int rc = 0;

	for (size_t at = 0, first = 0; !rc && batch_read(loading, &batch, list, &at); first = at) {
		rc = index_store(index, batch.files, batch.records, batch.nr, err);
		for (size_t i = first; i < at && !rc; i++)
			list->files[i].known = true;
		batch_free(&batch);
	}
	return rc;
}

struct taking {
	struct loading *loading;
	const struct list *list;
};

static size_t take(void *context, size_t nth, const struct history_file *from)
{
	struct taking *taking = context;
	struct history_file file = *from;
	size_t place;
	bool copy = is_copy(taking->loading, from);

	if (copy) {
		file.state = HISTORY_COPY;
		file.why = "the content of another file";
	}
	file.path = NULL;
	path_set(taking->loading, &file, &taking->list->files[nth]);
	place = history_add_file(taking->loading->history, &file);
	free(file.path);
	return file.state == HISTORY_RESULT ? place : SIZE_MAX;
}

static size_t nr_unknown(const struct list *list)
{
	size_t nr = 0;

	for (size_t i = 0; i < list->nr; i++)
		nr += !list->files[i].known;
	return nr;
}

static int use_index(struct loading *loading, struct index *index, struct list *list,
		     struct error *err)
{
	struct taking taking = { loading, list };
	struct error inner = { 0 };
	size_t nr_old;
	int rc = index_find(index, list->files, list->nr, &nr_old, err);

	if (rc)
		return rc;
	loading->nr_done = 0;
	loading->nr = nr_unknown(list);
	if (nr_old)
		rc = index_forget(index, list->files, list->nr, &inner);
	rc = rc ? rc : store_rest(loading, index, list, &inner);
	if (rc == -EUCLEAN)
		return error_set(err, EUCLEAN, "%s", inner.text);
	if (rc) /* the disk is full, somebody holds it: what it knows is still right */
		history_note(loading->history, "the index was not brought up to date: %s",
			     inner.text);
	rc = index_read(index, list->files, list->nr, loading->history, take, &taking, err);
	if (!rc && nr_unknown(list)) {
		loading->nr_done = 0;
		loading->nr = nr_unknown(list);
		read_rest(loading, list);
	}
	return rc;
}

static void forget_known(struct list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		list->files[i].known = false;
}

/* False: without. */
static bool by_index(struct loading *loading, struct list *list)
{
	struct index *index = NULL;
	struct error err = { 0 };
	int rc = index_open(&index, loading->directory, &err);

	rc = rc ? rc : use_index(loading, index, list, &err);
	if (rc == -EUCLEAN) {
		history_note(loading->history, "the index is made anew: %s", err.text);
		forget_known(list);
		rc = index_reset(index, &err);
		rc = rc ? rc : use_index(loading, index, list, &err);
	}
	index_close(index);
	if (!rc)
		return true;
	history_note(loading->history, "without an index: %s", err.text);
	forget_known(list);
	return false;
}

static int add_directory(struct loading *loading, const char *path)
{
	struct list list = { 0 };

	loading->directory = path;
	scan(loading, &list, "", 0);
	if (list.nr)
		qsort(list.files, list.nr, sizeof(*list.files), by_path);
	loading->nr_done = 0;
	loading->nr = list.nr;
	if (loading->load->no_index || !list.nr || !by_index(loading, &list)) {
		loading->nr_done = 0;
		loading->nr = list.nr;
		read_rest(loading, &list);
	}
	list_free(&list);
	return 0;
}

static int add_path(struct loading *loading, const char *argument, struct error *err)
{
	autofree char *path = strdup(argument);
	struct list list = { 0 };
	struct stat status;

	while (strlen(path) > 1 && path[strlen(path) - 1] == '/')
		path[strlen(path) - 1] = '\0';
	if (stat(path, &status))
		return error_errno(err, errno, "%s", argument);
	if (S_ISDIR(status.st_mode))
		return add_directory(loading, path);
	loading->directory = NULL;
	loading->nr_done = 0;
	loading->nr = 1;
	list_add(&list, path, &status);
	read_rest(loading, &list);
	list_free(&list);
	return 0;
}

void history_skipped_format(const struct history *history, char *text, size_t size)
{
	static const char *const one[NR_HISTORY_STATES] = {
		[HISTORY_COPY] = "is a copy",
		[HISTORY_UNFINISHED] = "is not finished",
		[HISTORY_OTHER] = "is no result of pinbench",
		[HISTORY_BROKEN] = "cannot be read"
	};
	static const char *const more[NR_HISTORY_STATES] = {
		[HISTORY_COPY] = "are copies",
		[HISTORY_UNFINISHED] = "are not finished",
		[HISTORY_OTHER] = "are no results of pinbench",
		[HISTORY_BROKEN] = "cannot be read"
	};

	text[0] = '\0';
	for (unsigned int state = HISTORY_COPY; state < NR_HISTORY_STATES; state++) {
		const struct history_file *first = NULL;
		size_t nr = 0;

		for (size_t i = 0; i < history->nr_files; i++) {
			if (history->files[i].state != state)
				continue;
			first = first ? first : &history->files[i];
			nr++;
		}
		if (nr)
			snprintf(text + strlen(text), size - strlen(text), "%s%zu %s (%s%s%s%s)",
				 *text ? ", " : "", nr, nr == 1 ? one[state] : more[state],
				 state == HISTORY_BROKEN ? "" : first->path,
				 state == HISTORY_BROKEN ? first->why : "", nr > 1 ? ", ..." : "",
				 "");
	}
}

int history_load(struct history *history, const char *const *paths, size_t nr,
		 const struct history_load *load, struct error *err)
{
	struct loading loading = { .load = load, .history = history };
	char skipped[400];
	size_t nr_results = 0;
	int rc = 0;

	for (size_t i = 0; i < nr && !rc; i++)
		rc = add_path(&loading, paths[i], err);
	names_free(&loading.digests);
	for (size_t i = 0; i < history->nr_files; i++)
		nr_results += history->files[i].state == HISTORY_RESULT;
	if (rc || nr_results)
		return rc;
	history_skipped_format(history, skipped, sizeof(skipped));
	error_set(err, ENODATA, "%s: no finished result in here%s%s", paths[0],
		  *skipped ? ": " : ", no *.json at all", skipped);
	return error_fix(err, "pinbench run -o DIR/NAME.json, or name a directory of results");
}
