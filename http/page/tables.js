// Tables and partitions, the rows of one table, one row.
// PostgREST's, as the API takes them; those with a dot have their value in them.
const OPERATORS = [['eq', '='], ['neq', '\u2260'], ['gt', '>'], ['gte', '\u2265'], ['lt', '<'], ['lte', '\u2264'], ['ilike', 'like'], ['in', 'one of'], ['is.null', 'is null'], ['is.not_null', 'is not null']];
const PAGE_ROWS = 50;

let catalog = null; // the newest /v1/views
function watchViews(done) {
  return watch('/v1/views', (answer) => {
    catalog = answer;
    done(answer);
  }, null, 30000);
}

const figure = (t, text, member, what) => number(text, '/v1/status', `.tables[] | select(.name=="${t.name}").${member}`, `${what} of ${t.name}`);
const offset = (p, text, member, what) => number(text, '/v1/lag', `.partitions[] | select(.topic=="${p.topic}" and .partition==${p.partition}).${member}`, `${what} of ${p.topic} ${p.partition}`);
const ageOf = (t) => (t.newest_event_ms ? `${span(serverNow() - t.newest_event_ms)} ago` : status.state === 'serving' ? 'not read' : 'none since the start');

function tables(main, dispose) {
  const list = grid([
    { name: 'name', title: 'table', make: (t) => link(hashOf(['tables', t.name]), t.name) },
    { title: 'rows', right: true, key: (t) => t.rows, make: (t) => figure(t, known(t.rows) ? count(t.rows) : 'many', 'rows', 'Rows') },
    { title: 'last change', right: true, restless: true, key: ageOf, make: (t) => figure(t, ageOf(t), 'newest_event_ms', 'Newest event') },
    { title: 'behind', right: true, make: (t) => figure(t, count(t.lag), 'lag', 'Messages behind'), key: (t) => t.lag },
    { title: 'topic', key: (t) => (t.topics || []).join() + status.state,
      make: (t) => (t.topic ? h('span', null, t.topic, t.topics.length > 1 ? ` and ${t.topics.length - 1} more` : '', t.partitions > 1 ? ` (${t.partitions} partitions)` : '')
        : status.state === 'serving' ? 'not read' : h('b', { class: 'flag' }, 'no topic')) },
    { title: 'drift and filling', key: (t) => JSON.stringify([t.missing, t.extra, t.incomplete, t.filling, t.filling_percent, t.lacking]), make: driftOf },
  ], { key: (t) => t.name, label: 'Tables of the mirror' });
  const parts = grid([
    { name: 'topic' }, { name: 'partition', right: true },
    ...['applied', 'high', 'lag', 'log_start'].map((name) => ({ title: name.replace('_', ' '), right: true, restless: true, key: (p) => p[name],
      make: (p) => offset(p, count(p[name]), name, name) })),
    { title: 'age', right: true, restless: true, make: (p) => offset(p, span(p.age_ms), 'age_ms', 'Age of the watermark'), key: (p) => span(p.age_ms) },
  ], { key: (p) => `${p.topic}:${p.partition}`, label: 'Offsets by partition', empty: 'No partition is read.' });
  const others = h('div');
  main.append(panel('Tables', null, list.box), others, panel('Partitions', null, parts.box));
  const draw = () => {
    if (!status) return;
    list.update(status.tables);
    const texts = [];
    const { undeclared: u, undeclared_count: n } = status;
    if (n) texts.push(`Topics that are not read: ${u.join(', ')}${n > u.length ? ` and ${n - u.length} more` : ''}`);
    for (const u of status.unplaced || []) texts.push(`${plural(u.messages, 'message')} of ${u.topic} ${u.table ? `name ${u.table}` : 'name no table'}, which source.sql does not declare`);
    const text = texts.join('\n');
    if (others.dataset.text === text) return;
    others.dataset.text = text;
    others.replaceChildren(...(texts.length ? [panel('No table declared', null, h('ul', null, texts.map((t) => h('li', null, number(t, '/v1/status', '.undeclared, .unplaced', 'Not shown')))))] : []));
  };
  dispose(listenStatus(draw));
  // Ages grow also while nothing changes; of very many tables with the next answer.
  dispose(every(() => status && status.tables.length < 300 && list.update(status.tables)));
  dispose(watch('/v1/lag', (answer) => parts.update(answer.partitions)));
}

function driftOf(t) {
  const words = [];
  if (known(t.filling)) words.push(h('b', { class: 'flag' }, `filling ${t.filling || 'its rows'}, ${t.filling_percent} %`));
  if (t.lacking) words.push(h('b', { class: 'flag' }, `${plural(t.lacking, 'row')} could not be filled`));
  if (t.incomplete) words.push(h('b', { class: 'flag', title: t.incomplete }, 'older rows may be missing'));
  if (!t.missing) return h('span', { class: 'words' }, words.length ? words : 'not known');
  if (t.missing.length) words.push(h('span', { class: 'flag' }, `never seen: ${t.missing.join(', ')}`));
  if (t.extra.length) words.push(h('span', null, `not declared: ${t.extra.join(', ')}`));
  return h('span', { class: 'words' }, words.length ? words : 'none');
}

// A filter of the address, in words: "gte.42.00" is "\u2265 42.00".
function filterWords(text) {
  const [, operator, value] = OPERATORS.some((o) => o[0] === text) ? [null, text, ''] : /^([a-z]+)\.([\s\S]*)$/.exec(text) || [null, 'eq', text];
  const known_ = OPERATORS.find((o) => o[0] === operator);
  return known_ ? `${known_[1]} ${operator === 'ilike' ? value.replaceAll('*', '\u2026') : value}` : text;
}

function filterOf(operator, text) {
  if (operator.includes('.')) return operator;
  if (operator === 'ilike') return `ilike.${text.includes('*') ? text : `*${text}*`}`;
  return operator === 'in' ? `in.(${text})` : `${operator}.${text}`;
}

// A value that reads like an operator is told to be none.
const equals = (text) => (/^[a-z_]+(\(|\.)/.test(text) ? `eq.${text}` : text);
const keyOf = (table, row) => Object.fromEntries(table.columns.filter((c) => c.key).map((c) => [c.parameter, equals(cell(row[c.name]))]));

function rows(main, dispose, name, query) {
  const table = catalog.tables.find((t) => t.name === name);
  if (!table) return main.append(h('p', { class: 'trouble' }, `No table ${name}. There are: ${catalog.tables.map((t) => t.name).join(', ')}.`));
  // Without `except`, with `more`; from the first page on unless `more` says where.
  const go = (more, except) => {
    const next = [...query].filter(([k, v]) => k !== 'after' && !(more && k === 'order' && more[0] === 'order') && !(except && except[0] === k && except[1] === v));
    location.hash = hashOf(['tables', name], more ? [...next, more] : next);
  };
  const parameters = new Map(table.columns.map((c) => [c.parameter, c.name]));
  const filters = [...query].filter(([k]) => parameters.has(k));
  const [sortColumn, down] = (query.get('order') || '').split('.');
  const list = grid(table.columns.map((c) => ({ name: c.name, note: c.type,  right: /int|decimal|numeric|real|double|serial/i.test(c.type) && !/\[/.test(c.type), sort: c.name,
    key: (row) => cell(row[c.name]), make: c.key ? (row) => link(hashOf(['row', name], keyOf(table, row)), cell(row[c.name])) : null })),
  { key: (row) => JSON.stringify(keyOf(table, row)), label: `Rows of ${name}`, empty: 'No row fits.',
    sorted: { column: sortColumn || null, down: down === 'desc' }, onSort: (column) => go(['order', `${column}.${sortColumn === column && down !== 'desc' ? 'desc' : 'asc'}`]) });

  const ask_ = new URLSearchParams(query);
  ask_.set('limit', PAGE_ROWS);
  const path = `${table.path}?${ask_}`;
  const column = h('select', { 'aria-label': 'Column', id: 'find' }, table.columns.map((c) => h('option', { value: c.parameter }, c.name)));
  const operator = h('select', { 'aria-label': 'Comparison', onchange: () => show(value, !operator.value.includes('.')) }, OPERATORS.map(([id, text]) => h('option', { value: id }, text)));
  const value = input({ 'aria-label': 'Value' });
  const form = h('form', { class: 'row', onsubmit: (event) => {
    event.preventDefault();
    go([column.value, filterOf(operator.value, value.value)]);
  } }, column, operator, value, h('button', { type: 'submit', class: 'main' }, 'Filter'));
  const chip = (words, pair) => button({ title: 'Remove this', onclick: () => go(null, pair) }, words, h('span', { 'aria-label': ', remove' }, ' \u00d7'));
  const chips = h('p', { class: 'row chips' }, filters.map((pair) => chip(`${parameters.get(pair[0])} ${filterWords(pair[1])}`, pair)),
    sortColumn ? chip(`sorted by ${sortColumn}${down === 'desc' ? ', descending' : ''}`, ['order', query.get('order')]) : null);
  const note = h('p', { class: 'note' });
  const pages = h('p', { class: 'row end' });
  const other = ['text/csv', 'application/x-ndjson'].map((type) => button({ class: 'quiet', onclick: () => copy(`${curlOf(path)} -H 'Accept: ${type}'`) }, type === 'text/csv' ? 'csv' : 'ndjson'));
  const box = panel(name, other, form, chips, list.box, note, pages);
  main.append(h('p', { class: 'crumbs' }, link('#/tables', 'Tables'), ' / ', name), box);
  dispose(watch(path, (answer, ms) => {
    list.update(answer.rows);
    note.replaceChildren(number(plural(answer.rows.length, 'row'), path, '.rows | length', `Rows of this page of ${name}`), ` in ${Math.round(ms)} ms, as of ${answer.position.lsn || 'now'}`);
    pages.replaceChildren(query.get('after') ? button({ onclick: () => history.back() }, 'Page before') : '',
      query.get('after') ? button({ onclick: () => go() }, 'First page') : '',
      answer.next ? button({ class: 'main', onclick: () => go(['after', answer.next]) }, 'Next page') : '');
  }, (error) => {
    list.update([]);
    note.replaceChildren(trouble(error));
  }));
  return null;
}

// One row under an address of its own.
function row(main, dispose, name, query) {
  const table = catalog.tables.find((t) => t.name === name);
  if (!table) return main.append(h('p', { class: 'trouble' }, `No table ${name}.`));
  const path = `${table.path}?${query}`;
  const list = facts(table.columns.map((c) => [h('span', null, c.name, h('small', null, c.type)), c.name]));
  const note = h('p', { class: 'note', role: 'status' });
  main.append(h('p', { class: 'crumbs' }, link('#/tables', 'Tables'), ' / ', link(hashOf(['tables', name]), name), ' / ', [...query.values()].join(', ')), panel(`${name} ${[...query.values()].join(', ')}`, null, list.box, note));
  dispose(watch(path, (answer) => {
    const found = answer.rows[0];
    show(list.box, Boolean(found));
    if (found) table.columns.forEach((c) => list.set(c.name, number(cell(found[c.name]), path, `.rows[0].${c.name}`, c.name)));
    put(note, found ? `As of ${answer.position.lsn || 'now'}` : `There is no such row as of ${answer.position.lsn || 'now'}.`);
  }, (error) => note.replaceChildren(trouble(error))));
  return null;
}
