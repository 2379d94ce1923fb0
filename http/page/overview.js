// The first section: the chain, the last hour, the views side by side.
const CONNECTOR_SLOW_MS = 10000; // heartbeats come every second or so
const BROKER_SLOW_MS = 10000;
const APPLY_SLOW_S = 5;

// Each hop with its age, and whether it is the one that holds the others up.
function hopsOf(live, now) {
  const { hops, lag, state } = live;
  const age = (at) => (at ? now - at : null);
  const serving = state === 'serving';
  const connector = age(hops.heartbeat_ms);
  const broker = age(hops.broker_ms);
  const alive = state === 'live' || state === 'catching_up' || state === 'upstream_silent';
  return [
    { name: 'Source', what: 'newest commit shown', age: age(hops.source_commit_ms), path: '/v1/status', jq: '.newest_applied_ts_ms', slow: false },
    { name: 'Connector', what: hops.heartbeat_ms ? 'heartbeat' : serving ? 'not read' : 'no heartbeat seen', age: connector, path: '/v1/status', jq: '.newest_heartbeat_ms',
      slow: state === 'upstream_silent' || (alive && connector !== null && connector > CONNECTOR_SLOW_MS) },
    { name: 'Broker', what: serving ? 'not read' : 'high watermarks', age: broker, path: '/v1/lag', jq: '.as_of_age_ms',
      slow: state === 'disconnected' || (alive && broker !== null && broker > BROKER_SLOW_MS) },
    { name: 'Applied', what: known(lag.messages) ? `${plural(lag.messages, 'message')} behind` : serving ? 'as the file is' : 'behind: not known', age: age(hops.applied_ms),
      path: '/v1/lag', jq: '.messages', slow: ['catching_up', 'degraded', 'halted'].includes(state) || (state === 'live' && lag.seconds > APPLY_SLOW_S) },
    { name: 'Answered', what: net.lostAt ? 'the server is lost' : 'to this page', age: net.lostAt ? Date.now() - net.lostAt : performance.now() - net.at, path: '/v1/live', jq: '.at_ms', slow: net.lostAt > 0 },
  ];
}

function chain() {
  const list = h('ol', { class: 'chain' });
  const parts = ['Source', 'Connector', 'Broker', 'Applied', 'Answered'].map((name) => {
    const age = number('', '/v1/status', '', `${name}: age`);
    const what = h('span', { class: 'what' });
    const slow = h('em', null, name === 'Answered' ? 'lost' : 'slow');
    const li = h('li', null, h('span', { class: 'name' }, name, slow), h('strong', null, age), what);
    list.append(li);
    return { li, age, what, slow };
  });
  function draw() {
    if (!net.live) return;
    hopsOf(net.live, serverNow()).forEach((hop, i) => {
      const part = parts[i];
      part.age.dataset.path = hop.path;
      part.age.dataset.jq = hop.jq;
      put(part.age, hop.age === null ? NONE : `${span(hop.age)} ago`);
      put(part.what, hop.what);
      part.li.classList.toggle('slow', hop.slow);
      show(part.slow, hop.slow);
    });
  }
  return { box: list, draw };
}

function hourPanel() {
  const seconds = plot('Lag in seconds', (p) => p.seconds, (v) => span(v * 1000), 1);
  const messages = plot('Messages behind', (p) => p.messages, (v) => count(Math.round(v)), 10);
  const events = plot('Events a second', (p) => p.events_per_second, (v) => `${rate(v)}/s`, 10);
  const figure = (path, jq, title) => number(NONE, path, jq, title);
  const s = figure('/v1/lag', '.seconds', 'Lag in seconds');
  const m = figure('/v1/lag', '.messages', 'Lag in messages');
  const e = figure('/v1/live', '.rates.events_per_second', 'Events a second');
  const eta = h('small');
  const pace = h('small');
  const tile = (title, value, more, drawing) => h('div', { class: 'tile' }, h('h3', null, title), h('p', { class: 'big' }, value, more), drawing.box);
  const box = h('div', { class: 'tiles' }, tile('Lag', s, eta, seconds), tile('Messages behind', m, null, messages), tile('Events a second', e, pace, events));
  let drawnAt = 0;
  function draw() {
    const live = net.live;
    if (!live) return;
    put(s, known(live.lag.seconds) ? span(live.lag.seconds * 1000) : 'not known');
    put(m, known(live.lag.messages) ? count(live.lag.messages) : 'not known');
    put(e, rate(live.rates.events_per_second));
    put(eta, known(live.eta_seconds) && live.state === 'catching_up' ? `about ${span(live.eta_seconds * 1000)} to go` : '');
    put(pace, known(live.rates.transactions_per_second) ? `${rate(live.rates.transactions_per_second)} transactions, ${rate(live.rates.commits_per_second)} commits` : '');
    if (performance.now() - drawnAt < 900) return;
    drawnAt = performance.now();
    for (const drawing of [seconds, messages, events]) drawing.draw(net.history, serverNow());
  }
  return { box, draw };
}

function positionFacts() {
  const list = facts([['Position', 'lsn'], ['Consistency', 'consistency'], ['Transactions shown', 'transactions'],
    ['Events applied', 'applied'], ['In quarantine', 'quarantine'], ['Waits for', 'waiting']]);
  const cells = { lsn: number('', '/v1/status', '', 'The commit LSN that answers show'), consistency: number('', '/v1/status', '.consistency', 'What answers promise'),
    transactions: number('', '/v1/status', '.counters.transactions', 'Source transactions shown whole since the start'),
    applied: number('', '/v1/status', '.counters.applied', 'Events that changed the mirror since the start'),
    quarantine: number('', '/v1/status', '.quarantined', 'Messages that could not be applied'), waiting: number('', '/v1/live', '.waiting', 'What is waited for before more can be shown') };
  cells.lsn.dataset.path = '/v1/live';
  cells.lsn.dataset.jq = '.position.lsn';
  for (const [id, element] of Object.entries(cells)) list.set(id, element);
  function draw() {
    const live = net.live;
    if (!live) return;
    put(cells.lsn, (live.position && live.position.lsn) || 'none');
    put(cells.consistency, live.consistency || 'nothing applied yet');
    put(cells.waiting, live.waiting || 'nothing');
    for (const id of ['transactions', 'applied', 'quarantine']) put(cells[id], count(live[id]));
  }
  return { box: list.box, draw };
}

// Which query of a view is shown beside the others, unless the reader chose another.
const FIRST = { warehouse: 'picks', email: 'outbox', analytics: 'orders_by_status' };
const SIDE_ROWS = 7;
const SIDES_MAX = 6;

// A whole number that the newest `wanted` rows or so come after; "" where keys are none or go down, null without rows.
async function endOf(path, wanted) {
  const keys = (await ask(`${path}?limit=2`)).document.rows.map((row) => Object.values(row)[0]);
  if (!keys.length) return null;
  const has = async (after) => (await ask(`${path}?limit=1&after=${after}`)).document.rows.length > 0;
  if (!keys.every(Number.isInteger) || keys[1] < keys[0] || (keys.length < 2 && (await has(keys[0] + 1)))) return '';
  let low = 0;
  let high = wanted;
  while (high < Number.MAX_SAFE_INTEGER / 8 && (await has(high))) {
    low = high;
    high *= 4;
  }
  while (high - low > wanted) {
    const middle = Math.floor((low + high) / 2);
    if (await has(middle)) low = middle;
    else high = middle;
  }
  return Math.max(0, low - wanted);
}

function sidePanel(view, dispose) {
  const usable = view.queries.filter((q) => !q.rules.some((r) => r.required));
  const stored = localStorage.getItem(`side-${view.name}`);
  let query = usable.find((q) => q.name === stored) || usable.find((q) => q.name === FIRST[view.name]) || usable[0];
  const host = h('div', { class: 'side' }, h('p', { class: 'empty' }, 'Asking.'));
  const note = h('p', { class: 'note' });
  const pick = h('select', { 'aria-label': `Query of ${view.name}`, onchange: () => {
    localStorage.setItem(`side-${view.name}`, pick.value);
    query = usable.find((q) => q.name === pick.value);
    begin();
  } }, usable.map((q) => h('option', { value: q.name }, q.name)));
  const box = panel(view.name, pick, host, note);
  let stop = () => {};

  // Made once a query, at its first answer.
  function make(rows) {
    const names = Object.keys(rows[0]);
    const label = names[0];
    const value = names.slice(1).find((name) => hasNumbers(rows, name));
    if (value && !query.by_key && names.length <= 4 && rows.length <= 12 && !hasNumbers(rows, label)) {
      const chart = barList();
      host.replaceChildren(h('p', { class: 'note' }, `${value} by ${label}`), chart.box);
      return (all) => chart.update(all, label, value);
    }
    const table = grid(names.map((name) => ({ name, right: hasNumbers(rows, name) })), { key: (row) => cell(row[label]), label: `${view.name} ${query.name}` });
    host.replaceChildren(table.box);
    return (all, byKey) => table.update((byKey ? all.slice(-SIDE_ROWS).reverse() : all).slice(0, SIDE_ROWS));
  }

  function begin() {
    stop();
    if (!query) return host.replaceChildren(h('p', { class: 'empty' }, 'Each query of this view needs a parameter.'));
    pick.value = query.name;
    const { by_key, name, path } = query;
    let update = null;
    let after = null; // "" = the first page is shown
    const where = async () => {
      if (after === null) after = by_key ? await endOf(path, 20) : '';
      return typeof after === 'number' ? `${path}?limit=1000&after=${after}` : path;
    };
    stop = watch(where, (answer, ms, asked) => {
      const rows = answer.rows;
      const byKey = typeof after === 'number';
      if (!rows.length && !update) host.replaceChildren(h('p', { class: 'empty' }, 'No rows.'));
      if (rows.length) (update = update || make(rows))(rows, byKey);
      else if (update) update([]);
      const ends = byKey && rows.length ? `newest first, up to ${count(Number(Object.values(rows[rows.length - 1])[0]))}` : `${answer.next ? 'more than ' : ''}${plural(rows.length, 'row')}`;
      note.replaceChildren(number(ends, asked, '.rows | length', `Rows of ${view.name} ${name}`), ` in ${Math.round(ms)} ms `, link(hashOf(['views', view.name, name]), 'open'));
      if (byKey && answer.next) after = null; // more have come than one page has
      else if (byKey && rows.length > 500) after = Number(Object.values(rows[rows.length - 50])[0]);
      return byKey && after === null;
    }, (error) => {
      update = null;
      host.replaceChildren(trouble(error));
    });
    return null;
  }
  dispose(() => stop());
  begin();
  return box;
}

// Bars whose lengths move when the rows change.
function barList() {
  const box = h('ol', { class: 'bars' });
  function update(rows, label, value) {
    const most = Math.max(...rows.map((row) => Math.abs(Number(row[value])) || 0), 1e-9);
    while (box.children.length > rows.length) box.lastChild.remove();
    rows.forEach((row, i) => {
      const bar = h('i');
      const li = box.children[i] || box.appendChild(h('li', null, h('span'), h('span', { class: 'track', 'aria-hidden': 'true' }, bar), h('b')));
      const [name, track, figure] = li.children;
      put(name, cell(row[label]));
      put(figure, isNumber(row[value]) ? cell(row[value]) : NONE);
      const amount = Number(row[value]) || 0;
      track.firstChild.style.width = `${(Math.abs(amount) / most) * 100}%`;
      track.firstChild.classList.toggle('minus', amount < 0);
    });
  }
  return { box, update };
}

function overview(main, dispose) {
  const hops = chain();
  const hour = hourPanel();
  const position = positionFacts();
  const sides = h('div', { class: 'sides' });
  const draw = () => [hops, hour, position].forEach((part) => part.draw());
  main.append(panel('From commit to answer', null, hops.box), panel('The last hour', null, hour.box),
    h('h2', { class: 'over' }, 'The views, side by side'), sides,
    h('div', { class: 'pair' }, waitPanel(dispose), panel('Position', null, position.box)));
  dispose(listen(draw));
  dispose(every(draw));
  draw();
  let shape = '';
  dispose(watchViews((answer) => {
    const now = answer.views.map((v) => v.name + v.hash + v.queries.map((q) => q.name)).join();
    if (now === shape) return;
    shape = now;
    const order = Object.keys(FIRST);
    const place = (v) => (order.includes(v.name) ? order.indexOf(v.name) : order.length);
    const those = answer.views.filter((v) => v.queries.length).sort((a, b) => place(a) - place(b));
    sides.replaceChildren(...those.slice(0, SIDES_MAX).map((v) => sidePanel(v, dispose)));
    if (those.length > SIDES_MAX) sides.append(h('p', { class: 'note' }, `${those.length - SIDES_MAX} more in `, link('#/views', 'Views')));
  }));
}

// Paste a txid or an LSN: shown, not yet, too old.
function waitPanel(dispose) {
  const field = input({ id: 'wait', inputmode: 'text', 'aria-describedby': 'wait-help' });
  const out = h('div', { class: 'verdict', role: 'status' });
  let control = null;
  dispose(() => control?.abort());

  function say(kind, title, text, command) {
    out.dataset.kind = kind;
    out.replaceChildren(h('b', null, title), h('span', null, ` ${text}`),
      command ? h('p', { class: 'row' }, h('code', null, command), button({ onclick: () => copy(command), 'aria-label': 'Copy the curl' }, 'copy')) : '');
  }

  async function look(event) {
    event.preventDefault();
    const text = field.value.trim();
    const lsn = /^[0-9a-f]{1,8}\/[0-9a-f]{1,8}$/i.test(text);
    if (!lsn && !/^\d{1,19}$/.test(text)) return say('bad', 'Neither.', 'A txid is a number (1499), an LSN has a slash (0/19C4170).');
    if (control) control.abort();
    control = new AbortController();
    const { signal } = control;
    const path = (wait) => `/v1/quarantine?limit=1&${lsn ? 'after_lsn' : 'after_txid'}=${text.toUpperCase()}&wait_ms=${wait}`;
    const what = lsn ? `Everything committed up to ${text.toUpperCase()}` : `Transaction ${text}`;
    const command = curlOf(path(30000));
    for (let wait = 0; !signal.aborted; wait = 30000) {
      try {
        await ask(path(wait), { signal });
        return say('ok', 'Shown.', `${what} is in every answer from now on.`, command);
      } catch (error) {
        if (signal.aborted) return null;
        if (!(error instanceof Problem)) return say('bad', 'No answer.', 'The server is lost.', command);
        if (error.status !== 504) return say('bad', 'Refused.', error.message, command);
        const oldest = status?.oldest_txid;
        if (!lsn && known(oldest) && Number(text) < oldest)
          return say('old', 'Too old to say.', `Transactions from ${oldest} on are remembered; ${text} is older, or it rolled back.`, command);
        if (net.live && net.live.consistency !== 'transactional' && lsn)
          return say('bad', 'Not known.', 'Answers are per key: no LSN says what they hold.', command);
        say('wait', 'Not yet.', `${what} is not shown. Waiting for it; a transaction that rolled back never comes.`, command);
      }
    }
    return null;
  }
  const form = h('form', { class: 'row', onsubmit: look }, field, h('button', { type: 'submit', class: 'main' }, 'Is it shown?'));
  return panel('Is my write shown?', null, h('label', { for: 'wait', id: 'wait-help' }, 'A transaction\u2019s id (pg_current_xact_id) or an LSN (pg_current_wal_lsn)'), form, out);
}
