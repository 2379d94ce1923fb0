// Views and their queries: a form for each, its SQL, the answer as a table or as bars.
const INPUTS = { integer: 'numeric', number: 'decimal', decimal: 'decimal' };
const HINTS = { integer: 'a whole number', number: 'a number', decimal: '42.00', date: '2026-11-28', timestamp: '2026-11-28T12:00:00Z', uuid: 'a UUID', text: 'text', any: 'text or a number' };

function views(main, dispose, path, query) {
  const [view, name] = path;
  const wanted = catalog.views.find((v) => (view ? v.name === view : v.queries.length));
  const chosen = wanted?.queries.find((q) => !name || q.name === name);
  const menu = h('nav', { class: 'menu', 'aria-label': 'Views and queries' }, catalog.views.map((v) => h('div', null, h('h2', null, v.name),
    h('ul', null, v.queries.map((q) => h('li', null, h('a', { href: hashOf(['views', v.name, q.name]), 'aria-current': q === chosen ? 'page' : null }, q.name)))))));
  const side = h('div');
  main.append(h('div', { class: 'split' }, menu, side));
  if (chosen) queryPanel(side, dispose, wanted, chosen, query);
  else side.append(h('p', { class: 'empty' }, wanted && !name ? 'This view has no query.' : view ? `There is no query ${path.join(' / ')}`
    : catalog.views.length ? 'No view has a query.' : 'No view is loaded.'));
  return null;
}

function queryPanel(side, dispose, view, q, query) {
  const fields = q.rules.map((r) => {
    const id = `q-${r.name}`;
    const at = input({ id, inputmode: INPUTS[r.type], placeholder: HINTS[r.type], required: r.required, value: query.get(r.name) || '' });
    return { name: r.name, at, box: h('div', { class: 'field' }, h('label', { for: id }, r.name, h('small', null, `${r.type}${r.required ? ', required' : ''}`)), at) };
  });
  const limit = input({ id: 'q-limit', inputmode: 'numeric', size: 5, value: query.get('limit') || '100' });
  const form = h('form', { class: 'fields', onsubmit: (event) => {
    event.preventDefault();
    const given = {};
    for (const f of fields) if (f.at.value !== '') given[f.name] = f.at.value;
    given.limit = limit.value;
    location.hash = hashOf(['views', view.name, q.name], given);
  } }, fields.map((f) => f.box), h('div', { class: 'field' }, h('label', { for: 'q-limit' }, 'limit', h('small', null, '1 to 1000')), limit), h('button', { type: 'submit', class: 'main' }, 'Ask'));
  const asked = new URLSearchParams(query);
  asked.delete('as');
  if (!asked.get('limit')) asked.set('limit', '100');
  const path = `${q.path}?${asked}`;
  const host = h('div');
  const note = h('p', { class: 'note' });
  const pages = h('p', { class: 'row end' });
  let chart = query.get('as') === 'bars';
  const kinds = ['table', 'bars'].map((kind) => button({ class: 'quiet', 'aria-pressed': String((kind === 'bars') === chart), onclick: () => {
    chart = kind === 'bars';
    kinds.forEach((b) => b.setAttribute('aria-pressed', String((b.textContent === 'bars') === chart)));
    update = null;
    if (newest) draw(newest);
  } }, kind));
  let update = null;
  let newest = null;
  const column = h('select', { 'aria-label': 'Column of the bars', onchange: () => draw(newest) });

  function make(rows) {
    const names = Object.keys(rows[0]);
    if (!chart) {
      const list = grid(names.map((n) => ({ name: n, right: hasNumbers(rows, n) })), { key: (r) => cell(r[names[0]]), label: `${view.name} ${q.name}` });
      host.replaceChildren(list.box);
      return (all) => list.update(all);
    }
    const label = names.find((n) => !hasNumbers(rows, n)) || names[0];
    const numbers = names.filter((n) => n !== label && hasNumbers(rows, n));
    if (!numbers.length) {
      host.replaceChildren(h('p', { class: 'empty' }, 'No column is a number.'));
      return () => {};
    }
    column.replaceChildren(...numbers.map((n) => h('option', { value: n }, n)));
    const list = barList();
    host.replaceChildren(h('p', { class: 'row' }, column, `by ${label}`), list.box);
    return (all) => list.update(all, label, column.value);
  }

  function draw(answer) {
    newest = answer;
    if (!answer.rows.length) {
      update = null;
      host.replaceChildren(h('p', { class: 'empty' }, 'No rows.'));
    } else (update = update || make(answer.rows))(answer.rows);
  }
  const sql = h('details', { class: 'sql' }, h('summary', null, `The SQL, ${q.file}`), h('pre', { tabindex: 0 }, h('code', null, q.sql.trim())));
  side.append(panel(`${view.name} / ${q.name}`, kinds, form, host, note, pages, sql));
  const lacks = q.rules.find((r) => r.required && !query.has(r.name));
  if (lacks) host.append(h('p', { class: 'empty' }, `It needs ${lacks.name}.`));
  else dispose(watch(path, (answer, ms) => {
    draw(answer);
    note.replaceChildren(number(plural(answer.rows.length, 'row'), path, '.rows', `The rows of ${view.name} ${q.name}`), ` in ${Math.round(ms)} ms, as of ${answer.position.lsn || 'now'}`);
    const go = (after) => {
      const next = Object.fromEntries(asked);
      if (after) next.after = after;
      else delete next.after;
      location.hash = hashOf(['views', view.name, q.name], next);
    };
    pages.replaceChildren(asked.get('after') ? button({ onclick: () => go(null) }, 'First page') : '',
      answer.next ? button({ class: 'main', onclick: () => go(answer.next) }, 'Next page') : '');
  }, (error) => {
    update = null;
    host.replaceChildren(trouble(error));
    put(note, '');
  }));
}
