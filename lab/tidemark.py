"""What a lab script asks a running tidemark, over HTTP."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request

PAGE = 1000
WAIT_MS = 10000


class Tidemark:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"

    def get(self, path, **parameters):
        query = ("&" if "?" in path else "?") + urllib.parse.urlencode(parameters) if parameters else ""
        with urllib.request.urlopen(self.base + path + query, timeout=WAIT_MS / 1000 + 20) as answer:
            return json.loads(answer.read())

    def rows(self, path, **parameters):
        """All pages of a query."""
        found, after = [], None
        while True:
            more = {"after": after} if after is not None else {}
            answer = self.get(path, limit=PAGE, **parameters, **more)
            found += answer["rows"]
            after = answer["next"]
            if after is None:
                return found

    def wait_lsn(self, lsn, seconds):
        """Until an answer shows the log up to lsn: the answer's position, or None when the time is over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                return self.get("/v1/tables/orders", limit=1, after_lsn=lsn, wait_ms=WAIT_MS)["position"]
            except urllib.error.HTTPError as error:
                if error.code not in (503, 504):
                    raise SystemExit(
                        f"{self.base}: {error.code} {error.read().decode(errors='replace')}"
                    ) from error
            except OSError:
                pass  # not up, or starting again
            time.sleep(0.2)
        return None
