# Completions of socktop-agent for fish, made by: socktop-agent --completions fish
complete -c socktop-agent -f
complete -c socktop-agent -s V -l version -d 'print the version and exit'
complete -c socktop-agent -s p -l port -x -d 'port to listen on, 0 for any that is free (default: 3000, with TLS 8443)'
complete -c socktop-agent -l bind -x -d 'listen on this address alone (default: every one)'
complete -c socktop-agent -l enableSSL -d 'TLS, with a certificate made at the first start'
complete -c socktop-agent -l tls -d 'the same as --enableSSL'
complete -c socktop-agent -l token-file -r -F -d 'read the token that clients must show from this file'
complete -c socktop-agent -l network-metrics -d 'per-process network counters on /metrics'
complete -c socktop-agent -l completions -x -a 'bash zsh fish' -d 'print a completion script for this shell and exit'
complete -c socktop-agent -s h -l help -d 'print this help and exit'
