#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pinbench's medians against a plain loop around the same ioctl on the same boot: within 1 %, counted in instructions.
set -eu
cd "$(dirname "$0")/../.."
kernel=$(lab/kernel.sh seed-1-after)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

make -s ARCH=arm64 guest build/arm64/gup_loop
lab/initramfs.sh arm64 "$tree/base.cpio" build/arm64/pinbench build/arm64/gup_loop
mkdir "$tree/extra"
cat >"$tree/extra/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmpfs /tmp
mount -t debugfs debugfs /sys/kernel/debug
for kbytes in 2048 8192; do
	gup_loop $kbytes
	pinbench run -q --clock icount -p pinner=gup-test/pin-fast -p access=read -p layout=base -p state=exclusive \
		-p window=region -p size=${kbytes}K -p pages_per_call=all -p samples=41 -p warmup=10 -o /tmp/r.json ||
		echo "pinbench failed"
	echo "pinbench $kbytes BEGIN"; cat /tmp/r.json; echo; echo "pinbench END"
done
poweroff -f
INIT
chmod +x "$tree/extra/init"
(cd "$tree/extra" && find . -mindepth 1 | cpio --quiet -o -H newc) >"$tree/extra.cpio"
cat "$tree/base.cpio" "$tree/extra.cpio" >"$tree/all.cpio"
timeout 120 qemu-system-aarch64 -M virt,dtb-randomness=off,gic-version=3 -cpu cortex-a76 -m 1G -nodefaults \
	-no-user-config -display none -nic none -no-reboot -icount shift=0,sleep=off -seed 1 -serial stdio \
	-kernel "$kernel" -initrd "$tree/all.cpio" \
	-append "console=ttyAMA0 panic=-1 nokaslr loglevel=3 rcupdate.rcu_expedited=1" </dev/null |
	tr -d '\r' >"$tree/console"

fail=0
for kbytes in 2048 8192; do
	read -r _ _ outside inside < <(grep "^gup_loop $kbytes " "$tree/console") ||
		{ echo "not ok - no loop of $kbytes kB:"; tail -20 "$tree/console"; exit 1; }
	sed -n "/^pinbench $kbytes BEGIN/,/^pinbench END/p" "$tree/console" | sed '1d;$d' >"$tree/r.json"
	for metric in cycle pin; do
		ours=$(jq "[.results[] | select(.status == \"done\") | .runs[0].samples.$metric // empty][0] | sort |
			.[length / 2 | floor] // empty" "$tree/r.json" 2>/dev/null || true)
		[ "$metric" = cycle ] && theirs=$outside || theirs=$inside
		if [ -z "$ours" ] || [ "$ours" = null ]; then
			# short windows have no pin time of their own: gup_test's clock is too coarse for them
			[ "$metric$kbytes" = pin2048 ] || { echo "not ok - pinbench has no $metric for $kbytes kB"; fail=1; }
			continue
		fi
		said="$kbytes kB $metric within 1 %: pinbench $ours, plain loop $theirs instructions"
		if awk -v a="$ours" -v b="$theirs" 'BEGIN { d = a / b - 1; exit !(d <= 0.01 && d >= -0.01) }'; then
			echo "ok - $said"
		else
			echo "not ok - $said"
			fail=1
		fi
	done
done
exit $fail
