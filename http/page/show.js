// Tables that live: rows are known by their key, cells that changed are marked, nothing else is touched.
const MARK_MS = 2500;
const CELL_MAX = 140; // characters; the row's own page has them all

// columns: [{name, title, right, make(row) -> text or element, key(row) -> what the cell's content follows from}]
function grid(columns, { key, label, empty, rowLink, onSort, sorted } = {}) {
  const body = h('tbody');
  const caption = h('caption', { class: 'sr' }, label || '');
  const heads = columns.map((c) => {
    const inside = onSort && c.sort ? button({ class: 'sort', onclick: () => onSort(c.sort) }, c.title || c.name) : c.title || c.name;
    const direction = c.sort && sorted?.column === c.sort ? (sorted.down ? 'descending' : 'ascending') : null;
    return h('th', { scope: 'col', class: c.right ? 'right' : null, 'aria-sort': direction }, inside, c.note ? h('small', null, c.note) : null);
  });
  const table = h('table', null, caption, h('thead', null, h('tr', null, heads)), body);
  const nothing = h('p', { class: 'empty' }, empty || 'No rows.');
  const box = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label || 'Rows' }, table, nothing);
  const shown = new Map();
  let filled = false;

  function mark(row, how) {
    row.tr.dataset.mark = how;
    clearTimeout(row.timer);
    row.timer = setTimeout(() => delete row.tr.dataset.mark, MARK_MS);
  }

  function fill(row, data) {
    let changed = false;
    columns.forEach((c, i) => {
      const content = c.make ? c.make(data) : cell(data[c.name]);
      const follows = c.key ? c.key(data) : content instanceof Node ? content.textContent : content;
      if (row.follows[i] === follows) return;
      if (row.follows[i] !== undefined && !c.restless) changed = true;
      row.follows[i] = follows;
      const td = row.tr.children[i];
      if (content instanceof Node) td.replaceChildren(content);
      else {
        put(td, content.length > CELL_MAX ? `${content.slice(0, CELL_MAX)}\u2026` : content);
        td.classList.toggle('brief', content.length < 36);
        td.classList.toggle('null', !c.make && !known(data[c.name]));
      }
    });
    return changed;
  }

  function update(rows) {
    const seen = new Set();
    let before = null;
    rows.forEach((data, i) => {
      let id = key ? key(data) : String(i);
      while (seen.has(id)) id += '+';
      seen.add(id);
      let row = shown.get(id);
      if (!row) {
        row = { tr: h('tr', null, columns.map((c) => h('td', { class: c.right ? 'right' : null }))), follows: [], timer: 0 };
        shown.set(id, row);
        fill(row, data);
        if (filled) mark(row, '+');
      } else if (fill(row, data)) mark(row, '~');
      const place = before ? before.nextSibling : body.firstChild;
      if (row.tr !== place) body.insertBefore(row.tr, place);
      before = row.tr;
    });
    for (const [id, row] of shown)
      if (!seen.has(id)) {
        row.tr.remove();
        shown.delete(id);
      }
    filled = true;
    show(nothing, !rows.length);
    show(table, rows.length > 0);
  }
  return { box, update };
}

// Pairs of a name and a value, of which the values live.
function facts(list, wide = []) {
  const values = new Map();
  const box = h('dl', { class: 'facts' }, list.map(([name, id]) => {
    const dd = h('dd');
    values.set(id, dd);
    return h('div', { class: wide.includes(id) ? 'wide' : null }, h('dt', null, name), dd);
  }));
  return { box, set: (id, content) => {
    const dd = values.get(id);
    const node = content instanceof Node ? content : document.createTextNode(String(content));
    if (!dd.firstChild || dd.textContent !== node.textContent) dd.replaceChildren(node);
  } };
}

function trouble(error) {
  return h('p', { class: 'trouble', role: 'alert' }, h('b', null, error.document && error.document.title ? `${error.document.title}. ` : 'No answer. '), error.message);
}
