// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/index.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define APPLICATION 0x70626831 /* "pbh1" */
#define VERSION     1          /* of the tables: raised when they, or what is put in them, change */
#define BUSY_MS     3000       /* for another writer to end */
#define MOST_FILES  (1 << 22)

struct index {
	sqlite3 *db;
	char *path;
};

static const char tables_sql[] =
	"CREATE TABLE setups(id INTEGER PRIMARY KEY, cpu TEXT NOT NULL, cpus TEXT NOT NULL,"
	" nodes TEXT NOT NULL, hypervisor TEXT NOT NULL, accel TEXT NOT NULL, arch TEXT NOT NULL,"
	" page_bytes TEXT NOT NULL, clock TEXT NOT NULL, cache TEXT NOT NULL,"
	" benchmark TEXT NOT NULL, source TEXT NOT NULL,"
	" UNIQUE(cpu, cpus, nodes, hypervisor, accel, arch, page_bytes, clock, cache, benchmark,"
	" source));"
	"CREATE TABLE configs(id INTEGER PRIMARY KEY, options TEXT NOT NULL UNIQUE);"
	"CREATE TABLE cases(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);"
	"CREATE TABLE metrics(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	" better TEXT NOT NULL);"
	"CREATE TABLE files(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE,"
	" size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, state TEXT NOT NULL, why TEXT,"
	" digest TEXT, label TEXT, started TEXT, tool TEXT, release TEXT, build TEXT, image TEXT,"
	" setup INTEGER REFERENCES setups(id), config INTEGER REFERENCES configs(id));"
	"CREATE TABLE points(\"case\" INTEGER NOT NULL REFERENCES cases(id),"
	" metric INTEGER NOT NULL REFERENCES metrics(id), file INTEGER NOT NULL REFERENCES "
	"files(id),"
	" value REAL NOT NULL, runs INTEGER NOT NULL, PRIMARY KEY(\"case\", metric, file))"
	" WITHOUT ROWID;"
	"CREATE TABLE runs(file INTEGER NOT NULL REFERENCES files(id),"
	" \"case\" INTEGER NOT NULL REFERENCES cases(id),"
	" metric INTEGER NOT NULL REFERENCES metrics(id), run INTEGER NOT NULL,"
	" value REAL NOT NULL, PRIMARY KEY(file, \"case\", metric, run)) WITHOUT ROWID;"
	"CREATE VIEW history AS SELECT cases.key AS \"case\", metrics.name AS metric, value, runs,"
	" release, build, label, started, cpu, arch, page_bytes, clock, path"
	" FROM points JOIN cases ON cases.id = points.\"case\""
	" JOIN metrics ON metrics.id = points.metric JOIN files ON files.id = points.file"
	" JOIN setups ON setups.id = files.setup;";

static int failed(const struct index *index, struct error *err)
{
	int code = sqlite3_errcode(index->db);

	return error_set(err,
			 code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? EUCLEAN
			 : code == SQLITE_BUSY                           ? EBUSY
									 : EIO,
			 "%s: %s", index->path, sqlite3_errmsg(index->db));
}

static int damaged(const struct index *index, struct error *err)
{
	return error_set(err, EUCLEAN, "%s: damaged", index->path);
}

static int run(struct index *index, const char *sql, struct error *err)
{
	return sqlite3_exec(index->db, sql, NULL, NULL, NULL) ? failed(index, err) : 0;
}

static int ask_number(struct index *index, const char *sql, int64_t *number, struct error *err)
{
	sqlite3_stmt *statement;
	int rc = 0;

	if (sqlite3_prepare_v2(index->db, sql, -1, &statement, NULL))
		return failed(index, err);
	if (sqlite3_step(statement) == SQLITE_ROW)
		*number = sqlite3_column_int64(statement, 0);
	else
		rc = failed(index, err);
	sqlite3_finalize(statement);
	return rc;
}

static int metrics_fill(struct index *index, struct error *err)
{
	int rc = 0;

	for (unsigned int i = 0; i < NR_HISTORY_METRICS && !rc; i++) {
		int better = history_metric_better(i);
		char sql[160];

		snprintf(sql, sizeof(sql), "INSERT INTO metrics VALUES(%u, '%s', '%s')", i,
			 history_metric_name(i),
			 better < 0   ? "lower"
			 : better > 0 ? "higher"
				      : "none");
		rc = run(index, sql, err);
	}
	return rc;
}

/* A new one, or one that another program has just made. */
static int create(struct index *index, struct error *err)
{
	int64_t version = 0;
	char sql[96];
	int rc = run(index, "BEGIN IMMEDIATE", err);

	if (rc)
		return rc;
	rc = ask_number(index, "PRAGMA user_version", &version, err);
	if (!rc && version == 0) {
		snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
			 APPLICATION, VERSION);
		rc = run(index, tables_sql, err);
		rc = rc ? rc : metrics_fill(index, err);
		rc = rc ? rc : run(index, sql, err);
	}
	if (!rc)
		return run(index, "COMMIT", err);
	run(index, "ROLLBACK", NULL);
	return rc;
}

static int check(struct index *index, struct error *err)
{
	int64_t version = 0, application = 0, nr_tables = 0;
	int rc = ask_number(index, "PRAGMA user_version", &version, err);

	rc = rc ? rc : ask_number(index, "PRAGMA application_id", &application, err);
	rc = rc ? rc : ask_number(index, "SELECT count(*) FROM sqlite_master", &nr_tables, err);
	if (rc)
		return rc;
	if (nr_tables == 0)
		return create(index, err);
	if (application != APPLICATION)
		return error_set(err, EEXIST, "%s: a database of something else", index->path);
	if (version > VERSION)
		return error_set(err, ENOTSUP, "%s: of a newer version of pinbench", index->path);
	return version < VERSION
		       ? error_set(err, EUCLEAN, "%s: of an older version of pinbench", index->path)
		       : 0;
}

/* A file that root makes in a user's directory is the user's. */
static void give_away(const char *path, const char *directory)
{
	struct stat status;

	if (geteuid() == 0 && stat(directory, &status) == 0 && status.st_uid)
		if (lchown(path, status.st_uid, status.st_gid))
			return; /* it works as it is */
}

int index_open(struct index **out, const char *directory, struct error *err)
{
	struct index *index = calloc(1, sizeof(*index));
	char place[PATH_MAX];
	bool is_new;
	int rc;

	*out = index;
	if (!realpath(directory, place))
		return error_errno(err, errno, "%s", directory);
	if (asprintf(&index->path, "%s/%s", directory, INDEX_NAME) < 0)
		abort();
	snprintf(place + strlen(place), sizeof(place) - strlen(place), "/%s", INDEX_NAME);
	is_new = access(place, F_OK) != 0;
	rc = sqlite3_open_v2(place, &index->db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW |
				     SQLITE_OPEN_NOMUTEX,
			     NULL);
	if (rc)
		return error_set(err, EIO, "%s: %s", index->path, sqlite3_errmsg(index->db));
	sqlite3_busy_timeout(index->db, BUSY_MS);
	sqlite3_extended_result_codes(index->db, 0);
	rc = run(index, "PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF", err);
	rc = rc ? rc : check(index, err);
	if (is_new)
		give_away(place, directory);
	return rc;
}

int index_reset(struct index *index, struct error *err)
{
	int rc;

	sqlite3_db_config(index->db, SQLITE_DBCONFIG_RESET_DATABASE, 1, 0);
	rc = run(index, "VACUUM", err);
	sqlite3_db_config(index->db, SQLITE_DBCONFIG_RESET_DATABASE, 0, 0);
	return rc ? rc : create(index, err);
}

void index_close(struct index *index)
{
	if (!index)
		return;
	sqlite3_close(index->db);
	free(index->path);
	free(index);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct index_file *)a)->path, ((const struct index_file *)b)->path);
}

static struct index_file *file_find(struct index_file *files, size_t nr, const char *path)
{
	struct index_file wanted = { .path = (char *)path };

	return path ? bsearch(&wanted, files, nr, sizeof(*files), by_path) : NULL;
}

int index_find(struct index *index, struct index_file *files, size_t nr, size_t *nr_old,
	       struct error *err)
{
	sqlite3_stmt *statement;
	int rc;

	*nr_old = 0;
	if (sqlite3_prepare_v2(index->db, "SELECT id, path, size, mtime_ns FROM files", -1,
			       &statement, NULL))
		return failed(index, err);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		struct index_file *file =
			file_find(files, nr, (const char *)sqlite3_column_text(statement, 1));

		if (file && file->size == sqlite3_column_int64(statement, 2) &&
		    file->mtime_ns == sqlite3_column_int64(statement, 3))
			file->known = true;
		else
			++*nr_old;
	}
	rc = rc == SQLITE_DONE ? 0 : failed(index, err);
	sqlite3_finalize(statement);
	return rc;
}

/* What a transaction needs, prepared once. */
enum {
	PUT_SETUP,
	GET_SETUP,
	PUT_CONFIG,
	GET_CONFIG,
	PUT_CASE,
	GET_CASE,
	GET_FILE,
	PUT_FILE,
	PUT_POINT,
	PUT_RUN,
	NR_STATEMENTS
};
static const char *const statements_sql[NR_STATEMENTS] = {
	[PUT_SETUP] =
		"INSERT OR IGNORE INTO setups VALUES(NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
		" ?10, ?11)",
	[GET_SETUP] = "SELECT id FROM setups WHERE cpu = ?1 AND cpus = ?2 AND nodes = ?3 AND"
		      " hypervisor = ?4 AND accel = ?5 AND arch = ?6 AND page_bytes = ?7 AND"
		      " clock = ?8 AND cache = ?9 AND benchmark = ?10 AND source = ?11",
	[PUT_CONFIG] = "INSERT OR IGNORE INTO configs VALUES(NULL, ?1)",
	[GET_CONFIG] = "SELECT id FROM configs WHERE options = ?1",
	[PUT_CASE] = "INSERT OR IGNORE INTO cases VALUES(NULL, ?1)",
	[GET_CASE] = "SELECT id FROM cases WHERE key = ?1",
	[GET_FILE] = "SELECT id FROM files WHERE path = ?1 AND size = ?2 AND mtime_ns = ?3",
	[PUT_FILE] = "INSERT INTO files VALUES(NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
		     " ?12, ?13, ?14)",
	[PUT_POINT] = "INSERT INTO points VALUES(?1, ?2, ?3, ?4, ?5)",
	[PUT_RUN] = "INSERT INTO runs VALUES(?1, ?2, ?3, ?4, ?5)",
};

struct writer {
	struct index *index;
	sqlite3_stmt *statements[NR_STATEMENTS];
	struct error *err;
};

static int writer_open(struct writer *writer, struct index *index, struct error *err)
{
	*writer = (struct writer){ .index = index, .err = err };
	for (size_t i = 0; i < NR_STATEMENTS; i++)
		if (sqlite3_prepare_v2(index->db, statements_sql[i], -1, &writer->statements[i],
				       NULL))
			return failed(index, err);
	return 0;
}

static void writer_close(struct writer *writer)
{
	for (size_t i = 0; i < NR_STATEMENTS; i++)
		sqlite3_finalize(writer->statements[i]);
}

static sqlite3_stmt *fresh(struct writer *writer, unsigned int which)
{
	sqlite3_reset(writer->statements[which]);
	sqlite3_clear_bindings(writer->statements[which]);
	return writer->statements[which];
}

static void bind_text(sqlite3_stmt *statement, int column, const char *text)
{
	if (text)
		sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
}

/* The last parameter of a statement that gives no rows is bound: do it. */
static int put(struct writer *writer, sqlite3_stmt *statement)
{
	return sqlite3_step(statement) == SQLITE_DONE ? 0 : failed(writer->index, writer->err);
}

/* The number of a row that is put where it is not there yet. */
static int row_id(struct writer *writer, unsigned int which_put, unsigned int which_get,
		  char *const *texts, size_t nr, int64_t *id)
{
	for (unsigned int i = 0; i < 2; i++) {
		sqlite3_stmt *get = fresh(writer, which_get), *new = fresh(writer, which_put);
		int rc;

		for (size_t j = 0; j < nr; j++) {
			bind_text(get, (int)j + 1, texts[j]);
			bind_text(new, (int)j + 1, texts[j]);
		}
		rc = sqlite3_step(get);
		if (rc == SQLITE_ROW) {
			*id = sqlite3_column_int64(get, 0);
			sqlite3_reset(get);
			return 0;
		}
		if (rc != SQLITE_DONE)
			break;
		rc = put(writer, new);
		if (rc)
			return rc;
	}
	return failed(writer->index, writer->err);
}

static int put_file(struct writer *writer, const struct index_file *file,
		    const struct record *record, int64_t *id)
{
	const struct history_file *own = &record->file;
	sqlite3_stmt *statement = fresh(writer, PUT_FILE);
	int64_t setup = 0, config = 0;
	int rc = 0;

	if (own->state == HISTORY_RESULT) {
		rc = row_id(writer, PUT_SETUP, GET_SETUP, record->fields, NR_SETUP_FIELDS, &setup);
		rc = rc ? rc
			: row_id(writer, PUT_CONFIG, GET_CONFIG, (char *const *)&record->config, 1,
				 &config);
		sqlite3_bind_int64(statement, 13, setup);
		sqlite3_bind_int64(statement, 14, config);
	}
	if (rc)
		return rc;
	bind_text(statement, 1, file->path);
	sqlite3_bind_int64(statement, 2, file->size);
	sqlite3_bind_int64(statement, 3, file->mtime_ns);
	bind_text(statement, 4, history_state_names[own->state]);
	bind_text(statement, 5, own->why);
	bind_text(statement, 6, own->digest);
	bind_text(statement, 7, own->label);
	bind_text(statement, 8, own->started);
	bind_text(statement, 9, own->tool);
	bind_text(statement, 10, own->release);
	bind_text(statement, 11, own->build);
	bind_text(statement, 12, own->image);
	rc = put(writer, statement);
	*id = sqlite3_last_insert_rowid(writer->index->db);
	return rc;
}

static int put_value(struct writer *writer, int64_t file, int64_t key, const struct record *record,
		     const struct record_value *value)
{
	sqlite3_stmt *statement = fresh(writer, PUT_POINT);
	int rc;

	sqlite3_bind_int64(statement, 1, key);
	sqlite3_bind_int64(statement, 2, value->metric);
	sqlite3_bind_int64(statement, 3, file);
	sqlite3_bind_double(statement, 4, value->value);
	sqlite3_bind_int64(statement, 5, (int64_t)value->nr_runs);
	rc = put(writer, statement);
	for (size_t i = 0; i < value->nr_runs && !rc; i++) {
		statement = fresh(writer, PUT_RUN);
		sqlite3_bind_int64(statement, 1, file);
		sqlite3_bind_int64(statement, 2, key);
		sqlite3_bind_int64(statement, 3, value->metric);
		sqlite3_bind_int64(statement, 4, (int64_t)i);
		sqlite3_bind_double(statement, 5, record->runs[value->first_run + i]);
		rc = put(writer, statement);
	}
	return rc;
}

/* Unless another program has stored it meanwhile. */
static int put_record(struct writer *writer, const struct index_file *file,
		      const struct record *record)
{
	sqlite3_stmt *there = fresh(writer, GET_FILE);
	const char *before = NULL;
	int64_t id, key = 0;
	int rc;

	bind_text(there, 1, file->path);
	sqlite3_bind_int64(there, 2, file->size);
	sqlite3_bind_int64(there, 3, file->mtime_ns);
	rc = sqlite3_step(there);
	sqlite3_reset(there);
	if (rc == SQLITE_ROW)
		return 0;
	rc = put_file(writer, file, record, &id);
	for (size_t i = 0; i < record->nr_values && !rc; i++) {
		const struct record_value *value = &record->values[i];

		if (value->key != before)
			rc = row_id(writer, PUT_CASE, GET_CASE, (char *const *)&value->key, 1,
				    &key);
		before = value->key;
		rc = rc ? rc : put_value(writer, id, key, record, value);
	}
	return rc;
}

/* Entries of files that are gone or have changed, and what hangs on them. */
static int forget(struct index *index, struct index_file *files, size_t nr, struct error *err)
{
	sqlite3_stmt *statement, *insert;
	int rc = run(index,
		     "CREATE TEMP TABLE IF NOT EXISTS old(id INTEGER PRIMARY KEY); DELETE FROM old",
		     err);

	if (rc)
		return rc;
	if (sqlite3_prepare_v2(index->db, "SELECT id, path, size, mtime_ns FROM files", -1,
			       &statement, NULL))
		return failed(index, err);
	if (sqlite3_prepare_v2(index->db, "INSERT INTO old VALUES(?1)", -1, &insert, NULL)) {
		sqlite3_finalize(statement);
		return failed(index, err);
	}
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		const struct index_file *file =
			file_find(files, nr, (const char *)sqlite3_column_text(statement, 1));

		if (file && file->size == sqlite3_column_int64(statement, 2) &&
		    file->mtime_ns == sqlite3_column_int64(statement, 3))
			continue;
		sqlite3_reset(insert);
		sqlite3_bind_int64(insert, 1, sqlite3_column_int64(statement, 0));
		sqlite3_step(insert);
	}
	rc = rc == SQLITE_DONE ? 0 : failed(index, err);
	sqlite3_finalize(statement);
	sqlite3_finalize(insert);
	return rc ? rc
		  : run(index,
			"DELETE FROM points WHERE file IN (SELECT id FROM old);"
			"DELETE FROM runs WHERE file IN (SELECT id FROM old);"
			"DELETE FROM files WHERE id IN (SELECT id FROM old)",
			err);
}

static int finish(struct index *index, int rc, struct error *err)
{
	if (!rc)
		rc = run(index, "COMMIT", err);
	if (rc)
		run(index, "ROLLBACK", NULL);
	return rc;
}

int index_store(struct index *index, const struct index_file *files, const struct record *records,
		size_t nr, struct error *err)
{
	struct writer writer;
	int rc = run(index, "BEGIN IMMEDIATE", err);

	if (rc)
		return rc;
	rc = writer_open(&writer, index, err);
	for (size_t i = 0; i < nr && !rc; i++)
		rc = put_record(&writer, &files[i], &records[i]);
	writer_close(&writer);
	return finish(index, rc, err);
}

int index_forget(struct index *index, const struct index_file *files, size_t nr, struct error *err)
{
	int rc = run(index, "BEGIN IMMEDIATE", err);

	return rc ? rc : finish(index, forget(index, (struct index_file *)files, nr, err), err);
}

/* --- reading --- */

struct raw_point {
	int64_t key, file;
	struct history_point point;
	unsigned int metric;
};

struct tables {
	size_t *setups, *configs, *cases, *files; /* by id: place in the history + 1; 0: none */
	size_t nr_setups, nr_configs, nr_cases, nr_files;
	struct raw_point *points;
	size_t nr_points;
	struct history_file *rows; /* of each file that is known */
	size_t *ids;
};

static int map_make(struct index *index, const char *table, size_t **map, size_t *nr,
		    struct error *err)
{
	char sql[64];
	int64_t most = 0;
	int rc;

	snprintf(sql, sizeof(sql), "SELECT coalesce(max(id), 0) FROM %s", table);
	rc = ask_number(index, sql, &most, err);
	if (rc)
		return rc;
	if (most < 0 || most > MOST_FILES)
		return damaged(index, err);
	*nr = (size_t)most + 1;
	*map = calloc(*nr, sizeof(**map));
	return 0;
}

static const char *column_text(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return text ? text : "";
}

static int read_names(struct index *index, const char *sql, struct names *names, size_t *map,
		      size_t nr, struct error *err)
{
	sqlite3_stmt *statement;
	int rc;

	if (sqlite3_prepare_v2(index->db, sql, -1, &statement, NULL))
		return failed(index, err);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);

		if (id > 0 && (size_t)id < nr)
			map[id] = names_add(names, column_text(statement, 1)) + 1;
	}
	rc = rc == SQLITE_DONE ? 0 : failed(index, err);
	sqlite3_finalize(statement);
	return rc;
}

static int read_setups(struct index *index, struct history *history, size_t *map, size_t nr,
		       struct error *err)
{
	sqlite3_stmt *statement;
	int rc;

	if (sqlite3_prepare_v2(index->db, "SELECT * FROM setups", -1, &statement, NULL))
		return failed(index, err);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);
		char *fields[NR_SETUP_FIELDS];

		for (int i = 0; i < NR_SETUP_FIELDS; i++)
			fields[i] = (char *)column_text(statement, i + 1);
		if (id > 0 && (size_t)id < nr)
			map[id] = history_add_setup(history, fields) + 1;
	}
	rc = rc == SQLITE_DONE ? 0 : failed(index, err);
	sqlite3_finalize(statement);
	return rc;
}

/* All of them first: of a damaged index nothing may get into the history. */
static int read_points(struct index *index, struct tables *tables, struct error *err)
{
	sqlite3_stmt *statement;
	int64_t nr = 0;
	int rc = ask_number(index, "SELECT count(*) FROM points", &nr, err);

	if (rc)
		return rc;
	tables->points = calloc((size_t)nr + 1, sizeof(*tables->points));
	if (sqlite3_prepare_v2(index->db,
			       "SELECT \"case\", metric, file, value, runs FROM points ORDER BY"
			       " \"case\", metric, file",
			       -1, &statement, NULL))
		return failed(index, err);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW && tables->nr_points < (size_t)nr) {
		struct raw_point *point = &tables->points[tables->nr_points++];
		int64_t metric = sqlite3_column_int64(statement, 1);

		point->key = sqlite3_column_int64(statement, 0);
		point->metric = (unsigned int)metric;
		point->file = sqlite3_column_int64(statement, 2);
		point->point.value = sqlite3_column_double(statement, 3);
		point->point.nr_runs = (unsigned int)sqlite3_column_int(statement, 4);
		if (metric < 0 || metric >= NR_HISTORY_METRICS || point->key <= 0 ||
		    (size_t)point->key >= tables->nr_cases || !tables->cases[point->key] ||
		    point->file <= 0 || (size_t)point->file >= tables->nr_files)
			break;
	}
	if (rc == SQLITE_ROW)
		rc = damaged(index, err);
	else
		rc = rc == SQLITE_DONE ? 0 : failed(index, err);
	sqlite3_finalize(statement);
	return rc;
}

static char *column_copy(sqlite3_stmt *statement, int column)
{
	return strdup(column_text(statement, column));
}

static int file_of_row(struct index *index, sqlite3_stmt *statement, const struct tables *tables,
		       struct history_file *file, struct error *err)
{
	const char *state = column_text(statement, 4);
	int64_t setup = sqlite3_column_int64(statement, 13),
		config = sqlite3_column_int64(statement, 14);

	file->size = sqlite3_column_int64(statement, 2);
	file->mtime_ns = sqlite3_column_int64(statement, 3);
	while (file->state < NR_HISTORY_STATES && strcmp(history_state_names[file->state], state))
		file->state++;
	if (file->state == NR_HISTORY_STATES)
		return damaged(index, err);
	if (file->state != HISTORY_RESULT) {
		file->why = column_copy(statement, 5);
		return 0;
	}
	if (setup <= 0 || (size_t)setup >= tables->nr_setups || !tables->setups[setup] ||
	    config <= 0 || (size_t)config >= tables->nr_configs || !tables->configs[config])
		return damaged(index, err);
	file->setup = tables->setups[setup] - 1;
	file->config = tables->configs[config] - 1;
	file->digest = column_copy(statement, 6);
	file->label = column_copy(statement, 7);
	file->started = column_copy(statement, 8);
	file->tool = column_copy(statement, 9);
	file->release = column_copy(statement, 10);
	file->build = column_copy(statement, 11);
	file->image = column_copy(statement, 12);
	return 0;
}

static int read_files(struct index *index, struct index_file *files, size_t nr,
		      struct tables *tables, struct error *err)
{
	sqlite3_stmt *statement;
	int rc = 0;

	tables->rows = calloc(nr + 1, sizeof(*tables->rows));
	tables->ids = calloc(nr + 1, sizeof(*tables->ids));
	if (sqlite3_prepare_v2(index->db, "SELECT * FROM files WHERE path = ?1", -1, &statement,
			       NULL))
		return failed(index, err);
	for (size_t i = 0; i < nr && !rc; i++) {
		if (!files[i].known)
			continue;
		sqlite3_reset(statement);
		bind_text(statement, 1, files[i].path);
		rc = sqlite3_step(statement);
		if (rc == SQLITE_DONE) { /* another program has seen the file change */
			files[i].known = false;
			rc = 0;
			continue;
		}
		if (rc != SQLITE_ROW) {
			rc = failed(index, err);
			break;
		}
		tables->ids[i] = (size_t)sqlite3_column_int64(statement, 0);
		rc = tables->ids[i] >= tables->nr_files
			     ? damaged(index, err)
			     : file_of_row(index, statement, tables, &tables->rows[i], err);
	}
	sqlite3_finalize(statement);
	return rc;
}

static int read_tables(struct index *index, struct index_file *files, size_t nr,
		       struct history *history, struct tables *tables, struct error *err)
{
	int rc = map_make(index, "setups", &tables->setups, &tables->nr_setups, err);

	rc = rc ? rc : map_make(index, "configs", &tables->configs, &tables->nr_configs, err);
	rc = rc ? rc : map_make(index, "cases", &tables->cases, &tables->nr_cases, err);
	rc = rc ? rc : map_make(index, "files", &tables->files, &tables->nr_files, err);
	rc = rc ? rc
		: read_names(index, "SELECT id, key FROM cases", &history->keys, tables->cases,
			     tables->nr_cases, err);
	rc = rc ? rc
		: read_names(index, "SELECT id, options FROM configs", &history->configs,
			     tables->configs, tables->nr_configs, err);
	rc = rc ? rc : read_setups(index, history, tables->setups, tables->nr_setups, err);
	rc = rc ? rc : read_points(index, tables, err);
	return rc ? rc : read_files(index, files, nr, tables, err);
}

static void tables_free(struct tables *tables, size_t nr)
{
	for (size_t i = 0; tables->rows && i < nr; i++)
		history_file_free(&tables->rows[i]);
	free(tables->setups);
	free(tables->configs);
	free(tables->cases);
	free(tables->files);
	free(tables->points);
	free(tables->rows);
	free(tables->ids);
}

int index_read(struct index *index, struct index_file *files, size_t nr, struct history *history,
	       size_t (*take)(void *context, size_t nth, const struct history_file *file),
	       void *context, struct error *err)
{
	struct tables tables = { 0 };
	int rc = run(index, "BEGIN", err);

	if (rc)
		return rc;
	rc = read_tables(index, files, nr, history, &tables, err);
	run(index, "COMMIT", NULL);
	for (size_t i = 0; i < nr && !rc; i++) {
		size_t place = files[i].known ? take(context, i, &tables.rows[i]) : SIZE_MAX;

		if (place != SIZE_MAX)
			tables.files[tables.ids[i]] = place + 1;
	}
	for (size_t i = 0; i < tables.nr_points && !rc; i++) {
		struct raw_point *raw = &tables.points[i];

		if (!tables.files[raw->file])
			continue;
		raw->point.file = tables.files[raw->file] - 1;
		history_add_point(history, tables.cases[raw->key] - 1, raw->metric, &raw->point);
	}
	tables_free(&tables, nr);
	return rc;
}
