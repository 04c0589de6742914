#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pinbench gate: the exit code of the process, on data whose truth is known because draw.jq made it, and what git bisect run does
# with it. The draws are seeded: this test says the same every time.
# shellcheck disable=SC2317 # functions are called by for_each
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
top=$PWD fixtures=$PWD/tests/fixtures
dir=$(mktemp -d) || exit 1
trap 'cd /; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export LC_ALL=C.UTF-8
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
# shellcheck source=tests/cli/tap.bash
. "$top/tests/cli/tap.bash"

draw() # NAME NR RUNS SIGMA LAW FACTOR PAIRED DRIFT SEED: NAME/0000.json BASE, NAME/0001.json NEW, ...
{
	mkdir "$1" && jq -nc --argjson nr "$2" --argjson runs "$3" --argjson sigma "$4" --arg law "$5" --argjson factor "$6" \
		--argjson paired "$7" --argjson drift "$8" --argjson seed "$9" -f "$top/tests/cli/draw.jq" |
		split -l 1 -d -a 4 --additional-suffix=.json - "$1/"
}

codes() # NAME [OPTION...]: exit codes of all pairs of NAME, "CODE:HOW-OFTEN ..."
{
	local name=$1 i files
	shift
	files=("$name"/*.json)
	for ((i = 0; i < ${#files[@]}; i += 2)); do
		"$pinbench" gate "$@" "${files[i]}" "${files[i + 1]}" >>"$name.out" 2>&1
		echo $?
	done | sort -n | uniq -c | awk '{ printf "%s%s:%s", sep, $2, $1; sep = " " } END { print "" }'
}

nr_of() # CODE CODES
{
	tr ' ' '\n' <<<"$2" | sed -n "s/^$1://p" | grep . || echo 0
}

gate() # CODE LINE ARGUMENT...: the process exits with CODE, a regular expression, and its first line on stdout is LINE, an extended regular expression
{
	local code=$1 line=$2 got
	shift 2
	"$pinbench" gate "$@" >out 2>err
	got=$?
	if ! [[ $got =~ ^($code)$ ]] || ! head -1 out | grep -qE -- "$line"; then
		echo "# gate $*: exit $got, not $code, or the first line is not /$line/"
		sed 's/^/# /' out err
		return 1
	fi
}

refused() # CODE SENTENCE ARGUMENT...: a usage error
{
	local code=$1 sentence=$2 got
	shift 2
	"$pinbench" gate "$@" >out 2>err
	got=$?
	if [ "$got" -ne "$code" ] || [ -s out ] || ! grep -qF -- "$sentence" err; then
		echo "# gate $*: exit $got, not $code, or stderr does not say: $sentence"
		sed 's/^/# /' out err
		return 1
	fi
}

# --- rates of error ---
# Nothing differs. At most 5 % of tables may claim a difference anywhere, half of them the wrong way: 1 in 40. Of 300 draws that is
# 7.5 on average; more than 15, 5 % of them, have a probability of 0.4 % (binomial).
draw aa 300 10 0.01 normal 1 false 0 20261121
got=$(codes aa)
[ "$(nr_of 1 "$got")" -le 15 ] && [ "$(nr_of 0 "$got")" -ge 285 ]
check "A/A, 300 draws of normal noise: exit codes $got"
# With outliers fewer rows can be called the same, none is called worse more often: more than 10 of 200 with 0.9 %.
draw outliers 200 12 0.01 outliers 1 false 0 20261122
got=$(codes outliers)
[ "$(nr_of 1 "$got")" -le 10 ] && [ "$(nr_of 2 "$got")" -eq 0 ]
check "A/A, 200 draws with outliers: exit codes $got"
# One of four cases slower by a tenth, which is ten times the noise of a run.
draw slower 50 10 0.01 normal 1.1 false 0 20261123
same=$(codes slower)
[ "$same" = "1:50" ] && [ "$(grep -c 'gate: regression: 2 of 8 rows worse; worst: .*,3M+1M,n=256 ' slower.out)" -ge 45 ]
check "+10 % in one case: exit codes $same"
draw faster 50 10 0.01 normal 0.9 false 0 20261124
got=$(codes faster)
# seven rows of eight are A/A here too
[ "$(nr_of 1 "$got")" -le 5 ] && [ "$(nr_of 0 "$got")" -ge 45 ] && grep -q 'gate: pass: 8 rows: 2 better, 6 same' faster.out
check "-10 % in one case: exit codes $got"
# All times grow by 30 % while the sides take turns: pairs of neighbours do not see it.
draw drift 100 12 0.01 normal 1 true 0.3 20261125
got=$(codes drift)
[ "$(nr_of 1 "$got")" -le 5 ] && [ "$(nr_of 0 "$got")" -ge 95 ]
check "A/A under a drift of 30 %, interleaved, 100 draws: exit codes $got"
draw drift-slower 30 12 0.01 normal 1.1 true 0.3 20261126
got=$(codes drift-slower)
[ "$got" = "1:30" ]
check "+10 % under a drift of 30 %, interleaved: exit codes $got"

# --- one pair of each kind, for what follows ---
draw calm 1 10 0.002 normal 1 false 0 20261127
draw slow 1 10 0.002 normal 1.1 false 0 20261128
base=calm/0000.json good=calm/0001.json worse=slow/0001.json
cp slow/0000.json slower-base.json
gate 0 '^gate: pass: 8 rows: 8 same$' $base $good
check "pass: 0, and how many rows"
gate 1 '^gate: regression: 2 of 8 rows worse; worst: gup-test/pin-fast,base,exclusive,read,3M\+1M,n=256 (pin|unpin) \+(9|10|11)(\.[0-9])? % \[\+[0-9.]+, \+[0-9.]+\] %$' \
	slower-base.json $worse && [ "$(grep -c '^  worse ' out)" -eq 2 ]
check "regression: 1, the worst row in the line, all on lines of their own"
mkdir runs && cp $base runs/a.json && gate 0 '^gate: pass' was=runs "is=$good"
check "a directory and labels"

# --- thresholds ---
draw three 1 10 0.002 normal 1.03 false 0 7
gate 1 '2 of 8 rows worse' three/0000.json three/0001.json && gate 0 'pass' three/0000.json three/0001.json --threshold 5 &&
	gate 0 'pass: 8 rows: 8 same' three/0000.json three/0001.json --fail-on time:5% &&
	gate 1 '1 of 4 rows worse; worst: .* unpin ' three/0000.json three/0001.json --fail-on unpin:1% &&
	gate 1 '2 of 8 rows worse' three/0000.json three/0001.json --fail-on pin:2% --fail-on unpin:2%
check "+3 % against 2 %, 5 % and 1 %"
jq '.duration_s += 1' "$fixtures"/before.json >again.json
gate 0 'pass: 18 rows: 18 same' "$fixtures"/before.json again.json --fail-on hit_rate:exact --fail-on slow_pages:any &&
	gate 1 '4 of 18 rows worse; worst: .* slow pages' "$fixtures"/after.json "$fixtures"/before.json --fail-on hit_rate:exact --fail-on slow_pages:any &&
	gate 0 'pass' "$fixtures"/before.json "$fixtures"/after.json --fail-on hit_rate:exact --fail-on slow_pages:any
check "exact metrics"
jq '(.results[].counts | select(has("requested_pages"))).requested_pages += 1' "$fixtures"/before.json >more.json
gate 0 'pass' "$fixtures"/before.json more.json --fail-on slow_pages:any &&
	gate 1 'regression: 9 of 9 rows worse' "$fixtures"/before.json more.json --fail-on requested_pages:any
check "a count that is neither good nor bad fails when it was asked for by name"
gate 2 'no row in common for --fail-on cycle:5%' $base $good --fail-on cycle:5%
check "a metric that the files do not have: 2"
gate 2 'no row in common for --fail-on hit_rate:exact' slower-base.json $worse --fail-on hit_rate:exact --fail-on pin:5%
check "... also when another one got worse"
gate 3 'cannot decide: 4 of 4 rows unsure; p99 needs 10 runs a side of 100 samples' $base $good --fail-on pin-p99:10%
check "p99 without enough samples: 3"
refused 2 'no metric "cylce"; did you mean "cycle"?' $base $good --fail-on cylce:5% &&
	refused 2 'no metric "zzzz"' $base $good --fail-on zzzz:5% &&
	refused 2 '--fail-on pin: from which change on?; try pin:5%' $base $good --fail-on pin &&
	refused 2 '--fail-on pin:exact: a time is never exact; try pin:5%' $base $good --fail-on pin:exact &&
	refused 2 '"-5%" is not a percentage' $base $good --fail-on pin:-5% &&
	refused 2 'no --threshold beside it' $base $good --fail-on pin:5% --threshold 1 &&
	refused 2 'two sides can be judged' $base $good $worse && refused 2 'name two result files' $base
check "wrong options"

# --- nothing to hold against each other: never 0 ---
: >empty.json
gate 2 '^gate: not comparable: empty.json' $base empty.json && gate 2 '^gate: not comparable: none.json: cannot read' $base none.json
check "an empty file, no file"
jq '.environment.memory.page_bytes = 65536' $good >pages.json
gate 2 '^gate: not comparable: .*page size: 4096 and 65536$' $base pages.json &&
	gate 0 '^gate: pass' $base pages.json --force && grep -q 'by --force all the same: page size: 4096 and 65536' out
check "another page size: 2; with --force it is judged, and said"
jq '.results[].key |= sub("base"; "thp-2M") | .results[].params.layout = "thp-2M"' $good >other.json
gate 2 '^gate: not comparable: no case in common: 4 in .*0000.json, 4 in other.json$' $base other.json &&
	gate 2 'no case in common' $base other.json --allow-missing
check "no case in common: 2, whatever is allowed to be missing"
jq '.results = []' $good >nothing.json
gate 2 'no case in common: 4 in .* 0 in nothing.json' $base nothing.json
check "a file without results"
gate 2 'no case in common that the filter takes' $base $good --filter zzz && gate 2 'not comparable: --filter "\(": ' $base $good --filter '('
check "a filter that takes nothing, one that is none"

# --- one measurement, whatever it is called ---
ln $good hard.json && ln -s $good soft.json && cp $good copy.json && mkdir with-good with-copy && cp $base with-good/1.json &&
	cp $good with-good/2.json && cp copy.json with-copy/a.json && cp $worse with-copy/b.json
for_each() # FUNCTION ITEM...: FUNCTION takes each of them
{
	local function=$1 item
	shift
	for item; do "$function" "$item" || { echo "# $item"; return 1; }; done
}
same_file()
{
	local new=$1
	gate 2 'not comparable: .*the same file on both sides: ' was="$good" "$new" && ! grep -q pass out &&
		gate '[013]' 'gate: ' was="$good" "$new" --force && grep -q 'by --force all the same: the same file on both sides' out
}
for_each same_file $good ./$good hard.json soft.json copy.json is=copy.json both=with-good both=with-copy
check "the same file on both sides: by its name, another name, a link, a copy, a label, in a directory"
gate 2 'the same file on both sides: with-copy/a.json has the content of with-good/2.json' was=with-good is=with-copy &&
	gate 1 'gate: ' was=with-good is=$worse
check "in a directory on both sides, and which"
ln $good with-good/3.json
gate 2 'with-good/3.json: all its samples are in another file of this side' was=with-good is=$worse
check "twice on one side, too"

# --- kernels and machines that are not the same ---
fact() # PATH VALUE [FILE]: $good, or FILE, with that fact of its environment
{
	jq --arg path "$1" --arg value "$2" 'setpath(["environment"] + ($path / "."); $value)' "${3:-$good}"
}
named() # LINE ARGUMENT...: a verdict, and LINE on stdout before it
{
	local line=$1
	shift
	"$pinbench" gate "$@" >out 2>err && [ "$(head -1 out)" = "$line" ] && sed -n 2p out | grep -q '^gate: pass'
}
fact hypervisor KVM $base >kvm.json && fact hypervisor Xen >xen.json && fact hypervisor unknown >some.json && fact hypervisor none >bare.json
gate 2 'cannot be compared: hypervisor: KVM and Xen$' kvm.json xen.json && gate 2 'hypervisor: KVM and none$' kvm.json bare.json &&
	gate 2 'hypervisor: unknown and none$' some.json bare.json && gate 0 '^gate: pass' kvm.json some.json && gate 0 '^gate: pass' kvm.json $good &&
	gate 0 '^gate: pass' kvm.json xen.json --force && grep -q 'by --force all the same: hypervisor: KVM and Xen' out
check "another hypervisor: 2; one that is not known is none"
heavy()
{
	local option=$1 name=kernel.config.CONFIG_${1%:*}
	fact "$name" n "$base" >off.json && fact "$name" y >on.json && fact "$name" y "$base" >on-too.json
	gate 2 "cannot be compared: ${option#*:}: off and on\$" off.json on.json && gate 2 "${option#*:}: on and off\$" on.json off.json &&
		gate 0 '^gate: pass' on-too.json on.json && gate 0 '^gate: pass' off.json on.json --force &&
		gate 0 '^gate: pass' "$base" on.json # nothing is known of the kernel of $base
}
for_each heavy DEBUG_VM:DEBUG_VM KASAN:KASAN LOCKDEP:lockdep PROVE_LOCKING:lockdep
check "DEBUG_VM, KASAN and lockdep on one side only: 2, as long as that is known"
fact kernel.config.CONFIG_KASAN n "$fixtures"/before.json >off.json && fact kernel.config.CONFIG_KASAN y "$fixtures"/before.json >on.json
gate 2 'KASAN: off and on$' off.json on.json && gate 2 'KASAN: off and on$' off.json on.json --fail-on hit_rate:exact --fail-on time:5% &&
	named 'differs: KASAN: off and on' off.json on.json --fail-on hit_rate:exact &&
	for file in off on; do jq '.results[].runs = []' $file.json >counts-$file.json; done &&
	named 'differs: KASAN: off and on' counts-off.json counts-on.json
check "... for times; exact counts are the same with it"
said_first() # FORMAT LINE VERDICT: in that format LINE, a regular expression, stands above the first line that is VERDICT
{
	"$pinbench" compare --format="$1" left.json right.json >out || return 1
	awk -v line="$2" -v verdict="$3" '$0 ~ verdict { exit } $0 ~ line { found = 1 } END { exit !found }' out && grep -qE "$3" out
}
announced()
{
	local what=$1 text="${1#*:}: n and y"
	fact "${what%%:*}" n "$base" >left.json && fact "${what%%:*}" y >right.json && named "differs: $text" left.json right.json &&
		said_first text "^differs: $text\$" '^times: ' && said_first commit "^  differs: $text\$" '^  [0-9]+ (worse|better|same)' &&
		said_first markdown "^- [*][*]differs[*][*]: \`$text\`\$" '^[*][*][0-9]+ (worse|better|same)' &&
		"$pinbench" compare --format=csv left.json right.json >out && [ "$(grep -cF "$text" out)" -eq 8 ] &&
		"$pinbench" compare --format=json left.json right.json | jq -e --arg text "$text" '.comparisons[0].remarks | index($text)' >/dev/null
}
for_each announced cpu.model:'CPU model' cpu.microcode:microcode kernel.config.CONFIG_{KFENCE:KFENCE,UBSAN:UBSAN,KCSAN:KCSAN,KMSAN:KMSAN} \
	kernel.config.CONFIG_{DEBUG_PAGEALLOC:DEBUG_PAGEALLOC,PAGE_POISONING:PAGE_POISONING,SLUB_DEBUG_ON:SLUB_DEBUG_ON,PAGE_OWNER:PAGE_OWNER}
check "CPU model, microcode and other debug options are named before the verdict, in every format"
fact kernel.config.CONFIG_KCSAN y >right.json
gate 0 '^gate: pass' $base $good && ! grep -q differs out && named 'differs: KCSAN: not known and y' $base right.json
check "what neither file knows is no difference"

# --- rows that are missing ---
jq 'del(.results[1])' $good >missing.json
jq '.results[1] |= (.status = "failed" | .why = "the pin ended after 3 of 256 pages" | .runs = [])' $good >failed.json
jq '.results[1] |= (.status = "skipped" | .why = "no gup_test here" | .runs = [])' $good >skipped.json
gate 1 '^gate: regression: 1 missing in missing.json$' $base missing.json && grep -q '^  missing  .*,1M+1M,n=256  not in the file$' out &&
	gate 1 '1 missing in failed.json' $base failed.json && grep -q 'failed: the pin ended after 3 of 256 pages' out &&
	gate 1 '1 missing in skipped.json' $base skipped.json && grep -q 'skipped: no gup_test here' out
check "a case that is not there, failed or was skipped: 1, and which"
gate 0 'pass: 6 rows: 6 same; 1 missing, allowed$' $base missing.json --allow-missing && grep -q '^  missing, allowed' out &&
	gate 0 'pass: 6 rows' $base failed.json --allow-missing && gate 0 'pass' $base missing.json --filter ',[023]M'
check "... unless it is allowed, or not asked for"
gate 0 'pass' missing.json $good
check "what only NEW has is no matter"
jq '.results[] |= (.status = "failed" | .why = "x" | .runs = [])' $good >all-failed.json
gate 1 '^gate: regression: 4 missing in all-failed.json$' $base all-failed.json && gate 2 'no row in common' $base all-failed.json --allow-missing
check "a kernel on which everything fails is a regression"
jq 'del(.results[].counts.slow_pages, .results[].counts.observer.slow_pages)' "$fixtures"/before.json >blind.json
gate 1 '9 missing in blind.json' "$fixtures"/before.json blind.json && grep -q 'hit rate not measured' out &&
	gate 3 'cannot decide: 18 of 20' "$fixtures"/before.json blind.json --allow-missing && grep -q '^  missing, allowed' out && gate 1 '9 missing' "$fixtures"/before.json blind.json --fail-on hit_rate:exact &&
	gate 3 'cannot decide: 18 of 18 rows unsure; 18 rows of times with 1 process' "$fixtures"/before.json blind.json --fail-on time:5%
check "a hit rate that is not measured any more is missing, where it counts"

# --- not sure ---
draw few 1 3 0.01 normal 1 false 0 3
gate 3 '^gate: cannot decide: 8 of 8 rows unsure; 8 rows of times with 3 processes a side can never be significant; unpaired processes need [0-9]+$' \
	few/0000.json few/0001.json && [ "$(grep -c '^  unsure ' out)" -eq 8 ]
check "nothing could be decided: 3, and what would decide"
jq '(.results[].runs[]?.samples | .pin[]?, .unpin[]?) *= 3' "$fixtures"/before.json >thrice.json
gate 3 'cannot decide: 18 of [0-9]* rows unsure' "$fixtures"/before.json thrice.json &&
	gate 0 'pass' "$fixtures"/before.json thrice.json --fail-on hit_rate:exact
check "one run three times as long is no pass because its counts are the same, unless only counts were asked for"
draw noisy 1 10 0.03 normal 1 false 0 5
jq -s '.[0] as $noisy | .[1] | .results[0].runs = $noisy.results[0].runs' noisy/0001.json $good >part.json
gate 0 'pass: 8 rows: [67] same, [12] unsure; about [0-9]+ processes would decide \(now 10\)$' $base part.json &&
	gate 3 '^gate: cannot decide: [12] of 8 rows unsure \(--strict\); about [0-9]+ processes would decide \(now 10\)$' $base part.json --strict
check "something was: 0, and 3 with --strict"
jq -s '.[0] as $noisy | .[1] | .results[0].runs = $noisy.results[0].runs' noisy/0001.json $worse >part-worse.json
gate 1 'regression' slower-base.json part-worse.json --strict
check "a regression is one, strict or not"

# --- not hidden ---
gate 0 'pass: 6 rows' slower-base.json $worse --filter ',[012]M' && grep -q '^  not asked for, and worse: 2 rows (pinbench compare shows them)$' out
check "what got worse outside the filter is said"
# slow pages and slow calls of the two rates say the same again, and are rows of no table
[ "$("$pinbench" compare --format=json "$fixtures"/after.json "$fixtures"/before.json |
	jq -c '[.comparisons[0].rows[] | select(.verdict == "worse").redundant] | sort')" = '[false,false,true,true,true,true]' ] &&
	gate 3 'cannot decide' "$fixtures"/after.json "$fixtures"/before.json --fail-on time:5% && grep -q '^  not asked for, and worse: 2 rows ' out &&
	gate 3 'cannot decide' "$fixtures"/before.json "$fixtures"/after.json --fail-on time:5% && ! grep -q 'not asked for' out
check "... once, and nothing else"

# --- git bisect ---
gate 0 pass $base $good --bisect && gate 1 regression slower-base.json $worse --bisect && gate 128 'not comparable' $base pages.json --bisect &&
	gate 128 'not comparable' $base none.json --bisect && gate 125 'cannot decide' few/0000.json few/0001.json --bisect &&
	refused 128 'no metric' $base $good --fail-on zzzz:5% --bisect && refused 128 'unrecognized option' --bisect --zzz && refused 128 'name two' --bis
check "--bisect: 0, 1, 128 and 125; a usage error is never \"bad\""
if [ -c /dev/full ]; then
	"$pinbench" gate --bisect $base $good >/dev/full 2>err
	[ $? -eq 128 ] && grep -q 'No space left' err
	check "--bisect: an answer that cannot be written is none"
fi

# A repository of 8 commits whose "build" gives prepared files. The first commit that bisect visits cannot be decided; the
# sixth is the bad one.
git_quiet() { git -C tree -c user.name=t -c user.email=t@example.org -c core.hooksPath=/dev/null "$@" >git.out 2>&1; }
git init -q tree && for commit in 1 2 3 4 5 6 7 8; do
	echo $commit >tree/number && git_quiet add number && git_quiet commit -m "commit $commit" && git_quiet tag "c$commit"
done
git_quiet bisect start c8 c1 && first=$(cat tree/number)
mkdir results && for commit in 1 2 3 4 5 6 7 8; do
	if [ "$commit" = "$first" ]; then
		cp few/0001.json results/$commit.json
	elif [ $commit -ge 6 ]; then
		cp $worse results/$commit.json
	else
		cp $good results/$commit.json
	fi
done
cat >step <<-END
	#!/bin/sh
	case \$(cat number) in
	$first) exec "$pinbench" gate --bisect "$dir/few/0000.json" "$dir/results/$first.json" ;;
	[678]) exec "$pinbench" gate --bisect "$dir/slower-base.json" "$dir/results/\$(cat number).json" ;;
	*) exec "$pinbench" gate --bisect "$dir/$base" "$dir/results/\$(cat number).json" ;;
	esac
END
chmod +x step
git_quiet bisect run "$dir/step" && [ "$(git -C tree rev-parse refs/bisect/bad)" = "$(git -C tree rev-parse c6)" ] &&
	grep -q "is the first bad commit" git.out && git -C tree bisect log | grep -q "^# skip: .*commit $first"
check "git bisect run finds the bad commit of 8, past one that cannot be decided"
git_quiet bisect reset

# --- docs/bisect.sh, with stand-ins for the build and for QEMU ---
mkdir -p top/docs top/lab top/configs && ln -s "$top/docs/bisect.sh" top/docs/ && echo '{}' >top/configs/seed-1.json && touch good.image
cat >top/lab/kernel.sh <<-'END'
	#!/bin/sh
	# "builds": commit 3 does not; as the real one, an image that the next build replaces
	[ "$1 $2" = "--tree ." ] && [ "$(cat number)" != 3 ] && cp number ../image && echo "$PWD/../image"
END
cat >top/pinbench <<-END
	#!/bin/bash
	[ "\$1" = vm ] || exec "$pinbench" "\$@"
	out=; for ((i = 1; i <= \$#; i++)); do [ "\${!i}" = -o ] && { i=\$((i + 1)); out=\${!i}; }; done
	echo "\$*" >"$dir/vm.args"
	[ -z "\${NO_BASE:-}" ] || exit 2
	number=\$(cat "$dir/image")
	case \$number in [678]) pair=slow ;; *) pair=calm ;; esac
	cp "$dir/\$pair/0000.json" "\$out/base-1.json"
	[ "\$number" = 4 ] || cp "$dir/\$pair/0001.json" "\$out/new-1.json" # 4 does not boot
END
chmod +x top/lab/kernel.sh top/pinbench
step() # COMMIT CODE [GATE-OPTION...]
{
	local commit=$1 code=$2 got
	shift 2
	git_quiet checkout -q "$commit"
	(cd tree && ../top/docs/bisect.sh "${good_image-$dir/good.image}" "$@") >out 2>err
	got=$?
	[ $got -eq "$code" ] || { echo "# $commit: $got, not $code"; sed 's/^/# /' out err; return 1; }
}
step c2 0 && grep -q 'gate: pass' out && grep -qE "^vm --clock icount --boots 10 -k base=$dir/good.image -k new=.*image -o .* -- run -q -c seed-1\$" vm.args &&
	step c6 1 && step c6 0 --filter ',[012]M' && step c3 125 && grep -q 'does not build: skipped' err && step c4 125 && grep -q 'left no results: skipped' err
check "bisect.sh: good, bad, does not build, does not boot"
(NO_BASE=1 step c2 128) && step c2 128 --fail-on zzz:1 && (JOB=none.json step c2 128) &&
	(good_image=none.image step c2 128) && (good_image="" step c2 128)
check "bisect.sh: what is wrong with the setup stops it"
git_quiet bisect start c8 c1 && git_quiet bisect run "$dir/top/docs/bisect.sh" "$dir/good.image" &&
	[ "$(git -C tree rev-parse refs/bisect/bad)" = "$(git -C tree rev-parse c6)" ]
check "bisect.sh below git bisect run finds the bad commit"
exit $bad
