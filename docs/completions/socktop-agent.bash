# Completions of socktop-agent for bash, made by: socktop-agent --completions bash
_socktop-agent() {
  local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} path interface
  COMPREPLY=()
  # bash takes --option=value apart at the sign.
  if [[ $current == = ]]; then
    current=
  elif [[ $option == = ]]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $option in
    -p | --port)
      return
      ;;
    --bind)
      return
      ;;
    --token-file)
      compopt -o default
      return
      ;;
    --alerts)
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
    --completions)
      mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$current")
      return
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W '-V --version -p --port --bind --enableSSL --tls --token-file --network-metrics --alerts --sniff --history --history-size --history-age --history-interval --stdio --completions -h --help' -- "$current")
}
complete -F _socktop-agent socktop-agent
