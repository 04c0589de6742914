/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The contract between what is measured (bench/) and how (src/run.c): a region is one layout,
 * mapped, populated and verified; a state says who shares its pages; a pinner is one kernel
 * interface.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/metric.h"

struct finding;
struct frame;
struct journal;
struct peer;
struct pin;
struct pinner;
struct region;
struct vma_account;

enum access {
	ACCESS_READ = 1,  /* the pin may only be read through: no FOLL_WRITE */
	ACCESS_WRITE = 2, /* FOLL_WRITE */
};

/* One row per kind and size; rows for sizes are made from what the running kernel offers. */
struct layout {
	char name[24]; /* "base", "thp-2M", "hugetlb-64K" */
	const char *about;
	const struct layout_kind *kind;
	size_t page_bytes; /* size of one unit: base page, folio, or hugetlb page */
};

/* A mapping of one layout, private and anonymous. */
struct region {
	const struct layout *layout;
	unsigned char *addr;
	size_t bytes;      /* a multiple of layout->page_bytes */
	size_t base_bytes; /* sysconf(_SC_PAGESIZE) */
	uint64_t count;    /* of the units that the machine made, before it was filled ... */
	bool counted;      /* ... where the kernel counts them */
};

/* What a pinner is asked to do: the same window for every cycle. */
struct pin_job {
	const struct region *region;
	size_t offset, bytes;  /* the window; multiples of base_bytes, bytes > 0 */
	size_t pages_per_call; /* 1..bytes/base_bytes: base pages in one request; the last may be
				  shorter */
	enum access access;
	bool unpopulated; /* no page of the window is present when the pin comes */
	/*
	 * What the user named, or NULL. With a slash: a directory or null_blk node for odirect;
	 * without: the PCI function for vfio ("0000:00:01.0").
	 */
	const char *device;
};

/*
 * One way to back memory: bench/layout_*.c and a line in bench/registry.c. What others have to know
 * about its pages stands here, so that nobody asks for its name.
 */
struct layout_kind {
	/*
	 * Names are PREFIX SIZE SUFFIX ("hugetlb-64K", "thp-64K-part"), for each size that the
	 * kernel offers. Without a size (@sized is false) the name is the prefix.
	 */
	const char *prefix, *suffix; /* the suffix may be NULL */
	bool sized;
	const char *pages;    /* "hugetlb pages": what a kernel may not offer */
	const char *option;   /* "CONFIG_HUGETLBFS": without it the kernel offers none */
	const char *accounts; /* what .account() reads: "smaps" */

	/* What its pages are. */
	bool shared;       /* pages of a file, for all who map it: nothing is ever unshared */
	bool control;      /* every kernel has it: what a change of other layouts may slow down */
	bool large;        /* units of several base pages, of which a pin may count each or one */
	bool pool;         /* taken from the pool of their size and node: reserved, and scarce */
	bool own_faults;   /* faulted in by hugetlb_fault(), not by handle_mm_fault() */
	bool zero_page;    /* reading a hole maps the zero page */
	bool mapped_whole; /* flags of a unit stand at its head; at PMD size its mapping is one */
	bool copied_whole; /* unsharing by copy takes the unit; else it is split, page by page */
	bool reused_whole; /* unsharing by reuse takes the unit */
	bool folio_ptes;   /* a unit is one folio whose pages are mapped and unshared one by one */
	bool halved;       /* with folio_ptes: the second half of each unit is base pages */
	bool misaligned;   /* with folio_ptes: units begin one base page beyond a multiple */
	bool made;         /* of pages that are there: nothing that a fault could find */

	/* Those that the running kernel offers, rising; at most @max. Returns how many. */
	size_t (*list)(const struct layout_kind *kind, struct layout *layouts, size_t max);
	/* Why the running kernel offers none, asked only then; NULL: the option is missing. */
	const char *(*absent)(void);
	/* Maps region->bytes, sets region->addr; else as region_map(). */
	int (*map)(struct region *region, void *wish, struct error *err);
	/* Other ways for region_fill() and region_hollow(); or NULL. */
	int (*fill)(struct region *region, struct error *err);
	int (*hollow)(struct region *region, struct error *err);
	/* What smaps has of the populated region against its layout: -EPROTO with the difference.
	 */
	int (*account)(const struct region *region, const struct vma_account *seen,
		       struct error *err);
	/* Whether frame @i of a populated @region, @frames from its start, is what the layout says.
	 */
	bool (*fits)(const struct region *region, const struct frame *frames, size_t i);
	/* Whether a page with these flags, not the zero page, may be what a pin faulted in. */
	bool (*fits_faulted)(uint64_t flags);
	/*
	 * Sees to it that @nr units can be mapped on @node for the run, by settings that @journal
	 * puts back. Without a journal (NULL) nothing is changed: -EAGAIN, and no words, where that
	 * would be needed. NULL: it needs no settings.
	 */
	int (*reserve)(struct journal *journal, const struct layout *layout, int node,
		       unsigned int nr, struct error *err);
	/*
	 * What doctor says of it: can units be had? @nr are planned (0: unknown) on @node, which is
	 * -1 unless @pool. Changes nothing. NULL: what is said of another kind holds.
	 */
	void (*check)(struct finding *finding, const struct layout *layout, int node,
		      unsigned int nr);
};

/* The list, ended by NULL. */
extern const struct layout_kind *const layout_kinds[];

/* Offered by the running kernel, in the order of layout_kinds. Returns how many. */
size_t layout_list(struct layout *layouts, size_t max);
/* True if none of the @nr that layout_list() gave is of @kind: what they would be called, and why.
 */
bool layout_absent(const struct layout_kind *kind, const struct layout *layouts, size_t nr,
		   char name[40], char why[128]);
/* Single pages, which every kernel has. */
void layout_base(struct layout *layout);
/*
 * The kind that @name, which may be a pattern, is of, whether the kernel offers it or not; @size
 * gets the size in @name, empty where it has none. NULL: no kind has such names.
 */
const struct layout_kind *layout_kind_of(const char *name, char size[24]);
/* The row of a sized kind, but for what is said about it. */
void layout_name(struct layout *layout, const struct layout_kind *kind, size_t page_bytes);
bool layout_is_control(const char *name);

/*
 * Maps @bytes (a multiple of layout->page_bytes) at an address aligned to the layout's page,
 * inaccessible memory around it, nothing populated. @wish: where, if there is room (NULL: the
 * kernel chooses); region->addr says what came of it. -ENOMEM with the reason when hugetlb pages
 * are missing.
 */
int region_map(struct region *region, const struct layout *layout, size_t bytes, void *wish,
	       struct error *err);
/* Writes words into every 4 KiB that no other place of the region has; faults in what is missing.
 */
int region_fill(struct region *region, struct error *err);
/* Leaves a region empty, so that faults of a pin find pages of its layout. */
int region_hollow(struct region *region, struct error *err);
/* What stands in a filled region at @offset, into @copy (aligned to 8 bytes). Both multiples of 4
 * KiB. */
void region_pattern(unsigned char *copy, size_t offset, size_t bytes);
/* 0 if @bytes copied from @offset of a filled region are what was written; -EILSEQ saying where
 * they differ. Both multiples of 4 KiB. */
int region_check(const unsigned char *copy, size_t offset, size_t bytes, struct error *err);
/* The frames of @nr base pages from @offset on, which is a multiple of base_bytes: frames_read().
 */
int region_frames(const struct region *region, size_t offset, size_t nr, struct frame *frames,
		  struct error *err);
/*
 * Proves from the kernel's own account that the populated region is what its layout says (smaps;
 * with CAP_SYS_ADMIN also kpageflags of every page). @proof gets the names of the accounts that
 * were used.
 */
int region_verify(const struct region *region, char *proof, size_t size, struct error *err);
/*
 * The same of pages that a pin has faulted in, from their @frames: flags only, and only of those
 * present and visible.
 */
int region_verify_faulted(const struct region *region, const struct frame *frames, size_t nr,
			  enum access access, struct error *err);
/*
 * Whether an arm64 kernel may map the units of the layout with the contiguous bit (contpte, 6.9+):
 * folios of that size at least, aligned as region_verify() has seen. Whether it has is not shown.
 * False: no, or another architecture.
 */
bool layout_contpte(const struct layout *layout, size_t base_bytes);
void region_unmap(struct region *region);

/*
 * Who shares the pages of a region and how they are mapped when the pin comes. One process arranges
 * a state once: fork() treats the pages of a process that ever pinned differently (MMF_HAS_PINNED).
 */
struct state_env {
	struct region *region;
	size_t offset, bytes;   /* the window that will be pinned */
	struct peer *peer;      /* the child that has the pages or copies of them, if it lives */
	struct peer *bystander; /* one that lives and has nothing of the region */
	const struct pinner *holder; /* of a pin that stays, held, until state_leave() */
	struct pin_job held_job;
	struct pin *held;
};

struct state {
	const char *name, *about;
	bool read_only;    /* the mapping is PROT_READ when the pin comes: ACCESS_READ only */
	bool consumed;     /* the first pin changes it: arranged anew for every sample */
	bool populated;    /* pages are present before the pin */
	bool has_peer;     /* a forked child lives and maps the same frames */
	bool halves;       /* with has_peer: but for region_second_half() */
	bool child_copies; /* a forked child lives and has copies: memory for both */
	/* From a mapped region (populated if ->populated) to the state. */
	int (*arrange)(struct state_env *env, struct error *err);
	/* What state_verify() cannot know of it, or NULL; as that. */
	int (*verify)(const struct state_env *env, const struct frame *frames, size_t nr,
		      bool visible, struct error *err);
};

/* Ends what arrange() began: children and a held pin. */
void state_leave(struct state_env *env);
/*
 * Whether base page @page of the region is in the second half that a child gives back in a state of
 * halves: of a folio, of two base pages, of two hugetlb pages.
 */
bool region_second_half(const struct region *region, size_t page);

/* The list, ended by NULL. */
extern const struct state *const states[];

/* How a state was proved; goes into the truth of a result. */
struct state_proof {
	char frames[64];    /* the accounts that were read */
	char read_only[64]; /* how a read-only mapping is known; empty: it is writable or absent */
};

/*
 * Proves the state of the window from @frames (frames_read() of it, just before), its bytes, what
 * the child sees and the permission of the mapping. -EPROTO with what was seen instead.
 */
int state_verify(const struct state *state, const struct state_env *env, const struct frame *frames,
		 struct state_proof *proof, struct error *err);

/*
 * Counts what a pin did, in a round of its own. watch_open() calibrates on a call known to be all
 * fast and one known to be all slow; watch_stop() fills in only what it knows, under the observer's
 * name.
 */
struct watch;
struct observer {
	const char *name;  /* "kprobe": goes into counts.observer */
	const char *about; /* one line for pinbench list */
	int rung;          /* 1 unprivileged .. 4 page-exact */
	bool fast_only;    /* says nothing about pinners that do not enter GUP-fast */
	int (*probe)(struct error *why);
	int (*open)(struct watch **watch, struct error *err);
	int (*start)(struct watch *watch, const struct pin_job *job, struct error *err);
	int (*stop)(struct watch *watch, struct path_count *counts, struct error *err);
	void (*close)(struct watch *watch); /* accepts NULL */
};

/*
 * Ended by NULL, from the innermost to the outermost: started last to first, stopped first to last,
 * so that none counts what another does.
 */
extern const struct observer *const observers[];
/*
 * Whether a case does without an observer that failed with @why: it cannot work here
 * (error_unsupported()), its calibration shows that it cannot be believed (-EPROTO), or the kernel
 * lost records (-EOVERFLOW). Otherwise the case has failed.
 */
bool observer_unsupported(const struct error *why);

struct pin; /* an opened pinner; each pin_*.c has its own */

/* What a pinner reaches in the running kernel; where kernels differ, by release or by a trial. */
struct pin_path {
	const char *entry; /* kernel function: "pin_user_pages_fast" */
	bool pins;        /* FOLL_PIN: nr_foll_pin_* move, read access can unshare; else FOLL_GET or
			     nothing */
	bool fast;        /* enters GUP-fast: a hit rate exists */
	bool longterm;    /* FOLL_LONGTERM */
	size_t max_pages; /* a larger request reaches GUP in several calls, cut where the kernel
			     likes; 0: whole */
};

#define PIN_REFS_UNKNOWN UINT64_MAX

/*
 * One kernel interface that takes pins. probe() tries the smallest real operation. open() does all
 * that can be done before the clock starts (allocation included); it may not touch the window's
 * pages. cycle() pins and unpins the window once and fills the sample: nothing but the measured
 * system calls between its clock reads. A pinner that can keep its pins has hold and release. The
 * window's bytes are those of region_pattern() before and after: an interface that stores into the
 * window stores these.
 *
 * -EOPNOTSUPP from open(): this case cannot be done here (skipped: reason and fix in the error),
 * any other error is a failure. One pin is open at a time in a process, but for one that a state
 * holds (state_env).
 */
struct pinner {
	const char *name;    /* "gup-test/pin-fast" */
	const char *about;   /* one line for pinbench list */
	unsigned int access; /* ACCESS_* bits it can do */
	bool whole_only;     /* one request covers the window: pages_per_call can only be "all" */
	bool warms_itself;   /* open() has exercised the path: no cycles on other memory before a
				single sample */
	bool floor;          /* pins nothing: its times are those of the harness */
	bool memlock;        /* what it pins counts against RLIMIT_MEMLOCK */
	bool dma_map;  /* its pin maps the pages for a device: people quote bytes in a second */
	bool may_warn; /* checks itself with WARN(): panic_on_warn would end the machine */
	bool lab_only; /* no distribution's kernel has it, those of pinbench vm do */
	const char *option; /* "CONFIG_IO_URING": without it no kernel has it; or NULL */
	const void *row;    /* variant data, private to the file */

	struct pin_path (*path)(const struct pinner *pinner);
	/* 0, or -errno with the reason and the line that enables it. Leaves nothing behind. */
	int (*probe)(const struct pinner *pinner, struct error *why);
	/*
	 * What all rounds of a case share, opened in the supervising process and inherited by each:
	 * finish() closes it. May be NULL. -EOPNOTSUPP as from open().
	 */
	int (*prepare)(const struct pinner *pinner, const char *device, size_t bytes,
		       struct error *err);
	void (*finish)(const struct pinner *pinner); /* with prepare */
	int (*open)(struct pin **pin, const struct pinner *pinner, const struct pin_job *job,
		    struct error *err);
	int (*cycle)(struct pin *pin, struct sample *sample, struct error *err);
	/*
	 * The clock that cycle() uses for a metric and its grain in ns; NULL if it never measures
	 * it for this @pin: for none, where
	 * @pin is NULL. The window may decide that, what a clock reads never: a metric is in all
	 * samples of a case or in none.
	 */
	const char *(*clock)(const struct pin *pin, enum metric metric, uint64_t *quantum_ns);
	int (*hold)(struct pin *pin, struct error *err);    /* or NULL */
	int (*release)(struct pin *pin, struct error *err); /* with hold */
	/*
	 * Copies the window's bytes as the held pin sees them; without hold, those that the last
	 * cycle carried out of the window. NULL, or -EOPNOTSUPP, where there is no way to see them.
	 */
	int (*read)(struct pin *pin, void *bytes, struct error *err);
	/*
	 * Pins kept for the window while held, where it is not one per page (io_uring 6.12+: one
	 * per folio); asked while they are held. PIN_REFS_UNKNOWN where that cannot be told. NULL:
	 * one per page.
	 */
	uint64_t (*held_refs)(const struct pin *pin); /* or NULL */
	void (*close)(struct pin *pin);               /* accepts NULL */
};

/* CLOCK_MONOTONIC_RAW in ns: the clock of every time taken from outside. */
uint64_t clock_now(void);
#define CLOCK_OUTSIDE "monotonic-raw"
uint64_t clock_grain(void); /* ns, clock_getres(2) */
/*
 * The read that closes what clock_now() opened at @start. A test build (make INJECT=PERMILLE) makes
 * it late by that part of what it took: a slowdown inside the timed section, of known size, for the
 * proof that it is found.
 */
#ifdef PINBENCH_INJECT
uint64_t clock_end(uint64_t start);
#else
static inline uint64_t clock_end(uint64_t start)
{
	(void)start;
	return clock_now();
}
#endif

/* Release of the running kernel as major << 8 | minor, so that KERNEL(6, 12) compares; 0 if it has
 * no such form. */
#define KERNEL(major, minor) ((major) << 8 | (minor))
unsigned int kernel_release(void);

/* The lists, ended by NULL. */
extern const struct pinner *const pinners[];
const struct pinner *pinner_find(const char *name);
/* The one that pins nothing. */
const struct pinner *pinner_floor(void);
bool pinner_is_floor(const char *name);

/* The usual probe(): one cycle on one page of our own, for reading where the pinner can. */
int pinner_try_page(const struct pinner *pinner, struct error *why);
