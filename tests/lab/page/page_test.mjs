// The page as a reader meets it. Each test says what it is about; screenshots are left beside this file.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { liveOf, standIn } from './stand_in.mjs';
import { closeBrowser, fixtures, folder, freePort, open, replay, serve, truthOf, write } from './tide.mjs';

const SECTIONS = ['overview', 'tables', 'tables/orders', 'row/orders?id=5001', 'views/warehouse/stock', 'views/analytics/orders_by_status?as=bars', 'transactions', 'quarantine', 'process'];
const wait = 60000; // for a state, on a machine that has much else to do

after(closeBrowser);

const text = (page, selector) => page.locator(selector).innerText();
const word = (page, expected) => page.waitForFunction((w) => document.getElementById('word').textContent.startsWith(w), expected, { timeout: wait });
const cells = (page, selector) => page.locator(`${selector} tbody tr`).evaluateAll((rows) => rows.map((row) => [...row.children].map((td) => td.textContent)));

// A demo whose views move; its address is given, so that it can come back to it.
async function demo(t, more = []) {
  const port = await freePort();
  const db = join(folder(t), 'demo.db');
  const start = () => serve(t, 'demo', '--traffic', '50', '--db', db, '--listen', `127.0.0.1:${port}`, ...more);
  return { start, server: await start() };
}

async function basic(t) {
  const db = join(folder(t), 'shop.db');
  replay(db, 'captures', 'basic');
  return serve(t, 'serve', '--db', db);
}

test('each capture: the figures are those of the source', async (t) => {
  const all = ['captures', 'sources'].flatMap((at) => readdirSync(join(fixtures, at)).filter((n) => n.endsWith('.truth.json')).map((n) => [at, n.slice(0, -11)]));
  assert.ok(all.length > 15);
  let page = null;
  for (const [at, name] of all) {
    const db = join(folder(t), 'x.db');
    const flags = replay(db, at, name);
    const server = await serve(t, 'serve', '--db', db, ...flags);
    if (page) await page.goto(`${server.url}/#/tables`);
    else page = await open(t, server.url, { hash: '#/tables' });
    await word(page, 'Serving');
    await page.waitForSelector('main table tbody tr');
    // a busy machine may not count in time; a file that is served says nothing new, so it is asked again
    for (let i = 0; i < 20 && (await text(page, 'main .panel:first-child')).includes('many'); i++) {
      await page.reload();
      await page.waitForSelector('main table tbody tr');
    }
    const shown = new Map((await cells(page, 'main .panel:first-child')).map((row) => [row[0], row[1].replaceAll(',', '')]));
    for (const [table, rows] of Object.entries(truthOf(at, name))) {
      if (!shown.has(table)) continue;
      assert.equal(shown.get(table), String(rows.length), `${name}: rows of ${table}`);
      if (!rows.length || rows.length > 50) continue;
      await page.goto(`${server.url}/#/tables/${encodeURIComponent(table)}`);
      await page.waitForSelector('main tbody tr');
      const found = await cells(page, 'main');
      assert.equal(found.length, rows.length, `${name}: ${table}`);
      const heads = await page.locator('main thead th').evaluateAll((ths) => ths.map((th) => th.firstChild.textContent));
      for (const column of Object.keys(rows[0])) {
        if (rows.some((row) => !/^-?\d+$/.test(row[column])) || !heads.includes(column)) continue;
        const sorted = (list) => list.map(String).sort();
        assert.deepEqual(sorted(found.map((row) => row[heads.indexOf(column)])), sorted(rows.map((row) => row[column])), `${name}: ${table}.${column}`);
      }
    }
    assert.deepEqual(page.troubles, [], name);
    await server.kill();
  }
});

test('it follows a server through kill -9 and its return, without being loaded again', async (t) => {
  const { start, server } = await demo(t);
  const page = await open(t, server.url);
  await word(page, 'Live');
  await page.evaluate(() => (window.same = true));
  const lsn = () => page.evaluate(() => /up to (\S+),/.exec(document.getElementById('sentence').textContent)?.[1]);
  const whole = () => page.waitForFunction(() => /up to [0-9A-F]+\/[0-9A-F]+,/.test(document.getElementById('sentence').textContent), null, { timeout: wait });
  await whole();
  const first = await lsn();
  await page.waitForFunction((old) => !document.getElementById('sentence').textContent.includes(old), first, { timeout: wait });
  await server.kill();
  await word(page, 'Lost the server');
  assert.match(await text(page, '#sentence'), /What you see is from \d\d:\d\d:\d\d and grows older/);
  assert.match(await text(page, '.chain li.slow'), /Answered\s*lost/);
  const ago = async () => Number(/(\d+(\.\d)?) s ago/.exec(await text(page, '#word'))[1]);
  const before = await ago();
  await page.waitForFunction((old) => Number(/(\d+(\.\d)?) s ago/.exec(document.getElementById('word').textContent)?.[1]) >= old + 3, before, { timeout: wait });
  assert.ok(await page.title().then((title) => title.startsWith('Lost the server')));
  await page.screenshot({ path: 'lost.png' });
  await start();
  await word(page, 'Live');
  assert.ok(await page.evaluate(() => window.same));
  await whole();
  const back = await lsn();
  await page.waitForFunction((old) => !document.getElementById('sentence').textContent.includes(old), back, { timeout: wait });
  assert.deepEqual(page.troubles, []);
});

test('the views move side by side', async (t) => {
  const { server } = await demo(t);
  const page = await open(t, server.url);
  await word(page, 'Live');
  await page.waitForSelector('.sides .panel:nth-child(3)');
  const heads = await page.locator('.sides .panel h2').allInnerTexts();
  assert.deepEqual(heads.slice(0, 3), ['warehouse', 'email', 'analytics']);
  for (const place of [1, 2, 3]) {
    const panel = `.sides .panel:nth-child(${place}) .side`;
    await page.waitForFunction((s) => document.querySelector(s).textContent.length > 20, panel, { timeout: wait });
    const before = await text(page, panel);
    await page.waitForFunction(([s, old]) => document.querySelector(s).innerText !== old, [panel, before], { timeout: wait });
  }
  assert.match(await text(page, '.sides .panel:nth-child(2) .side'), /order-\d+-placed/);
});

test('no heading stands over views that there are not', async (t) => {
  const at = folder(t);
  const db = join(at, 'shop.db');
  const views = join(at, 'views');
  mkdirSync(views);
  write(join(views, 'source.sql'), 'create table public.orders(id bigint primary key, status text);');
  replay(db, 'captures', 'basic', ['--views', views]);
  const server = await serve(t, 'serve', '--db', db);
  const page = await open(t, server.url);
  await page.waitForSelector('.pair .panel');
  assert.equal(await page.getByText('The views, side by side').isVisible(), false);
});

test('views of long names beside others: each says which query it shows, at any width', async (t) => {
  const at = folder(t);
  const db = join(at, 'shop.db');
  const views = join(at, 'views');
  const names = ['billing_invoice_lines', 'subscriptions_and_their_renewals_by_month'];
  mkdirSync(views);
  for (const name of names) {
    mkdirSync(join(views, name));
    write(join(views, name, 'query.by_status.sql'), "select 'open' as status, null as total union all select 'paid', 5 order by status");
  }
  replay(db, 'captures', 'basic', ['--views', views]);
  const server = await serve(t, 'serve', '--db', db);
  const page = await open(t, server.url);
  for (const width of [360, 768, 1280, 1440, 1920]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`${server.url}/#/overview`);
    await page.waitForSelector('.sides .panel:nth-child(6) .note a');
    const short = await page.evaluate(() => [...document.querySelectorAll('.sides select')].filter((s) => s.clientWidth < 40).length);
    assert.equal(short, 0, `choices of a query that cannot be read at ${width}`);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `wider than ${width}`);
  }
  await page.goto(`${server.url}/#/views/${names[0]}/by_status`);
  await page.waitForSelector('main tbody tr:nth-child(2)');
  assert.match(await page.locator('main thead th:nth-child(2)').getAttribute('class'), /right/, 'a column of numbers whose first is NULL');
  assert.deepEqual(page.troubles, []);
});

test('a view that could not be asked at first is shown by its newest rows, as all are', async (t) => {
  const real = await basic(t);
  let refused = true;
  const front = await standIn(t, real.url, undefined, (path) => refused && path.startsWith('/v1/views/'));
  front.say(liveOf({ state: 'starting', applied: 0 }));
  const page = await open(t, front.url);
  const email = '.sides .panel:nth-child(2) .side';
  await page.waitForFunction((s) => document.querySelector(s)?.textContent.includes('nothing was applied yet'), email, { timeout: wait });
  refused = false;
  front.say(liveOf());
  await page.waitForSelector(`${email} tbody tr`);
  const all = (await (await fetch(`${real.url}/v1/views/email/outbox`)).json()).rows.map((row) => String(row.seq));
  assert.ok(all.length > 7);
  assert.deepEqual((await cells(page, email)).map((row) => row[0]), all.slice(-7).reverse());
  assert.match(await text(page, '.sides .panel:nth-child(2) .note'), new RegExp(`^newest first, up to ${all.at(-1)} in \\d+ ms open$`));
});

test('the tail tells each commit, with what the values were', async (t) => {
  const { server } = await demo(t);
  const page = await open(t, server.url, { hash: '#/transactions' });
  await word(page, 'Live');
  await page.waitForFunction(() => document.querySelectorAll('.tail li').length >= 25 && document.querySelectorAll('.tail del').length > 10, null, { timeout: wait });
  await page.click('button:text-is("hold")');
  const told = await page.locator('.tail li').evaluateAll((commits) => commits.map((commit) => ({ whole: !commit.querySelector('.much').textContent.includes('shown'),
    rows: [...commit.querySelectorAll('tbody tr')].map((row) => ({ how: row.querySelector('.how').textContent, table: row.children[1].textContent, key: row.children[2].textContent,
      pairs: [...row.querySelectorAll('.pair')].map((p) => [p.querySelector('small').textContent, p.querySelector('del')?.textContent, p.querySelector('ins')?.textContent]) })) })));
  assert.ok(new Set(told.flatMap((commit) => commit.rows).map((row) => row.table)).size >= 2);
  // newest first: what a value was is what it had become before
  const before = new Map();
  let chained = 0;
  for (const commit of told.reverse()) {
    if (!commit.whole) before.clear(); // some of its rows are not shown
    for (const row of commit.rows) {
      const prefix = `${row.table} ${row.key} `;
      // a row that comes shows what is not null, and one that goes may come back as another
      if (row.how !== 'changed') for (const id of [...before.keys()].filter((name) => name.startsWith(prefix))) before.delete(id);
      for (const [column, was, is] of row.pairs) {
        const id = prefix + column;
        if (was !== undefined && before.has(id)) {
          assert.equal(was, before.get(id), id);
          chained++;
        }
        before.set(id, is);
      }
    }
  }
  assert.ok(chained > 0);
  const commits = await page.locator('.tail li').evaluateAll((all) => all.map((li) => li.version));
  assert.deepEqual(commits, [...new Set(commits)].sort((a, b) => b - a));
  assert.deepEqual(page.troubles, []);
});

test('the tail tells source transactions whole, over the tables that they changed', async (t) => {
  const { server } = await demo(t);
  const page = await open(t, server.url, { hash: '#/transactions' });
  await word(page, 'Live');
  // what places an order reserves its goods: both are told of one transaction, whichever table was heard first
  await page.waitForFunction(() => [...document.querySelectorAll('.tail li')].filter((li) => li.txids.size === 1 && li.count === 1 &&
    ['added orders', 'changed inventory'].every((what) => [...li.querySelectorAll('tbody tr')].some((row) => `${row.querySelector('.how').textContent} ${row.children[1].textContent}` === what))).length >= 5, null, { timeout: wait });
  await page.click('button:text-is("hold")');
  const told = await page.locator('.tail li').evaluateAll((all) => all.map((li) => ({ txids: [...li.txids], count: li.count, known: li.known, head: li.querySelector('p').textContent,
    rows: [...li.querySelectorAll('tbody tr')].map((row) => ({ what: `${row.querySelector('.how').textContent} ${row.children[1].textContent}`, key: row.children[2].textContent,
      values: Object.fromEntries([...row.querySelectorAll('.pair')].map((p) => [p.querySelector('small').textContent, [p.querySelector('del')?.textContent, p.querySelector('ins')?.textContent]])) })) })));
  const all = told.flatMap((one) => one.txids);
  assert.equal(new Set(all).size, all.length, 'each transaction is told once');
  let checked = 0;
  for (const { txids: [txid], head, rows } of told.filter((one) => one.known && one.count === 1)) {
    assert.match(head, new RegExp(`^transaction ${txid}up to [0-9A-F]+/[0-9A-F]+\\d\\d:\\d\\d:\\d\\d${rows.length} rows?$`));
    const order = rows.find((row) => row.what === 'added orders');
    const good = order && rows.find((row) => row.what === 'changed inventory' && row.key === order.values.sku[1]);
    if (!good || good.values.on_hand) continue; // on_hand: it was restocked with it
    const [was, is] = good.values.reserved.map(Number);
    assert.equal(is - was, Number(order.values.quantity[1]), `transaction ${txid}`);
    const answer = await (await fetch(`${server.url}/v1/tables/orders?id=${order.key}&after_txid=${txid}&wait_ms=1000`)).json();
    if (answer.rows.length) assert.equal(answer.rows[0].total, order.values.total[1]);
    checked++;
  }
  assert.ok(checked > 0);
  await page.locator('.tail li .n').first().click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /after_txid=\d+' \| jq '\.position'$/);
  assert.deepEqual(page.troubles, []);
});

test('it asks nobody else, and never by the clock', async (t) => {
  const server = await basic(t);
  const page = await open(t, server.url);
  await word(page, 'Serving');
  await page.waitForSelector('.sides .panel:nth-child(4) .note a');
  await page.waitForTimeout(2500); // what the first event of the stream made it ask again
  const before = page.asked.length;
  await page.waitForTimeout(6500); // longer than the stream is quiet for: a file that is served changes nothing
  assert.deepEqual(page.asked.slice(before), []);
  assert.deepEqual(page.asked.filter((url) => !url.startsWith(server.url) && !url.startsWith('data:')), []);
});

test('below a path that a proxy has put it under', async (t) => {
  const real = await basic(t);
  const stand = await standIn(t, real.url);
  stand.say(liveOf());
  const page = await open(t, `${stand.url}/below`, { hash: '#/tables/orders' });
  await word(page, 'Live');
  await page.waitForSelector('main tbody tr');
  assert.deepEqual(page.asked.filter((url) => !url.startsWith(`${stand.url}/below/`) && !url.startsWith('data:')), []);
  const links = await page.locator('a[href]').evaluateAll((all) => all.map((a) => a.href));
  assert.deepEqual(links.filter((url) => !url.startsWith(`${stand.url}/below/`) && !url.startsWith('data:')), []);
  await page.locator('main .n').first().click();
  await page.waitForFunction(() => document.getElementById('toast').textContent);
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(command.includes(` '${stand.url}/below/v1/`), command);
  const named = await open(t, `${stand.url.replace('//', '//user:secret@')}/below`, { hash: '#/tables/orders' });
  await named.waitForSelector('main tbody tr'); // of a page with a user in its address nothing can be fetched by its path alone
});

test('what it says of states that are not well', async (t) => {
  const port = await freePort();
  const db = join(folder(t), 'new.db');
  const alone = await serve(t, 'run', '--brokers', `127.0.0.1:${port}`, '--prefix', 'theworldshop', '--db', db);
  let page = await open(t, alone.url);
  await page.waitForFunction(() => /^(Starting|No broker)/.test(document.getElementById('word').textContent), null, { timeout: wait });
  assert.match(await text(page, '#todo'), /by itself/);
  const bad = join(folder(t), 'bad.db');
  const line = { topic: 'theworldshop.public.orders', partition: 0, offset: 0, ts: 1700000000000, key: '{"id":9007199254740993,"total":1.50}', value: '{"no' };
  const capture = join(folder(t), 'bad.jsonl');
  write(capture, `${JSON.stringify(line)}\n`);
  const demoed = await serve(t, 'demo', '--capture', capture, '--db', bad);
  page = await open(t, demoed.url, { hash: '#/quarantine' });
  await page.waitForSelector('main tbody tr');
  assert.match(await text(page, 'main tbody'), /JSON/);
  await page.waitForSelector('#nav [data-badge]:not([hidden])');
  await page.waitForFunction(() => document.getElementById('sentence').textContent.includes('1 message could not be applied: its row is not shown or is old.'), null, { timeout: wait });
  const served = await serve(t, 'serve', '--db', bad);
  const other = await open(t, served.url);
  await word(other, 'Serving a file, but');
  assert.equal(await other.getAttribute('#truth', 'data-tone'), 'warn');
  await page.locator('main tbody a').first().click();
  await page.waitForFunction(() => document.querySelector('main').textContent.includes('kcat -C -b BROKERS -t theworldshop.public.orders -p 0 -o 0 -c 1'), null, { timeout: wait });
  await page.click('button:text-is("Apply again")');
  await page.waitForFunction(() => document.querySelector('.verdict').textContent.includes('token'), null, { timeout: wait });
  assert.deepEqual(page.troubles, []);
});

test('a message in quarantine is read, and discarded with a token', async (t) => {
  const at = folder(t);
  const line = { topic: 'theworldshop.public.orders', partition: 0, offset: 0, ts: 1700000000000, key: '{"id":9007199254740993,"total":1.50}', value: '{"no' };
  write(join(at, 'bad.jsonl'), `${JSON.stringify(line)}\n`);
  write(join(at, 'tokens'), '0123456789abcdef0123456789abcdef\n');
  const server = await serve(t, 'demo', '--capture', join(at, 'bad.jsonl'), '--db', join(at, 'bad.db'), '--token-file', join(at, 'tokens'));
  const page = await open(t, server.url);
  await page.evaluate(() => sessionStorage.setItem('token', '0123456789abcdef0123456789abcdef'));
  await page.goto(`${server.url}/#/quarantine/1`);
  await page.reload();
  await page.waitForFunction(() => document.querySelector('main pre')?.textContent.includes('"id": 9007199254740993,\n  "total": 1.50'), null, { timeout: wait });
  const found = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(found.violations.map((v) => v.id), []);
  await page.click('button:text-is("Apply again")');
  await page.waitForFunction(() => /JSON/.test(document.querySelector('.verdict').textContent), null, { timeout: wait });
  assert.doesNotMatch(await text(page, '.verdict'), /By hand/); // it was let in
  await page.fill('#why', 'a test');
  await page.click('button:text-is("Discard")');
  await page.waitForFunction(() => document.querySelector('main .facts dd').textContent === 'discarded', null, { timeout: wait });
  assert.match(await text(page, 'main .facts'), /a test/);
  await page.waitForSelector('#nav [data-badge][hidden]', { state: 'attached' });
  assert.deepEqual(page.troubles, []);
});

test('each state has its sentence, its tone, what to do and the slow hop', async (t) => {
  const real = await basic(t);
  const ago = (ms) => Date.now() - ms;
  let reason = null;
  const front = await standIn(t, real.url, (status) => ({ ...status, state: 'live', reason, tables: status.tables.map((table) => ({ ...table, topic: `shop.public.${table.name}`, topics: [`shop.public.${table.name}`] })) }));
  const page = await open(t, front.url);
  const cases = [
    ['ok', 'Live', /^Shows every transaction up to 0\/1967BF30, whole, the newest committed \d+\.\d s ago\.$/, null, {}],
    ['work', 'Live, waiting', /^Waits for transaction 1499, 2 rows so far, its END has not come\. Shows every/, null, { waiting: 'waiting: transaction 1499, 2 rows so far, its END has not come' }],
    ['ok', 'Live, per key', /row by row: rows of one transaction may come one by one/, null, { consistency: 'per-key', position: { lsn: null, consistency: 'per-key', offsets: {} } }],
    ['work', 'Catching up', /^12,345 messages behind at 4,000 events a second, about 3 min to go\./, 'Applied', { state: 'catching_up', lag: { messages: 12345, seconds: 200 }, rates: { events_per_second: 4000 }, eta_seconds: 185 }],
    ['warn', 'Upstream silent', /^The connector was last heard 2 min ago\./, 'Connector', { state: 'upstream_silent', hops: { heartbeat_ms: ago(121000) } }],
    ['warn', 'No broker', /^kafka1:9092 refuses\. What was committed up to/, 'Broker', { state: 'disconnected', reason: 'kafka1:9092 refuses', lag: { messages: null, seconds: 63 }, hops: { broker_ms: ago(63000) } }],
    ['bad', 'Degraded', /^the disk is full\./, 'Applied', { state: 'degraded', reason: 'the disk is full', lag: { messages: 77, seconds: 20 } }],
    ['bad', 'Halted', /^offset 8 is not in the log any more\./, 'Applied', { state: 'halted', reason: 'offset 8 is not in the log any more', lag: { messages: 77, seconds: 3600 } }],
    ['warn', 'Live, but', /^3 messages could not be applied: their rows are not shown or are old\./, null, { quarantine: 3 }],
    ['work', 'Starting', /^Nothing is shown yet\./, null, { state: 'starting', consistency: null, position: null, lag: { messages: null, seconds: null }, hops: { source_commit_ms: null, heartbeat_ms: null, broker_ms: null, applied_ms: null } }],
  ];
  const tones = new Set();
  for (const [tone, name, sentence, slow, live] of cases) {
    reason = live.reason || null;
    front.say(liveOf(live));
    await page.waitForFunction((w) => document.getElementById('word').textContent === w, name, { timeout: wait });
    assert.equal(await page.getAttribute('#truth', 'data-tone'), tone, name);
    assert.match(await text(page, '#sentence'), sentence, name);
    const marked = await page.locator('.chain li.slow .name').evaluateAll((names) => names.map((n) => n.firstChild.textContent));
    assert.deepEqual(marked, slow ? [slow] : [], name);
    assert.equal(await page.locator('#todo').isVisible(), !['Live', 'Live, waiting'].includes(name), name);
    await page.screenshot({ path: `state-${name.toLowerCase().replace(/\W+/g, '-')}.png` });
    if (!tones.has(tone)) {
      const found = await new AxeBuilder({ page }).include('#truth').include('.chain').analyze();
      assert.deepEqual(found.violations.map((v) => v.id), [], name);
    }
    tones.add(tone);
  }
  assert.deepEqual(page.troubles, []);
});

test('is my write shown?', async (t) => {
  const server = await basic(t);
  const page = await open(t, server.url);
  await word(page, 'Serving');
  const status = await (await fetch(`${server.url}/v1/status`)).json();
  const verdict = async (asked, says) => {
    await page.fill('#wait', asked);
    await page.press('#wait', 'Enter');
    await page.waitForFunction((s) => document.querySelector('.verdict').textContent.startsWith(s), says, { timeout: wait });
  };
  await verdict(String(status.newest_txid), 'Shown.');
  assert.match(await text(page, '.verdict code'), /^curl -s 'http:.*after_txid=\d+&wait_ms=30000'$/);
  await verdict('0/1', 'Shown.');
  await verdict('FFFF/0', 'Not yet.');
  await verdict(String(status.oldest_txid - 1), 'Too old');
  await verdict('tomorrow', 'Neither.');
});

test('what is not shown yet is told when it is', async (t) => {
  const { server } = await demo(t);
  const page = await open(t, server.url);
  await word(page, 'Live');
  await page.waitForFunction(() => /up to [0-9A-F]+\/[0-9A-F]+,/.test(document.getElementById('sentence').textContent), null, { timeout: wait });
  const [high, low] = /up to ([0-9A-F]+)\/([0-9A-F]+),/.exec(await text(page, '#sentence')).slice(1);
  const wanted = `${high}/${(parseInt(low, 16) + 0x4000).toString(16)}`; // a second or two of the demo's traffic
  await page.evaluate(() => {
    window.said = [];
    new MutationObserver(() => window.said.push(document.querySelector('.verdict b')?.textContent)).observe(document.querySelector('.verdict'), { childList: true, subtree: true });
  });
  await page.fill('#wait', wanted);
  await page.press('#wait', 'Enter');
  await page.waitForFunction(() => window.said.at(-1) === 'Shown.', null, { timeout: wait });
  assert.deepEqual([...new Set(await page.evaluate(() => window.said))], ['Not yet.', 'Shown.']);
});

test('a token is asked for, kept in the tab, and sent', async (t) => {
  const db = join(folder(t), 'shop.db');
  const tokens = join(folder(t), 'tokens');
  replay(db, 'captures', 'basic');
  write(tokens, '0123456789abcdef0123456789abcdef\n');
  const server = await serve(t, 'serve', '--db', db, '--token-file', tokens);
  const page = await open(t, server.url);
  await word(page, 'A token is needed');
  await page.click('#todo button');
  await page.fill('#token-field', '0123456789abcdef0123456789abcdef');
  await page.keyboard.press('Enter');
  await word(page, 'Serving');
  await page.waitForSelector('.sides table tbody tr');
  assert.deepEqual(await page.evaluate(() => [Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]), [[], ['token'], '']);
  await page.locator('.chain .n').first().click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /Authorization: Bearer \$TOKEN/);
});

test('by keyboard alone', async (t) => {
  const server = await basic(t);
  const page = await open(t, server.url);
  await word(page, 'Serving');
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await focused(), 'main');
  await page.keyboard.press('3');
  await page.waitForSelector('main[data-section=views] table tbody tr');
  // every stop of the tab key is one that is seen
  const stops = new Set();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const box = document.activeElement.getBoundingClientRect();
      const style = getComputedStyle(document.activeElement);
      return { at: document.activeElement.outerHTML.slice(0, 80), seen: document.activeElement === document.body || (box.width > 0 && style.outlineStyle !== 'none') };
    });
    assert.ok(stop.seen, stop.at);
    stops.add(stop.at);
  }
  assert.ok(stops.size > 12, `${stops.size}`);
  await page.keyboard.press('2');
  await page.waitForSelector('main[data-section=tables] a');
  await page.locator('main a', { hasText: 'orders' }).first().focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('main form');
  await page.keyboard.press('/');
  assert.equal(await focused(), 'find');
  await page.selectOption('#find', 'status');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.type('shipped');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => [...document.querySelectorAll('main tbody tr')].length && location.hash.includes('status='), null, { timeout: wait });
  await page.waitForFunction(() => [...document.querySelectorAll('main tbody tr')].every((row) => row.textContent.includes('shipped')), null, { timeout: wait });
  // sorted, and a second condition on top
  await page.locator('button.sort', { hasText: 'total' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('main [aria-sort=ascending]');
  await page.locator('button.sort', { hasText: 'total' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('main [aria-sort=descending] >> text=total');
  await page.goto(`${server.url}/#/tables/orders?total=gt.20.00&total=lt.70&order=total.desc`);
  await page.waitForSelector('main .chips button:nth-child(3)');
  await page.waitForFunction(() => document.querySelectorAll('main tbody tr').length > 1, null, { timeout: wait });
  const totals = (await cells(page, 'main')).map((row) => Number(row[4]));
  assert.deepEqual(totals, totals.slice().sort((a, b) => b - a));
  assert.ok(totals.every((total) => total > 20 && total < 70));
  await page.locator('main tbody a').first().focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => location.hash.startsWith('#/row/orders?id='), null, { timeout: wait });
  await page.waitForSelector('main [data-path*="orders?id="]'); // the row, which the address is ahead of
  await page.keyboard.press('?');
  assert.ok(await page.locator('dialog[open]').isVisible());
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('dialog[open]').count(), 0);
  await page.keyboard.press('c');
  assert.match(await text(page, 'dialog[open]'), /curl -s 'http:.*\/v1\/tables\/orders\?id=/);
});

// As much of jq as the page uses. undefined = not that much.
function jq(document, expression) {
  let at = document;
  for (const part of expression.split(' | ')) {
    const chosen = /^select\((\.\w+)=="([^"]*)"\)(.*)$/.exec(part);
    if (part === 'length') at = at.length;
    else if (chosen) at = jq(at.find((one) => String(one[chosen[1].slice(1)]) === chosen[2]), chosen[3]);
    else if (/^(\.\w+|\[\d+\]|\[\])*$/.test(part)) for (const step of part.match(/\w+/g) || []) at = at?.[step];
    else return undefined;
  }
  return at;
}

test('each number is what its curl gives', async (t) => {
  const server = await basic(t);
  const page = await open(t, server.url);
  let compared = 0;
  for (const section of SECTIONS.filter((name) => name !== 'transactions')) {
    await page.goto(`${server.url}/#/${section}`);
    await word(page, 'Serving');
    await page.waitForSelector('main .panel .n');
    await page.waitForFunction(() => !document.querySelector('main').textContent.includes('Asking'), null, { timeout: wait });
    const shown = await page.locator('main [data-path]').evaluateAll((all) => all.map((n) => [n.textContent, n.dataset.path, n.dataset.jq]));
    for (const [figure, path, expression] of shown) {
      if (path === '/v1/live' || /uptime|memory|wal/.test(expression)) continue; // it does not end, or moves
      const answer = await fetch(server.url + path);
      assert.equal(answer.status, 200, path);
      const given = jq(await answer.json(), expression);
      if (!/^-?[\d,]+(\.\d+)?( (rows?|messages?))?$/.test(figure) || given === undefined) continue;
      const length = Array.isArray(given) ? given.length : given;
      assert.equal(figure.replace(/ .*|,/g, ''), String(length), `${section}: ${path} | ${expression}`);
      compared++;
    }
  }
  assert.ok(compared > 20, `${compared}`);
});

test('what the process says of itself', async (t) => {
  const server = await basic(t);
  const page = await open(t, server.url, { hash: '#/process' });
  await page.waitForFunction(() => document.querySelectorAll('main .log li').length > 0, null, { timeout: wait });
  const status = await (await fetch(`${server.url}/v1/status`)).json();
  const fact = (name) => page.locator('main .facts div', { has: page.locator(`dt:text-is("${name}")`) }).locator('dd').innerText();
  assert.equal(await fact('Version'), status.version);
  assert.equal(await fact('Process'), String(status.process.id));
  assert.equal(await fact('File'), status.process.file);
  assert.equal(await fact('Consumer group'), 'none: nothing is consumed');
  assert.equal(await fact('Libraries'), Object.entries(status.process.libraries).map((pair) => pair.join(' ')).join(', '));
  assert.match(await fact('Disk left'), /^\d[\d.]* [kMGT]B$/);
  const lines = await page.locator('main .log li span').allInnerTexts();
  assert.deepEqual(lines.slice(-3), status.log.slice(0, 3).reverse().map((line) => line.message));
  assert.match(await text(page, 'main .panel:first-child'), /Transactional\. Each answer shows whole source transactions only/);
});

test('all rows of a table, page by page, and each under its own address', async (t) => {
  const db = join(folder(t), 'x.db');
  const flags = replay(db, 'captures', 'transfers');
  const server = await serve(t, 'serve', '--db', db, ...flags);
  const truth = truthOf('captures', 'transfers').orders;
  const page = await open(t, server.url, { hash: '#/tables/orders' });
  const seen = [];
  for (let left = truth.length; left > 0; left -= 50) {
    await page.waitForFunction((n) => document.querySelectorAll('main tbody tr').length === n, Math.min(50, left), { timeout: wait });
    seen.push(...(await cells(page, 'main')).map((row) => row[0]));
    if (left > 50) await page.click('button:text-is("Next page")');
    await page.waitForFunction((id) => document.querySelector('main tbody td')?.textContent !== id || !id, left > 50 ? seen.at(-50) : null, { timeout: wait });
  }
  assert.equal(await page.locator('button:text-is("Next page")').count(), 0);
  assert.deepEqual(seen, truth.map((row) => row.id).sort((a, b) => a - b));
  await page.click('button:text-is("Page before")');
  await page.waitForFunction((id) => document.querySelector('main tbody td')?.textContent === id, seen[50], { timeout: wait });
  await page.goto(`${server.url}/#/row/orders?id=${truth[0].id}`);
  await page.waitForFunction(() => document.querySelectorAll('main .facts dd').length > 5 && document.querySelector('main .facts dd').textContent, null, { timeout: wait });
  const names = await page.locator('main .facts dt').evaluateAll((all) => all.map((dt) => dt.textContent));
  const values = await page.locator('main .facts dd').allInnerTexts();
  for (const column of ['id', 'customer_id', 'quantity']) assert.equal(values[names.findIndex((name) => name.startsWith(column))], truth[0][column], column);
});

test('numbers within JSON keep the digits that a double has not', async (t) => {
  const at = folder(t);
  const after = { id: 1, customer_id: 1, sku: 'SKU-1', quantity: 1, total: '1.00', status: 'paid', placed_on: null, notes: null, meta: '{"n": 12345678901234567890}', created_at: '2026-01-01T00:00:00Z' };
  const source = { connector: 'postgresql', name: 'theworldshop', ts_ms: 1, snapshot: 'false', db: 'shop', schema: 'public', table: 'orders', txId: 5, lsn: 100 };
  const line = { topic: 'theworldshop.public.orders', partition: 0, offset: 0, ts: 1, key: '{"id":1}', value: JSON.stringify({ before: null, after, source, op: 'c', ts_ms: 1 }) };
  write(join(at, 'one.jsonl'), `${JSON.stringify(line)}\n`);
  const server = await serve(t, 'demo', '--capture', join(at, 'one.jsonl'), '--db', join(at, 'one.db'));
  const page = await open(t, server.url, { hash: '#/tables/orders' });
  await page.waitForFunction(() => document.querySelector('main tbody')?.textContent.includes('{"n":12345678901234567890}'), null, { timeout: wait });
  assert.deepEqual(page.troubles, []);
});

test('a query has its form, its SQL, its rows as they are asked, and bars', async (t) => {
  const server = await basic(t);
  const page = await open(t, server.url, { hash: '#/views/warehouse/stock' });
  const all = (await (await fetch(`${server.url}/v1/views/warehouse/stock`)).json()).rows;
  const shown = () => cells(page, 'main .split .panel');
  await page.waitForFunction((n) => document.querySelectorAll('main .split .panel tbody tr').length === n, all.length, { timeout: wait });
  assert.deepEqual(await shown(), all.map((row) => Object.values(row).map(String)));
  await page.fill('#q-sku', all[1].sku);
  await page.press('#q-sku', 'Enter');
  await page.waitForFunction(() => document.querySelectorAll('main .split .panel tbody tr').length === 1, null, { timeout: wait });
  assert.deepEqual(await shown(), [Object.values(all[1]).map(String)]);
  const { views } = await (await fetch(`${server.url}/v1/views`)).json();
  const sql = views.find((v) => v.name === 'warehouse').queries.find((q) => q.name === 'stock').sql;
  assert.equal(await page.locator('details.sql code').textContent(), sql.trim());
  await page.goto(`${server.url}/#/views/analytics/orders_by_status?as=bars`);
  await page.waitForSelector('main .bars li b');
  const bars = (await (await fetch(`${server.url}/v1/views/analytics/orders_by_status`)).json()).rows;
  assert.deepEqual(await page.locator('main .bars li').evaluateAll((lis) => lis.map((li) => [li.children[0].textContent, li.querySelector('b').textContent])), bars.map((row) => [row.status, String(row.orders)]));
});

test('each number has its curl', async (t) => {
  const server = await basic(t);
  const page = await open(t, server.url);
  for (const section of SECTIONS) {
    await page.goto(`${server.url}/#/${section}`);
    await word(page, 'Serving');
    await page.waitForSelector(section === 'transactions' ? 'main .panel' : 'main .panel .n');
    const panels = await page.locator('main .panel').count();
    for (let i = 0; i < panels; i++) {
      const panel = page.locator('main .panel').nth(i);
      if (!(await panel.locator('[data-path]').count())) continue;
      await panel.locator('button', { hasText: /^curl$/ }).click();
      assert.ok((await page.locator('dialog[open] code').count()) > 0, section);
      await page.keyboard.press('Escape');
    }
    assert.deepEqual(page.troubles, [], section);
  }
});

test('tables: drift as events have it, partitions as the broker has them', async (t) => {
  const at = folder(t);
  const source = readFileSync(join(fixtures, '../views/source.sql'), 'utf8');
  mkdirSync(join(at, 'views'));
  write(join(at, 'views/source.sql'), `${source.replace(/^.*\bnotes\b.*\n/m, '').replace(/(create table (public\.)?customers *\()/i, '$1\n  colour text,')}`);
  const server = await serve(t, 'demo', '--capture', join(fixtures, 'captures/basic.jsonl'), '--db', join(at, 'x.db'), '--views', join(at, 'views'));
  const page = await open(t, server.url, { hash: '#/tables' });
  const row = (name) => page.locator('main .panel:first-child tbody tr', { has: page.locator(`a:text-is("${name}")`) });
  await page.waitForFunction(() => /never seen: colour/.test(document.querySelector('main .panel')?.textContent) && /not declared: notes/.test(document.querySelector('main .panel')?.textContent), null, { timeout: wait });
  assert.match(await row('customers').innerText(), /never seen: colour/);
  assert.match(await row('orders').innerText(), /not declared: notes/);
  const lag = async () => (await (await fetch(`${server.url}/v1/lag`)).json()).partitions;
  await page.waitForFunction((n) => document.querySelectorAll('main .panel:last-child tbody tr').length === n, (await lag()).length, { timeout: wait });
  const truth = (await lag()).map((p) => [p.topic, p.partition, p.applied, p.high, p.lag, p.log_start].map((v) => (v === null ? '\u2013' : String(v))));
  await page.waitForFunction((rows) => JSON.stringify([...document.querySelectorAll('main .panel:last-child tbody tr')].map((tr) => [...tr.children].slice(0, 6).map((td) => td.textContent.replaceAll(',', '')))) === JSON.stringify(rows), truth, { timeout: wait });
});

test('tables: the age of the last change is by the server\u2019s clock, grows while nothing changes, and is there after a reload', async (t) => {
  const real = await basic(t);
  const begun = Date.now();
  const ahead = 3600000; // the server's clock is an hour ahead of the browser's
  const front = await standIn(t, real.url, (status) => ({ ...status, state: 'live', tables: status.tables.map((table) => ({ ...table, newest_event_ms: table.name === 'orders' ? begun + ahead - 10000 : null })) }));
  const say = () => front.say(liveOf({ at_ms: Date.now() + ahead })); // nothing has changed but the time
  say();
  const beat = setInterval(say, 2000);
  t.after(() => clearInterval(beat));
  const page = await open(t, front.url, { hash: '#/tables' });
  const cell = (name, fits, past) => page.waitForFunction(([n, text, least]) => {
    const tr = [...document.querySelectorAll('main .panel:first-child tbody tr')].find((one) => one.children[0].textContent === n);
    const found = tr && new RegExp(text).exec(tr.children[2].textContent);
    return found && (least === null || Number(found[1]) > least) && found[0];
  }, [name, fits, past], { timeout: wait }).then((handle) => handle.jsonValue());
  const grown = async () => {
    const before = parseFloat(await cell('orders', '^([\\d.]+) s ago$', 9)); // the stream's clock counts, once it is heard
    assert.ok(before < 90, String(before));
    await cell('orders', '^([\\d.]+) s ago$', before);
  };
  await grown();
  await cell('customers', '^none since the start$', null);
  await page.reload();
  await grown();
  assert.deepEqual(page.troubles, []);
});

test('tables that are filling, lack rows or have no topic; what lint found', async (t) => {
  const real = await basic(t);
  const lint = [
    { check: 'heartbeat', level: 'ok', message: 'heartbeats come every second', remedy: null },
    { check: 'replica-identity', level: 'warn', message: 'customers: its deletes name no row', remedy: 'ALTER TABLE customers REPLICA IDENTITY FULL' },
    { check: 'transaction-topic', level: 'fail', message: 'there is no transaction topic', remedy: 'set provide.transaction.metadata=true' },
  ];
  let more = {};
  const front = await standIn(t, real.url, (status) => ({ ...status, state: 'live', ...more, tables: status.tables.map((table) => ({ ...table, topic: `shop.public.${table.name}`, topics: [`shop.public.${table.name}`], ...(more[table.name] || {}) })) }));
  const page = await open(t, front.url, { hash: '#/tables' });
  const row = (name, part) => page.waitForFunction(([n, p]) => [...document.querySelectorAll('main .panel:first-child tbody tr')].some((tr) => tr.children[0].textContent === n && tr.textContent.includes(p)), [name, part], { timeout: wait });
  const sentence = (part) => page.waitForFunction((p) => document.getElementById('sentence').textContent.includes(p), part, { timeout: wait });
  const position = { lsn: '0/1967BF30', consistency: 'transactional', offsets: {}, filling: 'orders.note' };
  more = { orders: { filling: 'note', filling_percent: 37 }, points: { complete: false, incomplete: 'its topic began at offset 12' }, customers: { lacking: 1234 } };
  front.say(liveOf({ position }));
  await row('orders', 'filling note, 37 %');
  await row('points', 'older rows may be missing');
  await row('customers', '1,234 rows could not be filled');
  await sentence('Being filled, not whole yet: orders.note.');
  more = { inventory: { topic: null, topics: [], lag: null } };
  front.say(liveOf({ applied: 1 }));
  await row('inventory', 'no topic');
  await sentence('No topic feeds inventory: nobody sends its rows.');
  more = { lint };
  front.say(liveOf({ applied: 2 }));
  await sentence('there is no transaction topic.');
  assert.equal(await text(page, '#todo'), 'set provide.transaction.metadata=true');
  await page.click('#todo a');
  await page.waitForFunction(() => document.querySelectorAll('.lint li').length === 3, null, { timeout: wait });
  assert.deepEqual(await page.locator('.lint li').evaluateAll((all) => all.map((li) => [li.querySelector('b').textContent, li.querySelector('.n').textContent, li.querySelector('.note')?.textContent || null])),
    lint.map((f) => [f.level, f.message, f.remedy]));
  more = { lint: ['analytics/query.x.sql: a text'] };
  front.say(liveOf({ applied: 3 }));
  await page.waitForFunction(() => document.querySelector('.lint')?.textContent.includes('analytics/query.x.sql: a text'), null, { timeout: wait });
  more = { lint: undefined };
  front.say(liveOf({ applied: 4 }));
  await page.waitForFunction(() => document.querySelector('main').textContent.includes('No warning.'), null, { timeout: wait });
  assert.deepEqual(page.troubles, []);
});

test('the plots have the hour\u2019s figures', async (t) => {
  const real = await basic(t);
  const front = await standIn(t, real.url);
  const live = liveOf();
  front.say(live);
  const page = await open(t, front.url);
  const most = Math.max(...live.history.map((p) => p.messages));
  await page.waitForFunction((m) => document.querySelectorAll('.plot svg')[1]?.getAttribute('aria-label') === `Messages behind, the last 60 min: now 0, at most ${m}`, most.toLocaleString('en'), { timeout: wait });
  await page.waitForFunction(() => /^Events a second, the last 60 min: now \d+\/s, at most \d+\/s$/.test(document.querySelectorAll('.plot svg')[2].getAttribute('aria-label')), null, { timeout: wait });
  // of a server that is some seconds old, whatever the first of them are
  for (const seconds of [1, 9, 28]) {
    front.say(liveOf({ history: live.history.slice(-seconds) }));
    await page.waitForFunction(() => /the last 30 s/.test(document.querySelectorAll('.plot svg')[1].getAttribute('aria-label')), null, { timeout: wait });
    assert.deepEqual(await page.locator('.plot path').evaluateAll((all) => all.map((path) => path.getAttribute('d')[0]).filter((first) => first !== 'M')), []);
  }
});

test('axe finds nothing, dark and light, wide and narrow; nothing is wider than the window', async (t) => {
  const { server } = await demo(t);
  for (const [scheme, width] of [['light', 1280], ['dark', 1280], ['light', 360], ['dark', 2560]]) {
    const page = await open(t, server.url, { scheme, width, height: width === 360 ? 740 : 1000 });
    await word(page, 'Live');
    for (const section of SECTIONS) {
      await page.goto(`${server.url}/#/${section}`);
      await page.waitForSelector('main .panel');
      if (section === 'overview') await page.waitForSelector('.sides .panel:nth-child(4) .note a');
      // What the rules look at is the same in each theme and width, but for the contrast and what wraps.
      // Legacy is what axe calls a run in the page alone: there are no frames whose findings another page would put together.
      const rules = new AxeBuilder({ page }).setLegacyMode(true);
      if (scheme === 'dark') rules.withRules(['color-contrast']);
      if (width === 360) rules.disableRules(['color-contrast']);
      const looked = width === 1280 || (width === 360 && ['overview', 'transactions', 'tables/orders'].includes(section));
      const found = looked ? await rules.analyze() : { violations: [] };
      assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`), [], `${section} ${scheme} ${width}`);
      const cut = await page.locator('#nav [aria-current]').evaluate((a) => a.getBoundingClientRect().right - innerWidth);
      assert.ok(cut < 1, `${section} at ${width}: its name is ${cut} px out of sight`);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wider <= 0, `${section} at ${width}: ${wider} px too wide`);
    }
    assert.deepEqual(page.troubles, []);
  }
});

test('names of 63 letters are not wider than the window', async (t) => {
  const at = folder(t);
  const long = (end) => `a_table_whose_name_is_as_long_as_postgresql_lets_a_name_be_${end}`.slice(-63);
  const names = [long('one'), long('two')];
  mkdirSync(join(at, 'views'));
  write(join(at, 'views', 'source.sql'), names.map((name) => `create table ${name}(id int primary key, ${long('column')} text);`).join('\n'));
  const source = { connector: 'postgresql', name: 'theworldshop', schema: 'public', table: names[0], lsn: 1000, txId: 1, ts_ms: 1700000000000, snapshot: 'false' };
  const row = { id: 1, [long('column')]: 'x'.repeat(300) };
  const line = (offset, value) => JSON.stringify({ topic: `theworldshop.public.${names[0]}`, partition: 0, offset, ts: 1700000000000, key: '{"id":1}', value });
  write(join(at, 'capture.jsonl'), `${line(0, JSON.stringify({ before: null, after: row, source, op: 'c', ts_ms: 1700000000000 }))}\n${line(1, '{')}\n`);
  const server = await serve(t, 'demo', '--capture', join(at, 'capture.jsonl'), '--views', join(at, 'views'), '--db', join(at, 'x.db'));
  const page = await open(t, server.url, { width: 360, height: 740 });
  await word(page, 'Live');
  for (const [section, shown] of [['overview', '.panel'], ['tables', 'td a'], [`tables/${names[0]}`, 'td a'], [`row/${names[0]}?id=1`, 'dt'], ['transactions', '.check'],
    ['quarantine', 'td a'], ['quarantine/1', '.panel code'], ['process', '.log li']]) {
    await page.goto(`${server.url}/#/${section}`);
    await page.waitForSelector(`main ${shown}`, { timeout: wait });
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wider <= 0, `${section}: ${wider} px too wide`);
  }
});

// A folder with a table of rows 1 to 40, and a view of queries and other files.
async function numbered(t, queries, files = {}) {
  const at = folder(t);
  mkdirSync(join(at, 'views', 'v'), { recursive: true });
  write(join(at, 'views', 'source.sql'), 'create table codes(id int primary key);');
  for (const [name, sql] of Object.entries(queries)) write(join(at, 'views', 'v', `query.${name}.sql`), sql);
  for (const [name, sql] of Object.entries(files)) write(join(at, 'views', 'v', name), sql);
  const source = { connector: 'postgresql', name: 'theworldshop', schema: 'public', table: 'codes', ts_ms: 1700000000000, snapshot: 'false' };
  const line = (id) => JSON.stringify({ topic: 'theworldshop.public.codes', partition: 0, offset: id - 1, ts: 1700000000000, key: `{"id":${id}}`,
    value: JSON.stringify({ before: null, after: { id }, source: { ...source, lsn: 1000 + id, txId: id }, op: 'c', ts_ms: 1700000000000 }) });
  write(join(at, 'capture.jsonl'), `${Array.from({ length: 40 }, (_, i) => line(i + 1)).join('\n')}\n`);
  return serve(t, 'demo', '--capture', join(at, 'capture.jsonl'), '--views', join(at, 'views'), '--db', join(at, 'x.db'));
}

test('without a query it is told what there is instead', async (t) => {
  const told = (page, words) => page.waitForFunction((w) => document.querySelector('main .empty')?.textContent === w, words, { timeout: wait });
  await told(await open(t, (await numbered(t, {})).url, { hash: '#/views' }), 'No view is loaded.');
  const kept = await numbered(t, {}, { 'schema.sql': 'create table v_t(id int);', 'apply.t.sql': 'insert into v_t select id from _delta_codes where _weight > 0' });
  const page = await open(t, kept.url, { hash: '#/views/v' });
  await told(page, 'This view has no query.');
  await page.goto(`${kept.url}/#/views`);
  await told(page, 'No view has a query.');
});

test('a query whose :after goes down is shown as it is ordered', async (t) => {
  const server = await numbered(t, { feed: 'select id from codes where id < coalesce(:after, 1000000) order by id desc' });
  const page = await open(t, server.url);
  await page.waitForFunction(() => /^40 rows/.test(document.querySelector('.sides .note:last-child')?.textContent || ''), null, { timeout: wait });
  assert.equal((await cells(page, '.sides .panel'))[0][0], '40');
});

test('a query that needs a parameter waits for it', async (t) => {
  const server = await numbered(t, { one: '-- tidemark: id is integer required\nselect id from codes where id = :id' });
  const page = await open(t, server.url, { hash: '#/views/v/one' });
  await page.waitForFunction(() => /It needs id\./.test(document.querySelector('main').textContent), null, { timeout: wait });
  await page.fill('#q-id', '7');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('main td')?.textContent === '7', null, { timeout: wait });
  assert.deepEqual(page.asked.filter((url) => /views\/v\/one/.test(url) && !/id=7/.test(url)), []);
});

test('a view or a query that is not there is told, and no other is shown for it', async (t) => {
  const server = await basic(t);
  const page = await open(t, server.url, { hash: '#/views/warehouse/none' });
  const told = (words) => page.waitForFunction((w) => document.querySelector('main .empty')?.textContent.startsWith(w), words, { timeout: wait });
  await told('There is no query warehouse / none');
  await page.goto(`${server.url}/#/views/none/stock`);
  await told('There is no query none / stock');
  await page.click('main nav a');
  await page.waitForSelector('main td');
  assert.doesNotMatch(await page.textContent('main'), /There is no query/);
});

test('screenshots', async (t) => {
  const { server } = await demo(t);
  for (const [name, options] of Object.entries({
    wide: { width: 1440, height: 1000 }, 'wide-dark': { width: 1440, height: 1000, scheme: 'dark' }, wall: { width: 2560, height: 1440, scheme: 'dark' },
    narrow: { width: 360, height: 740 }, 'narrow-dark': { width: 360, height: 740, scheme: 'dark' } })) {
    const page = await open(t, server.url, options);
    await word(page, 'Live');
    await page.waitForSelector('.sides .panel:nth-child(4) .note a');
    await page.waitForFunction(() => document.querySelectorAll('.plot .line[d]').length === 3, null, { timeout: wait });
    await page.waitForFunction(() => [...document.querySelectorAll('.sides .side')].every((side) => !side.textContent.startsWith('Asking')), null, { timeout: wait });
    await page.screenshot({ path: `${name}.png`, fullPage: name !== 'wall' });
  }
});
