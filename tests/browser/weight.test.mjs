// A first view is small: bytes are counted on the wire, headers and chunk framing included, as browsers
// get them. A second view costs next to nothing, and nothing is requested from anyone else.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { BASE, PAGES, PHONE, launch, lookAt, none } from './lib.mjs';

const FIRST_VIEW = 14_600; // ten TCP segments of 1,460 bytes: what a server may send before the first answer comes back
const STYLES = 8 * 1024;
const REQUESTS = 2;
const CODED = /^(br|gzip)$/;

/** Sends one request on its own connection: { status, headers, body, bytes }, bytes as they came over the wire. */
function wire({ path, send }, more = {}) {
  const { hostname, port } = new URL(BASE);
  const headers = { host: `${hostname}:${port}`, 'accept-encoding': 'gzip, deflate, br', connection: 'close', ...more };
  if (send) headers['content-length'] = Buffer.byteLength(send.body ?? '');
  return new Promise((done, fail) => {
    const chunks = [];
    const socket = connect(+port, hostname, () => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.write(`${send?.method ?? 'GET'} ${path} HTTP/1.1\r\n${lines}\r\n${send?.body ?? ''}`);
    });
    socket.on('data', chunk => chunks.push(chunk)).on('error', fail).on('end', () => {
      const all = Buffer.concat(chunks), cut = all.indexOf('\r\n\r\n');
      const [first, ...fields] = all.subarray(0, cut).toString('latin1').split('\r\n');
      const named = Object.fromEntries(fields.map(field => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1).trim()]));
      const body = all.subarray(cut + 4);
      done({ status: +first.split(' ')[1], headers: named, bytes: all.length, body: named['transfer-encoding'] === 'chunked' ? unchunk(body) : body });
    });
  });
}

function unchunk(body) {
  const parts = [];
  for (let at = 0; ;) {
    const line = body.indexOf('\r\n', at), size = parseInt(body.subarray(at, line).toString(), 16);
    if (!size) return Buffer.concat(parts);
    parts.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

const DECODERS = { br: brotliDecompressSync, gzip: gunzipSync };
const html = answer => (DECODERS[answer.headers['content-encoding']]?.(answer.body) ?? answer.body).toString();
const wanted = text => [...text.matchAll(/<(?:link rel="stylesheet" href|img[^>]* src|script[^>]* src)="([^"]+)"/g)].map(found => found[1]);

test('a first view of any page stays within ten segments and two requests', async t => {
  const css = new Map(), faults = [], sizes = [];
  for (const page of PAGES) {
    const answer = await wire(page), [href, ...more] = wanted(html(answer));
    if (href && !css.has(href)) css.set(href, await wire({ path: href }));
    const styles = css.get(href), bytes = answer.bytes + (styles?.bytes ?? 0);
    if (styles && styles.body.length > STYLES) faults.push(`${page.name}: the stylesheet has ${styles.body.length} bytes`);
    if (answer.status !== page.status) faults.push(`${page.name}: answered ${answer.status}`);
    if (page.status === 200 && !CODED.test(answer.headers['content-encoding'])) faults.push(`${page.name}: is not compressed`);
    if (bytes > FIRST_VIEW) faults.push(`${page.name}: ${bytes} bytes (${answer.bytes} and ${styles?.bytes ?? 0} of styles)`);
    if (more.length) faults.push(`${page.name}: ${2 + more.length} requests`);
    sizes.push([bytes, page.name]);
  }
  sizes.sort(([a], [b]) => b - a).slice(0, 4).forEach(([bytes, name]) => t.diagnostic(`${bytes} bytes: ${name}`));
  none(faults);
});

test('assets are kept forever, pages are revalidated and cost a 304', async () => {
  const faults = [];
  for (const page of PAGES.filter(page => page.status === 200)) {
    const first = await wire(page), tag = first.headers.etag;
    if (!tag || tag.startsWith('W/')) { faults.push(`${page.name}: has no strong ETag`); continue; }
    // A page that knows an income or care, or what day it is, is kept by nobody (ASVS 5.0, 14.3.2); one that only repeats words
    // which somebody typed, for a minute by their own browser.
    const keep = /[?&](my|q)=|^(\/es)?\/(enroll|sheet)/.test(page.path) ? /^private, (no-store|max-age=60)$/ : /^public, max-age=/;
    if (!keep.test(first.headers['cache-control'])) faults.push(`${page.name}: cache-control ${first.headers['cache-control']}`);
    if (!/accept-encoding/i.test(first.headers.vary ?? '')) faults.push(`${page.name}: vary ${first.headers.vary}`);
    const again = await wire(page, { 'if-none-match': tag });
    if (again.status !== 304 || again.body.length) faults.push(`${page.name}: asked again, ${again.status} with ${again.body.length} bytes`);
    // Compressed once more in the meantime, perhaps; the page itself is the same.
    const twice = await wire(page);
    if (html(twice) !== html(first)) faults.push(`${page.name}: is not the same bytes the second time`);
  }
  for (const href of wanted(html(await wire({ path: '/' })))) {
    const { status, headers } = await wire({ path: href });
    if (status !== 200 || !/max-age=31536000/.test(headers['cache-control']) || !/immutable/.test(headers['cache-control'])) faults.push(`${href}: ${status}, ${headers['cache-control']}`);
  }
  none(faults);
});

test('errors are not kept by anyone', async () => {
  none((await Promise.all(PAGES.filter(page => page.status >= 400).map(async page => {
    const { headers } = await wire(page);
    return headers['cache-control'] .endsWith('no-store') ? [] : [`${page.name}: cache-control ${headers['cache-control']}`];
  }))).flat());
});

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('the browser asks nobody else, gets no cookie, stores nothing and has nothing to complain about', async () => {
  none(await lookAt(browser, PHONE, PAGES, async (tab, page) => {
    const asked = [], faults = [];
    tab.on('request', request => asked.push(request.url()));
    tab.on('console', message => { if (!message.text().includes(`status of ${page.status}`)) faults.push(`console: ${message.text()}`); });
    tab.on('pageerror', error => faults.push(`error: ${error.message}`));
    if (!page.send) await tab.reload();
    for (const url of asked) if (!url.startsWith(`${BASE}/`)) faults.push(`asked ${url}`);
    if (asked.length > REQUESTS) faults.push(`${asked.length} requests`);
    const kept = await tab.evaluate(() => [document.cookie, localStorage.length + sessionStorage.length, document.scripts.length].join());
    if (kept !== ',0,0') faults.push(`cookies, storage, scripts: ${kept}`);
    if ((await tab.context().cookies()).length) faults.push('sets a cookie');
    if (!await tab.evaluate(() => getComputedStyle(document.body).marginTop === '0px')) faults.push('its stylesheet did not apply');
    return faults;
  }));
});

test('every answer carries the headers that keep people safe', async () => {
  none((await Promise.all(PAGES.map(async page => {
    const { headers } = await wire(page), csp = headers['content-security-policy'] ?? '';
    const fine = csp.includes("default-src 'none'") && csp.includes("frame-ancestors 'none'") && !csp.includes('unsafe')
      && headers['referrer-policy'] === 'no-referrer' && headers['x-content-type-options'] === 'nosniff' && !('set-cookie' in headers);
    return fine ? [] : [`${page.name}: ${JSON.stringify(headers)}`];
  }))).flat());
});
