// The live tail: what each commit of the source changed, with the values before and after. Built on the feeds of tables
// (/v1/tables/{table}/follow): the page keeps the rows, so it knows what they were. A browser opens six connections to a
// server, so few tables are followed at once, and none while the page is not looked at.
const TAIL_TABLES_MAX = 3;
const TAIL_ROWS_MAX = 10000; // the feed's own limit
const TAIL_KEPT = 60;
const TAIL_ROWS_SHOWN = 40; // of one commit
const TAIL_TXIDS_SHOWN = 5;

async function keepFollowing(path, signal, on) {
  let id = '';
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      await readEvents(path, signal, id, () => {}, (kind, data, eventId) => {
        tries = 0;
        id = eventId || id;
        on(kind, data);
      });
    } catch (error) {
      if (error instanceof Problem && error.status < 500) return on('error', error.document);
    }
    await new Promise((go) => setTimeout(go, AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]));
  }
  return null;
}

// The rows of one table as its feed tells them; what an event changed comes back as [{how, before, after}]. Where all rows
// come again (it was away, or too slow) that is what differs from the rows before.
function followedRows() {
  let key = null;
  let rows = null;
  const idOf = (row) => JSON.stringify((key || Object.keys(row)).map((name) => row[name]));
  return (kind, data) => {
    if (kind === 'rows' || kind === 'reset') {
      const old = rows;
      key = data.key;
      rows = new Map(data.rows.map((row) => [idOf(row), row]));
      if (!old) return [];
      const gone = [...old].filter(([id]) => !rows.has(id)).map(([, before]) => ({ how: 'removed', before, after: null }));
      return gone.concat([...rows].filter(([id, row]) => JSON.stringify(row) !== JSON.stringify(old.get(id)))
        .map(([id, after]) => ({ how: old.has(id) ? 'changed' : 'added', before: old.get(id) || null, after })));
    }
    if (kind !== 'changes') return [];
    const changes = [];
    for (const after of data.added) changes.push({ how: 'added', before: null, after });
    for (const after of data.changed) changes.push({ how: 'changed', before: rows.get(idOf(after)) || null, after });
    for (const gone of data.removed) changes.push({ how: 'removed', before: rows.get(idOf(gone)) || gone, after: null });
    for (const { after, before } of changes) {
      if (after) rows.set(idOf(after), after);
      else rows.delete(idOf(before));
    }
    return changes;
  };
}

// The file's version that an event's id has: "LSN-VERSION-HASH-KEYS". It grows with each commit, also where there is no LSN.
const versionOf = (id) => Number(id.split('-')[1]);

const SIGNS = { added: '+', changed: '~', removed: '\u2212' };

function changeLine(table, { how, before, after }) {
  const row = after || before;
  const value = (v) => {
    const shown = cell(v);
    return shown.length > 60 ? `${shown.slice(0, 60)}\u2026` : shown;
  };
  const differs = (name) => cell(before[name]) !== cell(after[name]);
  const names = table.columns.filter((c) => !c.key && c.name in row).map((c) => c.name);
  const parts = names.filter((name) => (how === 'changed' && before ? differs(name) : known(row[name]))).map((name) => h('span', { class: 'pair' }, h('small', null, name),
    how === 'changed' && before ? [h('del', null, value(before[name])), ' \u2192 ', h('ins', null, value(after[name]))] : how === 'removed' ? h('del', null, value(row[name])) : h('ins', null, value(row[name]))));
  const keys = Object.values(keyOf(table, row)).join(', ');
  return h('tr', null, h('td', null, h('span', { 'aria-hidden': 'true' }, SIGNS[how]), h('span', { class: 'how' }, how)), h('td', null, table.name),
    h('td', null, link(hashOf(['row', table.name], keyOf(table, row)), keys)), h('td', null, h('span', { class: 'words' }, parts)));
}

function transactions(main, dispose) {
  const feed = h('ol', { class: 'tail' });
  const note = h('p', { class: 'note', role: 'status' }, 'Waiting for the next commit.');
  const boxes = h('fieldset', { class: 'row' }, h('legend', { class: 'sr' }, `Tables that are followed, at most ${TAIL_TABLES_MAX}`));
  const pause = button({ class: 'quiet', 'aria-pressed': 'false', onclick: () => {
    held = !held;
    pause.setAttribute('aria-pressed', String(held));
    if (!held) kept.splice(0).forEach((one) => add(...one));
    tellHeld();
  } }, 'hold');
  const running = new Map(); // name -> AbortController
  const kept = []; // while it is held
  let held = false;
  main.append(waitPanel(dispose), panel('As they are committed', pause, h('p', { class: 'lead' },
    'What each transaction changed, in three tables at most. What is committed together is told so. It begins when this section is opened.'), boxes, note, feed));

  const tellHeld = () => put(note, held ? `Held: ${plural(kept.length, 'commit')} wait.` : feed.firstChild ? '' : 'Waiting for the next commit.');

  // Which source transactions an entry tells, as far as the server knows them.
  function titleOf(item) {
    const txids = [...item.txids];
    const shown = (txid) => number(String(txid), `/v1/quarantine?limit=1&after_txid=${txid}`, '.position', `Where answers stand that show transaction ${txid}`);
    if (!item.known) return ['commits whose transactions are not known'];
    if (item.count === 1) return ['transaction ', shown(txids[0])];
    return [`${count(item.count)} transactions `, txids.slice(-TAIL_TXIDS_SHOWN).map((txid, i) => [i ? ', ' : item.count > TAIL_TXIDS_SHOWN ? '.., ' : '', shown(txid)])];
  }

  function add(table, told, at, changes) {
    const version = versionOf(told.id);
    const lsn = told.position.lsn || 'per key';
    const txids = told.txids || [];
    // Tables are told one after the other, so one may have been told of a commit more than another.
    let item = [...feed.children].find((li) => li.version === version || txids.some((txid) => li.txids.has(txid)));
    if (!item) {
      item = h('li', null, h('p', null, h('span'), h('small'), h('time', { datetime: new Date(at).toISOString() }, clock(at)), h('span', { class: 'much' })),
        h('table', null, h('caption', { class: 'sr' }, `Changes up to ${told.position.lsn || clock(at)}`), h('thead', { class: 'sr' }, h('tr', null, ['change', 'table', 'key', 'values'].map((n) => h('th', { scope: 'col' }, n)))), h('tbody')));
      Object.assign(item, { version: -1, txids: new Set(), count: 0, total: 0, known: true });
    }
    txids.forEach((txid) => item.txids.add(txid));
    item.count = Math.max(item.count, told.transactions, item.txids.size);
    item.known &&= known(told.txids);
    item.total += changes.length;
    if (version > item.version) {
      item.version = version;
      const older = [...feed.children].find((li) => li !== item && li.version < version);
      feed.insertBefore(item, older || null);
      item.querySelector('small').replaceChildren('up to ', number(lsn, '/v1/live', '.position', 'The position of this commit'));
    }
    while (feed.children.length > TAIL_KEPT) feed.lastChild.remove();
    const body = item.querySelector('tbody');
    body.append(...changes.slice(0, Math.max(0, TAIL_ROWS_SHOWN - body.children.length)).map((c) => changeLine(table, c)));
    item.querySelector('span').replaceChildren(...titleOf(item).flat(9));
    put(item.querySelector('.much'), `${plural(item.total, 'row')}${item.total > body.children.length ? `, ${body.children.length} shown` : ''}`);
  }

  function start(table) {
    const control = new AbortController();
    const take = followedRows();
    running.set(table.name, control);
    keepFollowing(`${table.path}/follow`, control.signal, (kind, data) => {
      if (control.signal.aborted) return;
      if (kind === 'error') {
        stop(table.name);
        note.replaceChildren(h('b', { class: 'flag' }, `${table.name} cannot be followed. `), data.detail || data.title || '');
        return;
      }
      const changes = take(kind, data);
      if (!changes.length) return;
      const one = [table, data, serverNow(), changes];
      if (held) kept.push(one);
      else add(...one);
      if (kept.length > TAIL_KEPT * 4) kept.shift();
      tellHeld();
    });
  }
  function stop(name) {
    if (running.has(name)) running.get(name).abort();
    running.delete(name);
  }

  const chosen = () => [...boxes.querySelectorAll('input:checked')].map((box) => box.value);
  function follow() {
    const names = document.hidden ? [] : chosen();
    for (const name of [...running.keys()]) if (!names.includes(name)) stop(name);
    for (const name of names) if (!running.has(name)) start(catalog.tables.find((t) => t.name === name));
    const full = chosen().length >= TAIL_TABLES_MAX;
    for (const box of boxes.querySelectorAll('input')) box.disabled = box.dataset.large === '1' || (full && !box.checked);
  }
  const stored = (localStorage.getItem('tail') || '').split('\n').filter(Boolean);
  let left = TAIL_TABLES_MAX;
  for (const table of catalog.tables) {
    const told = status?.tables.find((t) => t.name === table.name);
    const large = told && (!known(told.rows) || told.rows > TAIL_ROWS_MAX);
    const wanted = !large && left > 0 && (stored.length ? stored.includes(table.name) : true);
    if (wanted) left--;
    boxes.append(h('label', { class: 'check' }, input({ type: 'checkbox', value: table.name, checked: wanted, 'data-large': large ? '1' : null, onchange: () => {
      localStorage.setItem('tail', chosen().join('\n'));
      follow();
    } }), table.name, large ? h('small', null, `more than ${count(TAIL_ROWS_MAX)} rows`) : null));
  }
  let store = null;
  dispose(listenStatus(() => {
    if (store && store !== status.store_id) feed.replaceChildren(); // another file: its versions are others
    store = status.store_id;
  }));
  document.addEventListener('visibilitychange', follow);
  dispose(() => document.removeEventListener('visibilitychange', follow));
  dispose(() => [...running.keys()].forEach(stop));
  follow();
}
