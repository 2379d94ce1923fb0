// A server that says of itself what a test wants: /v1/live is told by hand, everything else is a real tidemark's.
import { createServer } from 'node:http';

async function ask(url, accept) {
  const answer = await fetch(url, { headers: { accept: accept || '*/*' } });
  return [answer, await answer.text()];
}

// `refuses(path)`: what is answered 503, as while nothing was applied.
export async function standIn(t, real, status = (answer) => answer, refuses = () => false) {
  const streams = new Set();
  let newest = null;
  const server = createServer(async (request, response) => {
    request.url = request.url.replace(/^\/below(?=\/)/, ''); // where a proxy may have put it
    if (request.url === '/v1/live') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      streams.add(response);
      request.on('close', () => streams.delete(response));
      if (newest) response.write(newest);
      return;
    }
    if (refuses(request.url)) {
      response.writeHead(503, { 'Content-Type': 'application/problem+json' });
      response.end(JSON.stringify({ type: '/problems/not-ready', title: 'Not ready', status: 503, detail: 'nothing was applied yet' }));
      return;
    }
    const [answer, text] = await ask(real + request.url, request.headers.accept).catch(() => []);
    if (!answer) return response.destroy(); // the real one is gone, as it is before this one when a test ends
    let body = text;
    if (request.url === '/v1/status') body = JSON.stringify(status(JSON.parse(body)));
    const kept = ['content-type', 'content-security-policy'].filter((name) => answer.headers.has(name));
    response.writeHead(answer.status, Object.fromEntries(kept.map((name) => [name, answer.headers.get(name)])));
    response.end(body);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const say = (live) => {
    newest = `event: live\ndata: ${JSON.stringify(live)}\n\n`;
    for (const stream of streams) stream.write(newest);
  };
  return { url: `http://127.0.0.1:${server.address().port}`, say };
}

// An hour that went well, as of now, but for `more`.
export function liveOf(more = {}) {
  const now = Date.now();
  const history = [];
  for (let at = now - 3600000; at < now; at += 1000) {
    const s = (at - now) / 1000;
    const storm = s > -1500 && s < -1200;
    history.push({ at_ms: at, messages: storm ? Math.round(90000 - Math.abs(s + 1350) * 560) : 0, seconds: storm ? 90 - Math.abs(s + 1350) * 0.55 : 0,
      events_per_second: (storm ? 900 : 120) + 60 * Math.sin(s / 140) + 25 * Math.sin(s / 7) });
  }
  const { hops, lag, rates, ...rest } = more;
  return { at_ms: now, state: 'live', ready: true, reason: null, consistency: 'transactional', position: { lsn: '0/1967BF30', consistency: 'transactional', offsets: {} },
    lag: { state: rest.state || 'live', messages: 0, seconds: 0, ...lag }, rates: { events_per_second: 131.4, transactions_per_second: 36.1, commits_per_second: 22.6, ...rates },
    hops: { source_commit_ms: now - 200, heartbeat_ms: now - 700, broker_ms: now - 300, applied_ms: now - 150, ...hops },
    applied: 1054321, transactions: 51432, quarantine: 0, waiting: null, eta_seconds: null, history, ...rest };
}
