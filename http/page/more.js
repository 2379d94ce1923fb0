// Quarantine, and what the process is and promises.
const SETTLED = ['waiting', 'superseded', 'applied', 'discarded', 'all'];

function quarantine(main, dispose, id, query) {
  if (id) return quarantined(main, dispose, id);
  const state = SETTLED.includes(query.get('state')) ? query.get('state') : 'waiting';
  const path = `/v1/quarantine?limit=1000&state=${state}`;
  const list = grid([
    { name: 'id', right: true, make: (r) => link(hashOf(['quarantine', r.id]), cell(r.id)) }, { name: 'reason' }, { name: 'topic' }, { name: 'partition', right: true }, { name: 'offset', right: true }, { name: 'key' }, { name: 'time' }, { name: 'state' },
  ], { key: (r) => cell(r.id), label: 'Messages that could not be applied', empty: state === 'waiting' ? 'Nothing: every message that was for the mirror is in it, or made up for.' : 'None.' });
  const note = h('p', { class: 'note' });
  const pick = h('select', { 'aria-label': 'State', onchange: () => (location.hash = hashOf(['quarantine'], { state: pick.value })) }, SETTLED.map((s) => h('option', { value: s, selected: s === state }, s)));
  main.append(panel('Quarantine', pick, h('p', { class: 'lead' }, 'Messages that could not be applied. Their rows are missing here or are old; everything else went on.'), list.box, note));
  dispose(watch(path, (answer) => {
    list.update(answer.rows);
    note.replaceChildren(number(plural(answer.rows.length, 'message'), path, '.rows | length', 'Messages in quarantine'));
  }, (error) => note.replaceChildren(trouble(error))));
  return null;
}

// A message is looked at for what it says: where its numbers cannot be kept, neither is its form.
function pretty(text) {
  try {
    return JSON.rawJSON ? JSON.stringify(JSON.parse(text, asWritten(true)), null, 2) : text;
  } catch {
    return text;
  }
}

// One message: why, what it is, and what can be done.
function quarantined(main, dispose, id) {
  const path = `/v1/quarantine/${encodeURIComponent(id)}`;
  const about = facts([['State', 'state'], ['Topic', 'topic'], ['Partition', 'partition'], ['Offset', 'offset'], ['Time', 'time'], ['Table', 'table'], ['Key of the row', 'row_key'], ['Note', 'note']], ['topic', 'time']);
  const reason = h('p', { class: 'trouble' });
  const key = h('pre', { tabindex: 0 });
  const value = h('pre', { tabindex: 0 });
  const fetched = h('code');
  const said = h('p', { class: 'verdict', role: 'status' });
  const why = input({ id: 'why' });
  const act = async (what) => {
    const target = `${path}/${what}${what === 'discard' && why.value ? `?reason=${encodeURIComponent(why.value)}` : ''}`;
    try {
      await ask(target, { method: 'POST' });
      said.dataset.kind = 'ok';
      put(said, `Asked to ${what}. The process that writes the file does it with its next commit.`);
      freshen();
    } catch (error) {
      said.dataset.kind = 'bad';
      const refused = error.status === 401 || error.status === 403;
      put(said, `${sentence(error.message)}${refused ? ` By hand: curl -s -X POST -H "Authorization: Bearer $TOKEN" ${quoted(urlOf(target))}` : ''}`);
    }
  };
  const deeds = h('form', { class: 'fields', onsubmit: (event) => {
    event.preventDefault();
    act('discard');
  } }, button({ class: 'main', onclick: () => act('retry') }, 'Apply again'), h('div', { class: 'field' }, h('label', { for: 'why' }, 'Why it is not missed'), why), h('button', { type: 'submit' }, 'Discard'));
  main.append(h('p', { class: 'crumbs' }, link('#/quarantine', 'Quarantine'), ` / ${id}`),
    panel(`Message ${id}`, null, reason, about.box, deeds, said, h('h3', null, 'Key'), key, h('h3', null, 'Value'), value, h('p', { class: 'note' }, 'From the broker: ', fetched)));
  dispose(watch(path, (m) => {
    put(reason, m.reason);
    for (const name of ['state', 'topic', 'partition', 'offset', 'time', 'table', 'row_key', 'note']) about.set(name, number(known(m[name]) ? cell(m[name]) : NONE, path, `.${name}`, name));
    put(key, pretty(m.key || m.key_base64 || 'null'));
    put(value, m.value_dropped ? 'It was too long to keep.' : pretty(m.value || m.value_base64 || 'null'));
    put(fetched, `kcat -C -b BROKERS -t ${m.topic} -p ${m.partition} -o ${m.offset} -c 1`);
    show(deeds, m.state === 'waiting');
  }, (error) => reason.replaceChildren(trouble(error))));
}

// What is wrong of the views is a text; of the connector it has a level and a remedy.
const findings = (lint) => lint.map((f) => (typeof f === 'string' ? { level: 'warn', message: f } : f));

const PROMISES = {
  transactional: 'Each answer shows whole source transactions only, in commit order: all up to its LSN, none after it.',
  'per-key': 'Each row is right, and rows of one transaction may come one by one. An LSN cannot be waited for.',
};
const PER_KEY = ['the connector sends no transaction topic (provide.transaction.metadata=true makes one), or it has more than one partition',
  'positions are not PostgreSQL\u2019s', 'a snapshot\u2019s rows are coming, or nothing was committed yet',
  'rows name no transaction (ExtractNewRecordState, or from before the setting was made)', 'a transaction was passed with rows missing, until a whole one follows'];

function process(main, dispose) {
  const counters = [['messages', 'Messages taken'], ['applied', 'Applied'], ['duplicates', 'Repeats dropped'], ['ignored', 'Not for the mirror'], ['commits', 'Commits'],
    ['transactions', 'Transactions shown whole'], ['transactions_passed', 'Transactions passed, events missing'], ['deletes_without_row', 'Deletes that found no row']];
  const promise = h('p', { class: 'lead' });
  const why = h('div');
  const lint = h('div');
  const counts = facts(counters.map(([id, title]) => [title, id]));
  const about = facts([['Version', 'version'], ['Up for', 'uptime'], ['Process', 'id'], ['Memory', 'memory'], ['File', 'file'], ['File size', 'file_bytes'], ['Write-ahead log', 'wal'],
    ['Disk left', 'disk'], ['Consumer group', 'group'], ['Store', 'store'], ['Libraries', 'libraries'], ['Last error', 'error']], ['group', 'store', 'libraries', 'error']);
  const log = h('ol', { class: 'log' });
  main.append(panel('Guarantees', null, promise, why, counts.box, lint), panel('Process', null, about.box),
    panel('The log', null, number('The newest lines first, as /v1/status has them.', '/v1/status', '.log', 'The newest lines of the log'), h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Log' }, log)));
  const set = (id, text, jq, title) => about.set(id, number(text, '/v1/status', jq, title || id));
  dispose(listenStatus(() => {
    const s = status;
    if (!s) return;
    const p = s.process;
    put(promise, `${s.consistency === 'transactional' ? 'Transactional.' : 'Per key.'} ${PROMISES[s.consistency]}`);
    const reasons = s.consistency === 'transactional' ? [] : s.positions ? [s.positions] : PER_KEY;
    why.replaceChildren(...(reasons.length ? [h('p', null, s.positions ? 'Because:' : 'It is so while one of these holds:'), h('ul', null, reasons.map((r) => h('li', null, r)))] : []));
    lint.replaceChildren(h('h3', null, 'Settings and views'), h('ul', { class: 'lint' }, findings(s.lint).map((f, i) => h('li', null, h('b', { class: f.level === 'ok' ? null : 'flag' }, f.level), ' ',
      number(f.message, '/v1/status', `.lint[${i}]`, f.check || 'A warning of the views'), f.check ? h('small', null, ` ${f.check}`) : '', f.remedy ? h('p', { class: 'note' }, f.remedy) : ''))),
    s.lint.length ? '' : h('p', { class: 'note' }, number('No warning.', '/v1/status', '.lint', 'Warnings')));
    for (const [id] of counters) counts.set(id, number(count(s.counters[id]), '/v1/status', `.counters.${id}`, id));
    set('version', s.version, '.version', 'Version');
    set('uptime', span(s.uptime_seconds * 1000), '.uptime_seconds', 'Seconds since the start');
    set('id', String(p.id), '.process.id', 'Process id');
    set('memory', bytes(p.memory_bytes), '.process.memory_bytes', 'Resident memory');
    set('file', p.file, '.process.file', 'The file');
    set('file_bytes', bytes(p.file_bytes), '.process.file_bytes', 'Bytes of the file');
    set('wal', bytes(p.wal_bytes), '.process.wal_bytes', 'Bytes of the write-ahead log');
    set('disk', bytes(p.disk_free_bytes), '.process.disk_free_bytes', 'Bytes left on its disk');
    set('group', p.group || 'none: nothing is consumed', '.process.group', 'Consumer group');
    set('store', `${s.store_id}, commit ${count(s.store_version)}`, '.store_version', 'Commits of this file');
    set('libraries', Object.entries(p.libraries).map((pair) => pair.join(' ')).join(', '), '.process.libraries', 'Libraries');
    set('error', s.last_error || 'none', '.last_error', 'Newest error of any kind');
    log.replaceChildren(...s.log.slice().reverse().map((l) => h('li', { class: l.level }, h('time', { datetime: new Date(l.at_ms).toISOString() }, clock(l.at_ms)), h('b', null, l.level), h('span', null, l.message))));
    put($('version'), s.version);
  }));
}
