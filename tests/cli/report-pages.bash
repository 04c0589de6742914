# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # pinbench, files and dir are of the script that reads it
# The pages of report.sh and report-page.sh, in $dir, with what compare and history say of the same files.

page() # NAME ARGUMENT...: $dir/NAME.html
{
	local name=$1
	shift
	"$pinbench" report "$@" -o "$dir/$name.html" 2>"$dir/err"
	check "a page: $name" || sed 's/^/# /' "$dir/err"
}

make_pages()
{
	jq '.label = "third" | .results |= map(.counts |= with_entries(if .key == "slow_pages" then .value = 1 else . end))' $files/lab-after.json >"$dir/third.json"
	side() # base|new: everything that a browser could take for its own
	{
		jq -c --arg name "<script>alert(1)</script>\"'&amp;$1" --arg side "$1" -f tests/cli/hostile.jq $files/before.json |
			jq -c '.results |= map(.warnings += ["</table></script><script>alert(2)</script>", "<img src=x onerror=alert(3)>", "\u0007\u001b]0;x\u0007"]
				| .truth.layout_proof = "\"><svg onload=alert(4)>")'
	}
	side base >"$dir/hostile-base.json"
	side new >"$dir/hostile-new.json"
	page pair $files/lab-before.json $files/lab-after.json
	page matrix $files/lab-before.json $files/lab-after.json "$dir/third.json"
	page one $files/before.json
	page hostile "$dir/hostile-base.json" "$dir/hostile-new.json"
	page reference results/reference/seed-1-before.json results/reference/seed-1-after.json
	# fourteen kernels: of the eighth on, pins take 30 % longer and a huge page is missed; a file of another tool among them
	mkdir "$dir/history"
	for i in $(seq 14); do
		jq -c --argjson i "$i" '.label = "v\($i)" | .environment.kernel.release = "6.1.\($i)" | .started = "2026-10-\(9 + $i)T10:00:00Z" |
			del(.schedule) | .results |= map(del(.counterpart) | (.runs[]? |= del(.block, .slot)) |
			(.runs[]?.samples.pin[]?) |= (. * (if $i > 7 then 1.3 else 1 end) + $i * 3 | floor) |
			if (.key | test("hugetlb")) and $i > 7 and .counts.slow_pages then .counts.slow_pages += 1 else . end)' $files/lab-before.json >"$dir/history/$i.json"
	done
	echo '{"results": [1, 2]}' >"$dir/history/other.json"
	page history "$dir/history"
	"$pinbench" history --no-index --format=json "$dir/history" >"$dir/history-said.json"
	"$pinbench" compare --format=json $files/lab-before.json $files/lab-after.json >"$dir/pair.json"
	"$pinbench" compare --format=json $files/lab-before.json $files/lab-after.json "$dir/third.json" >"$dir/matrix.json"
	"$pinbench" compare --format=json "$dir/hostile-base.json" "$dir/hostile-new.json" >"$dir/hostile.json"
	"$pinbench" compare --format=json results/reference/seed-1-before.json results/reference/seed-1-after.json >"$dir/reference.json"
}
