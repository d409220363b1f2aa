#!/bin/sh
# Creates the root file system of an image: one program and the libraries it is linked to.
#
#   rootfs.sh PROGRAM FOLDER
set -eu

[ $# -eq 2 ] || { echo 'usage: rootfs.sh PROGRAM FOLDER' >&2; exit 2; }
program=$1 root=$2
mkdir -p "$root/usr/bin" "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/var/lib/socktop"
chmod 1777 "$root/tmp"
chmod 0700 "$root/var/lib/socktop"
install -m 0755 "$program" "$root/usr/bin/$(basename "$program")"
# The loader and the libraries, at the paths where the loader finds them.
ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^\t\(\/[^ ]*\) .*/\1/p' | sort -u | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
echo 'root:x:0:0:root:/var/lib/socktop:/sbin/nologin' > "$root/etc/passwd"
echo 'root:x:0:' > "$root/etc/group"
