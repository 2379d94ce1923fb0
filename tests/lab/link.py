"""A wire that can be slow, stuck or cut: a TCP proxy on loopback."""

import socket
import threading
import time

PIECE = 16384


class Link:
    """Passes what comes to its port `own` on to `port`.

    `delay`   seconds that each piece is held
    `rate`    bytes a second from the server to the client, None = as they come
    `stuck`   nothing passes, and nothing is refused: connections are accepted and stay silent
    """

    def __init__(self, port):
        self.port = port
        self.delay = 0.0
        self.rate = None
        self.passing = threading.Event()
        self.passing.set()
        self.lock = threading.Lock()
        self.open = set()
        self.listener = None
        self.own = 0
        self.mend()

    def mend(self):
        """As it was made, on the same port."""
        self.delay, self.rate = 0.0, None
        self.passing.set()
        if self.listener is None:
            self.listener = socket.create_server(("127.0.0.1", self.own))
            self.own = self.listener.getsockname()[1]
            threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def cut(self):
        """Connections end, new ones are refused."""
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self.lock:
            for one in self.open:
                self.end(one)

    def stick(self):
        self.passing.clear()

    def close(self):
        self.cut()
        self.passing.set()

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.connect, args=(client,), daemon=True).start()

    def connect(self, client):
        self.passing.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self.port))
        except OSError:
            client.close()
            return
        with self.lock:
            self.open |= {client, server}
        asking = threading.Thread(target=self.carry, args=(client, server, False), daemon=True)
        asking.start()
        self.carry(server, client, True)
        asking.join()
        with self.lock:
            self.open -= {client, server}
        client.close()
        server.close()

    def carry(self, source, sink, answers):
        try:
            while piece := source.recv(PIECE):
                self.passing.wait()
                rate = self.rate if answers else None
                pause = self.delay + (len(piece) / rate if rate else 0)
                if pause > 0:
                    time.sleep(pause)
                sink.sendall(piece)
        except OSError:
            pass
        self.end(source)
        self.end(sink)

    @staticmethod
    def end(one):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
