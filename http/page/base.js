// Elements, numbers and times as text, and the curl of each number. No markup is ever made of a string.
const $ = (id) => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';

// h('td', {class: 'x', onclick: f}, 'text', element, [more], null)
function h(tag, attributes, ...children) {
  const svg = tag.startsWith('s:');
  const element = svg ? document.createElementNS(SVG, tag.slice(2)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const button = (attributes, ...content) => h('button', { type: 'button', ...attributes }, ...content);
const input = (attributes) => h('input', { autocomplete: 'off', spellcheck: 'false', ...attributes });

// Only what differs is touched, so that a selection and the focus live through an update.
function put(element, text) {
  text = String(text);
  if (element.textContent !== text) element.textContent = text;
}

function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

const integers = new Intl.NumberFormat('en');
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const NONE = '\u2013';
const known = (value) => value !== null && value !== undefined;
const count = (n) => (known(n) ? integers.format(n) : NONE);
const rate = (n) => (known(n) ? (n < 10 ? tenths.format(n) : integers.format(Math.round(n))) : NONE);
const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many || one + 's'}`;

function bytes(n) {
  if (!known(n)) return NONE;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  for (; n >= 1000 && unit < 4; unit++) n /= 1000;
  return `${n < 10 && unit ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

const sentence = (text) => text.replace(/\.?$/, '.');

// A span of time: two figures are enough.
function span(ms) {
  if (!known(ms)) return NONE;
  const s = Math.max(0, ms) / 1000;
  if (s < 9.95) return `${s.toFixed(1)} s`;
  if (s < 99.5) return `${Math.round(s)} s`;
  if (s < 5940) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} days`;
}

const two = (n) => String(n).padStart(2, '0');
function clock(ms) {
  const d = new Date(ms);
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}
function moment(ms) {
  const d = new Date(ms);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clock(ms)}`;
}

// A number that a double would make another one (an id of 17 digits within JSON, a decimal's zeros where `all` is) stays as it
// is written. Browsers before 2025 cannot say how that was.
const asWritten = (all) => (name, value, context) => (typeof value === 'number' && JSON.rawJSON && String(value) !== context.source
  && (all || context.source.replace(/e.*|\D/gi, '').length > 15) ? JSON.rawJSON(context.source) : value);
const parse = (text) => JSON.parse(text, asWritten(false));

// A value of a row as the page shows it.
function cell(value) {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}
// A column of numbers: NULL may stand among them, in the first row too.
const hasNumbers = (rows, name) => rows.some((r) => isNumber(r[name])) && rows.every((r) => isNumber(r[name] ?? 0));
const isNumber = (value) => typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));

// Where a number comes from: `path` of the API, and what jq takes out of the answer.
function number(text, path, jq, title) {
  return h('span', { class: 'n', 'data-path': path, 'data-jq': jq || '', title: title || null }, text);
}

function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

// Beside the page, which a proxy may have put below a path.
const urlOf = (path) => new URL(`.${path}`, location).href;

function curlOf(path, jq) {
  const token = sessionStorage.getItem('token') ? ' -H "Authorization: Bearer $TOKEN"' : '';
  const stream = path === '/v1/live' || path.includes('/follow');
  const take = jq ? ` | jq ${quoted(jq)}` : '';
  const first = stream && jq ? ' | grep -m1 ^data: | cut -c6-' : '';
  return `curl -s${stream ? 'N' : ''}${token} ${quoted(urlOf(path))}${first}${take}`;
}

let toastTimer = 0;
function toast(text) {
  put($('toast'), text);
  show($('toast'), true);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => show($('toast'), false), 4000);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`Copied: ${text}`);
  } catch {
    // Without a secure context or the permission: shown, selected, to copy by hand.
    const field = h('textarea', { readonly: true, rows: 3, 'aria-label': 'To copy' });
    field.value = text;
    dialog('Copy this', field);
    field.select();
  }
}

function dialog(title, ...content) {
  const box = $('dialog');
  const close = button({ onclick: () => box.close() }, 'Close');
  box.replaceChildren(h('h2', { id: 'dialog-title' }, title), ...content, h('p', { class: 'row end' }, close));
  if (!box.open) box.showModal();
}

// The commands of all numbers of a panel, each once.
function curlsOf(panel) {
  const seen = new Map();
  for (const n of panel.querySelectorAll('[data-path]')) {
    const command = curlOf(n.dataset.path, n.dataset.jq);
    if (!seen.has(command)) seen.set(command, n.title || n.textContent);
  }
  const list = [...seen].slice(0, 200).map(([command, what]) =>
    h('li', null, h('span', null, what), h('code', null, command),
      button({ onclick: () => copy(command), 'aria-label': `Copy the curl of ${what}` }, 'copy')));
  dialog('The same by curl', h('ul', { class: 'curls' }, list));
}

let panels = 0;
// A part of a section: a heading, what stands beside it, and the curl of all its numbers.
function panel(title, tools, ...content) {
  const id = `panel-${++panels}`;
  const curl = button({ class: 'quiet', title: 'The commands that give these numbers' }, 'curl');
  const box = h('section', { class: 'panel', 'aria-labelledby': id },
    h('div', { class: 'head' }, h('h2', { id }, title), h('div', { class: 'row' }, tools, curl)), ...content);
  curl.setAttribute('aria-label', `${title}: the same by curl`);
  curl.addEventListener('click', () => curlsOf(box));
  return box;
}

const link = (hash, ...content) => h('a', { href: hash }, ...content);
const hashOf = (parts, query) => {
  const search = new URLSearchParams(query || {}).toString();
  return `#/${parts.map(encodeURIComponent).join('/')}${search ? '?' + search : ''}`;
};
