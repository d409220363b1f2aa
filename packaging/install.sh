#!/bin/sh
# Installs sstop and socktop, or the named programs, from the archives of a release. Verifies checksums first.
#
#   install.sh [--prefix FOLDER] [--from ADDRESS] [sstop] [socktop] [socktop-agent]
#
# FOLDER defaults to /usr/local/bin if it is writable, else ~/.local/bin. ADDRESS is the URL of a folder with the
# archives and SHA256SUMS: http://, https:// or file://. Root is not needed.
set -eu

from=${SSTOP_RELEASE:-@ADDRESS@}

die() {
  echo "install.sh: $*" >&2
  exit 1
}

usage='usage: install.sh [--prefix FOLDER] [--from ADDRESS] [sstop] [socktop] [socktop-agent]'

usage() {
  echo "install.sh: $*; $usage" >&2
  exit 2
}

main() {
  prefix='' programs=''
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix | --from)
        [ $# -ge 2 ] || usage "$1 needs a value"
        if [ "$1" = --prefix ]; then prefix=$2; else from=$2; fi
        shift 2
        ;;
      sstop | socktop | socktop-agent)
        programs="$programs $1"
        shift
        ;;
      -h | --help)
        echo "$usage"
        exit 0
        ;;
      *) usage "unknown argument '$1'" ;;
    esac
  done
  programs=${programs:-sstop socktop}
  case $from in
    http://* | https://* | file:///*) ;;
    *) usage "--from or SSTOP_RELEASE must be a URL (http://, https:// or file:///), not '$from'" ;;
  esac
  target=$(find_target)
  case "$target $programs" in
    darwin-*socktop-agent*) die 'socktop-agent runs only on Linux; install sstop or socktop' ;;
  esac
  if [ -z "$prefix" ]; then
    prefix=/usr/local/bin
    [ -w "$prefix" ] || prefix=$HOME/.local/bin
  fi
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  fetch SHA256SUMS
  for program in $programs; do install_program "$program"; done
  case ":$PATH:" in
    *":$prefix:"*) ;;
    *) echo "$prefix is not in PATH; add it to run the programs by name" ;;
  esac
}

# Prints the system as used in archive names.
find_target() {
  kernel=$(uname -s)
  case $kernel in
    Linux) system=linux ;;
    Darwin) system=darwin ;;
    *) die "no build for $kernel; supported: Linux and macOS" ;;
  esac
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) cpu=amd64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) die "no build for $machine, only for 64-bit x86 and ARM; use the original socktop_agent there" ;;
  esac
  if [ "$system" = darwin ]; then
    echo "darwin-$cpu"
    return
  fi
  # A 32-bit system with a 64-bit kernel (Raspberry Pi OS) has the same uname.
  bits=$(getconf LONG_BIT 2>/dev/null || echo 64)
  [ "$bits" = 64 ] || die "this is a $bits-bit system; only 64-bit systems are supported"
  if [ "$cpu" = amd64 ]; then require_processor; fi
  echo "linux-$cpu$(libc_suffix "$cpu")"
}

# The runtime uses instructions introduced with Nehalem (2008). Without them it dies of SIGILL without a message.
require_processor() {
  cpuinfo=${SSTOP_CPUINFO:-/proc/cpuinfo}
  [ -r "$cpuinfo" ] || return 0
  for flag in sse4_2 popcnt; do
    grep -qw "$flag" "$cpuinfo" ||
      die "this CPU has no $flag; SSE4.2 and POPCNT are required (Intel Nehalem, 2008, or later; AMD Bulldozer, 2011, or later)"
  done
}

libc_suffix() {
  for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1 /lib/*/ld-linux-*; do
    if [ -e "$loader" ]; then return; fi
  done
  for loader in /lib/ld-musl-*; do
    if [ -e "$loader" ]; then
      [ -e /usr/lib/libstdc++.so.6 ] || [ -e /lib/libstdc++.so.6 ] ||
        die 'libstdc++ of GCC 13 or later is missing; on Alpine 3.19 or later: apk add libstdc++'
      echo -musl
      return
    fi
  done
  die 'unsupported C library: found neither glibc nor musl'
}

install_program() {
  archive=$1-$target.tar.gz
  fetch "$archive"
  wanted=$(awk -v name="$archive" '$2 == name { print $1 }' "$work/SHA256SUMS")
  [ -n "$wanted" ] || die "$archive is not listed in SHA256SUMS; check --from"
  found=$(sum_of "$work/$archive")
  [ "$found" = "$wanted" ] || die "checksum mismatch for $archive: got $found, expected $wanted; not installed, download it again"
  tar -xzf "$work/$archive" -C "$work" "$1"
  "$work/$1" --version >/dev/null || die "$1 does not start on this system"
  mkdir -p "$prefix"
  # A running executable cannot be written to, but it can be replaced by a rename.
  cp "$work/$1" "$prefix/.$1.$$"
  chmod 0755 "$prefix/.$1.$$"
  mv -f "$prefix/.$1.$$" "$prefix/$1"
  echo "installed $prefix/$1: $("$prefix/$1" --version)"
}

sum_of() {
  if command -v sha256sum >/dev/null; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif command -v shasum >/dev/null; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  else
    die 'neither sha256sum nor shasum found; install one of them'
  fi
}

fetch() {
  case $from in
    file://*) cp "${from#file://}/$1" "$work/$1" || die "cannot read $from/$1" ;;
    *)
      if command -v curl >/dev/null; then
        curl --fail --silent --show-error --location --output "$work/$1" "$from/$1"
      elif command -v wget >/dev/null; then
        wget -q -O "$work/$1" "$from/$1"
      else
        die 'neither curl nor wget found; install one of them'
      fi || die "cannot fetch $from/$1"
      ;;
  esac
}

# Called last, so that nothing runs before the whole file has been read.
main "$@"
