// The sections, their addresses, keys and the theme.
const SECTIONS = [['overview', 'Overview'], ['tables', 'Tables'], ['views', 'Views'], ['transactions', 'Transactions'], ['quarantine', 'Quarantine'], ['process', 'Process']];

const tickers = new Set();
const every = (f) => (tickers.add(f), () => tickers.delete(f));
setInterval(() => {
  showTruth();
  tickers.forEach((f) => f());
}, 1000);

const statusListeners = new Set();
function listenStatus(f) {
  statusListeners.add(f);
  if (status) f();
  return () => statusListeners.delete(f);
}
watch('/v1/status', (answer) => {
  status = { lint: [], ...answer };
  statusTrouble = null;
  put($('version'), status.version);
  statusListeners.forEach((f) => f());
  showTruth();
  for (const badge of document.querySelectorAll('#nav [data-badge]')) {
    put(badge, status.quarantined || '');
    show(badge, status.quarantined > 0);
  }
}, (error) => (statusTrouble = error.message), 2000);

let disposers = [];
let shownHash = null;

function place() {
  const [path, search] = location.hash.replace(/^#\/?/, '').split('?');
  let parts = [];
  try {
    parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    parts = [];
  }
  return { parts, query: new URLSearchParams(search || '') };
}

function draw(main, parts, query) {
  const dispose = (f) => disposers.push(f);
  switch (parts[0]) {
    case 'tables':
      return parts[1] ? rows(main, dispose, parts[1], query) : tables(main, dispose);
    case 'row':
      return row(main, dispose, parts[1], query);
    case 'views':
      return views(main, dispose, parts.slice(1), query);
    case 'transactions':
      return transactions(main, dispose);
    case 'quarantine':
      return quarantine(main, dispose, parts[1], query);
    case 'process':
      return process(main, dispose);
    default:
      return overview(main, dispose);
  }
}

function route() {
  const { parts, query } = place();
  const section = parts[0] === 'row' ? 'tables' : SECTIONS.some((s) => s[0] === parts[0]) ? parts[0] : 'overview';
  // What is addressed by name needs to know what there is.
  if (!catalog && (parts[0] === 'row' || parts[0] === 'views' || parts[0] === 'transactions' || (parts[0] === 'tables' && parts[1]))) {
    const stop = watchViews(() => {
      stop();
      route();
    });
    $('main').replaceChildren(h('p', { class: 'empty' }, 'Asking what there is.'));
    return;
  }
  disposers.forEach((f) => f());
  disposers = [];
  const main = $('main');
  main.replaceChildren();
  main.dataset.section = section;
  for (const a of document.querySelectorAll('#nav a')) {
    const current = a.dataset.section === section;
    if (current) a.setAttribute('aria-current', 'page');
    else a.removeAttribute('aria-current');
    if (current) $('nav').scrollLeft = a.offsetLeft - $('nav').offsetLeft - 40; // where they are not all seen
  }
  draw(main, parts, query);
  if (shownHash !== null) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  shownHash = location.hash;
}

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  put($('theme'), `theme: ${theme || 'auto'}`);
}

const KEYS = [[`1 to ${SECTIONS.length}`, 'the sections'], ['/', 'to the first field of the section'], ['c', 'the curls of the panel that has the focus, or of the first'], ['t', 'the theme'], ['?', 'this']];
function onKey(event) {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (typing || event.ctrlKey || event.metaKey || event.altKey || $('dialog').open) return;
  const section = SECTIONS[Number(event.key) - 1];
  if (section) location.hash = `#/${section[0]}`;
  else if (event.key === '/') {
    const field = $('main').querySelector('input, select');
    if (field) {
      event.preventDefault();
      field.focus();
    }
  } else if (event.key === 'c') {
    const box = event.target.closest('.panel') || $('main').querySelector('.panel');
    if (box) curlsOf(box);
  } else if (event.key === 't') $('theme').click();
  else if (event.key === '?') dialog('Keys', h('dl', { class: 'facts' }, KEYS.map(([k, what]) => h('div', null, h('dt', null, h('kbd', null, k)), h('dd', null, what)))));
}

$('nav').append(...SECTIONS.map(([id, title], i) => h('a', { href: `#/${id}`, 'data-section': id, title: `Key ${i + 1}` }, title, id === 'quarantine' ? h('b', { 'data-badge': '', hidden: true }) : null)));
setTheme(localStorage.getItem('theme'));
$('theme').addEventListener('click', () => {
  const order = ['', 'dark', 'light'];
  const next = order[(order.indexOf(localStorage.getItem('theme') || '') + 1) % 3];
  localStorage.setItem('theme', next);
  setTheme(next);
});
$('token').addEventListener('click', askToken);
$('skip').addEventListener('click', () => $('main').focus());
document.addEventListener('keydown', onKey);
// A number is clicked: its command is in the clipboard.
document.addEventListener('click', (event) => {
  const n = event.target.closest('[data-path]');
  if (n && !event.target.closest('a, button')) copy(curlOf(n.dataset.path, n.dataset.jq));
});
addEventListener('hashchange', route);
listen(showTruth);
route();
keepLive();
