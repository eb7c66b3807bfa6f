"""ssh's way into the underlay: connects, hands the connection to ssh (ProxyUseFdpass), and is gone."""

import socket
import sys

CONNECT_S = 30


def main() -> None:
    """Connect to host and port of the command line; standard output is ssh's unix socket."""
    host, port = sys.argv[1:3]
    try:
        connection = socket.create_connection((host, int(port)), CONNECT_S)
    except OSError as error:
        sys.exit(f"{host} port {port}: {error.strerror or error}")
    with socket.socket(fileno=1) as ssh:
        socket.send_fds(ssh, [b"\0"], [connection.fileno()])


if __name__ == "__main__":
    main()
