#!/bin/sh
# Installs sstop and socktop, or the programs that are named, from the archives of a release, after checking their sums.
#
#   install.sh [--prefix FOLDER] [--from ADDRESS] [sstop] [socktop] [socktop-agent]
#
# FOLDER is where the programs go: /usr/local/bin where it can be written to, else ~/.local/bin. ADDRESS is that of a
# folder with the archives and SHA256SUMS: http://, https:// or file://. Root is not needed.
set -eu

from=${SSTOP_RELEASE:-@ADDRESS@}

die() {
  echo "install.sh: $*" >&2
  exit 1
}

usage() {
  echo "install.sh: $*; usage: install.sh [--prefix FOLDER] [--from ADDRESS] [sstop] [socktop] [socktop-agent]" >&2
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
      *) usage "unknown argument '$1'" ;;
    esac
  done
  programs=${programs:-sstop socktop}
  case $from in
    http://* | https://* | file:///*) ;;
    *) usage "--from or SSTOP_RELEASE has to be an address, not '$from'" ;;
  esac
  target=$(find_target)
  case "$target $programs" in
    darwin-*socktop-agent*) die 'there is an agent for Linux alone' ;;
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
    *) echo "$prefix is not in PATH; add it there" ;;
  esac
}

# Prints the name of the system as it stands in the names of the archives.
find_target() {
  kernel=$(uname -s)
  case $kernel in
    Linux) system=linux ;;
    Darwin) system=darwin ;;
    *) die "there is no build for $kernel" ;;
  esac
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) cpu=amd64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) die "there is no build for $machine, only for 64-bit x86 and ARM; the original socktop_agent serves such machines" ;;
  esac
  if [ "$system" = darwin ]; then
    echo "darwin-$cpu"
    return
  fi
  # A system of 32 bits on a kernel of 64 (Raspberry Pi OS) has the same uname.
  bits=$(getconf LONG_BIT 2>/dev/null || echo 64)
  [ "$bits" = 64 ] || die "this system has $bits bits, and there are builds for 64 alone"
  if [ "$cpu" = amd64 ]; then require_processor; fi
  echo "linux-$cpu$(libc_suffix "$cpu")"
}

# The runtime uses instructions that came with Nehalem in 2008. Without them it ends with SIGILL and says nothing.
require_processor() {
  cpuinfo=${SSTOP_CPUINFO:-/proc/cpuinfo}
  [ -r "$cpuinfo" ] || return 0
  for flag in sse4_2 popcnt; do
    grep -qw "$flag" "$cpuinfo" ||
      die "this processor has no $flag; SSE4.2 and POPCNT are needed (Intel since Nehalem of 2008, AMD since Bulldozer of 2011)"
  done
}

libc_suffix() {
  for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1 /lib/*/ld-linux-*; do
    if [ -e "$loader" ]; then return; fi
  done
  for loader in /lib/ld-musl-*; do
    if [ -e "$loader" ]; then
      [ -e /usr/lib/libstdc++.so.6 ] || [ -e /lib/libstdc++.so.6 ] ||
        die 'libstdc++ is missing, of GCC 13 or later; on Alpine 3.19 or later: apk add libstdc++'
      echo -musl
      return
    fi
  done
  die 'no C library was found that there is a build for, neither glibc nor musl'
}

install_program() {
  archive=$1-$target.tar.gz
  fetch "$archive"
  wanted=$(awk -v name="$archive" '$2 == name { print $1 }' "$work/SHA256SUMS")
  [ -n "$wanted" ] || die "SHA256SUMS does not name $archive"
  found=$(sum_of "$work/$archive")
  [ "$found" = "$wanted" ] || die "$archive is not what SHA256SUMS names: $found instead of $wanted; nothing was installed"
  tar -xzf "$work/$archive" -C "$work" "$1"
  "$work/$1" --version >/dev/null || die "$1 does not start on this system"
  mkdir -p "$prefix"
  # A program that runs cannot be written to, but another file can take its name.
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
    die 'sha256sum or shasum is needed'
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
        die 'curl or wget is needed'
      fi || die "cannot fetch $from/$1"
      ;;
  esac
}

# Nothing runs before the whole of this file has been read.
main "$@"
