// SPDX-License-Identifier: GPL-2.0-or-later
/* Transparent huge pages of PMD size, each mapped by one PMD. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/region.h"
#include "host/hugepage.h"
#include "host/sysfile.h"

static size_t thp_list(const struct layout_kind *kind, struct layout *layouts, size_t max)
{
	size_t pmd_bytes = thp_pmd_bytes();

	if (!max || !pmd_bytes)
		return 0;
	layout_name(&layouts[0], kind, pmd_bytes);
	layouts[0].about = "transparent huge pages, each mapped by one PMD";
	return 1;
}

static int thp_map(struct region *region, void *wish, struct error *err)
{
	return region_map_anonymous(region, wish, MADV_HUGEPAGE, err);
}

static int thp_account(const struct region *region, const struct vma_account *seen,
		       struct error *err)
{
	if (!account_compare(region, seen->anon_huge, err))
		return 0;
	return error_fix(err, THP_FRAGMENTED);
}

static bool thp_fits(const struct region *region, const struct frame *frames, size_t i)
{
	return frames[i].flags & KPF(ANON) && frame_in_unit(region, frames, i, KPF(THP));
}

static bool thp_fits_faulted(uint64_t flags)
{
	return flags & KPF(THP);
}

int thp_layout_reserve(struct journal *journal, const struct layout *layout, int node,
		       unsigned int nr, struct error *err)
{
	(void)node;
	(void)nr;
	if (journal)
		return thp_allow(journal, layout->page_bytes, err);
	return thp_available(layout->page_bytes) ? 0 : -EAGAIN;
}

void thp_layout_check(struct finding *finding, const struct layout *layout, int node,
		      unsigned int nr)
{
	char word[32], about[96];

	(void)node;
	(void)nr;
	thp_word(layout->page_bytes, word, sizeof(word));
	if (!thp_available(layout->page_bytes) && sysfile_is_live() && geteuid() != 0) {
		finding_set(finding, LEVEL_NO, "switched off (enabled: %s)", word);
		finding_fix(finding, "echo madvise | sudo tee " THP_DIR "/enabled");
	} else if (!thp_available(layout->page_bytes)) {
		finding_set(finding, LEVEL_OK, "switched off (enabled: %s): allowed for the run",
			    word);
	} else if (sysfile_is_live()) {
		snprintf(about, sizeof(about), "one was mapped and seen (enabled: %s)", word);
		layout_try(finding, layout, about);
	} else {
		finding_set(finding, LEVEL_OK, "allowed (enabled: %s)", word);
	}
}

const struct layout_kind layout_thp = {
	.prefix = "thp-",
	.sized = true,
	.pages = "transparent huge pages",
	.option = "CONFIG_TRANSPARENT_HUGEPAGE",
	.large = true,
	.zero_page = true,
	.accounts = "smaps",
	.mapped_whole = true,
	.reused_whole = true,
	.list = thp_list,
	.map = thp_map,
	.account = thp_account,
	.fits = thp_fits,
	.fits_faulted = thp_fits_faulted,
	.reserve = thp_layout_reserve,
	.check = thp_layout_check,
};
