// What the tests of the page share: the program, folders that go away, a browser.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync, copyFileSync, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const program = process.env.TIDEMARK_PROGRAM;
export const fixtures = process.env.TIDEMARK_FIXTURES;
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TIDEMARK_')));

export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-page-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

// The capture and, where it has tables of its own, a views folder.
export function replay(db, at, name, flags = []) {
  const source = join(fixtures, at, `${name}.source.sql`);
  const views = `${db}.views`;
  if (existsSync(source)) {
    mkdirSync(views);
    copyFileSync(source, join(views, 'source.sql'));
    flags = [...flags, '--views', views];
  }
  const done = spawnSync(program, ['replay', '--db', db, ...flags, join(fixtures, at, `${name}.jsonl`)], { env: environment, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`replay: ${done.stderr.slice(-600)}`);
  return flags;
}

export function freePort() {
  return new Promise((given) => {
    const listener = createServer().listen(0, '127.0.0.1', () => {
      const { port } = listener.address();
      listener.close(() => given(port));
    });
  });
}

// A tidemark that serves HTTP; gone with the test.
export async function serve(t, ...flags) {
  const listen = flags.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
  const child = spawn(program, [...flags, ...listen], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  const ended = new Promise((end) => child.on('exit', end));
  const url = await new Promise((found, failed) => {
    child.stderr.on('data', (piece) => {
      log += piece;
      const at = /serving (https?:\/\/\S+)/.exec(log);
      if (at) found(at[1]);
    });
    child.on('exit', (code) => failed(new Error(`ended with ${code}: ${log.slice(-600)}`)));
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  t.after(kill);
  return { url, kill, log: () => log };
}

let browser = null;
export async function open(t, url, { width = 1280, height = 900, scheme = 'light', hash = '', motion = 'reduce' } = {}) {
  browser ||= await chromium.launch({ executablePath: process.env.TIDEMARK_CHROMIUM, args: ['--no-sandbox'] });
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: motion });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  context.setDefaultTimeout(120000); // a screenshot too, on a machine that has much else to do
  const page = await context.newPage();
  page.troubles = [];
  page.asked = [];
  page.on('pageerror', (error) => page.troubles.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) page.troubles.push(message.text());
  });
  page.on('request', (request) => page.asked.push(request.url()));
  t.after(() => context.close());
  await page.goto(`${url}/${hash}`);
  return page;
}
export const closeBrowser = () => browser && browser.close();

// Whole numbers stay as they are written, whatever a double can hold.
export const truthOf = (at, name) => JSON.parse(readFileSync(join(fixtures, at, `${name}.truth.json`), 'utf8').replace(/: (-?\d+)(?=[,}\]])/g, ': "$1"'));
export const write = (path, text) => writeFileSync(path, text);
