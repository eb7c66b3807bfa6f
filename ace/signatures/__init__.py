"""SSH signatures (PROTOCOL.sshsig) over canonical bytes: what is signed, by whom, and how `ssh-keygen` is asked."""
