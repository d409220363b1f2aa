# Completions of socktop-agent for fish, made by: socktop-agent --completions fish
complete -c socktop-agent -f
complete -c socktop-agent -s V -l version -d 'print the version and exit'
complete -c socktop-agent -s p -l port -x -d 'port to listen on, 0 for any free port (default: 3000, with TLS 8443)'
complete -c socktop-agent -l bind -x -d 'listen only on this address (default: all addresses)'
complete -c socktop-agent -l enableSSL -d 'enable TLS; the first start creates a certificate'
complete -c socktop-agent -l tls -d 'same as --enableSSL'
complete -c socktop-agent -l token-file -r -F -d 'require the token in this file from clients'
complete -c socktop-agent -l network-metrics -d 'export network counters per process name on /metrics'
complete -c socktop-agent -l stdio -d 'serve one client on standard input and output; listen on no port'
complete -c socktop-agent -l completions -x -a 'bash zsh fish' -d 'print a completion script for this shell and exit'
complete -c socktop-agent -s h -l help -d 'print this help and exit'
