"""What `examine` asks: a file for each role. They ask what runs, never what a file states."""
