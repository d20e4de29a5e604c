// What all browser tests share: the server they test, Chromium, the screen sizes, and the list of every page.
// `tests/run` starts the server and sets BASE; to run one file by hand: BASE=http://127.0.0.1:8080 node --test axe.test.mjs
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { chromium } from 'playwright-core';

export const BASE = (process.env.BASE ?? 'http://127.0.0.1:8080').replace(/\/$/, '');

// Debian's build of Chromium without windows draws the same pages with half the work; where it is missing, the whole browser.
const SHELL = '/usr/bin/chromium-headless-shell';

// No sandbox, because tests may run as root in a container; nothing but our own server is ever opened.
export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM || (existsSync(SHELL) ? SHELL : '/usr/bin/chromium'),
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update'],
});

export const PHONE = { viewport: { width: 360, height: 640 }, deviceScaleFactor: 1, isMobile: true, hasTouch: true };
export const DESK = { viewport: { width: 1280, height: 800 } };
/** For tests that measure where things are immediately after they moved. */
export const still = screen => ({ ...screen, reducedMotion: 'reduce' });

// --- every page ---------------------------------------------------------------------------------------------------

const WHERE = 'year=2026&zip=45202&county=39061';
export const ONE = `${WHERE}&people=40`;
export const FAMILY = `${WHERE}&people=40,38t,9,5`;

// Reads a CSV of RFC 4180: quoted fields, doubled quotes, CRLF or LF.
export function parseCsv(text) {
  text = text.replace(/^\uFEFF/, ''); // the mark that Excel wants
  const rows = [];
  let row = [], field = '', quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') { field += c; i++; }
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ',') { row.push(field); field = ''; }
    else if (c === '\n') { row.push(field); rows.push(row); row = []; field = ''; }
    else if (c !== '\r') field += c;
  }
  if (quoted || field || row.length) throw new Error('the CSV ends within a row');
  const [header, ...rest] = rows;
  return rest.map(cells => Object.fromEntries(header.map((name, i) => [name, cells[i]])));
}

export async function csv(path) {
  const answer = await fetch(BASE + path);
  if (!answer.ok || !answer.headers.get('content-type').startsWith('text/csv')) throw new Error(`${path}: ${answer.status}`);
  return parseCsv(await answer.text());
}

const medical = await csv(`/plans.csv?${ONE}`);
const dental = await csv(`/plans.csv?${ONE}&product=dental`);
const young = await csv(`/plans.csv?${WHERE}&people=27`);
const firstOf = (rows, metal) => {
  const row = rows.find(plan => plan.metal === metal);
  if (!row) throw new Error(`no ${metal} plan in Hamilton County, OH: which catalogue is this?`);
  return row.plan_id;
};
export const BRONZE = firstOf(medical, 'expanded_bronze');
export const SILVER = firstOf(medical, 'silver');
export const GOLD = firstOf(medical, 'gold');
const CATASTROPHIC = young.find(plan => plan.metal === 'catastrophic')?.plan_id;
const three = `plan=${BRONZE}&plan=${SILVER}&plan=${GOLD}`;

// name, address without language, status; `send` if it takes more than a GET.
const list = [
  ['home', '/', 200],
  ['home, prefilled', `/?${FAMILY}`, 200],
  ['home, with mistakes', '/plans?zip=4520&age1=abc&age2=200&t2=1', 422],
  ['home, with income', `/?${FAMILY}&income=52000`, 200],
  ['home, income unreadable', '/plans?zip=45202&people=40&income=abc', 422],
  ['home, each person', '/?zip=45202&people=40,66&each=1', 200],
  ['which county', '/plans?zip=45241&people=40', 200],
  ['another state’s marketplace', '/plans?zip=40202&people=40', 200],
  ['unknown ZIP', '/plans?zip=00000&people=40', 422],
  ['list, one person', `/plans?${ONE}`, 200],
  ['list, family', `/plans?${FAMILY}`, 200],
  ['list, tax credit', `/plans?${FAMILY}&income=52000`, 200],
  ['list, Medicaid', `/plans?${ONE}&income=9000`, 200],
  ['list, young adult', `/plans?${WHERE}&people=27`, 200],
  ['list, filtered', `/plans?${ONE}&metal=silver,gold&type=hmo&premium=-700&with=noreferral&sort=deductible`, 200],
  ['list, searched', `/plans?${ONE}&q=silver`, 200],
  ['list, nothing fits', `/plans?${ONE}&metal=gold&premium=1-2`, 200],
  ['list, dental', `/plans?${ONE}&product=dental`, 200],
  ['list, page 2', `/plans?${ONE}&page=2`, 200],
  ['list, each plan on its card', `/plans?${ONE}&group=off`, 200],
  ['list, ticked', `/plans?${ONE}&plan=${BRONZE}&plan=${GOLD}&page=2`, 200],
  ['list, Medicare', `/plans?${WHERE}&people=66,64&income=40000`, 200],
  ['list, tribe', `/plans?${WHERE}&people=40m&income=30000`, 200],
  ['list, unknown filter', `/plans?${ONE}&metal=wood`, 200],
  ['plan, with household', `/plans/${SILVER}?${FAMILY}`, 200],
  ['plan, without household', `/plans/${BRONZE}`, 200],
  ['plan, tax credit', `/plans/${SILVER}?${FAMILY}&income=52000`, 200],
  ['compare, tax credit', `/compare?${FAMILY}&income=52000&plan=${BRONZE}&plan=${SILVER}`, 200],
  ['how, tax credit', `/how?${FAMILY}&income=52000`, 200],
  ['how, Medicaid', `/how?${ONE}&income=9000`, 200],
  ['how, no income', `/how?${ONE}`, 200],
  ['income helper', `/income?${ONE}`, 200],
  ['income helper, sum', `/income?${ONE}&k1=wages&a1=1200&f1=every_two_weeks`, 200],
  ['list, expected care', `/plans?${FAMILY}&sex=f&care=diabetes`, 200],
  ['plan, every line', `/plans/${SILVER}/costs?${FAMILY}&case=bad`, 200],
  ['expected care', `/care?${FAMILY}`, 200],
  ['expected care, chosen', `/care?${FAMILY}&sex=f,m&care=low,diabetes&income=52000`, 200],
  ['expected care, unknown choice', `/care?${ONE}&care=often`, 200],
  ['enroll', '/enroll?state=OH&year=2027', 200],
  ['enroll, two events', '/enroll?state=OH&year=2027&event=marriage.2026-10-03.yes&event=birth.2026-11-03', 200],
  ['compare three', `/compare?${ONE}&${three}`, 200],
  ['compare three, differences', `/compare?${ONE}&${three}&only=differences`, 200],
  ['compare three, family', `/compare?${FAMILY}&income=52000&${three}`, 200],
  ['compare tribe', `/compare?${WHERE}&people=40m&income=30000&${three}`, 200],
  ['compare more', `/compare?${ONE}&${three}&${medical.slice(-2).map(plan => `plan=${plan.plan_id}`).join('&')}`, 200],
  ['plan, tribe', `/plans/${SILVER}?${WHERE}&people=40m&income=30000`, 200],
  ['plan, reduced', `/plans/${SILVER}?${ONE}&income=30000`, 200],
  ['sheet', `/sheet?${FAMILY}&income=52000&${three}`, 200],
  ['sheet, nothing chosen', `/sheet?${ONE}`, 200],
  ['compare one', `/compare?${ONE}&plan=${GOLD}`, 200],
  ['compare none', `/compare?${ONE}`, 200],
  ['glossary', '/glossary', 200],
  ['about prices', '/about-prices', 200],
  ['about costs', '/about-costs', 200],
  ['accessibility', '/accessibility', 200],
  ['privacy', '/privacy', 200],
  ['away', '/away', 200],
  ['not found', '/no-such-page', 404],
  ['no such plan', `/plans/00000XX0000000?${ONE}`, 404],
  ['unreadable address', '/plans/%FF', 400],
  ['wrong method', '/how', 405, { method: 'POST' }],
  ['body too large', '/plans', 413, { method: 'POST', body: 'x'.repeat(70_000) }],
  ['address too long', `/plans?q=${'x'.repeat(5000)}`, 414],
];
if (CATASTROPHIC) list.push(['plan, catastrophic', `/plans/${CATASTROPHIC}?${WHERE}&people=27`, 200]);
if (dental[0]) {
  list.push(['plan, dental', `/plans/${dental[0].plan_id}?${ONE}`, 200]);
  list.push(['compare dental', `/compare?${ONE}&product=dental&${dental.slice(0, 2).map(plan => `plan=${plan.plan_id}`).join('&')}`, 200]);
}

export const localized = (lang, path) => lang === 'en' ? path : path === '/' ? '/es' : path.startsWith('/?') ? `/es${path.slice(1)}` : `/es${path}`;

// Private answers appear in addresses only sealed: a readable address redirects there first.
async function sealed(path) {
  if (!/income=|sex=|care=|event=|[?&]a1=/.test(path)) return path;
  for (let i = 0; i < 3; i++) {
    const answer = await fetch(BASE + path, { redirect: 'manual' });
    if (answer.status !== 303) return path;
    path = answer.headers.get('location');
  }
  return path;
}

/** Every page in both languages: { name, lang, path, status, send }. */
export const PAGES = await Promise.all(list.flatMap(([name, path, status, send]) =>
  ['en', 'es'].map(async lang => ({ name: `${name} (${lang})`, lang, path: await sealed(localized(lang, path)), status, send }))));
export const pageNamed = (name, lang = 'en') => PAGES.find(page => page.name === `${name} (${lang})`);

// --- opening them -------------------------------------------------------------------------------------------------

/** Opens one of PAGES in a tab, whatever its method. Its status is checked once, in html.test.mjs. */
export async function open(tab, { path, send }) {
  const url = BASE + path;
  if (send) await tab.route(url, route => route.continue({ method: send.method, postData: send.body ?? '' }), { times: 1 });
  return tab.goto(url, { waitUntil: 'load' });
}

/** The same without a browser. A body that is too large is refused before it is read: then the rest of it cannot be sent, and we ask again. */
export async function get({ path, send }, tries = 20) {
  try {
    return await fetch(BASE + path, { method: send?.method ?? 'GET', body: send?.body, redirect: 'manual' });
  } catch (error) {
    if (!send?.body || tries < 2) throw error;
    await new Promise(done => setTimeout(done, 100)); // a busy machine answers and closes in one breath
    return get({ path, send }, tries - 1);
  }
}

/** Runs `look(tab, page)` over pages in one context, one tab per core; collects what it returns (faults in words), in page order. */
export async function lookAt(browser, options, pages, look) {
  const context = await browser.newContext(options);
  const faults = pages.map(() => []);
  let next = 0;
  const worker = async () => {
    const tab = await context.newPage();
    for (let i = next++; i < pages.length; i = next++) {
      const page = pages[i];
      const say = fault => faults[i].push(`${page.name} ${page.path}: ${fault}`);
      try {
        await open(tab, page);
        (await look(tab, page)).forEach(say);
      } catch (error) {
        say(error.message);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), pages.length) }, worker));
  await context.close();
  return faults.flat();
}

/** Fails with all faults, one per line, not just the first. */
export function none(faults) {
  if (!faults.length) return;
  const lines = faults.slice(0, 30).map(fault => `  ${fault.slice(0, 400)}`);
  if (faults.length > lines.length) lines.push(`  and ${faults.length - lines.length} more`);
  const error = new Error(`${faults.length} faults\n${lines.join('\n')}`);
  error.stack = error.message; // where it was thrown says nothing
  throw error;
}
