#!/usr/bin/env python3
"""schemathesis asks every operation of a server's /openapi.json: made-up questions that are right, that are wrong, and its
coverage cases, each answer judged by all of its checks. Of what does not end the first event is read, and whatever GET
answers HEAD must, without a body. Two processes, each half of the operations; seeded. Run by clients.py.

    operations.py ADDRESS TOKEN SEED [COVERAGE CASES an operation] [--ids 1,2,3]"""

import argparse
import contextlib
import itertools
import multiprocessing
import pathlib
import random
import sys
import time
import urllib.parse

import hypothesis
import requests
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.generation.hypothesis.builder import _iter_coverage_cases
from schemathesis.generation.meta import CoverageScenario

HERE = pathlib.Path(__file__).resolve().parent
PROCESSES = 2
RIGHT, WRONG = 6, 3  # made-up questions an operation
STREAM_BYTES = 1 << 20
OTHER_METHODS = {"delete", "patch", "post", "put"}
# What a schema cannot say: a cursor and an event's id are what an answer gave, a topic is one that is read.
GIVEN = {"after": "", "last_event_id": "", "after_offset": "theworldshop.public.orders:0:0", "wait_ms": 0}
SAME_HEADERS = ("content-type", "tidemark-consistency", "cache-control")


def is_lost(case, answer):
    """A wrong value that no URL can have, such as an empty list: what came was a question without it."""
    data = case.meta.phase.data
    name = getattr(data, "parameter", None)
    if case.meta.generation.mode.is_negative and name is None:  # one that the document has not
        sent = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.request.url).query, keep_blank_values=True)
        return not (case.query or {}).keys() <= sent.keys()
    missing = getattr(data, "scenario", None) == CoverageScenario.MISSING_PARAMETER or "removed" in (data.description or "")
    return (case.meta.generation.mode.is_negative and name is not None and not missing and
            data.parameter_location == ParameterLocation.QUERY and f"{name}=" not in answer.request.url)  # fmt: skip


class Asker:
    def __init__(self, arguments):
        self.arguments = arguments
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {arguments.token}"
        self.schema = schemathesis.openapi.from_url(arguments.address + "/openapi.json", headers=dict(self.session.headers),
                                                    config=SchemathesisConfig.from_path(HERE / "schemathesis.toml"))  # fmt: skip
        self.ids = itertools.cycle(arguments.ids)
        self.chooser = random.Random(arguments.seed)
        self.asked = 0
        self.faults = []
        self.statuses = {}

    def ask(self, case):
        """Whole, or the first event of what does not end."""
        with contextlib.closing(self.session.request(**case.as_transport_kwargs(), stream=True, timeout=60)) as answer:
            stream = answer.headers.get("Transfer-Encoding") == "chunked"
            body = b""
            for piece in answer.iter_content(None):
                body += piece
                if stream and (b"\n\n" in body or b"\n" in body.strip() or len(body) > STREAM_BYTES):
                    break
            answer._content, answer._content_consumed = body, True
            return Response.from_requests(answer, verify=True)

    def head(self, case, answer):
        arguments = {**case.as_transport_kwargs(), "method": "HEAD"}
        with contextlib.closing(self.session.request(**arguments, timeout=60)) as head:
            told = {name: answer.headers.get(name, [None])[0] for name in SAME_HEADERS}
            other = {name: head.headers.get(name) for name in SAME_HEADERS}
            if (head.status_code, other, head.content) != (answer.status_code, told, b""):
                self.faults.append(f"HEAD {case.formatted_path} {case.query}: {head.status_code} {other}, "
                                   f"GET {answer.status_code} {told}")  # fmt: skip

    @staticmethod
    def samples(operation):
        """Of the parameters whose pattern lets more through than is right, as the 30th of February, what is."""
        parameters = operation.definition.raw.get("parameters", [])
        return {p["name"]: p["schema"]["examples"] for p in parameters if "examples" in p.get("schema", {})}

    def check(self, case, with_id):
        if case.meta.generation.mode.is_positive:
            for name in GIVEN.keys() & (case.query or {}).keys():
                case.query[name] = GIVEN[name]
            for name in self.samples(case.operation).keys() & (case.query or {}).keys():
                case.query[name] = self.chooser.choice(self.samples(case.operation)[name])
            if with_id and "{id}" in case.operation.path:
                case.path_parameters = {**case.path_parameters, "id": next(self.ids)}
        self.asked += 1
        answer = self.ask(case)
        key = (case.operation.label, answer.status_code)
        self.statuses[key] = self.statuses.get(key, 0) + 1
        if is_lost(case, answer):
            return
        try:
            case.validate_response(answer, headers=dict(self.session.headers))
        except FailureGroup as fault:
            self.faults.append(f"{case.operation.label}: {fault}\n" + "\n".join(map(str, fault.exceptions)))
        if case.method == "GET" and self.asked % 4 == 0:
            self.head(case, answer)

    def without_token(self, operation):
        """401 wherever the document has a token, and nowhere else."""
        path = operation.path.format(**dict.fromkeys(("id", "view", "problem"), "1"))
        status = requests.request(operation.method, self.arguments.address + path, stream=True, timeout=60).status_code
        if (status == 401) != ("security" in operation.definition.raw):
            self.faults.append(f"{operation.label} without a token: {status}")

    def make_up(self, operation, mode, count):
        @hypothesis.seed(self.arguments.seed)
        @hypothesis.settings(max_examples=count, deadline=None, database=None, phases=[hypothesis.Phase.generate],
                             suppress_health_check=list(hypothesis.HealthCheck))  # fmt: skip
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def each(case):
            self.check(case, self.asked % 2 == 0)

        try:
            each()
        except hypothesis.errors.Unsatisfiable:
            pass  # of what takes no parameters nothing is wrong

    def cover(self, operation):
        cases = _iter_coverage_cases(operation=operation, generation_modes=list(GenerationMode), unexpected_methods=OTHER_METHODS,
                                     generate_duplicate_query_parameters=operation.path.startswith("/v1/views"),
                                     generation_config=operation.schema.config.generation_for(operation=operation))  # fmt: skip
        # then come the sets of optional parameters: 2 to the power of their number
        cases = list(itertools.takewhile(lambda case: "optional prop" not in (case.meta.phase.data.description or "") and
                                         "and optional" not in (case.meta.phase.data.description or ""), cases))  # fmt: skip
        chooser = random.Random(f"{self.arguments.seed} {operation.label}")
        for case in chooser.sample(cases, min(len(cases), self.arguments.coverage)):
            self.check(case, self.asked % 2 == 0)

    def run(self, share):
        for number, found in enumerate(self.schema.get_all_operations()):
            if number % PROCESSES != share:
                continue
            operation = found.ok()
            begun = time.process_time()
            self.without_token(operation)
            self.make_up(operation, GenerationMode.POSITIVE, RIGHT)
            self.make_up(operation, GenerationMode.NEGATIVE, WRONG)
            self.cover(operation)
            if self.arguments.verbose:
                print(f"{operation.label}: {time.process_time() - begun:.1f} s", file=sys.stderr, flush=True)
        return self.asked, self.faults, self.statuses


def run_share(arguments, share):
    return Asker(arguments).run(share)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("token")
    parser.add_argument("seed", type=int)
    parser.add_argument("--coverage", type=int, default=12)
    parser.add_argument("--ids", type=lambda text: list(map(int, text.split(","))), default=[1])
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        shares = pool.starmap(run_share, [(arguments, share) for share in range(PROCESSES)])
    faults = [fault for share in shares for fault in share[1]]
    statuses = {key: count for share in shares for key, count in share[2].items()}
    for fault in faults[: 1000 if arguments.verbose else 10]:
        print(fault, "\n")
    if arguments.verbose:
        for key, count in sorted(statuses.items()):
            print(*key, count)
    print(f"{sum(share[0] for share in shares)} questions to {len({label for label, _ in statuses})} operations, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
