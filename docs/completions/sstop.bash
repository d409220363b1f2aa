# Completions of sstop for bash, made by: sstop --completions bash
_sstop() {
  local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} path interface
  COMPREPLY=()
  # bash takes --option=value apart at the sign.
  if [[ $current == = ]]; then
    current=
  elif [[ $option == = ]]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $option in
    --interval)
      return
      ;;
    --duration)
      return
      ;;
    --backend)
      mapfile -t COMPREPLY < <(compgen -W 'auto ebpf netlink packet proc' -- "$current")
      return
      ;;
    -i | --interface)
      for path in /sys/class/net/*; do
        interface=${path##*/}
        if [[ $interface == "$current"* ]]; then
          printf -v interface %q "$interface"
          COMPREPLY+=("$interface")
        fi
      done
      return
      ;;
    --filter)
      return
      ;;
    --sort)
      mapfile -t COMPREPLY < <(compgen -W 'rate download upload pid name connections rtt retransmitted drops' -- "$current")
      return
      ;;
    --group)
      mapfile -t COMPREPLY < <(compgen -W 'program user container unit' -- "$current")
      return
      ;;
    --units)
      mapfile -t COMPREPLY < <(compgen -W 'bytes bits' -- "$current")
      return
      ;;
    --geoip)
      compopt -o default
      return
      ;;
    --color)
      mapfile -t COMPREPLY < <(compgen -W 'auto truecolor 256 16 never' -- "$current")
      return
      ;;
    --theme)
      mapfile -t COMPREPLY < <(compgen -W 'tokyo-night tokyo-night-light high-contrast colour-blind ansi16' -- "$current")
      return
      ;;
    --record)
      compopt -o default
      return
      ;;
    --playback)
      compopt -o default
      return
      ;;
    --history)
      return
      ;;
    --history-size)
      return
      ;;
    --history-age)
      return
      ;;
    --history-interval)
      return
      ;;
    --at)
      return
      ;;
    --until)
      return
      ;;
    --totals)
      mapfile -t COMPREPLY < <(compgen -W 'hour day month' -- "$current")
      return
      ;;
    --by)
      mapfile -t COMPREPLY < <(compgen -W 'program user unit network' -- "$current")
      return
      ;;
    --log)
      compopt -o default
      return
      ;;
    -P | --profile)
      return
      ;;
    -t | --tls-ca)
      compopt -o default
      return
      ;;
    --token-file)
      compopt -o default
      return
      ;;
    --completions)
      mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$current")
      return
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W '-V --version --json --csv --once --interval --duration --backend -i --interface --filter --sort --group --loopback --no-loopback --dns -n --no-dns --sniff --no-sniff --units --geoip --color --no-color --theme --ascii --no-ascii --mouse --no-mouse --record --playback --history --history-size --history-age --history-interval --at --until --top --totals --by --log -P --profile -t --tls-ca --verify-hostname --token-file --doctor --completions -h --help' -- "$current")
}
complete -F _sstop sstop
