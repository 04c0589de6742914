# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for pinbench: asks the program, so that it never knows less than --help.

_pinbench_names() # PROGRAM KIND
{
	"$1" list "$2" 2>/dev/null | sed -n 's/^  \([^ ]*\) .*/\1/p'
}

_pinbench_values() # PROGRAM KEY
{
	case $2 in
	pinner | layout | state | window) _pinbench_names "$1" "$2s" ;;
	access) echo read write ;;
	pages_per_call) echo 1 16 123 512 all ;;
	esac
}

_pinbench()
{
	local program=$1 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} key='' verb='' words='' i
	local keys='pinner layout state access window pages_per_call size samples warmup runs timeout_s cpu node device'

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		list | doctor | run | vm | compare | explain | gate | plot | history | report | import | export | restore | help) verb=${COMP_WORDS[i]} ;;
		esac
	done
	# bash takes "=" for a word of its own: -p layout = base,th
	if [[ $cur == '=' ]]; then
		key=$prev cur=''
	elif [[ $prev == '=' ]]; then
		key=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $cur == *=* ]]; then
		key=${cur%%=*} cur=${cur#*=}
	fi

	if [[ $key == --* ]]; then
		prev=$key key=''
	elif [[ $key && $verb != vm ]]; then
		local before=''
		[[ $cur == *,* ]] && before=${cur%,*},
		mapfile -t COMPREPLY < <(compgen -P "$before" -W "$(_pinbench_values "$program" "$key")" -- "${cur##*,}")
		compopt -o nospace 2>/dev/null
		return
	fi

	case $prev in
	-p | --param)
		mapfile -t COMPREPLY < <(compgen -S = -W "$keys" -- "$cur")
		compopt -o nospace 2>/dev/null
		return ;;
	-c | --config | -o | --output | --tree | -k | --kernel | --guest | --qemu | --with | --with-output)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		return ;;
	--clock) words='real icount' ;;
	--format)
		words='text commit markdown csv json'
		[ "$verb" = explain ] && words='text commit markdown json'
		[ "$verb" = history ] && words='text markdown csv json' ;;
	--by) words='kernel time' ;;
	--metric) words='pin unpin cycle hit_rate requested_pages slow_pages slow_calls faults unshare_faults copied_pages reused_pages split_thps' ;;
	--fail-on)
		mapfile -t COMPREPLY < <(compgen -S : -W 'instructions atomics misses time pin unpin cycle time-p99 pin-p99 unpin-p99 cycle-p99 hit_rate
			slow_pages slow_calls faults unshare_faults copied_pages reused_pages split_thps requested_pages' -- "$cur")
		compopt -o nospace 2>/dev/null
		return ;;
	--accel) words='auto tcg kvm' ;;
	--order) words='abba random' ;;
	plot) words='hit bars cost history' ;;
	import) words='gup_test' ;;
	export) words='prometheus openmetrics ktap csv json' ;;
	help) words='list doctor run vm compare explain gate plot history report import export restore' ;;
	esac
	if [[ ! $verb ]]; then
		words='list doctor run vm compare explain gate plot history report import export restore help version --help --version'
	elif [[ $cur == -* ]]; then
		words=$("$program" "$verb" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u)
	elif [[ ! $words && $verb == list ]]; then
		words='pinners layouts states windows observers'
	elif [[ ! $words && $verb != restore ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _pinbench pinbench
