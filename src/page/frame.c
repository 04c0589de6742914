// SPDX-License-Identifier: GPL-2.0-or-later
#include "page/frame.h"

#include "base/version.h"
#include "page/asset.h"
#include "page/html.h"

void frame_start(FILE *out, const char *title)
{
	char hash[ASSET_HASH_SIZE];

	asset_script_hash(hash);
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", out);
	fprintf(out,
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; script-src 'sha256-%s'\">\n",
		hash);
	fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
	      out);
	html_text(out, title);
	fputs("</title>\n<style>\n", out);
	fputs(asset_style, out);
	fputs("</style>\n</head>\n<body>\n", out);
}

void frame_end(FILE *out)
{
	fputs("</main>\n<footer><p class=\"faint\">Made by pinbench " PINBENCH_VERSION
	      ".</p></footer>\n<script>",
	      out);
	fputs(asset_script, out);
	fputs("</script>\n</body>\n</html>\n", out);
}
