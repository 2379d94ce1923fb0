// The page as a reader meets it. Each test says what it is about; screenshots are left beside this file.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
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
  const commits = await page.locator('.tail li .n').allInnerTexts();
  assert.equal(new Set(commits).size, commits.length);
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

test('what it says of states that are not well', async (t) => {
  const port = await freePort();
  const db = join(folder(t), 'new.db');
  const alone = await serve(t, 'run', '--brokers', `127.0.0.1:${port}`, '--prefix', 'theworldshop', '--db', db);
  let page = await open(t, alone.url);
  await page.waitForFunction(() => /^(Starting|No broker)/.test(document.getElementById('word').textContent), null, { timeout: wait });
  assert.match(await text(page, '#todo'), /by itself/);
  const bad = join(folder(t), 'bad.db');
  const line = { topic: 'theworldshop.public.orders', partition: 0, offset: 0, ts: 1700000000000, key: '{"id":1}', value: '{"no' };
  const capture = join(folder(t), 'bad.jsonl');
  write(capture, `${JSON.stringify(line)}\n`);
  const demoed = await serve(t, 'demo', '--capture', capture, '--db', bad);
  page = await open(t, demoed.url, { hash: '#/quarantine' });
  await page.waitForSelector('main tbody tr');
  assert.match(await text(page, 'main tbody'), /JSON/);
  await page.waitForSelector('#nav [data-badge]:not([hidden])');
  await page.waitForFunction(() => document.getElementById('sentence').textContent.includes('1 message could not be applied'), null, { timeout: wait });
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
  const line = { topic: 'theworldshop.public.orders', partition: 0, offset: 0, ts: 1700000000000, key: '{"id":1}', value: '{"no' };
  write(join(at, 'bad.jsonl'), `${JSON.stringify(line)}\n`);
  write(join(at, 'tokens'), '0123456789abcdef0123456789abcdef\n');
  const server = await serve(t, 'demo', '--capture', join(at, 'bad.jsonl'), '--db', join(at, 'bad.db'), '--token-file', join(at, 'tokens'));
  const page = await open(t, server.url);
  await page.evaluate(() => sessionStorage.setItem('token', '0123456789abcdef0123456789abcdef'));
  await page.goto(`${server.url}/#/quarantine/1`);
  await page.reload();
  await page.waitForFunction(() => document.querySelector('main pre')?.textContent.includes('"id": 1'), null, { timeout: wait });
  const found = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(found.violations.map((v) => v.id), []);
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
    ['work', 'Live, waiting', /^Waits for the END of transaction 1499\./, null, { waiting: 'the END of transaction 1499' }],
    ['ok', 'Live, per key', /row by row: rows of one transaction may come one by one/, null, { consistency: 'per-key', position: { lsn: null, consistency: 'per-key', offsets: {} } }],
    ['work', 'Catching up', /^12,345 messages behind at 4,000 events a second, about 3 min to go\./, 'Applied', { state: 'catching_up', lag: { messages: 12345, seconds: 200 }, rates: { events_per_second: 4000 }, eta_seconds: 185 }],
    ['warn', 'Upstream silent', /^The connector was last heard 2 min ago\./, 'Connector', { state: 'upstream_silent', hops: { heartbeat_ms: ago(121000) } }],
    ['warn', 'No broker', /^kafka1:9092 refuses\. What was committed up to/, 'Broker', { state: 'disconnected', reason: 'kafka1:9092 refuses', lag: { messages: null, seconds: 63 }, hops: { broker_ms: ago(63000) } }],
    ['bad', 'Degraded', /^the disk is full\./, 'Applied', { state: 'degraded', reason: 'the disk is full', lag: { messages: 77, seconds: 20 } }],
    ['bad', 'Halted', /^offset 8 is not in the log any more\./, 'Applied', { state: 'halted', reason: 'offset 8 is not in the log any more', lag: { messages: 77, seconds: 3600 } }],
    ['warn', 'Live, but', /^3 messages could not be applied: their rows are not shown or are old\./, null, { quarantine: 3 }],
    ['work', 'Starting', /^Nothing is shown yet\./, null, { state: 'starting', consistency: null, position: null, lag: { messages: null, seconds: null }, hops: { source_commit_ms: null, heartbeat_ms: null, broker_ms: null, applied_ms: null } }],
  ];
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
    const found = await new AxeBuilder({ page }).include('#truth').include('.chain').analyze();
    assert.deepEqual(found.violations.map((v) => v.id), [], name);
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
  await page.keyboard.press('?');
  assert.ok(await page.locator('dialog[open]').isVisible());
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('dialog[open]').count(), 0);
  await page.keyboard.press('c');
  assert.match(await text(page, 'dialog[open]'), /curl -s 'http:.*\/v1\/tables\/orders\?id=/);
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
      const rules = new AxeBuilder({ page });
      if (scheme === 'dark') rules.withRules(['color-contrast']);
      if (width === 360) rules.disableRules(['color-contrast']);
      const found = width === 2560 ? { violations: [] } : await rules.analyze();
      assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`), [], `${section} ${scheme} ${width}`);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wider <= 0, `${section} at ${width}: ${wider} px too wide`);
    }
    assert.deepEqual(page.troubles, []);
  }
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
