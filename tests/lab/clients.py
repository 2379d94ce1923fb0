#!/usr/bin/env python3
"""Clients that others wrote: each must work with nothing but an address. Run by clients.sh, which installs them."""

import importlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "blackbox"))
import tide  # noqa: E402

SEED = "7"


TOKEN = "a-token-of-this-test-alone"
BAD_MESSAGES = 40  # that wait in quarantine


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.path = pathlib.Path(tempfile.mkdtemp(prefix="tidemark-clients-"))
        cls.addClassCleanup(shutil.rmtree, cls.path, True)
        tide.replay(cls.path / "x.db", tide.CAPTURES / "basic.jsonl")
        cls.server = tide.Server("serve", "--db", cls.path / "x.db", stderr=cls.path / "log")
        cls.addClassCleanup(cls.server.__exit__)
        with urllib.request.urlopen(cls.server.address + "/v1/tables/orders?limit=all") as answer:
            cls.orders = json.load(answer)["rows"]
        with urllib.request.urlopen(cls.server.address + "/openapi.json") as answer:
            (cls.path / "openapi.json").write_bytes(answer.read())

    def run_tool(self, *arguments):
        done = subprocess.run(arguments, cwd=self.path, capture_output=True, text=True, timeout=900, check=False)
        self.assertEqual(0, done.returncode, done.stdout[-6000:] + done.stderr[-2000:])

    def test_postgrest(self):
        from postgrest import SyncPostgrestClient
        from postgrest.exceptions import APIError

        client = SyncPostgrestClient(self.server.address + "/rest/v1")
        self.addCleanup(client.aclose)
        orders = client.from_("orders")
        self.assertEqual(self.orders, orders.select("*").execute().data)
        paid = [row for row in self.orders if row["status"] == "paid"]
        self.assertEqual(paid, orders.select("*").eq("status", "paid").execute().data)
        dear = [row for row in self.orders if float(row["total"]) >= 20 and row["status"] in ("paid", "shipped")]
        self.assertEqual(dear, orders.select("*").gte("total", "20.00").in_("status", ["paid", "shipped"]).execute().data)
        self.assertEqual([row for row in self.orders if row["notes"] is None],
                         orders.select("*").is_("notes", "null").execute().data)  # fmt: skip
        either = [row for row in self.orders if row["status"] == "pending" or row["quantity"] > 2]
        self.assertEqual(either, orders.select("*").or_("status.eq.pending,quantity.gt.2").execute().data)
        self.assertEqual([{"id": row["id"], "sum": row["total"]} for row in sorted(self.orders, key=lambda row: -int(row["id"]))[:3]],
                         orders.select("id,sum:total").order("id", desc=True).limit(3).execute().data)  # fmt: skip
        page = orders.select("id", count="exact").range(2, 4).execute()
        self.assertEqual((len(self.orders), [row["id"] for row in self.orders[2:5]]), (page.count, [row["id"] for row in page.data]))
        one = orders.select("*").eq("id", self.orders[0]["id"])
        self.assertEqual(self.orders[0], one.single().execute().data)
        with self.assertRaises(APIError) as told:
            orders.select("*").eq("colour", "red").execute()
        self.assertEqual("unknown-parameter", told.exception.code)

    def test_document(self):
        self.run_tool("openapi-spec-validator", "openapi.json")

    def test_generated_client(self):
        self.run_tool("openapi-python-client", "generate", "--path", "openapi.json", "--output-path", "generated", "--meta", "none")
        sys.path.insert(0, str(self.path))
        self.addCleanup(sys.path.remove, str(self.path))
        client = importlib.import_module("generated.client").Client(base_url=self.server.address)
        table = importlib.import_module("generated.api.default.table_orders")
        status = self.orders[0]["status"]
        answer = table.sync(client=client, limit=3, status="eq." + status)
        self.assertEqual([(row["id"], row["total"], row["quantity"]) for row in self.orders if row["status"] == status][:3],
                         [(row.id, row.total, row.quantity) for row in answer.rows])  # fmt: skip
        self.assertEqual({int}, {type(row.quantity) for row in answer.rows})
        module = importlib.import_module("generated.models.table_orders_select_item").TableOrdersSelectItem
        answer = table.sync(client=client, limit=2, select=[module.ID, module.TOTAL])  # it repeats the parameter
        self.assertEqual([{"id": row["id"], "total": row["total"]} for row in self.orders[:2]], [row.to_dict() for row in answer.rows])
        self.assertEqual("transactional", answer.position.consistency.value)
        stock = importlib.import_module("generated.api.default.view_warehouse_stock").sync(client=client, sku="SKU-1")
        self.assertEqual(["SKU-1"], [row.sku for row in stock.rows])
        lag = importlib.import_module("generated.api.default.lag").sync(client=client)
        self.assertEqual("serving", lag.state.value)

    def test_every_operation(self):
        """With a token, messages in quarantine and a consumer that does what is asked of them."""
        topic = f"{tide.PREFIX}.public.orders"
        lines = tide.read_capture(tide.CAPTURES / "basic.jsonl")
        first = 1 + max(line["offset"] for line in lines if line["topic"] == topic)
        lines += [tide.line("orders", first + i, {"id": 900000 + i}, '{"cut off') for i in range(BAD_MESSAGES)]
        tokens = self.path / "tokens"
        tokens.write_text(TOKEN + "\n")
        with tide.Server("demo", "--capture", tide.write_capture(self.path / "mixed.jsonl", lines), "--token-file", tokens,
                         stderr=self.path / "demo.log") as server:  # fmt: skip
            tide.wait_for("all was read", lambda: server.get("/readyz")[0] == 200)
            self.run_tool(sys.executable, str(HERE / "operations.py"), server.address, TOKEN, SEED,
                          "--ids", ",".join(map(str, range(1, BAD_MESSAGES + 1))))  # fmt: skip


if __name__ == "__main__":
    print(f"seed {SEED}", file=sys.stderr)
    unittest.main()
