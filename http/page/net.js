// The server: one stream that never ends (/v1/live), and answers that are asked for again when it says that something
// changed. EventSource cannot send a token, so the stream is read by fetch.
const SILENT_MS = 8000; // the server says something every 5 s
const AGAIN_MS = [300, 600, 1200, 2400, 4000];
const APART_MS = 1000; // least between two questions of one kind

const net = { live: null, waitsFor: null, waitsAt: 0, at: 0, lostAt: 0, heard: 0, refused: false, history: [], skew: 0, tries: 0, nextAt: 0 };
const listeners = new Set();
const listen = (f) => (listeners.add(f), () => listeners.delete(f));
const tell = () => listeners.forEach((f) => f());
// The server's clock, now.
const serverNow = () => Date.now() + net.skew;

function headers(more) {
  const token = sessionStorage.getItem('token');
  return token ? { ...more, Authorization: `Bearer ${token}` } : { ...more };
}

class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `status ${status}`);
    this.status = status;
    this.document = document;
  }
}

async function ask(path, options) {
  const begun = performance.now();
  const answer = await fetch(urlOf(path), { ...options, headers: headers(options?.headers) });
  const text = await answer.text();
  let document = {};
  try {
    document = parse(text);
  } catch {
    document = { detail: text.slice(0, 200) };
  }
  if (answer.status === 401) refuse();
  if (!answer.ok) throw new Problem(answer.status, document);
  return { document, ms: performance.now() - begun, headers: answer.headers };
}

function refuse() {
  if (net.refused) return;
  net.refused = true;
  tell();
}

// Events of a stream of server-sent events, until it ends. `heard` is called with every piece, a comment too.
async function readEvents(path, signal, lastId, heard, event) {
  const more = { Accept: 'text/event-stream' };
  if (lastId) more['Last-Event-ID'] = lastId;
  const answer = await fetch(urlOf(path), { signal, headers: headers(more), cache: 'no-store' });
  if (answer.status === 401) refuse();
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let one = { event: 'message', data: '', id: '' };
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    const lines = (rest + value).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) {
      const colon = line.indexOf(':');
      const text = line.slice(colon + 1).replace(/^ /, '');
      if (line === '') {
        if (one.data) event(one.event, parse(one.data), one.id);
        one = { event: 'message', data: '', id: one.id };
      } else if (line.startsWith('data:')) one.data += text;
      else if (line.startsWith('event:')) one.event = text;
      else if (line.startsWith('id:')) one.id = text;
    }
  }
}

function onLive(data) {
  if (data.history) {
    net.history = data.history;
    delete data.history;
  }
  data.waiting &&= data.waiting.replace(/^waiting: /, '');
  const waitsFor = data.waiting && /^transaction \d+|^.*/.exec(data.waiting)[0];
  if (waitsFor !== net.waitsFor) Object.assign(net, { waitsFor, waitsAt: performance.now() });
  const before = net.lostAt ? null : net.live;
  net.live = data;
  net.at = performance.now();
  net.skew = data.at_ms - Date.now();
  net.lostAt = net.tries = 0;
  net.refused = false;
  remember(data);
  // Another file or another process behind the same address has everything new.
  if (!before || changeOf(before) !== changeOf(data)) freshen();
  tell();
}

const changeOf = (live) => JSON.stringify([live.state, live.position, live.quarantine, live.applied, live.waiting]);

// A sample a second, as the server keeps them.
function remember(data) {
  const last = net.history[net.history.length - 1];
  if (last && data.at_ms - last.at_ms < 1000) return;
  net.history.push({ at_ms: data.at_ms, messages: data.lag.messages, seconds: data.lag.seconds,
    events_per_second: data.rates.events_per_second });
  if (net.history.length > 3700) net.history.splice(0, 100);
}

function lose() {
  if (!net.lostAt) net.lostAt = Date.now() - (net.heard ? performance.now() - net.heard : 0);
  tell();
}

let wake = null;
async function keepLive() {
  for (;;) {
    const control = new AbortController();
    const watchdog = setInterval(() => {
      if (performance.now() - net.heard > SILENT_MS) control.abort();
    }, 1000);
    const heard = () => (net.heard = performance.now());
    heard();
    try {
      await readEvents('/v1/live', control.signal, '', heard, (kind, data) => kind === 'live' && onLive(data));
    } catch {
      // why does not matter: the server is not heard
    }
    clearInterval(watchdog);
    lose();
    const wait = AGAIN_MS[Math.min(net.tries++, AGAIN_MS.length - 1)];
    net.nextAt = Date.now() + wait;
    await new Promise((go) => {
      wake = go;
      // Without a token no wait helps: it goes on when one is entered.
      if (!net.refused) setTimeout(go, wait);
    });
  }
}
// A new token, the network is back: not after the rest of the wait.
const tryNow = () => wake && wake();

// What the page shows of an answer: asked now, and again when the stream says that it may have changed. `path`: or an
// async function that gives it; what fails there has failed. `done` is given the answer, and says true where it wants another.
const watches = new Set();
function watch(path, done, failed, apart = APART_MS) {
  const w = { path, done, failed, apart, stale: true, busy: false, gone: false, at: -apart, timer: 0 };
  watches.add(w);
  kick(w);
  return () => {
    w.gone = true;
    clearTimeout(w.timer);
    watches.delete(w);
  };
}

function freshen() {
  for (const w of watches) {
    w.stale = true;
    kick(w);
  }
}

async function kick(w) {
  const wait = w.at + w.apart - performance.now();
  if (w.gone || w.busy || !w.stale || document.hidden) return;
  clearTimeout(w.timer);
  if (wait > 0) {
    w.timer = setTimeout(kick, wait, w);
    return;
  }
  w.busy = true;
  w.stale = false;
  w.at = performance.now();
  try {
    const path = typeof w.path === 'function' ? await w.path() : w.path;
    if (w.gone) return;
    const { document: answer, ms } = await ask(path);
    if (!w.gone && w.done(answer, ms, path) === true) w.stale = true;
  } catch (error) {
    // Lost, or without a token: the stream's return asks again.
    w.at = performance.now() - w.apart + AGAIN_MS[0];
    if (!w.gone && error instanceof Problem && w.failed) w.failed(error);
    if (!(error instanceof Problem)) w.stale = true;
  }
  w.busy = false;
  if (w.stale && !net.lostAt) kick(w);
}

document.addEventListener('visibilitychange', () => watches.forEach(kick));
addEventListener('online', tryNow);
