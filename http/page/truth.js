// One sentence of truth, in colour, with what to do. The first line of the page, always in sight.
const TONES = {
  ok: ['M3 8.5l3.2 3.2L13 4.8', '%230b6b45'],
  work: ['M8 3v5l3.5 2', '%231b5fa8'],
  warn: ['M8 3.5v5.5M8 11.6v.9', '%23996300'],
  bad: ['M4 4l8 8M12 4l-8 8', '%23b3261e'],
  lost: ['M3 8h2.2M6.9 8h2.2M10.8 8H13', '%23444'],
  idle: ['M8 3v5l3.5 2', '%23667'],
};

const WAITING_SAID_MS = 2000; // one transaction waits for another all the time

let status = null; // the newest /v1/status
let statusTrouble = null; // why there is none

// What is wrong although the state is well, the worst first.
function doubts() {
  const found = [];
  if (statusTrouble) found.push([`What else is to say of it is not known: ${statusTrouble}.`, 'Ask /v1/status again.', '#/process']);
  if (!status) return found;
  const serving = status.state === 'serving';
  const names = (tables) => tables.slice(0, 3).map((t) => t.name).join(', ') + (tables.length > 3 ? ', ..' : '');
  const partial = status.tables.filter((t) => !t.complete);
  const lonely = serving ? [] : status.tables.filter((t) => !t.topic);
  const missing = status.tables.filter((t) => t.missing && t.missing.length);
  const waiting = net.live && known(net.live.quarantine) ? net.live.quarantine : status.quarantined;
  if (waiting)
    found.push([`${plural(waiting, 'message')} could not be applied: ${waiting === 1 ? 'its row is not shown or is old' : 'their rows are not shown or are old'}.`,
      'Look at them, then apply again or discard.', '#/quarantine']);
  if (status.reload && status.reload.state === 'refused')
    found.push([`Changed views were refused: ${status.reload.message}.`, 'Mend their files; the old ones go on.', '#/process']);
  if (net.live && net.live.position && net.live.position.filling)
    found.push([`Being filled, not whole yet: ${net.live.position.filling}.`, 'It goes on by itself.', '#/tables']);
  if (lonely.length)
    found.push([`No topic feeds ${names(lonely)}: nobody sends ${lonely.length === 1 ? 'its' : 'their'} rows.`,
      'Compare source.sql with the connector\u2019s table.include.list.', '#/tables']);
  if (partial.length)
    found.push([`Older rows may be missing in ${names(partial)}.`, partial[0].incomplete || 'A snapshot brings them.', '#/tables']);
  if (missing.length)
    found.push([`Events lack columns of ${names(missing)}; they stay null.`, 'Compare source.sql with the source.', '#/tables']);
  const failing = status.lint.filter((f) => f.level === 'fail')[0];
  if (failing) found.push([sentence(failing.message), failing.remedy || 'See Guarantees.', '#/process']);
  if (status.unplaced_messages)
    found.push([`${plural(status.unplaced_messages, 'message')} of topics that are read belong to no declared table.`,
      'See the topics in Tables.', '#/tables']);
  if (status.counters.transactions_passed)
    found.push([`${plural(status.counters.transactions_passed, 'transaction')} passed since the start with events that never came.`, 'The log says which.', '#/process']);
  return found;
}

function wellTruth(live, now) {
  const lsn = live.position && live.position.lsn;
  const age = live.hops.source_commit_ms ? span(now - live.hops.source_commit_ms) : null;
  const worst = doubts()[0];
  const whole = live.consistency === 'transactional' && lsn;
  const sentence = whole
    ? `Shows every transaction up to ${lsn}, whole${age ? `, the newest committed ${age} ago` : ''}.`
    : `Shows every change${age ? ` up to ${age} ago` : ''}, row by row: rows of one transaction may come one by one.`;
  if (live.waiting && performance.now() - net.waitsAt > WAITING_SAID_MS) return { tone: 'work', word: 'Live, waiting', sentence: `Waits for ${live.waiting}. ${sentence}` };
  if (worst) return { tone: 'warn', word: 'Live, but', sentence: `${worst[0]} ${sentence}`, todo: worst[1], href: worst[2] };
  if (!status) return { tone: 'idle', word: 'Live', sentence };
  if (whole) return { tone: 'ok', word: 'Live', sentence };
  return { tone: 'ok', word: 'Live, per key', sentence, todo: 'Why, and what makes it transactional', href: '#/process' };
}

const REMEDY = {
  starting: 'It goes on by itself as soon as a broker answers and a topic of the prefix exists.',
  disconnected: 'Check the brokers and --brokers. It connects again by itself; the views are served meanwhile.',
  upstream_silent: 'Look at Kafka Connect: GET /connectors/NAME/status, its log, and the database\u2019s replication slot.',
  degraded: 'Make room on the disk or remove what locks the file. It goes on by itself; the views are served meanwhile.',
  halted: 'It does not go on by itself: do what the reason says, then start it again. The views are served meanwhile.',
};

function truth(live, now) {
  const reason = (status && status.state === live.state && status.reason) || live.reason || '';
  const behind = live.lag.messages;
  const since = live.hops.source_commit_ms ? `What was committed up to ${moment(live.hops.source_commit_ms)} is shown.` : 'Nothing is shown yet.';
  const waits = live.waiting ? `Waits for ${live.waiting}. ` : '';
  const because = `${reason ? `${sentence(reason)} ` : ''}${waits}`;
  switch (live.state) {
    case 'live':
      return wellTruth(live, now);
    case 'catching_up': {
      const eta = known(live.eta_seconds) ? `, about ${span(live.eta_seconds * 1000)} to go` : '';
      const pace = live.rates.events_per_second ? ` at ${rate(live.rates.events_per_second)} events a second` : '';
      const worst = doubts()[0];
      return { tone: 'work', word: 'Catching up', todo: worst ? worst[1] : `${because ? 'It goes on by itself once what it names is there; should it stay so, look at that.' : 'Nothing to do.'} Ask with max_lag_seconds= to refuse older answers.`, href: worst && worst[2],
        sentence: `${worst ? worst[0] + ' ' : ''}${known(behind) ? plural(behind, 'message') + ' behind' : 'How far behind is not known yet'}${pace}${eta}. ${because}${since}` };
    }
    case 'serving': {
      const worst = doubts()[0] || ['', '', null];
      const shown = live.position && live.position.lsn ? `It shows every transaction up to ${live.position.lsn}, whole.` : '';
      return { tone: worst[0] ? 'warn' : 'idle', word: `Serving a file${worst[0] ? ', but' : ''}`, todo: worst[1], href: worst[2],
        sentence: `${worst[0]} Nothing is consumed, so it grows older. ${shown} ${because}` };
    }
    case 'starting':
      return { tone: 'work', word: 'Starting', sentence: `${because}${since}`, todo: REMEDY.starting };
    case 'upstream_silent': {
      const silent = live.hops.heartbeat_ms ? `The connector was last heard ${span(now - live.hops.heartbeat_ms)} ago.` : 'The connector is not heard.';
      return { tone: 'warn', word: 'Upstream silent', sentence: `${silent} All that it sent is shown. ${since}`, todo: REMEDY.upstream_silent };
    }
    case 'halted':
      return { tone: 'bad', word: 'Halted', sentence: `${because}${since}`, todo: REMEDY.halted };
    default: {
      const tone = live.state === 'degraded' ? 'bad' : 'warn';
      const word = live.state === 'degraded' ? 'Degraded' : live.state === 'disconnected' ? 'No broker' : live.state;
      return { tone, word, sentence: `${because}${since}`, todo: REMEDY[live.state] };
    }
  }
}

function truthNow() {
  if (net.refused)
    return { tone: 'bad', word: 'A token is needed', sentence: 'This server answers only with its bearer token.', todo: 'Enter the token', act: askToken };
  if (net.lostAt && net.live) {
    const left = Math.max(0, Math.ceil((net.nextAt - Date.now()) / 1000));
    return { tone: 'lost', word: `Lost the server ${span(Date.now() - net.lostAt)} ago`,
      sentence: `What you see is from ${clock(net.live.at_ms)} and grows older.`,
      todo: left ? `Trying again in ${left} s. Try now` : 'Trying again. Try now', act: tryNow };
  }
  if (net.lostAt)
    return { tone: 'lost', word: 'No answer from the server', sentence: 'The page is here, its server does not answer.', todo: 'Try now', act: tryNow };
  if (!net.live) return null;
  return truth(net.live, serverNow());
}

let saidTone = '';
let saidAt = 0;
// A second is quick enough to read; another state is told at once.
function showTruth() {
  const t = truthNow();
  if (!t || (t.tone === saidTone && performance.now() - saidAt < 900)) return;
  saidAt = performance.now();
  const [path, colour] = TONES[t.tone];
  if (t.tone !== saidTone) {
    $('truth').dataset.tone = t.tone;
    $('glyph').replaceChildren(h('s:svg', { viewBox: '0 0 16 16' }, h('s:path', { d: path })));
    $('icon').href = `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='8' fill='${colour}'/%3E%3Cpath d='${path}' fill='none' stroke='white' stroke-width='1.6'/%3E%3C/svg%3E`;
    document.body.classList.toggle('lost', t.tone === 'lost');
  }
  // Only a change of the state is said aloud, not every second.
  if (t.tone !== saidTone) put($('said'), `${t.word}. ${t.sentence}`);
  saidTone = t.tone;
  put($('word'), t.word);
  put($('sentence'), t.sentence);
  show($('todo'), Boolean(t.todo));
  if (t.todo) showTodo(t);
  const live = net.live;
  const lag = live && !net.lostAt && known(live.lag.seconds) ? span(live.lag.seconds * 1000) : '';
  $('stamp').replaceChildren(...(lag ? [number(lag, '/v1/lag', '.seconds', 'Lag in seconds'), h('small', null, 'behind')] : []));
  document.title = `${t.word}${live && live.lag.seconds && t.tone !== 'lost' ? ` ${span(live.lag.seconds * 1000)}` : ''} \u00b7 tidemark`;
}

function showTodo(t) {
  const shown = $('todo').firstChild;
  const tag = t.act ? 'BUTTON' : t.href ? 'A' : 'SPAN';
  const same = shown && shown.tagName === tag && (!t.href || shown.getAttribute('href') === t.href);
  if (same) return put(shown, t.todo);
  const made = t.act ? button({ onclick: () => t.act() }, t.todo)
    : t.href ? link(t.href, t.todo) : h('span', null, t.todo);
  return $('todo').replaceChildren(made);
}

function askToken() {
  const field = input({ type: 'password', id: 'token-field', value: sessionStorage.getItem('token') || '' });
  const form = h('form', { onsubmit: (event) => {
    event.preventDefault();
    const token = field.value.trim();
    if (token) sessionStorage.setItem('token', token);
    else sessionStorage.removeItem('token');
    net.refused = false;
    $('dialog').close();
    tryNow();
    freshen();
  } }, h('label', { for: 'token-field' }, 'Kept in this tab only, gone with it.'), field, h('p', { class: 'row end' }, h('button', { type: 'submit', class: 'main' }, 'Use it')));
  dialog('The bearer token', form);
  field.focus();
}
