# Completions of socktop for bash, made by: socktop --completions bash
_socktop() {
  local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} path interface
  COMPREPLY=()
  # bash takes --option=value apart at the sign.
  if [[ $current == = ]]; then
    current=
  elif [[ $option == = ]]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $option in
    -t | --tls-ca)
      compopt -o default
      return
      ;;
    --token-file)
      compopt -o default
      return
      ;;
    -P | --profile)
      return
      ;;
    --metrics-interval-ms)
      return
      ;;
    --processes-interval-ms)
      return
      ;;
    --duration)
      return
      ;;
    --sort)
      mapfile -t COMPREPLY < <(compgen -W 'cpu memory pid name user threads time' -- "$current")
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
    --completions)
      mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$current")
      return
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W '-V --version -t --tls-ca --verify-hostname --token-file --demo --local --sniff --no-sniff -P --profile --save --dry-run --metrics-interval-ms --processes-interval-ms --duration --json --csv --once --measure --sort --group --units --compact --color --no-color --theme --ascii --no-ascii --mouse --no-mouse --record --playback --history --history-size --history-age --history-interval --at --until --top --completions -h --help' -- "$current")
}
complete -F _socktop socktop
